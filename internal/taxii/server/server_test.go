package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/store"
)

const (
	password = "correct horse battery"
	token    = "lwtx_test"
)

// centre is a server with a root, two collections and three members: ann reads
// and writes both, bob reads the first, eve writes the first.
type centre struct {
	t      testing.TB
	s      *Server
	st     *store.Store
	one    store.Collection
	two    store.Collection
	trail  bytes.Buffer
	now    time.Time
	member string
}

func newCentre(t testing.TB, o Options) *centre { return newCentreOf(t, o, 0) }

// newCentreOf has a store that may grow to so many bytes.
func newCentreOf(t testing.TB, o Options, most int64) *centre {
	t.Helper()
	c := &centre{t: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), member: "ann"}
	clock := func() time.Time { c.now = c.now.Add(time.Millisecond); return c.now }
	ctx := t.Context()
	var err error
	if c.st, err = store.Open(ctx, filepath.Join(t.TempDir(), "taxii.db"), store.Options{Now: clock, MaxBytes: most}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.st.Close() })
	hash, err := access.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	c.one, err = c.st.AddCollection(ctx, store.Collection{Root: "api", ID: "91a7b528-80eb-42ed-a74d-c6fbd5a26116", Alias: "high", Title: "High value"})
	c.must(err)
	c.two, err = c.st.AddCollection(ctx, store.Collection{Root: "api", Title: "Secret"})
	c.must(err)
	c.must(c.st.PutRoot(ctx, store.Root{Name: "api", Title: "Trust group", MaxContent: 1 << 20}))
	for name, g := range map[string][]store.Grant{"ann": {{Read: true, Write: true}, {Read: true, Write: true}}, "bob": {{Read: true}}, "eve": {{Write: true}}} {
		c.must(c.st.PutMember(ctx, store.Member{Name: name, Password: hash}))
		for i, g := range g {
			c.must(c.st.PutGrant(ctx, name, []store.Collection{c.one, c.two}[i], g))
		}
	}
	c.must(c.st.PutCredential(ctx, store.Credential{Kind: "token", Digest: access.Digest(token), Member: "bob", Label: "t"}))
	o.Audit, o.Now = &c.trail, clock
	if o.Rate == 0 {
		o.Rate, o.Burst = 1e6, 1e6
	}
	if c.s, err = New(ctx, c.st, o); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *centre) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// ask sends a request as the member; head are pairs, and an empty value takes a
