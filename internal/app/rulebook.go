package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/ordered"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
	"longwatch/internal/rules/sigma"
	"longwatch/internal/rules/yara"
	"longwatch/internal/share"
)

// Rulebook is compiled rules, to look at.
type Rulebook struct {
	set      *ruleSet
	ran      bool                         // over evidence
	matchers []*sigma.Matcher             // what measured
	findings map[string][]finding.Finding // of correlations and YARA rules, by detector
	files    int                          // that YARA rules were asked about
	notes    []string
}

// OpenRules compiles rules to look at them.
func OpenRules(o RuleOptions) (*Rulebook, error) {
	s, err := compileRules(o)
	if err != nil {
		return nil, err
	}
	return &Rulebook{set: s}, nil
}

// RuleLine is one rule in a list.
type RuleLine struct {
	Language   string      `json:"language"` // sigma or yara
	ID         string      `json:"id"`       // findings name sigma:ID and yara:ID
	Title      string      `json:"title"`
	Level      string      `json:"level"`
	Status     string      `json:"status,omitempty"`
	Source     string      `json:"log_source"` // YARA: file
	Techniques []attack.ID `json:"techniques,omitempty"`
	Tree       string      `json:"tree"`
	File       string      `json:"file"`
	Found      string      `json:"looked_for"` // what an event must have to be evaluated
	Always     bool        `json:"always"`     // every event of the log source is evaluated
	Nanos      int         `json:"ns_per_evaluation,omitempty"`

	// Measured over evidence, when there was some.
	Records     int     `json:"records,omitempty"` // of its log source
	Evaluations int     `json:"evaluations,omitempty"`
	Fired       int     `json:"fired,omitempty"`
	Millis      float64 `json:"ms,omitempty"`

	// Places are where correlations and YARA rules were true, in words.
	Places []string `json:"places,omitempty"`
}

// Lines lists the rules: the most expensive first where costs were measured,
// else in the order of trees and files, YARA rules last.
func (b *Rulebook) Lines() []RuleLine {
	out := make([]RuleLine, 0, len(b.set.engine.Rules)+len(b.set.yara.List))
	for _, r := range b.set.engine.Rules {
		out = append(out, b.line(r))
	}
	for _, r := range b.set.yara.List {
		if !r.Private {
			out = append(out, b.yaraLine(r))
		}
	}
	if b.ran {
		slices.SortStableFunc(out, func(x, y RuleLine) int { return cmp.Or(cmp.Compare(y.Millis, x.Millis), cmp.Compare(x.ID, y.ID)) })
	}
	return out
}

func (b *Rulebook) line(r *sigma.Rule) RuleLine {
	c := b.set.engine.Costs(r, b.matchers)
	l := RuleLine{
		Language: "sigma", ID: r.ID, Title: r.Title, Level: r.Level.String(), Status: r.Status, Source: r.Source.String(), Techniques: r.Techniques,
		Tree: b.set.names[r.Tree], File: r.File, Found: c.Found, Always: c.Always, Nanos: c.Nanos,
		Records: c.Records, Evaluations: c.Candidates, Fired: c.Fired, Millis: float64(c.Time) / float64(time.Millisecond),
	}
	b.places(&l, "sigma:"+r.ID)
	return l
}

func (b *Rulebook) yaraLine(r *yara.Rule) RuleLine {
	severity, _ := r.Gravity()
	l := RuleLine{
		Language: "yara", ID: r.Name, Title: r.Title(), Level: severity.String(), Source: "file", Techniques: r.Techniques(),
		Tree: b.set.names[r.Tree], File: r.File, Found: r.Asked(), Always: r.Always(), Records: b.files,
	}
	b.places(&l, "yara:"+r.Name)
	return l
}

// maxPlaces bounds the places told of one rule.
const maxPlaces = 100

// places adds the findings of a detector.
func (b *Rulebook) places(l *RuleLine, detector string) {
	for i := range b.findings[detector] {
		f := &b.findings[detector][i]
		if l.Fired++; l.Fired > maxPlaces {
			continue
		}
		file := ""
		if len(f.Refs) > 0 {
			file = f.Refs[0].File
		}
		place := fmt.Sprintf("%q", file)
		if len(f.Why) > 1 {
			place += ": " + strings.Join(f.Why[1:], "; ")
		}
		l.Places = append(l.Places, place)
	}
}

