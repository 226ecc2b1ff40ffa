// Package calledback finds a host that is made to log on to whoever asked it to:
// another host opens its file sharing, and at once its kernel opens file sharing
// of that other host, which it never did before. Calls of the print, encrypting
// file system and distributed file system services do that (MS-RPRN 3.1.4.10.4,
// MS-EFSR 3.1.4.2.1, MS-DFSNM 3.1.4.4.1); the logon can be passed on.
package calledback

import (
	"net/netip"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector pairs the connections of a host with those that come to it.
var Detector = detect.Spec{
	ID:         "called-back",
	Title:      "Host made to log on to whoever called it",
	Techniques: []attack.ID{"T1187"},
	New: func(detect.Env) detect.Detector {
		return &detector{pairs: recent.New[pair, dealing](30*24*time.Hour, 1<<14)}
	},
}

const (
	answer = 3 * time.Second // for the call back: it happens within the call
	smb    = 445
)

// detector remembers for a month which hosts open file sharing of which.
type detector struct{ pairs *recent.Map[pair, dealing] }

type pair struct {
	host  string
	other netip.Addr
}

// dealing is what went on between a host and an address.
type dealing struct {
	in, out   *host.Socket // the last one that came, and the first one that went
	told, old bool
}

// Handlers subscribes to connections of file sharing.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(wanted, d.socket)}
}

func wanted(s *host.Socket) bool {
	return s.RespP == smb && s.OrigH.IsValid() && s.RespH.IsValid() && s.OrigH != s.RespH && !s.OrigH.IsLoopback()
}

func (d *detector) socket(s *host.Socket, out detect.Reporter) {
	other := s.OrigH
	if s.Initiated {
		other = s.RespH
	}
	p := d.pairs.At(pair{s.Host, other}, s.TS)
	switch {
	case p.told || p.old:
		return
	case !s.Initiated:
		p.in = s
		if p.out != nil && near(p.out.TS, s.TS) {
			d.report(p, out)
		}
	case winpath.Base(s.Image) != "system" && s.Image != "":
		return
	case p.out != nil:
		p.old = true // it opens that host's shares now and then
	default:
		p.out = s
		if p.in != nil && near(p.in.TS, s.TS) {
			d.report(p, out)
		}
	}
}

// near: the log may name the two in either order, with times of the same second.
func near(a, b record.Time) bool { return b.Sub(a) <= answer }

func (d *detector) report(p *dealing, out detect.Reporter) {
	p.told = true
	var trail detect.Trail
	trail.Add(p.in)
	trail.Add(p.out)
	out.Report(trail.Finding(finding.Medium, 45,
		finding.Because("%v opened file sharing of %s (%v), and within %v that host's kernel opened file sharing of %v, for the first time in the evidence", p.in.OrigH, p.in.Host, p.in.RespH, answer, p.out.RespH),
		"a host that is asked by its print or file services to report to an address does so, and gives away a logon",
		"could also be: two hosts that use each other's shares"))
}