// header away.
func (c *centre) ask(method, path, body string, head ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.1:1"
	r.SetBasicAuth(c.member, password)
	r.Header.Set("Accept", taxii.Media21)
	if body != "" {
		r.Header.Set("Content-Type", taxii.Media21)
	}
	for i := 0; i < len(head); i += 2 {
		if r.Header.Set(head[i], head[i+1]); head[i+1] == "" {
			r.Header.Del(head[i])
		}
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	return w.Result()
}

func (c *centre) read(r *http.Response, want int, v any) {
	c.t.Helper()
	b, err := io.ReadAll(r.Body)
	c.must(err)
	if r.StatusCode != want {
		c.t.Fatalf("status %d, want %d: %s", r.StatusCode, want, b)
	}
	if got := r.Header.Get("Content-Type"); got != taxii.Media21 {
		c.t.Errorf("Content-Type %q", got)
	}
	if v != nil {
		c.must(json.Unmarshal(b, v))
	}
}

const objects = "/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/objects/"

func tool(n, day int) string {
	return fmt.Sprintf(`{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-%02dT00:00:00.000Z","name":"t"}`, n, day)
}

func envelopeOf(o ...string) string { return `{"objects":[` + strings.Join(o, ",") + `]}` }

func (c *centre) fill(n int) {
	c.t.Helper()
	for i := range n {
		c.read(c.ask("POST", objects, envelopeOf(tool(i+1, 1))), 202, nil)
	}
}

// TestStatuses: each refusal has the status that the specification gives it,
// and an error of TAXII as its body.
func TestStatuses(t *testing.T) {
	c := newCentre(t, Options{})
	c.fill(2)
	const deep = `{"objects":[{"a":`
	tests := []struct {
		name, member, method, path, body string
		head                             []string
		want                             int
	}{
		{"discovery", "bob", "GET", "/taxii2/", "", nil, 200},
		{"no credentials", "ann", "GET", "/taxii2/", "", []string{"Authorization", ""}, 401},
		{"nobody", "zoe", "GET", "/taxii2/", "", nil, 401},
		{"wrong token", "ann", "GET", "/taxii2/", "", []string{"Authorization", "Bearer x"}, 401},
		{"token", "ann", "GET", "/taxii2/", "", []string{"Authorization", "Bearer " + token}, 200},
		{"no Accept", "ann", "GET", "/taxii2/", "", []string{"Accept", ""}, 406},
		{"TAXII 2.0 wanted", "ann", "GET", "/taxii2/", "", []string{"Accept", taxii.Media20}, 406},
		{"another version wanted", "ann", "GET", "/taxii2/", "", []string{"Accept", "application/taxii+json;version=2.0"}, 406},
		{"any version", "ann", "GET", "/taxii2/", "", []string{"Accept", "application/taxii+json"}, 200},
		{"one of several", "ann", "GET", "/taxii2/", "", []string{"Accept", "text/html, application/taxii+json; version=2.1;q=0.5"}, 200},
		{"no slash", "ann", "GET", "/taxii2", "", nil, 308},
		{"method", "ann", "PUT", "/taxii2/", "", nil, 405},
		{"no root", "ann", "GET", "/nowhere/", "", nil, 404},
		{"root", "ann", "GET", "/api/", "", nil, 200},
		{"no resource", "ann", "GET", "/api/nothing/", "", nil, 404},
		{"no status", "ann", "GET", "/api/status/2d086da7-4bdc-4f91-900e-d77486753710/", "", nil, 404},
		{"no collection", "ann", "GET", "/api/collections/5d086da7-4bdc-4f91-900e-d77486753710/", "", nil, 404},
		{"alias", "ann", "GET", "/api/collections/high/", "", nil, 200},
		{"collection without grant", "bob", "GET", "/api/collections/" + c.two.ID + "/objects/", "", nil, 404},
		{"write only: read", "eve", "GET", objects, "", nil, 403},
		{"write only: manifest", "eve", "GET", "/api/collections/high/manifest/", "", nil, 403},
		{"read only: write", "bob", "POST", objects, envelopeOf(tool(1, 1)), nil, 403},
		{"read only: delete", "bob", "DELETE", objects + "tool--00000000-0000-4000-8000-000000000001/", "", nil, 403},
		{"write only: delete", "eve", "DELETE", objects + "tool--00000000-0000-4000-8000-000000000001/", "", nil, 403},
		{"limit 0", "ann", "GET", objects + "?limit=0", "", nil, 400},
		{"limit text", "ann", "GET", objects + "?limit=x", "", nil, 400},
		{"no time", "ann", "GET", objects + "?added_after=yesterday", "", nil, 400},
		{"version no time", "ann", "GET", objects + "?match[version]=newest", "", nil, 400},
		{"next made up", "ann", "GET", objects + "?next=AAAA", "", nil, 400},
		{"unknown filter is ignored", "ann", "GET", objects + "?match[colour]=red&x=y", "", nil, 200},
		{"no object", "ann", "GET", objects + "tool--00000000-0000-4000-8000-000000000009/", "", nil, 404},
		{"no versions", "ann", "GET", objects + "tool--00000000-0000-4000-8000-000000000009/versions/", "", nil, 404},
		{"delete nothing", "ann", "DELETE", objects + "tool--00000000-0000-4000-8000-000000000009/", "", nil, 404},
		{"content type", "ann", "POST", objects, "{}", []string{"Content-Type", "application/json"}, 415},
		{"content type of 2.0", "ann", "POST", objects, "{}", []string{"Content-Type", taxii.MediaSTIX0}, 415},
		{"compressed", "ann", "POST", objects, "{}", []string{"Content-Encoding", "gzip"}, 415},
		{"not JSON", "ann", "POST", objects, "{", nil, 400},
		{"too deep", "ann", "POST", objects, strings.Repeat("[", 100_000), nil, 400},
		{"too deep, valid", "ann", "POST", objects, deep + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}]}", nil, 400},
		{"no envelope", "ann", "POST", objects, "[]", nil, 422},
		{"empty envelope", "ann", "POST", objects, "{}", nil, 422},
		{"objects no list", "ann", "POST", objects, `{"objects":{}}`, nil, 422},
		{"too large", "ann", "POST", objects, strings.Repeat(" ", 1<<20+1), nil, 413},
		{"long URL", "ann", "GET", objects + "?match[id]=" + strings.Repeat("x", maxURL), "", nil, 414},
		{"many ids", "ann", "GET", objects + "?match[id]=" + manyValues(300), "", nil, 400},
		{"many types", "ann", "GET", objects + "?match[type]=" + manyValues(60), "", nil, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.t, c.member = t, tt.member
			r := c.ask(tt.method, tt.path, tt.body, tt.head...)
			if tt.want < 300 {
				c.read(r, tt.want, nil)
				return
			}
			var e taxii.Error
			c.read(r, tt.want, &e)
			if e.Title == "" || e.Description == "" || e.Status != fmt.Sprint(tt.want) || !strings.Contains(c.trail.String(), e.ID) {
				t.Errorf("error %+v, or it is not in the audit trail", e)
			}
			if tt.want == 401 && len(r.Header.Values("WWW-Authenticate")) != 2 {
				t.Errorf("WWW-Authenticate %q", r.Header.Values("WWW-Authenticate"))
			}
		})
	}
}

