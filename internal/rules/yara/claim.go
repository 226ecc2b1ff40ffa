package yara

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Bounds of what a finding quotes.
const (
	maxTitle   = 160 // bytes
	maxValue   = 200 // bytes of one meta line
	maxQuoted  = 8   // strings
	maxOffsets = 4   // of one string
	maxRefs    = 12
)

// Finding is the claim that a match makes about the file of a record. offsets
// tells that the record's reference is to that very file, so that places in it
// can be cited.
func (m *Match) Finding(rec record.Record, offsets bool) finding.Finding {
	head, r := rec.Base(), m.Rule
	severity, confidence := r.Gravity()
	f := finding.Finding{
		Detector: "yara:" + r.Name, Title: r.Title(), Severity: severity, Confidence: confidence,
		Start: head.TS, End: head.TS, Entities: rec.RecordType().Entities(rec), Techniques: r.Techniques(),
	}
	f.Why = append(f.Why, finding.Because("the content matches YARA rule %s (%s, line %d)", r.Name, r.File, r.Line))
	for i, s := range m.Strings {
		if i == maxQuoted {
			f.Why = append(f.Why, finding.Because("and %d more of its strings", len(m.Strings)-i))
			break
		}
		f.Why = append(f.Why, s.Says())
		if offsets && len(f.Refs) < maxRefs {
			f.Refs = append(f.Refs, record.Ref{File: head.Ref.File, Kind: record.RefOffset, Pos: s.Finds[0].Offset})
		}
	}
	for _, name := range [...]string{"author", "reference", "date", "id", "license"} {
		if v := r.MetaOf(name); v != "" {
			f.Why = append(f.Why, finding.Because("%s: %s", name, short(v, maxValue)))
		}
	}
	if len(r.Tags) > 0 {
		f.Why = append(f.Why, "tags: "+short(strings.Join(r.Tags, ", "), maxValue))
	}
	if len(f.Refs) == 0 {
		f.Refs = append(f.Refs, head.Ref)
	}
	f.Seal()
	return f
}

// Says is where a string was found, in words.
func (f *Found) Says() string {
	var at []string
	for i, x := range f.Finds {
		if i == maxOffsets {
			at = append(at, fmt.Sprintf("and %d more", len(f.Finds)-i))
			break
		}
		at = append(at, fmt.Sprintf("%#x", x.Offset))
	}
	return finding.Because("%s (%q) at %s", f.String.Name, f.String.Text, strings.Join(at, ", "))
}

// Title is what the rule says it finds, in one line.
func (r *Rule) Title() string {
	for _, name := range [...]string{"description", "desc", "info", "threat_name"} {
		if v := r.MetaOf(name); v != "" {
			return short(v, maxTitle)
		}
	}
	return "YARA rule " + r.Name
}

// short is s in one line of no more than n bytes.
func short(s string, n int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// prefixes are the kinds of rules by the convention for their names that large
// collections keep: KIND_WHAT.
var prefixes = []struct {
	names      []string
	severity   finding.Severity
	confidence uint8
}{
	{[]string{"SUSP", "Suspicious", "INDICATOR", "Methodology", "ANOMALY"}, finding.Medium, 40},
	{[]string{"VULN", "PUA", "GEN", "Multi_EICAR"}, finding.Low, 40},
	{[]string{"APT", "MAL", "WEBSHELL", "RANSOM", "Ransomware", "RANSOMWARE", "EXPL", "HKTL", "ROOTKIT", "CRIME", "Win32", "Win64", "Windows", "Linux", "MacOS"}, finding.High, 60},
}

// Gravity is how bad it is if the rule is right, and how sure it is to be. Rules
// say it in many ways: in words, as a score of 100 or 10, or by their name.
func (r *Rule) Gravity() (severity finding.Severity, confidence uint8) {
	severity, confidence = finding.Medium, 50
	kind, _, _ := strings.Cut(r.Name, "_")
	for _, p := range prefixes {
		if slices.Contains(p.names, kind) {
			severity, confidence = p.severity, p.confidence
		}
	}
	for _, name := range [...]string{"severity", "level", "threat_level", "score", "weight"} {
		v := r.MetaOf(name)
		if s, err := finding.ParseSeverity(v); v != "" && err == nil {
			severity = s
			break
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 100 {
			continue
		}
		if name != "score" && n <= 10 {
			n *= 10
		}
		severity = graded(n)
		if name == "score" {
			confidence = uint8(min(n, 75)) // a rule by itself is no proof
		}
		break
	}
	if n, err := strconv.Atoi(r.MetaOf("confidence")); err == nil && n > 0 && n <= 100 {
		confidence = uint8(n)
	}
	return severity, confidence
}

// graded is a severity out of a hundred. Critical takes more than a number.
func graded(n int) finding.Severity {
	switch {
	case n >= 70:
		return finding.High
	case n >= 50:
		return finding.Medium
	case n >= 25:
		return finding.Low
	}
	return finding.Info
}

var techniqueID = regexp.MustCompile(`\bT\d{4}(?:[._]\d{3})?\b`)

// Techniques are those of ATT&CK that the rule names in its tags or meta lines.
func (r *Rule) Techniques() (out []attack.ID) {
	texts := slices.Clone(r.Tags)
	for _, m := range r.Meta {
		if l := strings.ToLower(m.Name); strings.Contains(l, "mitre") || strings.Contains(l, "attack") || strings.Contains(l, "technique") || l == "description" {
			texts = append(texts, m.Value)
		}
	}
	for _, t := range texts {
		for _, id := range techniqueID.FindAllString(t, 16) {
			id := attack.ID(strings.ReplaceAll(id, "_", "."))
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
