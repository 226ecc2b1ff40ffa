package block

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/share"
)

// Options say what of a case is to be blocked.
type Options struct {
	Incidents  []string         // ids; all when empty
	Least      finding.Severity // of the findings that a block may rest on; Info means Medium
	OwnDomains []string         // domains of ours besides those that the case shows
	// Known tells whether a value is known to be harmless, and who says so: a
	// warning list, an allow list. May be nil.
	Known func(kind, value string) (list string, ok bool)
}

// Derive proposes what to block of a case. What an intruder used outside is
// blocked there; what he touched inside is isolated; what others share is left
// alone, and why is said.
func Derive(c *casefolder.Case, opt Options) Plan {
	d := &deriver{
		c: c, least: max(opt.Least, finding.Medium), ours: share.OursOf(c, opt.OwnDomains), seen: map[string]*Block{}, left: map[[2]string]*Left{},
		named: map[string][]*finding.Finding{},
	}
	if opt.Least != finding.Info {
		d.least = opt.Least
	}
	for _, i := range c.Incidents {
		if len(opt.Incidents) == 0 || slices.Contains(opt.Incidents, i.ID) {
			d.incidents = append(d.incidents, i)
			d.learn(i)
		}
	}
	d.outside(opt)
	for _, i := range d.incidents {
		d.inside(i)
	}
	return d.plan()
}

type deriver struct {
	c         *casefolder.Case
	least     finding.Severity
	ours      *share.Ours
	incidents []*finding.Incident
	named     map[string][]*finding.Finding // by kind and value as share writes them: who names it
	weak      map[string][]*finding.Finding // likewise, findings below least
	seen      map[string]*Block
	left      map[[2]string]*Left
}

// learn notes which findings name which values.
func (d *deriver) learn(i *finding.Incident) {
	if d.weak == nil {
		d.weak = map[string][]*finding.Finding{}
	}
	for _, f := range i.Findings {
		m := d.named
		if f.Severity < d.least {
			m = d.weak
		}
		for _, e := range f.Entities {
			key := e.Kind + "\x00" + plain(e.Kind, e.Value)
			if list := m[key]; len(list) == 0 || list[len(list)-1] != f {
				m[key] = append(list, f)
			}
		}
	}
}

// plain is a value as its block would name it.
func plain(kind, v string) string {
	switch kind {
	case "address":
		if a, err := netip.ParseAddr(v); err == nil {
			return a.Unmap().WithZone("").String()
		}
	case "domain":
		return domain.Clean(v)
	}
	return v
}

// outside takes what share would pass on: it knows what is ours, what everybody
// uses, and what is harmless.
func (d *deriver) outside(opt Options) {
	var ids []string
	for _, i := range d.incidents {
		ids = append(ids, i.ID)
	}
	if len(ids) == 0 {
		return
	}
	p := share.Pack(d.c, share.Policy{Incidents: ids, Least: d.least, OwnDomains: opt.OwnDomains, Known: opt.Known})
	for i := range p.Items {
		it := &p.Items[i]
		switch it.Kind {
		case "address":
			d.address(it.Value, it)
		case "domain":
			d.domain(it.Value, it, d.findings("domain", it.Value, true))
		case "url":
			d.url(it)
		}
	}
	for _, w := range p.Withheld {
		a, err := netip.ParseAddr(w.Value)
		switch {
		case w.Kind == "address" && err == nil && inner(a), strings.HasPrefix(w.Why, "cut to"), strings.HasPrefix(w.Why, "without its"):
			continue // inside: isolated, or no matter; a cut name is blocked as far as it goes
		case w.Kind == "domain" && strings.HasPrefix(w.Why, "it holds"):
			d.leave(w.Kind, w.Value, w.Why+", a word of yours: it is yours, or made to look so; block it by hand if it is not yours", d.findings(w.Kind, plain(w.Kind, w.Value), false))
		case w.Kind == "address" || w.Kind == "domain" || w.Kind == "url":
			d.leave(w.Kind, w.Value, w.Why, d.findings(w.Kind, plain(w.Kind, w.Value), false))
		}
	}
	d.weakOnes()
}

