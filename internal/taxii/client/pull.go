package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/stix"
	"longwatch/internal/taxii"
)

// Source is what is pulled.
type Source struct {
	Root       string // URL of the API root
	Version    string // of TAXII: 2.1, or 2.0
	Collection string // its id
	Filter     taxii.Filter
	MaxObjects int           // stop after so many; 0: 20 million
	Overlap    time.Duration // how far before the last time seen to begin the next time; 0: a minute
}

// Report is what a pull did.
type Report struct {
	Pages, Objects, Files int
	Again                 int       // objects that came again and were not written again
	Refused               []Refusal // the first thousand
	RefusedAll            int
}

// Bounds of a pull.
const (
	perFile      = 5000     // objects of a bundle
	bytesPerFile = 32 << 20 // and bytes
	maxRefused   = 1000
	maxEmpty     = 10     // pages in a row that have no object and promise more
	maxStale     = 50     // pages in a row that have no new object
	maxLimit     = 10_000 // to which a page is enlarged to get past one moment
	maxTokens    = 100_000
	maxSkipped   = 1000
	skew         = 24 * time.Hour // by which a date_added may be ahead of the server's own clock
)

// Pull reads what is new in a collection into a folder: bundles of STIX that
// every reader of indicators takes, a list of what was refused, and how far it
// came, so that the next pull goes on there. What it reports as read is on the
// disk.
func (c *Client) Pull(ctx context.Context, s Source, dir string) (Report, error) {
	if s.MaxObjects <= 0 {
		s.MaxObjects = 20_000_000
	}
	if s.Overlap <= 0 {
		s.Overlap = time.Minute
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return Report{}, err
	}
	st, err := loadState(dir, s)
	if err != nil {
		return Report{}, err
	}
	p := &pull{c: c, s: s, dir: dir, st: st, after: max(st.after, s.Filter.AddedAfter), limit: s.Filter.Limit, tokens: map[uint64]bool{}, reached: st.after}
	err = p.run(ctx)
	if e := p.flush(); e != nil {
		err = errors.Join(err, e)
	}
	if err == nil && !p.dated && p.began != 0 && !p.cut {
		// No page said when its objects were added: go on from when the server says we began.
		p.reached = max(p.reached, p.began)
		err = p.save()
	}
	return p.report, err
}

// pull is one pull that goes on.
type pull struct {
	c      *Client
	s      Source
	dir    string
	st     *state
	report Report

	after   taxii.Time // asked for
	next    string     // the server's token
	first   int        // of TAXII 2.0: the item to go on with
	limit   int
	reached taxii.Time // the last date_added seen
	dated   bool       // a page said so
	began   taxii.Time // the server's clock at the first answer
	cut     bool       // stopped at MaxObjects
	small   bool       // pages were made smaller because one could not be read
	skipped int        // objects that could not be read at all
	empty   int
	stale   int
	tokens  map[uint64]bool // hashes of tokens that were used

	held  []json.RawMessage // not yet written
	bytes int
}

func (p *pull) run(ctx context.Context) error {
	for {
		page, head, err := p.fetch(ctx)
		if err != nil {
			if p.smaller(err) {
				continue
			}
			if err = p.past(ctx, err); err != nil {
				return err
			}
			continue
		}
		p.report.Pages++
		p.clock(head)
		fresh, err := p.take(page)
		if err != nil {
			return err
		}
		last := p.last(head)
		if p.report.Objects >= p.s.MaxObjects {
			p.cut = true
			return nil
		}
		if !page.more {
			return nil
		}
		if err := p.forward(page, last, fresh); err != nil {
			return err
		}
	}
}

