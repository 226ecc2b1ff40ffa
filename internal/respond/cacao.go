package respond

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/hunts"
	"longwatch/internal/stix"
)

// CACAO writes the plan as a playbook of CACAO Security Playbooks Version 2.0
// (OASIS Committee Specification 01, 27 November 2023). Steps are manual: a
// person does each, in the order of the plan; the plans of several incidents run
// beside each other. The same plan gives the same bytes, identifiers included.
//
// What CACAO has no word for (evidence, undo, the one window) is in an extension
// whose definition is in the playbook.
func (p *Plan) CACAO(w io.Writer) error {
	c := &cacao{
		plan: p, at: cacaoTime(p.Made), workflow: map[string]stix.Object{}, agents: map[string]stix.Object{}, targets: map[string]stix.Object{},
		activities: []string{}, types: []string{},
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(c.playbook())
}

// CacaoVersion is the version of the specification that playbooks follow.
const CacaoVersion = "cacao-2.0"

// maxTargets is how many targets a step of a playbook names.
const maxTargets = 50

type cacao struct {
	plan       *Plan
	at         string
	workflow   map[string]stix.Object
	agents     map[string]stix.Object
	targets    map[string]stix.Object
	activities []string
	types      []string
	delays     bool
}

// cacaoTime is a time with exactly three digits of a second (section 10.17).
func cacaoTime(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t = time.Unix(0, 0)
	}
	return stix.Time(t)
}

// work is what a phase is in the vocabularies of section 3.1: the type of
// playbook and the activity.
func (p Phase) work() (typ, activity string) {
	switch p {
	case Preserve, Scope:
		return "investigation", "analyze-collected-data"
	case Contain:
		return "mitigation", "restrict-access"
	case Eradicate:
		return "remediation", "eliminate-risk"
	case Recover:
		return "remediation", "restore-capabilities"
	case Watch:
		return "detection", "match-indicator"
	case Close:
	}
	return "notification", "deliver-content"
}

func (c *cacao) playbook() stix.Object {
	author := stix.Name("identity", "longwatch")
	start, end := c.id("start", "plan"), c.id("end", "plan")
	var firsts []string
	for i := range c.plan.Sections {
		s := &c.plan.Sections[i]
		last := end
		if len(c.plan.Sections) > 1 {
			last = c.id("end", s.Incident)
			c.workflow[last] = stix.Object{"type": "end", "name": "End of the plan for incident " + s.Incident}
		}
		firsts = append(firsts, c.section(s, last))
	}
	first := end
	switch len(firsts) {
	case 0:
	case 1:
		first = firsts[0]
	default:
		first = c.id("parallel", "plan")
		c.workflow[first] = stix.Object{"type": "parallel", "name": "The incidents, beside each other", "description": jointWords(c.plan.Joint), "next_steps": firsts, "on_completion": end}
	}
	c.workflow[start] = stix.Object{"type": "start", "name": "Start", "on_completion": first}
	c.workflow[end] = stix.Object{"type": "end", "name": "End"}
	marking := c.id("marking-tlp", "amber-strict")
	out := stix.Object{
		"type": "playbook", "spec_version": CacaoVersion, "id": c.id("playbook", "plan"), "name": c.name(), "description": c.plan.Verdict + " Longwatch plans; people act.",
		"playbook_types": c.types, "playbook_activities": c.activities, "created_by": author, "created": c.at, "modified": c.at, "priority": 1,
		"workflow_start": start, "workflow": c.workflow, "agent_definitions": c.agents, "markings": []string{marking},
		"playbook_processing_summary": stix.Object{"manual_playbook": true, "parallel_processing": len(firsts) > 1, "temporal_logic": c.delays, "data_markings": true, "extensions": true},
		"data_marking_definitions": stix.Object{marking: stix.Object{
			"type": "marking-tlp", "id": marking, "name": "TLP:AMBER+STRICT", "created_by": author, "created": c.at, "tlpv2_level": "TLP:AMBER+STRICT",
		}},
		"extension_definitions": stix.Object{planExtension(): stix.Object{
			"type": "extension-definition", "name": "Longwatch plan step", "created_by": author, "version": "1.0.0",
			"description": "Why a step is in the plan, what it risks and breaks, how it is undone, and whether it belongs in the one window.",
			"schema":      "phase, reason, risk, breaks, undo, proof, added_by: text; can_be_undone, in_window: boolean; evidence, answers, industrial_conversations: lists of text",
		}},
	}
	if len(c.targets) > 0 {
		out["target_definitions"] = c.targets
	}
	if n := severityNumber(c.plan); n > 0 {
		out["severity"] = n
	}
	if labels := c.labels(); len(labels) > 0 {
		out["labels"] = labels
	}
	var related []string
	for i := range c.plan.Sections {
		related = append(related, stix.Name("incident", c.plan.Sections[i].Incident)) // as the STIX of the case has it
	}
	if related != nil {
		out["related_to"] = related
	}
	return out
}

func planExtension() string { return stix.Name("extension-definition", "longwatch plan step") }

func (c *cacao) name() string {
	if len(c.plan.Sections) == 1 {
		return "Response to: " + c.plan.Sections[0].Title
	}
	return fmt.Sprintf("Response to %d incidents", len(c.plan.Sections))
}

func jointWords(j *Joint) string {
	if j == nil {
		return "The incidents have plans of their own."
	}
	return j.Why
}

