package evtx

import (
	"bytes"
	"slices"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// state is where in an event an element stands.
type state uint8

const (
	inDocument state = iota // around the event
	inEvent
	inSystem
	inSystemLeaf // an element of System
	inData       // EventData and its kin
	inUserData
	inWrapper // the one element below UserData, and RenderingInfo
	inLeaf    // a value, unless it has elements of its own
	inOther   // what is no part of an event that we know
)

// frame is an open element.
type frame struct {
	state    state
	code     nameCode
	children bool
	label    span // the Name attribute, when its value is not a literal
	name     string
	from     int // where its text begins
}

// span is a stretch of the builder's text.
type span struct{ from, to int32 }

// field is a value on its way into the event.
type field struct {
	name  string
	label span // the name, when name is empty
	value span
}

// builder gathers an event's values: text in one buffer, which becomes one
// string that all values share, so that an event costs three allocations.
type builder struct {
	event    *host.Event
	interned *interner
	text     []byte
	fields   []field
	slab     []record.KV // not in use yet
	frames   [maxDepth + 1]frame
	depth    int
	rooted   bool // an Event element was seen
	rendered span // fields that are RenderingInfo

	activity, related span // text of the attributes of Correlation

	attr     name // open attribute
	inAttr   bool
	attrFrom int
	attrName string // its value so far, when that is one literal

	// What the last event said, as the next one often does: text, and the bytes
	// it was made of.
	channel, computer         string
	lowered                   string // computer in lower case
	lastChannel, lastComputer []byte

	name, guid lastText // of the provider
	sids       sidCache
}

// begin starts a new event.
func (b *builder) begin(e *host.Event, in *interner) {
	b.event, b.interned = e, in
	b.text, b.fields = b.text[:0], b.fields[:0]
	b.depth, b.rooted, b.inAttr = 0, false, false
	b.rendered, b.activity, b.related = span{}, span{}, span{}
	b.frames[0] = frame{state: inDocument}
}

// finish moves the values into the event.
func (b *builder) finish() {
	text := string(b.text)
	b.event.Activity = text[b.activity.from:b.activity.to]
	b.event.Related = text[b.related.from:b.related.to]
	if len(b.fields) == 0 {
		return
	}
	kv := b.room(len(b.fields))
	for i := range b.fields {
		f := &b.fields[i]
		kv[i] = record.KV{Name: f.name, Value: text[f.value.from:f.value.to]}
		if f.name == "" {
			kv[i].Name = text[f.label.from:f.label.to]
		}
	}
	if in := b.rendered; in.to > in.from {
		b.event.Rendered = kv[in.from:in.to:in.to]
		if kv = slices.Concat(kv[:in.from], kv[in.to:]); len(kv) == 0 {
			return
		}
	}
	b.event.Fields = kv
}

// slabSize is how many values are allocated at once. Events of the same slab are
// freed together, so it holds some ten events only.
const slabSize = 256

// room returns room for n values.
func (b *builder) room(n int) []record.KV {
	if n > slabSize/8 {
		return make([]record.KV, n)
	}
	if n > len(b.slab) {
		b.slab = make([]record.KV, slabSize)
	}
	kv := b.slab[:n:n]
	b.slab = b.slab[n:]
	return kv
}

// since is the text from an offset on. It is far shorter than 2 GiB, see
// maxRecordText.
func (b *builder) since(from int) span {
	return span{int32(from), int32(len(b.text))} // #nosec G115
}

// start opens an element. It refuses when they are nested too deep.
func (b *builder) start(n name) bool {
	b.endAttr()
	if b.depth == maxDepth {
		return false
	}
	parent := &b.frames[b.depth]
	parent.children = true
	b.depth++
	b.frames[b.depth] = frame{state: b.below(parent.state, n.code), code: n.code, name: n.text, from: len(b.text)}
	return true
}

// below is the state of an element with this name inside one in state s.
func (b *builder) below(s state, n nameCode) state {
	switch s {
	case inDocument:
		if n == nameEvent {
			b.rooted = true
			return inEvent
		}
	case inEvent:
		switch n {
		case nameSystem:
			return inSystem
		case nameEventData:
			return inData
		case nameUserData:
			return inUserData
		case nameRenderingInfo:
			b.rendered = span{int32(len(b.fields)), int32(len(b.fields))} // #nosec G115 -- bounded by maxRecordText
			return inWrapper
		}
	case inSystem:
		return inSystemLeaf
	case inUserData:
		return inWrapper
	case inData, inWrapper, inLeaf:
		return inLeaf
	}
	return inOther
}

// end closes the innermost element. An element that has no others inside is a
// value.
func (b *builder) end() {
	b.endAttr()
	f := &b.frames[b.depth]
	b.depth--
	if f.code == nameRenderingInfo && f.state == inWrapper {
		b.rendered.to = int32(len(b.fields)) // #nosec G115 -- as above
	}
	if f.children {
		return
	}
	switch f.state {
	case inSystemLeaf:
		b.systemText(f.code, b.text[f.from:])
		b.text = b.text[:f.from]
	case inLeaf:
		b.add(f)
	case inData, inWrapper:
		if len(bytes.TrimSpace(b.text[f.from:])) > 0 {
			b.add(f)
		}
	}
}

// add makes the text of an element a field.
func (b *builder) add(f *frame) {
	v := field{name: f.name, value: b.since(f.from)}
	switch {
	case f.label.to > f.label.from:
		v.name, v.label = "", f.label
	case f.state == inData:
		v.name = "Data"
	}
	b.fields = append(b.fields, v)
}

// keepsText tells whether text matters where the builder stands.
func (b *builder) keepsText() bool {
	if b.inAttr {
		return true
	}
	switch b.frames[b.depth].state {
	case inSystemLeaf, inLeaf, inData, inWrapper:
		return true
	}
	return false
}

func (b *builder) literal(s string) {
	if !b.keepsText() {
		return
	}
	if b.inAttr {
		b.attrName = ""
		if len(b.text) == b.attrFrom {
			b.attrName = s
		}
	}
	b.text = append(b.text, s...)
}

func (b *builder) value(v value) {
	if b.keepsText() {
		b.attrName = ""
		b.text = v.append(b.text)
	}
}

// array writes an array and tells how many items it had. Windows repeats the
// element for each of them, with what stands before the array in it.
func (b *builder) array(v value) int {
	if !b.keepsText() {
		return 0
	}
	b.attrName = ""
	f := &b.frames[b.depth]
	repeat := !b.inAttr && f.state == inLeaf
	before := len(b.text)
	for n := 0; ; n++ {
		item, rest, ok := v.item()
		if !ok {
			return n
		}
		if n > 0 {
			if repeat {
				b.add(f)
				prefix := b.text[f.from:before]
				f.from = len(b.text)
				b.text = append(b.text, prefix...)
				before = len(b.text)
			} else {
				b.text = append(b.text, ',')
			}
		}
		b.text = item.append(b.text)
		v.data = rest
	}
}

// startAttr opens an attribute; the next attribute or the end of the start tag
// closes it.
func (b *builder) startAttr(n name) {
	b.endAttr()
	b.attr, b.inAttr, b.attrFrom, b.attrName = n, true, len(b.text), ""
}

// attrValue is the whole value of the open attribute.
func (b *builder) attrValue(v value) {
	if f := &b.frames[b.depth]; f.state == inSystemLeaf && b.systemAttr(f.code, v) {
		b.inAttr = false
		return
	}
	if v.typ&typeArray != 0 {
		b.array(v)
		return
	}
	b.value(v)
}

// attrLiteral is the whole value of the open attribute, from the template.
func (b *builder) attrLiteral(s string) {
	f := &b.frames[b.depth]
	switch {
	case f.state == inSystemLeaf && f.code == nameProvider:
		b.provider(s)
		b.inAttr = false
	case f.state == inLeaf && f.code == nameData && b.attr.code == nameName:
		f.name = s
		b.inAttr = false
	default:
		b.literal(s)
	}
}

func (b *builder) endAttr() {
	if b.inAttr {
		b.closeAttr()
	}
}

func (b *builder) closeAttr() {
	b.inAttr = false
	f := &b.frames[b.depth]
	at := b.since(b.attrFrom)
	switch {
	case f.state == inSystemLeaf && f.code == nameCorrelation:
		b.correlation(at)
		f.from = len(b.text)
		return
	case f.state == inSystemLeaf:
		b.systemAttrText(f.code, b.attrName, b.text[at.from:])
	case f.state == inLeaf && f.code == nameData && b.attr.code == nameName:
		if b.attrName != "" {
			f.name = b.attrName
			break
		}
		f.label, f.from = at, len(b.text)
		return
	case (f.state == inLeaf && f.code != nameData || f.state == inWrapper) && b.attr.code != nameXMLNS:
		b.fields = append(b.fields, field{name: b.attr.text, value: at})
		f.from = len(b.text)
		return
	}
	b.text = b.text[:at.from]
}

// leaf writes a value that has a name of its own.
func (b *builder) leaf(name string, v value) {
	from := len(b.text)
	if v.typ == typeSID {
		b.text = b.sids.append(b.text, v.data)
	} else {
		b.text = v.append(b.text)
	}
	b.fields = append(b.fields, field{name: name, value: b.since(from)})
}
