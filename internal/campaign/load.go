package campaign

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// unverifiedMax is the most that may be said of a profile without sources that
// can be checked.
const unverifiedMax = 30

// Load reads DIR/<id>/profile.yaml for every folder of dir, sorted by id. The
// error joins all mistakes, each with its file and line; profiles without
// mistakes are returned in any case.
func Load(fsys fs.FS, dir string) ([]*Profile, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*", "profile.yaml"))
	if err != nil {
		return nil, fmt.Errorf("campaign: %w", err)
	}
	var out []*Profile
	var errs []error
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("campaign: %w", err))
			continue
		}
		p, err := Parse(name, data)
		if err == nil && p.ID != path.Base(path.Dir(name)) {
			err = fmt.Errorf("%s:1: id %q differs from the folder's name", name, p.ID)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, p)
	}
	return out, errors.Join(errs...)
}

// Parse reads one profile. The error joins all mistakes, each as FILE:LINE: what.
func Parse(file string, data []byte) (*Profile, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) != 1 {
		return nil, fmt.Errorf("%s:1: empty", file)
	}
	r := &reader{file: file}
	p := r.profile(doc.Content[0])
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return p, nil
}

// reader turns nodes into values and collects mistakes.
type reader struct {
	file string
	errs []error
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.file, n.Line, fmt.Sprintf(format, args...)))
}

// fields calls take for every key of a mapping; take says whether it knows it.
func (r *reader) fields(n *yaml.Node, take func(key string, v *yaml.Node) bool) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "want a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case seen[k.Value]:
			r.fail(k, "%q is there twice", k.Value)
		case !take(k.Value, v):
			r.fail(k, "unknown field %q", k.Value)
		}
		seen[k.Value] = true
	}
}

func (r *reader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "want text")
	}
	return strings.TrimSpace(n.Value)
}

// list reads a sequence of scalars, or one scalar.
func (r *reader) list(n *yaml.Node) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, r.text(c))
	}
	return out
}

func (r *reader) number(n *yaml.Node, least, most int) int {
	x, err := strconv.Atoi(n.Value)
	if err != nil || x < least || x > most {
		r.fail(n, "%q is not a number from %d to %d", n.Value, least, most)
		return least
	}
	return x
}

func (r *reader) truth(n *yaml.Node) bool {
	if n.Value != "true" && n.Value != "false" {
		r.fail(n, "%q is neither true nor false", n.Value)
	}
	return n.Value == "true"
}

func (r *reader) profile(n *yaml.Node) *Profile {
	p := &Profile{MaxConfidence: 100}
	var traits, against []*yaml.Node
	r.fields(n, func(key string, v *yaml.Node) bool {
		switch key {
		case "id":
			p.ID = r.text(v)
		case "name":
			p.Name = r.text(v)
		case "aliases":
			p.Aliases = r.list(v)
		case "attack":
			p.Attack = r.text(v)
		case "status":
			p.Status = Status(r.text(v))
		case "max_confidence":
			p.MaxConfidence = uint8(r.number(v, 1, 100))
		case "sponsor":
			p.Sponsor = r.text(v)
		case "summary":
			p.Summary = r.text(v)
		case "event_timed":
			p.EventTimed = r.truth(v)
		case "sources":
			for _, c := range v.Content {
				p.Sources = append(p.Sources, r.source(c))
			}
		case "traits":
			traits = v.Content
		case "against":
			against = v.Content
		default:
			return false
		}
		return true
	})
	for _, c := range traits {
		p.Traits = append(p.Traits, r.trait(c, len(p.Sources), false))
	}
	for _, c := range against {
		p.Against = append(p.Against, r.trait(c, len(p.Sources), true))
	}
	r.check(n, p)
	return p
}

// check holds the rules that need the whole profile.
func (r *reader) check(n *yaml.Node, p *Profile) {
	if p.ID == "" || p.Name == "" {
		r.fail(n, "id and name are required")
	}
	switch p.Status {
	case Sourced:
		if len(p.Sources) == 0 {
			r.fail(n, "a sourced profile needs sources")
		}
	case Unverified:
		if p.MaxConfidence > unverifiedMax {
			r.fail(n, "max_confidence of an unverified profile is at most %d", unverifiedMax)
		}
	default:
		r.fail(n, "status is %q, want sourced or unverified", p.Status)
	}
	if len(p.Traits) == 0 {
		r.fail(n, "no traits")
	}
	seen := map[string]bool{}
	for _, t := range slices.Concat(p.Traits, p.Against) {
		if seen[t.ID] {
			r.fail(&yaml.Node{Line: t.Line}, "trait %q is there twice", t.ID)
		}
		seen[t.ID] = true
	}
}

var datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (r *reader) source(n *yaml.Node) Source {
	var s Source
	r.fields(n, func(key string, v *yaml.Node) bool {
		switch key {
		case "title":
			s.Title = r.text(v)
		case "publisher":
			s.Publisher = r.text(v)
		case "url":
			s.URL = r.text(v)
		case "date":
			s.Date = r.text(v)
		case "tlp":
			s.TLP = r.text(v)
		default:
			return false
		}
		return true
	})
	if s.Title == "" || s.Publisher == "" {
		r.fail(n, "a source needs a title and a publisher")
	}
	if s.Date != "" && !datePattern.MatchString(s.Date) {
		r.fail(n, "date %q is not YYYY-MM-DD", s.Date)
	}
	if !slices.Contains([]string{"clear", "green", "amber", "amber+strict", "red"}, s.TLP) {
		r.fail(n, "tlp %q is not clear, green, amber, amber+strict or red", s.TLP)
	}
	return s
}

