package incident

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

const (
	maxAddresses  = 1 << 18       // remembered addresses; later ones are not learned
	maxNames      = 32            // names per address
	maxOriginator = 64            // distinct originators counted per responder
	aliasStretch  = 7 * 24 * 3600 // seconds around its span in which a pair still holds
)

// Aliases are which host had which address when, and which hosts everybody
// talks to, learned from records. It is not safe for concurrent use. Memory is
// bounded: what does not fit is not learned, and findings then stay apart.
type Aliases struct {
	homeNet []netip.Prefix
	names   map[netip.Addr][]naming
	fans    map[node]map[netip.Addr]struct{} // own originators of an address or host
	issuers map[string]struct{}              // hosts that give out Kerberos tickets
	answers map[netip.Addr]struct{}          // addresses that questions of DNS were put to
	habits  habits
	met     [1 << metBits]meeting // lately, to save work
	only    bool                  // names and addresses are learned, and nothing else
}

const metBits = 13

// naming says that an address was a host's during a span.
type naming struct {
	host string
	rank rank
	span record.Span
}

// rank is how far a name can be trusted.
type rank uint8

const (
	claimed rank = iota // a client's own word in NTLM, on the wire or in a logon event: an intruder chooses it
	looked              // an answer of DNS
	logged              // the host's own log, its lease or its ticket
)

// NewAliases returns an empty table for the given own networks; without any,
// private addresses are own.
func NewAliases(homeNet []netip.Prefix) *Aliases {
	return &Aliases{homeNet: homeNet, names: map[netip.Addr][]naming{}, fans: map[node]map[netip.Addr]struct{}{}, issuers: map[string]struct{}{}, answers: map[netip.Addr]struct{}{}, habits: newHabits()}
}

// NewNames returns an empty table that learns who had which address and nothing
// of what hosts do: it takes a fraction of the memory, and Host and Holders are
// all that it answers.
func NewNames(homeNet []netip.Prefix) *Aliases {
	a := NewAliases(homeNet)
	a.only = true
	return a
}

// Wants tells whether Learn has a use for records of type t.
func Wants(t *record.Type) bool {
	switch t {
	case host.LogonType, host.SocketType, host.TicketType, host.SyslogType, host.ProcessType, host.ConfigChangeType, web.AccessType:
		return true
	}
	switch t {
	case network.ConnType, dns.Type, ntlm.Type, kerberos.Type, dhcp.Type:
		return true
	}
	return false
}

// Learn takes from r what it says about names and addresses: logons, sockets
// (Sysmon 3), web logs, dhcp, ntlm and kerberos say who had an address; conn
// and dns say who serves many.
func (a *Aliases) Learn(r record.Record) {
	switch r := r.(type) {
	case *host.Logon:
		a.pair(r.Source, r.SourceHost, r.TS, claimed) // WorkstationName is what the client said of itself
		if a.only {
			return
		}
		a.fan(r.Source, node{"host", HostName(r.Host)}, r.TS)
		a.habits.logon(r)
		return
	case *host.Process:
		if !a.only {
			a.habits.program(r)
		}
		return
	case *host.ConfigChange:
		if !a.only {
			a.habits.device(HostName(r.Host))
		}
		return
	case *host.Ticket:
		if !a.only && len(a.issuers) < maxAddresses {
			a.issuers[HostName(r.Host)] = struct{}{}
		}
		return
	case *host.Socket:
		if r.Initiated {
			a.pair(r.OrigH, r.Host, r.TS, logged)
		} else {
			a.pair(r.RespH, r.Host, r.TS, logged)
		}
		return
	case *host.Syslog:
		if !a.only && r.Product != "" {
			a.habits.device(HostName(r.Host))
		}
		a.learnAppliance(r)
		return
	case *web.Access:
		a.pair(r.ServerIP, r.Server, r.TS, logged)
		return
	}
	a.learnNetwork(r)
}

// learnAppliance takes an appliance's own address from the record of a login
// to its management: where that login went is the appliance.
func (a *Aliases) learnAppliance(s *host.Syslog) {
	own, err := netip.ParseAddr(s.Get("dstip"))
	if err == nil && s.Get("action") == "login" && own.IsPrivate() {
		a.pair(own, s.Host, s.TS, logged)
	}
}

// learnNetwork takes it from records of the wire.
func (a *Aliases) learnNetwork(r record.Record) {
	switch r := r.(type) {
	case *network.Conn:
		a.meet(r.OrigH, r.RespH, r.TS)
		if len(a.habits.vpn) > 0 && len(a.habits.vpn[r.OrigH.Unmap()]) > 0 {
			a.habits.visited(r.OrigH.Unmap(), r.RespH.Unmap(), r.RespP, r.TS, r.Ref)
		}
	case *dns.Message:
		a.meet(r.OrigH, r.RespH, r.TS)
		if !a.only && r.RespH.IsValid() && len(a.answers) < maxAddresses {
			a.answers[r.RespH.Unmap()] = struct{}{}
		}
		for _, answer := range r.Answers {
			if ip, err := netip.ParseAddr(answer); err == nil && ip.IsPrivate() {
				a.pair(ip, r.Query, r.TS, looked)
			}
		}
	case *ntlm.Auth:
		a.pair(r.OrigH, r.Hostname, r.TS, claimed)
		a.pair(r.RespH, cmp.Or(r.ServerDNS, r.ServerNetBIOS), r.TS, logged)
	case *kerberos.Exchange:
		client, _, _ := strings.Cut(r.Client, "/")
		if name, machine := strings.CutSuffix(client, "$"); machine {
			a.pair(r.OrigH, name, r.TS, logged)
		}
	case *dhcp.Record:
		a.pair(r.AssignedAddr, cmp.Or(r.ClientFQDN, r.HostName), r.TS, logged)
	}
}

