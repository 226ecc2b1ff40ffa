// Package sensoralerts passes on what Suricata said in its own log: one finding
// for each signature and own host, graded as Suricata graded it, and lower when
// it is about strangers who knock, as they do at every address.
package sensoralerts

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/evidence/eve"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Detector gathers alerts.
var Detector = detect.Spec{
	ID:         "sensor-alerts",
	Title:      "Suricata raised alerts",
	Techniques: []attack.ID{"T1071", "T1595"}, // of malware that talks, and of strangers who knock; other classes name none
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, groups: map[key]*group{}}
	},
}

const (
	maxGroups = 1 << 13 // signatures by host; later ones are not told of
	maxPeers  = 16
)

// detector keeps, to the end, the alerts of each signature about each own host.
type detector struct {
	env    detect.Env
	groups map[key]*group
}

type key struct {
	own      netip.Addr
	category string
	severity uint8
	inbound  bool
}

type group struct {
	trail      detect.Trail
	signatures []string
	peers      []netip.Addr
	count      int
	last       record.Ref
}

// Handlers subscribes to alerts.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(a *eve.Alert) bool { return a.Severity <= 3 && a.OrigH.IsValid() }, d.alert), detect.AtEnd(d.judge)}
}

func (d *detector) alert(a *eve.Alert, _ detect.Reporter) {
	own, peer := a.OrigH, a.RespH
	inbound := !d.env.Home(a.OrigH) && d.env.Home(a.RespH)
	if inbound {
		own, peer = peer, own
	}
	k := key{own, a.Category, a.Severity, inbound}
	g := d.groups[k]
	if g == nil {
		if len(d.groups) >= maxGroups {
			return
		}
		g = &group{}
		d.groups[k] = g
	}
	if g.last == a.Ref || !g.trail.Add(a) {
		return
	}
	g.last = a.Ref
	g.count++
	if len(g.signatures) < 8 && !slices.Contains(g.signatures, a.Signature) {
		g.signatures = append(g.signatures, a.Signature)
	}
	if len(g.peers) < maxPeers && !slices.Contains(g.peers, peer) {
		g.peers = append(g.peers, peer)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, g := range d.groups {
		severity := finding.Info
		switch k.severity {
		case 1:
			severity = finding.Medium
		case 2:
			severity = finding.Low
		}
		slices.SortFunc(g.signatures, cmp.Compare[string])
		why := []string{finding.Because("Suricata raised %d alerts of severity %d about %v, in the class %q: %q", g.count, k.severity, k.own, k.category, g.signatures)}
		if k.inbound && severity > finding.Info && knocks(k.category) {
			severity--
			why = append(why, "strangers knock at every address; what matters is whether one got in")
		}
		peers := make([]string, len(g.peers))
		for i, p := range g.peers {
			peers[i] = p.String()
		}
		why = append(why, finding.Because("the other side was %s", strings.Join(peers, ", ")))
		f := g.trail.Finding(severity, 50, why...)
		switch f.Techniques = []attack.ID{}; {
		case knocks(k.category) && k.inbound:
			f.Techniques = []attack.ID{"T1595"}
		case strings.Contains(k.category, "Trojan") || strings.Contains(k.category, "Command and Control"):
			f.Techniques = []attack.ID{"T1071"}
		}
		out.Report(f)
	}
}

// knocks tells whether a class is about somebody trying, not succeeding.
func knocks(category string) bool {
	switch category {
	case "Misc Attack", "Attempted Information Leak", "Detection of a Network Scan", "Potentially Bad Traffic", "Misc activity":
		return true
	}
	return false
}
