package intel

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// TestLate: which findings a list of harmless values holds back, and by what;
// the next list begins with what was there before.
func TestLate(t *testing.T) {
	allow, _ := load(t, map[string]string{"ours.txt": "backup.example\n198.51.100.0/24\n10.0.0.9\nd41d8cd98f00b204e9800998ecf8427e\nhttps://cdn.example/lib/\n"})
	late := NewLate(nil, allow)
	entity := func(kind, value, role string) finding.Finding {
		return finding.Finding{Detector: "x", Severity: finding.High, Confidence: 70, Why: []string{"seen"}, Entities: []record.Entity{{Kind: kind, Value: value, Role: role}}}
	}
	for _, tt := range []struct {
		f     finding.Finding
		entry string
	}{
		{entity("domain", "a.backup.example", "queried"), "backup.example"},
		{entity("domain", "notbackup.example", "queried"), ""},
		{entity("address", "198.51.100.7", "responder"), "198.51.100.0/24"},
		{entity("address", "10.0.0.9", "originator"), "10.0.0.9/32"},
		{entity("address", "10.0.0.9", "responder"), ""}, // an own host that something was done to
		{entity("hash", "D41D8CD98F00B204E9800998ECF8427E", ""), "d41d8cd98f00b204e9800998ecf8427e"},
		{entity("url", "http://cdn.example/lib", ""), "cdn.example/lib"},
		{entity("user", "backup.example", ""), ""},
		{finding.Finding{Detector: "intel:x", Severity: finding.Medium, Why: []string{"seen"}, Listed: finding.Listing{Kind: "domain", Value: "w.backup.example", Indicator: "w.backup.example"}}, "backup.example"},
		{finding.Finding{Detector: "intel:x", Severity: finding.Info, Listed: finding.Listing{Kind: "domain", Value: "w.backup.example"}}, ""},
	} {
		got := tt.f
		late.Weigh(&got, netip.Addr.IsPrivate)
		if got.Withheld.Entry != tt.entry || (tt.entry != "") != (got.Severity == finding.Info && tt.f.Severity != finding.Info) {
			t.Errorf("%+v is held by %q, want %q", tt.f.Entities, got.Withheld.Entry, tt.entry)
		}
		late.Weigh(&got, netip.Addr.IsPrivate) // twice is once
		if NewLate(nil, nil).Weigh(&got, netip.Addr.IsPrivate); !cmp.Equal(got, tt.f) {
			t.Errorf("without the list it is %+v, was %+v", got, tt.f)
		}
	}
}
