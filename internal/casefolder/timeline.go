package casefolder

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// moment is one row of the timeline: a finding of low severity or above, with
// what a person sorts and filters by. Times are UTC and say so.
type moment struct {
	Start      string   `json:"start"`
	End        string   `json:"end"`
	Severity   string   `json:"severity"`
	Confidence uint8    `json:"confidence"`
	Incident   string   `json:"incident,omitempty"`
	Title      string   `json:"title"`
	Entities   []string `json:"entities,omitempty"` // kind=value
	Techniques []string `json:"techniques,omitempty"`
	Why        []string `json:"why"`
	Ask        []string `json:"ask,omitempty"` // what to ask the people concerned
	Evidence   []string `json:"evidence"`
	Detector   string   `json:"detector"`
	Finding    string   `json:"finding"`
	Hosts      []string `json:"hosts,omitempty"` // names, else addresses
	Users      []string `json:"users,omitempty"`
	Tactics    []string `json:"tactics,omitempty"` // ATT&CK short names, in ATT&CK's order
	Sources    []string `json:"sources,omitempty"` // files that say so

	at record.Time
}

// moments are the rows of the timeline, in order of time.
func (c *Case) moments() []moment {
	in := c.incidentOf()
	var out []moment
	for _, f := range c.Findings {
		if f.Severity < finding.Low {
			continue
		}
		m := moment{
			Start: when(f.Start), End: when(f.End), Severity: f.Severity.String(), Confidence: f.Confidence,
			Incident: in[f.ID], Title: f.Title, Techniques: texts(f.Techniques), Detector: f.Detector, Finding: f.ID, at: f.Start,
		}
		var addresses []string
		for _, e := range f.Entities {
			m.Entities = append(m.Entities, e.Kind+"="+e.Value)
			switch e.Kind {
			case "host":
				m.Hosts = append(m.Hosts, e.Value)
			case "address":
				addresses = append(addresses, e.Value)
			case "user":
				m.Users = append(m.Users, e.Value)
			}
		}
		if len(m.Hosts) == 0 {
			m.Hosts = addresses
		}
		m.Why, m.Ask = append(m.Why, f.Why...), append(m.Ask, f.Ask...)
		for _, r := range f.Refs {
			m.Evidence = append(m.Evidence, Place(r))
			if !slices.Contains(m.Sources, r.File) {
				m.Sources = append(m.Sources, r.File)
			}
		}
		m.Tactics = tactics(f.Techniques)
		out = append(out, m)
	}
	return out
}

// tactics are those of the techniques, in ATT&CK's order.
func tactics(ids []attack.ID) []string {
	var all []attack.Tactic
	for _, id := range ids {
		for _, t := range attack.TacticsOf(id) {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	slices.SortFunc(all, func(a, b attack.Tactic) int { return attack.Order(a) - attack.Order(b) })
	return texts(all)
}

// writeTimeline writes timeline.csv, for spreadsheets.
func (c *Case) writeTimeline(w io.Writer) error {
	rows := [][]string{{
		"start", "end", "severity", "confidence", "incident", "title", "entities", "techniques", "why", "evidence", "detector", "finding",
		"hosts", "users", "tactics", "sources", "ask",
	}}
	for _, m := range c.moments() {
		rows = append(rows, []string{
			m.Start, m.End, m.Severity, fmt.Sprint(m.Confidence), m.Incident, m.Title, strings.Join(m.Entities, " "),
			strings.Join(m.Techniques, " "), strings.Join(m.Why, "; "), strings.Join(m.Evidence, " | "), m.Detector, m.Finding,
			strings.Join(m.Hosts, " "), strings.Join(m.Users, " "), strings.Join(m.Tactics, " "), strings.Join(m.Sources, " | "), strings.Join(m.Ask, " "),
		})
	}
	return writeCells(w, rows)
}

// writeTimelineLines writes timeline.jsonl: the same as JSON lines.
func (c *Case) writeTimelineLines(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, m := range c.moments() {
		if err := enc.Encode(m); err != nil {
			return err
		}
	}
	return nil
}

// writeTimesketch writes timeline-timesketch.csv, which Timesketch imports as it
// is: it asks for message, datetime and timestamp_desc and keeps what else there
// is (https://timesketch.org/guides/user/import-from-json-csv/). A finding of
// some length has a row for its end, too.
func (c *Case) writeTimesketch(w io.Writer) error {
	rows := [][]string{{"message", "datetime", "timestamp_desc", "severity", "confidence", "hostname", "username", "tactic", "technique", "incident", "detector", "finding", "source", "ask"}}
	for _, m := range c.moments() {
		if m.at == 0 {
			continue // Timesketch refuses rows without a time
		}
		row := func(at, desc string) []string {
			return []string{
				m.Title + ": " + strings.Join(m.Why, "; "), at, desc, m.Severity, fmt.Sprint(m.Confidence), strings.Join(m.Hosts, " "),
				strings.Join(m.Users, " "), strings.Join(m.Tactics, " "), strings.Join(m.Techniques, " "), m.Incident, m.Detector, m.Finding,
				strings.Join(m.Evidence, " | "), strings.Join(m.Ask, " "),
			}
		}
		rows = append(rows, row(iso(m.Start), "First Seen"))
		if m.End != "" && m.End != m.Start {
			rows = append(rows, row(iso(m.End), "Last Seen"))
		}
	}
	return writeCells(w, rows)
}

// iso is a time of the case with its offset as digits, which every importer
// reads.
func iso(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000+00:00")
}

// writeCells writes rows as CSV whose cells no spreadsheet runs.
func writeCells(w io.Writer, rows [][]string) error {
	cw := csv.NewWriter(w)
	for _, row := range rows {
		for i := range row {
			row[i] = PlainCell(row[i])
		}
		if err := cw.Write(row); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}
