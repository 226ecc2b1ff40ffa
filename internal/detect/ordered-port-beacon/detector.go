// Package orderedportbeacon finds regular connections to outside servers on
// ports of ordered digits, as TGR-STA-1030's VShell servers listen on.
package orderedportbeacon

import (
	"net/netip"
	"slices"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector measures how regular connections to such ports are.
var Detector = detect.Spec{
	ID:         "ordered-port-beacon",
	Title:      "Regular connections to a port of ordered digits",
	Techniques: []attack.ID{"T1571", "T1071.001"},
	Dossier:    []string{"TG-16"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pairs: map[pair]*series{}}
	},
}

const (
	leastFlows = 20  // dossier TG-16
	variation  = 0.2 // standard deviation of the gaps divided by their mean
	maxPairs   = 1 << 13
	maxTimes   = 4096 // starts kept per pair, the first ones
)

// ordered are the ports, our reading of "five-digit ports using ordered numbers".
var ordered = []uint16{12345, 23456, 34567, 45678, 56789, 54321, 43210, 65432}

// detector keeps the starts of connections per pair, to the end.
type detector struct {
	env   detect.Env
	pairs map[pair]*series
}

type pair struct {
	orig, resp netip.Addr
	port       uint16
}

type series struct {
	trail  detect.Trail
	starts []record.Time
}

// Handlers subscribes to connections to the ports.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *network.Conn) bool { return c.Proto == "tcp" && slices.Contains(ordered, c.RespP) }, d.conn),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if !d.env.Home(c.OrigH) || d.env.Home(c.RespH) {
		return
	}
	k := pair{c.OrigH, c.RespH, c.RespP}
	s := d.pairs[k]
	if s == nil {
		if len(d.pairs) >= maxPairs {
			return
		}
		s = &series{}
		d.pairs[k] = s
	}
	s.trail.Add(c)
	if len(s.starts) < maxTimes && !slices.Contains(s.starts, c.TS) {
		s.starts = append(s.starts, c.TS)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, s := range d.pairs {
		mean, cv := detect.Pace(s.starts)
		if len(s.starts) < leastFlows || cv >= variation || mean < time.Second {
			continue
		}
		out.Report(s.trail.Finding(finding.Medium, 65,
			finding.Because("%v connected to %v port %d every %v, %d times; the gaps vary by %.0f %% only", k.orig, k.resp, k.port, mean.Round(time.Second), len(s.starts), 100*cv)))
	}
}
