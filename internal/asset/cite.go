package asset

import "longwatch/internal/record"

// Cite fills the Cited of everything from its Refs; place writes one.
func (inv *Inventory) Cite(place func(record.Ref) string) {
	cite := func(refs []record.Ref) []string {
		var out []string
		for _, r := range refs {
			out = append(out, place(r))
		}
		return out
	}
	for _, a := range inv.Assets {
		a.Cited = cite(a.Refs)
		for i := range a.Roles {
			a.Roles[i].Cited = cite(a.Roles[i].Refs)
		}
		for i := range a.Software {
			a.Software[i].Cited = cite(a.Software[i].Refs)
		}
		for i := range a.Services {
			a.Services[i].Cited = cite(a.Services[i].Refs)
		}
		for i := range a.Identities {
			a.Identities[i].Cited = cite(a.Identities[i].Refs)
		}
	}
	for i := range inv.Edges {
		inv.Edges[i].Cited = cite(inv.Edges[i].Refs)
	}
}
