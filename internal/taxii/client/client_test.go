package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/object"
	"longwatch/internal/taxii/server"
	"longwatch/internal/taxii/store"
)

func tool(n int) string {
	return fmt.Sprintf(`{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"t"}`, n)
}

func tools(from, to int) (out []json.RawMessage) {
	for n := from; n < to; n++ {
		out = append(out, json.RawMessage(tool(n)))
	}
	return out
}

// quick is a client that does not wait, and says what it would have waited.
func quick(t *testing.T, o Options, waits *[]time.Duration) *Client {
	t.Helper()
	o.Sleep = func(_ context.Context, d time.Duration) error {
		if waits != nil {
			*waits = append(*waits, d)
		}
		return nil
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// pulled are the numbers of the tools in a folder, and how often each is there.
func pulled(t *testing.T, dir string) map[int]int {
	t.Helper()
	out := map[int]int{}
	files, _ := filepath.Glob(dir + "/[^.]*.json")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Objects(b)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, raw := range list {
			o, err := object.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			n, _ := strconv.Atoi(o.ID[len(o.ID)-12:])
			out[n]++
		}
	}
	return out
}

func exactly(t *testing.T, dir string, from, to int) {
	t.Helper()
	got := pulled(t, dir)
	for n := from; n < to; n++ {
		if got[n] != 1 {
			t.Errorf("object %d was written %d times", n, got[n])
		}
	}
	if len(got) != to-from {
		t.Errorf("%d objects, want %d", len(got), to-from)
	}
}

// TestAgainstOurServer: discover, push, pull, go on where the last pull ended.
func TestAgainstOurServer(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "taxii.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	hash, _ := access.Hash("correct horse battery")
	col, err := st.AddCollection(ctx, store.Collection{Root: "api", Title: "High value", Alias: "high"})
	err = errors.Join(err, st.PutRoot(ctx, store.Root{Name: "api", Title: "r", MaxContent: 4096}), st.PutMember(ctx, store.Member{Name: "ann", Password: hash}), st.PutGrant(ctx, "ann", col, store.Grant{Read: true, Write: true}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(ctx, st, server.Options{PageSize: 7})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	defer web.Close()
	c := quick(t, Options{User: "ann", Password: "correct horse battery"}, nil)
	found, err := c.Discover(ctx, web.URL)
	if err != nil || found.Version != "2.1" || len(found.Roots) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	root, x, err := found.Find("high value")
	if err != nil || x.ID != col.ID || !x.CanRead || root.Info.MaxContentLength != 4096 {
		t.Fatalf("%+v %+v %v", root, x, err)
	}
	to := Target{Root: root.URL, Collection: x.ID, MaxContent: root.Info.MaxContentLength}
	done, err := c.Push(ctx, to, append(tools(0, 50), json.RawMessage(`{"type":"tool","id":"tool--x"}`)))
	if err != nil || done.Success != 50 || done.Failure != 1 || done.Requests < 3 || done.Failures[0].ID != "tool--x" {
		t.Fatalf("%+v %v", done, err)
	}
	dir := t.TempDir()
	from := Source{Root: root.URL, Version: "2.1", Collection: x.ID, Filter: taxii.Filter{Last: true}}
	r, err := c.Pull(ctx, from, dir)
	if err != nil || r.Objects != 50 || r.Pages != 8 {
		t.Fatalf("%+v %v", r, err)
	}
	exactly(t, dir, 0, 50)
	if r, err = c.Pull(ctx, from, dir); err != nil || r.Objects != 0 {
		t.Errorf("nothing is new, but: %+v %v", r, err)
	}
	if _, err := c.Push(ctx, to, tools(50, 60)); err != nil {
		t.Fatal(err)
	}
	if r, err = c.Pull(ctx, from, dir); err != nil || r.Objects != 10 {
		t.Errorf("ten are new, but: %+v %v", r, err)
	}
	exactly(t, dir, 0, 60)
	from.Filter.Types = []string{"malware"}
	if _, err = c.Pull(ctx, from, dir); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("a pull with another filter into the same folder: %v", err)
	}
}

// odd is a server that answers as a test likes.
func odd(t *testing.T, objects http.HandlerFunc) (Source, *httptest.Server) {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", taxii.Media21)
		objects(w, r)
	}))
	t.Cleanup(web.Close)
	return Source{Root: web.URL + "/api/", Version: "2.1", Collection: "91a7b528-80eb-42ed-a74d-c6fbd5a26116", Filter: taxii.Filter{Last: true}}, web
}

