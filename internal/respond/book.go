package respond

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
)

// Book is all that steps are made from.
type Book struct {
	facts []*Fact
	steps []*Recipe // in the order in which they were read: general ones first
}

// page is one file of the book.
type page struct {
	Profile string    `yaml:"profile"` // of a campaign's own page
	Facts   []*Fact   `yaml:"facts"`
	Steps   []*Recipe `yaml:"steps"`
}

// Fact is something that findings of an incident show.
type Fact struct {
	ID        string            `yaml:"id"`
	Says      string            `yaml:"says"` // in a sentence
	Any       Signs             `yaml:"any"`  // one of them is enough
	Of        []Where           `yaml:"of"`   // what a finding must name besides: one of these is enough
	All       []string          `yaml:"all"`  // other facts that must hold too
	Least     *finding.Severity `yaml:"-"`
	LeastName string            `yaml:"least"` // severity below which a finding does not count; medium unless said
	Door      string            `yaml:"door"`  // the way in or back in that it leaves open, if any
	On        string            `yaml:"on"`    // selector of what the door is on
}

// Signs are what shows a fact.
type Signs struct {
	Detectors  []string    `yaml:"detectors"`
	Dossier    []string    `yaml:"dossier"`
	Techniques []attack.ID `yaml:"techniques"`
	Entry      []string    `yaml:"entry"`  // kinds of the place where the incident began
	Reach      []string    `yaml:"reach"`  // kinds of what is within reach of the intruder
	Roles      []string    `yaml:"roles"`  // roles of machines that were touched or logged on to: controller
	Always     bool        `yaml:"always"` // every incident
}

// Where is a requirement on an entity of a finding.
type Where struct {
	Kinds []string `yaml:"kinds"`
	Like  string   `yaml:"like"` // regular expression (RE2), without regard to case

	re *regexp.Regexp
}

// Recipe is what a step says whenever it is called for.
type Recipe struct {
	ID       string        `yaml:"id"`
	Phase    Phase         `yaml:"phase"`
	When     []string      `yaml:"when"`   // facts: one is enough
	All      []string      `yaml:"all"`    // facts that must hold too
	Unless   []string      `yaml:"unless"` // facts of which none may hold
	Title    string        `yaml:"title"`  // {on} stands for what it is done to
	Do       []string      `yaml:"do"`
	Because  string        `yaml:"because"`
	On       []string      `yaml:"on"`     // selectors of what it is done to
	Except   []string      `yaml:"except"` // steps of the plan that do the same and more: what they are done to is left out
	Owner    string        `yaml:"owner"`
	Risk     string        `yaml:"risk"`
	Breaks   string        `yaml:"breaks"`
	Undo     string        `yaml:"undo"`
	NoUndo   string        `yaml:"no_undo"` // why it cannot be undone
	Proof    Proof         `yaml:"proof"`
	After    []string      `yaml:"after"`
	Window   bool          `yaml:"window"`
	Wait     string        `yaml:"wait"`
	Delay    time.Duration `yaml:"delay"` // the least of it, for machines
	Approval string        `yaml:"approval"`
	Cuts     Cut           `yaml:"cuts"` // what it takes off the network
	Answers  []string      `yaml:"answers"`
	Replaces []string      `yaml:"replaces"` // general steps that it says better

	profile string // of the campaign whose page it is on; empty: general
}

// Cut is what a step takes off the network.
type Cut string

// The cuts.
const (
	CutHosts   Cut = "hosts"   // the machines that it is done to
	CutOutside Cut = "outside" // addresses and names outside
	CutBorder  Cut = "border"  // what crosses from one network into another
)

// evidenceOnly is where general steps come from.
const evidenceOnly = "evidence"

var (
	stepID   = regexp.MustCompile(`^[a-z][a-z0-9-]{2,60}$`)
	answerID = regexp.MustCompile(`^[a-z0-9-]+ [0-9]+\.[0-9]+$`)
)

// LoadBook reads the general steps, *.yaml below response/ of general, and
// campaigns/<id>/response.yaml of campaigns. The error joins all mistakes.
func LoadBook(general, campaigns fs.FS) (*Book, error) {
	b := &Book{}
	var errs []error
	read := func(fsys fs.FS, pattern string, own bool) {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("respond: %w", err))
		}
		for _, name := range names {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				errs = append(errs, fmt.Errorf("respond: %w", err))
				continue
			}
			profile := ""
			if own {
				profile = path.Base(path.Dir(name))
			}
			errs = append(errs, b.add(name, data, profile))
		}
	}
	read(general, "response/*.yaml", false)
	read(campaigns, "campaigns/*/response.yaml", true)
	if len(b.steps) == 0 {
		errs = append(errs, errors.New("respond: there are no steps"))
	}
	if err := errors.Join(errs...); err != nil {
		return b, err // what pages say of each other would be wrong
	}
	return b, b.check()
}

// add reads one page. profile is the folder's campaign, empty for general pages.
func (b *Book) add(file string, data []byte, profile string) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var p page
	if err := dec.Decode(&p); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(file+": "+format, args...)) }
	if p.Profile != profile {
		fail("profile %q is not that of the folder, %q", p.Profile, profile)
	}
	for _, f := range p.Facts {
		if err := f.compile(); err != nil {
			fail("fact %q: %w", f.ID, err)
		}
	}
	for _, s := range p.Steps {
		s.profile = profile
		for _, what := range s.mistakes() {
			fail("step %q: %s", s.ID, what)
		}
	}
	b.facts = append(b.facts, p.Facts...)
	b.steps = append(b.steps, p.Steps...)
	return errors.Join(errs...)
}

