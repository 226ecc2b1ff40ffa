package yara

import (
	"encoding/base64"
	"errors"
	"slices"

	"longwatch/internal/rules/yara/pattern"
	"longwatch/internal/rules/yara/syntax"
)

// finder is how a string is found: by its forms, which are rows of bytes, or by
// a pattern. A string with long jumps has several links.
type finder struct {
	links []*link
	// literal strings are those that can be looked for at one offset alone.
	literal bool
}

// link is one thing that is searched for.
type link struct {
	str      *String
	index    int // in Rules.links
	part     int // of the chain that the string is
	last     bool
	min, max int // bytes between the part before and this one

	forms   []form
	key     [2]uint8 // xor keys, when xored
	xored   bool
	pattern *pattern.Pattern
	greedy  bool
	// ascii and wide tell how a pattern is tried.
	ascii, wide bool
	fullword    bool
	single      bool // the string has no other links
}

// form is one way to write a literal: byte i of the data, under mask[i], is
// value[i].
type form struct {
	value, mask []byte
	exact       bool // all masks are 0xff
	wide        bool
}

var errShort = errors.New("string is too short for base64")

// find decides how a string is searched for.
func find(s *syntax.String) (finder, error) {
	flags := flagsOf(s)
	base := link{fullword: flags.Has(syntax.FullWord)}
	switch {
	case s.Kind != syntax.Text:
		return findPattern(s, flags, base)
	case flags.Has(syntax.Base64 | syntax.Base64Wide):
		for _, b := range base64Forms(s, flags) {
			base.forms = append(base.forms, literal([]byte(b), false, false))
		}
		if len(base.forms) == 0 {
			return finder{}, errShort
		}
		return finder{links: []*link{&base}}, nil
	}
	if flags.Has(syntax.Xor) {
		base.xored, base.key = true, [2]uint8{s.XorMin, s.XorMax}
		if !flags.Has(syntax.Wide) {
			flags |= syntax.ASCII
		}
	}
	if flags.Has(syntax.ASCII) {
		base.forms = append(base.forms, literal([]byte(s.Value), flags.Has(syntax.NoCase), false))
	}
	if flags.Has(syntax.Wide) {
		base.forms = append(base.forms, literal([]byte(s.Value), flags.Has(syntax.NoCase), true))
	}
	return finder{links: []*link{&base}, literal: true}, nil
}

func findPattern(s *syntax.String, flags syntax.Flags, base link) (f finder, err error) {
	var links []pattern.Link
	if s.Kind == syntax.Hex {
		links, err = pattern.Hex(s.Value)
	} else {
		links, err = pattern.Chained(s.Value, pattern.Options{NoCase: flags.Has(syntax.NoCase), DotAll: flags.Has(syntax.DotAll)})
	}
	if err != nil {
		return f, err
	}
	base.ascii, base.wide = flags.Has(syntax.ASCII), flags.Has(syntax.Wide)
	for i, p := range links {
		l := base
		l.part, l.last, l.min, l.max = i, i == len(links)-1, p.Min, p.Max
		l.greedy = p.Greedy
		if forms, literal, ok := rows(p.Pattern, l.ascii, l.wide); ok {
			l.forms = forms
			f.literal = literal && len(links) == 1
		} else {
			l.pattern = p.Pattern
		}
		f.links = append(f.links, &l)
	}
	return f, nil
}

// rows writes a pattern that is a plain row of bytes as forms. literal is set
// when each byte of it is certain but for the case of letters.
func rows(p *pattern.Pattern, ascii, wide bool) (forms []form, literal, ok bool) {
	if !p.Fixed {
		return nil, false, false
	}
	one := form{exact: true}
	literal = true
	for _, set := range p.Sets {
		v, m, ok := set.Masked()
		if !ok {
			return nil, false, false
		}
		one.value, one.mask = append(one.value, v), append(one.mask, m)
		one.exact = one.exact && m == 0xff
		literal = literal && m|0x20 == 0xff
	}
	if ascii {
		forms = append(forms, one)
	}
	if wide {
		two := form{wide: true, exact: one.exact}
		for i := range one.value {
			two.value, two.mask = append(two.value, one.value[i], 0), append(two.mask, one.mask[i], 0xff)
		}
		forms = append(forms, two)
	}
	return forms, literal, true
}

