// Package reversesocks finds hosts that dial out and then answer SOCKS requests
// on that connection: whoever is at the other end reaches what the host reaches.
// EarthWorm's rssocks, iox, Stowaway and many implants work so; a client that
// uses a proxy asks on the connection that it opened itself.
package reversesocks

import (
	"net/netip"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/socks"
)

// Detector reports each pair of hosts once a day.
var Detector = detect.Spec{
	ID:         "reverse-socks",
	Title:      "Host is a proxy for whom it dialled",
	Techniques: []attack.ID{"T1090.001", "T1572"},
	Dossier:    []string{"VT-25", "TG-13"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pairs: recent.New[pair, asked](24*time.Hour, 1<<12)}
	},
}

const (
	// tellAgain is after how many requests a pair is reported a second time,
	// with what was asked for: the first one may be all there is.
	tellAgain = 10
	maxShown  = 5
)

// detector remembers, for a day, what was asked for through each pair.
type detector struct {
	env   detect.Env
	pairs *recent.Map[pair, asked]
}

type pair struct{ proxy, client netip.Addr }

type asked struct {
	trail detect.Trail
	n     int
	shown []string
}

// Handlers subscribes to SOCKS whose client is the responder.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(t *socks.Tunnel) bool { return t.Reverse && !t.Unanswered }, d.tunnel)}
}

func (d *detector) tunnel(t *socks.Tunnel, out detect.Reporter) {
	a := d.pairs.At(pair{t.OrigH, t.RespH}, t.TS)
	if !a.trail.Add(t) {
		return
	}
	a.n++
	if to := target(t); len(a.shown) < maxShown {
		a.shown = append(a.shown, to)
	}
	if a.n != 1 && a.n != tellAgain {
		return
	}
	severity := finding.High
	if d.env.Home(t.OrigH) && d.env.Home(t.RespH) {
		severity = finding.Medium
	}
	out.Report(a.trail.Finding(severity, 85,
		finding.Because("%v opened a connection to %v port %d, and then %v asked it over SOCKS to connect elsewhere: %v is a proxy for whoever is there", t.OrigH, t.RespH, t.RespP, t.RespH, t.OrigH),
		finding.Because("asked for: %q (%d requests so far)", a.shown, a.n)))
}

func target(t *socks.Tunnel) string {
	if t.RequestName != "" {
		return t.RequestName
	}
	return t.RequestHost.String()
}