// compile makes a fact ready for use.
func (f *Fact) compile() error {
	least := finding.Medium
	var err error
	if f.LeastName != "" {
		if least, err = finding.ParseSeverity(f.LeastName); err != nil {
			return err
		}
	}
	f.Least = &least
	if !stepID.MatchString(f.ID) || f.Says == "" {
		return errors.New("a fact needs an id of small letters, digits and -, and what it says")
	}
	if f.Any.none() && len(f.All) == 0 {
		return errors.New("nothing shows it")
	}
	for i := range f.Of {
		if f.Of[i].re, err = regexp.Compile("(?i)" + f.Of[i].Like); err != nil {
			return err
		}
	}
	if f.On != "" && !selectable(f.On) {
		return fmt.Errorf("on: unknown selector %q", f.On)
	}
	return nil
}

func (s *Signs) none() bool {
	return len(s.Detectors)+len(s.Dossier)+len(s.Techniques)+len(s.Entry)+len(s.Reach)+len(s.Roles) == 0 && !s.Always
}

// mistakes are what a step lacks.
func (s *Recipe) mistakes() (out []string) {
	if !stepID.MatchString(s.ID) {
		out = append(out, "the id has small letters, digits and -")
	}
	if s.Phase.place() == len(phases) {
		out = append(out, fmt.Sprintf("unknown phase %q", s.Phase))
	}
	for _, x := range []struct{ name, value string }{
		{"title", s.Title}, {"because", s.Because}, {"owner", s.Owner}, {"risk", s.Risk}, {"breaks", s.Breaks}, {"proof.says", s.Proof.Says},
	} {
		if x.value == "" {
			out = append(out, "it does not say "+x.name)
		}
	}
	if (s.Undo == "") == (s.NoUndo == "") {
		out = append(out, "it says either undo or no_undo")
	}
	if len(s.When) == 0 || len(s.Do) == 0 {
		out = append(out, "it needs when and do")
	}
	for _, x := range s.On {
		if !selectable(x) {
			out = append(out, fmt.Sprintf("on: unknown selector %q", x))
		}
	}
	if !slices.Contains([]Cut{"", CutHosts, CutOutside, CutBorder}, s.Cuts) {
		out = append(out, fmt.Sprintf("cuts: unknown %q", s.Cuts))
	}
	for _, a := range s.Answers {
		if !answerID.MatchString(a) {
			out = append(out, fmt.Sprintf("answers: %q is not PROFILE SECTION.NUMBER", a))
		}
	}
	return out
}

// check looks at what pages say of each other.
func (b *Book) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("respond: "+format, args...)) }
	facts, steps := map[string]bool{}, map[string]*Recipe{}
	for _, f := range b.facts {
		if facts[f.ID] {
			fail("there are two facts %q", f.ID)
		}
		for _, other := range f.All { // of facts before it: no fact hangs on itself
			if !facts[other] {
				fail("fact %q: no fact %q comes before it", f.ID, other)
			}
		}
		facts[f.ID] = true
	}
	for _, s := range b.steps {
		if steps[s.ID] != nil {
			fail("there are two steps %q", s.ID)
		}
		steps[s.ID] = s
	}
	for _, s := range b.steps {
		for _, f := range slices.Concat(s.When, s.All, s.Unless) {
			if !facts[f] {
				fail("step %q: there is no fact %q", s.ID, f)
			}
		}
		for _, id := range s.After {
			switch before := steps[id]; {
			case before == nil:
				fail("step %q comes after %q, which there is not", s.ID, id)
			case before.Phase.place() > s.Phase.place():
				fail("step %q comes after %q, which is of a later phase", s.ID, id)
			}
		}
		for _, id := range slices.Concat(s.Replaces, s.Except) {
			if steps[id] == nil {
				fail("step %q names %q, which there is not", s.ID, id)
			}
		}
	}
	if loop := b.loop(steps); loop != "" {
		fail("steps wait for each other: %s", loop)
	}
	return errors.Join(errs...)
}

// Commands are the commands that steps name as their proof, each once, with the
// id of a step.
func (b *Book) Commands() map[string]string {
	out := map[string]string{}
	for _, s := range b.steps {
		if s.Proof.Command != "" {
			out[s.Proof.Command] = s.ID
		}
	}
	return out
}

// loop names steps that come after each other, if there are such.
func (b *Book) loop(steps map[string]*Recipe) string {
	const (
		open = 1
		done = 2
	)
	state := map[string]int{}
	var trail []string
	var walk func(id string) bool
	walk = func(id string) bool {
		switch state[id] {
		case open:
			trail = append(trail, id)
			return true
		case done:
			return false
		}
		state[id] = open
		trail = append(trail, id)
		if s := steps[id]; s != nil && slices.ContainsFunc(s.After, walk) {
			return true
		}
		trail = trail[:len(trail)-1]
		state[id] = done
		return false
	}
	for _, s := range b.steps {
		if walk(s.ID) {
			return strings.Join(trail, " after ")
		}
	}
	return ""
}
