package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	yaml "go.yaml.in/yaml/v3"
)

// scalarText is the text of a YAML value: numbers in decimal, as events have them.
func scalarText(y *yaml.Node) (string, error) {
	switch y.Tag {
	case "!!int":
		var n int64
		if err := y.Decode(&n); err != nil {
			return y.Value, nil // beyond 64 bits: as written
		}
		return strconv.FormatInt(n, 10), nil
	case "!!bool":
		var v bool
		if err := y.Decode(&v); err != nil {
			return "", err
		}
		return strconv.FormatBool(v), nil
	}
	return y.Value, nil
}

// modifiers is what follows the field name.
type modifiers struct {
	all, cased, re, cidr, exists, fieldref, neq bool
	insensitive, multiline, dotall              bool
	expand                                      bool
	steps                                       []string // what makes other texts of a value, in order
	compare, part                               string
	place                                       shape
	placedSet                                   bool
}

func (m *modifiers) read(chain []string) error {
	for _, name := range chain {
		switch name {
		case "contains":
			m.place, m.placedSet = shapeContains, true
		case "startswith":
			m.place, m.placedSet = shapePrefix, true
		case "endswith":
			m.place, m.placedSet = shapeSuffix, true
		case "all":
			m.all = true
		case "cased":
			m.cased = true
		case "re":
			m.re = true
		case "i", "ignorecase":
			m.insensitive = true
		case "m", "multiline":
			m.multiline = true
		case "s", "dotall":
			m.dotall = true
		case "cidr":
			m.cidr = true
		case "exists":
			m.exists = true
		case "neq":
			m.neq = true
		case "fieldref":
			m.fieldref = true
		case "expand":
			m.expand = true
		case "wide", "utf16le", "utf16be", "utf16", "base64", "base64offset", "windash":
			if m.placedSet && name != "windash" {
				return fmt.Errorf("%s must come before contains, startswith and endswith", name)
			}
			m.steps = append(m.steps, name)
		case "lt", "lte", "gt", "gte":
			m.compare = name
		case "minute", "hour", "day", "week", "month", "year":
			m.part = name
		default:
			return fmt.Errorf("unknown modifier %q", name)
		}
	}
	switch {
	case (m.insensitive || m.multiline || m.dotall) && !m.re:
		return fmt.Errorf("the flags i, m and s belong to re")
	case m.re && len(m.steps) > 0: // contains, startswith and endswith change nothing: an expression is searched for
		return fmt.Errorf("re goes with no modifier that changes the text")
	case len(m.steps) > maxSteps:
		return fmt.Errorf("more than %d modifiers that change the text", maxSteps)
	}
	return nil
}

// maxSteps bounds the modifiers that make other texts of one value.
const maxSteps = 4

// flags are the leading flags of a regular expression.
func (m *modifiers) flags() string {
	var f strings.Builder
	for _, x := range [...]struct {
		on   bool
		flag string
	}{{m.insensitive, "i"}, {m.multiline, "m"}, {m.dotall, "s"}} {
		if x.on {
			f.WriteString(x.flag)
		}
	}
	if f.String() == "" {
		return ""
	}
	return "(?" + f.String() + ")"
}

// placed puts the asterisks that contains, startswith and endswith stand for.
func (m *modifiers) placed(parts []part) []part {
	if !m.placedSet {
		return parts
	}
	out := slices.Clone(parts)
	star := part{wild: '*'}
	if (m.place == shapeContains || m.place == shapeSuffix) && (len(out) == 0 || out[0].wild != '*') {
		out = append([]part{star}, out...)
	}
	if (m.place == shapeContains || m.place == shapePrefix) && out[len(out)-1:][0].wild != '*' {
		out = append(out, star)
	}
	return out
}

// maxDashes is how many dashes of one value windash varies.
const maxDashes = 4

// expanded applies the modifiers that make other texts of a value, one after
// the other.
func (b *builder) expanded(m *modifiers, text string) ([][]part, error) {
	all := [][]part{parseString(text)}
	if m.expand {
		texts, err := b.substitute(text, nil)
		if err != nil {
			return nil, err
		}
		all = all[:0]
		for _, t := range texts {
			all = append(all, parseString(t))
		}
	}
	for _, step := range m.steps {
		var next [][]part
		for _, parts := range all {
			more, err := transform(step, parts)
			if err != nil {
				return nil, err
			}
			next = append(next, more...)
		}
		if all = next; len(all) > maxValues {
			return nil, fmt.Errorf("more than %d values", maxValues)
		}
	}
	return all, nil
}

