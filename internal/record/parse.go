package record

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrJSON is wrapped by errors about text that is not a record as AppendJSON
// writes it.
var ErrJSON = errors.New("record: not a record in JSON")

// ParseJSON reads what AppendJSON, and AppendRefJSON after it, wrote: a record
// of type t. Members that t has no field for are passed over, and so are fields
// that want, unless it is nil, has no use for. Times have the six digits of
// AppendSeconds; bytes that were not UTF-8 stay written \xNN. With an error
// comes no record.
func (t *Type) ParseJSON(line []byte, want func(*Field) bool) (Record, error) {
	p := parser{b: line}
	r := t.New()
	rv := reflect.ValueOf(r).Elem()
	err := p.object(func(name []byte) error {
		if string(name) == RefMember {
			if _, taken := t.byName[RefMember]; !taken {
				return p.ref(&r.Base().Ref)
			}
		}
		i, known := t.byName[string(name)]
		if !known || want != nil && !want(&t.Fields[i]) {
			return p.skip(0)
		}
		return p.field(&t.Fields[i], rv)
	})
	p.space()
	if err == nil && p.at < len(p.b) {
		err = fmt.Errorf("%w: something follows it", ErrJSON)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// parser reads one line of JSON.
type parser struct {
	b   []byte
	at  int
	buf []byte // of strings with escapes
}

func (p *parser) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrJSON, what, p.at)
}

func (p *parser) space() {
	for p.at < len(p.b) && (p.b[p.at] == ' ' || p.b[p.at] == '\t' || p.b[p.at] == '\r' || p.b[p.at] == '\n') {
		p.at++
	}
}

// next is the next byte that is not white space, 0 at the end.
func (p *parser) next() byte {
	p.space()
	if p.at < len(p.b) {
		return p.b[p.at]
	}
	return 0
}

// take passes over c, or says what is there instead.
func (p *parser) take(c byte) error {
	if p.next() != c {
		return p.fail("no " + strconv.QuoteRune(rune(c)))
	}
	p.at++
	return nil
}

// list reads values between two brackets; one reads a value.
func (p *parser) list(open, end byte, one func() error) error {
	if err := p.take(open); err != nil {
		return err
	}
	if p.next() == end {
		p.at++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		if p.next() == ',' {
			p.at++
			continue
		}
		return p.take(end)
	}
}

// object reads an object; member reads the value of each member. The name is
// valid until member reads on.
func (p *parser) object(member func(name []byte) error) error {
	return p.list('{', '}', func() error {
		name, err := p.text()
		if err != nil {
			return err
		}
		if err := p.take(':'); err != nil {
			return err
		}
		return member(name)
	})
}

// text reads a string; it is valid until the next one is read.
func (p *parser) text() ([]byte, error) {
	if err := p.take('"'); err != nil {
		return nil, err
	}
	start := p.at
	for p.at < len(p.b) {
		switch c := p.b[p.at]; {
		case c == '"':
			p.at++
			return p.b[start : p.at-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return nil, p.fail("a control character in a string")
		}
		p.at++
	}
	return nil, p.fail("a string without an end")
}

// escaped reads the rest of a string that began at start and has an escape.
func (p *parser) escaped(start int) ([]byte, error) {
	p.buf = append(p.buf[:0], p.b[start:p.at]...)
	for p.at < len(p.b) {
		c := p.b[p.at]
		p.at++
		switch {
		case c == '"':
			return p.buf, nil
		case c < 0x20:
			return nil, p.fail("a control character in a string")
		case c != '\\':
			p.buf = append(p.buf, c)
			continue
		}
		if p.at == len(p.b) {
			break
		}
		c = p.b[p.at]
		p.at++
		switch c {
		case '"', '\\', '/':
			p.buf = append(p.buf, c)
		case 'b':
			p.buf = append(p.buf, '\b')
		case 'f':
			p.buf = append(p.buf, '\f')
		case 'n':
			p.buf = append(p.buf, '\n')
		case 'r':
			p.buf = append(p.buf, '\r')
		case 't':
			p.buf = append(p.buf, '\t')
		case 'u':
			r, ok := p.hex4()
			if !ok {
				return nil, p.fail("a wrong escape")
			}
			if utf16.IsSurrogate(r) {
				r = p.pairOf(r)
			}
			p.buf = utf8.AppendRune(p.buf, r)
		default:
			return nil, p.fail("a wrong escape")
		}
	}
	return nil, p.fail("a string without an end")
}

// pairOf joins the surrogate first with the one behind it, if there is one.
func (p *parser) pairOf(first rune) rune {
	if p.at+1 < len(p.b) && p.b[p.at] == '\\' && p.b[p.at+1] == 'u' {
		before := p.at
		p.at += 2
		if second, ok := p.hex4(); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				return r
			}
		}
		p.at = before
	}
	return utf8.RuneError
}

