package block

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Rules are blocks as text for one kind of firewall.
type Rules struct {
	Vendor string
	Apply  string   // sets them; empty when the firewall knows none of them
	Undo   string   // takes them away again, exactly
	Notes  []string // what to do by hand: where to load it, what the firewall cannot say
}

// Vendor is a kind of firewall.
type Vendor struct {
	Name  string // as Text takes it
	File  string // what it is written to
	Undo  string // and what takes it away
	About string
	write func(*set) (apply, undo string)
	notes []string
}

// Vendors are all of them, in the order in which they are shown.
var Vendors = []Vendor{
	{"nftables", "block.nft", "unblock.nft", "Linux, nftables", writeNFT, []string{"check it with nft -c -f, load it with nft -f on the gateway or on each host: a table of its own, which other rules cannot overrule"}},
	{"windows", "block.ps1", "unblock.ps1", "Windows firewall and DNS, PowerShell", writeWindows, []string{"run it as administrator on each machine, or hand it out by group policy; on a DNS server it also refuses the names"}},
	{"panos", "block-panos.txt", "unblock-panos.txt", "Palo Alto Networks PAN-OS, set commands", writePANOS, []string{"paste it in configure mode, look at it with show config diff, then commit"}},
	{"fortios", "block-fortios.txt", "unblock-fortios.txt", "Fortinet FortiOS", writeFortiOS, []string{"new policies come last: move them before the first one, as the last lines show"}},
	{"ios", "block-ios.txt", "unblock-ios.txt", "Cisco IOS and IOS XE, access list", writeIOS, []string{"bind it with ip access-group NAME in on the interfaces that look inside and outside; where one is bound already, put the lines before its own"}},
	{"asa", "block-asa.txt", "unblock-asa.txt", "Cisco ASA, access list", writeASA, []string{"the lines go to the head of the global access list; where interfaces have their own, put the lines there"}},
}

// VendorNamed finds a vendor.
func VendorNamed(name string) (Vendor, error) {
	i := slices.IndexFunc(Vendors, func(v Vendor) bool { return v.Name == strings.ToLower(name) })
	if i >= 0 {
		return Vendors[i], nil
	}
	var names []string
	for i := range Vendors {
		names = append(names, Vendors[i].Name)
	}
	return Vendor{}, fmt.Errorf("block: unknown firewall %q: use %s", name, strings.Join(names, ", "))
}

// Text writes blocks for a firewall. Nothing but addresses, ports and names
// that were parsed reaches it, and ids of ours.
func Text(vendor string, blocks []Block) (Rules, error) {
	v, err := VendorNamed(vendor)
	if err != nil {
		return Rules{}, err
	}
	r := Rules{Vendor: v.Name}
	s := setOf(blocks)
	if len(s.entries) == 0 {
		return r, nil
	}
	r.Apply, r.Undo = v.write(s)
	if r.Apply == "" {
		return r, nil
	}
	r.Notes = slices.Clone(v.notes)
	if names := s.domains(); len(names) > 0 && !slices.Contains([]string{"windows", "panos", "fortios", "asa"}, v.Name) {
		r.Notes = append(r.Notes, fmt.Sprintf("it cannot block names: load the response policy zone that longwatch share writes (--format rpz) for the %d names", len(names)))
	}
	return r, nil
}

// set is what is written: checked once, for all firewalls.
type set struct {
	incident string // safe to be written
	tag      string // of the incident and of what is in the set: letters, digits and underscores only
	digest   string // of what is in the set
	entries  []entry
	keep     []Flow
}

// keeps is the id of what is let pass.
func (s *set) keeps() string { return "keep-" + s.digest }

// entry is one address or name with what it is from.
type entry struct {
	id    string // of the block, safe to be written, and of the set
	scope Scope
	addr  netip.Addr
	name  string
	ports []Service
}

