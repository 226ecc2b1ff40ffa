// Package module gives the rules what they import: pe, elf, math and the like.
//
//	m := module.Find("pe")
//	kind := m.Type.Field("number_of_sections")  // what a rule can ask for
//	v := m.Load(state).Field("timestamp")       // what a file answers
//
// A file that is not of the kind a module knows leaves everything undefined.
// All of it reads hostile bytes: counts are bounded, and every offset checked.
package module

import "strings"

// Kind is what a value is.
type Kind uint8

// The kinds of values. None is the kind of what is undefined.
const (
	None Kind = iota
	Int
	Float
	Text
	Struct
	Array
	Dict
	Func
	Pattern // a regular expression, as an argument
	Any     // of a module without data: whatever is wanted, and never defined
)

// Type describes what a name stands for.
type Type struct {
	Kind   Kind
	Fields map[string]*Type // of a struct
	Elem   *Type            // of an array or dictionary
	Const  *int64           // of a number that is the same for all files
	Forms  []Form           // of a function
}

// Field is the type of a field, nil when there is none.
func (t *Type) Field(name string) *Type {
	if t.Kind == Any {
		return t
	}
	return t.Fields[name]
}

// Form is one way to call a function.
type Form struct {
	Args string // a letter each: i, f, s, r
	Ret  Kind
	// Call is given what the function belongs to, if that is a struct.
	Call func(s *State, self *Object, args []Value) Value
}

// Value is something a rule can ask about.
type Value struct {
	Kind Kind
	I    int64
	F    float64
	S    string
	O    *Object
	// Match tells whether a text matches, when the value is a pattern.
	Match func(text string) bool
}

// Object is a struct, array or dictionary.
type Object struct {
	Fields map[string]Value
	Items  []Value
	Keys   []string // of a dictionary, in the order of Items
	// late are fields that are only computed when they are asked for.
	late map[string]func() Value
}

// Undefined is what is not known of a file.
var Undefined = Value{}

// Number is an Int.
func Number(n int64) Value { return Value{Kind: Int, I: n} }

// Real is a Float.
func Real(f float64) Value { return Value{Kind: Float, F: f} }

// String is a Text.
func String(s string) Value { return Value{Kind: Text, S: s} }

// Truth is 1 or 0.
func Truth(b bool) Value {
	if b {
		return Number(1)
	}
	return Number(0)
}

// Defined tells whether v is known.
func (v Value) Defined() bool { return v.Kind != None }

// Field is a part of a struct.
func (v Value) Field(name string) Value {
	if v.O == nil {
		return Undefined
	}
	return v.O.field(name)
}

func (o *Object) field(name string) Value {
	if compute := o.late[name]; compute != nil {
		delete(o.late, name)
		o.Fields[name] = compute()
	}
	return o.Fields[name]
}

// Item is the nth part of an array.
func (v Value) Item(n int64) Value {
	if v.O == nil || n < 0 || n >= int64(len(v.O.Items)) {
		return Undefined
	}
	return v.O.Items[n]
}

// Key is a part of a dictionary.
func (v Value) Key(name string) Value {
	if v.O == nil {
		return Undefined
	}
	for i, k := range v.O.Keys {
		if k == name {
			return v.O.Items[i]
		}
	}
	return Undefined
}

// object is a new struct.
func object() *Object { return &Object{Fields: map[string]Value{}} }

// set puts a value under a name; dots lead into structs.
func (o *Object) set(name string, v Value) {
	for {
		head, rest, more := strings.Cut(name, ".")
		if !more {
			o.Fields[name] = v
			return
		}
		inner := o.Fields[head].O
		if inner == nil {
			inner = object()
			o.Fields[head] = Value{Kind: Struct, O: inner}
		}
		o, name = inner, rest
	}
}

func (o *Object) num(name string, n int64)   { o.set(name, Number(n)) }
func (o *Object) text(name string, s string) { o.set(name, String(s)) }

// later puts a field that is computed when it is asked for.
func (o *Object) later(name string, compute func() Value) {
	if o.late == nil {
		o.late = map[string]func() Value{}
	}
	o.late[name] = compute
}

// structs is a list of structs.
type structs []Value

