package module

import (
	"bytes"
	"testing"
)

// ask asks a loaded module for everything that its type names, so that what is
// computed late is computed.
func ask(t *Type, v Value, depth int) {
	if depth > 6 {
		return
	}
	switch t.Kind {
	case Struct:
		for name, f := range t.Fields {
			if f.Kind != Func && f.Const == nil {
				ask(f, v.Field(name), depth+1)
			}
		}
	case Array:
		ask(t.Elem, v.Item(0), depth+1)
		ask(t.Elem, v.Item(3), depth+1)
	case Dict:
		ask(t.Elem, v.Key("CompanyName"), depth+1)
	}
}

// calls makes a call of every function with arguments of its kinds.
func calls(s *State, t *Type, self *Object) {
	for _, f := range t.Fields {
		if f.Kind != Func {
			continue
		}
		for i := range f.Forms {
			var args []Value
			for _, c := range f.Forms[i].Args {
				args = append(args, map[rune]Value{
					'i': Number(1), 'f': Real(1), 's': String("kernel32.dll"),
					'r': {Kind: Pattern, Match: func(string) bool { return true }},
				}[c])
			}
			if v := f.Forms[i].Call(s, self, args); v.Defined() && v.Kind != f.Forms[i].Ret {
				panic("a function gives another kind than it says")
			}
		}
	}
}

func FuzzModules(f *testing.F) {
	f.Add([]byte("MZ"), uint16(0))
	f.Add(append(bytes.Repeat([]byte{0}, 0x3c), 0x40, 0, 0, 0, 'P', 'E', 0, 0), uint16(7))
	f.Add([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00"), uint16(900))
	f.Fuzz(func(t *testing.T, data []byte, grow uint16) {
		data = append(data, make([]byte, grow)...) // headers need room
		var s State
		s.Reset(data, 1, 1<<20)
		for _, m := range modules {
			o := s.Module(m)
			ask(m.Type, Value{Kind: Struct, O: o}, 0)
			calls(&s, m.Type, o)
		}
		EntryPoint(&s)
	})
}

func TestToInt(t *testing.T) {
	m := Find("string")
	for text, want := range map[string]Value{
		"12": Number(12), " -0x1F": Number(-31), "010": Number(8), "x": Undefined, "9223372036854775808": Undefined, "1_0": Undefined,
	} {
		if got := m.Type.Field("to_int").Forms[0].Call(nil, nil, []Value{String(text)}); got.Kind != want.Kind || got.I != want.I {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestMath(t *testing.T) {
	data := bytes.Repeat([]byte("abcd"), 100)
	var s State
	s.Reset(data, 0, 1<<20)
	m := Find("math")
	call := func(name string, args ...Value) Value {
		for _, f := range m.Type.Field(name).Forms {
			if len(f.Args) == len(args) && f.Args[0] != 's' {
				return f.Call(&s, nil, args)
			}
		}
		return Undefined
	}
	if v := call("entropy", Number(0), Number(400)); v.F != 2 {
		t.Errorf("entropy %v", v)
	}
	if v := call("entropy", Number(400), Number(1)); v.Defined() {
		t.Errorf("entropy behind the end: %v", v)
	}
	if v := call("count", Number('a'), Number(0), Number(1000)); v.I != 100 {
		t.Errorf("count %v", v)
	}
	s.Work = 10
	if v := call("mean", Number(0), Number(400)); v.Defined() {
		t.Errorf("mean with no work left: %v", v)
	}
}
