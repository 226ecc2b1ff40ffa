package hunts_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"longwatch/internal/respond/hunts"
)

var kqlContains = regexp.MustCompile(`ProcessCommandLine contains ("(?:[^"\\]|\\.)*")`)

// FuzzText: any value comes out of a query as it went in, and adds no line.
func FuzzText(f *testing.F) {
	for _, v := range evil {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if v == "" || !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r > 0xffff || r == utf8.RuneError }) {
			t.Skip("no value of an event")
		}
		query := func(v string) []hunts.Hunt {
			return []hunts.Hunt{{ID: "00000000-0000-8000-8000-000000000000", Title: v, Why: v, Incident: v, Source: hunts.Process, All: []hunts.Clause{{Field: hunts.Command, Op: hunts.Contains, Any: []string{v}}}}}
		}
		for _, l := range hunts.Languages {
			got, err := hunts.Text(l.Name, query(v))
			if err != nil {
				t.Fatal(err)
			}
			plain, _ := hunts.Text(l.Name, query("plain"))
			if l.Name != "sigma" && strings.Count(got, "\n") > strings.Count(plain, "\n") {
				t.Errorf("%s: %q adds a line:\n%s", l.Name, v, got)
			}
		}
		text, _ := hunts.Text("kql", query(v))
		m := kqlContains.FindStringSubmatch(text)
		var back string
		if m == nil || json.Unmarshal([]byte(m[1]), &back) != nil || back != v { // KQL's escapes that we use are those of JSON
			t.Errorf("%q comes out as %q of\n%s", v, back, text)
		}
	})
}
