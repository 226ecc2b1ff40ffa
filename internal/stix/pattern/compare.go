package pattern

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MatchLeaf tells whether an observation satisfies comparison n by itself, as
// its value in a stream where observations come one by one.
func (p *Pattern) MatchLeaf(n int, o *Observation) bool {
	return p.leaves[n].roots(o) != nil
}

// roots are the identifiers of the objects at which the paths of a comparison
// begin and which satisfy it: AND wants one object that satisfies both sides.
func (c *comparison) roots(o *Observation) map[string]bool {
	if c.test != nil {
		return c.test.roots(o)
	}
	left := c.left.roots(o)
	if left == nil && !c.or {
		return nil
	}
	right := c.right.roots(o)
	if c.or {
		if left == nil {
			return right
		}
		for id := range right {
			left[id] = true
		}
		return left
	}
	for id := range left {
		if !right[id] {
			delete(left, id)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return left
}

func (t *test) roots(o *Observation) map[string]bool {
	var out map[string]bool
	for id, obj := range o.Objects {
		if typ, _ := obj["type"].(string); typ != t.typ || typ == "" {
			continue
		}
		if t.object(o, obj) {
			if out == nil {
				out = map[string]bool{}
			}
			out[id] = true
		}
	}
	return out
}

func (t *test) object(o *Observation, obj Object) bool {
	found := false
	hit := selected(o, obj, t.path, func(v any) bool {
		found = true
		return t.op != opExists && t.holds(v) != t.not
	})
	if t.op == opExists {
		return found != t.not
	}
	return hit
}

// maxSelected bounds what [*] in [*] can select.
const maxSelected = 100_000

// selected calls f with each value at path until one is true. A reference is
// followed to its object, within the observation.
func selected(o *Observation, v any, path []step, f func(v any) bool) bool {
	left := maxSelected
	var walk func(v any, path []step) bool
	walk = func(v any, path []step) bool {
		if left--; left < 0 {
			return false
		}
		if len(path) == 0 {
			return f(v)
		}
		s, rest := path[0], path[1:]
		switch s.kind {
		case stepName:
			m, ok := v.(map[string]any)
			if !ok {
				return false
			}
			next, ok := m[s.name]
			if !ok {
				return false
			}
			next, ok = property(o, s.name, next)
			return ok && walk(next, rest)
		case stepIndex:
			l, ok := v.([]any)
			return ok && s.index >= 0 && s.index < len(l) && walk(l[s.index], rest)
		case stepAll:
			l, _ := v.([]any)
			for _, e := range l {
				if walk(e, rest) {
					return true
				}
			}
		}
		return false
	}
	return walk(v, path)
}

// property is the value of a property as its name's ending says: _hex and _bin
// hold bytes, _ref and _refs stand for the objects that they name.
func property(o *Observation, name string, v any) (any, bool) {
	switch {
	case strings.HasSuffix(name, "_hex"):
		if s, ok := v.(string); ok {
			b, err := hex.DecodeString(s)
			return b, err == nil
		}
	case strings.HasSuffix(name, "_bin"):
		if s, ok := v.(string); ok {
			b, err := base64.StdEncoding.DecodeString(s)
			return b, err == nil
		}
	case strings.HasSuffix(name, "_ref"):
		return deref(o, v)
	case strings.HasSuffix(name, "_refs"):
		l, _ := v.([]any)
		var out []any
		for _, id := range l {
			if obj, ok := deref(o, id); ok {
				out = append(out, obj)
			}
		}
		return out, len(out) > 0
	}
	return v, true
}

func deref(o *Observation, id any) (any, bool) {
	s, _ := id.(string)
	obj, ok := o.Objects[s]
	return obj, ok
}

// holds is the test without its NOT. Values that cannot be compared are
// unequal, and in no order.
func (t *test) holds(v any) bool {
	switch t.op {
	case opEqual:
		return equal(v, t.value)
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		n, ok := order(v, t.value)
		return ok && (t.op == opLess && n < 0 || t.op == opLessEqual && n <= 0 ||
			t.op == opGreater && n > 0 || t.op == opGreaterEqual && n >= 0)
	case opIn:
		for _, e := range t.set {
			if equal(v, e) {
				return true
			}
		}
	case opLike:
		s, ok := text(v)
		return ok && like(s, string(t.value.(likeText)))
	case opMatches:
		re := t.value.(*regexp.Regexp)
		if b, ok := v.([]byte); ok {
			return re.Match(b)
		}
		s, ok := text(v)
		return ok && re.MatchString(s)
	case opSubset, opSuperset:
		s, _ := v.(string)
		n, ok := parseNet(s)
		if !ok {
			return false
		}
		if t.op == opSubset {
			return within(t.value.(netip.Prefix), n)
		}
		return within(n, t.value.(netip.Prefix))
	case opExists:
	}
	return false
}

func within(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// text is a value as LIKE and MATCHES see it: strings in normal form C.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return norm.NFC.String(v), true
	case []byte:
		return string(v), utf8.Valid(v)
	}
	return "", false
}

func equal(v, literal any) bool {
	if a, ok := v.(bool); ok {
		b, ok := literal.(bool)
		return ok && a == b
	}
	n, ok := order(v, literal)
	return ok && n == 0
}

// order compares a value with a literal. Bytes compare with a string whose
// characters are all below U+0100 (section 9.6.1).
func order(v, literal any) (int, bool) {
	switch l := literal.(type) {
	case int64:
		return orderNumber(v, l, float64(l), true)
	case float64:
		return orderNumber(v, 0, l, false)
	case string:
		switch v := v.(type) {
		case string:
			return strings.Compare(v, l), true
		case []byte:
			b, ok := latin1(l)
			return bytes.Compare(v, b), ok
		}
	case []byte:
		switch v := v.(type) {
		case []byte:
			return bytes.Compare(v, l), true
		case string:
			b, ok := latin1(v)
			return bytes.Compare(b, l), ok
		}
	case time.Time:
		switch v := v.(type) {
		case time.Time:
			return v.Compare(l), true
		case string:
			m, ok := parseTime(v)
			return m.Compare(l), ok
		}
	}
	return 0, false
}

// orderNumber compares a number of JSON with one of a pattern, whole ones
// exactly.
func orderNumber(v any, i int64, f float64, whole bool) (int, bool) {
	switch v := v.(type) {
	case int:
		return orderNumber(int64(v), i, f, whole)
	case int64:
		if whole {
			return cmp.Compare(v, i), true
		}
		return cmp.Compare(float64(v), f), true
	case uint64:
		if whole && v <= 1<<63-1 {
			return cmp.Compare(int64(v), i), true
		}
		return cmp.Compare(float64(v), f), true
	case float64:
		return cmp.Compare(v, f), true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return orderNumber(n, i, f, whole)
		}
		n, err := v.Float64()
		return cmp.Compare(n, f), err == nil
	}
	return 0, false
}

// latin1 is a string as bytes, one for each character.
func latin1(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

// likeText is the operand of LIKE: % is any text, _ any one character.
type likeText string

// like matches all of s, in time proportional to the product of the lengths at
// worst: after a mismatch only the last % can have taken too little.
func like(s, p string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if j < len(p) {
			q, m := utf8.DecodeRuneInString(p[j:])
			if q == '%' {
				star, mark = j, i
				j += m
				continue
			}
			if q == '_' || q == r {
				i, j = i+n, j+m
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, m := utf8.DecodeRuneInString(s[mark:])
		mark += m
		i, j = mark, star+1
	}
	for j < len(p) && p[j] == '%' {
		j++
	}
	return j == len(p)
}
