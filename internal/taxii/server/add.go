package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
	"longwatch/internal/taxii/store"
)

// maxObjects bounds the objects of one request.
const maxObjects = 50_000

// add is section 5.5. The answer comes when all is on the disk, so its status
// is complete.
func (x *exchange) add() {
	kind := x.r.Header.Get("Content-Type")
	if !isTAXII(kind) {
		x.refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type", "the Content-Type has to be application/taxii+json;version=2.1")
		return
	}
	if _, params, err := mime.ParseMediaType(kind); err == nil && params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		x.refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type", "TAXII is UTF-8")
		return
	}
	if e := x.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		x.refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type", "bodies are not taken compressed")
		return
	}
	if !x.grant.Write {
		x.refuse(http.StatusForbidden, "Forbidden", "you may not write to this collection")
		return
	}
	if x.unaudited() {
		return
	}
	body, ok := x.body()
	if !ok {
		return
	}
	raw, err := object.Split(body, object.MaxDepth)
	switch {
	case errors.Is(err, object.ErrJSON):
		x.refuse(http.StatusBadRequest, "Bad Request", "the body is not JSON in UTF-8, or is nested deeper than "+strconv.Itoa(object.MaxDepth)+" levels")
		return
	case err != nil || len(raw) == 0:
		x.refuse(http.StatusUnprocessableEntity, "Unprocessable Content", "the body is not an envelope: an object with a list of objects named objects")
		return
	case len(raw) > maxObjects:
		x.refuse(http.StatusRequestEntityTooLarge, "Content Too Large", fmt.Sprintf("an envelope holds at most %d objects", maxObjects))
		return
	}
	var good []object.Object
	var bad []taxii.Detail
	for i, b := range raw {
		o, err := object.Parse(b)
		if err == nil && !slices.Contains(x.c.Specs, o.Spec) {
			err = fmt.Errorf("the collection does not take STIX %s", o.Spec)
		}
		if err != nil {
			bad = append(bad, failure(o, i, x.began, err))
			continue
		}
		good = append(good, o)
	}
	status, err := x.s.store.Add(x.r.Context(), x.c, x.member.Name, good, bad)
	if err != nil {
		x.storeError(err)
		return
	}
	x.s.full.Store(false)
	x.count = status.Success
	x.changed()
	x.json(http.StatusAccepted, status)
}

// failure is why an object was refused. What has no identifier is named by its
// place in the envelope.
func failure(o object.Object, place int, now time.Time, err error) taxii.Detail {
	d := taxii.Detail{ID: o.ID, Version: o.Text, Message: strings.TrimPrefix(err.Error(), "object: ")}
	if d.ID == "" {
		d.ID = "#" + strconv.Itoa(place)
	}
	if d.Version == "" {
		d.Version = taxii.Now(now).String()
	}
	return d
}

// changed makes pages read before count as changed, if they were.
func (x *exchange) changed() {
	if err := x.s.Reload(x.r.Context()); err != nil {
		x.s.o.Log.Warn("the store's state was not read after a change", "error", err)
	}
}

// unaudited refuses what changes something while the audit trail cannot be
// written.
func (x *exchange) unaudited() bool {
	if !x.s.audit.failing.Load() {
		return false
	}
	x.w.Header().Set("Retry-After", "300")
	x.refuse(http.StatusServiceUnavailable, "Service Unavailable", "the server cannot write its audit trail, and changes nothing without")
	return true
}

// body reads the body within the bounds of the API root and of time, or
// answers.
func (x *exchange) body() ([]byte, bool) {
	most := x.root.MaxContent
	if x.r.ContentLength > most {
		x.tooLarge(most)
		return nil, false
	}
	select {
	case x.s.uploads <- struct{}{}:
		defer func() { <-x.s.uploads }()
	case <-time.After(5 * time.Second):
		x.storeError(store.ErrBusy)
		return nil, false
	case <-x.r.Context().Done():
		x.storeError(x.r.Context().Err())
		return nil, false
	}
	rc := http.NewResponseController(x.w)
	b, err := io.ReadAll(&steady{r: io.LimitReader(x.r.Body, most+1), rc: rc, began: time.Now(), patience: x.s.o.patience})
	switch {
	case err != nil:
		x.w.Header().Set("Connection", "close")
		_ = rc.SetReadDeadline(time.Now()) // the rest of the body is not waited for
		x.cause = err
		x.refuse(http.StatusRequestTimeout, "Request Timeout", "the body did not arrive whole, or too slowly")
		return nil, false
	case int64(len(b)) > most:
		x.tooLarge(most)
		return nil, false
	}
	_ = rc.SetReadDeadline(time.Time{})
	return b, true
}

func (x *exchange) tooLarge(most int64) {
	x.w.Header().Set("Connection", "close")
	x.refuse(http.StatusRequestEntityTooLarge, "Content Too Large", fmt.Sprintf("a body has at most %d bytes (max_content_length of the API root)", most))
}

// steady reads a body that has to keep coming: something within ten seconds,
// and 16 KiB a second on the whole after the first twenty seconds.
type steady struct {
	r        io.Reader
	rc       *http.ResponseController
	began    time.Time
	n        int64
	patience patience
}

func (s *steady) Read(b []byte) (int, error) {
	end := s.began.Add(s.patience.grace + time.Duration(s.n)*time.Second/slowest)
	if soon := time.Now().Add(s.patience.silent); soon.Before(end) {
		end = soon
	}
	_ = s.rc.SetReadDeadline(end) // a recorder in a test has none
	n, err := s.r.Read(b)
	s.n += int64(n)
	return n, err
}

// remove is section 5.7: it needs both rights.
func (x *exchange) remove(id string) {
	if !x.grant.Read || !x.grant.Write {
		x.refuse(http.StatusForbidden, "Forbidden", "to remove an object you have to be allowed to read and to write this collection")
		return
	}
	if x.unaudited() {
		return
	}
	f, _, _, ok := x.filter(kindObjects, taxii.Allowed{Version: true, Spec: true}, id)
	if !ok {
		return
	}
	f.AddedAfter, f.Next, f.Limit = 0, "", 0
	n, err := x.s.store.Delete(x.r.Context(), x.c, f)
	switch {
	case err != nil:
		x.storeError(err)
	case n == 0:
		x.refuse(http.StatusNotFound, "Not Found", "there is no such object, or no such version of it, in this collection")
	default:
		x.count = n
		x.changed()
		x.send(http.StatusOK, nil)
	}
}