// Explain says in words what the rules with an id, name or title ask for, and
// after Over whether the evidence had it. Names of YARA rules may begin with
// "yara:", ids of Sigma rules with "sigma:", as in findings.
func (b *Rulebook) Explain(name string) [][]string {
	var out [][]string
	id := strings.TrimPrefix(name, "sigma:")
	for _, r := range b.set.engine.Find(id) {
		out = append(out, b.measured(b.set.engine.Explain(r), b.line(r)))
	}
	for _, r := range b.set.refused {
		if r.ID != "" && strings.HasPrefix(strings.ToLower(r.ID), strings.ToLower(id)) || strings.EqualFold(r.Title, id) {
			out = append(out, []string{r.Title + " (" + r.ID + ")", fmt.Sprintf("%-12s %s:%d", "file", r.File, r.Line), fmt.Sprintf("%-12s %s", "refused", r.Reason)})
		}
	}
	id = strings.TrimPrefix(name, "yara:")
	for _, r := range b.set.yara.List {
		if r.Name == id || strings.EqualFold(r.Title(), id) {
			out = append(out, b.measured(b.set.yara.Explain(r), b.yaraLine(r)))
		}
	}
	for _, r := range b.set.unread {
		if r.Rule != "" && r.Rule == id {
			out = append(out, []string{r.Rule, fmt.Sprintf("  %s:%d", r.File, r.Line), "  refused: " + r.Why})
		}
	}
	return out
}

// measured adds to an explanation what the evidence had.
func (b *Rulebook) measured(lines []string, l RuleLine) []string {
	if !b.ran {
		return lines
	}
	switch {
	case l.Records == 0:
		lines = append(lines, fmt.Sprintf("%-12s no record of its log source: the rule could not find anything", "evidence"))
	case l.Language == "yara":
		lines = append(lines, fmt.Sprintf("%-12s %d files, true of %d", "evidence", l.Records, l.Fired))
	default:
		lines = append(lines, fmt.Sprintf("%-12s %d records of its log source, %d evaluated in %.2f ms, true %d times", "evidence", l.Records, l.Evaluations, l.Millis, l.Fired))
	}
	return append(lines, l.Places...)
}

// RuleTests is what became of the events that rules carry as tests.
type RuleTests struct {
	Rules, Tested int
	Failures      []string
}

// Test runs the tests that rules carry.
func (b *Rulebook) Test() RuleTests {
	t := RuleTests{Rules: b.set.engine.Len() + len(b.set.yara.List)}
	for _, r := range b.set.engine.Rules {
		if fires, quiet := r.Tested(); fires || quiet {
			t.Tested++
		}
	}
	for _, f := range b.set.engine.Test() {
		t.Failures = append(t.Failures, fmt.Sprintf("%s:%d: %q %s", f.Rule.File, f.Line, f.Rule.Title, f.Why))
	}
	return t
}

// ruleLane matches records and measures.
type ruleLane struct{ m *sigma.Matcher }

// Put matches one record.
func (l *ruleLane) Put(r record.Record) { l.m.Match(r, func(*sigma.Firing) {}) }

// contentLane gathers what YARA rules say of files.
type contentLane struct {
	b  *Rulebook
	c  *contents
	mu *sync.Mutex
}

// Put judges the file that a record is about.
func (l *contentLane) Put(r record.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := r.(*web.File); ok {
		l.b.files++
	}
	l.c.judge(r, l.b.add)
}

func (b *Rulebook) add(f finding.Finding) { b.findings[f.Detector] = append(b.findings[f.Detector], f) }

