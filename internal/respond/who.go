package respond

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/record"
)

// who knows what machines are called and what they are.
type who struct {
	c           *casefolder.Case
	byAddress   map[string]string // short name of a machine by its address
	home        []netip.Prefix
	controllers map[string]bool // machines that give out tickets, by short name or address
	devices     map[string]bool // what the incident calls a device: appliances
	talks       []Conversation
	answerers   map[string]bool // machines that answer an industrial protocol
	reach       map[string]finding.Grade
	apart       func(a, b netip.Addr) bool // see Seen.Apart
}

func newWho(in *Input, inc *finding.Incident) *who {
	w := &who{
		c: in.Case, byAddress: map[string]string{}, controllers: map[string]bool{}, devices: map[string]bool{}, answerers: map[string]bool{}, reach: map[string]finding.Grade{}, apart: in.Seen.Apart,
	}
	if w.apart == nil {
		w.apart = differ
	}
	for _, h := range in.Case.Hosts {
		for _, a := range h.Addresses {
			if _, ok := w.byAddress[a]; !ok {
				w.byAddress[a] = short(h.Name)
			}
		}
	}
	w.home = in.Case.OwnNets()
	for _, x := range in.Seen.Controllers {
		w.controllers[w.machine(x)] = true
	}
	for _, t := range in.Seen.Talks {
		w.answerers[w.machine(t.To)] = true
		w.talks = append(w.talks, t)
	}
	for _, r := range inc.Reach {
		switch r.Entity.Kind {
		case "device":
			w.devices[r.Entity.Value] = true
		case "directory":
			w.controllers[r.Entity.Value] = true
			continue
		}
		w.reach[r.Entity.Kind+" "+r.Entity.Value] = max(r.Grade, w.reach[r.Entity.Kind+" "+r.Entity.Value])
	}
	if e := inc.Entry; e != nil && e.Entity.Kind == "device" {
		w.devices[e.Entity.Value] = true
	}
	return w
}

// short is a machine's name as incidents have it; addresses stay as they are.
func short(name string) string { return cmp.Or(incident.HostName(name), name) }

// machine is what a name or an address is called.
func (w *who) machine(x string) string {
	if n, ok := w.byAddress[x]; ok {
		return n
	}
	return short(x)
}

func (w *who) controller(machine string) bool { return w.controllers[machine] }

// own tells whether an address is of an own network.
func (w *who) own(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	if slices.ContainsFunc(w.home, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) }) {
		return true
	}
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast()
}

// entryRefs is where the evidence shows the way in.
func (w *who) entryRefs(inc *finding.Incident) []record.Ref {
	if len(inc.Path) > 0 && inc.Entry != nil && inc.Path[0].To == inc.Entry.Entity {
		return inc.Path[0].Refs
	}
	return nil
}

// selectors choose what a step is done to, from an incident and the facts that
// call for the step.
var selectors = map[string]func(*who, *finding.Incident, []*finding.Finding) []record.Entity{
	"hosts.touched": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity {
		return w.reached(i, "host", finding.Touched, finding.Touched)
	},
	"hosts.members": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity { return w.members(i) },
	"hosts.reached": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity {
		return w.reached(i, "host", finding.Accessed, finding.Touched)
	},
	"hosts.possible": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity {
		return w.reached(i, "host", finding.Possibly, finding.Possibly)
	},
	"devices":     func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity { return w.appliances(i) },
	"controllers": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity { return w.domain(i) },
	"accounts.used": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity {
		return w.reached(i, "user", finding.Accessed, finding.Touched)
	},
	"accounts.exposed": func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity {
		return w.reached(i, "user", finding.Possibly, finding.Possibly)
	},
	"industrial":    func(w *who, i *finding.Incident, _ []*finding.Finding) []record.Entity { return w.industrial(i) },
	"fact.hosts":    func(w *who, i *finding.Incident, f []*finding.Finding) []record.Entity { return w.machinesOf(i, f) },
	"fact.accounts": func(w *who, _ *finding.Incident, f []*finding.Finding) []record.Entity { return w.accountsOf(f) },
	"fact.outside":  func(w *who, _ *finding.Incident, f []*finding.Finding) []record.Entity { return w.outsideOf(f) },
	"fact.domains":  func(_ *who, _ *finding.Incident, f []*finding.Finding) []record.Entity { return pick(f, "domain", nil) },
	"fact.pages": func(_ *who, _ *finding.Incident, f []*finding.Finding) []record.Entity {
		return pick(f, "file", scripts.MatchString)
	},
	"fact.mailboxes": func(_ *who, _ *finding.Incident, f []*finding.Finding) []record.Entity { return mailboxes(f) },
}

func selectable(name string) bool { return selectors[name] != nil }

// maxOn is how many places a step lists.
const maxOn = 200

// on is what a step is done to, each once, in order of the selectors.
func (w *who) on(names []string, inc *finding.Incident, findings []*finding.Finding) []record.Entity {
	out := []record.Entity{}
	seen := map[record.Entity]bool{}
	for _, n := range names {
		for _, e := range selectors[n](w, inc, findings) {
			e.Role = ""
			if !seen[e] && len(out) < maxOn {
				seen[e] = true
				out = append(out, e)
			}
		}
	}
	return out
}