func manyValues(n int) string {
	var v []string
	for i := range n {
		v = append(v, fmt.Sprint("v", i))
	}
	return strings.Join(v, ",")
}

// TestResources: the resources have what sections 4 and 5 require of them.
func TestResources(t *testing.T) {
	c := newCentre(t, Options{Title: "ISAC"})
	var d taxii.Discovery
	c.read(c.ask("GET", "http://example.org/taxii2/", ""), 200, &d)
	if d.Title != "ISAC" || len(d.Roots) != 1 || d.Roots[0] != "http://example.org/api/" || d.Default != d.Roots[0] {
		t.Errorf("discovery %+v", d)
	}
	var root taxii.Root
	c.read(c.ask("GET", "/api/", ""), 200, &root)
	if root.Versions[0] != taxii.Media21 || root.MaxContentLength != 1<<20 {
		t.Errorf("root %+v", root)
	}
	for member, want := range map[string]string{"ann": "true true, true true", "bob": "true false", "eve": "false true"} {
		c.member = member
		var l taxii.Collections
		c.read(c.ask("GET", "/api/collections/", ""), 200, &l)
		var got []string
		for _, x := range l.Collections {
			got = append(got, fmt.Sprint(x.CanRead, x.CanWrite))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s sees %v, want %s", member, got, want)
		}
	}
}

