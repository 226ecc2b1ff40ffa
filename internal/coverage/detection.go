package coverage

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// Detection is something that can make a finding, with what it reads.
type Detection struct {
	ID      string    `json:"id"` // as findings name it: a detector's id, sigma:ID, yara:NAME, intel:PROFILE
	Title   string    `json:"title"`
	Dossier []string  `json:"dossier,omitempty"` // ids of the campaign dossiers' detections that it implements
	Types   []string  `json:"records,omitempty"` // types of record that it reads
	Any     bool      `json:"any,omitempty"`     // one of Types is enough; else it uses what is there, and is weaker without the rest
	Logs    []Channel `json:"logs,omitempty"`    // event logs, any of which it reads
	Stopped string    `json:"stopped,omitempty"` // why it did not run to the end
}

// Channel is an event log and the events of it that count; none: all.
type Channel struct {
	Name   string   `json:"name"`
	Events []uint32 `json:"events,omitempty"`
}

// Can says whether a detection could have found something.
type Can uint8

// The answers.
const (
	No   Can = iota // nothing that it reads was there
	Part            // some of it was there, or some of it was hidden
	Full            // all that it reads was there
)

// String is the answer in a word.
func (c Can) String() string { return [...]string{"no", "in part", "yes"}[c] }

// MarshalText writes the word.
func (c Can) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the word.
func (c *Can) UnmarshalText(b []byte) error {
	for _, x := range []Can{No, Part, Full} {
		if x.String() == string(b) {
			*c = x
			return nil
		}
	}
	return fmt.Errorf("coverage: %q is not an answer", b)
}

// Reach is what a detection had to search.
type Reach struct {
	Can     Can      `json:"could_fire"`
	Records int64    `json:"records"` // of the kinds that it reads
	Hosts   int      `json:"hosts"`   // that they are of; 0 for those off the wire
	Start   When     `json:"start,omitzero"`
	End     When     `json:"end,omitzero"`
	Without []string `json:"without,omitempty"` // what it reads and was not there, and how to get it
	Limits  []string `json:"limits,omitempty"`  // what was there and hid things, in words
}

// maxLimits is how many limits of one detection are told one by one.
const maxLimits = 4

// Judge says what d could have found in this evidence.
func (r *Report) Judge(d *Detection) Reach {
	var out Reach
	var span record.Span
	hosts := map[string]bool{}
	have := map[string]bool{}
	count := func(s *Source, n int64) {
		out.Records += n
		span.Grow(record.Time(s.Start))
		span.Grow(record.Time(s.End))
		if s.Host != "" {
			hosts[s.Host] = true
		}
	}
	for _, t := range d.Types {
		have[t] = slices.Contains(r.OnWire, t) // none of it was on the wire, which was looked at
	}
	logs := false
	for i := range r.Sources {
		s := &r.Sources[i]
		if !s.Log && slices.Contains(d.Types, s.Name) {
			have[s.Name] = true
			count(s, s.Records)
		}
		if n := s.fits(d.Logs); n > 0 {
			logs = true
			count(s, n)
		}
	}
	out.Hosts, out.Start, out.End = len(hosts), When(span.Start), When(span.End)
	any := logs
	for _, t := range d.Types {
		any = any || have[t]
	}
	for _, t := range d.Types {
		if !have[t] && (!d.Any || !any) {
			out.Without = append(out.Without, Ask(t))
		}
	}
	if len(d.Logs) > 0 && !any {
		out.Without = append(out.Without, describe(d.Logs))
	}
	switch {
	case !any, d.Stopped != "" && out.Records == 0:
		out.Can = No
	case len(out.Without) > 0 || d.Stopped != "":
		out.Can = Part
	default:
		out.Can = Full
	}
	if any {
		r.hidden(d, have, hosts, &out)
	}
	return out
}

// hidden adds the limits that touch what d reads.
func (r *Report) hidden(d *Detection, have, hosts map[string]bool, out *Reach) {
	if d.Stopped != "" {
		out.Limits = append(out.Limits, d.Stopped)
	}
	more, unlogged := 0, 0
	for i := range r.Limits {
		l := &r.Limits[i]
		if !l.touches(d, have, hosts) {
			continue
		}
		if l.Kind == NoLog {
			unlogged++
		}
		if l.blinds(d) {
			out.Can = No
		}
		if l.Share >= 0.01 || l.Kind == MissingChannel || l.Kind == Cleared || l.Kind == Unread || 10*unlogged > len(hosts) {
			out.Can = min(out.Can, Part)
		}
		if len(out.Limits) < maxLimits {
			out.Limits = append(out.Limits, l.Why)
		} else {
			more++
		}
	}
	if more > 0 {
		out.Limits = append(out.Limits, fmt.Sprintf("and %d more", more))
	}
}

// touches tells whether a limit hides something that d reads.
func (l *Limit) touches(d *Detection, have, hosts map[string]bool) bool {
	if len(l.Hides) == 0 {
		return l.Kind == Unread || l.Kind == NoLog && len(hosts) > 0
	}
	if slices.ContainsFunc(d.Logs, func(c Channel) bool { return c.Name == l.Name }) {
		return true
	}
	if !slices.ContainsFunc(l.Hides, func(t string) bool { return slices.Contains(d.Types, t) }) {
		return false
	}
	// What is missing everywhere is told as such.
	return l.Kind == MissingChannel || slices.ContainsFunc(l.Hides, func(t string) bool { return have[t] || l.Whole && slices.Contains(d.Types, t) })
}

// blinds tells whether a limit hides all that d reads.
func (l *Limit) blinds(d *Detection) bool {
	return l.Whole && l.Host == "" && len(l.Hides) > 0 && len(d.Logs) == 0 && !slices.ContainsFunc(d.Types, func(t string) bool { return !slices.Contains(l.Hides, t) })
}

// fits counts the records of s that one of the channels asks for.
func (s *Source) fits(logs []Channel) int64 {
	if !s.Log {
		return 0
	}
	var n int64
	for _, c := range logs {
		if !strings.EqualFold(c.Name, s.Name) {
			continue
		}
		if len(c.Events) == 0 {
			return s.Records
		}
		for _, id := range c.Events {
			n += s.Events[id]
		}
	}
	return n
}

func describe(logs []Channel) string {
	var parts []string
	for n, c := range logs {
		if n == 4 {
			parts = append(parts, fmt.Sprintf("%d other logs", len(logs)-n))
			break
		}
		p := fmt.Sprintf("%q", c.Name)
		if len(c.Events) > 0 && len(c.Events) <= 6 {
			p += " with events " + strings.Trim(fmt.Sprint(c.Events), "[]")
		}
		parts = append(parts, p)
	}
	return "event log " + strings.Join(parts, " or ")
}
