// Package sheet shows what an audit of a case found: lines in sections, worst
// first, each with its reasons and the records behind them, as text for a
// terminal, as a table for other programs, and as one page that needs nothing
// from elsewhere:
//
//	s := sheet.Sheet{Title: "Accounts of case-7", Sections: sections, Unseen: unseen}
//	err := s.Text(os.Stdout)
//	err = s.HTML(file)
//
// Names in it were chosen by strangers, some by intruders: each form makes them
// harmless for its medium.
package sheet

import (
	"encoding/json"
	"fmt"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Sheet is what is shown.
type Sheet struct {
	Kind     string // what was audited, in one word: access, patch
	Title    string
	Lead     string // what it comes to, in a sentence or two
	Figures  []Figure
	Sections []Section
	Unseen   []string // what the evidence does not show
}

// Figure is a number worth a look.
type Figure struct {
	Value string
	Label string
}

// Section is lines of one kind.
type Section struct {
	Name string
	Says string // what its lines mean
	None string // what is said when it has no lines; empty: it is left out then
	Rows []Row
}

// Row is one line of judgement.
type Row struct {
	Grade finding.Severity
	Badge string // stands in place of the grade's name, such as a rank; empty: the name
	Head  string // whom or what it is about
	Says  string // the judgement, in a sentence
	Facts []Fact
	Why   []Why
	Do    string // next step
}

// Fact is a named value of a line.
type Fact struct{ Name, Text string }

// Why is a reason.
type Why struct {
	Points string // that it counts, empty where nothing is counted
	Text   string
	Refs   []string // records that show it, as Cite has them
}

// Ref is a place in the evidence as JSON: the shape that findings.jsonl has.
type Ref record.Ref

// MarshalJSON writes the file, and the record, line or offset in it.
func (r Ref) MarshalJSON() ([]byte, error) {
	m := map[string]any{"file": r.File}
	if name := r.Kind.PosName(); name != "" {
		m[name] = r.Pos
	}
	return json.Marshal(m)
}

// Refs are places in the evidence as JSON, without those that name no file.
func Refs(list ...record.Ref) []Ref {
	out := []Ref{}
	for _, r := range list {
		if r.File != "" {
			out = append(out, Ref(r))
		}
	}
	return out
}

// Cite names places in the evidence for a person.
func Cite(list []Ref) []string {
	out := make([]string, 0, len(list))
	for _, r := range list {
		if name := r.Kind.PosName(); name != "" {
			out = append(out, fmt.Sprintf("%s, %s %d", r.File, name, r.Pos))
			continue
		}
		out = append(out, r.File)
	}
	return out
}

// Day is a time as a person says it: to the minute, in UTC.
func Day(t record.Time) string {
	if t == 0 {
		return "unknown"
	}
	return t.Std().UTC().Format("2006-01-02 15:04")
}
