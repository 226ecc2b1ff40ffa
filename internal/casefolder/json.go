package casefolder

import (
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// These are the shapes of findings.jsonl and incidents.json; scripts rely on
// the names.

type jsonRef struct {
	File   string `json:"file"`
	Record *int64 `json:"record,omitempty"`
	Line   *int64 `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
}

type jsonFinding struct {
	ID         string           `json:"id"`
	Detector   string           `json:"detector"`
	Title      string           `json:"title"`
	Severity   finding.Severity `json:"severity"`
	Confidence uint8            `json:"confidence"`
	Start      string           `json:"start"`
	End        string           `json:"end"`
	Entities   []record.Entity  `json:"entities"`
	Techniques []string         `json:"techniques"`
	Dossier    []string         `json:"dossier,omitempty"`
	Why        []string         `json:"why"`
	Ask        []string         `json:"ask,omitempty"`
	Refs       []jsonRef        `json:"refs"`
	Incident   string           `json:"incident,omitempty"`
	Joined     []jsonJoin       `json:"joined,omitempty"`
	Listed     finding.Listing  `json:"listed,omitzero"`
	Withheld   finding.Withheld `json:"withheld,omitzero"`
}

// when is a time for people and scripts: RFC 3339, or empty when unknown.
func when(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}

func refOf(r record.Ref) jsonRef {
	out := jsonRef{File: r.File}
	switch pos := r.Pos; r.Kind {
	case record.RefRecord:
		out.Record = &pos
	case record.RefLine:
		out.Line = &pos
	case record.RefOffset:
		out.Offset = &pos
	case record.RefFile:
	}
	return out
}

// texts is a list of string-like values that is never null in JSON.
func texts[T ~string](list []T) []string {
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

// Line is f as a line of findings.jsonl holds it, for other outputs in JSON.
func Line(f *finding.Finding) any { return toJSON(f, "", nil) }

func toJSON(f *finding.Finding, inc string, joins []*finding.Join) jsonFinding {
	j := jsonFinding{
		ID: f.ID, Detector: f.Detector, Title: f.Title, Severity: f.Severity, Confidence: f.Confidence,
		Start: when(f.Start), End: when(f.End), Entities: f.Entities, Techniques: texts(f.Techniques), Dossier: f.Dossier,
		Why: texts(f.Why), Ask: f.Ask, Refs: make([]jsonRef, 0, len(f.Refs)), Incident: inc, Listed: f.Listed, Withheld: f.Withheld,
	}
	if j.Entities == nil {
		j.Entities = []record.Entity{}
	}
	for _, join := range joins {
		x := joinJSON(join)
		x.Finding = ""
		j.Joined = append(j.Joined, x)
	}
	for _, r := range f.Refs {
		j.Refs = append(j.Refs, refOf(r))
	}
	return j
}
