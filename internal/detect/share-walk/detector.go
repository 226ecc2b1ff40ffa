// Package sharewalk finds a host that opens administrative shares of several
// servers within an hour without having looked for them first: no failed
// connection, no sweep. Somebody knows where to go.
package sharewalk

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/detect/roles"
	"longwatch/internal/finding"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/winpath"
)

// Detector counts targets and failures per source.
var Detector = detect.Spec{
	ID:         "share-walk",
	Title:      "Administrative shares of several hosts opened without a scan",
	Techniques: []attack.ID{"T1021.002", "T1135"},
	Dossier:    []string{"TH-05"},
	New: func(detect.Env) detect.Detector {
		return &detector{sources: recent.New[netip.Addr, walk](window, 1<<13)}
	},
}

const (
	window   = time.Hour // dossier TH-05
	least    = 3         // targets
	most     = 20        // more is software deployment or backup
	failures = 0         // of connections to 445: a scanner has many
)

// detector remembers, for an hour after its last move, what each source opened.
// It judges at the end, when the number of targets is known.
type detector struct {
	sources *recent.Map[netip.Addr, walk]
	done    []finished
	roles   roles.Servers
}

type walk struct {
	trail   detect.Trail
	targets []string
	failed  []netip.Addr
	last    record.Time
}

type finished struct {
	source netip.Addr
	walk   walk
}

const maxDone = 1 << 12

// Handlers subscribes to shares and to connections that failed.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(m *smb.Mapping) bool { return admin(m.Path) }, func(m *smb.Mapping, _ detect.Reporter) {
			d.open(m, m.OrigH, m.RespH.String())
		}),
		detect.OnIf(func(s *host.ShareAccess) bool { return admin(s.Share) && s.Source.IsValid() && !s.Source.IsLoopback() }, func(s *host.ShareAccess, _ detect.Reporter) {
			d.open(s, s.Source, s.Host)
		}),
		detect.OnIf(func(c *network.Conn) bool {
			return c.RespP == 445 && c.Proto == "tcp" && (c.State == "S0" || c.State == "REJ" || c.State == "RSTOS0")
		}, func(c *network.Conn, _ detect.Reporter) {
			w := d.at(c.OrigH, c.TS)
			if len(w.failed) <= most && !slices.Contains(w.failed, c.RespH) {
				w.failed = append(w.failed, c.RespH)
			}
		}),
		detect.OnIf(roles.Serves, func(c *network.Conn, _ detect.Reporter) { d.roles.Learn(c) }),
		detect.AtEnd(d.judge),
	}
}

// admin tells whether a share is ADMIN$ or the root of a drive; IPC$ is not.
func admin(share string) bool {
	base := winpath.Base(share)
	return base == "admin$" || (len(base) == 2 && base[1] == '$')
}

// at is the present walk of a source; one that rested for an hour is over.
func (d *detector) at(source netip.Addr, ts record.Time) *walk {
	w := d.sources.At(source, ts)
	if w.last != 0 && ts.Sub(w.trail.Span.Start) > window && len(w.targets) > 0 {
		*w = walk{}
	}
	w.last = ts
	return w
}

func (d *detector) open(r record.Record, source netip.Addr, target string) {
	w := d.at(source, r.Base().TS)
	if !slices.Contains(w.targets, target) && len(w.targets) <= most {
		w.targets = append(w.targets, target)
	}
	w.trail.Add(r)
	if len(w.targets) >= least {
		d.keep(source, *w)
	}
}

// keep notes a walk with enough targets, in place of what was noted of it before.
func (d *detector) keep(source netip.Addr, w walk) {
	for i := range d.done {
		if d.done[i].source == source && d.done[i].walk.trail.Span.Start == w.trail.Span.Start {
			d.done[i].walk = w
			return
		}
	}
	if len(d.done) < maxDone {
		d.done = append(d.done, finished{source, w})
	}
}

// servers is how many of the targets serve other hosts too. The walk of TH-05
// goes for servers; software deployment walks workstations.
func (d *detector) servers(targets []string) int {
	n := 0
	for _, t := range targets {
		if a, err := netip.ParseAddr(t); err == nil && d.roles.Is(a) {
			n++
		}
	}
	return n
}

func (d *detector) judge(out detect.Reporter) {
	times := map[netip.Addr]int{}
	for _, f := range d.done {
		times[f.source]++
	}
	slices.SortFunc(d.done, func(a, b finished) int {
		return cmp.Or(a.source.Compare(b.source), cmp.Compare(a.walk.trail.Span.Start, b.walk.trail.Span.Start))
	})
	for _, f := range d.done {
		w := f.walk
		if len(w.targets) > most || len(w.failed) > failures {
			continue
		}
		severity, confidence := finding.Medium, uint8(55)
		why := []string{finding.Because("%v opened administrative shares of %d hosts within %v: %s", f.source, len(w.targets), w.trail.Span.End.Sub(w.trail.Span.Start).Round(time.Second), strings.Join(w.targets, ", ")),
			"no connection to a file share failed in that time, as it would in a scan"}
		if times[f.source] > 2 {
			severity, confidence = finding.Low, 30
			why = append(why, finding.Because("it does so again and again (%d times), as management and backup do", times[f.source]))
		}
		if n := d.servers(w.targets); n < least && severity > finding.Low {
			severity, confidence = finding.Low, 35
			why = append(why, finding.Because("%d of them are seen serving other hosts: management walks workstations, intruders walk servers", n))
		}
		out.Report(w.trail.Finding(severity, confidence, why...))
	}
}