// meeting is two addresses that met on a day.
type meeting struct {
	orig, resp netip.Addr
	day        int64
}

// meet is fan for two addresses. Nothing is new when they meet again on a day.
func (a *Aliases) meet(orig, resp netip.Addr, ts record.Time) {
	m := meeting{orig, resp, int64(ts) / int64(day)}
	at := &a.met[m.slot()]
	if *at == m {
		return
	}
	*at = m
	a.fan(orig, node{"address", resp.String()}, ts)
}

func (m *meeting) slot() uint64 {
	x, y := m.orig.As16(), m.resp.As16()
	h := binary.LittleEndian.Uint64(x[8:])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(x[:])
	h = (h ^ binary.LittleEndian.Uint64(y[8:]) ^ binary.LittleEndian.Uint64(y[:])<<1) * 0xff51afd7ed558ccd
	return h >> (64 - metBits)
}

func (a *Aliases) pair(ip netip.Addr, name string, ts record.Time, by rank) {
	name = HostName(name)
	if !ip.IsValid() || ip.IsUnspecified() || ip.IsLoopback() || ip.IsMulticast() || name == "" {
		return
	}
	ip = ip.Unmap()
	list, known := a.names[ip]
	for i := range list {
		if list[i].host == name && list[i].rank == by {
			list[i].span.Grow(ts)
			return
		}
	}
	if (!known && len(a.names) >= maxAddresses) || len(list) >= maxNames {
		return
	}
	a.names[ip] = append(list, naming{host: name, rank: by, span: record.Span{Start: ts, End: ts}})
}

func (a *Aliases) fan(orig netip.Addr, resp node, ts record.Time) {
	if a.only || !orig.IsValid() || !home(a.homeNet, orig) {
		return
	}
	a.habits.reached(orig.Unmap(), resp, ts)
	set := a.fans[resp]
	if set == nil {
		if len(a.fans) >= maxAddresses {
			return
		}
		set = map[netip.Addr]struct{}{}
		a.fans[resp] = set
	}
	if len(set) < maxOriginator {
		set[orig.Unmap()] = struct{}{}
	}
}

func home(nets []netip.Prefix, ip netip.Addr) bool {
	ip = ip.Unmap()
	if len(nets) == 0 {
		return ip.IsPrivate()
	}
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Host is the host that had address ip at ts, or empty when nothing or more
// than one host fits.
func (a *Aliases) Host(ip netip.Addr, ts record.Time) string {
	if a == nil {
		return ""
	}
	for _, by := range []rank{logged, looked, claimed} {
		if name := a.best(ip.Unmap(), ts, by); name != "" {
			return name
		}
	}
	return ""
}

// best is the name whose span is nearest to ts; two equally near ones are none.
func (a *Aliases) best(ip netip.Addr, ts record.Time, by rank) string {
	name, least, tie := "", time.Duration(1<<62), false
	for _, n := range a.names[ip] {
		if n.rank != by {
			continue
		}
		d := distance(n.span, ts)
		switch {
		case d > aliasStretch*time.Second:
		case d < least:
			name, least, tie = n.host, d, false
		case d == least && n.host != name:
			tie = true
		}
	}
	if tie {
		return ""
	}
	return name
}

func distance(s record.Span, ts record.Time) time.Duration {
	switch {
	case ts == 0 || s.Start == 0:
		return 0
	case ts < s.Start:
		return s.Start.Sub(ts)
	case ts > s.End:
		return ts.Sub(s.End)
	}
	return 0
}

// fanOf is how many own hosts were seen talking to each host and address, at
// most 64; a host's addresses count for it.
func (a *Aliases) fanOf() map[node]int {
	out := map[node]int{}
	if a == nil {
		return out
	}
	for n, set := range a.fans {
		out[n] = len(set)
	}
	for ip, list := range a.names {
		for _, n := range list {
			h := node{"host", n.host}
			out[h] = max(out[h], len(a.fans[node{"address", ip.String()}]))
		}
	}
	for name := range a.issuers {
		out[node{"host", name}] = maxOriginator
	}
	return out
}

// generic are first labels that say what a host is for, not which one it is.
var generic = []string{"www", "web", "mail", "smtp", "mx", "ns", "dns", "api", "localhost", "default", "server", "workstation"}

// HostName is a host's name as it is compared: lower case, without backslashes,
// trailing dot or domain, unless the first label alone would mean little. Names
// that mean no host at all give an empty string.
func HostName(s string) string {
	s = strings.ToLower(strings.Trim(s, `\. `))
	if s == "" || s == "-" || s == "localhost" || s == "workstation" || s == "unknown" || strings.HasPrefix(s, "w3svc") {
		return ""
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return ""
	}
	first, _, ok := strings.Cut(s, ".")
	if !ok || slices.Contains(generic, first) {
		return s
	}
	return first
}

// Holders are which host has which addresses at a time: the one that had each
// last. A client's own word about its name does not count.
func (a *Aliases) Holders(at record.Time) map[string][]netip.Addr {
	out := map[string][]netip.Addr{}
	for ip := range a.names {
		name := a.best(ip, at, logged)
		if name == "" {
			name = a.best(ip, at, looked)
		}
		if name != "" {
			out[name] = append(out[name], ip)
		}
	}
	for _, list := range out {
		slices.SortFunc(list, netip.Addr.Compare)
	}
	return out
}
