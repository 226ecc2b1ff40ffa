package module

import (
	"strconv"
	"strings"
)

// The modules time, console and string. console writes nothing here: a report
// is no place for what a rule's author once wanted to see. time.now is the time
// of the evidence, so that the same file is always judged the same.

func timeModule() *Module {
	t := schema("")
	t.fn("now", "", "i", func(s *State, _ *Object, _ []Value) Value {
		if s.Time == 0 {
			return Undefined
		}
		return Number(s.Time)
	})
	return bare("time", t)
}

func consoleModule() *Module {
	t := schema("")
	yes := func(*State, *Object, []Value) Value { return Truth(true) }
	for _, args := range [...]string{"s", "ss", "i", "si", "f", "sf"} {
		t.fn("log", args, "i", yes)
	}
	t.fn("hex", "i", "i", yes)
	t.fn("hex", "si", "i", yes)
	return bare("console", t)
}

func stringModule() *Module {
	t := schema("")
	toInt := func(text string, base int) Value {
		// As strtoll: white space, a sign, and 0x or 0 when the base is free.
		s := strings.TrimLeft(text, " \t\n\v\f\r")
		digits := strings.TrimPrefix(s, "-")
		if base == 0 && len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 != 'x' {
			base = 8
		}
		if base == 16 {
			s = strings.Replace(strings.Replace(s, "0x", "", 1), "0X", "", 1)
		}
		if strings.Contains(s, "_") || base < 0 || base == 1 || base > 36 {
			return Undefined
		}
		n, err := strconv.ParseInt(s, base, 64)
		if err != nil {
			return Undefined
		}
		return Number(n)
	}
	t.fn("to_int", "s", "i", func(_ *State, _ *Object, a []Value) Value { return toInt(a[0].S, 0) })
	t.fn("to_int", "si", "i", func(_ *State, _ *Object, a []Value) Value {
		if a[1].I < 0 || a[1].I > 36 {
			return Undefined
		}
		return toInt(a[0].S, int(a[1].I))
	})
	t.fn("length", "s", "i", func(_ *State, _ *Object, a []Value) Value { return Number(int64(len(a[0].S))) })
	return bare("string", t)
}

// bare is a module that knows nothing of the file by itself.
func bare(name string, t *Type) *Module {
	empty := object()
	return &Module{Name: name, Type: t, Load: func(*State) *Object { return empty }}
}
