package session

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// graph counts logons between hosts.
type graph struct {
	edges map[edgeKey]*host.LogonEdge
	queue []edgeKey
	gone  []*host.LogonEdge // pushed out
}

// edgeKey is a pair of places and an account. The source is an address, or a
// name where the event has only that.
type edgeKey struct {
	addr           netip.Addr
	from, to, user string
}

func newGraph() graph { return graph{edges: map[edgeKey]*host.LogonEdge{}} }

// learn counts a logon that came from another host, or went to one.
func (g *graph) learn(l *host.Logon) {
	key := edgeKey{to: l.Host, user: strings.ToLower(l.Target)}
	switch {
	case l.Privileged: // said of a logon that has its own record
		return
	case l.Code == "4776": // a password was checked here; which host it was for is not said
		return
	case l.Outcome == "": // explicit credentials, seen at the source
		key.from, key.to = l.Host, strings.ToLower(strings.TrimLeft(l.TargetHost, `\`))
		if key.to == "" || key.to == "localhost" || sameHost(key.from, key.to) {
			return
		}
	case l.Source.IsValid() && !l.Source.IsLoopback() && !l.Source.IsUnspecified():
		key.addr = l.Source
	case l.SourceHost != "" && !sameHost(l.SourceHost, l.Host):
		key.from = l.SourceHost
	default:
		return
	}
	e := g.edges[key]
	if e == nil {
		if len(g.edges) == maxEdges {
			g.push()
		}
		e = &host.LogonEdge{Head: *l.Base(), From: key.from, To: key.to, User: l.Target}
		g.edges[key] = e
		g.queue = append(g.queue, key)
	}
	e.Last = l.TS
	switch l.Outcome {
	case "success":
		e.Success++
	case "failure":
		e.Failure++
	default:
		e.Explicit++
	}
	if l.LogonType != 0 {
		e.Types = note(e.Types, typeName(l.LogonType))
	}
}

// push forgets the pair that was first seen longest ago; its count is written
// as it stands, up to as many as are remembered.
func (g *graph) push() {
	key := g.queue[0]
	g.queue = g.queue[1:]
	if len(g.gone) < maxEdges {
		e := g.edges[key]
		if key.addr.IsValid() {
			e.From = key.addr.String()
		}
		g.gone = append(g.gone, e)
	}
	delete(g.edges, key)
}

// finish names the sources and returns all edges in order of time.
func (g *graph) finish(nameOf func(netip.Addr, record.Time) string) []*host.LogonEdge {
	out := g.gone
	merged := map[edgeKey]*host.LogonEdge{} // of a host with several addresses
	for key, e := range g.edges {
		if key.addr.IsValid() {
			if e.From = nameOf(key.addr, e.TS); e.From == "" {
				e.From = key.addr.String()
			} else if sameHost(e.From, e.To) {
				continue // it reached itself by its own address
			}
		}
		key = edgeKey{from: strings.ToLower(e.From), to: e.To, user: key.user}
		if m := merged[key]; m != nil {
			merge(m, e)
			continue
		}
		merged[key] = e
	}
	for _, e := range merged {
		slices.Sort(e.Types)
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *host.LogonEdge) int {
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.User, b.User),
			cmp.Compare(a.Ref.File, b.Ref.File), cmp.Compare(a.Ref.Pos, b.Ref.Pos))
	})
	return out
}

// merge adds the logons of another address to an edge. The earlier one is cited.
func merge(into, e *host.LogonEdge) {
	if e.TS < into.TS || e.TS == into.TS && cmp.Or(cmp.Compare(e.Ref.File, into.Ref.File), cmp.Compare(e.Ref.Pos, into.Ref.Pos)) < 0 {
		into.Head, into.User = e.Head, e.User
	}
	into.Last = max(into.Last, e.Last)
	into.Success += e.Success
	into.Failure += e.Failure
	into.Explicit += e.Explicit
	for _, t := range e.Types {
		into.Types = note(into.Types, t)
	}
}

// sameHost compares names that may lack their domain.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(strings.ToLower(a), ".")
	b, _, _ = strings.Cut(strings.ToLower(b), ".")
	return a == b
}

// typeName is a Windows logon type in words.
func typeName(n int64) string {
	switch n {
	case 2:
		return "interactive"
	case 3:
		return "network"
	case 4:
		return "batch"
	case 5:
		return "service"
	case 7:
		return "unlock"
	case 8:
		return "network-cleartext"
	case 9:
		return "new-credentials"
	case 10:
		return "remote-desktop"
	case 11:
		return "cached"
	case 12:
		return "cached-remote-desktop"
	case 13:
		return "cached-unlock"
	}
	return strconv.FormatInt(n, 10)
}
