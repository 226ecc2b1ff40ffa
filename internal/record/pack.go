package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
)

// ErrPacked is wrapped by errors about bytes that are no packed record.
var ErrPacked = errors.New("not a packed record")

// A packed record is its values without names, for files that a run writes and
// reads itself: for each exported field that is not empty its number from 1 as a
// varint, then its value; a 0 ends it. Unlike JSON it keeps every bit, and
// fields that no format shows.

// slot is a field of a record's struct as it is packed.
type slot struct {
	Field
	ref   bool // the reference
	refs  bool // further ones
	plain bool // exactly a string, or exactly strings
	width int64
}

// slots lists the exported fields of st, those of embedded structs in their place.
func slots(st reflect.Type, at []int, offset uintptr) []slot {
	var out []slot
	for i := range st.NumField() {
		f := st.Field(i)
		index := append(append([]int(nil), at...), i)
		switch {
		case f.Type == reflect.TypeFor[Ref]():
			out = append(out, slot{Field: Field{index: index, offset: offset + f.Offset}, ref: true})
		case f.Type == reflect.TypeFor[[]Ref]():
			out = append(out, slot{Field: Field{index: index, offset: offset + f.Offset}, refs: true, width: int64(reflect.TypeFor[Ref]().Size())})
		case f.Anonymous:
			out = append(out, slots(f.Type, index, offset+f.Offset)...)
		case f.IsExported():
			s := slot{Field: Field{Name: f.Name, index: index, offset: offset + f.Offset}}
			s.classify(f.Type)
			s.plain = f.Type == reflect.TypeFor[string]() || f.Type == reflect.TypeFor[[]string]()
			if f.Type.Kind() == reflect.Slice {
				s.width = int64(f.Type.Elem().Size())
			}
			out = append(out, s)
		}
	}
	return out
}

// AppendPacked appends r, which is of type t, in the form that Unpack reads.
func (t *Type) AppendPacked(dst []byte, r Record) []byte {
	rv := reflect.ValueOf(r).Elem()
	for i := range t.slots {
		s := &t.slots[i]
		v := rv.FieldByIndex(s.index)
		if v.IsZero() {
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(i+1))
		dst = s.pack(dst, v)
	}
	return append(dst, 0)
}

func (s *slot) pack(dst []byte, v reflect.Value) []byte {
	switch {
	case s.ref:
		return appendRef(dst, *v.Addr().Interface().(*Ref))
	case s.refs:
		refs := *v.Addr().Interface().(*[]Ref)
		dst = binary.AppendUvarint(dst, uint64(len(refs)))
		for _, r := range refs {
			dst = appendRef(dst, r)
		}
		return dst
	case s.kind == kindFields:
		pairs := *v.Addr().Interface().(*[]KV)
		dst = binary.AppendUvarint(dst, uint64(len(pairs)))
		for _, p := range pairs {
			dst = appendBytes(appendBytes(dst, p.Name), p.Value)
		}
		return dst
	case s.vector && s.plain:
		texts := *v.Addr().Interface().(*[]string)
		dst = binary.AppendUvarint(dst, uint64(len(texts)))
		for _, text := range texts {
			dst = appendBytes(dst, text)
		}
		return dst
	case s.vector:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for i := range v.Len() {
			dst = s.packOne(dst, v.Index(i))
		}
		return dst
	}
	return s.packOne(dst, v)
}

func (s *slot) packOne(dst []byte, v reflect.Value) []byte {
	if s.opt {
		if !v.Field(1).Bool() {
			return append(dst, 0)
		}
		dst, v = append(dst, 1), v.Field(0)
	}
	//exhaustive:enforce
	switch s.kind {
	case kindString:
		return appendBytes(dst, v.String())
	case kindBool:
		if v.Bool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case kindUint:
		return binary.AppendUvarint(dst, v.Uint())
	case kindInt, kindTime, kindInterval:
		return binary.AppendVarint(dst, v.Int())
	case kindFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case kindAddr:
		b, _ := v.Addr().Interface().(*netip.Addr).MarshalBinary() // it never fails
		return appendBytes(dst, b)
	case kindPrefix:
		b, _ := v.Addr().Interface().(*netip.Prefix).MarshalBinary() // it never fails
		return appendBytes(dst, b)
	case kindFields: // never here: pack writes it
	}
	return dst
}

