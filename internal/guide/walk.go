package guide

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/coverage"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Case is what a guide is walked over.
type Case struct {
	Name       string // of the profile, as people say it
	Report     *coverage.Report
	Detections []coverage.Detection
	Findings   []*finding.Finding
	Incidents  []*finding.Incident
}

// The answers.
const (
	Found     = "found"
	NotFound  = "not found"  // the data was there, and the detections that answer it were silent
	InPart    = "in part"    // silent, but some of the data was not there or was hidden
	CannotSay = "cannot say" // the data was not there
	ByHand    = "by hand"    // the data was there, but a person has to look
)

// Result is a guide with its answers.
type Result struct {
	Profile string   `json:"profile"`
	Name    string   `json:"name"`
	Intro   string   `json:"intro,omitempty"`
	Steps   []Step   `json:"hunts"`
	Gaps    []string `json:"obtain"` // data that was missing, with the hunts that want it, most wanted first
}

// Step is one hunt with its answer.
type Step struct {
	ID         string        `json:"id"`
	Hypothesis string        `json:"hypothesis"`
	Why        string        `json:"why"`
	Answer     string        `json:"answer"`
	Says       string        `json:"says"`     // the answer in a sentence
	Findings   []Hit         `json:"findings"` // worst first
	More       int           `json:"more_findings,omitempty"`
	Records    int64         `json:"records"` // that the detections searched
	Hosts      int           `json:"hosts"`
	Start      coverage.When `json:"start,omitzero"`
	End        coverage.When `json:"end,omitzero"`
	Searched   []Line        `json:"searched"`               // detections that could have fired
	Missing    []string      `json:"missing,omitempty"`      // data that was not there, and how to get it
	Limits     []string      `json:"limits,omitempty"`       // what hid things in the data that was
	Hit        string        `json:"hit,omitempty"`          // what a finding means
	Benign     string        `json:"benign,omitempty"`       // what looks alike
	Next       string        `json:"next,omitempty"`         // step after a finding
	ByHand     string        `json:"by_hand,omitempty"`      // what a person does beside
	Silent     []string      `json:"no_data,omitempty"`      // detections that could not have fired
	Nobody     []string      `json:"no_detection,omitempty"` // ids that no detection implements
}

// Hit is a finding that answers a hunt.
type Hit struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Start    coverage.When    `json:"start,omitzero"`
	Where    string           `json:"where,omitempty"`
	Why      string           `json:"why,omitempty"`
	Incident string           `json:"incident,omitempty"`
}

// Line is a detection that could have fired.
type Line struct {
	ID    string         `json:"id"`
	Title string         `json:"title"`
	Reach coverage.Reach `json:"reach"`
}

// maxHits is how many findings of a hunt are told one by one.
const maxHits = 12

