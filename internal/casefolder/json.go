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
}

type jsonStep struct {
	Entity  record.Entity `json:"entity"`
	Time    string        `json:"time"`
	Finding string        `json:"finding"`
	Why     string        `json:"why"`
}

type jsonEdge struct {
	From     record.Entity `json:"from"`
	To       record.Entity `json:"to"`
	Label    string        `json:"label"`
	Findings []string      `json:"findings"`
}

type jsonIncident struct {
	ID          string                `json:"id"`
	Title       string                `json:"title"`
	Severity    finding.Severity      `json:"severity"`
	Start       string                `json:"start"`
	End         string                `json:"end"`
	Entry       *jsonStep             `json:"entry"`
	Findings    []string              `json:"findings"`
	Entities    []record.Entity       `json:"entities"`
	Edges       []jsonEdge            `json:"edges"`
	Tactics     []string              `json:"tactics"`
	Attribution []finding.Attribution `json:"attribution"`
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

func toJSON(f *finding.Finding, inc string) jsonFinding {
	j := jsonFinding{
		ID: f.ID, Detector: f.Detector, Title: f.Title, Severity: f.Severity, Confidence: f.Confidence,
		Start: when(f.Start), End: when(f.End), Entities: f.Entities, Techniques: texts(f.Techniques), Dossier: f.Dossier,
		Why: texts(f.Why), Ask: f.Ask, Refs: make([]jsonRef, 0, len(f.Refs)), Incident: inc,
	}
	if j.Entities == nil {
		j.Entities = []record.Entity{}
	}
	for _, r := range f.Refs {
		j.Refs = append(j.Refs, refOf(r))
	}
	return j
}

func incidentJSON(i *finding.Incident) jsonIncident {
	j := jsonIncident{
		ID: i.ID, Title: i.Title, Severity: i.Severity, Start: when(i.Start), End: when(i.End), Findings: []string{}, Entities: i.Entities,
		Edges: []jsonEdge{}, Tactics: texts(i.Tactics), Attribution: i.Attribution,
	}
	if j.Entities == nil {
		j.Entities = []record.Entity{}
	}
	if j.Attribution == nil {
		j.Attribution = []finding.Attribution{}
	}
	if e := i.Entry; e != nil {
		j.Entry = &jsonStep{Entity: e.Entity, Time: when(e.Time), Finding: e.Finding, Why: e.Why}
	}
	for _, f := range i.Findings {
		j.Findings = append(j.Findings, f.ID)
	}
	for _, e := range i.Edges {
		j.Edges = append(j.Edges, jsonEdge{From: e.From, To: e.To, Label: e.Label, Findings: texts(e.Findings)})
	}
	return j
}
