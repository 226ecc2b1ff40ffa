package incident

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/winpath"
)

// Bounds of the evidence graph of one incident.
const (
	maxEdges     = 400 // edges: the most severe ones are kept
	maxEdgeRefs  = 6   // places in the evidence cited by an edge
	maxEdgeThing = 6   // programs or files of one finding
)

// edgeKey is one edge: who did what to whom.
type edgeKey struct {
	from, to node
	kind     finding.EdgeKind
}

// weighed is an edge while it is put together.
type weighed struct {
	finding.Edge
	worst finding.Severity
	bySrc map[string]uint8 // best confidence by source of evidence
}

// grapher collects the edges of an incident.
type grapher struct {
	c     *builder
	ot    map[node]bool // controllers and the like
	at    map[edgeKey]*weighed
	order []*weighed
}

// edges are the evidence graph: who did what to whom, with the findings that
// show it and where the evidence says so. An edge's label is the title of the
// most severe of its findings. Its probability is one minus the product of what
// each source of evidence leaves open: findings that cite the same file do not
// count twice, since they are wrong together.
func (c *builder) edges(g *group, all []*view) []finding.Edge {
	x := &grapher{c: c, ot: map[node]bool{}, at: map[edgeKey]*weighed{}}
	for _, v := range all {
		if industrial(v.f) {
			for _, p := range v.peers {
				x.ot[p] = true
			}
		}
	}
	for _, v := range all {
		x.places(v)
		x.things(v)
		x.mails(v)
	}
	for _, a := range g.adopted {
		for _, n := range a.v.things {
			x.put(n, a.host, finding.AlsoSeen, "same set of behaviour; the evidence names no host for it", a.v)
		}
	}
	return x.finish()
}

func industrial(f *finding.Finding) bool {
	for _, id := range f.Techniques {
		if id.ICS() {
			return true
		}
	}
	return false
}

// entity is n as the graph shows it.
func (x *grapher) entity(n node) record.Entity {
	e := n.entity()
	if x.c.aliases.isDevice(n) || x.ot[n] {
		e.Kind = "device"
	}
	return e
}

func (x *grapher) put(from, to node, kind finding.EdgeKind, label string, v *view) {
	k := edgeKey{from, to, kind}
	e := x.at[k]
	if e == nil {
		e = &weighed{Edge: finding.Edge{From: x.entity(from), To: x.entity(to), Kind: kind, Label: label}, worst: v.f.Severity, bySrc: map[string]uint8{}}
		x.at[k] = e
		x.order = append(x.order, e)
	}
	if v.f.Severity > e.worst {
		e.worst, e.Label = v.f.Severity, label
	}
	if !v.rest {
		span := record.Span{Start: e.Start, End: e.End}
		span.Grow(v.span.Start)
		span.Grow(v.span.End)
		e.Start, e.End = span.Start, span.End
	}
	if len(e.Findings) < maxEdges {
		e.Findings = append(e.Findings, v.f.ID)
	}
	src := ""
	if len(v.f.Refs) > 0 {
		src = v.f.Refs[0].File
		if len(e.Refs) < maxEdgeRefs && !slices.Contains(e.Refs, v.f.Refs[0]) {
			e.Refs = append(e.Refs, v.f.Refs[0])
		}
	}
	e.bySrc[src] = max(e.bySrc[src], v.f.Confidence)
}

// places are the edges between who acted and what was reached.
func (x *grapher) places(v *view) {
	for _, s := range v.subjects {
		for _, p := range v.peers {
			switch {
			case v.camefrom(p):
				x.put(p, s, v.kind, v.f.Title, v)
			case x.c.own(p):
				x.put(s, p, v.kindTo(), v.f.Title, v)
			default:
				x.put(s, p, outKind(v.kind), v.f.Title, v)
			}
		}
	}
}

// outKind is what was done to an outside address.
func outKind(k finding.EdgeKind) finding.EdgeKind {
	switch k {
	case finding.Sent, finding.Scanned, finding.Resolved:
		return k
	}
	return finding.Connected
}

// camefrom tells whether peer n is who acted, from outside.
func (v *view) camefrom(n node) bool {
	return slices.Contains(v.actors, n)
}

// things are the edges to accounts, sessions, names, programs and files.
func (x *grapher) things(v *view) {
	var sessions []node
	for _, t := range v.things {
		if t.kind == "session" {
			sessions = append(sessions, t)
		}
	}
	for _, s := range v.subjects {
		for _, t := range v.things {
			switch t.kind {
			case "account":
				for _, session := range sessions {
					x.put(t, session, finding.Held, v.f.Title, v)
				}
				x.put(t, s, accountKind(v.kind), v.f.Title, v)
			case "session":
				x.put(t, s, finding.LoggedOn, v.f.Title, v)
			case "email":
				x.put(t, s, finding.Sent, v.f.Title, v)
			case "domain":
				x.put(s, t, finding.Resolved, v.f.Title, v)
			case "hash":
				x.put(s, t, finding.Ran, v.f.Title, v)
			}
		}
		programs, files := 0, 0
		for _, e := range v.f.Entities {
			switch {
			case e.Kind == "process" && e.Value != "" && programs < maxEdgeThing:
				programs++
				x.put(s, node{"process", winpath.Base(e.Value) + " on " + s.value}, finding.Ran, v.f.Title, v)
			case e.Kind == "file" && e.Value != "" && files < maxEdgeThing:
				files++
				x.put(s, node{"file", e.Value}, fileKind(v.kind), v.f.Title, v)
			}
		}
	}
}

// accountKind is what an account did to a machine where v happened.
func accountKind(k finding.EdgeKind) finding.EdgeKind {
	switch k {
	case finding.LoggedOn, finding.Configured, finding.Scanned:
		return k
	}
	return finding.Acted
}

// fileKind is what a machine did with a file.
func fileKind(k finding.EdgeKind) finding.EdgeKind {
	switch k {
	case finding.Wrote, finding.Ran, finding.Sent:
		return k
	}
	return finding.Acted
}

// mails are the edges of a message: from its sender to its recipients, and what
// it carried.
func (x *grapher) mails(v *view) {
	if len(v.subjects) > 0 {
		return
	}
	for _, p := range v.mails() {
		x.put(p[0], p[1], finding.Sent, v.f.Title, v)
		for _, e := range v.f.Entities {
			if e.Kind == "file" || e.Kind == "url" || e.Kind == "hash" {
				x.put(p[1], node{e.Kind, e.Value}, finding.Received, v.f.Title, v)
			}
		}
	}
}

// finish weighs the edges and keeps the most severe ones, in the order in which
// they came up.
func (x *grapher) finish() []finding.Edge {
	order := make([]int, len(x.order))
	for i, e := range x.order {
		order[i] = i
		open := 1.0
		for _, src := range slices.Sorted(maps.Keys(e.bySrc)) {
			open *= 1 - float64(e.bySrc[src])/100
		}
		e.Probability = math.Min(1-open, 0.99)
	}
	slices.SortStableFunc(order, func(a, b int) int { return -cmp.Compare(x.order[a].worst, x.order[b].worst) })
	order = order[:min(len(order), maxEdges)]
	slices.Sort(order)
	kept := make([]finding.Edge, len(order))
	for i, j := range order {
		kept[i] = x.order[j].Edge
	}
	return kept
}