// Walk answers the hunts of g. The same case gives the same result.
func Walk(g *Guide, c *Case) *Result {
	out := &Result{Profile: g.Profile, Name: c.Name, Intro: g.Intro, Gaps: []string{}}
	in := map[string]string{}
	for _, i := range c.Incidents {
		for _, f := range i.Findings {
			in[f.ID] = i.ID
		}
	}
	wanted := map[string][]string{}
	for i := range g.Hunts {
		s := walk(&g.Hunts[i], g.Profile, c, in)
		out.Steps = append(out.Steps, s)
		for _, m := range s.Missing {
			wanted[m] = append(wanted[m], s.ID)
		}
	}
	for m, hunts := range wanted {
		out.Gaps = append(out.Gaps, fmt.Sprintf("%s: for %s", m, strings.Join(hunts, ", ")))
	}
	slices.SortFunc(out.Gaps, func(a, b string) int {
		if d := strings.Count(b, ", H") - strings.Count(a, ", H"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}

// walk answers one hunt.
func walk(h *Hunt, profile string, c *Case, in map[string]string) Step {
	s := Step{
		ID: h.ID, Hypothesis: h.Hypothesis, Why: h.Why, Hit: h.Hit, Benign: h.Benign, Next: h.Next, ByHand: h.ByHand,
		Findings: []Hit{}, Searched: []Line{},
	}
	s.find(h, profile, c, in)
	parts := s.search(h, profile, c)
	there := 0
	for _, group := range h.Data {
		if slices.ContainsFunc(group, c.Report.Has) {
			there++
			continue
		}
		how := make([]string, len(group))
		for i, t := range group {
			how[i] = coverage.Ask(t)
		}
		s.Missing = append(s.Missing, strings.Join(how, ", or "))
	}
	over := fmt.Sprintf("%d records", s.Records)
	if s.Hosts > 0 {
		over += fmt.Sprintf(" of %d hosts", s.Hosts)
	}
	if s.Start != 0 {
		over += fmt.Sprintf(" from %s to %s", s.Start.Day(), s.End.Day())
	}
	n := len(s.Findings) + s.More
	switch {
	case n > 0:
		s.Answer = Found
		s.Says = fmt.Sprintf("%d findings answer it, the first %s at %v: %s", n, s.Findings[0].Severity, s.Findings[0].Start, s.Findings[0].Title)
	case there == 0 || len(s.Searched) == 0 && len(s.Silent) > 0:
		s.Answer = CannotSay
		s.Says = "the data that it needs was not there"
		if there > 0 {
			s.Says = "the data that its detections read was not there"
		}
	case len(s.Searched) == 0:
		s.Answer = ByHand
		s.Says = "the data was there, but no detection answers it alone: a person has to look"
	case len(s.Missing) > 0 || len(s.Silent) > 0 || parts:
		s.Answer = InPart
		s.Says = fmt.Sprintf("nothing was found in %s by %d detections, but part of the data was missing or hidden", over, len(s.Searched))
	default:
		s.Answer = NotFound
		s.Says = fmt.Sprintf("nothing was found in %s by %d detections that could have fired", over, len(s.Searched))
	}
	return s
}

// answers tells whether a finding answers a hunt.
func (a *Answers) answers(f *finding.Finding, profile string) bool {
	return a.Indicators && f.Detector == "intel:"+profile && f.Severity >= finding.Medium || // a user agent that many have answers nothing
		slices.Contains(a.Detectors, f.Detector) ||
		slices.ContainsFunc(f.Dossier, func(id string) bool { return a.implements(id) })
}

// implements tells whether an id is one that is asked for; a variant such as
// VT-10b is one of VT-10.
func (a *Answers) implements(id string) bool {
	return slices.Contains(a.Dossier, id) || slices.Contains(a.Dossier, strings.TrimRight(id, "abcdefgh"))
}

// find lists the findings that answer h, worst first.
func (s *Step) find(h *Hunt, profile string, c *Case, in map[string]string) {
	var hits []*finding.Finding
	for _, f := range c.Findings {
		if f.Severity >= finding.Low && h.Answers.answers(f, profile) {
			hits = append(hits, f)
		}
	}
	slices.SortStableFunc(hits, func(a, b *finding.Finding) int { return int(b.Severity) - int(a.Severity) })
	for n, f := range hits {
		if n == maxHits {
			s.More = len(hits) - n
			break
		}
		x := Hit{ID: f.ID, Title: f.Title, Severity: f.Severity, Start: coverage.When(f.Start), Where: place(f), Incident: in[f.ID]}
		if len(f.Why) > 0 {
			x.Why = f.Why[0]
		}
		s.Findings = append(s.Findings, x)
	}
}

// search lists what the detections that answer h had before them, and tells
// whether some could have fired in part only.
func (s *Step) search(h *Hunt, profile string, c *Case) (parts bool) {
	var span record.Span
	covered := map[string]bool{}
	for i := range c.Detections {
		d := &c.Detections[i]
		own := slices.Contains(h.Answers.Detectors, d.ID) || h.Answers.Indicators && strings.HasPrefix(d.ID, "intel:"+profile+":")
		for _, id := range d.Dossier {
			if h.Answers.implements(id) && !strings.HasPrefix(d.ID, "intel:") {
				own = true
				covered[id], covered[strings.TrimRight(id, "abcdefgh")] = true, true
			}
		}
		if !own {
			continue
		}
		r := c.Report.Judge(d)
		if r.Can == coverage.No {
			s.Silent = append(s.Silent, fmt.Sprintf("%s (%s): no %s", d.Title, d.ID, strings.Join(r.Without, "; no ")))
			continue
		}
		parts = parts || r.Can == coverage.Part
		s.Searched = append(s.Searched, Line{d.ID, d.Title, r})
		s.Records = max(s.Records, r.Records)
		s.Hosts = max(s.Hosts, r.Hosts)
		span.Grow(record.Time(r.Start))
		span.Grow(record.Time(r.End))
		for _, l := range r.Limits {
			if !slices.Contains(s.Limits, l) && len(s.Limits) < maxHits {
				s.Limits = append(s.Limits, l)
			}
		}
	}
	for _, id := range h.Answers.Dossier {
		if !covered[id] {
			s.Nobody = append(s.Nobody, id)
		}
	}
	s.Start, s.End = coverage.When(span.Start), coverage.When(span.End)
	return parts
}

// place is where a finding happened: its hosts, else its addresses or files.
func place(f *finding.Finding) string {
	for _, kind := range []string{"host", "address", "email", "file"} {
		var out []string
		for _, e := range f.Entities {
			if e.Kind == kind && !slices.Contains(out, e.Value) && len(out) < 3 {
				out = append(out, e.Value)
			}
		}
		if len(out) > 0 {
			return strings.Join(out, ", ")
		}
	}
	return ""
}
