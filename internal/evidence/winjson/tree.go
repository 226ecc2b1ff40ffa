package winjson

import (
	"iter"
	"strconv"
	"strings"
)

func (v value) node() *node { return &v.tree.nodes[v.i] }

func (v value) is(k kind) bool { return v.ok && v.node().kind == k }

func (v value) key() string { return v.tree.text[v.node().key.from:v.node().key.to] }

// text is a scalar's text; that of an element with attributes is in #text.
// Empty for null, absent values and other objects and arrays.
func (v value) text() string {
	if !v.ok {
		return ""
	}
	switch n := v.node(); n.kind {
	case kindText, kindNumber:
		return v.tree.text[n.text.from:n.text.to]
	case kindObject:
		return v.get("#text").text()
	}
	return ""
}

// children are an object's members or an array's items, in order.
func (v value) children() iter.Seq[value] {
	return func(yield func(value) bool) {
		if !v.ok {
			return
		}
		for i := v.node().child; i != 0; i = v.tree.nodes[i].next {
			if !yield(value{v.tree, i, true}) {
				return
			}
		}
	}
}

// get returns the member of that name.
func (v value) get(name string) value {
	if v.is(kindObject) {
		for c := range v.children() {
			if c.key() == name {
				return c
			}
		}
	}
	return value{}
}

// path follows names downwards. Programs write the path as nested objects, as
// one dotted key, or as a mixture.
func (v value) path(dotted string) value {
	if c := v.get(dotted); c.ok {
		return c
	}
	for i := range len(dotted) {
		if dotted[i] != '.' {
			continue
		}
		if c := v.get(dotted[:i]); c.ok {
			if c = c.path(dotted[i+1:]); c.ok {
				return c
			}
		}
	}
	return value{}
}

// first returns the text of the first of several members that has one.
func (v value) first(names ...string) string {
	for _, n := range names {
		if s := v.path(n).text(); s != "" {
			return s
		}
	}
	return ""
}

// number reads a number, decimal or after 0x; 0 when it is none.
func number(s string, bits int) uint64 {
	base := 10
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		s, base = hex, 16
	}
	n, err := strconv.ParseUint(s, base, bits)
	if err != nil {
		return 0
	}
	return n
}