// weakOnes says of addresses and names outside that only weak findings name.
func (d *deriver) weakOnes() {
	for key, list := range d.weak {
		kind, value, _ := strings.Cut(key, "\x00")
		if len(d.named[key]) > 0 {
			continue
		}
		a, err := netip.ParseAddr(value)
		if kind == "address" && err == nil && !d.ours.Address(a) || kind == "domain" && domainName(value) && !d.ours.Domain(value) {
			d.leave(kind, value, fmt.Sprintf("only findings below severity %s name it", d.least), list)
		}
	}
}

// inner tells whether an address is of a private network, or of none.
func inner(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || a.IsInterfaceLocalMulticast() ||
		a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || sharedSpace.Contains(a)
}

// sharedSpace is RFC 6598: inside of a provider.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// findings are those that name a value; below takes names below it too.
func (d *deriver) findings(kind, value string, below bool) []*finding.Finding {
	out := slices.Clone(d.named[kind+"\x00"+value])
	if below {
		for key, list := range d.named {
			if k, v, _ := strings.Cut(key, "\x00"); k == kind && strings.HasSuffix(v, "."+value) {
				out = append(out, list...)
			}
		}
	}
	slices.SortFunc(out, finding.Compare)
	return slices.Compact(out)
}

func idsOf(list []*finding.Finding) []string {
	out := make([]string, 0, len(list))
	for _, f := range list {
		out = append(out, f.ID)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxFindings)]
}

func (d *deriver) leave(kind, value, why string, list []*finding.Finding) {
	d.left[[2]string{kind, value}] = &Left{Kind: kind, Value: value, Why: why, Findings: idsOf(list)}
}

// address blocks an address outside.
func (d *deriver) address(value string, it *share.Item) {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return
	}
	a = a.Unmap().WithZone("")
	list := d.findings("address", a.String(), false)
	switch why := infrastructure(a); {
	case inner(a):
		d.leave("address", value, "it is of a private network", list)
	case why != "":
		d.leave("address", value, why, list)
	case answersOutside(list, a, d.ours):
		d.leave("address", value, "it answered others outside, as a server of yours would: if it is not yours, block it by hand; if it is, name it with --home-net", list)
	default:
		d.add(Block{Scope: Address, Addrs: []netip.Addr{a}, Reason: reason(list), Incident: first(it.Incidents)}, list, it)
	}
}

// answersOutside tells whether an address was only ever seen answering others
// outside: then it is a server of ours whose network nobody named.
func answersOutside(list []*finding.Finding, a netip.Addr, ours *share.Ours) bool {
	some := false
	for _, f := range list {
		inside, outside, role := false, false, ""
		for _, e := range f.Entities {
			if e.Kind == "host" {
				inside = true
			}
			b, err := netip.ParseAddr(e.Value)
			if e.Kind != "address" || err != nil {
				continue
			}
			switch b = b.Unmap().WithZone(""); {
			case b == a:
				if role == "" || role == "responder" {
					role = e.Role
				}
			case ours.Address(b):
				inside = true
			case e.Role == "originator":
				outside = true
			}
		}
		if role != "responder" || !outside || inside {
			return false
		}
		some = true
	}
	return some
}