func (p *parser) hex4() (rune, bool) {
	if p.at+4 > len(p.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.b[p.at:p.at+4]), 16, 16)
	p.at += 4
	return rune(n), err == nil
}

// word reads a number, true, false or null.
func (p *parser) word() ([]byte, error) {
	p.space()
	start := p.at
	for p.at < len(p.b) && ofWord(p.b[p.at]) {
		p.at++
	}
	if p.at == start {
		return nil, p.fail("no value")
	}
	return p.b[start:p.at], nil
}

func ofWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '.' || c == '-' || c == '+' || c == 'E' || c == 'N' || c == 'I'
}

// maxDepth is how deep a value that nobody wants may be nested.
const maxDepth = 16

// skip passes over a value.
func (p *parser) skip(depth int) error {
	if depth > maxDepth {
		return p.fail("values nested too deep")
	}
	switch p.next() {
	case '"':
		_, err := p.text()
		return err
	case '[':
		return p.list('[', ']', func() error { return p.skip(depth + 1) })
	case '{':
		return p.object(func([]byte) error { return p.skip(depth + 1) })
	}
	_, err := p.word()
	return err
}

// scalar reads a string, number or truth value as the text that SetText takes;
// null has none.
func (p *parser) scalar() (text []byte, null bool, err error) {
	if p.next() == '"' {
		text, err = p.text()
		return text, false, err
	}
	text, err = p.word()
	return text, string(text) == "null", err
}

// field reads the value of f into the record's struct rv.
func (p *parser) field(f *Field, rv reflect.Value) error {
	v := rv.FieldByIndex(f.index)
	if f.kind == kindFields {
		pairs, err := p.pairs()
		v.Set(reflect.ValueOf(pairs))
		return err
	}
	if !f.vector {
		text, null, err := p.scalar()
		if err != nil || null {
			return err
		}
		return f.setOne(v, string(text))
	}
	out := reflect.MakeSlice(v.Type(), 0, 4)
	err := p.list('[', ']', func() error {
		one := reflect.New(v.Type().Elem()).Elem()
		text, null, err := p.scalar()
		if err == nil && !null {
			err = f.setOne(one, string(text))
		}
		out = reflect.Append(out, one)
		return err
	})
	v.Set(out)
	return err
}

// pairs reads named values: an object whose members are text or lists of text.
func (p *parser) pairs() (out []KV, err error) {
	err = p.object(func(name []byte) error {
		n := string(name)
		one := func() error {
			text, _, err := p.scalar()
			out = append(out, KV{Name: n, Value: string(text)})
			return err
		}
		if p.next() == '[' {
			return p.list('[', ']', one)
		}
		return one()
	})
	return out, err
}

// ref reads a reference.
func (p *parser) ref(ref *Ref) error {
	return p.object(func(name []byte) error {
		n := string(name)
		text, _, err := p.scalar()
		if err != nil {
			return err
		}
		switch n {
		case "file":
			ref.File = string(text)
		case "offset", "line", "record":
			for k, known := range refNames {
				if known == n {
					ref.Kind = RefKind(k) // #nosec G115 -- of four
				}
			}
			if ref.Pos, err = strconv.ParseInt(string(text), 10, 64); err != nil {
				return p.fail("no position")
			}
		}
		return nil
	})
}
