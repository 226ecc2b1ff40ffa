package winjson

import (
	"strings"

	"longwatch/internal/record"
)

// fields are the values of an event as they are gathered, in order.
type fields []record.KV

// attributes tells the members that hold XML attributes, not values.
func attributes(key string) bool {
	return strings.HasPrefix(key, "#attributes") || strings.HasPrefix(key, "@") || strings.HasSuffix(key, "_attributes") || strings.HasPrefix(key, "xmlns")
}

// data adds the members of EventData, or of another element with elements
// inside.
func (f *fields) data(v value) {
	for c := range v.children() {
		if !attributes(c.key()) {
			f.add(c.key(), c)
		}
	}
}

// leaves adds the innermost members of UserData by their own names.
func (f *fields) leaves(v value) {
	if v.is(kindObject) && !v.get("#text").ok {
		f.data(v)
		return
	}
	if v.text() != "" || v.is(kindArray) {
		f.add(v.key(), v)
	}
}

// add adds one value, several for an array. An item of the form {"@Name": …,
// "#text": …} has its own name.
func (f *fields) add(name string, v value) {
	switch {
	case v.is(kindArray):
		for c := range v.children() {
			f.add(name, c)
		}
	case v.is(kindObject) && !v.get("#text").ok && v.node().child != 0:
		f.data(v)
	case v.is(kindObject) && v.get("#text").is(kindArray):
		f.add(name, v.get("#text"))
	default:
		if own := v.first("@Name", "#attributes.Name"); own != "" {
			name = own
		}
		*f = append(*f, record.KV{Name: unnumbered(name), Value: v.text()})
	}
}

// dotted adds the members whose key begins with prefix.
func (f *fields) dotted(v value, prefix string) {
	if !v.is(kindObject) {
		return
	}
	for c := range v.children() {
		if name, ok := strings.CutPrefix(c.key(), prefix); ok {
			f.add(name, c)
		}
	}
}

// unnumbered gives values without name the name they have elsewhere: evtx_dump
// numbers repeated members Data, Data_1, Data_2.
func unnumbered(name string) string {
	if rest, ok := strings.CutPrefix(name, "Data_"); ok && strings.Trim(rest, "0123456789") == "" {
		return "Data"
	}
	return name
}
