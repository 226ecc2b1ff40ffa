package hunts

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// dialect is how a language writes the parts of a condition.
type dialect struct {
	comment string // before a line of text
	fields  map[Field]string
	literal func(string) string
	is      func(field string, quoted []string) string // any of them, whatever the case
	like    func(field string, op Op, value string) string
	and, or string
}

// condition is that all clauses of a hunt are true; ok is false when the
// language has no field for one.
func (d *dialect) condition(h *Hunt) (text string, ok bool) {
	var all []string
	for i := range h.All {
		c := &h.All[i]
		field := d.fields[c.Field]
		if field == "" || len(c.Any) == 0 {
			return "", false
		}
		if c.Op == Is {
			var quoted []string
			for _, v := range c.Any {
				quoted = append(quoted, d.literal(v))
			}
			all = append(all, d.is(field, quoted))
			continue
		}
		var some []string
		for _, v := range c.Any {
			some = append(some, d.like(field, c.Op, v))
		}
		if len(some) == 1 {
			all = append(all, some[0])
		} else {
			all = append(all, "("+strings.Join(some, d.or)+")")
		}
	}
	return strings.Join(all, d.and), len(all) > 0
}

// head is the comment before a query.
func (d *dialect) head(h *Hunt) string {
	return fmt.Sprintf("%s %s (incident %s, hunt %s)\n%s %s\n", d.comment, remark(h.Title), remark(h.Incident), h.ID, d.comment, remark(h.Why))
}

// expression is a regular expression that matches value and nothing else, made
// of signs that neither quotes nor escapes give a meaning: letters, digits, a few
// signs, and numbers for all other characters. back is how the language writes a
// backslash within its quotes.
func expression(value, back string) string {
	var b strings.Builder
	for _, c := range value {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c < 0x80 && strings.ContainsRune(" _/:=,@%-", c):
			b.WriteRune(c)
		case c == utf8.RuneError: // a byte that is no character
			b.WriteByte('.')
		default:
			_, _ = fmt.Fprintf(&b, "%sx{%02X}", back, c)
		}
	}
	return b.String()
}

// exactly is Is by an expression, for languages whose lists look at the case.
const exactly Op = "is, by expression"

// matching is an expression for an operator, anchored as it says.
func matching(op Op, value, back string) string {
	e := expression(value, back)
	switch op {
	case EndsWith:
		return "(?i)(^|[/" + back + "x{5C}])" + e + "$"
	case Below:
		return "(?i)(^|[.])" + e + "[.]?$"
	case exactly:
		return "(?i)^" + e + "$"
	case Is, Contains:
	}
	return "(?i)" + e
}
