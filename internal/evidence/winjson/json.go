package winjson

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of one object.
const (
	maxDepth = 32
	maxNodes = 1 << 18
)

var (
	errSyntax = errors.New("not JSON")
	errSize   = errors.New("nested too deep or too many values")
)

// kind is what a JSON value is.
type kind uint8

const (
	kindNull kind = iota
	kindText
	kindNumber // and true, false: shown as they stand
	kindObject
	kindArray
)

// span is a stretch of the parser's text.
type span struct{ from, to int }

// node is a value with its key, in a tree that keeps order. Index 0 is the
// root, so 0 as a link means none.
type node struct {
	key, text   span
	kind        kind
	child, next int
}

// parser reads JSON (RFC 8259) into one slice of nodes and one text, both used
// again for the next object.
type parser struct {
	in    []byte
	at    int
	nodes []node
	text  []byte
}

// value is a value of a parsed object. The zero value is absent.
type value struct {
	tree *tree
	i    int
	ok   bool
}

// tree is a parsed object; its strings share one text.
type tree struct {
	nodes []node
	text  string
}

// parse reads one object. The value is good until the next call, its strings
// for ever.
func (p *parser) parse(in []byte) (value, error) {
	p.in, p.at, p.nodes, p.text = in, 0, p.nodes[:0], p.text[:0]
	if err := p.value(span{}, 0); err != nil {
		return value{}, err
	}
	return value{tree: &tree{p.nodes, string(p.text)}, ok: true}, nil
}

func (p *parser) space() byte {
	for p.at < len(p.in) {
		switch c := p.in[p.at]; c {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return c
		}
	}
	return 0
}

// value reads a value and appends its node, children behind it.
func (p *parser) value(key span, depth int) error {
	if depth > maxDepth || len(p.nodes) == maxNodes {
		return errSize
	}
	i := len(p.nodes)
	p.nodes = append(p.nodes, node{key: key})
	switch c := p.space(); c {
	case '{':
		p.nodes[i].kind = kindObject
		return p.members(i, depth, '}')
	case '[':
		p.nodes[i].kind = kindArray
		return p.members(i, depth, ']')
	case '"':
		text, err := p.string()
		p.nodes[i].kind, p.nodes[i].text = kindText, text
		return err
	}
	from := p.at
	for p.at < len(p.in) && bare(p.in[p.at]) {
		p.at++
	}
	word := p.in[from:p.at]
	if len(word) == 0 {
		return errSyntax
	}
	if string(word) != "null" {
		p.nodes[i].kind = kindNumber
		p.nodes[i].text = span{len(p.text), len(p.text) + len(word)}
		p.text = append(p.text, word...)
	}
	return nil
}

// bare tells bytes of numbers and of true, false and null.
func bare(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// members reads what is between brackets into children of node i.
func (p *parser) members(i, depth int, end byte) error {
	p.at++
	last := 0
	for {
		c := p.space()
		if c == end {
			p.at++
			return nil
		}
		if last != 0 {
			if c != ',' {
				return errSyntax
			}
			p.at++
			c = p.space()
		}
		var key span
		if end == '}' {
			if c != '"' {
				return errSyntax
			}
			var err error
			if key, err = p.string(); err != nil {
				return err
			}
			if p.space() != ':' {
				return errSyntax
			}
			p.at++
		}
		n := len(p.nodes)
		if last == 0 {
			p.nodes[i].child = n
		} else {
			p.nodes[last].next = n
		}
		last = n
		if err := p.value(key, depth+1); err != nil {
			return err
		}
	}
}

// string reads a string into the text.
func (p *parser) string() (span, error) {
	s := span{from: len(p.text)}
	p.at++
	run := p.at
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case '"':
			p.text = append(p.text, p.in[run:p.at]...)
			p.at++
			s.to = len(p.text)
			return s, nil
		case '\\':
			p.text = append(p.text, p.in[run:p.at]...)
			if err := p.escape(); err != nil {
				return s, err
			}
			run = p.at
		default:
			p.at++
		}
	}
	return s, errSyntax
}

// escape reads an escape sequence. Half a surrogate pair becomes U+FFFD.
func (p *parser) escape() error {
	if p.at+1 >= len(p.in) {
		return errSyntax
	}
	c := p.in[p.at+1]
	p.at += 2
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, ok := p.hex4()
		if !ok {
			return errSyntax
		}
		if utf16.IsSurrogate(r) {
			r = p.pair(r)
		}
		p.text = utf8.AppendRune(p.text, r)
		return nil
	default:
		return errSyntax
	}
	p.text = append(p.text, c)
	return nil
}

// pair completes a surrogate pair, if its other half follows.
func (p *parser) pair(high rune) rune {
	back := p.at
	if p.at+1 < len(p.in) && p.in[p.at] == '\\' && p.in[p.at+1] == 'u' {
		p.at += 2
		if low, ok := p.hex4(); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r
			}
		}
	}
	p.at = back
	return utf8.RuneError
}

func (p *parser) hex4() (rune, bool) {
	if p.at+4 > len(p.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[p.at:p.at+4]), 16, 16)
	p.at += 4
	return rune(n), err == nil
}