var forWeights = map[string]float64{"strong": strong, "medium": medium, "weak": weak}

var againstWeights = map[string]float64{"negative": negative, "strong-negative": strongNegative}

func (r *reader) trait(n *yaml.Node, sources int, against bool) Trait {
	t := Trait{Line: n.Line}
	weights := forWeights
	if against {
		weights = againstWeights
	}
	r.fields(n, func(key string, v *yaml.Node) bool {
		switch key {
		case "id":
			t.ID = r.text(v)
		case "group":
			if t.Group = Group(r.text(v)); !slices.Contains(Groups, t.Group) {
				r.fail(v, "unknown group %q", t.Group)
			}
		case "weight":
			w, ok := weights[r.text(v)]
			if !ok {
				r.fail(v, "unknown weight %q", v.Value)
			}
			t.Weight = w
		case "technique":
			t.Technique = r.technique(v)
		case "when":
			t.When = r.condition(v)
		case "because":
			t.Because = r.text(v)
		case "source":
			for _, s := range r.list(v) {
				t.Sources = append(t.Sources, r.number(&yaml.Node{Value: s, Line: v.Line}, 1, max(sources, 1)))
			}
		case "needs":
			t.Needs = r.list(v)
		case "pivot":
			t.Pivot = r.text(v)
		case "imitable":
			t.Imitable = r.truth(v)
		default:
			return false
		}
		return true
	})
	switch {
	case t.ID == "" || t.Because == "" || t.Weight == 0:
		r.fail(n, "a trait needs id, weight and because")
	case len(t.Sources) == 0:
		r.fail(n, "trait %q names no source", t.ID)
	case t.Group == "":
		r.fail(n, "trait %q has no group", t.ID)
	}
	if t.Weight >= medium && t.When.Severity < finding.Medium {
		t.When.raise(finding.Medium)
	}
	return t
}

// raise sets the least severity of all parts of c: what weighs must not rest
// on findings that are expected on ordinary days.
func (c *Condition) raise(s finding.Severity) {
	c.Severity = max(c.Severity, s)
	for i := range c.All {
		c.All[i].raise(s)
	}
	for i := range c.Any {
		c.Any[i].raise(s)
	}
}

func (r *reader) technique(n *yaml.Node) attack.ID {
	id := attack.ID(r.text(n))
	if attack.Name(id) == "" {
		r.fail(n, "technique %q is not in ATT&CK %s", id, attack.Version)
	}
	return id
}

var dossierPattern = regexp.MustCompile(`^[A-Z]{2}-([0-9]+[a-z]?|IOC)$`)

func (r *reader) condition(n *yaml.Node) Condition {
	c := Condition{Severity: finding.Low}
	r.fields(n, func(key string, v *yaml.Node) bool {
		switch key {
		case "dossier":
			for _, id := range r.list(v) {
				if !dossierPattern.MatchString(id) {
					r.fail(v, "%q is not the id of a dossier's detection, such as VT-09", id)
				}
				c.Dossier = append(c.Dossier, id)
			}
		case "finding":
			c.Finding = r.list(v)
		case "indicator":
			if c.Indicator = r.text(v); indicatorConfidence[c.Indicator] == 0 {
				r.fail(v, "indicator is %q, want weak, medium or strong", c.Indicator)
			}
		case "technique":
			c.Technique = r.technique(v)
		case "entity":
			c.Entity = r.list(v)
		case "severity":
			s, err := finding.ParseSeverity(r.text(v))
			if err != nil {
				r.fail(v, "%v", err)
			}
			c.Severity = s
		case "at_least":
			c.AtLeast = r.number(v, 1, 1000)
		case "within":
			c.Within = r.duration(v)
		case "apart":
			c.Apart = r.duration(v)
		case "ordered":
			c.Ordered = r.truth(v)
		case "all":
			c.All = r.conditions(v)
		case "any":
			c.Any = r.conditions(v)
		default:
			return false
		}
		return true
	})
	if len(c.Dossier)+len(c.Finding)+len(c.Indicator)+len(c.Technique)+len(c.All)+len(c.Any) == 0 {
		r.fail(n, "a condition needs one of dossier, finding, indicator, technique, all, any")
	}
	return c
}

func (r *reader) conditions(n *yaml.Node) []Condition {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "want a list of conditions")
		return nil
	}
	var out []Condition
	for _, c := range n.Content {
		out = append(out, r.condition(c))
	}
	return out
}

// duration reads Go's form, or days as 30d.
func (r *reader) duration(n *yaml.Node) time.Duration {
	if days, ok := strings.CutSuffix(n.Value, "d"); ok {
		if x, err := strconv.Atoi(days); err == nil && x > 0 && x < 10000 {
			return time.Duration(x) * 24 * time.Hour
		}
	}
	d, err := time.ParseDuration(n.Value)
	if err != nil || d <= 0 {
		r.fail(n, "%q is not a duration such as 30d or 10m", n.Value)
	}
	return d
}
