// Package dnstunnel finds data that goes through DNS in the names that are asked
// for: iodine, dnscat2, implants with a DNS transport, and anything else that
// asks one zone for many long names, each once. Names that are long and many for
// another reason are known by their form: reverse look-ups, service and key
// records, and services that answer questions about hashes and addresses.
package dnstunnel

import (
	"hash/maphash"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record"
)

// Detector measures what each client asks of each zone.
var Detector = detect.Spec{
	ID:         "dns-tunnel",
	Title:      "Tunnel through DNS",
	Techniques: []attack.ID{"T1071.004", "T1572"},
	New: func(detect.Env) detect.Detector {
		return &detector{zones: recent.New[key, zone](6*time.Hour, 1<<11), seed: maphash.MakeSeed()}
	},
}

const (
	// maxNames is how many names of a zone are remembered, to tell new from
	// known ones; more than that are new for all practical purposes.
	maxNames = 256
	// judgeEvery is how often zones are judged while records come.
	judgeEvery = 15 * time.Minute
)

// detector remembers, for six hours after the last one, the names of up to 2048
// pairs of client and zone; of each, digests of up to maxNames names and the first
// records, so that hostile traffic takes some 50 MB at most. The pair that was quiet for longest
// is forgotten first.
type detector struct {
	zones *recent.Map[key, zone]
	seed  maphash.Seed
}

type key struct{ client, zone string }

type zone struct {
	trail detect.Trail
	names map[uint64]struct{}
	stats stats
	marks map[string]int // by tool
	told  bool
}

// Handlers subscribes to long names, and judges now and then, and at the end.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(m *dns.Message) bool { _, ok := split(m.Query); return ok }, d.query),
		detect.Every(judgeEvery, func(_ record.Time, out detect.Reporter) { d.judge(out) }),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) query(m *dns.Message, _ detect.Reporter) {
	n, _ := split(m.Query)
	z := d.zones.At(key{m.OrigH.String(), n.zone}, m.TS)
	if !z.trail.Add(m) {
		return
	}
	z.trail.Entities = appendZone(z.trail.Entities, n.zone)
	if z.names == nil {
		z.names = map[uint64]struct{}{}
	}
	s := &z.stats
	s.queries++
	h := maphash.String(d.seed, n.data)
	if _, known := z.names[h]; !known {
		if len(z.names) < maxNames {
			z.names[h] = struct{}{}
		}
		s.count(n.data)
	}
	if carrying(m.QTypeName) {
		s.carrying++
	}
	for _, a := range m.Answers {
		s.replyBytes += len(a)
	}
	if m.Rejected || len(m.Answers) == 0 {
		s.empty++
	}
	if tool := mark(n); tool != "" {
		if z.marks == nil {
			z.marks = map[string]int{}
		}
		z.marks[tool]++
	}
}

// appendZone adds the zone to the entities once.
func appendZone(to []record.Entity, name string) []record.Entity {
	for _, e := range to {
		if e.Role == "zone" {
			return to
		}
	}
	return append(to, record.Entity{Kind: "domain", Value: name, Role: "zone"})
}

func (d *detector) judge(out detect.Reporter) {
	d.zones.All(func(k key, z *zone) {
		if z.told {
			return
		}
		tool := marked(z.marks)
		severity, confidence := z.stats.judge()
		if tool != "" {
			severity, confidence = finding.High, 85
		}
		if confidence == 0 {
			return
		}
		z.told = true
		s := &z.stats
		f := z.trail.Finding(severity, confidence,
			finding.Because("%s asked the zone %q for %d different long names in %d queries; the part before the zone is %d characters long on average (about %d bytes in all)", k.client, k.zone, s.unique, s.queries, s.mean(), s.bytes()),
			finding.Because("%d %% of the queries were for types that carry text or names, the answers held %d bytes, %d queries had no answer", 100*s.carrying/s.queries, s.replyBytes, s.empty))
		if tool != "" {
			f.Why = append(f.Why, finding.Because("names have the form that %s gives them", tool))
		}
		out.Report(f)
	})
}
