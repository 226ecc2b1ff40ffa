package respond

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"longwatch/internal/coverage"
	"longwatch/internal/record"
	"longwatch/internal/respond/accounts"
)

// Markdown writes the plan as a checklist to tick off.
func (p *Plan) Markdown(w io.Writer) error {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("# Response plan\n\n%s", coverage.Plain(p.Verdict))
	if p.Made != "" {
		say("\nThe evidence ends %s. Longwatch plans; people act. Nothing of this was done.", p.Made)
	}
	if p.Joint != nil {
		say("\n> **One window for several incidents.** %s", coverage.Plain(p.Joint.Why))
	}
	for i := range p.Sections {
		p.Sections[i].markdown(say)
	}
	if p.Untold > 0 {
		say("\n%d more incidents have no plan: they are mild, or beyond what one plan has room for. Ask for one with --incident.", p.Untold)
	}
	if len(p.Knowledge) > 0 {
		say("\n## What this plan could not take into account\n")
		for _, k := range p.Knowledge {
			say("- %s", coverage.Plain(k))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Section) markdown(say func(string, ...any)) {
	say("\n## %s\n\n`%s`, %s, %s to %s.", coverage.Plain(s.Title), coverage.Plain(s.Incident), s.Severity, s.Start, s.End)
	if s.Attribution != "" {
		say("%s", coverage.Plain(s.Attribution))
	}
	if len(s.Doors) > 0 {
		say("\n### Ways in, or back in\n")
		for _, d := range s.Doors {
			say("- [ ] %s%s", coverage.Plain(d.What), plainOn(d.On))
		}
	}
	if s.Window != nil {
		say("\n> **One window.** %s", coverage.Plain(s.Window.Why))
	}
	var cited exhibits
	phase := Phase("")
	for i := range s.Steps {
		if t := &s.Steps[i]; t.Phase != phase {
			phase = t.Phase
			say("\n### %s\n", phase.Title())
		}
		s.Steps[i].markdown(say, &cited)
		if s.Steps[i].ID == accountsStep {
			s.accountTable(say)
		}
		if s.Steps[i].ID == huntsStep {
			say("\n  | question | why | records of this case that it finds |\n  | --- | --- | --- |")
			for _, q := range s.Hunts {
				say("  | %s | %s | %d |", coverage.Plain(q.Title), coverage.Plain(q.Why), q.Seen)
			}
			say("")
		}
	}
	s.blockTable(say)
	cited.markdown(say)
}

// exhibits are what the steps of a section cite, each told once and numbered from 1.
type exhibits struct {
	list    []*Evidence
	numbers map[string]int
}

func (x *exhibits) number(e *Evidence) int {
	key := e.Finding + "\x00" + e.Title + "\x00" + e.Time + "\x00" + strings.Join(e.Refs, "\x00")
	n := x.numbers[key]
	if n == 0 {
		if x.numbers == nil {
			x.numbers = map[string]int{}
		}
		x.list = append(x.list, e)
		n = len(x.list)
		x.numbers[key] = n
	}
	return n
}

func (x *exhibits) markdown(say func(string, ...any)) {
	if len(x.list) == 0 {
		return
	}
	say("\n### Evidence\n\nWhat the steps cite, and where to look it up.\n")
	for i, e := range x.list {
		text := e.Title
		if e.Finding != "" {
			text += " (" + e.Finding + ")"
		}
		if e.Time != "" {
			text += ", " + e.Time
		}
		if e.Why != "" {
			text += ": " + e.Why
		}
		say("- **E%d** %s", i+1, coverage.Plain(text))
		for _, ref := range e.Refs {
			say("  - %s", coverage.Plain(ref))
		}
	}
}

// accountsStep is the step that the list of accounts belongs to.
const accountsStep = "disable-accounts"

func (s *Section) accountTable(say func(string, ...any)) {
	list := &s.Accounts
	for _, x := range []struct {
		title string
		items []string
	}{{"Before", list.Before}, {"Not yet", list.NotYet}} {
		if len(x.items) > 0 && len(list.Steps) > 0 {
			say("  - *%s*:", strings.ToLower(x.title))
			for _, item := range x.items {
				say("    - [ ] %s", coverage.Plain(item))
			}
		}
	}
	if len(list.Steps) == 0 {
		return
	}
	say("\n  | order | when | accounts | what to do | why here | mind | undo | proof |\n  | --- | --- | --- | --- | --- | --- | --- | --- |")
	for i := range list.Steps {
		t := &list.Steps[i]
		say("  | %d | %s | %s | %s | %s | %s | %s | %s |", t.N, inWindow(t), coverage.Plain(accountNames(t, 40)), coverage.Plain(t.Do), coverage.Plain(t.Why), coverage.Plain(t.Careful), coverage.Plain(t.Undo), coverage.Plain(t.Proof))
	}
	say("")
}

// inWindow says when a step of the accounts' order is done.
func inWindow(t *accounts.Step) string {
	if t.Window {
		return "in one go"
	}
	return "in the days after"
}

// accountNames names the accounts of a step of their order, with what runs as them.
func accountNames(t *accounts.Step, most int) string {
	var out []string
	for i := range t.Accounts {
		a := &t.Accounts[i]
		if i == most {
			out = append(out, fmt.Sprintf("and %d more", len(t.Accounts)-i))
			break
		}
		text := fmt.Sprintf("%s (%s, %s", a.Name, a.Kind, a.Grade)
		if n := len(a.Services); n > 0 {
			text += fmt.Sprintf(", runs %s", counted(n, "service"))
		}
		out = append(out, text+")")
	}
	return strings.Join(out, ", ")
}

// blockTable lists what to cut, with what that would have cut.
func (s *Section) blockTable(say func(string, ...any)) {
	if len(s.Blocks) == 0 {
		return
	}
	say("\n### Blocks, replayed against what was recorded\n\nTexts for firewalls are in `blocks/`; those that need a second person are apart, in `blocks/second-person/`.\n")
	say("| block | cuts | why | would have cut | second person |\n| --- | --- | --- | --- | --- |")
	for i := range s.Blocks {
		b := &s.Blocks[i]
		would := slices.Concat(b.Would, b.Mind)
		for _, c := range b.Cuts {
			would = append(would, c.String())
		}
		say("| `%s` | %s %s | %s | %s | %s |", b.ID, b.Scope, coverage.Plain(b.Value), coverage.Plain(b.Reason), coverage.Plain(strings.Join(would, "; ")), coverage.Plain(orNobody(b.Approval)))
	}
	if len(s.Left) > 0 {
		say("\nLeft alone:\n")
		for _, x := range s.Left {
			say("- %s", coverage.Plain(x))
		}
	}
}

func orNobody(why []string) string {
	if len(why) == 0 {
		return "–"
	}
	return "**yes**: " + strings.Join(why, "; ")
}

func (t *Step) markdown(say func(string, ...any), cited *exhibits) {
	mark := ""
	if t.Window {
		mark = " **[window]**"
	}
	if t.Approval != "" {
		mark += " **[second person]**"
	}
	say("- [ ] **%d. %s**%s (`%s`)", t.N, coverage.Plain(t.Title), mark, t.ID)
	for _, d := range t.Do {
		say("  - [ ] %s", coverage.Plain(d))
	}
	line := func(name, text string) {
		if text != "" {
			say("  - *%s*: %s", name, coverage.Plain(text))
		}
	}
	line("why", t.Reason)
	line("owner", t.Owner)
	if len(t.After) > 0 {
		line("only after", strings.Join(t.After, ", "))
	}
	line("wait", t.Wait)
	line("risk", t.Risk)
	line("breaks", t.Breaks)
	line("undo", t.Undo)
	line("approval", t.Approval)
	for _, c := range t.Cuts {
		line("cuts an industrial conversation", c.String())
	}
	line("done when", t.Proof.Says)
	if t.Proof.Command != "" {
		say("  - *check*: `%s`", coverage.Plain(t.Proof.Command))
	}
	shown := make([]string, 0, len(t.Evidence))
	for i := range t.Evidence {
		shown = append(shown, fmt.Sprintf("E%d", cited.number(&t.Evidence[i])))
	}
	text := strings.Join(shown, ", ")
	if t.More > 0 {
		text += fmt.Sprintf(" and %d more findings", t.More)
	}
	line("evidence", text)
	if len(t.Answers) > 0 {
		line("from", fromWords(t)+"; answers "+strings.Join(t.Answers, ", "))
	} else {
		line("from", fromWords(t))
	}
}

func fromWords(t *Step) string {
	if t.From == evidenceOnly {
		return "the evidence"
	}
	return "the profile " + t.From + ", which the incident resembles"
}

func plainOn(on []record.Entity) string {
	if len(on) == 0 {
		return ""
	}
	return ": " + coverage.Plain(listed(on, 12))
}

// String names a conversation: who speaks what to whom, how often.
func (c Conversation) String() string {
	if c.Says != "" {
		return c.Says + ", " + counted(int(c.Count), "connection")
	}
	return fmt.Sprintf("%s → %s, %s, %s", c.From, c.To, c.Service, counted(int(c.Count), "connection"))
}
