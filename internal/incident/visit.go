package incident

import (
	"net/netip"
	"slices"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// doors are ports by which somebody works on a machine from afar: secure shell,
// remote procedure calls, file sharing, remote desktop and remote management.
var doors = []uint16{22, 135, 445, 3389, 5985, 5986}

// visit is a connection from an address that a VPN had given out to a door of a
// machine.
type visit struct {
	to  netip.Addr
	at  record.Time
	ref record.Ref
}

const (
	maxVisitors = 1 << 12 // addresses of VPN sessions whose visits are known
	maxVisits   = 32      // of each, one for each machine: the first
)

// visited notes a connection of an address that a VPN had given out. Records
// come in the order of time.
func (h *habits) visited(from, to netip.Addr, port uint16, at record.Time, ref record.Ref) {
	if len(h.vpn[from]) == 0 || !slices.Contains(doors, port) {
		return
	}
	list, known := h.visits[from]
	if !known && len(h.visits) >= maxVisitors || len(list) >= maxVisits {
		return
	}
	for _, v := range list {
		if v.to == to && at.Sub(v.at) < vpnLeaseTime {
			return
		}
	}
	h.visits[from] = append(list, visit{to, at, ref})
}

// byVisit is two steps by way of a VPN whose session opened a door of machine n
// shortly before its first trace, where no logon shows it: the machine's own log
// may be gone, and the wire still tells.
func (s *scene) byVisit(n node, first record.Time) []leg {
	if s.c.aliases == nil {
		return nil
	}
	var found visit
	var from netip.Addr
	for ip, list := range s.c.aliases.habits.visits {
		for _, v := range list {
			to, _ := s.c.addressNode(v.to, v.at)
			switch {
			case to != n || v.at > first.Add(slack) || first.Sub(v.at) > justBefore:
			case v.at > found.at || v.at == found.at && ip.Less(from):
				found, from = v, ip
			}
		}
	}
	vpn, ok := s.c.aliases.cameBy(from, found.at)
	if found.at == 0 || !ok {
		return nil
	}
	in, on := s.vpnLegs(vpn, n)
	on.Move = finding.Move{
		From: in.To, To: s.entity(n), Kind: finding.Connected, Account: vpn.account, Technique: "T1021", Time: found.at, Confidence: 55,
		Why:  finding.Because("the address %s, which the VPN had given to %q, opened a way to work here %s before the first trace; no logon shows it", from, vpn.account, spell(max(first.Sub(found.at), 0))),
		Refs: []record.Ref{found.ref},
	}
	return []leg{in, on}
}

// vpnLegs are the step from outside to an appliance and one, still to be filled,
// from there to machine n.
func (s *scene) vpnLegs(vpn vpnSession, n node) (in, on leg) {
	device := node{"host", vpn.device}
	in = leg{from: node{"address", vpn.from.String()}, to: device}
	in.Move = finding.Move{
		From: s.entity(in.from), To: record.Entity{Kind: "device", Value: vpn.device}, Kind: finding.LoggedOn, Account: vpn.account, Technique: "T1133", Time: vpn.at, Confidence: 70,
		Why: finding.Because("session of the VPN for %q from %s, which was given the address from which %q was reached", vpn.account, vpn.from, n.value), Refs: []record.Ref{vpn.ref},
	}
	return in, leg{from: device, to: n}
}
