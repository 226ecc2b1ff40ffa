package dnstunnel

import (
	"fmt"
	"strings"
	"testing"

	"longwatch/internal/detect/detecttest"
	"longwatch/internal/finding"
)

func TestDetector(t *testing.T) { detecttest.Run(t, Detector) }

func TestJudge(t *testing.T) {
	fill := func(s stats, length int) stats {
		s.chars = 0
		for i := range s.unique {
			n := s.unique
			s.count(strings.Repeat(fmt.Sprintf("%x7q2kz0b4", i*2654435761), 30)[:length])
			s.unique = n
		}
		return s
	}
	for _, c := range []struct {
		name       string
		s          stats
		length     int
		severity   finding.Severity
		confidence uint8
	}{
		{"dnscat2", stats{queries: 220, unique: 220, carrying: 220}, 160, finding.High, 85},
		{"iodine begins", stats{queries: 30, unique: 30, carrying: 30}, 120, finding.High, 70},
		{"data that only leaves", stats{queries: 400, unique: 400, empty: 390}, 60, finding.High, 70},
		{"A records with answers, long", stats{queries: 200, unique: 200}, 60, finding.Medium, 60},
		{"a dozen names of a page", stats{queries: 15, unique: 12}, 45, 0, 0},
		{"beacons of a content network", stats{queries: 60, unique: 55}, 45, 0, 0},
		{"one name again and again", stats{queries: 900, unique: 40, carrying: 900}, 60, 0, 0},
		{"short names", stats{queries: 900, unique: 900, carrying: 900}, 30, 0, 0},
	} {
		s := fill(c.s, c.length)
		if severity, confidence := s.judge(); severity != c.severity || confidence != c.confidence {
			t.Errorf("%s: %v %d, want %v %d", c.name, severity, confidence, c.severity, c.confidence)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("aaa.stage.12345678.0123456789abcdef.example.co.uk.")
	f.Add("dnscat.0123456789abcdef0123456789abcdef")
	f.Fuzz(func(t *testing.T, query string) {
		n, ok := split(query)
		if ok && (n.zone == "" || len(n.data)+len(n.zone) > 3*len(query)) {
			t.Fatalf("split(%q) = %+v", query, n)
		}
		mark(n)
	})
}
