package respond

import (
	"fmt"
	"io"
	"strings"

	"longwatch/internal/coverage"
	"longwatch/internal/record"
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
	phase := Phase("")
	for i := range s.Steps {
		if t := &s.Steps[i]; t.Phase != phase {
			phase = t.Phase
			say("\n### %s\n", phase.Title())
		}
		s.Steps[i].markdown(say)
		if s.Steps[i].ID == accountsStep {
			s.accountTable(say)
		}
	}
}

// accountsStep is the step that the list of accounts belongs to.
const accountsStep = "disable-accounts"

func (s *Section) accountTable(say func(string, ...any)) {
	if len(s.Accounts) == 0 {
		return
	}
	say("\n| order | account | what it is | what to do | why | mind |\n| --- | --- | --- | --- | --- | --- |")
	for _, a := range s.Accounts {
		say("| %d | %s | %s | %s | %s | %s |", a.N, coverage.Plain(a.Name), coverage.Plain(a.Kind), a.Do, coverage.Plain(a.Why), coverage.Plain(a.Careful))
	}
	say("")
}

func (t *Step) markdown(say func(string, ...any)) {
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
	for _, e := range t.Evidence {
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
		if len(e.Refs) > 0 {
			text += " — " + strings.Join(e.Refs, "; ")
		}
		line("evidence", text)
	}
	if t.More > 0 {
		say("  - *evidence*: and %d more findings", t.More)
	}
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
	return fmt.Sprintf("%s → %s, %s, %d connections", c.From, c.To, c.Service, c.Count)
}