// url blocks the server of a URL.
func (d *deriver) url(it *share.Item) {
	u, err := url.Parse(it.Value)
	if err != nil {
		return
	}
	var list []*finding.Finding
	for key, fs := range d.named {
		if k, v, _ := strings.Cut(key, "\x00"); k == "url" && strings.Contains(strings.ToLower(v), strings.ToLower(u.Host)) {
			list = append(list, fs...)
		}
	}
	slices.SortFunc(list, finding.Compare)
	list = slices.Compact(list)
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		if why := infrastructure(a.Unmap()); why != "" || inner(a) {
			d.leave("url", it.Value, cmp.Or(why, "its server is of a private network"), list)
			return
		}
		d.add(Block{Scope: Address, Addrs: []netip.Addr{a.Unmap().WithZone("")}, Reason: reason(list), Incident: first(it.Incidents)}, list, it)
		return
	}
	if share.Everybody(u.Hostname()) {
		d.leave("url", it.Value, "everybody uses this service", list)
		return
	}
	d.domain(domain.Clean(u.Hostname()), it, list)
}

// domain blocks a name and all below it.
func (d *deriver) domain(value string, it *share.Item, list []*finding.Finding) {
	value = domain.Clean(value)
	switch {
	case !domainName(value):
		d.leave("domain", value, "it is no name that a firewall knows", list)
	case domain.Registrable(value) == value && suffix(value):
		d.leave("domain", value, "others register names below it: block those of the incident", list)
	default:
		d.add(Block{Scope: Domain, Domain: value, Reason: reason(list), Incident: first(it.Incidents)}, list, it)
	}
}

// add merges a block with an earlier one of the same value.
func (d *deriver) add(b Block, list []*finding.Finding, it *share.Item) {
	b.seal()
	have := d.seen[b.ID]
	if have == nil {
		d.seen[b.ID] = &b
		have = &b
	}
	have.Findings = append(have.Findings, idsOf(list)...)
	for _, f := range list {
		have.count(f)
	}
	if it != nil {
		have.Severity, have.Confidence = max(have.Severity, it.Severity), max(have.Confidence, it.Confidence)
	}
}

func (b *Block) count(f *finding.Finding) {
	b.Severity, b.Confidence, b.Last = max(b.Severity, f.Severity), max(b.Confidence, f.Confidence), max(b.Last, f.End)
	if f.Start != 0 && (b.First == 0 || f.Start < b.First) {
		b.First = f.Start
	}
}

// inside isolates the hosts that an intruder did something on.
func (d *deriver) inside(i *finding.Incident) {
	for _, r := range i.Reach {
		if r.Grade != finding.Touched || r.Entity.Kind != "host" && r.Entity.Kind != "address" && r.Entity.Kind != "device" {
			continue
		}
		addrs := d.addresses(r.Entity)
		list := d.of(i, r.Findings)
		switch {
		case r.Entity.Kind == "device":
			d.leave("host", r.Entity.Value, "it is an appliance that others' traffic passes: cutting it off cuts them off; replace or rebuild it", list)
			continue
		case device(list):
			d.leave("host", r.Entity.Value, "it is named only as an industrial device that was acted on: cutting it off stops what it controls; cut off who acted on it, and compare what it runs with a known copy", list)
			continue
		case resolver(list, r.Entity.Value, addrs):
			d.leave("host", r.Entity.Value, "it only passed on what others asked of the DNS: they are meant", list)
			continue
		case r.Entity.Kind == "address" && (len(addrs) == 0 || !d.ours.Address(addrs[0])):
			continue // outside: blocked as such
		}
		b := Block{Scope: Isolate, Addrs: addrs, Host: r.Entity.Value, Incident: i.ID, Reason: sentence(r.Why), First: r.First, Last: r.Last}
		if r.Entity.Kind == "address" {
			if name := d.called(addrs[0]); name != "" {
				b.Host = name
				b.Addrs = d.addresses(record.Entity{Kind: "host", Value: name})
			}
		}
		if slices.ContainsFunc(i.Reach, func(o finding.Reach) bool {
			return o.Entity.Kind == "directory" && strings.EqualFold(short(o.Entity.Value), short(b.Host))
		}) {
			b.Caution = append(b.Caution, "it is a domain controller: nobody can log on by it while it is cut off; have another one, or cut the intruder's other hosts off first")
		}
		if len(b.Addrs) == 0 {
			b.Caution = append(b.Caution, "its address is not known: cut it off at its switch port or with the agent on it; it cannot be replayed")
		}
		d.add(b, list, nil)
	}
}

