package respond

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/accounts"
	"longwatch/internal/respond/block"
	"longwatch/internal/respond/hunts"
)

// Input is what a plan is made from.
type Input struct {
	Case    *casefolder.Case
	Book    *Book
	Names   map[string]string // of campaigns, by id
	Only    string            // id of the one incident that is planned for; empty: all
	Use     *accounts.Use     // how accounts were used; may be nil
	Blocks  block.Plan        // what to block; may be empty
	Effects block.Seen        // what it would have cut, in the order of the blocks
	Hunts   []hunts.Hunt      // questions for the next hour
	Notes   []string          // what of the records could not be read
	Seen    Seen              // what the records show of roles and of the plant
}

// Seen is what the records of a case show, as far as plans need it.
type Seen struct {
	Controllers []string       // names or addresses of machines that give out tickets
	Talks       []Conversation // of industrial protocols, by address
	Without     string         // why the records could not be asked; empty: they were
	// Apart tells whether a wall between plant and office would stand between two
	// hosts. nil: hosts of different networks of 24 bits, 64 of IPv6, are apart.
	Apart func(a, b netip.Addr) bool
}

const (
	maxSections = 24 // incidents that a plan has room for
	maxEvidence = 8  // findings that a step lists
	maxRefs     = 4  // places that a finding lists
	// resembles is how sure an attribution must be for the campaign's own steps
	// to be added: they cost work and do no harm, so a lead is enough. An
	// unverified profile is never above 30.
	resembles = 25
)

// Make makes the plan of a case.
func Make(in *Input) (*Plan, error) {
	p := &Plan{Knowledge: []string{}}
	if in.Case.Span.End != 0 {
		p.Made = when(in.Case.Span.End)
	}
	var chosen []*finding.Incident
	for _, inc := range in.Case.Incidents {
		switch {
		case in.Only != "" && inc.ID != in.Only:
		case in.Only == "" && inc.Severity < finding.Medium, len(chosen) == maxSections:
			p.Untold++
		default:
			chosen = append(chosen, inc)
		}
	}
	if in.Only != "" && len(chosen) == 0 {
		return nil, fmt.Errorf("respond: the case has no incident %q; it has %s", in.Only, known(in.Case))
	}
	slices.SortStableFunc(chosen, func(a, b *finding.Incident) int { return -cmp.Compare(a.Severity, b.Severity) })
	p.Sections = []Section{}
	for _, inc := range chosen {
		p.Sections = append(p.Sections, section(in, inc))
	}
	p.Joint = joint(p.Sections, chosen)
	p.Verdict = verdict(p, in.Case)
	if in.Seen.Without != "" && len(p.Sections) > 0 {
		p.Knowledge = append(p.Knowledge, in.Seen.Without)
	}
	p.Knowledge = append(p.Knowledge, in.Notes...)
	for _, c := range in.Case.Coverage {
		p.Knowledge = append(p.Knowledge, c.Name+": "+c.Why)
	}
	return p, nil
}

func known(c *casefolder.Case) string {
	var ids []string
	for _, i := range c.Incidents {
		if len(ids) == 8 {
			ids = append(ids, "more")
			break
		}
		ids = append(ids, i.ID)
	}
	if len(ids) == 0 {
		return "none"
	}
	return strings.Join(ids, ", ")
}

// verdict is the plan in a sentence.
func verdict(p *Plan, c *casefolder.Case) string {
	steps := 0
	for i := range p.Sections {
		steps += len(p.Sections[i].Steps)
	}
	switch {
	case len(p.Sections) == 0 && len(c.Incidents) == 0:
		return "There is no incident in this case, so there is nothing to respond to: the plan is empty."
	case len(p.Sections) == 0:
		return "No incident of this case is severe enough to call for a plan: the plan is empty."
	case len(p.Sections) == 1:
		return fmt.Sprintf("%d steps for one incident.", steps)
	}
	return fmt.Sprintf("%d steps for %d incidents.", steps, len(p.Sections))
}

// section makes the plan for one incident.
func section(in *Input, inc *finding.Incident) Section {
	w := newWho(in, inc)
	s := Section{
		Incident: inc.ID, Title: inc.Title, Severity: inc.Severity, Start: when(inc.Start), End: when(inc.End),
		Resembles: []Likeness{}, Doors: []Door{}, Steps: []Step{},
	}
	like := map[string]bool{}
	for _, a := range inc.Attribution {
		if a.Profile == unattributed || a.Confidence < resembles {
			continue
		}
		like[a.Profile] = true
		s.Resembles = append(s.Resembles, Likeness{a.Profile, a.Name, a.Confidence})
	}
	s.Attribution = attributed(inc)
	for _, l := range s.Resembles {
		if l.Profile != inc.Attribution[0].Profile {
			s.Attribution += fmt.Sprintf(" It resembles %s a little (%d of 100): steps of that campaign are among these, and say so.", l.Name, l.Confidence)
		}
	}
	s.Blocks, s.Left = blocks(in, inc), leftAlone(in, inc)
	facts := in.Book.holds(inc, w)
	s.Doors = in.Book.doors(inc, w, facts)
	s.Hunts = questions(in, inc)
	recipes := withoutQuestions(in.Book.called(facts, like), s.Hunts)
	recipes = slices.DeleteFunc(recipes, func(r *Recipe) bool { return len(r.Except) > 0 && len(r.on(inc, w, facts, recipes)) == 0 })
	for _, r := range order(recipes) {
		s.Steps = append(s.Steps, r.step(inc, w, facts, recipes, s.Blocks))
		s.Steps[len(s.Steps)-1].N = len(s.Steps)
	}
	s.Window = window(s.Doors, s.Steps)
	s.Accounts = accounts.Order(inc, in.Use)
	return s
}

