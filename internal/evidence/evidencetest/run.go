package evidencetest

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// maxCuts is at how many places a case is truncated.
const maxCuts = 200

// Run plays every case below testdata.
func Run(t *testing.T, format evidence.Format) {
	t.Helper()
	RunEnv(t, format, Env(format))
}

// RunEnv is Run in an environment of the caller's making.
func RunEnv(t *testing.T, format evidence.Format, env *evidence.Env) {
	t.Helper()
	cases := goldens(t, format)
	if len(cases) == 0 {
		t.Fatal("no testdata/*.txtar")
	}
	for _, g := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(g.path), ".txtar"), func(t *testing.T) {
			head := g.input[:min(len(g.input), evidence.SniffLen)]
			if format.Sniff(g.name, head) == evidence.None {
				t.Errorf("Sniff(%q) does not recognise the case", g.name)
			}
			records, problems, err := ReadEnv(t, format, g.name, g.input, env)
			g.compare(t, records, problems, err)
			again, _, _ := ReadEnv(t, format, g.name, g.input, env)
			if diff := cmp.Diff(lines(records), lines(again)); diff != "" {
				t.Errorf("reading twice gives different records (-first +second):\n%s", diff)
			}
			truncate(t, format, env, &g, records)
		})
	}
}

func (g *golden) compare(t *testing.T, records []record.Record, problems []evidence.Problem, err error) {
	t.Helper()
	gotRecords, gotProblems, gotErr := join(lines(records)), join(problemLines(problems)), ""
	if err != nil {
		gotErr = err.Error() + "\n"
	}
	if updating() {
		g.set("records.jsonl", gotRecords)
		g.set("problems", gotProblems)
		g.set("error", gotErr)
		if err := g.write(); err != nil {
			t.Fatal(err)
		}
		return
	}
	diffJSON(t, "records", g.section("records.jsonl"), gotRecords)
	diffJSON(t, "problems", g.section("problems"), gotProblems)
	if diff := cmp.Diff(g.section("error"), gotErr); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

// truncate cuts the case short at up to maxCuts places. What is read must
// then be what was read before: the same records up to the last position
// reached, where a cut line or datagram may look different, and no position
// that the whole file does not have.
func truncate(t *testing.T, format evidence.Format, env *evidence.Env, g *golden, whole []record.Record) {
	t.Helper()
	known := map[record.Ref]bool{}
	for _, r := range whole {
		known[r.Base().Ref] = true
	}
	want := lines(whole)
	for i := range min(maxCuts, len(g.input)) {
		n := i * len(g.input) / min(maxCuts, len(g.input))
		cut, _, _ := ReadEnv(t, format, g.name, g.input[:n], env)
		for _, r := range cut {
			if !known[r.Base().Ref] {
				t.Errorf("cut to %d bytes: %s at %s is not in the whole file", n, r.RecordType().Name, place(r.Base().Ref))
				return
			}
		}
		cut = slices.DeleteFunc(cut, func(r record.Record) bool { return !exact(r, cut) })
		for _, line := range lines(cut) {
			if !slices.Contains(want, line) {
				t.Errorf("cut to %d bytes gives a record that the whole file does not:\n%s", n, line)
				return
			}
		}
	}
}

// exact tells whether r, one of records, must be as in the whole file: it
// cites a line or a record, and not the last one reached.
func exact(r record.Record, records []record.Record) bool {
	ref := r.Base().Ref
	return (ref.Kind == record.RefLine || ref.Kind == record.RefRecord) && ref != records[len(records)-1].Base().Ref
}

// lines is each record as one JSON object with its type and place.
func lines(records []record.Record) []string {
	out := make([]string, 0, len(records))
	for _, r := range records {
		t := r.RecordType()
		object := string(t.AppendJSON(nil, r))
		rest := strings.TrimPrefix(object, "{")
		if rest != "}" {
			rest = "," + rest
		}
		out = append(out, fmt.Sprintf(`{"record":%q,"at":%q%s`, t.Name, place(r.Base().Ref), rest))
	}
	return out
}

func problemLines(problems []evidence.Problem) []string {
	out := make([]string, 0, len(problems))
	for _, p := range problems {
		line, _ := json.Marshal(struct {
			Name  string `json:"name"`
			At    string `json:"at"`
			Why   string `json:"why"`
			Bytes int64  `json:"bytes,omitempty"`
		}{p.Name, place(p.Ref), p.Why, p.Bytes})
		out = append(out, string(line))
	}
	return out
}

func place(r record.Ref) string {
	switch r.Kind {
	case record.RefOffset:
		return fmt.Sprintf("offset %d", r.Pos)
	case record.RefLine:
		return fmt.Sprintf("line %d", r.Pos)
	case record.RefRecord:
		return fmt.Sprintf("record %d", r.Pos)
	}
	return "file"
}

func join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// diffJSON compares JSON lines by meaning: white space and the order of keys
// do not count.
func diffJSON(t *testing.T, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(objects(t, what+" wanted", want), objects(t, what+" read", got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func objects(t *testing.T, what, text string) []any {
	t.Helper()
	var out []any
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		var v any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s, line %d: %v", what, n, err)
		}
		out = append(out, v)
	}
	return out
}
