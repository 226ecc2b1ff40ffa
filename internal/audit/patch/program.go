package patch

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/asset"
	"longwatch/internal/incident"
	"longwatch/internal/record"
)

// Kinds of exposure.
const (
	internetFacing = "internet-facing"
	edge           = "edge"
	inside         = "inside"
)

// program is one program at one host, with the versions that were seen of it in
// the order in which they were first seen.
type program struct {
	host, role, vendor, product string
	kind                        string
	port                        uint16
	versions                    []asset.Software
	patched                     string // the system that closes flaws within a version
	exposure, exposed           string
	exposedRefs                 []record.Ref
	admin                       mark
	asset                       *asset.Asset
}

// now is the version that was seen last; of several at once the surest.
func (p *program) now() *asset.Software {
	best := &p.versions[0]
	for i := range p.versions {
		v := &p.versions[i]
		if c := cmp.Or(cmp.Compare(yes(v.Version != ""), yes(best.Version != "")), cmp.Compare(v.Last, best.Last), cmp.Compare(v.Surety, best.Surety), compare(v.Version, best.Version)); c > 0 {
			best = v
		}
	}
	return best
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// answers is the service at a port, nil when none was seen.
func (p *program) answers(port uint16) *asset.Service {
	if p.asset == nil {
		return nil
	}
	for i := range p.asset.Services {
		if p.asset.Services[i].Port == port {
			return &p.asset.Services[i]
		}
	}
	return nil
}

// backports are systems whose makers put corrections into older versions of
// programs.
var backports = []string{"Ubuntu", "Debian", "Red Hat Enterprise Linux", "CentOS", "SUSE Linux", "Fedora", "Rocky Linux", "AlmaLinux"}

// programs are what own hosts run, by host, product and port.
func (a *Audit) programs(inv *asset.Inventory, r *Report) []*program {
	type key struct {
		host, product string
		port          uint16
	}
	set := map[key]*program{}
	for _, x := range inv.Assets {
		if !x.Own {
			continue
		}
		r.Hosts++
		name := x.Name()
		for i := range x.Software {
			s := &x.Software[i]
			k := key{name, fold(s.Product), s.Port}
			p := set[k]
			if p == nil {
				p = &program{host: name, role: x.Role(), vendor: s.Vendor, product: s.Product, kind: s.Kind, port: s.Port, asset: x}
				if s.Kind == asset.KindServer {
					p.patched = distribution(x)
				}
				set[k] = p
			}
			p.versions = append(p.versions, *s)
		}
	}
	for i := range a.opt.Inventory {
		it := &a.opt.Inventory[i]
		if it.CVE != "" && it.Product == "" {
			continue
		}
		name := it.Host
		x := inv.ByName(it.Host)
		if x != nil {
			name = x.Name()
		}
		k := key{name, fold(it.Product), it.Port}
		p := set[k]
		if p == nil {
			p = &program{host: name, product: it.Product, vendor: it.Vendor, kind: asset.KindInstalled, port: it.Port, asset: x}
			if x != nil {
				p.role = x.Role()
			}
			set[k] = p
		}
		at := it.Seen
		if at == 0 {
			at = a.span.End
		}
		p.versions = append(p.versions, asset.Software{Product: it.Product, Vendor: it.Vendor, Version: it.Version, Surety: asset.Sure, Why: it.said(), First: at, Last: at})
	}
	out := make([]*program, 0, len(set))
	for _, p := range set {
		a.expose(p)
		slices.SortFunc(p.versions, func(x, y asset.Software) int {
			return cmp.Or(cmp.Compare(x.First, y.First), compare(x.Version, y.Version), strings.Compare(x.Version, y.Version), strings.Compare(x.Why, y.Why))
		})
		out = append(out, p)
	}
	slices.SortFunc(out, func(x, y *program) int {
		return cmp.Or(strings.Compare(x.host, y.host), strings.Compare(fold(x.product), fold(y.product)), cmp.Compare(x.port, y.port))
	})
	return out
}

// distribution is the system of a host that closes flaws within versions, empty
// when it is not known to be one.
func distribution(x *asset.Asset) string {
	for i := range x.Software {
		if s := &x.Software[i]; s.Kind == asset.KindOS && slices.Contains(backports, s.Product) {
			return s.Product
		}
	}
	return ""
}

// expose tells whether somebody outside was seen to reach the program.
func (a *Audit) expose(p *program) {
	p.exposure, p.exposed = inside, "nobody outside was seen to reach it"
	names := []string{incident.HostName(p.host)}
	if p.asset != nil {
		for _, n := range p.asset.Names {
			names = append(names, incident.HostName(n))
		}
	}
	for _, n := range names {
		if f := a.facing[n]; f != nil && n != "" && p.admin.n == 0 {
			p.admin = f.admin
		}
	}
	if p.asset != nil {
		for i := range p.asset.Services {
			s := &p.asset.Services[i]
			if !s.Outside || p.port != 0 && s.Port != p.port || p.port == 0 && p.kind == asset.KindClient {
				continue
			}
			p.exposure, p.exposed, p.exposedRefs = internetFacing, fmt.Sprintf("it answered clients outside at %s port %d (%d connections)", s.Proto, s.Port, s.Count), s.Refs
			for _, ip := range p.asset.Addresses {
				if m := a.reach[netip.AddrPortFrom(ip.Unmap(), s.Port)]; m != nil && m.n > 0 {
					p.exposed, p.exposedRefs = fmt.Sprintf("it answered clients outside at %s port %d (%d connections)", s.Proto, s.Port, m.n), []record.Ref{m.ref}
				}
			}
			return
		}
	}
	if p.kind == asset.KindFirmware || p.kind == asset.KindInstalled {
		for _, n := range names {
			if f := a.facing[n]; f != nil && n != "" {
				p.exposure, p.exposed, p.exposedRefs = internetFacing, fmt.Sprintf("%s, %d of them", f.how, f.n), []record.Ref{f.ref}
				return
			}
		}
	}
	for i := range a.opt.Inventory {
		if it := &a.opt.Inventory[i]; it.Exposed && incident.HostName(it.Host) == names[0] && names[0] != "" {
			p.exposure, p.exposed = internetFacing, it.list()+" says that it is reached from the Internet"
			return
		}
	}
	if atEdge(p.product) {
		p.exposure, p.exposed = edge, p.product+" stands where strangers come in, though nobody outside was seen to reach this one"
	}
}

// unjudged are programs of which CISA's catalogue lists flaws that no table
// knows the versions of.
func (a *Audit) unjudged(list []*program, byName map[string][]*Flaw) []Unjudged {
	at := map[int]map[string]bool{}
	for _, p := range list {
		for i, k := range known {
			if fold(k.name) == fold(p.product) && len(byName[fold(p.product)]) == 0 {
				if at[i] == nil {
					at[i] = map[string]bool{}
				}
				at[i][p.host] = true
			}
		}
	}
	out := []Unjudged{}
	for _, i := range slices.Sorted(maps.Keys(at)) {
		n := 0
		for _, name := range known[i].kev {
			n += a.opt.Other[name]
		}
		if n > 0 {
			out = append(out, Unjudged{Product: known[i].name, Hosts: slices.Sorted(maps.Keys(at[i])), Flaws: n})
		}
	}
	return out
}

// unseen is what the evidence cannot tell.
func (a *Audit) unseen(inv *asset.Inventory, r *Report, list []*program) (out []string) {
	if len(list) == 0 {
		return []string{"no record tells of a program: nothing can be said of versions"}
	}
	if n := r.Programs - r.Versions; n > 0 {
		out = append(out, fmt.Sprintf("%d of %d programs were seen without a version", n, r.Programs))
	}
	silent := 0
	for _, x := range inv.Assets {
		if x.Own && !slices.ContainsFunc(x.Software, func(s asset.Software) bool { return s.Version != "" }) {
			silent++
		}
	}
	if silent > 0 {
		out = append(out, fmt.Sprintf("no version of anything is known of %d of %d own hosts: an inventory (--inventory) or a scan's results (--scan) would tell", silent, r.Hosts))
	}
	if !a.opt.HasKEV {
		out = append(out, "no catalogue of exploited flaws was given: --intel known_exploited_vulnerabilities.json (CISA KEV)")
	}
	if !a.opt.HasEPSS {
		out = append(out, "no EPSS scores were given: --intel epss_scores.csv (FIRST)")
	}
	out = append(out, fmt.Sprintf("%d flaws were compared: those of the campaigns and of the advisories that were given; other flaws of the same programs are not in this list", r.Checked))
	out = append(out, "a service that nobody outside used while the evidence was recorded is not known to be reachable from outside; libraries within programs, as Struts or Spring, are not seen on the wire")
	if a.beyond > 0 {
		out = append(out, fmt.Sprintf("%d signs of use from outside were not kept, of hosts too many to remember", a.beyond))
	}
	return out
}