func page(w http.ResponseWriter, last taxii.Time, more bool, next string, objects ...json.RawMessage) {
	if last != 0 {
		w.Header().Set(taxii.HeadLast, last.String())
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"more": more, "next": next, "objects": objects})
}

var day = taxii.Now(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// timed serves objects by added_after only, and gives them the times that
// at says.
func timed(n int, at func(i int) taxii.Time, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, _ := taxii.ParseFilter(r.URL.Query(), taxii.Allowed{})
		limit := size
		if f.Limit > 0 {
			limit = f.Limit
		}
		var out []json.RawMessage
		var last taxii.Time
		more := false
		for i := range n {
			if at(i) <= f.AddedAfter {
				continue
			}
			if len(out) == limit {
				more = true
				break
			}
			out = append(out, json.RawMessage(tool(i)))
			last = at(i)
		}
		page(w, last, more, "", out...)
	}
}

// TestDuplicateTimes: objects added at one moment, more than a page holds, from
// a server that has no next.
func TestDuplicateTimes(t *testing.T) {
	// Ten at each moment and pages of seven: every moment is cut by a page.
	s, _ := odd(t, timed(300, func(i int) taxii.Time { return day + taxii.Time(i/10)*1_000_000 }, 7))
	dir := t.TempDir()
	r, err := quick(t, Options{}, nil).Pull(t.Context(), s, dir)
	if err != nil {
		t.Fatalf("%+v %v", r, err)
	}
	exactly(t, dir, 0, 300)
}

// TestEndless: pages that never end are noticed, and what came is kept.
func TestEndless(t *testing.T) {
	n := 0
	tests := map[string]http.HandlerFunc{
		"same token": func(w http.ResponseWriter, _ *http.Request) { page(w, day, true, "x", tools(0, 5)...) },
		"new tokens, same objects": func(w http.ResponseWriter, _ *http.Request) {
			n++
			page(w, day, true, fmt.Sprint(n), tools(0, 5)...)
		},
		"empty":             func(w http.ResponseWriter, _ *http.Request) { n++; page(w, day, true, fmt.Sprint(n)) },
		"no token, no time": func(w http.ResponseWriter, _ *http.Request) { page(w, 0, true, "", tools(0, 5)...) },
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			requests := 0
			s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) { requests++; h(w, r) })
			dir := t.TempDir()
			r, err := quick(t, Options{}, nil).Pull(t.Context(), s, dir)
			if err == nil || requests > 100 {
				t.Errorf("%d requests, %+v, %v", requests, r, err)
			}
			if name != "empty" {
				exactly(t, dir, 0, 5)
			}
		})
	}
	s, _ := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		n += 10
		page(w, day, true, fmt.Sprint(n), tools(n, n+10)...)
	})
	s.MaxObjects = 95
	if r, err := quick(t, Options{}, nil).Pull(t.Context(), s, t.TempDir()); err != nil || r.Objects != 95 {
		t.Errorf("objects without end: %+v %v", r, err)
	}
}

