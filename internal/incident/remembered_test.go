package incident

import (
	"strings"
	"testing"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// past is a Memory by value.
type past map[string]int

func (p past) Before(e record.Entity, t record.Time) (record.Time, int) {
	n, ok := p[e.Value]
	if !ok {
		return 0, 0
	}
	return t.Add(-100 * day), n
}

// TestRemembered: an outside address that one host had long before lengthens the
// stay in words; one that many have, an own one and an unknown one do not.
func TestRemembered(t *testing.T) {
	f := finding.Finding{Detector: "d", Title: "t", Severity: finding.High, Confidence: 80, Start: record.Time(day) * 20000, End: record.Time(day) * 20001, Why: []string{"w"},
		Entities: []record.Entity{{Kind: "host", Value: "ws1"}, {Kind: "address", Value: "203.0.113.9", Role: "responder"}, {Kind: "address", Value: "10.0.0.4"}, {Kind: "domain", Value: "cdn.example"}, {Kind: "domain", Value: "odd.example"}}}
	f.Seal()
	said := func(m Memory) string {
		inc := Build([]finding.Finding{f}, Options{Aliases: NewAliases(nil), Memory: m})
		if len(inc) != 1 {
			t.Fatalf("%d incidents", len(inc))
		}
		return strings.Join(inc[0].Dwell.Why, "\n")
	}
	why := said(past{"203.0.113.9": 1, "10.0.0.4": 1, "cdn.example": 200})
	if !strings.Contains(why, `hunts before have seen the address "203.0.113.9" since 2024-06-26, 100 days before the first trace, with 1 host(s)`) || strings.Count(why, "hunts before") != 1 {
		t.Errorf("%s", why)
	}
	if why := said(nil); strings.Contains(why, "hunts before") {
		t.Errorf("without a memory: %s", why)
	}
}
