// Package syntax reads the YARA language into a tree:
//
//	f := syntax.Parse("apt.yar", source)
//
// One rule that cannot be read does not spoil the others: it is listed in
// File.Errors and reading goes on at the next rule. What names mean is not
// known here. The language is the one described at
// https://yara.readthedocs.io/en/v4.2.3/writingrules.html.
package syntax

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a source. Passing one refuses the rule.
const (
	maxDepth   = 200   // nesting of expressions
	maxStrings = 10000 // in a rule
	maxMeta    = 10000
	maxErrors  = 100 // in a file; the rest of it is not read then
)

type parser struct {
	lexer
	tok   token // the next one
	depth int
	rule  *Rule // being read
}

// Parse reads one source.
func Parse(name, src string) *File {
	f := &File{Name: name}
	p := &parser{lexer: lexer{src: strings.TrimPrefix(src, "\ufeff"), line: 1}}
	for again := true; again; {
		again = p.statements(f)
	}
	return f
}

// statements reads until the end of the source, or the first fault; it
// returns whether there is anything after that to go on with.
func (p *parser) statements(f *File) (more bool) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		bad, ok := r.(fault)
		if !ok {
			panic(r)
		}
		e := Error{Line: bad.line, Why: bad.why}
		if p.rule != nil {
			e.Rule = p.rule.Name
			p.rule = nil
		}
		f.Errors = append(f.Errors, e)
		more = len(f.Errors) < maxErrors && p.resume()
	}()
	p.depth = 0
	p.step()
	for p.tok.kind != end {
		switch {
		case p.is("import"):
			line := p.tok.line
			p.step()
			f.Imports = append(f.Imports, Import{p.need(quote, "the name of a module").text, line})
		case p.is("include"):
			line := p.tok.line
			p.step()
			f.Includes = append(f.Includes, Include{p.need(quote, "the name of a file").text, line, len(f.Rules)})
		default:
			r := p.parseRule()
			p.rule = nil
			f.Rules = append(f.Rules, r)
		}
	}
	return false
}

// resume looks for the start of the next rule at the start of a line.
func (p *parser) resume() bool {
	for p.pos < len(p.src) {
		n := strings.IndexByte(p.src[p.pos:], '\n')
		if n < 0 {
			return false
		}
		p.pos += n + 1
		p.line++
		rest := p.src[p.pos:]
		for _, w := range [...]string{"rule", "private", "global", "import"} {
			if strings.HasPrefix(rest, w) && len(rest) > len(w) && (rest[len(w)] == ' ' || rest[len(w)] == '\t') {
				return true
			}
		}
	}
	return false
}

func (p *parser) step() { p.tok = p.next() }

// fail blames the token at hand.
func (p *parser) fail(format string, args ...any) {
	panic(fault{p.tok.line, fmt.Sprintf(format, args...)})
}

// unexpected says what was wanted.
func (p *parser) unexpected(want string) {
	got := p.tok.text
	switch p.tok.kind {
	case end:
		got = "end of file"
	case number:
		got = strconv.FormatInt(p.tok.n, 10)
	}
	if len(got) > 40 {
		got = got[:40] + "…"
	}
	p.fail("syntax error: unexpected %q, expecting %s", got, want)
}

// is tells whether the next token is this word or punctuation.
func (p *parser) is(text string) bool {
	return (p.tok.kind == word || p.tok.kind == punct) && p.tok.text == text
}

// take steps over text if it comes next.
func (p *parser) take(text string) bool {
	if !p.is(text) {
		return false
	}
	p.step()
	return true
}

// want steps over text, which must come next.
func (p *parser) want(text string) {
	if !p.take(text) {
		p.unexpected(strconv.Quote(text))
	}
}

// need steps over a token of kind k and returns it.
func (p *parser) need(k kind, what string) token {
	t := p.tok
	if t.kind != k {
		p.unexpected(what)
	}
	p.step()
	return t
}

// name is an identifier that is no keyword.
func (p *parser) name(what string) string {
	if p.tok.kind == word && keywords[p.tok.text] {
		p.unexpected(what)
	}
	return p.need(word, what).text
}

var keywords = map[string]bool{}

func keyword(words string) bool {
	for w := range strings.FieldsSeq(words) {
		keywords[w] = true
	}
	return true
}

var _ = keyword(`all and any ascii at base64 base64wide condition contains defined endswith entrypoint false filesize for fullword
	global icontains iendswith iequals import in include int16 int16be int32 int32be int8 int8be istartswith matches meta nocase none
	not of or private rule startswith strings them true uint16 uint16be uint32 uint32be uint8 uint8be wide xor`)

