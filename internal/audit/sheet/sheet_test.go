package sheet

import (
	"encoding/csv"
	"strings"
	"testing"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// TestHostileNames: what an intruder called an account runs nowhere.
func TestHostileNames(t *testing.T) {
	name := "=cmd|' /C calc'!A0<script>alert(1)</script>\x1b[2J\u202eevil"
	s := &Sheet{Kind: "access", Title: "t", Sections: []Section{{Name: "n", Rows: []Row{{Grade: finding.High, Head: name, Says: name, Facts: []Fact{{"f", name}}, Why: []Why{{Text: name, Refs: []string{name}}}, Do: name}}}}, Unseen: []string{name}}
	var page, text, table strings.Builder
	if err := s.HTML(&page); err != nil {
		t.Fatal(err)
	}
	if err := s.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := CSV(&table, []string{"a"}, [][]string{{name}, {"-1"}, {"plain"}}); err != nil {
		t.Fatal(err)
	}
	for form, out := range map[string]string{"page": page.String(), "text": text.String(), "table": table.String()} {
		if strings.ContainsAny(out, "\x1b\u202e") {
			t.Errorf("%s: control signs got through", form)
		}
		if !strings.Contains(out, "alert(1)") {
			t.Errorf("%s: the name is gone", form)
		}
	}
	if strings.Contains(page.String(), "<script") {
		t.Error("the page runs a name")
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil || len(rows) != 4 || !strings.HasPrefix(rows[1][0], "'=cmd") || rows[2][0] != "'-1" || rows[3][0] != "plain" {
		t.Errorf("%q, %v", rows, err)
	}
}

// TestRefsAsFindings: records are cited in the shape that findings have.
func TestRefsAsFindings(t *testing.T) {
	list := Refs(record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 7}, record.Ref{})
	if len(list) != 1 {
		t.Fatalf("%v", list)
	}
	b, err := list[0].MarshalJSON()
	if err != nil || string(b) != `{"file":"a.evtx","record":7}` {
		t.Errorf("%s, %v", b, err)
	}
	if got := Cite(list)[0]; got != "a.evtx, record 7" {
		t.Errorf("%q", got)
	}
}