// unattributed is the hypothesis of nobody known.
const unattributed = "unattributed"

func attributed(inc *finding.Incident) string {
	if len(inc.Attribution) == 0 {
		return ""
	}
	a := &inc.Attribution[0]
	if a.Profile == unattributed {
		return "No known campaign fits well; the steps follow from the evidence alone."
	}
	text := fmt.Sprintf("It resembles %s (%d of 100, %s).", a.Name, a.Confidence, a.Words)
	if a.Status == "unverified" {
		text += " The profile is unverified: take the name as a label for behaviour, and as nothing more."
	}
	return text
}

// called are the recipes that facts call for.
func (b *Book) called(facts map[string]*shown, like map[string]bool) []*Recipe {
	has := func(id string) bool { return facts[id] != nil }
	var out []*Recipe
	replaced := map[string]bool{}
	for _, r := range b.steps {
		if r.profile != "" && !like[r.profile] || !slices.ContainsFunc(r.When, has) || slices.ContainsFunc(r.Unless, has) {
			continue
		}
		if slices.ContainsFunc(r.All, func(id string) bool { return !has(id) }) {
			continue
		}
		out = append(out, r)
		for _, id := range r.Replaces {
			replaced[id] = true
		}
	}
	return slices.DeleteFunc(out, func(r *Recipe) bool { return replaced[r.ID] })
}

// order puts recipes in the order of phases; within a phase as they are
// written, but none before those that it comes after.
func order(list []*Recipe) []*Recipe {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *Recipe) int { return cmp.Compare(a.Phase.place(), b.Phase.place()) })
	var out []*Recipe
	placed := map[string]bool{}
	waits := func(r *Recipe) bool {
		return slices.ContainsFunc(r.After, func(id string) bool {
			return !placed[id] && slices.ContainsFunc(list, func(x *Recipe) bool { return x.ID == id })
		})
	}
	for len(list) > 0 {
		i := max(0, slices.IndexFunc(list, func(r *Recipe) bool { return !waits(r) }))
		out, placed[list[i].ID] = append(out, list[i]), true
		list = slices.Delete(list, i, i+1)
	}
	return out
}

// called are the findings that call for a recipe, worst first.
func (r *Recipe) called(facts map[string]*shown) []*finding.Finding {
	var out []*finding.Finding
	for _, id := range slices.Concat(r.When, r.All) {
		if f := facts[id]; f != nil {
			out = append(out, f.findings...)
		}
	}
	return worst(out, len(out))
}

// on is what a recipe is done to: what it selects, without what other recipes of
// the plan do the same to and more.
func (r *Recipe) on(inc *finding.Incident, w *who, facts map[string]*shown, all []*Recipe) []record.Entity {
	list := w.on(r.On, inc, r.called(facts))
	for _, x := range all {
		if slices.Contains(r.Except, x.ID) {
			done := w.on(x.On, inc, x.called(facts))
			list = slices.DeleteFunc(list, func(e record.Entity) bool { return slices.Contains(done, e) })
		}
	}
	return list
}

// step fills in a recipe.
func (r *Recipe) step(inc *finding.Incident, w *who, facts map[string]*shown, all []*Recipe, blocks []Blocked) Step {
	called := r.called(facts)
	var other []Evidence
	var says []string
	for _, id := range slices.Concat(r.When, r.All) {
		if f := facts[id]; f != nil {
			other = append(other, f.other...)
			if !f.fact.Any.Always { // which goes without saying
				says = append(says, f.fact.Says)
			}
		}
	}
	s := Step{
		ID: r.ID, Phase: r.Phase, Do: []string{}, On: r.on(inc, w, facts, all), Owner: r.Owner, Risk: r.Risk, Breaks: r.Breaks, Undo: r.Undo, Undoable: r.Undo != "",
		Proof: r.Proof, Window: r.Window, Wait: r.Wait, Delay: r.Delay, Approval: r.Approval, From: cmp.Or(r.profile, evidenceOnly), Answers: append([]string{}, r.Answers...), After: []string{}, Evidence: []Evidence{},
	}
	if r.NoUndo != "" {
		s.Undo = "None: " + r.NoUndo
	}
	fill := strings.NewReplacer("{on}", listed(first(s.On), maxNamed), "{first-trace}", firstTrace(inc), "{detections}", detections(inc))
	s.Title = fill.Replace(r.Title)
	for _, d := range r.Do {
		s.Do = append(s.Do, fill.Replace(d))
	}
	var approval []string
	if s.Cuts, approval = w.cuts(r.Cuts, s.On, blocks); len(s.Cuts)+len(approval) > 0 {
		s.Approval = strings.TrimPrefix(s.Approval+"; "+approver(approval), "; ")
	}
	slices.Sort(says)
	s.Reason = r.Because
	if len(says) > 0 {
		s.Reason += " Here: " + strings.Join(slices.Compact(says), "; ") + "."
	}
	for _, x := range other {
		if len(s.Evidence) < maxEvidence && !slices.ContainsFunc(s.Evidence, func(y Evidence) bool { return y.Title == x.Title && y.Why == x.Why }) {
			s.Evidence = append(s.Evidence, x)
		}
	}
	for _, f := range called {
		if len(s.Evidence) == maxEvidence {
			s.More++
			continue
		}
		s.Evidence = append(s.Evidence, evidenceOf(f))
	}
	for _, id := range r.After {
		if slices.ContainsFunc(all, func(x *Recipe) bool { return x.ID == id }) {
			s.After = append(s.After, id)
		}
	}
	return s
}