func severityNumber(p *Plan) int {
	worst := finding.Info
	for i := range p.Sections {
		worst = max(worst, p.Sections[i].Severity)
	}
	return 25 * int(worst)
}

func (c *cacao) labels() []string {
	var out []string
	for i := range c.plan.Sections {
		for _, l := range c.plan.Sections[i].Resembles {
			out = append(out, l.Profile)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// id is an identifier of this plan: its incidents and the evidence's end decide.
func (c *cacao) id(typ, name string) string {
	seed := []string{"respond", c.at}
	for i := range c.plan.Sections {
		seed = append(seed, c.plan.Sections[i].Incident)
	}
	return stix.Name(typ, strings.Join(append(seed, name), "\x00"))
}

// section adds the steps of one incident, the last of which leads to last, and
// returns the first.
func (c *cacao) section(s *Section, last string) string {
	ids := make([]string, len(s.Steps)+1)
	for i := range s.Steps {
		ids[i] = c.id("action", s.Incident+"\x00"+s.Steps[i].ID)
	}
	ids[len(s.Steps)] = last
	for i := range s.Steps {
		c.workflow[ids[i]] = c.action(s, &s.Steps[i], ids[i+1])
	}
	return ids[0]
}

// action is one step (section 4.5).
func (c *cacao) action(s *Section, t *Step, next string) stix.Object {
	typ, activity := t.Phase.work()
	if !slices.Contains(c.types, typ) {
		c.types = append(c.types, typ)
	}
	if !slices.Contains(c.activities, activity) {
		c.activities = append(c.activities, activity)
	}
	owner := c.agent(t.Owner)
	var commands []stix.Object
	manual := func(text string) {
		commands = append(commands, stix.Object{"type": "manual", "command": text, "playbook_activity": activity})
	}
	if t.Approval != "" {
		manual("Get approval first: " + t.Approval)
	}
	for _, d := range t.Do {
		manual(d)
	}
	if t.ID == accountsStep {
		for i := range s.Accounts.Steps {
			x := &s.Accounts.Steps[i]
			manual(strings.TrimSpace(fmt.Sprintf("%d. (%s) %s %s %s", x.N, inWindow(x), x.Do, accountNames(x, maxTargets), x.Careful)))
		}
	}
	if t.ID == huntsStep {
		for _, q := range s.Hunts[:min(len(s.Hunts), maxTargets)] {
			manual("Ask: " + q.Title + " (" + q.ID + ", in " + hunts.Folder + "/)")
		}
	}
	manual(strings.TrimSpace("Check: " + t.Proof.Says + " " + t.Proof.Command))
	out := stix.Object{
		"type": "action", "name": fmt.Sprintf("%d. %s", t.N, t.Title), "description": t.Reason, "owner": owner, "agent": owner, "commands": commands, "on_completion": next,
		"step_extensions": stix.Object{planExtension(): stix.Object{
			"phase": t.Phase, "reason": t.Reason, "risk": t.Risk, "breaks": t.Breaks, "undo": t.Undo, "can_be_undone": t.Undoable, "in_window": t.Window,
			"proof": t.Proof.Says, "added_by": t.From, "answers": t.Answers, "evidence": evidenceWords(t), "industrial_conversations": cutWords(t),
		}},
	}
	if t.Delay > 0 {
		out["delay"], c.delays = t.Delay.Milliseconds(), true
	}
	if targets := c.aims(t.On); len(targets) > 0 {
		out["targets"] = targets
	}
	return out
}

func evidenceWords(t *Step) []string {
	out := []string{}
	for _, e := range t.Evidence {
		text := strings.TrimSpace(e.Finding + " " + e.Title)
		if len(e.Refs) > 0 {
			text += " (" + strings.Join(e.Refs, "; ") + ")"
		}
		out = append(out, text)
	}
	return out
}

func cutWords(t *Step) []string {
	out := []string{}
	for i := range t.Cuts {
		out = append(out, t.Cuts[i].String())
	}
	return out
}

// agent is the group of people of a role.
func (c *cacao) agent(role string) string {
	id := c.id("group", role)
	c.agents[id] = stix.Object{"type": "group", "name": role}
	return id
}

// aims are what a step is done to, as targets (section 7). Files and pages are
// no targets in CACAO; the step's text names them.
func (c *cacao) aims(on []record.Entity) []string {
	var out []string
	for _, e := range on {
		var o stix.Object
		switch e.Kind {
		case "address":
			a, err := netip.ParseAddr(e.Value)
			if err != nil {
				continue
			}
			kind := "ipv6"
			if a.Unmap().Is4() {
				kind = "ipv4"
			}
			o = stix.Object{"type": "net-address", "address": stix.Object{kind: []string{a.Unmap().WithZone("").String()}}}
		case "domain":
			o = stix.Object{"type": "net-address", "address": stix.Object{"dname": []string{e.Value}}}
		case "user", "email":
			o = stix.Object{"type": "individual"}
		case "host":
			o = stix.Object{"type": "security-category", "category": []string{"endpoint"}}
		case "device":
			o = stix.Object{"type": "security-category", "category": []string{"firewall"}}
		default:
			continue
		}
		o["name"] = cmp.Or(e.Value, "unnamed")
		typ, _ := o["type"].(string)
		id := c.id(typ, e.Kind+"\x00"+e.Value)
		c.targets[id] = o
		if len(out) < maxTargets && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