// literal is the form of a text.
func literal(text []byte, nocase, wide bool) form {
	f := form{exact: true, wide: wide}
	for _, b := range text {
		m := byte(0xff)
		if nocase && b|0x20 >= 'a' && b|0x20 <= 'z' {
			m, f.exact = 0xdf, false
		}
		f.value, f.mask = append(f.value, b&m), append(f.mask, m)
		if wide {
			f.value, f.mask = append(f.value, 0), append(f.mask, 0xff)
		}
	}
	return f
}

// base64Forms are the three ways in which a text looks in base64, depending
// on what stands before it, without the letters that its neighbours decide.
func base64Forms(s *syntax.String, flags syntax.Flags) []string {
	enc := base64.StdEncoding
	if s.Alphabet != "" {
		enc = alphabet(s.Alphabet)
	}
	texts := []string{s.Value}
	if flags.Has(syntax.Wide) {
		texts[0] = widen(s.Value)
		if flags.Has(syntax.ASCII) {
			texts = append(texts, s.Value)
		}
	}
	var out []string
	for _, t := range texts {
		for _, wide := range [...]bool{false, true} {
			if wide && !flags.Has(syntax.Base64Wide) || !wide && !flags.Has(syntax.Base64) {
				continue
			}
			for lead := range 3 {
				if lead == 1 && len(t) == 1 {
					continue
				}
				b := trimmed(enc, t, lead)
				if wide {
					b = widen(b)
				}
				if b != "" && !slices.Contains(out, b) {
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// trimmed is t in base64 after lead other bytes, without the letters that
// depend on what is around it.
func trimmed(enc *base64.Encoding, t string, lead int) string {
	b := enc.EncodeToString([]byte("AA"[:lead] + t))
	from, to := 0, len(b)
	if lead > 0 {
		from = lead + 1
	}
	if rest := (lead + len(t)) % 3; rest > 0 {
		to -= 3 - rest + 1
	}
	if from >= to {
		return ""
	}
	return b[from:to]
}

// alphabet makes an encoding of any 64 bytes. Those with repeated ones, which
// base64 cannot decode, can still be searched for.
func alphabet(a string) *base64.Encoding {
	seen := map[byte]bool{}
	for i := range len(a) {
		if seen[a[i]] || a[i] == '\n' || a[i] == '\r' {
			return base64.StdEncoding
		}
		seen[a[i]] = true
	}
	pad := base64.StdPadding
	if seen['='] {
		pad = rune('.')
		for c := byte('!'); c < 0x7f; c++ {
			if !seen[c] {
				pad = rune(c)
			}
		}
	}
	return base64.NewEncoding(a).WithPadding(pad)
}

func widen(s string) string {
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return string(out)
}

// at tells whether the form stands at a place in data.
func (f *form) at(data []byte, pos int) bool {
	n := len(f.value)
	if pos < 0 || pos > len(data)-n {
		return false
	}
	d := data[pos : pos+n]
	if f.exact {
		return string(d) == string(f.value)
	}
	for i, m := range f.mask {
		if d[i]&m != f.value[i] {
			return false
		}
	}
	return true
}

// xorAt is the same for a form that is xored with one key of a range.
func (f *form) xorAt(data []byte, pos int, key [2]uint8) bool {
	n := len(f.value)
	if pos < 0 || pos > len(data)-n {
		return false
	}
	d := data[pos : pos+n]
	k := d[0] ^ f.value[0]
	if k < key[0] || k > key[1] {
		return false
	}
	for i, v := range f.value {
		if d[i]^k != v {
			return false
		}
	}
	return true
}