// approver says who must approve what cuts industrial conversations.
func approver(why []string) string {
	text := "a second person who runs the plant"
	if len(why) > 0 {
		text += ": " + strings.Join(why[:min(len(why), maxNamed)], "; ")
	}
	return text
}

// firstTrace is the day before which the intruder left no trace.
func firstTrace(inc *finding.Incident) string {
	first := inc.Start
	if d := inc.Dwell.First; d != 0 && (first == 0 || d < first) {
		first = d
	}
	if first == 0 {
		return "the first trace, of which the evidence has no time"
	}
	return first.Std().Format("2006-01-02")
}

// maxDetections is how many detections a step of watching names.
const maxDetections = 12

// detections names what found the incident, worst first.
func detections(inc *finding.Incident) string {
	var out []string
	for _, f := range worst(inc.Findings, len(inc.Findings)) {
		if len(out) < maxDetections && f.Severity >= finding.Medium && !slices.Contains(out, f.Title) {
			out = append(out, f.Title)
		}
	}
	return strings.Join(out, "; ")
}

func evidenceOf(f *finding.Finding) Evidence {
	e := Evidence{Finding: f.ID, Title: f.Title, Severity: f.Severity, Time: when(f.Start), Refs: refsOf(f.Refs)}
	if len(f.Why) > 0 {
		e.Why = clip(f.Why[0])
	}
	return e
}

// doors are the ways in or back in that facts show.
func (b *Book) doors(inc *finding.Incident, w *who, facts map[string]*shown) []Door {
	out := []Door{}
	for _, f := range b.facts {
		s := facts[f.ID]
		if s == nil || f.Door == "" {
			continue
		}
		d := Door{What: f.Door, On: []record.Entity{}, Findings: []string{}}
		if f.On != "" {
			d.On = w.on([]string{f.On}, inc, s.findings)
		}
		for _, x := range s.findings[:min(len(s.findings), maxEvidence)] {
			d.Findings = append(d.Findings, x.ID)
		}
		out = append(out, d)
	}
	return out
}

// window joins the steps that belong in one, when more than one door is open.
// With one door there is nobody to be warned, and steps are done as they come.
func window(doors []Door, steps []Step) *Window {
	w := &Window{}
	for i := range steps {
		if steps[i].Window {
			w.Steps = append(w.Steps, steps[i].ID)
		}
	}
	if len(doors) < 2 || len(w.Steps) < 2 {
		for i := range steps {
			steps[i].Window = false
		}
		return nil
	}
	var what []string
	for _, d := range doors {
		what = append(what, d.What)
	}
	w.Why = fmt.Sprintf("%d ways in or back in are open: %s. Who closes one alone tells the intruder, who comes back through another: prepare these steps, then do all of them in one window, in this order, within hours.", len(doors), strings.Join(what, "; "))
	return w
}

// joint says what several incidents ask for at the same time.
func joint(sections []Section, incidents []*finding.Incident) *Joint {
	j := &Joint{}
	places := map[record.Entity]int{}
	for i := range sections {
		if sections[i].Window == nil {
			continue
		}
		j.Incidents = append(j.Incidents, sections[i].Incident)
		for _, r := range incidents[i].Reach {
			if r.Grade >= finding.Accessed {
				places[r.Entity]++
			}
		}
	}
	if len(j.Incidents) < 2 {
		return nil
	}
	var shared []record.Entity
	for e, n := range places {
		if n > 1 {
			shared = append(shared, e)
		}
	}
	slices.SortFunc(shared, func(a, b record.Entity) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	if len(shared) > 0 {
		j.Why = fmt.Sprintf("These %d incidents have %s in common: a window for one warns whoever is behind the other. Make it one window.", len(j.Incidents), listed(shared, 6))
		return j
	}
	j.Why = fmt.Sprintf("Nothing ties these %d incidents together, but what is done about one is seen by whoever is behind the other. Unless one cannot wait, make it one window.", len(j.Incidents))
	return j
}
