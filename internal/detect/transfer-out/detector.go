// Package transferout finds a host that sends more than it ever did: on one day,
// or little by little to a peer that hardly anybody else uses. It is measured by
// the host's own past, by quantiles, which one large day does not shift.
package transferout

import (
	"net/netip"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/habit"
)

// Detector judges unusual days and streams of sending.
var Detector = detect.Spec{
	ID:         "transfer-out",
	Title:      "Host sends more than it ever did",
	Techniques: []attack.ID{"T1048"},
	Dossier:    []string{"TG-26"},
	New:        func(env detect.Env) detect.Detector { return &detector{config: defaults} },
}

// Config are the thresholds.
type Config struct {
	PastDays uint64        // of sending, before a day is compared with them
	Factor   uint64        // times what all but one in twenty days had
	Highest  uint64        // times what the largest day had
	Holders  uint64        // hosts of the organisation that use the peer: more is a service that people know
	Fresh    time.Duration // since the host first used the peer
	OneSided uint64        // times what the peer gave back: an upload
	Inside   uint64        // bytes of a day to own hosts below which it is the work of the office
	Stream   uint64        // bytes of a stream
	Medians  uint64        // days of ordinary sending that a stream amounts to
	Piece    uint64        // bytes of the largest connection of a stream's day: reports of a program are small and many
	Lately   time.Duration // since the host first used the peer of a stream
}

var defaults = Config{
	PastDays: 10, Factor: 5, Highest: 2, Holders: 2, Fresh: 7 * 24 * time.Hour, OneSided: 4, Inside: 2 << 30,
	Stream: 512 << 20, Medians: 10, Piece: 8 << 20, Lately: 60 * 24 * time.Hour,
}

// detector keeps nothing: what is unusual was told from what is known before.
type detector struct{ config Config }

// Handlers subscribes to unusual sending.
func (d *detector) Handlers() []detect.Handler { return []detect.Handler{detect.On(d.outflow)} }

func (d *detector) outflow(o *habit.Outflow, out detect.Reporter) {
	switch {
	case o.Kind == "stream":
		d.stream(o, out)
	case o.PastDays >= d.config.PastDays && o.Sent >= d.config.Factor*o.P95 && o.Sent >= d.config.Highest*o.Max:
		d.day(o, out)
	}
}

// upload tells whether a peer took and hardly gave.
func (d *detector) upload(o *habit.Outflow) bool { return o.PeerSent >= d.config.OneSided*o.PeerTaken }

func (d *detector) day(o *habit.Outflow, out detect.Reporter) {
	f := finding.Finding{Severity: finding.Low, Confidence: 40, Refs: refs(o), Entities: entities(o)}
	f.Why = []string{finding.Because("%s sent %s to %s peers on %s; on %d days before it was %s in the median, %s or less on 19 of 20, and never more than %s",
		o.Host, size(o.Sent), o.Class, date(o.TS), o.PastDays, size(o.Median), size(o.P95), size(o.Max))}
	if o.Class == "inside" {
		if o.Sent < d.config.Inside {
			return
		}
		f.Title, f.Techniques = "Host sends more to own hosts than it ever did", []attack.ID{"T1074.002"}
		out.Report(f)
		return
	}
	if o.Peer != "" {
		f.Why = append(f.Why, finding.Because("%s of it went to %q (%s), which gave %s back; %d of about %d hosts have used it, this one since %s", size(o.PeerSent), o.Peer, o.PeerAddr, size(o.PeerTaken), o.Holders, o.Among, date(o.PeerSince)))
	}
	if o.Peer != "" && o.Holders <= d.config.Holders && 2*o.PeerSent >= o.Sent && d.upload(o) && o.TS.Sub(o.PeerSince) <= d.config.Fresh {
		f.Severity, f.Confidence = finding.Medium, 55
		f.Ask = []string{finding.Because("who sent %s from %s to %q, and what was it?", size(o.PeerSent), o.Host, o.Peer)}
	}
	if o.OddHour {
		f.Confidence += 10
		f.Why = append(f.Why, finding.Because("the largest connection began at %s UTC, an hour at which the host was never active", o.TS.Std().Format("15:04")))
	}
	out.Report(f)
}

func (d *detector) stream(o *habit.Outflow, out detect.Reporter) {
	if o.Holders > d.config.Holders || !d.upload(o) || o.TS.Sub(o.PeerSince) > d.config.Lately {
		return
	}
	f := finding.Finding{Severity: finding.Low, Confidence: 35, Refs: refs(o), Entities: entities(o), Start: o.First, End: o.TS, Title: "Host sends little by little to a peer that hardly anybody uses", Techniques: []attack.ID{"T1030", "T1048"}}
	f.Why = []string{
		finding.Because("%s sent %s to %q (%s) on %d days since %s; it sends %s to %s peers on an ordinary day", o.Host, size(o.Sent), o.Peer, o.PeerAddr, o.Days, date(o.First), size(o.Median), o.Class),
		finding.Because("the peer gave %s back on the last of these days for %s; %d of about %d hosts have used it, this one since %s", size(o.PeerTaken), size(o.PeerSent), o.Holders, o.Among, date(o.PeerSince)),
	}
	if o.Holders == 1 && o.Sent >= d.config.Stream && o.Sent >= d.config.Medians*o.Median && o.Largest >= d.config.Piece {
		f.Severity, f.Confidence = finding.Medium, 50
		f.Why = append(f.Why, finding.Because("that is %d ordinary days' worth, in connections of up to %s", o.Sent/max(o.Median, 1), size(o.Largest)))
	}
	if f.Severity == finding.Low && o.Sent < d.config.Medians*o.Median {
		return
	}
	out.Report(f)
}

func refs(o *habit.Outflow) []record.Ref { return append([]record.Ref{o.Ref}, o.More...) }

func entities(o *habit.Outflow) []record.Entity {
	var out []record.Entity
	add := func(s, role, other string) {
		if s == "" {
			return
		}
		kind := other
		if _, err := netip.ParseAddr(s); err == nil {
			kind = "address"
		}
		out = append(out, record.Entity{Kind: kind, Value: s, Role: role})
	}
	add(o.Host, "originator", "host")
	add(o.Peer, "responder", "domain")
	add(o.PeerAddr, "responder", "address")
	return out
}

func date(t record.Time) string { return t.Std().Format(time.DateOnly) }

// size is bytes as people say them.
func size(n uint64) string {
	switch {
	case n >= 10<<30:
		return finding.Because("%d GiB", n>>30)
	case n >= 1<<30:
		return finding.Because("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return finding.Because("%d MiB", n>>20)
	}
	return finding.Because("%d KiB", (n+1023)>>10)
}
