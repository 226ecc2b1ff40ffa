package casefolder

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Bounds of a folder that is read back: somebody else may have written it.
const (
	maxFile = 1 << 30  // bytes of incidents.json or manifest.json
	maxLine = 64 << 20 // bytes of one finding
)

// ErrNotCase is wrapped when a folder does not hold a case.
var ErrNotCase = errors.New("not a case folder")

// Read reads a case back: findings, incidents, and of the manifest what
// sharing and response need. Records stay where they are.
func Read(dir string) (*Case, error) {
	c := &Case{}
	byID, joined := map[string]*finding.Finding{}, map[string][]jsonJoin{}
	if err := c.readFindings(filepath.Join(dir, "findings.jsonl"), byID, joined); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s has no findings.jsonl; give the folder that hunt or scan wrote with -o", ErrNotCase, dir)
		}
		return nil, err
	}
	var incidents []jsonIncident
	if err := readJSON(filepath.Join(dir, "incidents.json"), &incidents); err != nil {
		return nil, err
	}
	for i := range incidents {
		inc, err := incidents[i].value(byID, joined)
		if err != nil {
			return nil, fmt.Errorf("%w: incidents.json: %w", ErrNotCase, err)
		}
		c.Incidents = append(c.Incidents, inc)
		c.Span.Grow(inc.Start)
		c.Span.Grow(inc.End)
	}
	if err := c.readManifest(dir); err != nil {
		return nil, err
	}
	var s struct {
		Start    string      `json:"start"`
		End      string      `json:"end"`
		Hosts    []Host      `json:"hosts"`
		Coverage []Coverage  `json:"not_covered"`
		Clocks   []jsonClock `json:"clocks"`
	}
	if err := readJSON(filepath.Join(dir, "summary.json"), &s); err != nil {
		return nil, err
	}
	for _, at := range []string{s.Start, s.End} {
		if t, err := parseWhen(at); err == nil {
			c.Span.Grow(t)
		}
	}
	c.Hosts, c.Coverage, c.Clocks = s.Hosts, s.Coverage, clockValues(s.Clocks)
	if err := c.readRecon(dir); err != nil {
		return nil, err
	}
	return c, c.readCoverage(filepath.Join(dir, coverageFile))
}

// ReadManifest reads what the manifest of a folder of records says of it. With
// an error comes an empty case.
func ReadManifest(dir string) (*Case, error) {
	c := &Case{}
	if err := c.readManifest(dir); err != nil {
		return &Case{}, err
	}
	return c, nil
}

func (c *Case) readManifest(dir string) error {
	var m struct {
		Tool      Tool            `json:"tool"`
		HomeNet   []string        `json:"home_net"`
		Evidence  []Evidence      `json:"evidence"`
		Skipped   []Skipped       `json:"skipped"`
		Records   []RecordFile    `json:"records"`
		Rules     []RuleSet       `json:"rules"`
		Intel     []IntelSource   `json:"intel"`
		Extracted []Extracted     `json:"extracted"`
		Networks  []NetworkSource `json:"networks"`
	}
	if err := readJSON(filepath.Join(dir, "manifest.json"), &m); err != nil {
		return err
	}
	c.Tool, c.HomeNet, c.Evidence, c.Skipped, c.Records, c.Rules, c.Intel, c.Extracted = m.Tool, m.HomeNet, m.Evidence, m.Skipped, m.Records, m.Rules, m.Intel, m.Extracted
	c.Networks = m.Networks
	return nil
}

func readJSON(path string, v any) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotCase, err)
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%w: %s is larger than 1 GiB", ErrNotCase, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotCase, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrNotCase, path, err)
	}
	return nil
}

func (c *Case) readFindings(path string, byID map[string]*finding.Finding, joined map[string][]jsonJoin) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for lines.Scan() {
		n++
		var j jsonFinding
		err := json.Unmarshal(lines.Bytes(), &j)
		if err == nil {
			var v *finding.Finding
			if v, err = j.value(); err == nil {
				c.Findings = append(c.Findings, v)
				byID[v.ID] = v
				joined[v.ID] = j.Joined
				c.Span.Grow(v.Start)
				c.Span.Grow(v.End)
			}
		}
		if err != nil {
			return fmt.Errorf("%w: %s line %d: %w", ErrNotCase, path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: %s line %d: %w", ErrNotCase, path, n+1, err)
	}
	return nil
}

// parseWhen reads what when wrote.
func parseWhen(s string) (record.Time, error) {
	if s == "" {
		return 0, nil
	}
	return record.ParseTime(s)
}

func (j *jsonRef) value() record.Ref {
	r := record.Ref{File: j.File, Kind: record.RefFile}
	for _, p := range []struct {
		kind record.RefKind
		pos  *int64
	}{{record.RefRecord, j.Record}, {record.RefLine, j.Line}, {record.RefOffset, j.Offset}} {
		if p.pos != nil {
			r.Kind, r.Pos = p.kind, *p.pos
		}
	}
	return r
}

func (j *jsonFinding) value() (*finding.Finding, error) {
	start, err1 := parseWhen(j.Start)
	end, err2 := parseWhen(j.End)
	f := &finding.Finding{
		ID: j.ID, Detector: j.Detector, Title: j.Title, Severity: j.Severity, Confidence: j.Confidence, Start: start, End: end,
		Entities: j.Entities, Dossier: j.Dossier, Why: j.Why, Ask: j.Ask, Listed: j.Listed, Withheld: j.Withheld,
	}
	for _, t := range j.Techniques {
		f.Techniques = append(f.Techniques, attack.ID(t))
	}
	for i := range j.Refs {
		f.Refs = append(f.Refs, j.Refs[i].value())
	}
	return f, errors.Join(err1, err2)
}
