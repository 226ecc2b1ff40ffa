package yara

import (
	"fmt"
	"strings"
)

// maxAtomsShown is how many atoms of a string are shown.
const maxAtomsShown = 6

// Explain says, a line each, what a rule asks and how it is searched for.
func (r *Rules) Explain(rule *Rule) (out []string) {
	p := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	severity, confidence := rule.Gravity()
	p("%s  (%s, line %d)", rule.Name, rule.File, rule.Line)
	p("  %s", rule.Title())
	p("  severity %v, confidence %d", severity, confidence)
	if t := rule.Techniques(); len(t) > 0 {
		p("  techniques %v", t)
	}
	if len(rule.Tags) > 0 {
		p("  tags %s", strings.Join(rule.Tags, ", "))
	}
	for _, m := range rule.Meta {
		p("  %s: %s", m.Name, short(m.Value, maxValue))
	}
	for _, a := range rule.Absent {
		p("  asks for %s, which is never there: that part of it is never true", a)
	}
	p("  is asked of %s", rule.Asked())
	for _, s := range rule.Strings {
		p("  %s = %q", s.Name, s.Text)
		for _, l := range s.finder.links {
			p("      %s", r.how(l))
		}
	}
	return out
}

// Asked says of which files the condition of a rule is asked.
func (r *Rule) Asked() string {
	if r.needs {
		return "files in which one of its strings is found"
	}
	return "every file"
}

// Always tells that the condition is asked of every file.
func (r *Rule) Always() bool { return !r.needs }

// how says how a link is looked for.
func (r *Rules) how(l *link) string {
	if l.str.only >= 0 {
		return fmt.Sprintf("compared at offset %d only", l.str.only)
	}
	var atoms []string
	n := 0
	for i := range r.atoms {
		if r.atoms[i].link != l {
			continue
		}
		if n++; n <= maxAtomsShown {
			atoms = append(atoms, fmt.Sprintf("%q", r.searcher.Row(int32(i))))
		}
	}
	switch {
	case n == 0:
		return "no bytes of it are certain: tried wherever its first byte is found (slow)"
	case n > maxAtomsShown:
		atoms = append(atoms, fmt.Sprintf("and %d more", n-maxAtomsShown))
	}
	kind := "compared"
	if l.pattern != nil {
		kind = "matched"
	}
	return kind + " where found: " + strings.Join(atoms, " ")
}