// TestMalformed: objects that cannot be used are named, the others are taken.
func TestMalformed(t *testing.T) {
	s, _ := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
		fmt.Fprintf(w, `{"x":{"y":[1]},"objects":[%s,17,{"id":"a"},{"type":"tool","id":"tool--1","x":%s},{"type":"tool","id":"tool--2","x":"%s"},%s],"more":false}`, tool(0), deep, strings.Repeat("x", 3000), tool(1))
	})
	dir := t.TempDir()
	r, err := quick(t, Options{MaxObject: 2000}, nil).Pull(t.Context(), s, dir)
	if err != nil || r.Objects != 2 || r.RefusedAll != 4 || r.Refused[0].Place != 1 || !strings.Contains(r.Refused[3].Reason, "2000 bytes") {
		t.Errorf("%+v %v", r, err)
	}
	exactly(t, dir, 0, 2)
	if b, err := os.ReadFile(filepath.Join(dir, refusedFile)); err != nil || strings.Count(string(b), "\n") != 4 {
		t.Errorf("%s %v", b, err)
	}
}

// TestBrokenPage: a page that is broken or too large is asked for in smaller
// ones; the one object in it that cannot be read is named and passed.
func TestBrokenPage(t *testing.T) {
	at := func(i int) taxii.Time { return day + taxii.Time(i) }
	serve := timed(40, at, 100)
	for name, bad := range map[string]func(b string) string{
		"cut":   func(b string) string { return b[:len(b)/2] },
		"large": func(b string) string { return strings.Repeat(" ", 20_000) + b },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				serve(rec, r)
				w.Header().Set(taxii.HeadLast, rec.Header().Get(taxii.HeadLast))
				if strings.Contains(r.URL.Path, "manifest") {
					f, _ := taxii.ParseFilter(r.URL.Query(), taxii.Allowed{})
					for i := range 40 {
						if at(i) > f.AddedAfter {
							_ = json.NewEncoder(w).Encode(taxii.Manifest{Objects: []taxii.Entry{{ID: fmt.Sprint("tool ", i), DateAdded: at(i).String()}}})
							return
						}
					}
				}
				body := rec.Body.String()
				if strings.Contains(body, "000000000017") {
					body = bad(body)
				}
				_, _ = w.Write([]byte(body))
			})
			dir := t.TempDir()
			r, err := quick(t, Options{MaxPage: 20_000}, nil).Pull(t.Context(), s, dir)
			if err != nil || r.RefusedAll != 1 || r.Refused[0].ID != "tool 17" {
				t.Errorf("%+v %v", r, err)
			}
			got := pulled(t, dir)
			if got[17] != 0 || len(got) != 39 {
				t.Errorf("%d objects", len(got))
			}
		})
	}
}

// TestSkew: a server whose clock, or one of whose objects, is in the future
// does not make us miss what comes later; ours plays no part.
func TestSkew(t *testing.T) {
	n := 3
	s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Mon, 02 Mar 2026 08:00:00 GMT")
		f, _ := taxii.ParseFilter(r.URL.Query(), taxii.Allowed{})
		if f.AddedAfter > day+taxii.Time(skew.Microseconds()) {
			t.Errorf("asked for what was added after %v", f.AddedAfter)
		}
		page(w, taxii.Now(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), false, "", tools(0, n)...)
	})
	dir := t.TempDir()
	c := quick(t, Options{Now: func() time.Time { return time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) }}, nil)
	if r, err := c.Pull(t.Context(), s, dir); err != nil || r.Objects != 3 {
		t.Fatalf("%+v %v", r, err)
	}
	n = 5
	if r, err := c.Pull(t.Context(), s, dir); err != nil || r.Objects != 2 {
		t.Errorf("%+v %v", r, err)
	}
}

// TestNoDates: a server that does not say when objects were added is asked, the
// next time, for what came since it was asked first, by its own clock.
func TestNoDates(t *testing.T) {
	var asked []string
	s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("added_after"))
		w.Header().Set("Date", "Mon, 02 Mar 2026 08:00:00 GMT")
		page(w, 0, false, "", tools(0, 3)...)
	})
	dir := t.TempDir()
	for range 2 {
		if _, err := quick(t, Options{}, nil).Pull(t.Context(), s, dir); err != nil {
			t.Fatal(err)
		}
	}
	if asked[0] != "" || asked[1] != "2026-03-02T07:59:00.000000Z" {
		t.Errorf("asked for what was added after %q", asked)
	}
	exactly(t, dir, 0, 3)
}

