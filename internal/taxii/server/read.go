package server

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/store"
)

// discovery is section 4.1.
func (x *exchange) discovery() {
	d := taxii.Discovery{Title: x.s.o.Title, Description: x.s.o.Description, Contact: x.s.o.Contact}
	base := x.s.o.BaseURL
	if base == "" {
		scheme := "http://"
		if x.r.TLS != nil {
			scheme = "https://"
		}
		base = scheme + x.r.Host
	}
	base = strings.TrimRight(base, "/")
	for _, r := range x.cfg.Roots {
		if x.sees(r.Name) {
			d.Roots = append(d.Roots, base+"/"+r.Name+"/")
		}
	}
	if len(d.Roots) > 0 {
		d.Default = d.Roots[0]
		for i, u := range d.Roots { // the first with something to see
			name := strings.TrimSuffix(u[len(base)+1:], "/")
			if len(x.cfg.byRoot[name]) > 0 {
				d.Default = d.Roots[i]
				break
			}
		}
	}
	x.json(http.StatusOK, d)
}

// root1 is section 4.2.
func (x *exchange) root1() {
	x.json(http.StatusOK, taxii.Root{Title: x.root.Title, Description: x.root.Description, Versions: []string{taxii.Media21}, MaxContentLength: x.root.MaxContent})
}

// status is section 4.3: only for the member whose request it was.
func (x *exchange) status(id string) {
	ctx, cancel := context.WithTimeout(x.r.Context(), readTimeout)
	defer cancel()
	b, err := x.s.store.Status(ctx, x.root.Name, x.member.Name, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		x.refuse(http.StatusNotFound, "Not Found", "there is no such status; they are kept for a week, for whoever made the request")
	case err != nil:
		x.storeError(err)
	default:
		x.send(http.StatusOK, b)
	}
}

// describe is a collection as the member sees it.
func (x *exchange) describe(c store.Collection) taxii.Collection {
	g := x.cfg.grant(x.member, c.Num)
	out := taxii.Collection{ID: c.ID, Title: c.Title, Description: c.Description, Alias: c.Alias, CanRead: g.Read, CanWrite: g.Write}
	for _, v := range c.Specs {
		out.MediaTypes = append(out.MediaTypes, taxii.MediaSTIX+v)
	}
	return out
}

// collections is section 5.1.
func (x *exchange) collections() {
	var out taxii.Collections
	for _, c := range x.cfg.byRoot[x.root.Name] {
		if d := x.describe(c); d.CanRead || d.CanWrite {
			out.Collections = append(out.Collections, d)
		}
	}
	x.json(http.StatusOK, out)
}

// The kinds of pages.
const (
	kindObjects = iota
	kindManifest
	kindVersions
)

// manifest is section 5.3.
func (x *exchange) manifest() {
	x.page(kindManifest, taxii.Allowed{ID: true, Type: true, Version: true, Spec: true}, "")
}

// objects is section 5.4.
func (x *exchange) objects() {
	x.page(kindObjects, taxii.Allowed{ID: true, Type: true, Version: true, Spec: true}, "")
}

// object is section 5.6.
func (x *exchange) object(id string) {
	x.page(kindObjects, taxii.Allowed{Version: true, Spec: true}, id)
}

// versions is section 5.8.
func (x *exchange) versions(id string) { x.page(kindVersions, taxii.Allowed{Spec: true}, id) }

// page answers with what a filter asks for, one page of it.
func (x *exchange) page(kind int, allowed taxii.Allowed, id string) {
	if !x.grant.Read {
		x.refuse(http.StatusForbidden, "Forbidden", "you may not read this collection")
		return
	}
	f, after, limit, ok := x.filter(kind, allowed, id)
	if !ok {
		return
	}
	key := x.key(kind, f, after, limit)
	p := x.s.pages.get(key)
	if p == nil {
		ctx, cancel := context.WithTimeout(x.r.Context(), readTimeout)
		defer cancel()
		select {
		case x.s.reads <- struct{}{}:
			defer func() { <-x.s.reads }()
		case <-ctx.Done():
			x.storeError(errors.Join(store.ErrBusy, ctx.Err()))
			return
		}
		if p = x.s.pages.get(key); p == nil { // somebody may have read it meanwhile
			var err error
			if p, err = x.read(ctx, kind, f, after, limit, key); err != nil {
				x.storeError(err)
				return
			}
			if p == nil {
				x.refuse(http.StatusNotFound, "Not Found", "there is no such object in this collection")
				return
			}
		}
	}
	x.sendPage(p)
}

// filter reads the query, or answers 400.
func (x *exchange) filter(kind int, allowed taxii.Allowed, id string) (f taxii.Filter, after taxii.Time, limit int, ok bool) {
	f, err := taxii.ParseFilter(x.r.URL.Query(), allowed)
	if err != nil {
		x.cause = err
		x.refuse(http.StatusBadRequest, "Bad Request", err.Error())
		return f, 0, 0, false
	}
	if id != "" {
		f.IDs = []string{id}
	}
	if kind == kindVersions {
		f.Last, f.All = false, true
	}
	limit = x.s.o.PageSize
	if f.Limit > 0 {
		limit = min(f.Limit, x.s.o.MaxPage)
	}
	if f.Next != "" {
		if after, err = openNext(f.Next, x.c.Num, f); err != nil {
			x.refuse(http.StatusBadRequest, "Bad Request", err.Error())
			return f, 0, 0, false
		}
	}
	return f, after, limit, true
}

