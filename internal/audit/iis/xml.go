package iis

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// Bounds of one file. The largest configuration in use, an applicationHost.config
// of a hosting company, has some hundred thousand elements.
const (
	maxSize     = 32 << 20 // bytes
	maxDepth    = 64       // elements within elements
	maxElements = 1 << 20
	maxAttrs    = 256 // of one element
)

var (
	errDepth    = fmt.Errorf("elements are nested more than %d deep", maxDepth)
	errElements = fmt.Errorf("more than %d elements", maxElements)
	errAttrs    = fmt.Errorf("an element has more than %d attributes", maxAttrs)
	errNoRoot   = errors.New("no configuration element")
)

// node is one element.
type node struct {
	name  string
	attrs []attr
	kids  []*node
	line  int
	from  string // file it stands in, where that is not the one that names it
}

type attr struct{ name, value string }

// attr is the value of an attribute; names are case-sensitive in .NET, but
// hand-written files differ and IIS reads them.
func (n *node) attr(name string) string {
	v, _ := n.lookup(name)
	return v
}

func (n *node) lookup(name string) (string, bool) {
	for _, a := range n.attrs {
		if strings.EqualFold(a.name, name) {
			return strings.TrimSpace(a.value), true
		}
	}
	return "", false
}

// is tells whether the attribute has this value.
func (n *node) is(name, value string) bool {
	v, ok := n.lookup(name)
	return ok && strings.EqualFold(v, value)
}

// all returns the elements at path below n, in order of the file.
func (n *node) all(path ...string) []*node {
	at := []*node{n}
	for _, name := range path {
		var next []*node
		for _, x := range at {
			for _, k := range x.kids {
				if strings.EqualFold(k.name, name) {
					next = append(next, k)
				}
			}
		}
		at = next
	}
	return at
}

// parse reads a configuration file. What was read before an error is returned
// with it only when whole elements came before: a root that was never closed
// still tells what it holds.
func parse(b []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(utf8From(b)))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if c := strings.ToLower(charset); strings.HasPrefix(c, "utf") || strings.HasPrefix(c, "unicode") {
			return in, nil // changed before
		}
		// Every other code page in use agrees on ASCII, in which names and
		// values that are judged are written.
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	var root *node
	var open []*node
	count := 0
	for {
		line, _ := d.InputPos()
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return root, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if count++; count > maxElements {
				return root, errElements
			}
			if len(open) >= maxDepth {
				return root, errDepth
			}
			if len(t.Attr) > maxAttrs {
				return root, errAttrs
			}
			n := &node{name: t.Name.Local, line: line}
			for _, x := range t.Attr {
				if x.Name.Space != "xmlns" && x.Name.Local != "xmlns" {
					n.attrs = append(n.attrs, attr{x.Name.Local, x.Value})
				}
			}
			switch {
			case len(open) > 0:
				up := open[len(open)-1]
				up.kids = append(up.kids, n)
			case root != nil:
				return root, errors.New("a second root element")
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != t.Name.Local {
				return root, fmt.Errorf("line %d: %q is closed but not open", line, t.Name.Local)
			}
			open = open[:len(open)-1]
		case xml.Comment:
			if root == nil && len(open) == 0 {
				break
			}
			if code(t) {
				root.kids = append(root.kids, &node{name: codeComment, line: line})
			}
		case xml.CharData:
			if len(open) > 0 && code(t) {
				root.kids = append(root.kids, &node{name: codeComment, line: line})
			}
		}
	}
	switch {
	case root == nil:
		return nil, errNoRoot
	case len(open) > 0:
		return root, fmt.Errorf("line %d: %q is never closed", open[len(open)-1].line, open[len(open)-1].name)
	}
	return root, nil
}

// codeComment is the name of what stands for a piece of server-side code.
const codeComment = "#code"

// code tells whether text would be run, were the file served as a page.
func code(b []byte) bool {
	if bytes.Contains(b, []byte("<%")) {
		return true
	}
	low := bytes.ToLower(b)
	return bytes.Contains(low, []byte("<script")) && bytes.Contains(low, []byte("runat"))
}

// utf8From changes UTF-16 with or without a byte order mark to UTF-8 and drops
// the mark of UTF-8.
func utf8From(b []byte) []byte {
	big := false
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		return b[3:]
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		b = b[2:]
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		b, big = b[2:], true
	case bytes.HasPrefix(b, []byte{'<', 0}):
	case bytes.HasPrefix(b, []byte{0, '<'}):
		big = true
	default:
		return b
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		lo, hi := uint16(b[2*i]), uint16(b[2*i+1])
		if big {
			lo, hi = hi, lo
		}
		u[i] = hi<<8 | lo
	}
	return []byte(string(utf16.Decode(u)))
}
