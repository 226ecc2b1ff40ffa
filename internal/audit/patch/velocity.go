package patch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"longwatch/internal/asset"
	"longwatch/internal/audit/sheet"
	"longwatch/internal/record"
)

// Velocity is how fast new versions come, as seen.
type Velocity struct {
	Changes []Change `json:"changes"`
	Groups  []Group  `json:"groups"`
}

// Change is a program that went from one version to a newer one.
type Change struct {
	Host    string      `json:"host"`
	Role    string      `json:"role,omitempty"`
	Product string      `json:"product"`
	From    string      `json:"from"`
	To      string      `json:"to"`
	Held    int         `json:"days_held"`   // from the first sign of the old version to the first of the new: it had the old one at least so long
	Between int         `json:"days_unseen"` // from the last sign of the old one to the first of the new: when in this time it changed is not known
	At      string      `json:"first_seen"`  // of the new version
	Refs    []sheet.Ref `json:"records"`

	at record.Time
}

// Group is how fast the hosts of one role, or all hosts, took new versions of a
// product.
type Group struct {
	Name    string `json:"name"`             // role or product
	Changes int    `json:"changes"`          // that were seen
	Hosts   int    `json:"hosts"`            // that changed
	Median  int    `json:"median_days_held"` // of the old versions
	Spread  int    `json:"spread_days"`      // from the first host with the newest version to the last that took it; of products
}

// Closed is a flaw that a newer version closed within the evidence.
type Closed struct {
	Host    string      `json:"host"`
	Product string      `json:"product"`
	CVE     string      `json:"cve"`
	From    string      `json:"from"`
	To      string      `json:"to"`
	Seen    string      `json:"first_seen_closed"`
	Days    int         `json:"days_after_kev,omitempty"` // from the entry in CISA's catalogue to the first sign of the newer version
	Refs    []sheet.Ref `json:"records"`
}

// days are whole days between two times.
func days(from, to record.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// steps are the versions of a program one after the other, without those that
// were only seen between signs of a newer one (two clients of one address, a page
// in a cache), that only say more of the same (10.13 and 10.13.6), that are
// guesses, or that came too soon to be an update rather than another program.
func (p *program) steps() (out []*asset.Software) {
	for i := range p.versions {
		v := &p.versions[i]
		if numbers(v.Version) == 0 || v.First == 0 || v.Surety == asset.Guess {
			continue
		}
		if n := len(out); n > 0 {
			switch before := out[n-1]; {
			case compare(v.Version, before.Version) <= 0, v.First <= before.Last, begins(before.Version, v.Version), v.First.Sub(before.First) < soon(p.kind):
				continue
			}
		}
		out = append(out, v)
	}
	return out
}

// soon is how long a version must have been there to be one that was replaced.
// Clients of one address are often several programs of one name.
func soon(kind string) time.Duration {
	if kind == asset.KindClient || kind == asset.KindOS {
		return 24 * time.Hour
	}
	return time.Hour
}

// velocity sees programs change.
func velocity(list []*program) Velocity {
	v := Velocity{Changes: []Change{}, Groups: []Group{}}
	byRole, byProduct := map[string][]Change{}, map[string][]Change{}
	for _, p := range list {
		steps := p.steps()
		for i := 1; i < len(steps); i++ {
			a, b := steps[i-1], steps[i]
			c := Change{
				Host: p.host, Role: p.role, Product: p.product, From: a.Version, To: b.Version, Held: days(a.First, b.First), Between: days(a.Last, b.First), At: stamp(b.First), at: b.First,
				Refs: sheet.Refs(slices.Concat(a.Refs[:min(1, len(a.Refs))], b.Refs[:min(1, len(b.Refs))])...),
			}
			v.Changes = append(v.Changes, c)
			byRole[cmp.Or(p.role, "no role known")] = append(byRole[cmp.Or(p.role, "no role known")], c)
			byProduct[p.product] = append(byProduct[p.product], c)
		}
	}
	for _, set := range []map[string][]Change{byRole, byProduct} {
		var groups []Group
		for name, list := range set {
			groups = append(groups, group(name, list))
		}
		slices.SortFunc(groups, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
		v.Groups = append(v.Groups, groups...)
	}
	return v
}

func group(name string, list []Change) Group {
	g := Group{Name: name, Changes: len(list)}
	hosts := map[string]bool{}
	var held []int
	newest := ""
	for _, c := range list {
		hosts[c.Host] = true
		held = append(held, c.Held)
		if newest == "" || compare(c.To, newest) > 0 {
			newest = c.To
		}
	}
	var span record.Span
	for _, c := range list {
		if compare(c.To, newest) == 0 && c.Product == name {
			span.Grow(c.at)
		}
	}
	slices.Sort(held)
	g.Hosts, g.Median, g.Spread = len(hosts), held[len(held)/2], days(span.Start, span.End)
	return g
}

// closed notes that a program had a flaw and has it no more.
func (a *Audit) closed(p *program, f *Flaw, r *Report) {
	steps := p.steps()
	for i := 1; i < len(steps); i++ {
		was, _, _ := f.judge(steps[i-1].Version)
		is, _, _ := f.judge(steps[i].Version)
		if was != Affected || is != Clean {
			continue
		}
		c := Closed{Host: p.host, Product: p.product, CVE: f.CVE, From: steps[i-1].Version, To: steps[i].Version, Seen: stamp(steps[i].First), Refs: sheet.Refs(slices.Concat(steps[i-1].Refs[:min(1, len(steps[i-1].Refs))], steps[i].Refs[:min(1, len(steps[i].Refs))])...)}
		if a.opt.Intel != nil {
			if x := a.opt.Intel(f.CVE); x.Added != 0 && steps[i].First > x.Added {
				c.Days = days(x.Added, steps[i].First)
			}
		}
		r.Closed = append(r.Closed, c)
	}
}