func (p *parser) parseRule() *Rule {
	r := &Rule{}
	p.rule = r
	for {
		if p.take("global") {
			r.Global = true
		} else if p.take("private") {
			r.Private = true
		} else {
			break
		}
	}
	r.Line = p.tok.line
	p.want("rule")
	r.Name = p.name("the name of a rule")
	if p.take(":") {
		for ok := true; ok; ok = !p.is("{") {
			tag := p.name("a tag")
			for _, t := range r.Tags {
				if t == tag {
					p.fail("duplicated tag identifier %q", tag)
				}
			}
			r.Tags = append(r.Tags, tag)
		}
	}
	p.want("{")
	if p.take("meta") {
		p.want(":")
		for ok := true; ok; ok = !p.is("strings") && !p.is("condition") {
			p.meta(r)
		}
	}
	if p.take("strings") {
		p.want(":")
		for ok := true; ok; ok = !p.is("condition") {
			p.string(r)
		}
	}
	p.want("condition")
	p.want(":")
	r.Condition = p.expr()
	p.want("}")
	return r
}

func (p *parser) meta(r *Rule) {
	if len(r.Meta) == maxMeta {
		p.fail("more than %d lines of meta", maxMeta)
	}
	m := Meta{Name: p.name("the name of a meta line, or condition")}
	p.want("=")
	switch {
	case p.tok.kind == quote:
		m.Text, m.Quoted = p.tok.text, true
		p.step()
	case p.is("true") || p.is("false"):
		m.Text = p.tok.text
		p.step()
	default:
		if p.take("-") {
			m.Text = "-"
		}
		m.Text += strconv.FormatInt(p.need(number, "a text, number, true or false").n, 10)
	}
	r.Meta = append(r.Meta, m)
}

func (p *parser) string(r *Rule) {
	if p.tok.wild {
		p.unexpected("the name of a string")
	}
	if len(r.Strings) == maxStrings {
		p.fail("more than %d strings", maxStrings)
	}
	s := &String{Line: p.tok.line, Name: p.need(stringRef, "the name of a string, or condition").text}
	if !p.is("=") {
		p.unexpected(`"="`)
	}
	// The value is read by the lexer's special readers: what follows the
	// equals sign is not yet a token.
	p.space()
	switch rest := p.src[p.pos:]; {
	case strings.HasPrefix(rest, "{"):
		s.Kind = Hex
		p.pos++
		s.Value = p.hex()
	case strings.HasPrefix(rest, "/"):
		s.Kind = Regex
		p.pos++
		var nocase, dotall bool
		if s.Value, nocase, dotall = p.pattern(); nocase {
			s.Flags |= NoCase
		}
		if dotall {
			s.Flags |= DotAll
		}
	default:
		p.step()
		if p.tok.kind != quote {
			p.unexpected("a text, hex string or regular expression")
		}
		if s.Value = p.tok.text; s.Value == "" {
			p.fail("empty string %q", s.Name)
		}
	}
	p.step()
	p.modifiers(s)
	r.Strings = append(r.Strings, s)
}

// allowed are the modifiers that each kind of string can have.
var allowed = [...]Flags{
	Text:  NoCase | ASCII | Wide | FullWord | Xor | Base64 | Base64Wide | Private,
	Hex:   Private,
	Regex: NoCase | ASCII | Wide | FullWord | Private,
}

var modifierNames = map[string]Flags{
	"nocase": NoCase, "ascii": ASCII, "wide": Wide, "fullword": FullWord, "xor": Xor,
	"base64": Base64, "base64wide": Base64Wide, "private": Private,
}

func (p *parser) modifiers(s *String) {
	seen := Flags(0)
	for p.tok.kind == word {
		f, ok := modifierNames[p.tok.text]
		if !ok {
			break
		}
		if !allowed[s.Kind].Has(f) {
			p.fail("modifier %s cannot be used with this kind of string", p.tok.text)
		}
		if seen.Has(f) {
			p.fail("duplicated modifier")
		}
		seen |= f
		p.step()
		switch f {
		case Xor:
			p.keys(s)
		case Base64, Base64Wide:
			p.alphabet(s)
		}
	}
	s.Flags |= seen
	for _, pair := range [...][2]string{
		{"xor", "nocase"}, {"base64", "nocase"}, {"base64wide", "nocase"}, {"base64", "fullword"},
		{"base64wide", "fullword"}, {"base64", "xor"}, {"base64wide", "xor"},
	} {
		if s.Flags.Has(modifierNames[pair[0]]) && s.Flags.Has(modifierNames[pair[1]]) {
			p.fail("invalid modifier combination: %s %s", pair[0], pair[1])
		}
	}
}

// keys reads the range of xor keys, if there is one.
func (p *parser) keys(s *String) {
	s.XorMin, s.XorMax = 0, 255
	if !p.take("(") {
		return
	}
	lo := p.need(number, "a key").n
	hi := lo
	if p.take("-") {
		hi = p.need(number, "a key").n
	}
	p.want(")")
	if lo < 0 || hi > 255 || lo > hi {
		p.fail("invalid range of xor keys %d-%d", lo, hi)
	}
	s.XorMin, s.XorMax = uint8(lo), uint8(hi)
}

func (p *parser) alphabet(s *String) {
	if !p.take("(") {
		return
	}
	a := p.need(quote, "an alphabet of 64 bytes").text
	p.want(")")
	if len(a) != 64 {
		p.fail("length of base64 alphabet must be 64")
	}
	if s.Alphabet != "" && s.Alphabet != a {
		p.fail("can not specify multiple alphabets")
	}
	s.Alphabet = a
}
