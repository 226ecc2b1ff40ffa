package incident

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is known of ordinary use; what does not fit is not learned,
// and findings are then joined as if it were unusual.
const (
	maxAccounts  = 1 << 16
	maxDigests   = 1 << 17
	widelyUsed   = 24 // pairs of machines between which an account is used: it is many people's, or a service's
	commonOn     = 4  // machines that start a program: it belongs to the house
	sweepWidth   = 12 // machines reached in one day
	sweepDays    = 3  // so many such days make a habit
	maxVPN       = 1 << 14
	vpnLeaseTime = 24 * time.Hour // how long an address given by a VPN is taken to be its client's
)

// habits are what accounts, programs and machines do every day, so that what
// an intruder shares with everybody does not join him to others.
type habits struct {
	accounts map[string]map[[2]string]struct{} // pairs of machines, by account
	digests  map[string]map[string]struct{}    // machines that started it
	sweeps   map[netip.Addr]*sweep
	devices  map[string]struct{}
	vpn      map[netip.Addr][]vpnSession
	visits   map[netip.Addr][]visit // by the address that a VPN gave out
}

// sweep counts the days on which a machine reached many.
type sweep struct {
	day        int64
	seen       map[node]struct{}
	wide, days int
}

// vpnSession is an account that came in from outside and was given an inner address.
type vpnSession struct {
	account string
	device  string
	from    netip.Addr
	at      record.Time
	ref     record.Ref
}

func newHabits() habits {
	return habits{
		accounts: map[string]map[[2]string]struct{}{}, digests: map[string]map[string]struct{}{}, sweeps: map[netip.Addr]*sweep{},
		devices: map[string]struct{}{}, vpn: map[netip.Addr][]vpnSession{}, visits: map[netip.Addr][]visit{},
	}
}

func (h *habits) logon(l *host.Logon) {
	if l.Outcome != "success" {
		return
	}
	if l.Assigned.IsValid() && len(h.vpn) < maxVPN {
		ip := l.Assigned.Unmap()
		if list := h.vpn[ip]; len(list) < maxNames {
			h.vpn[ip] = append(list, vpnSession{account(l.Target), HostName(l.Host), l.Source.Unmap(), l.TS, l.Ref})
		}
	}
	name := account(l.Target)
	if name == "" {
		return
	}
	from := HostName(l.SourceHost)
	if l.Source.IsValid() {
		from = l.Source.Unmap().String()
	}
	if to := HostName(l.Host); from != "" && to != "" {
		count(h.accounts, name, [2]string{from, to}, maxAccounts, widelyUsed)
	}
}

func (h *habits) program(p *host.Process) {
	for _, d := range p.Hashes {
		if len(d) >= 32 {
			count(h.digests, strings.ToLower(d), HostName(p.Host), maxDigests, commonOn)
		}
	}
}

// count adds value to the set of key, as long as there are not too many keys or
// values.
func count[V comparable](sets map[string]map[V]struct{}, key string, value V, most, enough int) {
	set := sets[key]
	if set == nil {
		if len(sets) >= most {
			return
		}
		set = map[V]struct{}{}
		sets[key] = set
	}
	if len(set) < enough {
		set[value] = struct{}{}
	}
}

func (h *habits) device(name string) {
	if name != "" && len(h.devices) < maxAddresses {
		h.devices[name] = struct{}{}
	}
}

// reached counts the machines that orig reaches in a day. Records come in the
// order of time.
func (h *habits) reached(orig netip.Addr, resp node, ts record.Time) {
	today := int64(ts) / int64(day)
	s := h.sweeps[orig]
	if s == nil {
		if len(h.sweeps) >= maxAddresses {
			return
		}
		s = &sweep{day: today, days: 1, seen: map[node]struct{}{}}
		h.sweeps[orig] = s
	}
	if today != s.day {
		s.day, s.days, s.seen = today, s.days+1, map[node]struct{}{}
	}
	if len(s.seen) < sweepWidth {
		s.seen[resp] = struct{}{}
		if len(s.seen) == sweepWidth {
			s.wide++
		}
	}
}

// issues tells whether n is a host that gives out tickets.
func (a *Aliases) issues(n node) bool {
	if a == nil {
		return false
	}
	_, ok := a.issuers[n.value]
	return ok && n.kind == "host"
}

// answered tells whether questions of DNS were put to an address.
func (a *Aliases) answered(address string) bool {
	ip, err := netip.ParseAddr(address)
	if a == nil || err != nil {
		return false
	}
	_, ok := a.answers[ip]
	return ok
}

// resolvers are the machines that questions of DNS were put to.
func (a *Aliases) resolvers() map[node]bool {
	out := map[node]bool{}
	if a == nil {
		return out
	}
	for ip := range a.answers {
		out[node{"address", ip.String()}] = true
		for _, n := range a.names[ip] {
			if n.rank != claimed {
				out[node{"host", n.host}] = true
			}
		}
	}
	return out
}

// isDevice tells whether n is an appliance.
func (a *Aliases) isDevice(n node) bool {
	if a == nil || n.kind != "host" {
		return false
	}
	_, ok := a.habits.devices[n.value]
	return ok
}

// popular are accounts that many machines see.
func (a *Aliases) popular() map[node]bool {
	out := map[node]bool{}
	if a != nil {
		for name, pairs := range a.habits.accounts {
			if len(pairs) >= widelyUsed {
				out[node{"account", name}] = true
			}
		}
	}
	return out
}

// common are digests of programs that many machines start.
func (a *Aliases) common() map[node]bool {
	out := map[node]bool{}
	if a != nil {
		for d, hosts := range a.habits.digests {
			if len(hosts) >= commonOn {
				out[node{"hash", d}] = true
			}
		}
	}
	return out
}

// sweepers are machines that reach many others on most days.
func (a *Aliases) sweepers() map[node]bool {
	out := map[node]bool{}
	if a == nil {
		return out
	}
	for ip, s := range a.habits.sweeps {
		if s.wide < sweepDays || s.wide*2 < s.days {
			continue
		}
		out[node{"address", ip.String()}] = true
		for _, n := range a.names[ip] {
			if n.rank != claimed {
				out[node{"host", n.host}] = true
			}
		}
	}
	return out
}

// cameBy is the last session of a VPN that was given ip before ts.
func (a *Aliases) cameBy(ip netip.Addr, ts record.Time) (vpnSession, bool) {
	if a == nil {
		return vpnSession{}, false
	}
	var found vpnSession
	for _, s := range a.habits.vpn[ip.Unmap()] {
		if s.at <= ts && ts.Sub(s.at) <= vpnLeaseTime && s.at >= found.at {
			found = s
		}
	}
	return found, found.at != 0
}

// assigned tells whether a VPN is known to have given an inner address to an
// account.
func (a *Aliases) assigned(name string) bool {
	if a == nil || name == "" {
		return false
	}
	for _, list := range a.habits.vpn {
		if slices.ContainsFunc(list, func(s vpnSession) bool { return s.account == name }) {
			return true
		}
	}
	return false
}