// device tells whether all findings are of what is done to industrial devices
// (techniques of ATT&CK for ICS, T0800 and on).
func device(list []*finding.Finding) bool {
	for _, f := range list {
		for _, t := range f.Techniques {
			if !strings.HasPrefix(string(t), "T0") {
				return false
			}
		}
		if len(f.Techniques) == 0 {
			return false
		}
	}
	return len(list) > 0
}

// resolver tells whether all findings are of names that were asked of the DNS,
// that others asked a host for some of them, and that none is about the host.
func resolver(list []*finding.Finding, name string, addrs []netip.Addr) bool {
	others := false
	for _, f := range list {
		asked, answered, asks := false, false, false
		for _, e := range f.Entities {
			a, err := netip.ParseAddr(e.Value)
			switch {
			case e.Kind == "host" && strings.EqualFold(short(e.Value), short(name)):
				return false
			case e.Kind == "domain":
				asked = asked || e.Role == "queried"
			case e.Kind == "address" && err == nil && slices.Contains(addrs, a.Unmap()):
				answered = answered || e.Role == "responder"
				asks = asks || e.Role == "originator"
			}
		}
		if !asked {
			return false
		}
		others = others || answered && !asks
	}
	return others
}

// of are the findings of an incident with these ids.
func (d *deriver) of(i *finding.Incident, ids []string) (out []*finding.Finding) {
	for _, f := range i.Findings {
		if slices.Contains(ids, f.ID) {
			out = append(out, f)
		}
	}
	return out
}

// addresses are those of a host.
func (d *deriver) addresses(e record.Entity) (out []netip.Addr) {
	if a, err := netip.ParseAddr(e.Value); err == nil {
		return []netip.Addr{a.Unmap().WithZone("")}
	}
	for i := range d.c.Hosts {
		if h := &d.c.Hosts[i]; strings.EqualFold(short(h.Name), short(e.Value)) {
			for _, s := range h.Addresses {
				if a, err := netip.ParseAddr(s); err == nil && !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() {
					out = append(out, a.Unmap().WithZone(""))
				}
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// called is the name of the host that has an address, or "".
func (d *deriver) called(a netip.Addr) string {
	for i := range d.c.Hosts {
		if slices.Contains(d.c.Hosts[i].Addresses, a.String()) && d.c.Hosts[i].Name != a.String() {
			return d.c.Hosts[i].Name
		}
	}
	return ""
}

func short(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	name, _, _ := strings.Cut(host, ".")
	return name
}

func (d *deriver) plan() (p Plan) {
	for _, b := range d.seen {
		b.seal()
		p.Blocks = append(p.Blocks, *b)
	}
	sortBlocks(p.Blocks)
	for _, l := range d.left {
		if !blocked(p.Blocks, l) {
			p.Left = append(p.Left, *l)
		}
	}
	slices.SortFunc(p.Left, func(a, b Left) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value)) })
	return p
}

// blocked tells whether what was left out in one form is blocked in another.
func blocked(list []Block, l *Left) bool {
	return slices.ContainsFunc(list, func(b Block) bool {
		return l.Kind == "domain" && b.Scope == Domain && b.Domain == l.Value || l.Kind == "address" && b.Scope == Address && b.Addrs[0].String() == l.Value
	})
}

// reason says what the worst of the findings are about.
func reason(list []*finding.Finding) string {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Confidence, a.Confidence), finding.Compare(a, b))
	})
	var titles []string
	for _, f := range sorted {
		if !slices.Contains(titles, f.Title) && len(titles) < 3 {
			titles = append(titles, f.Title)
		}
	}
	if len(titles) == 0 {
		return "the incident names it"
	}
	return sentence(strings.Join(titles, "; "))
}

// sentence is a reason in one line.
func sentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + " ..."
	}
	return s
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