// first are the places of one kind that come first in what a step is done to: its
// title names these.
func first(on []record.Entity) []record.Entity {
	for i := range on {
		if on[i].Kind != on[0].Kind {
			return on[:i]
		}
	}
	return on
}

// reached are what the incident reached, from one grade to another; devices of
// the plant, which only answer, are left to those who run it.
func (w *who) reached(inc *finding.Incident, kind string, from, to finding.Grade) (out []record.Entity) {
	for _, r := range inc.Reach {
		if r.Entity.Kind != kind || r.Grade < from || r.Grade > to || kind == "host" && w.plant(r.Entity.Value) || kind == "user" && nobody(r.Entity.Value) {
			continue
		}
		out = append(out, r.Entity)
	}
	return out
}

// members are the machines that were touched and are no domain controllers, which
// cannot be taken off one by one.
func (w *who) members(inc *finding.Incident) []record.Entity {
	return slices.DeleteFunc(w.reached(inc, "host", finding.Touched, finding.Touched), func(e record.Entity) bool { return w.controller(e.Value) })
}

// plant tells whether a machine is a device of the plant: it answers an
// industrial protocol.
func (w *who) plant(machine string) bool { return w.answerers[machine] }

func (w *who) appliances(inc *finding.Incident) (out []record.Entity) {
	if e := inc.Entry; e != nil && e.Entity.Kind == "device" {
		out = append(out, e.Entity)
	}
	for _, r := range inc.Reach {
		if r.Entity.Kind == "device" && r.Grade >= finding.Accessed {
			out = append(out, r.Entity)
		}
	}
	return out
}

// domain are the domain controllers of the incident.
func (w *who) domain(inc *finding.Incident) (out []record.Entity) {
	for _, r := range inc.Reach {
		if r.Entity.Kind == "directory" || r.Entity.Kind == "host" && r.Grade >= finding.Accessed && w.controller(r.Entity.Value) {
			out = append(out, record.Entity{Kind: "host", Value: r.Entity.Value})
		}
	}
	return out
}

// industrial are the devices of the plant that the incident reached.
func (w *who) industrial(inc *finding.Incident) (out []record.Entity) {
	for _, r := range inc.Reach {
		if r.Entity.Kind == "host" && r.Grade >= finding.Accessed && w.plant(r.Entity.Value) {
			out = append(out, r.Entity)
		}
	}
	return out
}

// machinesOf are the own machines that findings are about: of those that were
// touched if there are any, for findings name resolvers and victims alike.
func (w *who) machinesOf(inc *finding.Incident, findings []*finding.Finding) []record.Entity {
	var grades [3][]record.Entity
	for _, f := range findings {
		for _, e := range f.Entities {
			if e.Kind != "host" && (e.Kind != "address" || !w.own(e.Value)) {
				continue
			}
			name := w.machine(e.Value)
			if w.devices[name] || w.plant(name) {
				continue
			}
			g := w.reach["host "+name]
			grades[g] = append(grades[g], record.Entity{Kind: "host", Value: name})
		}
	}
	for _, g := range []finding.Grade{finding.Touched, finding.Accessed} {
		if len(grades[g]) > 0 {
			return grades[g]
		}
	}
	_ = inc
	return grades[finding.Possibly]
}

func (w *who) accountsOf(findings []*finding.Finding) (out []record.Entity) {
	for _, f := range findings {
		for _, e := range f.Entities {
			if name := account(e.Value); e.Kind == "user" && !nobody(name) && !strings.HasPrefix(strings.ToLower(name), "s-1-") {
				out = append(out, record.Entity{Kind: "user", Value: name})
			}
		}
	}
	return out
}

// outsideOf are addresses and names outside that findings are about. A resolver
// that was asked is none of the intruder's.
func (w *who) outsideOf(findings []*finding.Finding) (out []record.Entity) {
	for _, f := range findings {
		names := slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "domain" && e.Role == "queried" })
		for _, e := range f.Entities {
			if e.Kind == "address" && !w.own(e.Value) && (!names || e.Role != "responder") {
				out = append(out, record.Entity{Kind: "address", Value: e.Value})
			}
		}
	}
	return out
}

// pick are the entities of one kind that findings name.
func pick(findings []*finding.Finding, kind string, fits func(string) bool) (out []record.Entity) {
	for _, f := range findings {
		for _, e := range f.Entities {
			if e.Kind == kind && (fits == nil || fits(e.Value)) {
				out = append(out, record.Entity{Kind: kind, Value: e.Value})
			}
		}
	}
	return out
}

func mailboxes(findings []*finding.Finding) (out []record.Entity) {
	for _, f := range findings {
		for _, e := range f.Entities {
			if e.Kind == "email" && e.Role != "sender" {
				out = append(out, record.Entity{Kind: "email", Value: e.Value})
			}
		}
	}
	return out
}

// account is an account's name without its domain, in small letters.
func account(name string) string {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(name)
}

// nobody tells whether a name is no account that a person can reset: a group, or
// what the system itself runs as.
func nobody(name string) bool {
	switch account(name) {
	case "administrators", "domain admins", "enterprise admins", "users", "everyone", "guests", "schema admins", "backup operators", "account operators",
		"system", "localsystem", "local service", "network service", "anonymous logon", "root", "-", "":
		return true
	}
	return strings.HasPrefix(name, "uid ") // of one machine, which is rebuilt
}
