package sigma

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// The public SigmaHQ rules, each with an event made for it, as an independent
// parser wrote it in JSON.
var corpus = filepath.Join("..", "..", "..", "..", "shared", "corpora", "sigma")

// readEvents reads the JSON that lies beside each event log of the corpus.
func readEvents(t testing.TB, file string) []*host.Event {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []*host.Event
	dec := json.NewDecoder(f)
	dec.UseNumber()
	for dec.More() {
		var doc struct {
			Event struct {
				System struct {
					Provider struct {
						Attr struct{ Name string } `json:"#attributes"`
					}
					EventID       any
					Channel       string
					Computer      string
					EventRecordID json.Number
				}
				EventData map[string]any
				UserData  map[string]any
			}
		}
		if err := dec.Decode(&doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		s := doc.Event.System
		e := &host.Event{Channel: s.Channel, Provider: s.Provider.Attr.Name, Host: s.Computer}
		n, _ := s.EventRecordID.Int64()
		e.RecordID, e.Ref = uint64(n), record.Ref{File: file, Kind: record.RefRecord, Pos: n}
		id := fmt.Sprint(s.EventID)
		if m, ok := s.EventID.(map[string]any); ok {
			id = fmt.Sprint(m["#text"])
		}
		x, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			t.Fatalf("%s: event id %q", file, id)
		}
		e.EventID = uint32(x)
		flatten(&e.Fields, doc.Event.EventData)
		for _, v := range doc.Event.UserData {
			if m, ok := v.(map[string]any); ok {
				flatten(&e.Fields, m)
			}
		}
		out = append(out, e)
	}
	return out
}

func flatten(out *[]record.KV, m map[string]any) {
	for k, v := range m {
		switch x := v.(type) {
		case nil:
			*out = append(*out, record.KV{Name: k})
		case map[string]any:
			if t, ok := x["#text"]; ok {
				flatten(out, map[string]any{k: t})
			} else if k != "#attributes" {
				flatten(out, x)
			}
		case []any:
			for _, y := range x {
				flatten(out, map[string]any{k: y})
			}
		default:
			*out = append(*out, record.KV{Name: k, Value: fmt.Sprint(x)})
		}
	}
}

func index(t testing.TB) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "index.tsv"))
	if err != nil {
		t.Skip("corpus not there: ", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func TestPublicRulesFireOnTheirEvents(t *testing.T) {
	rows := index(t)
	e, refused := Compile(os.DirFS(filepath.Join(corpus, "rules")))
	for _, r := range refused {
		t.Logf("refused %s: %s", r.File, r.Reason)
	}
	m := e.NewMatcher()
	fired := 0
	for _, row := range rows {
		if row["evtx"] == "" {
			continue
		}
		want, _ := strconv.Atoi(row["min_matches"])
		got := 0
		for _, ev := range readEvents(t, filepath.Join(corpus, strings.TrimSuffix(row["evtx"], ".evtx")+".json")) {
			m.Match(ev, func(f *Firing) {
				if f.Claim().Detector == "sigma:"+row["rule_id"] {
					got++
				}
			})
		}
		if got < max(want, 1) {
			t.Errorf("%s fired %d times on its events, want %d", row["rule"], got, want)
			continue
		}
		fired++
	}
	t.Logf("%d pairs fired; %d rules compiled, %d refused", fired, len(e.Rules), len(refused))
}

// TestTheIndexHidesNothing compares the rules found through routes and
// literals with those found by evaluating every rule that the event can reach.
func TestTheIndexHidesNothing(t *testing.T) {
	rows := index(t)
	e, _ := Compile(os.DirFS(filepath.Join(corpus, "rules")))
	m := e.NewMatcher()
	for _, row := range rows {
		if row["evtx"] == "" {
			continue
		}
		for _, ev := range readEvents(t, filepath.Join(corpus, strings.TrimSuffix(row["evtx"], ".evtx")+".json")) {
			var got, want []string
			m.Match(ev, func(f *Firing) { got = append(got, f.Claim().Detector) })
			route, _ := e.routes.of(ev)
			v := newView(len(e.fields.names))
			v.begin(route)
			v.fill(ev)
			for _, r := range e.matched {
				if !route.kind.takes(r.Source) {
					continue
				}
				if ok, stopped := r.holds(v); ok && !stopped {
					want = append(want, "sigma:"+r.ID)
				}
			}
			sort.Strings(got)
			sort.Strings(want)
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: index found %v, evaluation %v", row["evtx"], got, want)
			}
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	rows := index(b)
	e, _ := Compile(os.DirFS(filepath.Join(corpus, "rules")))
	var events []*host.Event
	for _, row := range rows {
		if row["evtx"] != "" {
			events = append(events, readEvents(b, filepath.Join(corpus, strings.TrimSuffix(row["evtx"], ".evtx")+".json"))...)
		}
	}
	// What matches allocates its finding; the steady state is what does not.
	m := e.NewMatcher()
	var quiet []*host.Event
	for _, ev := range events {
		found := false
		m.Match(ev, func(*Firing) { found = true })
		if !found {
			ev.Fields = append([]record.KV(nil), ev.Fields...)
			quiet = append(quiet, ev)
			continue
		}
		c := *ev // the same event with its tell-tale values turned round
		c.Fields = nil
		for _, kv := range ev.Fields {
			r := []byte(kv.Value)
			for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
				r[i], r[j] = r[j], r[i]
			}
			c.Fields = append(c.Fields, record.KV{Name: kv.Name, Value: string(r)})
		}
		quiet = append(quiet, &c)
	}
	b.ReportAllocs()
	i := 0
	m.Candidates = 0
	for b.Loop() {
		m.Match(quiet[i%len(quiet)], func(*Firing) {})
		i++
	}
	b.ReportMetric(float64(m.Candidates)/float64(i), "candidates/event")
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "events/s")
}
