package share

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// The extension of STIX that Attack Flow is, and who defined it
// (https://center-for-threat-informed-defense.github.io/attack-flow/language/).
const (
	flowExtension = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
	flowAuthor    = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c"
	flowSchema    = "https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json"
	maxFlowActs   = 200 // acts on machines of one flow, the first ones
	maxFlowTitles = 3   // titles of findings that an act names
	leastStart    = 10  // confidence from which another beginning is drawn
)

// FlowFile is the file that tells the nth incident of a case, from 1.
func FlowFile(n int) string {
	if n == 1 {
		return "attack-flow.json"
	}
	return fmt.Sprintf("attack-flow-%d.json", n)
}

// MaxFlows is how many incidents of a case are written as flows: the worst ones.
const MaxFlows = 20

// flow is an Attack Flow while it is put together.
type flow struct {
	inc    *finding.Incident
	list   []stix.Object
	author string
	assets map[record.Entity]string // ids
	byName map[string]record.Entity // machines, by name or address
	acts   map[record.Entity][]*act
	at     time.Time
}

// act is a technique used on one asset.
type act struct {
	technique  attack.ID
	start, end record.Time
	titles     []string
	findings   int
	confidence uint8
}

// AttackFlow writes one incident as an Attack Flow 2.0 (a STIX 2.1 bundle): where
// it may have begun as conditions, joined by OR; the steps of its path and what
// was done on each machine as actions, in the order of time; machines and
// accounts as assets. It names own machines, so it is marked for the
// organisation alone.
func AttackFlow(w io.Writer, inc *finding.Incident) error {
	x := &flow{
		inc: inc, author: stix.Name("identity", "longwatch"), assets: map[record.Entity]string{}, byName: map[string]record.Entity{},
		acts: map[record.Entity][]*act{}, at: timeOr(inc.Start, epoch),
	}
	x.head()
	x.assetList()
	x.work()
	first := x.steps()
	x.begin(first)
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(stix.Object{"type": "bundle", "id": stix.Name("bundle", "attack-flow "+inc.ID), "objects": x.list})
}

// head puts in who says so, and what the extension is.
func (x *flow) head() {
	marking := AmberStrict.Definition()
	defined := "2022-08-02T19:34:35.143Z"
	x.list = append(x.list, marking, stix.Object{
		"type": "identity", "id": x.author, "spec_version": "2.1", "created": stix.Time(epoch), "modified": stix.Time(epoch),
		"name": "Longwatch", "identity_class": "system",
	}, stix.Object{
		"type": "identity", "id": flowAuthor, "spec_version": "2.1", "created": defined, "modified": defined, "created_by_ref": flowAuthor,
		"name": "MITRE Center for Threat-Informed Defense", "identity_class": "organization",
	}, stix.Object{
		"type": "extension-definition", "id": flowExtension, "spec_version": "2.1", "created": defined, "modified": defined, "created_by_ref": flowAuthor,
		"name": "Attack Flow", "description": "Extends STIX 2.1 with features to create Attack Flows.", "schema": flowSchema, "version": "2.0.0",
		"extension_types": []string{"new-sdo"},
	})
}

// put adds an object of the extension. key tells it from others of its type.
func (x *flow) put(typ, key string, more stix.Object) stix.Object {
	o := stix.Object{
		"type": typ, "id": stix.Name(typ, x.inc.ID+"\x00"+key), "spec_version": "2.1", "created": stix.Time(x.at), "modified": stix.Time(x.at),
		"created_by_ref": x.author, "object_marking_refs": []string{AmberStrict.MarkingID()},
		"extensions": stix.Object{flowExtension: stix.Object{"extension_type": "new-sdo"}},
	}
	maps.Copy(o, more)
	x.list = append(x.list, o)
	return o
}

// assetList puts in what was touched or accessed, and the ends of the path.
func (x *flow) assetList() {
	for _, r := range x.inc.Reach {
		if r.Grade > finding.Possibly {
			x.asset(r.Entity, fmt.Sprintf("%s: %s", r.Grade, r.Why))
		}
	}
	for _, m := range x.inc.Path {
		x.asset(m.From, "on the path")
		x.asset(m.To, "on the path")
	}
}

func (x *flow) asset(e record.Entity, about string) string {
	e.Role = ""
	if id, ok := x.assets[e]; ok {
		return id
	}
	id := x.put("attack-asset", e.Kind+" "+e.Value, stix.Object{"name": text(e.Kind + " " + e.Value), "description": text(about)}).ID()
	x.assets[e] = id
	if e.Kind != "user" {
		x.byName[e.Value] = e
	}
	return id
}

// text is a string of the evidence as STIX can hold it; never empty.
func text(s string) string {
	if s = strings.ToValidUTF8(s, "\uFFFD"); s == "" {
		return "unknown"
	}
	return s
}

// work gathers what was done on each machine, by technique.
func (x *flow) work() {
	n := 0
	for _, f := range x.inc.Findings {
		e, ok := x.place(f)
		if f.Severity < finding.Medium || !ok {
			continue
		}
		for _, id := range f.Techniques {
			list := x.acts[e]
			k := slices.IndexFunc(list, func(a *act) bool { return a.technique == id })
			if k < 0 {
				if n++; n > maxFlowActs {
					continue
				}
				list = append(list, &act{technique: id, start: f.Start})
				x.acts[e] = list
				k = len(list) - 1
			}
			a := list[k]
			a.findings++
			a.end, a.confidence = max(a.end, f.End), max(a.confidence, f.Confidence)
			if len(a.titles) < maxFlowTitles && !slices.Contains(a.titles, f.Title) {
				a.titles = append(a.titles, f.Title)
			}
		}
	}
}