// TestPaging: pages follow each other by next and by added_after, each object
// once, with headers that bracket the page.
func TestPaging(t *testing.T) {
	c := newCentre(t, Options{PageSize: 3, MaxPage: 4})
	c.fill(10)
	walk := func(step func(r *http.Response, e taxii.Envelope) string) (n []int) {
		query := ""
		seen := map[string]bool{}
		for range 20 {
			r := c.ask("GET", objects+query, "")
			var e taxii.Envelope
			c.read(r, 200, &e)
			first, last := r.Header.Get(taxii.HeadFirst), r.Header.Get(taxii.HeadLast)
			if first == "" || first > last {
				t.Errorf("headers %q and %q", first, last)
			}
			for _, o := range e.Objects {
				if seen[string(o)] {
					t.Errorf("twice: %s", o)
				}
				seen[string(o)] = true
			}
			n = append(n, len(e.Objects))
			if !e.More {
				return n
			}
			query = "?" + step(r, e)
		}
		t.Error("pages without end")
		return n
	}
	byNext := walk(func(_ *http.Response, e taxii.Envelope) string { return "limit=100&next=" + e.Next })
	byTime := walk(func(r *http.Response, _ taxii.Envelope) string {
		return "limit=2&added_after=" + r.Header.Get(taxii.HeadLast)
	})
	if fmt.Sprint(byNext) != "[3 4 3]" || fmt.Sprint(byTime) != "[3 2 2 2 1]" {
		t.Errorf("pages of %v and %v", byNext, byTime)
	}
	var e taxii.Envelope
	c.read(c.ask("GET", objects+"?limit=2", ""), 200, &e)
	c.read(c.ask("GET", objects+"?match[type]=tool&next="+e.Next, ""), 400, nil) // of another filter
	// A page in memory that somebody else began elsewhere can be gone on from.
	c.read(c.ask("GET", objects+"?limit=2&added_after=2020-01-01T00:00:00Z&next="+e.Next, ""), 200, &e)
	c.read(c.ask("GET", objects+"?limit=2&added_after=2020-01-01T00:00:00Z&next="+e.Next, ""), 200, nil)
	r := c.ask("GET", objects+"?added_after=2030-01-01T00:00:00Z", "")
	if b, _ := io.ReadAll(r.Body); string(b) != "{}" || r.Header.Get(taxii.HeadFirst) != "" {
		t.Errorf("an empty page is %s", b)
	}
}

// TestPagesInMemory: what is kept in memory is not what has been replaced or
// removed since, in this process or by another.
func TestPagesInMemory(t *testing.T) {
	c := newCentre(t, Options{PageSize: 3})
	c.fill(10)
	page := func() string {
		r := c.ask("GET", objects, "")
		b, _ := io.ReadAll(r.Body)
		return string(b)
	}
	before := page()
	if page() != before || len(c.s.pages.of) != 1 {
		t.Fatal("the page was not kept, or differs")
	}
	c.read(c.ask("POST", objects, envelopeOf(tool(11, 1))), 202, nil)
	if page() != before || len(c.s.pages.of) != 1 {
		t.Error("an object at the end changed the first page")
	}
	c.read(c.ask("POST", objects, envelopeOf(tool(2, 5))), 202, nil)
	if b := page(); strings.Contains(b, "000002") || !strings.Contains(b, "000004") {
		t.Errorf("a replaced object is still in its page: %s", b)
	}
	c.read2(c.ask("DELETE", objects+"tool--00000000-0000-4000-8000-000000000001/", ""), 200)
	if b := page(); strings.Contains(b, "000001\"") {
		t.Errorf("a removed object is still in its page: %s", b)
	}
	if _, err := c.st.Delete(t.Context(), c.one, taxii.Filter{All: true, IDs: []string{"tool--00000000-0000-4000-8000-000000000003"}}); err != nil {
		t.Fatal(err)
	}
	c.must(c.s.Reload(t.Context())) // as every second
	if b := page(); strings.Contains(b, "000003\"") {
		t.Errorf("what another process removed is still in its page: %s", b)
	}
}

func (c *centre) read2(r *http.Response, want int) {
	c.t.Helper()
	if b, _ := io.ReadAll(r.Body); r.StatusCode != want {
		c.t.Errorf("status %d, want %d: %s", r.StatusCode, want, b)
	}
}

// TestAdd: the status names each object, and only who made the request can ask
// for it again.
func TestAdd(t *testing.T) {
	c := newCentre(t, Options{})
	var got, again taxii.Status
	c.read(c.ask("POST", objects, envelopeOf(tool(1, 1), `{"type":"tool","id":"tool--x"}`, `17`, tool(1, 1))), 202, &got)
	if got.Status != "complete" || got.Total != 4 || got.Success != 2 || got.Failure != 2 || got.Pending != 0 || got.Failures[1].ID != "#2" || got.Failures[0].Message == "" {
		t.Errorf("%+v", got)
	}
	c.read(c.ask("GET", "/api/status/"+got.ID+"/", ""), 200, &again)
	if again.ID != got.ID || again.Success != 2 {
		t.Errorf("%+v", again)
	}
	c.member = "bob"
	c.read(c.ask("GET", "/api/status/"+got.ID+"/", ""), 404, nil)
}