// transform applies one modifier.
func transform(step string, parts []part) ([][]part, error) {
	switch step {
	case "windash":
		return dashes(parts)
	case "base64", "base64offset":
		text, ok := plain(parts)
		if !ok {
			return nil, fmt.Errorf("a value with wildcards cannot be Base64")
		}
		var out [][]part
		coded, err := base64Texts(text, step == "base64offset")
		for _, c := range coded {
			out = append(out, []part{{lit: c}})
		}
		return out, err
	}
	out := make([]part, 0, len(parts)+1)
	if step == "utf16" {
		out = append(out, part{lit: "\xff\xfe"})
	}
	for _, p := range parts {
		if p.wild == 0 {
			p.lit = utf16Text(p.lit, step == "utf16be")
			if n := len(out); n > 0 && out[n-1].wild == 0 {
				out[n-1].lit += p.lit
				continue
			}
		}
		out = append(out, p)
	}
	return [][]part{out}, nil
}

// substitute replaces %name% by every value it was defined with; a percent
// sign after a backslash is itself. quote, where there is one, prepares values.
func (b *builder) substitute(text string, quote func(string) string) ([]string, error) {
	out := []string{""}
	add := func(s string) {
		for i := range out {
			out[i] += s
		}
	}
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			add(text)
			return out, nil
		}
		if i > 0 && text[i-1] == '\\' {
			add(text[:i-1] + "%")
			text = text[i+1:]
			continue
		}
		name, after, ok := strings.Cut(text[i+1:], "%")
		if !ok {
			add(text)
			return out, nil
		}
		values, ok := b.placeholders[name]
		if !ok {
			return nil, fmt.Errorf("the placeholder %%%s%% is not defined", name)
		}
		add(text[:i])
		if len(out)*len(values) > maxValues {
			return nil, fmt.Errorf("more than %d values", maxValues)
		}
		var next []string
		for _, o := range out {
			for _, v := range values {
				if quote != nil {
					v = quote(v)
				}
				next = append(next, o+v)
			}
		}
		out, text = next, after
	}
}

// dashes varies the dash or slash that begins an option, as Windows programs
// take either, and as copied text has longer ones.
func dashes(parts []part) ([][]part, error) {
	out := [][]part{nil}
	count := 0
	for _, p := range parts {
		if p.wild != 0 {
			for i := range out {
				out[i] = append(out[i], p)
			}
			continue
		}
		start := 0
		for i := range len(p.lit) {
			c := p.lit[i]
			if c != '-' && c != '/' || i > 0 && isWordByte(p.lit[i-1]) || i+1 >= len(p.lit) || !isWordByte(p.lit[i+1]) {
				continue
			}
			if count++; count > maxDashes {
				return nil, fmt.Errorf("windash: more than %d options in one value", maxDashes)
			}
			lead := p.lit[start:i]
			start = i + 1
			var next [][]part
			for _, o := range out {
				for _, d := range [...]string{"-", "/", "\u2013", "\u2014", "\u2015"} {
					next = append(next, join(o, lead+d))
				}
			}
			out = next
		}
		for i := range out {
			out[i] = join(out[i], p.lit[start:])
		}
	}
	return out, nil
}

// join appends literal text to a copy of parts.
func join(parts []part, text string) []part {
	out := slices.Clone(parts)
	if n := len(out); n > 0 && out[n-1].wild == 0 {
		out[n-1].lit += text
		return out
	}
	return append(out, part{lit: text})
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// base64Texts are the Base64 forms of a text: one, or with offset the inner
// part at each of three alignments.
func base64Texts(text string, offset bool) ([]string, error) {
	if !offset {
		return []string{base64.StdEncoding.EncodeToString([]byte(text))}, nil
	}
	var out []string
	for shift := range 3 {
		s := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
		from := [...]int{0, 2, 3}[shift]
		to := len(s) - [...]int{0, 3, 2}[(len(text)+shift)%3]
		if to-from < 3 {
			return nil, fmt.Errorf("base64offset: %q is too short", text)
		}
		out = append(out, s[from:to])
	}
	return out, nil
}

// utf16Text is s in UTF-16, as bytes.
func utf16Text(s string, big bool) string {
	units := utf16.Encode([]rune(s))
	out := make([]byte, 2*len(units))
	for i, u := range units {
		if big {
			binary.BigEndian.PutUint16(out[2*i:], u)
		} else {
			binary.LittleEndian.PutUint16(out[2*i:], u)
		}
	}
	return string(out)
}