// setOf checks blocks. What is no address or name is left out.
func setOf(blocks []Block) *set {
	s := &set{}
	var incidents []string
	for i := range blocks {
		b := &blocks[i]
		if inc := word(b.Incident); inc != "" && !slices.Contains(incidents, inc) {
			incidents = append(incidents, inc)
		}
		e := entry{id: word(b.ID), scope: b.Scope}
		for _, p := range b.Ports {
			if p.Proto == "tcp" || p.Proto == "udp" {
				e.ports = append(e.ports, p)
			}
		}
		if b.Scope == Port && len(e.ports) == 0 {
			continue
		}
		if b.Scope == Domain {
			if e.name = b.Domain; domainName(e.name) {
				s.entries = append(s.entries, e)
			}
			continue
		}
		for _, a := range b.Addrs {
			if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || a.IsLinkLocalUnicast() {
				continue
			}
			e.addr = a.Unmap().WithZone("")
			s.entries = append(s.entries, e)
		}
		for _, f := range b.Keep {
			f.Client, f.Server = clean(f.Client), clean(f.Server)
			if f.Client.IsValid() && f.Server.IsValid() && f.Client.Is4() == f.Server.Is4() && f.Port != 0 && (f.Proto == "tcp" || f.Proto == "udp") && !slices.Contains(s.keep, f) {
				s.keep = append(s.keep, f)
			}
		}
	}
	slices.SortStableFunc(s.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(slices.Index(Scopes, a.scope), slices.Index(Scopes, b.scope)), a.addr.Compare(b.addr), cmp.Compare(a.name, b.name))
	})
	slices.SortFunc(s.keep, func(a, b Flow) int {
		return cmp.Or(a.Client.Compare(b.Client), a.Server.Compare(b.Server), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Proto, b.Proto))
	})
	s.incident = strings.Join(incidents, " ")
	if s.incident == "" {
		s.incident = "case"
	}
	h := sha256.New() // sets of one incident must not replace each other
	for i := range s.entries {
		_, _ = fmt.Fprintf(h, "%s %v %s %v\n", s.entries[i].id, s.entries[i].addr, s.entries[i].name, s.entries[i].ports)
	}
	_, _ = fmt.Fprint(h, s.keep)
	s.digest = hex.EncodeToString(h.Sum(nil)[:3])
	for i := range s.entries {
		s.entries[i].id += "-" + s.digest
	}
	s.tag = strings.ReplaceAll(label(incidents), "-", "_") + "_" + s.digest
	return s
}

// label names a set: by its incident, or by the first and how many more.
func label(list []string) string {
	switch len(list) {
	case 0:
		return "case"
	case 1:
		return list[0]
	}
	return fmt.Sprintf("%s-and-%d", list[0], len(list)-1)
}

// maxID is how long an id may be; ours have 18 signs.
const maxID = 32

// word is an id if it is of letters, digits, hyphens and underscores, which no
// firewall gives a meaning; of any other it is a digest, so that nothing that
// somebody wrote into a case gets further.
func word(s string) string {
	ok := s != "" && len(s) <= maxID && s[0] != '-' && s[0] != '_'
	for _, c := range []byte(s) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if ok || s == "" {
		return s
	}
	h := sha256.Sum256([]byte(s))
	return "x-" + hex.EncodeToString(h[:6])
}

// of tells the entries of some scopes, of one family.
func (s *set) of(v4 bool, scopes ...Scope) (out []entry) {
	for _, e := range s.entries {
		if slices.Contains(scopes, e.scope) && e.addr.IsValid() && e.addr.Is4() == v4 {
			out = append(out, e)
		}
	}
	return out
}

// domains are the names.
func (s *set) domains() (out []entry) {
	for _, e := range s.entries {
		if e.scope == Domain {
			out = append(out, e)
		}
	}
	return out
}

// dashed is an address as a part of a name.
func dashed(a netip.Addr) string { return strings.NewReplacer(".", "-", ":", "-").Replace(a.String()) }
