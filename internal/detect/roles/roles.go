// Package roles tells what part a host plays, by what it was seen to do: a
// server is a host that several other inner hosts were answered by. Detectors
// use it to tell servers from workstations without a list of either.
package roles

import (
	"net/netip"
	"slices"

	"longwatch/internal/record/network"
)

const (
	leastClients = 3       // a printer or a shared workstation has one or two
	maxHosts     = 1 << 16 // whose clients are counted; later ones count as no servers
	ephemeral    = 10000   // ports from here on are seldom services that many use
)

// Servers counts the clients of hosts, up to three each. The zero value is
// ready for use.
type Servers struct{ clients map[netip.Addr][]netip.Addr }

// Serves tells whether a connection says something about the role of its
// responder. It is pure, so that it can be used with detect.OnIf.
func Serves(c *network.Conn) bool {
	return c.Proto == "tcp" && c.RespP < ephemeral && c.RespBytes.V > 0 && c.OrigH != c.RespH && c.OrigH.IsPrivate() && c.RespH.IsPrivate()
}

// Learn takes note of a connection for which Serves says yes.
func (s *Servers) Learn(c *network.Conn) {
	known := s.clients[c.RespH]
	if len(known) == 0 && len(s.clients) >= maxHosts || len(known) >= leastClients || slices.Contains(known, c.OrigH) {
		return
	}
	if s.clients == nil {
		s.clients = map[netip.Addr][]netip.Addr{}
	}
	s.clients[c.RespH] = append(known, c.OrigH)
}

// Is tells whether a was seen to serve several hosts.
func (s *Servers) Is(a netip.Addr) bool { return len(s.clients[a]) >= leastClients }
