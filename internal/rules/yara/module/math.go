package module

import (
	"math"
	"strconv"
)

// mathModule is as https://yara.readthedocs.io/en/v4.2.3/modules/math.html says.

func mathModule() *Module {
	t := schema("MEAN_BYTES f")
	mathOverBytes(t)
	mathCounts(t)
	t.fn("in_range", "fff", "i", func(_ *State, _ *Object, a []Value) Value { return Truth(a[0].F >= a[1].F && a[0].F <= a[2].F) })
	t.fn("max", "ii", "i", func(_ *State, _ *Object, a []Value) Value { return Number(int64(max(uint64(a[0].I), uint64(a[1].I)))) })
	t.fn("min", "ii", "i", func(_ *State, _ *Object, a []Value) Value { return Number(int64(min(uint64(a[0].I), uint64(a[1].I)))) })
	t.fn("abs", "i", "i", func(_ *State, _ *Object, a []Value) Value { return Number(max(a[0].I, -a[0].I)) })
	t.fn("to_number", "i", "i", func(_ *State, _ *Object, a []Value) Value { return Truth(a[0].I != 0) })
	t.fn("to_string", "i", "s", func(_ *State, _ *Object, a []Value) Value { return String(strconv.FormatInt(a[0].I, 10)) })
	t.fn("to_string", "ii", "s", func(_ *State, _ *Object, a []Value) Value {
		switch base := a[1].I; base {
		case 10:
			return String(strconv.FormatInt(a[0].I, 10))
		case 8, 16:
			return String(strconv.FormatUint(uint64(a[0].I), int(base)))
		}
		return Undefined
	})
	o := object()
	o.set("MEAN_BYTES", Real(127.5))
	return &Module{Name: "math", Type: t, Load: func(*State) *Object { return o }}
}

// mathOverBytes adds what can be asked of a part of the file or of a text.
func mathOverBytes(t *Type) {
	for _, f := range [...]struct {
		name, more string
		call       func(b []byte, more []Value) Value
	}{
		{"entropy", "", func(b []byte, _ []Value) Value { return Real(entropy(b)) }},
		{"mean", "", func(b []byte, _ []Value) Value { return Real(mean(b)) }},
		{"deviation", "f", func(b []byte, more []Value) Value { return Real(deviation(b, more[0].F)) }},
		{"serial_correlation", "", func(b []byte, _ []Value) Value { return Real(serialCorrelation(b)) }},
		{"monte_carlo_pi", "", func(b []byte, _ []Value) Value { return monteCarloPi(b) }},
	} {
		t.fn(f.name, "ii"+f.more, "f", func(s *State, _ *Object, a []Value) Value {
			b, ok := s.part(a[0].I, a[1].I)
			if !ok {
				return Undefined
			}
			return f.call(b, a[2:])
		})
		t.fn(f.name, "s"+f.more, "f", func(_ *State, _ *Object, a []Value) Value { return f.call([]byte(a[0].S), a[1:]) })
	}
}

// mathCounts adds what asks how often a byte is there.
func mathCounts(t *Type) {
	share := func(h *[256]int64, b int64) Value {
		n := int64(0)
		for _, c := range h {
			n += c
		}
		return Real(float64(float32(h[byte(b)]) / float32(n)))
	}
	for _, f := range [...]struct {
		name, args, ret string
		call            func(h *[256]int64, a []Value) Value
	}{
		{"count", "i", "i", func(h *[256]int64, a []Value) Value { return Number(h[byte(a[0].I)]) }},
		{"percentage", "i", "f", func(h *[256]int64, a []Value) Value { return share(h, a[0].I) }},
		{"mode", "", "i", func(h *[256]int64, _ []Value) Value { return Number(mode(h)) }},
	} {
		t.fn(f.name, f.args, f.ret, func(s *State, _ *Object, a []Value) Value {
			return f.call(keep(s, "histogram", func() *[256]int64 { h := histogram(s.Data); return &h }), a)
		})
		t.fn(f.name, f.args+"ii", f.ret, func(s *State, _ *Object, a []Value) Value {
			n := len(f.args)
			b, ok := s.part(a[n].I, a[n+1].I)
			if !ok {
				return Undefined
			}
			h := histogram(b)
			return f.call(&h, a)
		})
	}
}

// part is the piece of the file that a function is asked about. It may reach
// past the end of the file, as in YARA, but not start there.
func (s *State) part(offset, length int64) ([]byte, bool) {
	n := int64(len(s.Data))
	if offset < 0 || length < 0 || offset >= n {
		return nil, false
	}
	length = min(length, n-offset)
	if !s.spend(length) {
		return nil, false
	}
	return s.Data[offset : offset+length], true
}

func histogram(data []byte) (h [256]int64) {
	for _, b := range data {
		h[b]++
	}
	return h
}

func entropy(b []byte) (e float64) {
	for _, c := range histogram(b) {
		if c > 0 {
			x := float64(c) / float64(len(b))
			e -= x * math.Log2(x)
		}
	}
	return e
}

func mean(b []byte) float64 {
	sum := 0.0
	for v, c := range histogram(b) {
		sum += float64(v) * float64(c)
	}
	return sum / float64(len(b))
}

func deviation(b []byte, from float64) float64 {
	sum := 0.0
	for v, c := range histogram(b) {
		sum += math.Abs(float64(v)-from) * float64(c)
	}
	return sum / float64(len(b))
}

// mode is the byte found most often, the lowest of equals.
func mode(h *[256]int64) (best int64) {
	for b, c := range h {
		if c > h[best] {
			best = int64(b)
		}
	}
	return best
}

// serialCorrelation tells how much a byte says about the next, as ent does.
func serialCorrelation(data []byte) float64 {
	var last, t1, t2, t3 float64
	for i, b := range data {
		c := float64(b)
		if i > 0 {
			t1 += last * c
		}
		t2 += c
		t3 += c * c
		last = c
	}
	n := float64(len(data))
	if n > 0 {
		t1 += last * float64(data[0])
	}
	t2 *= t2
	d := n*t3 - t2
	if d == 0 {
		return -100000
	}
	return (n*t1 - t2) / d
}

// monteCarloPi is how far the bytes, taken as points, are from giving π.
func monteCarloPi(data []byte) Value {
	const group = 6
	in, all := 0, 0
	radius := math.Pow(math.Pow(256, group/2)-1, 2)
	for ; len(data) >= group; data = data[group:] {
		var x, y float64
		for i := range group / 2 {
			x = x*256 + float64(data[i])
			y = y*256 + float64(data[group/2+i])
		}
		all++
		if x*x+y*y <= radius {
			in++
		}
	}
	if all == 0 {
		return Undefined
	}
	return Real(math.Abs((4*float64(in)/float64(all) - math.Pi) / math.Pi))
}