// TestVersionsAndManifest: versions newest first, manifest with the media type.
func TestVersionsAndManifest(t *testing.T) {
	c := newCentre(t, Options{})
	c.read(c.ask("POST", objects, envelopeOf(tool(1, 1), tool(1, 3))), 202, nil)
	c.read(c.ask("POST", objects, envelopeOf(tool(1, 2))), 202, nil)
	var v taxii.Versions
	c.read(c.ask("GET", objects+"tool--00000000-0000-4000-8000-000000000001/versions/", ""), 200, &v)
	if fmt.Sprint(v.Versions) != "[2026-01-03T00:00:00.000Z 2026-01-02T00:00:00.000Z 2026-01-01T00:00:00.000Z]" {
		t.Errorf("%v", v.Versions)
	}
	var m taxii.Manifest
	c.read(c.ask("GET", "/api/collections/high/manifest/?match[version]=first,last", ""), 200, &m)
	if len(m.Objects) != 2 || m.Objects[0].MediaType != "application/stix+json;version=2.1" || m.Objects[1].Version != "2026-01-03T00:00:00.000Z" || m.Objects[0].DateAdded >= m.Objects[1].DateAdded {
		t.Errorf("%+v", m)
	}
}

// TestRate: a member who asks too often is told when to come again; who guesses
// passwords too.
func TestRate(t *testing.T) {
	c := newCentre(t, Options{Rate: 0.5, Burst: 3})
	for range 3 {
		c.read(c.ask("GET", "/taxii2/", ""), 200, nil)
	}
	r := c.ask("GET", "/taxii2/", "")
	c.read(r, 429, nil)
	if r.Header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	c.member = "bob"
	c.read(c.ask("GET", "/taxii2/", ""), 200, nil)
	codes := map[int]int{}
	for range 30 {
		codes[c.ask("GET", "/taxii2/", "", "Authorization", "Bearer guess").StatusCode]++
	}
	if codes[401] != 10 || codes[429] != 20 {
		t.Errorf("guesses were answered %v", codes)
	}
}

// TestRevoked: a member who was disabled, a credential that was taken away or
// is over, is refused as soon as the server looks.
func TestRevoked(t *testing.T) {
	c := newCentre(t, Options{})
	c.must(c.st.PutCredential(t.Context(), store.Credential{Kind: "token", Digest: access.Digest("old"), Member: "bob", Label: "o", Expires: taxii.Now(c.now.Add(-time.Hour))}))
	c.must(c.s.Reload(t.Context()))
	c.read(c.ask("GET", "/taxii2/", "", "Authorization", "Bearer old"), 401, nil)
	c.read(c.ask("GET", "/taxii2/", "", "Authorization", "Bearer "+token), 200, nil)
	c.must(c.st.RemoveCredential(t.Context(), "bob", "t"))
	c.must(c.st.PutMember(t.Context(), store.Member{Name: "ann", Disabled: true}))
	c.must(c.s.Reload(t.Context()))
	c.read(c.ask("GET", "/taxii2/", "", "Authorization", "Bearer "+token), 401, nil)
	c.read(c.ask("GET", "/taxii2/", ""), 401, nil)
}

// broken is an audit trail on a full disk.
type broken struct{ err error }

func (b *broken) Write(p []byte) (int, error) { return len(p), b.err }

