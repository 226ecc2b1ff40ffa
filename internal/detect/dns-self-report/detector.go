// Package dnsselfreport finds web pages that report their own address in
// hexadecimal labels of DNS look-ups, the way the OP-512 framework calls home
// (ReliaQuest, 5 June 2026).
package dnsselfreport

import (
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/hexname"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector reports who looked up names that decode to a path or URL.
var Detector = detect.Spec{
	ID:         "dns-self-report",
	Title:      "Page reports its own address in DNS look-ups",
	Techniques: []attack.ID{"T1071.004", "T1132.001"},
	Dossier:    []string{"OP-06"},
	Also:       []string{"OP-07"},
	New: func(detect.Env) detect.Detector {
		return &detector{seen: recent.New[pair, struct{}](120*24*time.Hour, 1<<14)}
	},
}

// detector remembers which host reported to which zone, for 120 days, so that
// a page that is visited every minute is one finding.
type detector struct{ seen *recent.Map[pair, struct{}] }

type pair struct{ who, zone, text string }

// Handlers subscribes to look-ups on the wire and on hosts.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(q *dns.Message) bool { return candidate(q.Query) }, func(q *dns.Message, out detect.Reporter) {
			d.query(q, q.OrigH.String(), q.Query, "", out)
		}),
		detect.OnIf(func(q *host.DNSQuery) bool { return candidate(q.Query) }, func(q *host.DNSQuery, out detect.Reporter) {
			d.query(q, q.Host, q.Query, q.Image, out)
		}),
	}
}

func candidate(name string) bool {
	_, ok := hexname.Decode(name)
	return ok
}

func (d *detector) query(r record.Record, who, name, image string, out detect.Reporter) {
	rep, _ := hexname.Decode(name)
	k := pair{who, rep.Zone, rep.Text}
	if d.seen.Peek(k, r.Base().TS) != nil {
		d.seen.At(k, r.Base().TS)
		return
	}
	d.seen.At(k, r.Base().TS)
	f := finding.Finding{Severity: finding.High, Confidence: 95, Entities: r.RecordType().Entities(r)}
	f.Entities = append(f.Entities, record.Entity{Kind: "domain", Value: rep.Zone, Role: "zone"})
	f.Why = []string{finding.Because("%s looked up %q, whose labels decode to %q", who, name, rep.Text)}
	if page := rep.Page(); page != "" {
		f.Entities = append(f.Entities, record.Entity{Kind: "file", Value: page})
		f.Why = append(f.Why, finding.Because("the decoded text is where the page lies: %q; do not open it, a visit alerts its owner", page))
	}
	if image != "" {
		f.Why = append(f.Why, finding.Because("the look-up was made by %q", image))
	}
	if !rep.Framed {
		f.Confidence, f.Dossier = 80, []string{"OP-07"}
	}
	out.Report(f)
}