// TestResume: a pull that was broken off goes on, and nothing is missing or
// there twice.
func TestResume(t *testing.T) {
	at := func(i int) taxii.Time { return day + taxii.Time(i)*60_000_000 }
	serve := timed(400, at, 10)
	requests := 0
	s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests%7 == 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		serve(w, r)
	})
	dir := t.TempDir()
	c := quick(t, Options{}, nil)
	var err error
	runs := 0
	for ; runs < 50; runs++ {
		if _, err = c.Pull(t.Context(), s, dir); err == nil {
			break
		}
	}
	if err != nil || runs < 3 {
		t.Errorf("after %d runs: %v", runs, err)
	}
	exactly(t, dir, 0, 400)
}

// TestWaits: Retry-After is honoured and bounded, failures are tried again.
func TestWaits(t *testing.T) {
	answers := []int{429, 503, 500, 200}
	n := 0
	s, _ := odd(t, func(w http.ResponseWriter, _ *http.Request) {
		code := answers[n]
		n++
		if code == 429 {
			w.Header().Set("Retry-After", "7")
		}
		if code == 503 {
			w.Header().Set("Retry-After", "999999")
		}
		w.WriteHeader(code)
		if code == 200 {
			_, _ = w.Write([]byte("{}"))
		}
	})
	var waits []time.Duration
	if _, err := quick(t, Options{}, &waits).Pull(t.Context(), s, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if len(waits) != 3 || waits[0] != 7*time.Second || waits[1] != maxWait || waits[2] > maxWait {
		t.Errorf("waited %v", waits)
	}
}

// TestElsewhere: credentials go to the host that was named and to no other, and
// not in the clear.
func TestElsewhere(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger was asked, with %q", r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	away := strings.Replace(stranger.URL, "127.0.0.1", "localhost", 1)
	_, web := odd(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect/" {
			w.Header().Set("Location", away+"/api/")
			w.WriteHeader(http.StatusFound)
			return
		}
		_ = json.NewEncoder(w).Encode(taxii.Discovery{Title: "t", Roots: []string{away + "/api/"}})
	})
	s, err := quick(t, Options{Token: "x"}, nil).Discover(t.Context(), web.URL+"/taxii2/")
	if err != nil || len(s.Roots) != 1 || !errors.Is(s.Roots[0].Err, ErrElsewhere) {
		t.Errorf("%+v %v", s, err)
	}
	if _, err = quick(t, Options{Token: "x"}, nil).Discover(t.Context(), web.URL+"/redirect/"); !errors.Is(err, ErrElsewhere) {
		t.Errorf("redirect: %v", err)
	}
	if _, err = quick(t, Options{Token: "x"}, nil).Discover(t.Context(), "http://192.0.2.1/taxii2/"); !errors.Is(err, ErrPlain) {
		t.Errorf("in the clear: %v", err)
	}
	if _, err = quick(t, Options{}, nil).Discover(t.Context(), "file:///etc/passwd"); err == nil {
		t.Error("a file was asked")
	}
}

