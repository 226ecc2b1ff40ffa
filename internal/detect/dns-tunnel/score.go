package dnstunnel

import (
	"math"

	"longwatch/internal/finding"
)

// Config holds the bars.
type Config struct {
	FewNames   int     // different names below which nothing is said: a page load can have a dozen
	ManyNames  int     // as many as a session of minutes needs
	Flood      int     // as many as only data needs, when the types carry little back
	LongName   int     // characters before the zone: a host name is shorter, and so is one UUID
	FullName   int     // so long that names are filled with data as far as they go (iodine, dnscat2)
	NewShare   float64 // of queries for a name not asked for before: caching and retries lower it, look-ups of hosts far more
	TypeShare  float64 // of queries for types that carry text or names back
	LeastEntro float64 // bits per character: encoded data has 3.9 (hexadecimal) and more, words have fewer than 3.5 in long runs
}

var config = Config{FewNames: 20, ManyNames: 50, Flood: 150, LongName: 40, FullName: 100, NewShare: 0.7, TypeShare: 0.5, LeastEntro: 3.5}

// stats is what was measured of one client and zone, long names only.
type stats struct {
	queries, unique   int
	carrying, empty   int
	chars, replyBytes int
	letters           [38]int // a-z, 0-9, dash, anything else
}

// count takes a name not seen before.
func (s *stats) count(data string) {
	s.unique++
	for i := range len(data) {
		switch c := data[i]; {
		case c == '.':
			continue
		case c >= 'a' && c <= 'z':
			s.letters[c-'a']++
		case c >= 'A' && c <= 'Z':
			s.letters[c-'A']++
		case c >= '0' && c <= '9':
			s.letters[26+c-'0']++
		case c == '-':
			s.letters[36]++
		default:
			s.letters[37]++
		}
		s.chars++
	}
}

// mean is the length of a name before its zone, dots left out.
func (s *stats) mean() int {
	if s.unique == 0 {
		return 0
	}
	return s.chars / s.unique
}

// bytes is about how much data the names hold.
func (s *stats) bytes() int { return int(float64(s.chars) * s.entropy() / 8) }

// entropy is Shannon's over all characters, in bits.
func (s *stats) entropy() float64 {
	h, total := 0.0, float64(s.chars)
	for _, n := range s.letters {
		if n > 0 {
			p := float64(n) / total
			h -= p * math.Log2(p)
		}
	}
	return h
}

// judge says how bad it is and how sure that is; a confidence of 0 is nothing.
func (s *stats) judge() (finding.Severity, uint8) {
	c := &config
	if s.unique < c.FewNames || s.mean() < c.LongName || s.entropy() < c.LeastEntro || float64(s.unique) < c.NewShare*float64(s.queries) {
		return 0, 0
	}
	types := float64(s.carrying) >= c.TypeShare*float64(s.queries)
	full := s.mean() >= c.FullName
	switch {
	case types && s.unique >= c.ManyNames, full && s.unique >= c.Flood:
		return finding.High, 85
	case types && full, s.unique >= c.Flood && s.empty*2 >= s.queries, full && s.unique >= c.ManyNames:
		return finding.High, 70
	case types, s.unique >= c.Flood:
		return finding.Medium, 60
	}
	return 0, 0
}
