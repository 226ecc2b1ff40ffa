// Package detecttest is the test suite of all detectors. A detector's test is
//
//	func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }
//
// and its cases are files in testdata. fires-*.txtar says what must be found,
// quiet-*.txtar shows what looks the same and must stay quiet:
//
//	# What it shows.  From: the dossier or advisory that says so
//	-- env --
//	home 10.0.0.0/8
//	own example.org
//	-- records.jsonl --
//	{"_type":"log_clear","ts":"2024-05-01T10:00:00Z","host":"dc1","channel":"Security"}
//	-- findings.jsonl --
//	{"severity":"high","lines":[1],"entities":["host dc1"],"why":["Security"]}
//
// A section past.jsonl says what was learned in hunts before, a line a habit,
// held every day from one to another (both in it):
//
//	{"kind":"service","host":"10.0.0.5","value":"10.0.0.9:3389","from":"2024-01-01","to":"2024-04-01"}
//
// An account is named with "account" instead of "host", a web server with "server"; without kind and value the
// line only says that somebody was active.
//
// Times are written in RFC 3339, named values as ["Name=value"]. Each line of findings.jsonl is one finding,
// in time order; what it leaves out is not compared. why gives texts that the
// reasons must contain, ask the same of the questions, lines the records cited, in order. A quiet case may
// list findings too, none above low.
//
// The suite also checks what every detector promises: shifting all times
// shifts the findings and changes nothing else, and a record that comes twice
// adds no finding.
package detecttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// shift is no whole number of days, hours or minutes.
const shift = 1000*24*time.Hour + 67*time.Minute + 11*time.Second

// Run plays every case of testdata.
func Run(t *testing.T, s detect.Spec) {
	t.Helper()
	checkSpec(t, s)
	fires, _ := filepath.Glob("testdata/fires-*.txtar")
	quiet, _ := filepath.Glob("testdata/quiet-*.txtar")
	if len(fires) == 0 || len(quiet) == 0 {
		t.Fatalf("%s has %d fires and %d quiet cases, want at least one of each", s.ID, len(fires), len(quiet))
	}
	for _, file := range slices.Concat(fires, quiet) {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			c, err := load(file, s)
			if err != nil {
				t.Fatal(err)
			}
			c.run(t, s, strings.HasPrefix(name, "quiet-"))
		})
	}
}

func checkSpec(t *testing.T, s detect.Spec) {
	t.Helper()
	if s.ID == "" || s.Title == "" || len(s.Techniques) == 0 {
		t.Errorf("spec lacks an id, a title or techniques: %+v", s)
	}
	for _, id := range s.Techniques {
		if attack.Name(id) == "" {
			t.Errorf("technique %s is not in ATT&CK %s", id, attack.Version)
		}
	}
}

type testCase struct {
	env  detect.Env
	past []habit
	recs []rawRecord
	want []want
}