func (l *structs) add() *Object {
	o := object()
	*l = append(*l, Value{Kind: Struct, O: o})
	return o
}

func (l structs) value() Value { return Value{Kind: Array, O: &Object{Items: l}} }

// schema reads a description of types, one name a line:
//
//	machine i
//	sections[].name s
//	version_info{} s
//
// The letter says what it is: i, f or s. A name with brackets is an array, with
// braces a dictionary.
func schema(lines string) *Type {
	root := &Type{Kind: Struct, Fields: map[string]*Type{}}
	for line := range strings.Lines(lines) {
		name, letter, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		t := root
		for part := range strings.SplitSeq(name, ".") {
			t = t.enter(part)
		}
		t.Kind = map[string]Kind{"i": Int, "f": Float, "s": Text}[letter]
	}
	return root
}

// enter makes the field that part names, with its brackets.
func (t *Type) enter(part string) *Type {
	kind := Struct
	name, array := strings.CutSuffix(part, "[]")
	if array {
		kind = Array
	}
	name, dict := strings.CutSuffix(name, "{}")
	if dict {
		kind = Dict
	}
	if t.Fields == nil {
		t.Fields = map[string]*Type{}
	}
	f := t.Fields[name]
	if f == nil {
		f = &Type{Kind: kind}
		if kind != Struct {
			f.Elem = &Type{Kind: Struct}
		}
		t.Fields[name] = f
	}
	if kind != Struct {
		return f.Elem
	}
	return f
}

// at is the type that a name with dots leads to.
func (t *Type) at(name string) *Type {
	for part := range strings.SplitSeq(name, ".") {
		f := t.enter(part)
		t = f
	}
	return t
}

// consts adds numbers that are the same for all files.
func (t *Type) consts(all map[string]int64) {
	for name, n := range all {
		t.at(name).Kind = Int
		t.at(name).Const = &n
	}
}

// fn adds a way to call a function; ret is i, f or s.
func (t *Type) fn(name, args, ret string, call func(s *State, self *Object, args []Value) Value) {
	f := t.at(name)
	f.Kind = Func
	f.Forms = append(f.Forms, Form{args, map[string]Kind{"i": Int, "f": Float, "s": Text}[ret], call})
}

// Module is something that can be imported.
type Module struct {
	Name string
	Type *Type
	// Load reads a file. It never returns nil.
	Load func(s *State) *Object
	// Without says what this program lacks so that the module knows anything;
	// empty for those that work.
	Without string
}

// State is one file while it is looked at.
type State struct {
	Data []byte
	Time int64 // seconds since 1970: what a rule takes for now; 0 is unknown
	// Work is how many bytes functions may still read; they are undefined when
	// it is used up.
	Work int64

	loaded map[string]*Object
	kept   map[string]any
}

// Reset makes s a state of other data.
func (s *State) Reset(data []byte, time, work int64) {
	*s = State{Data: data, Time: time, Work: work}
}

// Module loads a module once.
func (s *State) Module(m *Module) *Object {
	if o := s.loaded[m.Name]; o != nil {
		return o
	}
	if s.loaded == nil {
		s.loaded = map[string]*Object{}
	}
	o := m.Load(s)
	s.loaded[m.Name] = o
	return o
}

// keep computes something once per file.
func keep[T any](s *State, name string, compute func() T) T {
	if v, ok := s.kept[name]; ok {
		return v.(T)
	}
	v := compute()
	if s.kept == nil {
		s.kept = map[string]any{}
	}
	s.kept[name] = v
	return v
}

// spend takes n from what may be read.
func (s *State) spend(n int64) bool {
	s.Work -= n
	return s.Work >= 0
}

// Find returns the module of a name, nil when there is none.
func Find(name string) *Module { return modules[name] }

var modules = func() map[string]*Module {
	out := map[string]*Module{}
	for _, m := range [...]*Module{
		peModule(), elfModule(), dotnetModule(), mathModule(), hashModule(), timeModule(), consoleModule(), stringModule(),
		absent("cuckoo", "the report of a sandbox"), absent("androguard", "an analysis of the phone application"), absent("magic", "libmagic"),
	} {
		out[m.Name] = m
	}
	return out
}()
