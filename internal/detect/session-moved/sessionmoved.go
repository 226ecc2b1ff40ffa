// Package sessionmoved finds sessions of a VPN gateway that are used from two
// addresses in turn: somebody holds the session's token besides the one who
// logged in, as after CVE-2023-4966 of NetScaler, which gave tokens away.
package sessionmoved

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/appliance"
	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector follows the addresses of each session.
var Detector = detect.Spec{
	ID:         "session-moved",
	Title:      "VPN session used from two addresses in turn",
	Techniques: []attack.ID{"T1550.004", "T1190"},
	New:        func(detect.Env) detect.Detector { return &detector{sessions: recent.New[key, session](keep, 1<<14)} },
}

const (
	keep = 12 * time.Hour
	near = time.Hour // between the uses of the two: who travels does not come back so soon
)

// detector remembers, for twelve hours after its last use, who used a session.
type detector struct{ sessions *recent.Map[key, session] }

type key struct{ host, id string }

type session struct {
	trail detect.Trail
	last  netip.Addr
	left  map[netip.Addr]record.Time // addresses used before, and when last
	told  bool
}

// Handlers subscribes to messages that name a session and a client.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(s *host.Syslog) bool {
		return s.Product == appliance.NetScaler && s.Get("SessionId") != "" && s.Get("Client_ip") != ""
	}, d.message)}
}

func (d *detector) message(s *host.Syslog, out detect.Reporter) {
	a, err := netip.ParseAddr(strings.TrimSpace(s.Get("Client_ip")))
	if err != nil {
		return
	}
	k := key{s.Host, s.Get("SessionId")}
	if strings.HasSuffix(s.Code, " LOGIN") { // numbers are used again
		d.sessions.Forget(k)
	}
	e := d.sessions.At(k, s.TS)
	if e.last == a {
		return
	}
	e.trail.Add(s)
	back, before := e.left[a]
	if e.left == nil {
		e.left = map[netip.Addr]record.Time{}
	}
	if e.last.IsValid() && len(e.left) < 16 {
		e.left[e.last] = s.TS
	}
	other := e.last
	e.last = a
	if !before || s.TS.Sub(back) > near || e.told || sameNet(a, other) {
		return
	}
	e.told = true
	f := e.trail.Finding(finding.High, 70,
		finding.Because("session %s of %q on %s was used from %v, then from %v, then from %v again, within an hour", k.id, s.Get("User"), s.Host, a, other, a),
		"nobody logs in anew between: both hold the session's token; end all sessions, and ask the user which address is theirs")
	for _, x := range []netip.Addr{a, other} {
		n := record.Entity{Kind: "address", Value: x.String(), Role: "originator"}
		if !slices.Contains(f.Entities, n) {
			f.Entities = append(f.Entities, n)
		}
	}
	out.Report(f)
}

// sameNet tells whether two addresses are likely of one provider: phones move
// between them.
func sameNet(a, b netip.Addr) bool {
	bits := 16
	if a.Is6() {
		bits = 32
	}
	p, err := a.Prefix(bits)
	return err == nil && p.Contains(b)
}