// habit is one line of past.jsonl.
type habit struct {
	Kind    string `json:"kind"`
	Host    string `json:"host"`
	Account string `json:"account"`
	Server  string `json:"server"` // web server, by the name of its log
	Value   string `json:"value"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// learn puts a habit into m, by so much later.
func (h habit) learn(m *baseline.Memory, by time.Duration) error {
	from, err := time.Parse(time.DateOnly, h.From)
	if err != nil {
		return err
	}
	to, err := time.Parse(time.DateOnly, h.To)
	if err != nil {
		return err
	}
	k, ok := baseline.ParseKind(h.Kind)
	if h.Kind != "" && !ok {
		return fmt.Errorf("no kind %q", h.Kind)
	}
	who := baseline.Host(h.Host)
	switch {
	case h.Account != "":
		who = baseline.Account(h.Account)
	case h.Server != "":
		who = baseline.Server(h.Server)
	}
	for at := from; !at.After(to); at = at.Add(24 * time.Hour) {
		ts := record.TimeOf(at.Add(by.Truncate(24 * time.Hour)))
		m.Active(who, ts)
		if h.Kind != "" {
			m.Learn(k, who, h.Value, ts)
		}
	}
	return nil
}

// rawRecord is one line of records.jsonl.
type rawRecord struct {
	typ    *record.Type
	line   int64
	fields map[string][]string
}

// want is one line of findings.jsonl.
type want struct {
	Title      string      `json:"title"`
	Severity   string      `json:"severity"`
	Confidence uint8       `json:"confidence"`
	Start      string      `json:"start"`
	End        string      `json:"end"`
	Lines      []int64     `json:"lines"`
	Entities   []string    `json:"entities"` // "kind value", each must be there
	Techniques []attack.ID `json:"techniques"`
	Dossier    []string    `json:"dossier"`
	Why        []string    `json:"why"`
	Ask        []string    `json:"ask"` // texts that the questions must contain
}

func load(file string, s detect.Spec) (*testCase, error) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(ar.Comment)) == 0 {
		return nil, fmt.Errorf("%s: the first line must say what the case shows and where it is from", file)
	}
	c := &testCase{}
	for _, f := range ar.Files {
		switch f.Name {
		case "env":
			err = c.readEnv(f.Data)
		case "records.jsonl":
			err = c.readRecords(f.Data, s)
		case "past.jsonl":
			err = c.readPast(f.Data)
		case "findings.jsonl":
			err = c.readWant(f.Data)
		default:
			err = fmt.Errorf("no such section")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, f.Name, err)
		}
	}
	return c, nil
}

func (c *testCase) readEnv(data []byte) error {
	for line := range strings.Lines(string(data)) {
		if own, ok := strings.CutPrefix(strings.TrimSpace(line), "own "); ok {
			c.env.OwnDomains = append(c.env.OwnDomains, own)
			continue
		}
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "home ")
		if !ok {
			return fmt.Errorf("%q: want home PREFIX or own DOMAIN", line)
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return err
		}
		c.env.HomeNet = append(c.env.HomeNet, p)
	}
	return nil
}

func (c *testCase) readRecords(data []byte, s detect.Spec) error {
	types := map[string]*record.Type{}
	for _, h := range s.New(detect.Env{}).Handlers() {
		if h.Type != nil {
			types[h.Type.Name] = h.Type
		}
	}
	n := int64(0)
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var obj map[string]any
		if err := d.Decode(&obj); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		name, _ := obj["_type"].(string)
		typ, ok := types[name]
		if !ok {
			return fmt.Errorf("line %d: the detector does not subscribe to %q", n, name)
		}
		delete(obj, "_type")
		raw := rawRecord{typ: typ, line: n, fields: map[string][]string{}}
		for k, v := range obj {
			if _, ok := typ.Field(k); !ok {
				return fmt.Errorf("line %d: %s has no field %q", n, name, k)
			}
			raw.fields[k] = texts(v)
		}
		c.recs = append(c.recs, raw)
	}
	return nil
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{fmt.Sprint(v)}
	}
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = fmt.Sprint(e)
	}
	return out
}

func (c *testCase) readPast(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	for d.More() {
		var h habit
		if err := d.Decode(&h); err != nil {
			return err
		}
		c.past = append(c.past, h)
	}
	return nil
}

func (c *testCase) readWant(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	for d.More() {
		var w want
		if err := d.Decode(&w); err != nil {
			return err
		}
		c.want = append(c.want, w)
	}
	return nil
}

func (r rawRecord) build(by time.Duration) (record.Record, error) {
	rec := r.typ.New()
	for name, vals := range r.fields {
		if setPairs(rec, name, vals) {
			continue
		}
		f, _ := r.typ.Field(name)
		moved := slices.Clone(vals)
		for i, v := range moved {
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				moved[i] = at.Add(by).Format(time.RFC3339Nano)
			}
		}
		if err := f.SetText(rec, moved); err != nil {
			return nil, err
		}
	}
	rec.Base().Ref = record.Ref{File: "records.jsonl", Kind: record.RefLine, Pos: r.line}
	return rec, nil
}

// setPairs fills a field of named values from texts as NAME=VALUE. It returns
// false when the field is of another kind.
func setPairs(rec record.Record, name string, vals []string) bool {
	v := reflect.ValueOf(rec).Elem()
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("rec"), ",")
		if tag != name {
			continue
		}
		if pairs, ok := v.Field(i).Addr().Interface().(*[]record.KV); ok {
			for _, s := range vals {
				k, val, _ := strings.Cut(s, "=")
				*pairs = append(*pairs, record.KV{Name: k, Value: val})
			}
			return true
		}
	}
	return false
}

// play feeds the records, each n times, shifted by d.
func (c *testCase) play(t *testing.T, s detect.Spec, n int, d time.Duration) []finding.Finding {
	t.Helper()
	var recs []record.Record
	for _, raw := range c.recs {
		for range n {
			rec, err := raw.build(d)
			if err != nil {
				t.Fatalf("line %d: %v", raw.line, err)
			}
			recs = append(recs, rec)
		}
	}
	slices.SortStableFunc(recs, func(a, b record.Record) int {
		return int(min(1, max(-1, a.Base().TS-b.Base().TS)))
	})
	env := c.env
	env.Past = &baseline.Past{}
	if len(c.past) > 0 {
		m := baseline.New(1 << 20)
		for _, h := range c.past {
			if err := h.learn(m, d); err != nil {
				t.Fatalf("past.jsonl: %v", err)
			}
		}
		env.Past.Load(m)
	}
	e := detect.NewEngine([]detect.Spec{s}, env)
	for _, r := range recs {
		if e.Wants(r) {
			e.Feed(r)
		}
	}
	return e.Finish()
}

func (c *testCase) run(t *testing.T, s detect.Spec, quiet bool) {
	t.Helper()
	got := c.play(t, s, 1, 0)
	switch {
	case quiet:
		for _, f := range got {
			if f.Severity > finding.Low {
				t.Errorf("a quiet case has a finding of severity %v: %s: %q", f.Severity, f.Title, f.Why)
			}
		}
	case len(c.want) == 0:
		t.Error("a case that fires must list its findings")
	}
	if len(c.want) > 0 || !quiet {
		compare(t, c.want, got)
	}
	shifted := c.play(t, s, 1, shift)
	for i := range shifted {
		shifted[i].Start, shifted[i].End = shifted[i].Start.Add(-shift), shifted[i].End.Add(-shift)
		shifted[i].Why = nil
	}
	plain := slices.Clone(got)
	for i := range plain {
		plain[i].Why = nil
	}
	if diff := cmp.Diff(plain, shifted); diff != "" {
		t.Errorf("shifting all times changes the findings (-plain +shifted):\n%s", diff)
	}
	twice := c.play(t, s, 2, 0)
	if diff := cmp.Diff(ids(got), ids(twice)); diff != "" {
		t.Errorf("records that come twice change the findings (-once +twice):\n%s", diff)
	}
}

func ids(fs []finding.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Title+" "+f.ID)
	}
	slices.Sort(out)
	return out
}

func compare(t *testing.T, wants []want, got []finding.Finding) {
	t.Helper()
	if len(wants) != len(got) {
		t.Errorf("%d findings, want %d", len(got), len(wants))
		for _, f := range got {
			t.Logf("%v %v %s %v %v %q", f.Start, f.Severity, f.Title, lines(f), f.Entities, f.Why)
		}
		return
	}
	for i, w := range wants {
		w.compare(t, i+1, got[i])
	}
}

func (w want) compare(t *testing.T, n int, f finding.Finding) {
	t.Helper()
	check := func(what string, given bool, want, got any) {
		if given && !cmp.Equal(want, got) {
			t.Errorf("finding %d: %s is %v, want %v", n, what, got, want)
		}
	}
	check("title", w.Title != "", w.Title, f.Title)
	check("severity", w.Severity != "", w.Severity, f.Severity.String())
	check("confidence", w.Confidence != 0, w.Confidence, f.Confidence)
	check("start", w.Start != "", w.Start, f.Start.String())
	check("end", w.End != "", w.End, f.End.String())
	check("techniques", w.Techniques != nil, w.Techniques, f.Techniques)
	check("dossier", w.Dossier != nil, w.Dossier, f.Dossier)
	check("lines", w.Lines != nil, w.Lines, lines(f))
	var have []string
	for _, e := range f.Entities {
		have = append(have, e.Kind+" "+e.Value)
	}
	for _, e := range w.Entities {
		if !slices.Contains(have, e) {
			t.Errorf("finding %d: no entity %q among %q", n, e, have)
		}
	}
	why := strings.Join(f.Why, "\n")
	for _, text := range w.Why {
		if !strings.Contains(why, text) {
			t.Errorf("finding %d: reasons do not say %q:\n%s", n, text, why)
		}
	}
	ask := strings.Join(f.Ask, "\n")
	for _, text := range w.Ask {
		if !strings.Contains(ask, text) {
			t.Errorf("finding %d: questions do not say %q:\n%s", n, text, ask)
		}
	}
	if why == "" {
		t.Errorf("finding %d gives no reason", n)
	}
}

func lines(f finding.Finding) []int64 {
	var out []int64
	for _, r := range f.Refs {
		out = append(out, r.Pos)
	}
	return out
}