// fetch reads one page.
func (p *pull) fetch(ctx context.Context) (sheet, http.Header, error) {
	q := request{method: http.MethodGet, url: p.s.Root + "collections/" + url.PathEscape(p.s.Collection) + "/objects/", accept: taxii.Media21}
	f := p.s.Filter
	f.AddedAfter, f.Limit, f.Next = p.after, p.limit, p.next
	if p.s.Version == "2.0" {
		q.accept = taxii.MediaSTIX0
		f.Limit, f.Next = 0, ""
		size := p.limit
		if size <= 0 {
			size = 100
		}
		q.rng = "items " + strconv.Itoa(p.first) + "-" + strconv.Itoa(p.first+size-1)
	}
	q.query = f.Query()
	if f.Last && !f.First && !f.All && len(f.Versions) == 0 {
		q.query.Del("match[version]") // it is what servers do, and some know no other
	}
	var last error
	for try := range 2 { // what arrives broken may arrive whole
		a, err := p.c.do(ctx, q)
		if err != nil {
			var status *StatusError
			if p.s.Version == "2.0" && p.first > 0 && errors.As(err, &status) && status.Code == http.StatusRequestedRangeNotSatisfiable {
				return sheet{}, http.Header{}, nil // the end was reached exactly
			}
			return sheet{}, nil, err
		}
		page, err := readPage(a.body, p.c.o.MaxPage, p.c.o.MaxObject)
		_ = a.body.Close()
		if err == nil {
			if p.s.Version == "2.0" {
				page.more = moreItems(a.header.Get("Content-Range"), p.first, len(page.objects)+len(page.refused))
			}
			return page, a.header, nil
		}
		if last = err; errors.Is(err, errSize) || ctx.Err() != nil {
			break
		}
		p.c.o.Log.Warn("a page could not be read", "try", try+1, "because", err)
	}
	return sheet{}, nil, last
}

// moreItems reads Content-Range of TAXII 2.0, "items 0-99/1000".
func moreItems(header string, first, got int) bool {
	_, total, ok := strings.Cut(header, "/")
	if !ok || got == 0 {
		return false
	}
	n, err := strconv.Atoi(strings.TrimSpace(total))
	return err == nil && first+got < n
}

// clock reads the server's own clock, once.
func (p *pull) clock(h http.Header) {
	if p.began != 0 {
		return
	}
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		t = p.c.o.Now().Add(-skew) // a clock of ours may be wrong either way
	}
	p.began = taxii.Now(t)
}

// take keeps the objects that are new, and says how many those are.
func (p *pull) take(page sheet) (fresh int, err error) {
	for _, raw := range page.objects {
		if !p.st.seen.add(hash(raw)) {
			p.report.Again++
			continue
		}
		fresh++
		p.report.Objects++
		p.held = append(p.held, raw)
		p.bytes += len(raw)
		if p.report.Objects >= p.s.MaxObjects {
			break
		}
	}
	for _, r := range page.refused {
		p.refuse(r)
	}
	p.empty++
	if len(page.objects)+len(page.refused) > 0 {
		p.empty = 0
	}
	p.stale++
	if fresh > 0 {
		p.stale = 0
	}
	return fresh, nil
}

func (p *pull) refuse(r Refusal) {
	r.Collection, r.After = p.s.Collection, p.after.String()
	p.report.RefusedAll++
	if len(p.report.Refused) < maxRefused {
		p.report.Refused = append(p.report.Refused, r)
	}
}

// last is the date_added of the page's last object, if the server says one that
// can be: not far ahead of its own clock, which would make us miss all until
// then.
func (p *pull) last(h http.Header) taxii.Time {
	t, err := taxii.ParseTime(h.Get(taxii.HeadLast))
	if err != nil {
		return 0
	}
	if most := p.began + taxii.Time(skew.Microseconds()); t > most {
		p.c.o.Log.Warn("the server's date_added is ahead of its clock", "date_added", t.String())
		t = most
	}
	p.dated = true
	p.reached = max(p.reached, t)
	return t
}