// place is the asset on which a finding happened: who recorded it or acted,
// else who was reached.
func (x *flow) place(f *finding.Finding) (record.Entity, bool) {
	for _, role := range []string{"", "originator", "responder", "target"} {
		for _, e := range f.Entities {
			if e.Role != role || e.Kind != "host" && e.Kind != "address" {
				continue
			}
			for _, name := range []string{incident.HostName(e.Value), e.Value} {
				if a, ok := x.byName[name]; ok && name != "" {
					return a, true
				}
			}
		}
	}
	return record.Entity{}, false
}

// action puts in one technique, or a move.
func (x *flow) action(key string, id attack.ID, about string, start, end record.Time, confidence uint8, assets ...string) stix.Object {
	name := attack.Name(id)
	more := stix.Object{"name": text(cmp.Or(name, "Move")), "description": text(about), "confidence": int(min(confidence, 100))}
	if id != "" {
		more["technique_id"] = string(id)
	}
	if t := attack.TacticsOf(id); len(t) > 0 {
		more["tactic_id"] = string(t[0])
	}
	if start != 0 {
		more["execution_start"] = stix.Time(start.Std())
	}
	if end != 0 && end >= start {
		more["execution_end"] = stix.Time(end.Std())
	}
	if len(assets) > 0 {
		more["asset_refs"] = assets
	}
	return x.put("attack-action", key, more)
}

// leadsTo lets an action, condition or operator go on to others.
func leadsTo(o stix.Object, property string, ids ...string) {
	have, _ := o[property].([]string)
	for _, id := range ids {
		if id != o.ID() && !slices.Contains(have, id) {
			have = append(have, id)
		}
	}
	if len(have) > 0 {
		o[property] = have
	}
}

// steps puts in the acts of each machine, one after the other, and the moves
// between them, and returns with what the flow begins.
func (x *flow) steps() []string {
	chains := map[record.Entity][]stix.Object{}
	var machines []record.Entity
	for e := range x.acts {
		machines = append(machines, e)
	}
	slices.SortFunc(machines, func(a, b record.Entity) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	for _, e := range machines {
		for _, a := range x.acts[e] {
			about := fmt.Sprintf("%s on %s (%d findings)", strings.Join(a.titles, "; "), e.Value, a.findings)
			o := x.action(e.Kind+" "+e.Value+" "+string(a.technique), a.technique, about, a.start, a.end, a.confidence, x.assets[e])
			if c := chains[e]; len(c) > 0 {
				leadsTo(c[len(c)-1], "effect_refs", o.ID())
			}
			chains[e] = append(chains[e], o)
		}
	}
	arrival := map[record.Entity]stix.Object{}
	var first []string
	for n, m := range x.inc.Path {
		m.From.Role, m.To.Role = "", ""
		o := x.action(fmt.Sprint("move ", n), m.Technique, m.Why, m.Time, 0, m.Confidence, x.assets[m.To])
		from, arrived := arrival[m.From]
		switch {
		case arrived:
			leadsTo(from, "effect_refs", o.ID())
		case len(chains[m.From]) > 0:
			leadsTo(chains[m.From][0], "effect_refs", o.ID())
		default:
			first = append(first, o.ID())
		}
		if arrival[m.To] == nil {
			arrival[m.To] = o
			if c := chains[m.To]; len(c) > 0 {
				leadsTo(o, "effect_refs", c[0].ID())
			}
		}
	}
	for _, e := range machines {
		if arrival[e] == nil {
			first = append(first, chains[e][0].ID())
		}
	}
	return first
}

// begin puts in the flow itself: it starts with the places where the incident
// may have begun, each a condition, any of which leads on.
func (x *flow) begin(first []string) {
	starts := first
	if e := x.inc.Entry; e != nil && len(first) > 0 {
		join := x.put("attack-operator", "beginning", stix.Object{"operator": "OR"})
		leadsTo(join, "effect_refs", first...)
		starts = nil
		for n, s := range append([]finding.Step{*e}, x.inc.Alternatives...) {
			if n > 0 && s.Confidence < leastStart {
				continue
			}
			o := x.put("attack-condition", fmt.Sprint("beginning ", n), stix.Object{
				"description": text(fmt.Sprintf("it began at %s %s (%d of 100): %s", s.Entity.Kind, s.Entity.Value, s.Confidence, s.Why)),
			})
			leadsTo(o, "on_true_refs", join.ID())
			starts = append(starts, o.ID())
		}
	}
	if len(starts) == 0 {
		o := x.put("attack-condition", "nothing placed", stix.Object{"description": "the evidence names no machine for what was found"})
		starts = []string{o.ID()}
	}
	x.put("attack-flow", "flow", stix.Object{
		"name": text(x.inc.Title), "scope": "incident", "start_refs": starts,
		"description": text(fmt.Sprintf("%d findings from %v to %v. %s", len(x.inc.Findings), x.inc.Start, x.inc.End, strings.Join(x.inc.Why, ". "))),
	})
}
