package portscan

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// kind groups the scans of one source that one finding tells of.
type kind struct {
	orig netip.Addr
	what string // hosts, ports or echo
}

// judge makes one finding of all scans of a source that are of a kind.
func (d *detector) judge(out detect.Reporter) {
	groups := map[kind][]*scan{}
	for _, s := range d.done {
		k := s.kind()
		if s.sweep == nil || !d.talksToPeers(s) {
			groups[k] = append(groups[k], s)
		}
	}
	for k, scans := range groups {
		slices.SortFunc(scans, func(a, b *scan) int { return cmp.Compare(a.trail.Span.Start, b.trail.Span.Start) })
		d.report(k, scans, out)
	}
}

func (s *scan) kind() kind {
	switch {
	case s.sweep == nil:
		return kind{s.climb.orig, "ports"}
	case s.sweep.proto == "icmp":
		return kind{s.sweep.orig, "echo"}
	}
	return kind{s.sweep.orig, "hosts"}
}

// talksToPeers tells whether a source fails at so many ports that this one is
// no choice of its own: file sharing, games, calls.
func (d *detector) talksToPeers(s *scan) bool {
	from := d.sources.Peek(s.sweep.orig, s.end)
	return from != nil && s.sweep.proto != "icmp" && len(from.ports) > 20 && s.failed*3 < from.failed
}

func (d *detector) report(k kind, scans []*scan, out detect.Reporter) {
	var trail detect.Trail
	days := map[record.Time]bool{}
	inside, most := false, 0
	var parts []string
	for _, s := range scans {
		trail.Join(&s.trail)
		trail.Span.Grow(s.end)
		days[s.trail.Span.Start/record.Time(24*time.Hour)] = true
		most = max(most, s.failed)
		if text := s.text(); len(parts) < 8 && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
		inside = inside || d.inside(s)
	}
	severity, confidence := finding.Low, uint8(55)
	title, techniques := "Scan for hosts with an open port", []attack.ID{"T1046", "T1018"}
	why := []string{finding.Because("%v tried in vain %s", k.orig, strings.Join(parts, "; "))}
	switch k.what {
	case "ports":
		title, techniques = "Scan of a host's ports", []attack.ID{"T1046"}
	case "echo":
		title, techniques = "Scan for hosts by echo requests", []attack.ID{"T1018"}
	}
	if more := len(scans) - len(parts); more > 0 {
		why = append(why, finding.Because("and %d more such scans", more))
	}
	switch {
	case !d.env.Home(k.orig) && !inside:
		why = append(why, "neither side is in the own networks, as far as they are known")
	case !d.env.Home(k.orig):
		confidence = 70
		why = append(why, "it comes from outside: everybody's addresses are scanned all the time, and what matters is whether it got in afterwards")
	case len(days) >= d.config.Days:
		confidence = 40
		why = append(why, finding.Because("it did so on %d days, as a vulnerability scanner or an inventory does", len(days)))
	case k.what == "echo":
	case inside:
		severity, confidence = finding.Medium, 65
		why = append(why, "it looks around inside; unless it is your scanner, somebody is finding the way")
	default:
		severity, confidence = finding.Medium, 60
		why = append(why, "it looks for strangers' doors, as a host does that was taken over to find the next one")
	}
	f := trail.Finding(severity, confidence, why...)
	f.Title, f.Techniques = title, techniques
	f.Entities = append(f.Entities, record.Entity{Kind: "address", Value: k.orig.String(), Role: "originator"})
	out.Report(f)
}

// inside tells whether a scan is for own hosts.
func (d *detector) inside(s *scan) bool {
	if s.climb != nil {
		return d.env.Home(s.climb.resp)
	}
	for _, e := range s.trail.Entities {
		if a, err := netip.ParseAddr(e.Value); err == nil && a != s.sweep.orig && d.env.Home(a) {
			return true
		}
	}
	return false
}

func (s *scan) text() string {
	took := s.end.Sub(s.trail.Span.Start).Round(time.Second)
	switch {
	case s.climb != nil:
		return fmt.Sprintf("%s of %v within %v (%d tried)", number(s.failed, s.climb.proto+" ports"), s.climb.resp, took, s.tried)
	case s.sweep.proto == "icmp":
		return fmt.Sprintf("%s to answer an echo request within %v (%d asked)", number(s.failed, "addresses"), took, s.tried)
	}
	return fmt.Sprintf("port %d/%s of %s within %v (%d tried)", s.sweep.port, s.sweep.proto, number(s.failed, "hosts"), took, s.tried)
}

func number(n int, what string) string {
	if n >= maxPeers {
		return fmt.Sprintf("%d or more %s", n, what)
	}
	return fmt.Sprintf("%d %s", n, what)
}