// key names a page: all that decides what it holds.
func (x *exchange) key(kind int, f taxii.Filter, after taxii.Time, limit int) string {
	f.Limit, f.Next = 0, ""
	f.AddedAfter = max(f.AddedAfter, after)
	disturbed := x.cfg.disturbed[x.c.Num].Load()
	return strings.Join([]string{strconv.Itoa(kind), strconv.FormatInt(x.c.Num, 36), strconv.FormatInt(disturbed, 36), strconv.FormatInt(int64(f.AddedAfter), 36), strconv.Itoa(limit), f.Query().Encode()}, "|")
}

// read reads a page from the store, and keeps it if it cannot change. It is nil
// if an object was asked for that is not there.
func (x *exchange) read(ctx context.Context, kind int, f taxii.Filter, after taxii.Time, limit int, key string) (*page, error) {
	entries, more, err := x.s.store.Page(ctx, x.c, f, after, limit, kind == kindObjects)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 && len(f.IDs) == 1 && x.onObject() {
		has, err := x.s.store.Has(ctx, x.c, f.IDs[0])
		if err != nil || !has {
			return nil, err
		}
	}
	p := &page{objects: len(entries)}
	if len(entries) == 0 {
		p.body = []byte("{}")
		return p, nil
	}
	last := entries[len(entries)-1].Added
	p.first, p.last = entries[0].Added.String(), last.String()
	next := ""
	if more {
		next = closeNext(last, x.c.Num, f)
	}
	switch kind {
	case kindObjects:
		p.body = envelope(entries, more, next)
	case kindManifest:
		m := taxii.Manifest{More: more, Next: next, Objects: make([]taxii.Entry, len(entries))}
		for i, e := range entries {
			m.Objects[i] = taxii.Entry{ID: e.ID, DateAdded: e.Added.String(), Version: e.Text, MediaType: taxii.MediaSTIX + e.Spec}
		}
		p.body, err = json.Marshal(m)
	case kindVersions:
		v := taxii.Versions{More: more, Next: next}
		for _, e := range entries {
			v.Versions = append(v.Versions, e.Text)
		}
		slices.Sort(v.Versions)
		slices.Reverse(v.Versions)
		p.body, err = json.Marshal(v)
	}
	if more && x.s.o.Cache > 0 {
		x.s.pages.put(key, p)
	}
	return p, err
}

// onObject says whether the path names an object.
func (x *exchange) onObject() bool {
	return strings.Contains(strings.Trim(x.r.URL.Path, "/"), "/objects/")
}

// envelope writes an envelope around bodies that are JSON already.
func envelope(entries []store.Entry, more bool, next string) []byte {
	size := 64 + len(next)
	for _, e := range entries {
		size += len(e.Body) + 1
	}
	b := make([]byte, 0, size)
	b = append(b, `{"more":`...)
	b = strconv.AppendBool(b, more)
	if more {
		b = append(append(append(b, `,"next":"`...), next...), '"')
	}
	b = append(b, `,"objects":[`...)
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.Body...)
	}
	return append(b, "]}"...)
}

// sendPage answers with a page, compressed if the client takes that.
func (x *exchange) sendPage(p *page) {
	h := x.w.Header()
	if p.objects > 0 {
		h.Set(taxii.HeadFirst, p.first)
		h.Set(taxii.HeadLast, p.last)
	}
	x.count = p.objects
	body := p.body
	h.Add("Vary", "Accept-Encoding")
	if len(body) > 1400 && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		body = p.compressed()
		h.Set("Content-Encoding", "gzip")
	}
	x.send(http.StatusOK, body)
}

var errNext = errors.New("next is not one that this server gave for the same collection and filter")

// closeNext writes where a page ended, for one collection and filter.
func closeNext(last taxii.Time, collection int64, f taxii.Filter) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(last))
	b = binary.BigEndian.AppendUint32(b, filterSum(collection, f))
	return base64.RawURLEncoding.EncodeToString(b)
}

// openNext reads it again. What a client has made up can do no more than begin
// elsewhere in what it may read anyway.
func openNext(s string, collection int64, f taxii.Filter) (taxii.Time, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 12 || binary.BigEndian.Uint32(b[8:]) != filterSum(collection, f) {
		return 0, errNext
	}
	return taxii.Time(binary.BigEndian.Uint64(b)), nil
}

// filterSum tells filters apart. Where a page begins is not part of it: pages
// in memory are shared by those who began at different times.
func filterSum(collection int64, f taxii.Filter) uint32 {
	f.AddedAfter, f.Limit, f.Next = 0, 0, ""
	h := fnv.New32a()
	_, _ = h.Write([]byte(strconv.FormatInt(collection, 10) + f.Query().Encode())) // never fails
	return h.Sum32()
}