// TestAuditTrail: every request has its line, without secrets; nothing is
// changed while the trail cannot be written.
func TestAuditTrail(t *testing.T) {
	c := newCentre(t, Options{})
	c.read(c.ask("POST", objects, envelopeOf(tool(1, 1))), 202, nil)
	var l line
	c.must(json.Unmarshal(bytes.TrimSpace(c.trail.Bytes()), &l))
	if l.Member != "ann" || l.How != "password" || l.Remote != "192.0.2.1" || l.Method != http.MethodPost || l.Path != objects || l.Status != 202 || l.Objects != 1 || strings.Contains(c.trail.String(), password) {
		t.Errorf("%+v", l)
	}
	b := &broken{errors.New("full")}
	c.s.audit.w = b
	c.read(c.ask("GET", objects, ""), 200, nil)
	c.read(c.ask("POST", objects, envelopeOf(tool(2, 1))), 503, nil)
	c.read(c.ask("GET", objects+"tool--00000000-0000-4000-8000-000000000002/", ""), 404, nil)
	b.err = nil
	c.read(c.ask("GET", objects, ""), 200, nil)
	c.read(c.ask("POST", objects, envelopeOf(tool(2, 1))), 202, nil)
}

// TestFull: a store without space is 507 and Retry-After, and health says so.
func TestFull(t *testing.T) {
	c := newCentreOf(t, Options{}, 600<<10)
	var r *http.Response
	for i := range 100 {
		var list []string
		for k := range 100 {
			list = append(list, tool(1+i*100+k, 1))
		}
		if r = c.ask("POST", objects, envelopeOf(list...)); r.StatusCode != http.StatusAccepted {
			break
		}
	}
	c.read(r, 507, nil)
	health := c.ask("GET", "/health/", "")
	b, _ := io.ReadAll(health.Body)
	if r.Header.Get("Retry-After") == "" || health.StatusCode != http.StatusOK || !strings.Contains(string(b), "full") {
		t.Errorf("Retry-After %q; health %d %s", r.Header.Get("Retry-After"), health.StatusCode, b)
	}
}

// TestCompressed: a client that takes gzip gets the same page.
func TestCompressed(t *testing.T) {
	c := newCentre(t, Options{})
	c.fill(30)
	plain, _ := io.ReadAll(c.ask("GET", objects, "").Body)
	r := c.ask("GET", objects, "", "Accept-Encoding", "gzip, deflate")
	z, err := gzip.NewReader(r.Body)
	c.must(err)
	if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, plain) || r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v", err)
	}
}

// TestRedirect: the slash that was forgotten is added, on this host.
func TestRedirect(t *testing.T) {
	c := newCentre(t, Options{})
	for path, want := range map[string]string{"/api/collections?x=y": "/api/collections/?x=y", "//evil.example/x": "/evil.example/x/"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		r.SetBasicAuth("ann", password)
		r.Header.Set("Accept", taxii.Media21)
		w := httptest.NewRecorder()
		c.s.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != 308 || got != want {
			t.Errorf("%s: %d %q, want %q", path, w.Code, got, want)
		}
	}
}

// FuzzRequest: whatever is asked, the answer is a status of ours with JSON, and
// nobody unknown gets anything.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/api/collections/high/objects/", "match[id]=a&limit=1&next=AAAA", "application/taxii+json;version=2.1", "", "")
	f.Add("POST", "/api/collections/high/objects/", "", "application/taxii+json", `{"objects":[{}]}`, "Bearer x")
	f.Add("GET", "/api/collections/high/manifest/", "match[version]=first,2020-01-01T00:00:00Z&match[spec_version]=2.0,2.1&match[type]=a,b", "*/*", "", "")
	c := newCentre(f, Options{})
	f.Fuzz(func(t *testing.T, method, path, query, accept, body, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
		r = r.WithContext(context.WithoutCancel(t.Context()))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.Header.Set("Accept", accept)
		r.Header.Set("Content-Type", taxii.Media21)
		known := authorization == ""
		if known {
			r.Header.Set("Authorization", "Bearer "+token)
		} else {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		c.s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		health := strings.TrimSuffix(path, "/") == "/health"
		if !known && w.Code != 401 && w.Code != 429 && w.Code != 414 && !health && !strings.Contains(authorization, token) {
			t.Errorf("%q was let in: %d", authorization, w.Code)
		}
		if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("not JSON: %s", w.Body)
		}
	})
}
