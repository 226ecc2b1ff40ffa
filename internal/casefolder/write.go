package casefolder

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Write writes the files that hold the case itself into dir: summary.json,
// findings.jsonl, incidents.json, coverage.json, the timeline in three forms
// and manifest.json. The same case gives the same bytes.
func (c *Case) Write(dir string) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"findings.jsonl", c.writeFindings},
		{"incidents.json", c.writeIncidents},
		{"timeline.csv", c.writeTimeline},
		{"timeline.jsonl", c.writeTimelineLines},
		{"timeline-timesketch.csv", c.writeTimesketch},
		{coverageFile, c.writeCoverage},
		{"summary.json", c.writeSummary},
		{"manifest.json", c.writeManifest},
	} {
		if err := WriteFile(filepath.Join(dir, f.name), f.write); err != nil {
			return fmt.Errorf("casefolder: %s: %w", f.name, err)
		}
	}
	if err := c.writeRecon(dir); err != nil {
		return err
	}
	if c.Events == nil {
		return nil
	}
	if err := WriteFile(filepath.Join(dir, "events.json"), func(w io.Writer) error { return indented(w, c.Events) }); err != nil {
		return fmt.Errorf("casefolder: events.json: %w", err)
	}
	return nil
}

// WriteManifest writes manifest.json alone, which every folder of results has.
func (c *Case) WriteManifest(dir string) error {
	if err := WriteFile(filepath.Join(dir, "manifest.json"), c.writeManifest); err != nil {
		return fmt.Errorf("casefolder: manifest.json: %w", err)
	}
	return nil
}

// WriteFile writes one file of a case folder: whole or not at all, and in place
// of a link rather than through it.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(0o640); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func indented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// incidentOf maps finding ids to the incident they belong to.
func (c *Case) incidentOf() map[string]string {
	m := map[string]string{}
	for _, i := range c.Incidents {
		for _, f := range i.Findings {
			m[f.ID] = i.ID
		}
	}
	return m
}

func (c *Case) writeFindings(w io.Writer) error {
	in, joined := c.incidentOf(), c.joinsOf()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, f := range c.Findings {
		if err := enc.Encode(toJSON(f, in[f.ID], joined[f.ID])); err != nil {
			return err
		}
	}
	return nil
}

func (c *Case) writeIncidents(w io.Writer) error {
	out := make([]jsonIncident, 0, len(c.Incidents))
	for _, i := range c.Incidents {
		out = append(out, incidentJSON(i))
	}
	return indented(w, out)
}

// PlainCell defuses what a spreadsheet would run (CWE-1236): a cell that begins
// with a sign for a formula, also in full width, or with white space before it.
func PlainCell(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0\u3000"))
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// Place is a reference in words: file and position.
func Place(r record.Ref) string {
	switch r.Kind {
	case record.RefOffset:
		return fmt.Sprintf("%s offset %d", r.File, r.Pos)
	case record.RefLine:
		return fmt.Sprintf("%s line %d", r.File, r.Pos)
	case record.RefRecord:
		return fmt.Sprintf("%s record %d", r.File, r.Pos)
	case record.RefFile:
	}
	return r.File
}

// Summary is the case in a few numbers and sentences: summary.json.
type Summary struct {
	Verdict    string            `json:"verdict"`
	Start      string            `json:"start,omitempty"` // of the evidence
	End        string            `json:"end,omitempty"`
	Files      int               `json:"files"`
	Bytes      int64             `json:"bytes"`
	Unread     int               `json:"not_read_whole"`
	Records    int64             `json:"records"`
	Findings   map[string]int    `json:"findings"` // by severity
	Incidents  []SummaryIncident `json:"incidents"`
	Hosts      []Host            `json:"hosts,omitempty"`
	Coverage   []Coverage        `json:"not_covered"`
	Clocks     []jsonClock       `json:"clocks,omitempty"`
	Techniques map[string]int    `json:"techniques"`
	Tool       Tool              `json:"tool"`
}

// SummaryIncident is one incident in a line or two.
type SummaryIncident struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Severity   string `json:"severity"`
	Start      string `json:"start"`
	End        string `json:"end"`
	Findings   int    `json:"findings"`
	Entry      string `json:"entry,omitempty"`
	Touched    int    `json:"touched"`    // places by how far they were reached
	Accessed   int    `json:"accessed"`   //
	Possibly   int    `json:"possibly"`   //
	DwellDays  int    `json:"dwell_days"` // whole days from the first trace to the last: at least so long
	Profile    string `json:"profile"`
	Confidence uint8  `json:"confidence"`
	Words      string `json:"words"`
}

// Summary counts up the case.
func (c *Case) Summary() Summary {
	s := Summary{
		Start: when(c.Span.Start), End: when(c.Span.End), Files: len(c.Evidence), Findings: map[string]int{}, Techniques: map[string]int{},
		Coverage: c.Coverage, Tool: c.Tool, Unread: len(c.Unread()), Hosts: c.Hosts, Incidents: []SummaryIncident{}, Clocks: clocksJSON(c.Clocks),
	}
	if s.Coverage == nil {
		s.Coverage = []Coverage{}
	}
	for i := range c.Evidence {
		s.Bytes += c.Evidence[i].Size
		for _, n := range c.Evidence[i].Records {
			s.Records += n
		}
	}
	for _, f := range c.Findings {
		s.Findings[f.Severity.String()]++
		for _, t := range f.Techniques {
			s.Techniques[string(t)]++
		}
	}
	for _, i := range c.Incidents {
		si := SummaryIncident{ID: i.ID, Title: i.Title, Severity: i.Severity.String(), Start: when(i.Start), End: when(i.End), Findings: len(i.Findings)}
		if i.Entry != nil {
			si.Entry = i.Entry.Entity.Kind + " " + i.Entry.Entity.Value
		}
		si.Touched, si.Accessed, si.Possibly = graded(i)
		si.DwellDays = int(i.Dwell.AtLeast / (24 * time.Hour))
		if len(i.Attribution) > 0 {
			a := i.Attribution[0]
			si.Profile, si.Confidence, si.Words = a.Profile, a.Confidence, a.Words
		}
		s.Incidents = append(s.Incidents, si)
	}
	s.Verdict = c.verdict()
	return s
}

// verdict is the answer in one sentence.
func (c *Case) verdict() string {
	worst := finding.Info
	for _, i := range c.Incidents {
		worst = max(worst, i.Severity)
	}
	switch {
	case len(c.Evidence) == 0:
		return "There was no evidence to read."
	case len(c.Incidents) == 0:
		return "No incident was found in this evidence. What it could not have shown is listed under coverage."
	case worst >= finding.High:
		if len(c.Incidents) == 1 {
			return "The evidence shows one incident that needs action now."
		}
		return fmt.Sprintf("The evidence shows %d incidents that need action now.", len(c.Incidents))
	case len(c.Incidents) == 1:
		return "The evidence shows one incident that a person should look at."
	default:
		return fmt.Sprintf("The evidence shows %d incidents that a person should look at.", len(c.Incidents))
	}
}

func (c *Case) writeSummary(w io.Writer) error { return indented(w, c.Summary()) }

// listed is list, but never null in JSON.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (c *Case) writeManifest(w io.Writer) error {
	return indented(w, map[string]any{
		"tool": c.Tool, "home_net": listed(c.HomeNet), "evidence": listed(c.Evidence), "skipped": listed(c.Skipped),
		"records": listed(c.Records), "rules": listed(c.Rules), "intel": listed(c.Intel),
		"extracted": listed(c.Extracted), "networks": listed(c.Networks),
	})
}