func appendBytes[T string | []byte](dst []byte, text T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

func appendRef(dst []byte, r Ref) []byte {
	dst = append(appendBytes(dst, r.File), byte(r.Kind))
	return binary.AppendVarint(dst, r.Pos)
}

// Weight is about how many bytes r, which is of type t, keeps alive: its struct,
// its strings and what its slices hold.
func (t *Type) Weight(r Record) int64 {
	n := int64(t.goType.Size())
	for _, i := range t.heavy {
		s := &t.slots[i]
		switch {
		case s.ref:
			n += int64(len((*Ref)(s.in(r)).File))
		case s.refs:
			refs := *(*[]Ref)(s.in(r))
			n += int64(cap(refs)) * s.width
			for _, ref := range refs {
				n += int64(len(ref.File))
			}
		case s.kind == kindFields:
			pairs := *(*[]KV)(s.in(r))
			n += int64(cap(pairs)) * s.width
			for _, p := range pairs {
				n += int64(len(p.Name) + len(p.Value))
			}
		case s.vector && s.kind == kindString && !s.opt:
			texts := *(*[]string)(s.in(r))
			n += int64(cap(texts)) * s.width
			for _, t := range texts {
				n += int64(len(t))
			}
		case s.kind == kindString && !s.vector && !s.opt:
			n += int64(len(*(*string)(s.in(r))))
		default:
			n += s.weigh(reflect.ValueOf(r).Elem().FieldByIndex(s.index))
		}
	}
	return n
}

// weigh is Weight of a value that is read as reflect sees it.
func (s *slot) weigh(v reflect.Value) int64 {
	if !s.vector {
		return s.textLen(v)
	}
	n := int64(v.Cap()) * s.width
	if s.kind == kindString {
		for i := range v.Len() {
			n += s.textLen(v.Index(i))
		}
	}
	return n
}

func (s *slot) textLen(v reflect.Value) int64 {
	if s.kind != kindString {
		return 0
	}
	if s.opt {
		v = v.Field(0)
	}
	return int64(v.Len())
}

// plan settles how records of t are packed.
func (t *Type) plan() {
	t.slots = slots(t.goType, nil, 0)
	for i := range t.slots {
		if s := &t.slots[i]; s.ref || s.refs || s.vector || s.kind == kindString || s.kind == kindFields {
			t.heavy = append(t.heavy, i)
		}
	}
}

// Texts gives equal short strings of a file the same memory. It belongs to one
// goroutine; the zero value is ready.
type Texts struct{ seen [1 << 10]string }

// longestShared is how long a string may be that is looked for among those seen.
const longestShared = 96

func (x *Texts) of(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > longestShared {
		return string(b)
	}
	h := uint32(2166136261) // FNV-1a
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	s := &x.seen[(h^h>>16)%uint32(len(x.seen))]
	if *s != string(b) {
		*s = string(b)
	}
	return *s
}

// Unpack reads a record that AppendPacked wrote; its strings are kept in texts.
// Bytes that are not such a record are an error that wraps ErrPacked.
func (t *Type) Unpack(src []byte, texts *Texts) (Record, error) {
	r := t.New()
	rv := reflect.ValueOf(r).Elem()
	u := unpacker{src: src, texts: texts}
	for {
		n := u.uvarint()
		if n == 0 || n > uint64(len(t.slots)) {
			if n != 0 || u.bad || len(u.src) > 0 {
				return nil, fmt.Errorf("record: %s: %w", t.Name, ErrPacked)
			}
			return r, nil
		}
		s := &t.slots[n-1]
		s.unpack(&u, rv.FieldByIndex(s.index))
	}
}

func (s *slot) unpack(u *unpacker, v reflect.Value) {
	switch {
	case s.ref:
		*v.Addr().Interface().(*Ref) = u.ref()
	case s.refs:
		refs := make([]Ref, u.count(3))
		for i := range refs {
			refs[i] = u.ref()
		}
		*v.Addr().Interface().(*[]Ref) = refs
	case s.kind == kindFields:
		pairs := make([]KV, u.count(2))
		for i := range pairs {
			pairs[i] = KV{Name: u.text(), Value: u.text()}
		}
		*v.Addr().Interface().(*[]KV) = pairs
	case s.vector && s.plain:
		texts := make([]string, u.count(1))
		for i := range texts {
			texts[i] = u.text()
		}
		*v.Addr().Interface().(*[]string) = texts
	case s.vector:
		n := u.count(1)
		list := reflect.MakeSlice(v.Type(), n, n)
		for i := range n {
			s.unpackOne(u, list.Index(i))
		}
		v.Set(list)
	default:
		s.unpackOne(u, v)
	}
}

func (s *slot) unpackOne(u *unpacker, v reflect.Value) {
	if s.opt {
		if u.byte() == 0 {
			return
		}
		v.Field(1).SetBool(true)
		v = v.Field(0)
	}
	//exhaustive:enforce
	switch s.kind {
	case kindString:
		v.SetString(u.text())
	case kindBool:
		v.SetBool(u.byte() != 0)
	case kindUint:
		n := u.uvarint()
		u.bad = u.bad || v.OverflowUint(n)
		v.SetUint(n)
	case kindInt, kindTime, kindInterval:
		n := u.varint()
		u.bad = u.bad || v.OverflowInt(n)
		v.SetInt(n)
	case kindFloat:
		if b := u.take(8); b != nil {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case kindAddr:
		u.bad = v.Addr().Interface().(*netip.Addr).UnmarshalBinary(u.bytes()) != nil || u.bad
	case kindPrefix:
		u.bad = v.Addr().Interface().(*netip.Prefix).UnmarshalBinary(u.bytes()) != nil || u.bad
	case kindFields: // never here: unpack reads it
	}
}

// unpacker takes values off src. Once it is bad it gives zeros, the first of
// which ends the record.
type unpacker struct {
	src   []byte
	texts *Texts
	bad   bool
}

func (u *unpacker) fail() {
	u.bad, u.src = true, nil
}

func (u *unpacker) uvarint() uint64 {
	n, used := binary.Uvarint(u.src)
	if used <= 0 {
		u.fail()
		return 0
	}
	u.src = u.src[used:]
	return n
}

func (u *unpacker) varint() int64 {
	n, used := binary.Varint(u.src)
	if used <= 0 {
		u.fail()
		return 0
	}
	u.src = u.src[used:]
	return n
}

// take is the next n bytes, nil when there are not so many.
func (u *unpacker) take(n uint64) []byte {
	if n > uint64(len(u.src)) {
		u.fail()
		return nil
	}
	b := u.src[:n]
	u.src = u.src[n:]
	return b
}

func (u *unpacker) bytes() []byte { return u.take(u.uvarint()) }
func (u *unpacker) text() string  { return u.texts.of(u.bytes()) }

func (u *unpacker) byte() byte {
	if b := u.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (u *unpacker) ref() Ref { return Ref{File: u.text(), Kind: RefKind(u.byte()), Pos: u.varint()} }

// count is how many values follow, each of at least size bytes.
func (u *unpacker) count(size int) int {
	n := u.uvarint()
	if n > uint64(len(u.src)/size) {
		u.fail()
		return 0
	}
	return int(n)
}
