package campaign

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// indicatorConfidence is the least confidence of a finding about an indicator
// of that weight; package intel gives strong 90, medium 60 and weak 30.
var indicatorConfidence = map[string]uint8{"weak": 20, "medium": 50, "strong": 80}

// match returns the findings that meet c, none when c is not met.
func (c *Condition) match(profile string, fs []*finding.Finding) []*finding.Finding {
	switch {
	case len(c.All) > 0:
		return c.matchAll(profile, fs)
	case len(c.Any) > 0:
		var out []*finding.Finding
		for i := range c.Any {
			out = append(out, c.Any[i].match(profile, fs)...)
		}
		return atLeast(out, c.AtLeast)
	}
	var out []*finding.Finding
	for _, f := range fs {
		if c.holds(profile, f) {
			out = append(out, f)
		}
	}
	return atLeast(out, c.AtLeast)
}

func atLeast(fs []*finding.Finding, n int) []*finding.Finding {
	slices.SortFunc(fs, finding.Compare)
	fs = slices.Compact(fs)
	if len(fs) < max(1, n) {
		return nil
	}
	return fs
}

func (c *Condition) holds(profile string, f *finding.Finding) bool {
	if f.Severity < c.Severity {
		return false
	}
	if len(c.Dossier) > 0 && !slices.ContainsFunc(c.Dossier, func(id string) bool { return slices.Contains(f.Dossier, id) }) {
		return false
	}
	if len(c.Finding) > 0 && !slices.Contains(c.Finding, f.Detector) {
		return false
	}
	if c.Indicator != "" && (f.Detector != "intel:"+profile || f.Confidence < indicatorConfidence[c.Indicator]) {
		return false
	}
	if c.Technique != "" && !slices.ContainsFunc(f.Techniques, func(id attack.ID) bool { return id == c.Technique || id.Parent() == c.Technique }) {
		return false
	}
	return len(c.Entity) == 0 || slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return slices.Contains(c.Entity, e.Kind) })
}

// matchAll wants a finding for each part, within the time and in the order
// asked for. It returns all findings of the parts that lie in such a stretch.
func (c *Condition) matchAll(profile string, fs []*finding.Finding) []*finding.Finding {
	parts := make([][]*finding.Finding, len(c.All))
	for i := range c.All {
		if parts[i] = c.All[i].match(profile, fs); len(parts[i]) == 0 {
			return nil
		}
	}
	var out []*finding.Finding
	for _, anchor := range parts[0] {
		if got, ok := c.around(anchor, parts); ok {
			out = append(out, got...)
		}
	}
	return atLeast(out, max(c.AtLeast, 1))
}

// around collects what lies near anchor, a finding of the first part.
func (c *Condition) around(anchor *finding.Finding, parts [][]*finding.Finding) ([]*finding.Finding, bool) {
	out := []*finding.Finding{anchor}
	from := anchor
	for _, part := range parts[1:] {
		var first *finding.Finding
		for _, f := range part {
			d := f.Start.Sub(anchor.Start)
			if c.Within > 0 && d.Abs() > c.Within {
				continue
			}
			if d.Abs() < c.Apart {
				continue
			}
			if c.Ordered && f.Start.Sub(from.Start) < -clockSlack {
				continue
			}
			if first == nil {
				first = f
			}
			out = append(out, f)
		}
		if first == nil {
			return nil, false
		}
		from = first
	}
	return out, true
}

// clockSlack is how far clocks of two sources may disagree about an order.
const clockSlack = 2 * time.Minute

// Describe says in words what would meet c.
func (c *Condition) Describe() string {
	join := func(cs []Condition, sep string) string {
		var parts []string
		for i := range cs {
			parts = append(parts, cs[i].Describe())
		}
		return strings.Join(parts, sep)
	}
	switch {
	case len(c.All) > 0:
		return join(c.All, " together with ")
	case len(c.Any) > 0:
		return join(c.Any, " or ")
	case c.Indicator != "":
		return "a published indicator (" + c.Indicator + ")"
	case len(c.Dossier) > 0:
		return strings.Join(c.Dossier, " or ")
	case len(c.Finding) > 0:
		return strings.Join(c.Finding, " or ")
	}
	return string(c.Technique)
}