// Over runs the rules over evidence: Sigma rules over its records, measuring
// what each costs, YARA rules over its files, whatever they are.
func (b *Rulebook) Over(ctx context.Context, c Config, p Progress) error {
	dir, err := os.MkdirTemp("", "longwatch-rules-")
	if err != nil {
		return fmt.Errorf("app: rules: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c.Out = dir
	out, err := prepareOut(&c)
	if err != nil {
		return err
	}
	defer out.close()
	b.ran, b.findings = true, map[string][]finding.Finding{}
	if b.set.engine.Len() > 0 {
		if err := b.overRecords(ctx, &c, p, out); err != nil {
			return err
		}
	}
	if scan := newContents(b.set.yara, c.Memory); scan != nil {
		l := &contentLane{b, scan, &sync.Mutex{}}
		rd := &reading{env: c.env(false), fallback: fallbackFormat(), contents: scan, progress: p, stdin: c.Stdin, newLane: func() lane { return l }}
		if err := b.read(ctx, rd, &c, out); err != nil {
			return err
		}
	}
	for _, list := range b.findings {
		slices.SortFunc(list, func(x, y finding.Finding) int { return finding.Compare(&x, &y) })
	}
	return nil
}

// read reads the evidence and notes what could not be.
func (b *Rulebook) read(ctx context.Context, rd *reading, c *Config, out *output) error {
	err := rd.walk(ctx, c.Paths, out, c.Jobs)
	for _, s := range rd.skipped {
		if s.Lost {
			b.note("%q: %s", s.Path, s.Why)
		}
	}
	for _, f := range rd.files {
		for _, p := range f.Problems {
			b.note("%q: %s, %d times: %s", f.Path, p.Name, p.Count, p.First)
		}
	}
	return err
}

func (b *Rulebook) note(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(b.notes, s) {
		b.notes = append(b.notes, s)
	}
}

// Notes say what of the evidence could not be read or judged.
func (b *Rulebook) Notes() []string { return b.notes }

func (b *Rulebook) overRecords(ctx context.Context, c *Config, p Progress, out *output) error {
	h := &hits{engine: b.set.engine, buffer: ordered.New(out.spool, c.Memory/4)}
	rd := &reading{
		env: c.env(false), formats: formats, fallback: fallbackFormat(), progress: p, since: c.Since, until: c.Until, stdin: c.Stdin,
		newLane: func() lane {
			m := h.matcher()
			m.Measure()
			return &ruleLane{m}
		},
	}
	if err := b.read(ctx, rd, c, out); err != nil {
		return err
	}
	p.Phase("judging correlations in the order of time")
	found, lost, err := h.correlate()
	p.Done()
	b.matchers = h.matchers
	for _, l := range append(lost, h.stopped()...) {
		b.note("%s: %s", l.Name, l.Why)
	}
	for i := range found {
		b.add(found[i])
	}
	return err
}

// Coverage writes an ATT&CK Navigator layer of the techniques that rules are
// for; after Over only of rules whose log source the evidence had.
func (b *Rulebook) Coverage(w io.Writer) error {
	type tally struct {
		rules int
		worst finding.Severity
		lines []string
	}
	seen := map[attack.ID]*tally{}
	for _, l := range b.Lines() {
		if b.ran && l.Records == 0 {
			continue
		}
		level, _ := finding.ParseSeverity(l.Level)
		for _, t := range slices.Compact(slices.Sorted(slices.Values(l.Techniques))) {
			x := seen[t]
			if x == nil {
				x = &tally{}
				seen[t] = x
			}
			x.rules++
			x.worst = max(x.worst, level)
			if len(x.lines) < 20 {
				x.lines = append(x.lines, l.Title)
			}
		}
	}
	var list []share.Technique
	for id, x := range seen {
		comment := fmt.Sprintf("%d rules, highest level %v: %s", x.rules, x.worst, strings.Join(x.lines, "; "))
		list = append(list, share.Technique{ID: id, Score: min(x.rules*10, 100), Comment: comment})
	}
	about := "Techniques that the rules are for, scored by how many rules, ten and more being 100"
	if b.ran {
		about += "; only rules whose log source the evidence had"
	}
	return share.Layer(w, "Longwatch rules", about, list)
}

// CheckRules compiles rules and says which cannot be used.
func CheckRules(o RuleOptions) ([]casefolder.RuleSet, error) {
	s, err := compileRules(o)
	if err != nil {
		return nil, err
	}
	return s.sets()[1:], nil // the first set is the built-in one
}