// TestTAXII20: discovery, and pages by ranges, of the version before.
func TestTAXII20(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/taxii/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != taxii.Media20 {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", taxii.Media20)
		_, _ = w.Write([]byte(`{"title":"old","api_roots":["/api/"]}`))
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", taxii.Media20)
		if strings.HasSuffix(r.URL.Path, "/collections/") {
			_, _ = w.Write([]byte(`{"collections":[{"id":"91a7b528-80eb-42ed-a74d-c6fbd5a26116","title":"c","can_read":true,"can_write":false}]}`))
			return
		}
		_, _ = w.Write([]byte(`{"title":"r","versions":["taxii-2.0"],"max_content_length":1000}`))
	})
	mux.HandleFunc("/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/objects/", func(w http.ResponseWriter, r *http.Request) {
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "items %d-%d", &from, &to); err != nil || r.Header.Get("Accept") != taxii.MediaSTIX0 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		to = min(to, from+29, 249)
		w.Header().Set("Content-Type", taxii.MediaSTIX0)
		w.Header().Set("Content-Range", fmt.Sprintf("items %d-%d/250", from, to))
		w.WriteHeader(http.StatusPartialContent)
		_ = json.NewEncoder(w).Encode(map[string]any{"type": "bundle", "objects": tools(from, to+1)})
	})
	web := httptest.NewServer(mux)
	defer web.Close()
	c := quick(t, Options{}, nil)
	s, err := c.Discover(t.Context(), web.URL)
	if err != nil || s.Version != "2.0" || len(s.Roots) != 1 || s.Roots[0].Err != nil || len(s.Roots[0].Collections) != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	dir := t.TempDir()
	r, err := c.Pull(t.Context(), Source{Root: s.Roots[0].URL, Version: s.Version, Collection: s.Roots[0].Collections[0].ID, Filter: taxii.Filter{Last: true}}, dir)
	if err != nil || r.Pages != 9 {
		t.Errorf("%+v %v", r, err)
	}
	exactly(t, dir, 0, 250)
}

// TestPushRefused: a server that takes no more than three objects at once, and
// one of them never.
func TestPushRefused(t *testing.T) {
	s, _ := odd(t, func(w http.ResponseWriter, r *http.Request) {
		var e taxii.Envelope
		_ = json.NewDecoder(r.Body).Decode(&e)
		for _, o := range e.Objects {
			if len(e.Objects) > 3 || strings.Contains(string(o), "000000000005") {
				w.WriteHeader(http.StatusUnprocessableEntity)
				_ = json.NewEncoder(w).Encode(taxii.Error{Title: "t", Description: "not this one"})
				return
			}
		}
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(taxii.Status{ID: "a", Status: "complete", Total: len(e.Objects), Success: len(e.Objects)})
	})
	p, err := quick(t, Options{}, nil).Push(t.Context(), Target{Root: s.Root, Collection: s.Collection}, tools(0, 20))
	if err != nil || p.Success != 19 || p.Failure != 1 || !strings.HasSuffix(p.Failures[0].ID, "5") || !strings.Contains(p.Failures[0].Message, "not this one") {
		t.Errorf("%+v %v", p, err)
	}
}

// TestFileName: an id from a server never leads out of the folder.
func TestFileName(t *testing.T) {
	for _, id := range []string{"../../etc/passwd", "a/b", "", ".", strings.Repeat("x", 300), "a\x00"} {
		if n := fileName(id); strings.ContainsAny(n, "/\\\x00") || strings.HasPrefix(n, ".") || len(n) > 64 {
			t.Errorf("%q becomes %q", id, n)
		}
	}
}

// FuzzPage: whatever a server answers, an object is either taken whole or
// refused, within bounds, and an error comes without objects.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"more":true,"next":"x","objects":[`+tool(1)+`,{},1,"a",null]}`), 1000)
	f.Add([]byte(`{"type":"bundle","objects":null}`), 10)
	f.Add([]byte(`{"objects":[[[[[[`), 100)
	f.Fuzz(func(t *testing.T, b []byte, most int) {
		s, err := readPage(strings.NewReader(string(b)), int64(max(most, 1)), 500)
		if err != nil {
			if s.objects != nil || s.more {
				t.Errorf("an error and %+v", s)
			}
			return
		}
		if len(b) > max(most, 1) && len(strings.TrimSpace(string(b))) > max(most, 1)+8192 {
			t.Errorf("%d bytes were read, of at most %d", len(b), most)
		}
		for _, raw := range s.objects {
			if !json.Valid(raw) || len(raw) > 500 {
				t.Errorf("%q", raw)
			}
		}
	})
}