// forward goes to the next page, or says why there is no use in it.
func (p *pull) forward(page sheet, last taxii.Time, fresh int) error {
	switch {
	case p.empty >= maxEmpty:
		return fmt.Errorf("client: %d pages in a row without an object promise more", maxEmpty)
	case p.stale >= maxStale:
		return fmt.Errorf("client: %d pages in a row without a new object promise more", maxStale)
	}
	if len(p.held) >= perFile || p.bytes >= bytesPerFile {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if p.s.Version == "2.0" {
		p.first += len(page.objects) + len(page.refused)
		return nil
	}
	if page.next != "" {
		h := hash([]byte(page.next))
		if p.tokens[h] && fresh == 0 {
			return errors.New("client: the server gives the same next again: its pages go in a circle")
		}
		if len(p.tokens) < maxTokens {
			p.tokens[h] = true
		}
		p.next = page.next
		return nil
	}
	// Pages by time only: those of the last moment may go on, so it is asked for again.
	p.next = ""
	if last == 0 {
		return errors.New("client: the server promises more, and says neither next nor when the last object was added")
	}
	if from := last - 1; from > p.after {
		p.after = from
		return nil
	}
	if p.small { // a larger page is the one that cannot be read
		p.after = last
		return nil
	}
	size := len(page.objects) + len(page.refused)
	if p.limit = 2 * max(p.limit, size, 50); p.limit <= maxLimit {
		return nil
	}
	if fresh > 0 {
		p.limit = maxLimit
		return nil
	}
	p.c.o.Log.Warn("more objects were added at one moment than the server gives in a page: some may be missed", "date_added", last.String())
	p.limit = p.s.Filter.Limit
	p.after = last
	return nil
}

// smaller asks for fewer objects at once after a page that was too large or
// broken; it is false when one is asked for already.
func (p *pull) smaller(err error) bool {
	if !errors.Is(err, errSize) && !errors.Is(err, errBroken) || p.limit == 1 {
		return false
	}
	p.small = true
	if p.limit <= 0 || p.limit > 128 {
		p.limit = 128
	} else {
		p.limit /= 2
	}
	if p.next != "" { // a token may hold the size of its page: go by time
		p.next = ""
		p.after = max(p.after, p.reached-1)
	}
	p.c.o.Log.Warn("asking for smaller pages", "objects", p.limit, "because", err)
	return true
}

// past gets past the one object that cannot be read, by the manifest, which
// says when it was added; the error that was, if it cannot.
func (p *pull) past(ctx context.Context, was error) error {
	if p.limit != 1 || p.skipped >= maxSkipped || !errors.Is(was, errSize) && !errors.Is(was, errBroken) {
		return was
	}
	p.skipped++
	if p.s.Version == "2.0" {
		p.refuse(Refusal{ID: "item " + strconv.Itoa(p.first), Reason: was.Error()})
		p.first++
		p.limit, p.small = p.s.Filter.Limit, false
		return nil
	}
	f := p.s.Filter
	f.AddedAfter, f.Limit, f.Next = p.after, 1, ""
	a, err := p.c.do(ctx, request{method: http.MethodGet, url: p.s.Root + "collections/" + url.PathEscape(p.s.Collection) + "/manifest/", query: f.Query(), accept: taxii.Media21})
	if err != nil {
		return errors.Join(was, err)
	}
	var m taxii.Manifest
	if err := p.c.whole(a, &m); err != nil || len(m.Objects) == 0 {
		return errors.Join(was, err)
	}
	at, err := taxii.ParseTime(m.Objects[0].DateAdded)
	if err != nil || at <= p.after {
		return was
	}
	p.refuse(Refusal{ID: m.Objects[0].ID, Reason: was.Error()})
	p.after, p.reached, p.dated = at, max(p.reached, at), true
	p.limit, p.small = p.s.Filter.Limit, false
	return nil
}

// flush writes what is held as a bundle, then how far we are.
func (p *pull) flush() error {
	if len(p.held) > 0 {
		name := fmt.Sprintf("%s-%06d.json", fileName(p.s.Collection), p.st.Files+1)
		id := stix.Name("bundle", p.s.Root+" "+p.s.Collection+" "+name)
		b := append([]byte(`{"type":"bundle","id":"`), id...)
		b = append(b, `","objects":[`...)
		for i, raw := range p.held {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, '\n'), raw...)
		}
		if err := replace(filepath.Join(p.dir, name), append(b, "\n]}\n"...)); err != nil {
			return err
		}
		p.st.Files++
		p.st.Objects += len(p.held)
		p.report.Files++
		p.held, p.bytes = nil, 0
	}
	if err := p.list(); err != nil {
		return err
	}
	if p.report.Pages == 0 {
		return nil
	}
	return p.save()
}

// save notes how far we are: a bit before the last object seen, since a server
// may add objects with a time already past.
func (p *pull) save() error {
	if p.reached != 0 {
		p.st.after = max(p.st.after, p.reached-taxii.Time(p.s.Overlap.Microseconds()))
	}
	return p.st.save(p.dir)
}

// refusedFile lists, as JSON lines, what pulls into a folder refused.
const refusedFile = ".taxii-refused.jsonl"

// list adds what was refused to the list.
func (p *pull) list() (err error) {
	if len(p.report.Refused) == 0 {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(p.dir, refusedFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640) //nolint:gosec // as the bundles
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := json.NewEncoder(io.Writer(f))
	for _, r := range p.report.Refused {
		if err := w.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
