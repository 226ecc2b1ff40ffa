package asset

import "longwatch/internal/record"

// Cite fills what JSON shows of references and times: the Cited of everything
// from its Refs, which place writes, FirstSeen and LastSeen.
func (inv *Inventory) Cite(place func(record.Ref) string) {
	cite := func(refs []record.Ref) []string {
		var out []string
		for _, r := range refs {
			out = append(out, place(r))
		}
		return out
	}
	for _, a := range inv.Assets {
		a.Cited, a.FirstSeen, a.LastSeen = cite(a.Refs), stamp(a.First), stamp(a.Last)
		for i := range a.Roles {
			a.Roles[i].Cited = cite(a.Roles[i].Refs)
		}
		for i := range a.Software {
			s := &a.Software[i]
			s.Cited, s.FirstSeen, s.LastSeen = cite(s.Refs), stamp(s.First), stamp(s.Last)
		}
		for i := range a.Services {
			s := &a.Services[i]
			s.Cited, s.FirstSeen, s.LastSeen = cite(s.Refs), stamp(s.First), stamp(s.Last)
		}
		for i := range a.Identities {
			a.Identities[i].Cited = cite(a.Identities[i].Refs)
		}
	}
	for i := range inv.Edges {
		e := &inv.Edges[i]
		e.Cited, e.FirstSeen, e.LastSeen = cite(e.Refs), stamp(e.First), stamp(e.Last)
	}
}

func stamp(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}
