package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/pypeer"
	"longwatch/internal/taxii"
	"longwatch/internal/taxii/access"
	"longwatch/internal/taxii/object"
	"longwatch/internal/taxii/store"
)

// defaults is the data of the OASIS server's own tests.
const defaults = "../../../../shared/corpora/stix/taxii-server-default-data.json"

const peerPassword = "Password0123"

// ours serves that file.
func ours(t *testing.T) *httptest.Server {
	t.Helper()
	b, err := os.ReadFile(defaults)
	if err != nil {
		t.Skipf("no data to compare on: %v", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	st, err := store.Open(ctx, filepath.Join(t.TempDir(), "taxii.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	hash, _ := access.Hash(peerPassword)
	if err := st.PutMember(ctx, store.Member{Name: "admin", Password: hash}); err != nil {
		t.Fatal(err)
	}
	var d taxii.Discovery
	_ = json.Unmarshal(all["/discovery"], &d)
	for name, raw := range all {
		if name != "/discovery" {
			load(t, st, name, raw)
		}
	}
	s, err := New(ctx, st, Options{Title: d.Title, Description: d.Description, Contact: d.Contact, PageSize: 20, MaxPage: 20, Rate: 1e6, Burst: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return web
}

// load puts one API root of the file into a store.
func load(t *testing.T, st *store.Store, name string, raw json.RawMessage) {
	t.Helper()
	var root struct {
		Information taxii.Root
		Collections []struct {
			taxii.Collection
			Objects  []json.RawMessage
			Manifest []taxii.Entry
		}
	}
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := st.PutRoot(ctx, store.Root{Name: name, Title: root.Information.Title, Description: root.Information.Description, MaxContent: root.Information.MaxContentLength}); err != nil {
		t.Fatal(err)
	}
	for _, x := range root.Collections {
		c := store.Collection{ID: x.ID, Root: name, Title: x.Title, Description: x.Description}
		for _, m := range x.MediaTypes {
			c.Specs = append(c.Specs, m[len(m)-3:])
		}
		c, err := st.AddCollection(ctx, c)
		if err == nil {
			err = st.PutGrant(ctx, "admin", c, store.Grant{Read: x.CanRead, Write: x.CanWrite})
		}
		if err != nil {
			t.Fatal(err)
		}
		var list []store.Added
		for _, m := range x.Manifest {
			for _, raw := range x.Objects {
				o, err := object.Parse(raw)
				if err != nil { // one of STIX 2.0 lacks its labels; it is there on both sides all the same
					var b bytes.Buffer
					_ = json.Compact(&b, raw)
					o.Body = b.Bytes()
				}
				if o.ID == m.ID && o.Text == m.Version {
					at, _ := taxii.ParseTime(m.DateAdded)
					list = append(list, store.Added{Object: o, At: at})
				}
			}
		}
		if len(list) > 0 {
			if _, err := st.Import(ctx, c, "admin", list, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// medallion serves it with the reference server, and gives its address.
func medallion(t *testing.T) string {
	t.Helper()
	python := pypeer.Python(t, "medallion")
	file, err := filepath.Abs(defaults)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	cmd := exec.Command(python, "testdata/serve.py", file, strconv.Itoa(port))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	for range 600 {
		if c, err := net.Dial("tcp", base[len("http://"):]); err == nil {
			_ = c.Close()
			return base
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("medallion did not start: %s", out.String())
	return ""
}

// question is a request sent to both.
type question struct {
	name, method, path, body string
	head                     []string
}

const (
	highValue = "/trustgroup1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"
	writeOnly = "/trustgroup1/collections/472c94ae-3113-4e3e-a4dd-a9f4ac7471d4/"
	readOnly  = "/trustgroup1/collections/52892447-4d7e-4f70-b94d-d7f22742ff63/"
	noAccess  = "/trustgroup1/collections/64993447-4d7e-4f70-b94d-d7f33742ee63/"
	adding    = "/trustgroup1/collections/365fed99-08fa-fdcd-a1b3-fb247eb41d01/"
	indicator = "indicator--6770298f-0fd8-471a-ab8c-1c658a46574e"
	malware   = "malware--c0931cc6-c75e-47e5-9036-78fabc95d4ec"
)

// questions are asked in this order.
var questions = []question{
	{name: "discovery", path: "/taxii2/"},
	{name: "root", path: "/trustgroup1/"},
	{name: "root without collections", path: "/api1/"},
	{name: "no such root", path: "/carbon1/"},
	{name: "collections", path: "/trustgroup1/collections/"},
	{name: "no collections", path: "/api1/collections/"},
	{name: "collection", path: highValue},
	{name: "no such collection", path: "/trustgroup1/collections/12345678-1234-1234-1234-123456789012/"},
	{name: "no status", path: "/trustgroup1/status/12345678-1234-1234-1234-123456789012/"},
	{name: "manifest", path: highValue + "manifest/"},
	{name: "manifest, all", path: highValue + "manifest/?match[version]=all"},
	{name: "manifest, limit", path: highValue + "manifest/?limit=2"},
	{name: "manifest, after", path: highValue + "manifest/?added_after=2017-01-20T00:00:00.000000Z"},
	{name: "manifest, write only", path: writeOnly + "manifest/"},
	{name: "objects", path: highValue + "objects/"},
	{name: "objects, limit", path: highValue + "objects/?limit=3"},
	{name: "objects, more than there are", path: highValue + "objects/?limit=1000"},
	{name: "objects, limit 0", path: highValue + "objects/?limit=0"},
	{name: "objects, limit below 0", path: highValue + "objects/?limit=-5"},
	{name: "objects, limit text", path: highValue + "objects/?limit=many"},
	{name: "objects, wrong next", path: highValue + "objects/?limit=3&next=1234"},
	{name: "objects, after", path: highValue + "objects/?added_after=2016-11-03T12:30:59.001Z"},
	{name: "objects, after all", path: highValue + "objects/?added_after=2030-11-03T12:30:59Z"},
	{name: "objects, id", path: highValue + "objects/?match[id]=" + malware},
	{name: "objects, ids", path: highValue + "objects/?match[id]=" + malware + "," + indicator},
	{name: "objects, no such id", path: highValue + "objects/?match[id]=tool--12345678-1234-4234-8234-123456789012"},
	{name: "objects, type", path: highValue + "objects/?match[type]=indicator"},
	{name: "objects, types", path: highValue + "objects/?match[type]=malware,relationship"},
	{name: "objects, no such type", path: highValue + "objects/?match[type]=tool"},
	{name: "objects, first", path: highValue + "objects/?match[version]=first"},
	{name: "objects, last", path: highValue + "objects/?match[version]=last"},
	{name: "objects, all", path: highValue + "objects/?match[version]=all"},
	{name: "objects, first and last", path: highValue + "objects/?match[version]=first,last"},
	{name: "objects, one version", path: highValue + "objects/?match[version]=2016-12-25T12:30:59.444Z"},
	{name: "objects, STIX 2.0", path: highValue + "objects/?match[spec_version]=2.0"},
	{name: "objects, STIX 2.1", path: highValue + "objects/?match[spec_version]=2.1"},
	{name: "objects, both STIX, all", path: highValue + "objects/?match[spec_version]=2.0,2.1&match[version]=all"},
	{name: "objects, several filters", path: highValue + "objects/?match[type]=indicator&match[version]=all&limit=2"},
	{name: "objects, unknown filter", path: highValue + "objects/?match[colour]=red"},
	{name: "objects, write only", path: writeOnly + "objects/"},
	{name: "objects, empty collection", path: readOnly + "objects/"},
	{name: "objects, no access", path: noAccess + "objects/"},
	{name: "object", path: highValue + "objects/" + indicator + "/"},
	{name: "object, all", path: highValue + "objects/" + indicator + "/?match[version]=all"},
	{name: "object, first", path: highValue + "objects/" + indicator + "/?match[version]=first"},
	{name: "object, version not there", path: highValue + "objects/" + indicator + "/?match[version]=2001-01-01T00:00:00.000Z"},
	{name: "object of STIX 2.0", path: highValue + "objects/" + malware + "/?match[spec_version]=2.0"},
	{name: "no such object", path: highValue + "objects/tool--12345678-1234-4234-8234-123456789012/"},
	{name: "versions", path: highValue + "objects/" + indicator + "/versions/"},
	{name: "versions, STIX 2.0", path: highValue + "objects/" + malware + "/versions/?match[spec_version]=2.0"},
	{name: "versions, limit", path: highValue + "objects/" + indicator + "/versions/?limit=1"},
	{name: "versions, no such object", path: highValue + "objects/tool--12345678-1234-4234-8234-123456789012/versions/"},
	{name: "Accept missing", path: "/taxii2/", head: []string{"Accept", ""}},
	{name: "Accept of 2.0", path: "/taxii2/", head: []string{"Accept", "application/vnd.oasis.taxii+json; version=2.0"}},
	{name: "Accept of another version", path: "/taxii2/", head: []string{"Accept", "application/taxii+json;version=2.0"}},
	{name: "Accept with a space", path: "/taxii2/", head: []string{"Accept", "application/taxii+json; version=2.1"}},
	{name: "Accept anything", path: "/taxii2/", head: []string{"Accept", "*/*"}},
	{name: "Accept without version", path: "/taxii2/", head: []string{"Accept", "application/taxii+json"}},
	{name: "no credentials", path: "/taxii2/", head: []string{"Authorization", ""}},
	{name: "wrong credentials", path: "/taxii2/", head: []string{"Authorization", "Basic YWRtaW46d3Jvbmc="}},
	{name: "add", method: "POST", path: adding + "objects/", body: envelopeOf(tool(1, 1), tool(2, 1))},
	{name: "objects added", path: adding + "objects/"},
	{name: "manifest of those added", path: adding + "manifest/"},
	{name: "add a newer version", method: "POST", path: adding + "objects/", body: envelopeOf(tool(1, 2))},
	{name: "versions after that", path: adding + "objects/tool--00000000-0000-4000-8000-000000000001/versions/"},
	{name: "add again", method: "POST", path: adding + "objects/", body: envelopeOf(tool(2, 1))},
	{name: "add without right", method: "POST", path: readOnly + "objects/", body: envelopeOf(tool(1, 1))},
	{name: "add, other content type", method: "POST", path: adding + "objects/", body: envelopeOf(tool(3, 1)), head: []string{"Content-Type", "application/json"}},
	{name: "add, no JSON", method: "POST", path: adding + "objects/", body: "{"},
	{name: "add, no envelope", method: "POST", path: adding + "objects/", body: `{"a":1}`},
	{name: "add, object without id", method: "POST", path: adding + "objects/", body: envelopeOf(`{"type":"tool"}`)},
	{name: "delete the first version", method: "DELETE", path: adding + "objects/tool--00000000-0000-4000-8000-000000000001/?match[version]=first"},
	{name: "versions after deletion", path: adding + "objects/tool--00000000-0000-4000-8000-000000000001/versions/"},
	{name: "delete", method: "DELETE", path: adding + "objects/tool--00000000-0000-4000-8000-000000000001/"},
	{name: "delete again", method: "DELETE", path: adding + "objects/tool--00000000-0000-4000-8000-000000000001/"},
	{name: "delete, read only", method: "DELETE", path: readOnly + "objects/tool--00000000-0000-4000-8000-000000000001/"},
	{name: "delete, write only", method: "DELETE", path: writeOnly + "objects/tool--00000000-0000-4000-8000-000000000001/"},
	{name: "objects left", path: adding + "objects/"},
}

// differ are the questions that we answer otherwise, and why, with the title of
// what says so in the specification.
var differ = map[string]string{
	"collections":            "a collection to which a user has no right at all is not shown (Get Collections: the list is of those the user has access to)",
	"objects, no access":     "nor does it exist for such a user: 404 is for what is not there or not accessible (Get Objects)",
	"objects, STIX 2.0":      sameMoment,
	"object of STIX 2.0":     sameMoment,
	"versions, STIX 2.0":     sameMoment,
	"Accept without version": "a media type without version stands for the newest the server speaks (Content Negotiation)",
	"no credentials":         jsonError,
	"wrong credentials":      jsonError,
	"add, no JSON":           jsonError,
	"add again":              "an exact duplicate must not be an error for that object (Add Objects); medallion changed it after version 3.0.0",
	"add, object without id": "an object that cannot be processed is a failure in the status (Status Resource), and does not refuse the others",
}

const (
	sameMoment = "two objects of the file were added at one moment; we give the second the next microsecond, so that paging by added_after loses none (added_after in Filtering)"
	jsonError  = "an error has a TAXII error as its body (Error Message), also where medallion lets its framework answer"
)

// answerOf is what both are compared by.
type answerOf struct {
	Status int
	Head   map[string]string
	Body   any
}

var (
	recent = regexp.MustCompile(`^202[4-9]-.*Z$|^20[3-9]`)
	uuid   = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func send(t *testing.T, base string, q question) answerOf {
	t.Helper()
	method := q.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequest(method, base+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("admin", peerPassword)
	r.Header.Set("Accept", taxii.Media21)
	if q.body != "" {
		r.Header.Set("Content-Type", taxii.Media21)
	}
	for i := 0; i < len(q.head); i += 2 {
		if r.Header.Set(q.head[i], q.head[i+1]); q.head[i+1] == "" {
			r.Header.Del(q.head[i])
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", q.name, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answerOf{Status: res.StatusCode, Head: map[string]string{}}
	for _, h := range []string{"Content-Type", taxii.HeadFirst, taxii.HeadLast} {
		if v := res.Header.Get(h); v != "" {
			a.Head[h] = moment(strings.ReplaceAll(v, " ", ""))
		}
	}
	_ = json.Unmarshal(b, &a.Body) // what is no JSON stays nil
	a.Body = plain(a.Body, base)
	if m, ok := a.Body.(map[string]any); ok && res.StatusCode >= 400 { // texts of errors are each server's own
		a.Body = map[string]any{"http_status": m["http_status"]}
	}
	return a
}

// moment replaces a time that depends on when the test runs.
func moment(s string) string {
	if recent.MatchString(s) && !strings.HasPrefix(s, "2026-01-0") {
		return "NOW"
	}
	return s
}

// plain replaces what differs between two servers by nature: their address,
// identifiers and tokens they make up, the time.
func plain(v any, base string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			s, isText := x.(string)
			_, isStatus := v["request_timestamp"]
			switch {
			case k == "next" && isText:
				v[k] = "TOKEN"
			case k == "id" && isStatus && uuid.MatchString(s):
				v[k] = "ID"
			case k == "default" || k == "api_roots":
				v[k] = strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(x), base, ""), "http://localhost:5000", "")
			default:
				v[k] = plain(x, base)
			}
		}
		return v
	case []any:
		for i := range v {
			v[i] = plain(v[i], base)
		}
		return v
	case string:
		return moment(v)
	}
	return v
}

// TestAsMedallion: the same requests to the reference server and to us have the
// same statuses, headers and resources, but for what is named in differ.
func TestAsMedallion(t *testing.T) {
	theirs := medallion(t)
	us := ours(t).URL
	for _, q := range questions {
		want, got := send(t, theirs, q), send(t, us, q)
		diff := cmp.Diff(want, got)
		why, named := differ[q.name]
		switch {
		case diff != "" && !named:
			t.Errorf("%s: - medallion, + we:\n%s", q.name, diff)
		case diff == "" && named:
			t.Errorf("%s is the same on both, and said to differ: %s", q.name, why)
		}
	}
}

// TestClientCrawls: the OASIS client finds everything on our server, adds to it
// and deletes.
func TestClientCrawls(t *testing.T) {
	python := pypeer.Python(t, "taxii2client")
	us := ours(t).URL
	cmd := exec.Command(python, "testdata/crawl.py", us+"/taxii2/", "admin", peerPassword)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var got struct {
		Title, Default string
		Roots          []string
		Collections    map[string]struct {
			Objects, Manifest []string
			Versions          map[string][]string
		}
		Added, Tools, Left int
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	high := got.Collections["91a7b528-80eb-42ed-a74d-c6fbd5a26116"]
	if got.Title != "Some TAXII Server" || got.Default != "Malware Research Group" || len(got.Roots) != 3 || len(got.Collections) != 3 || len(high.Objects) != 5 || len(high.Manifest) != 5 || len(high.Versions[indicator]) != 3 {
		t.Errorf("it saw %+v", got)
	}
	if got.Added != 60 || got.Tools != 60 || got.Left != 58 { // two collections can be written to and read
		t.Errorf("added %d, found %d, after deletion %d", got.Added, got.Tools, got.Left)
	}
}
