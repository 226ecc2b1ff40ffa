package patch

import "strings"

// token is a run of digits or of letters of a version.
type token struct {
	n    uint64
	text string // letters, lower case; empty: a number
}

const maxTokens = 32

// tokens takes a version apart: 9.6p1 is 9, 6, p, 1. Other signs part only.
func tokens(v string) (out []token) {
	v = strings.TrimLeft(strings.ToLower(strings.TrimSpace(v)), "v")
	for i := 0; i < len(v) && len(out) < maxTokens; {
		c := v[i]
		switch {
		case c >= '0' && c <= '9':
			n := uint64(0)
			for ; i < len(v) && v[i] >= '0' && v[i] <= '9'; i++ {
				if n < 1<<56 {
					n = n*10 + uint64(v[i]-'0')
				}
			}
			out = append(out, token{n: n})
		case c >= 'a' && c <= 'z':
			from := i
			for i < len(v) && v[i] >= 'a' && v[i] <= 'z' {
				i++
			}
			out = append(out, token{text: v[from:i]})
		default:
			i++
		}
	}
	return out
}

// early are marks of releases before the one whose number they follow.
var early = map[string]bool{"alpha": true, "beta": true, "rc": true, "pre": true, "preview": true, "dev": true, "snapshot": true}

// compare orders versions: -1, 0 or 1. Numbers are numbers, missing ones are 0,
// letters come between 0 and 1 (9.6 before 9.6p1 before 9.6.1), but before both
// when they say that it is not out yet (2.0-rc1).
func compare(a, b string) int {
	x, y := tokens(a), tokens(b)
	for i := range max(len(x), len(y)) {
		var p, q token
		if i < len(x) {
			p = x[i]
		}
		if i < len(y) {
			q = y[i]
		}
		if c := order(p, q); c != 0 {
			return c
		}
	}
	return 0
}

func order(p, q token) int {
	if c := sign(p.class(), q.class()); c != 0 {
		return c
	}
	if p.text != q.text {
		return strings.Compare(p.text, q.text)
	}
	return sign(p.n, q.n)
}

// class is the place of a token among others: marks of early releases, 0 and
// nothing, letters, numbers.
func (t token) class() uint64 {
	switch {
	case early[t.text]:
		return 0
	case t.text != "":
		return 2
	case t.n == 0:
		return 1
	}
	return 3
}

func sign(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// numbers is of how many numbers a version is.
func numbers(v string) (n int) {
	for _, t := range tokens(v) {
		if t.text == "" {
			n++
		}
	}
	return n
}

// begins tells whether a version is the beginning of another.
func begins(v, whole string) bool {
	x, y := tokens(v), tokens(whole)
	if len(x) == 0 || len(x) > len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// Range is a stretch of versions that have a flaw.
type Range struct {
	From  string `yaml:"from" json:"from,omitempty"`   // the first; empty: from the beginning
	Fixed string `yaml:"fixed" json:"fixed,omitempty"` // the first that has it no more
	Last  string `yaml:"last" json:"last,omitempty"`   // the last that has it, where no later one of the branch is told

	Unsure string `yaml:"unsure" json:"unsure,omitempty"` // why a version in it may be free of it all the same; empty: it is not
}

func (r *Range) holds(v string) bool {
	return (r.From == "" || compare(v, r.From) >= 0) && (r.Fixed == "" || compare(v, r.Fixed) < 0) && (r.Last == "" || compare(v, r.Last) <= 0 || begins(r.Last, v))
}

// near tells whether a version of few numbers may lie on either side of an end
// of the range.
func (r *Range) near(v string) bool {
	return r.From != "" && begins(v, r.From) || r.Fixed != "" && begins(v, r.Fixed) || r.Last != "" && begins(v, r.Last)
}
