package respond

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/block"
)

// maxSays is how many sentences a plan repeats of what a block would have cut.
const maxSays = 6

// maxCuts is how many conversations a step lists.
const maxCuts = 64

// Blocked is one block of an incident with what it would have cut of the traffic
// that was recorded.
type Blocked struct {
	ID       string         `json:"id"`
	Scope    block.Scope    `json:"scope"`
	Value    string         `json:"value"` // address, name or host
	Reason   string         `json:"reason"`
	Mind     []string       `json:"mind"`     // what to know before
	Would    []string       `json:"would"`    // what it would have cut, in sentences
	Approval []string       `json:"approval"` // why a second person must approve; empty: nobody need
	Cuts     []Conversation `json:"cuts"`     // industrial conversations
	Findings []string       `json:"findings"` // ids
}

// blocks are those that findings of an incident call for.
func blocks(in *Input, inc *finding.Incident) []Blocked {
	own := map[string]bool{}
	for _, f := range inc.Findings {
		own[f.ID] = true
	}
	out := []Blocked{}
	for i := range in.Blocks.Blocks {
		b := &in.Blocks.Blocks[i]
		if b.Incident != inc.ID && !slices.ContainsFunc(b.Findings, func(id string) bool { return own[id] }) {
			continue
		}
		x := Blocked{ID: b.ID, Scope: b.Scope, Value: b.Value(), Reason: b.Reason, Mind: append([]string{}, b.Caution...), Would: []string{}, Approval: []string{}, Cuts: []Conversation{}, Findings: append([]string{}, b.Findings...)}
		if i < len(in.Effects.Effects) {
			e := &in.Effects.Effects[i]
			x.Would, x.Approval = append(x.Would, e.Says[:min(len(e.Says), maxSays)]...), append(x.Approval, e.Approval...)
			if more := len(e.Says) - maxSays; more > 0 {
				x.Would = append(x.Would, fmt.Sprintf("and %d more uses, in blocks.json", more))
			}
			for k := range e.Industrial[:min(len(e.Industrial), maxCuts)] {
				x.Cuts = append(x.Cuts, talkOf(&e.Industrial[k]))
			}
		}
		out = append(out, x)
	}
	return out
}

// maxLeft is how many things that are not blocked a plan lists.
const maxLeft = 60

// leftAlone are things of an incident that are not blocked, and why.
func leftAlone(in *Input, inc *finding.Incident) []string {
	own := map[string]bool{}
	for _, f := range inc.Findings {
		own[f.ID] = true
	}
	out := []string{}
	for _, l := range in.Blocks.Left {
		if len(out) < maxLeft && slices.ContainsFunc(l.Findings, func(id string) bool { return own[id] }) {
			out = append(out, l.Kind+" "+l.Value+": "+l.Why)
		}
	}
	return out
}

// talkOf is an industrial conversation that a replay named.
func talkOf(t *block.Talk) Conversation {
	return Conversation{From: named(t.Client, t.ClientName), To: named(t.Server, t.ServerName), Service: t.Protocol, Count: t.Count, Says: t.String(), Safety: t.Safety}
}

func named(address, name string) string {
	if name == "" || name == address {
		return address
	}
	return name + " (" + address + ")"
}

// cuts are the industrial conversations that a step would end, by name, and why
// a second person must approve beyond them.
func (w *who) cuts(what Cut, on []record.Entity, list []Blocked) (out []Conversation, approval []string) {
	add := func(c Conversation) {
		if len(out) < maxCuts && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	switch what {
	case CutHosts, CutOutside:
		for i := range list {
			b := &list[i]
			isolates := b.Scope == block.Isolate
			if isolates != (what == CutHosts) || isolates && !slices.ContainsFunc(on, func(e record.Entity) bool { return strings.EqualFold(e.Value, b.Value) }) {
				continue
			}
			for _, c := range b.Cuts {
				add(c)
			}
			for _, a := range b.Approval {
				approval = append(approval, b.Value+": "+a)
			}
		}
	case CutBorder:
		for _, t := range w.talks {
			if w.crosses(t.From, t.To) {
				add(Conversation{From: named(t.From, w.machine(t.From)), To: named(t.To, w.machine(t.To)), Service: t.Service, Count: t.Count})
			}
		}
	}
	return out, approval
}

// crosses tells whether the border between plant and office lies between two
// addresses. What is no address is taken to be beyond it.
func (w *who) crosses(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err1 != nil || err2 != nil || w.apart(x, y)
}

// differ tells whether two addresses are in different networks, as far as one
// can tell without knowing the networks: /24 and /64 are what sites use most.
func differ(x, y netip.Addr) bool {
	if x.Is4() != y.Is4() {
		return true
	}
	bits := 24
	if x.Is6() {
		bits = 64
	}
	p, err := x.Prefix(bits)
	return err == nil && !p.Contains(y)
}
