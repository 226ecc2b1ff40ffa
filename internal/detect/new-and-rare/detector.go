// Package newandrare finds what is new for a host and what hardly another host
// of the organisation has: a program, a client's fingerprint, a peer, a
// certificate. One of these is a working day; several of different kinds on one
// host within a day are a tool that was brought and talks to its owner.
package newandrare

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
)

// Detector joins what is new and rare on a host within a day.
var Detector = detect.Spec{
	ID:         "new-and-rare",
	Title:      "Host has what no other has, and never had it before",
	Techniques: []attack.ID{"T1105", "T1071"},
	New:        func(detect.Env) detect.Detector { return &detector{config: defaults, open: map[string]*group{}} },
}

// Config are the thresholds.
type Config struct {
	Window  time.Duration // what is new within it is one story
	Holders uint64        // hosts that have it, with this one: more is a pilot of something, or a taste
}

var defaults = Config{Window: 24 * time.Hour, Holders: 2}

const maxOpen = 1 << 14 // hosts with something new; when there are more, all are judged at once

// detector keeps what is new of each host within the window.
type detector struct {
	config Config
	open   map[string]*group
}

type group struct {
	first *habit.Novelty
	trail detect.Trail
	news  []*habit.Novelty // one of each kind and value
}

// Handlers subscribes to what is new of hosts.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(n *habit.Novelty) bool { return n.Account == "" }, d.novelty),
		detect.AtEnd(d.judgeAll),
	}
}

const maxNews = 64

func (d *detector) novelty(n *habit.Novelty, out detect.Reporter) {
	if n.Holders > d.config.Holders {
		return
	}
	g := d.open[n.Host]
	if g != nil && n.TS.Sub(g.first.TS) > d.config.Window {
		d.judge(g, out)
		g = nil
	}
	if g == nil {
		if len(d.open) >= maxOpen {
			d.judgeAll(out)
		}
		g = &group{first: n}
		d.open[n.Host] = g
	}
	same := func(o *habit.Novelty) bool { return o.Kind == n.Kind && o.Value == n.Value }
	if len(g.news) < maxNews && !slices.ContainsFunc(g.news, same) {
		g.trail.Add(n)
		g.news = append(g.news, n)
	}
}

func (d *detector) judgeAll(out detect.Reporter) {
	for _, g := range d.open {
		d.judge(g, out)
	}
	clear(d.open)
}

// tools are kinds that say what runs on a host, ends those that say to whom it
// talks.
var (
	tools = []string{baseline.Software.String(), baseline.Hello.String(), baseline.Agent.String(), baseline.SSHClient.String()}
	ends  = []string{baseline.Site.String(), baseline.Peer.String(), baseline.Certificate.String()}
)

func (d *detector) judge(g *group, out detect.Reporter) {
	var tool, end, odd, sole *habit.Novelty
	for _, n := range g.news {
		switch {
		case slices.Contains(tools, n.Kind):
			if tool == nil {
				tool = n
			}
			if n.Kind == baseline.Software.String() && foreign(shown(n)) {
				odd = n
			}
		case slices.Contains(ends, n.Kind):
			if end == nil {
				end = n
			}
			if n.Holders == 1 && n.Kind != baseline.Certificate.String() {
				sole = n
			}
		}
	}
	severity, confidence := finding.Low, uint8(30)
	switch {
	case odd != nil && odd.Holders == 1 && sole != nil:
		severity, confidence = finding.Medium, 55
	case odd != nil, tool != nil && end != nil:
	default:
		return // one new thing, as every day has
	}
	if g.doubted() != "" {
		confidence += 5
	}
	f := g.trail.Finding(severity, confidence, g.reasons(odd)...)
	f.Entities = g.entities()
	out.Report(f)
}

func (g *group) doubted() string {
	for _, n := range g.news {
		if n.Doubted != "" {
			return n.Doubted
		}
	}
	return ""
}

func shown(n *habit.Novelty) string {
	if n.Shown != "" {
		return n.Shown
	}
	return n.Value
}

const maxTold = 12

func (g *group) reasons(odd *habit.Novelty) []string {
	n := g.first
	why := []string{finding.Because("in %d days %s had none of what came within a day from %v on", int(n.TS.Sub(n.Since)/(24*time.Hour)), n.Host, n.TS)}
	for _, n := range g.news[:min(len(g.news), maxTold)] {
		others := "no other host"
		if n.Holders > 1 {
			others = finding.Because("%d hosts", n.Holders)
			if n.Holders == 2 {
				others = "one other host"
			}
		}
		why = append(why, finding.Because("%s %q: %s of about %d has it", strings.ReplaceAll(n.Kind, "_", " "), shown(n), others, n.Among))
	}
	if odd != nil {
		why = append(why, finding.Because("%q lies where everybody may write and programs are not installed", shown(odd)))
	}
	if f := g.doubted(); f != "" {
		why = append(why, finding.Because("some of it came before, while finding %s was about the host, and so is no habit", f))
	}
	return why
}

// entityOf is the kind of entity that a value is.
var entityOf = map[string]string{"site": "domain", "peer": "address", "ja4": "ja4", "user_agent": "user_agent", "certificate": "certificate", "software": "process"}

func (g *group) entities() []record.Entity {
	kind := "host"
	if _, err := netip.ParseAddr(g.first.Host); err == nil {
		kind = "address"
	}
	out := []record.Entity{{Kind: kind, Value: g.first.Host, Role: ""}}
	for _, n := range g.news {
		if k := entityOf[n.Kind]; k != "" {
			v := n.Value
			if n.Kind == "software" || n.Kind == "user_agent" {
				v = shown(n)
			}
			out = append(out, record.Entity{Kind: k, Value: v})
		}
	}
	return out
}

// foreign tells whether a program lies straight in a folder where everybody may
// write and from which nothing that is installed runs. Installers unpack into
// folders of their own below these, so those do not count; nor do users' own
// temporary folders, in which everything happens.
func foreign(path string) bool {
	p := strings.ToLower(strings.ReplaceAll(path, `\`, "/"))
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return false
	}
	dir := p[:i]
	if len(dir) > 2 && dir[1] == ':' {
		dir = dir[2:]
	}
	switch dir {
	case "/windows/temp", "/perflogs", "/programdata", "/temp", "/$recycle.bin", "/windows/tasks", "/windows/debug", "/intel", "/tmp", "/var/tmp", "/dev/shm", "/run/shm":
		return true
	}
	return strings.HasPrefix(dir, "/users/public") || strings.HasPrefix(dir, "/$recycle.bin/") || strings.HasPrefix(dir, "/dev/shm/") || strings.Contains(dir, "/tmp/.")
}
