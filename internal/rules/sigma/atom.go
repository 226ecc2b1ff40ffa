package sigma

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// testKind is how an atom looks at a value.
type testKind uint8

const (
	testPattern testKind = iota
	testRegexp
	testCIDR
	testNumber
	testNull   // the field is absent or empty
	testExists // the field is present
	testField  // compared with another field
	testTime   // a part of a time
)

// anyField is the field number of keywords: every value of the event.
const anyField = -1

// atom asks one thing of one field. It is true when any of its alternatives is
// true of any value of the field.
type atom struct {
	field int
	name  string // as the rule writes it, modifiers included
	kind  testKind

	cased    bool
	patterns []pattern
	res      []*expression
	nets     []netip.Prefix
	compare  string // lt, lte, gt, gte for testNumber; part of time for testTime
	numbers  []float64
	want     bool // testExists
	other    int  // testField
	shape    shape

	lits   []literal // what required found, once asked
	litsOK bool
	asked  bool
}

// eval tells whether a is true of the event in v.
func (a *atom) eval(v *view) bool {
	switch a.kind {
	case testNull:
		i := v.head(a.field)
		return i < 0 || v.vals[i].lo == v.vals[i].hi
	case testExists:
		return (v.head(a.field) >= 0) == a.want
	}
	_, ok := a.find(v)
	return ok
}

// find returns the first value for which a is true.
func (a *atom) find(v *view) (int, bool) {
	if a.field == anyField {
		for i := range v.vals {
			if a.test(v, i) {
				return i, true
			}
		}
		return -1, false
	}
	for i := v.head(a.field); i >= 0; i = v.vals[i].next {
		if a.test(v, i) {
			return i, true
		}
	}
	return -1, false
}

// test tells whether a is true of value i.
func (a *atom) test(v *view, i int) bool {
	//exhaustive:enforce
	switch a.kind {
	case testPattern:
		text := v.folded(i)
		if a.cased {
			text = v.exact(i)
		}
		for j := range a.patterns {
			if a.patterns[j].match(text, &v.work) {
				return v.work >= 0
			}
			if v.work < 0 {
				return false
			}
		}
	case testRegexp:
		for _, re := range a.res {
			if re.match(v, i) {
				return true
			}
		}
	case testCIDR:
		ip, ok := parseIP(v.vals[i].text)
		if !ok || !v.spend(len(a.nets)) {
			return false
		}
		for _, p := range a.nets {
			if p.Contains(ip) {
				return true
			}
		}
	case testNumber:
		n, ok := parseNumber(v.vals[i].text)
		if !ok || !v.spend(len(a.numbers)) {
			return false
		}
		for _, x := range a.numbers {
			if a.compare == "lt" && n < x || a.compare == "lte" && n <= x || a.compare == "gt" && n > x || a.compare == "gte" && n >= x {
				return true
			}
		}
	case testField:
		return a.refers(v, i)
	case testTime:
		n, ok := timePart(v.vals[i].text, a.compare)
		ok = v.spend(len(a.numbers)) && ok
		for _, x := range a.numbers {
			if ok && float64(n) == x {
				return true
			}
		}
	case testNull, testExists: // asked of a field, in eval
	}
	return false
}

// refers compares value i with the values of the other field.
func (a *atom) refers(v *view, i int) bool {
	text := v.folded(i)
	for j := v.head(a.other); j >= 0; j = v.vals[j].next {
		o := v.folded(j)
		if !v.spend(1 + len(text)/searched) {
			return false
		}
		switch a.shape {
		case shapeExact:
			if bytes.Equal(text, o) {
				return true
			}
		case shapePrefix:
			if bytes.HasPrefix(text, o) {
				return true
			}
		case shapeSuffix:
			if bytes.HasSuffix(text, o) {
				return true
			}
		case shapeContains:
			if bytes.Contains(text, o) {
				return true
			}
		}
	}
	return false
}

// parseIP reads an address as logs write it: a zone, brackets and the mapped
// form are taken off.
func parseIP(s string) (netip.Addr, bool) {
	s = strings.Trim(s, "[] ")
	if len(s) < 2 || len(s) > 64 || strings.IndexByte("0123456789abcdefABCDEF:", s[0]) < 0 || !strings.ContainsAny(s, ".:") {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return a.WithZone("").Unmap(), err == nil
}

// parseNumber reads a decimal or 0x number.
func parseNumber(s string) (float64, bool) {
	if s == "" || len(s) > 32 || s[0] != '-' && s[0] != '.' && (s[0] < '0' || s[0] > '9') {
		return 0, false
	}
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		n, err := strconv.ParseUint(s[2:], 16, 64)
		return float64(n), err == nil
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// timePart is minute, hour, day, week, month or year of a time in UTC.
func timePart(s, which string) (int, bool) {
	var t time.Time
	var err error
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err = time.Parse(layout, s); err == nil {
			break
		}
	}
	if err != nil {
		return 0, false
	}
	t = t.UTC()
	switch which {
	case "minute":
		return t.Minute(), true
	case "hour":
		return t.Hour(), true
	case "day":
		return t.Day(), true
	case "week":
		_, w := t.ISOWeek()
		return w, true
	case "month":
		return int(t.Month()), true
	}
	return t.Year(), true
}
