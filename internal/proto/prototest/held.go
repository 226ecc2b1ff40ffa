package prototest

import (
	"reflect"
	"testing"

	"longwatch/internal/proto"
)

const (
	// againAndAgain is how often a case is played on one connection, to see
	// what its parser keeps, and upTo how many bytes that are at most.
	againAndAgain = 300
	upTo          = 256 << 10
	// keptFree is what a parser may keep without telling; the engine takes
	// every parser to keep a few KiB.
	keptFree = 32 << 10
)

// checkHeld plays a case over and over on one connection. What the parser comes
// to keep is little, or told by Held.
func checkHeld(t *testing.T, spec proto.Spec, inner []proto.Spec, c *testCase) {
	t.Helper()
	e := newFake(spec, inner)
	p := spec.New(e.conn(spec, c.transport))
	s := proto.NewStream(p)
	once := 1
	for _, ev := range c.events {
		once += len(ev.data)
	}
	rounds := min(againAndAgain, 1+upTo/once)
	for range rounds {
		for _, ev := range c.events {
			switch {
			case len(ev.data) == 0:
			case c.transport == proto.UDP:
				if _, err := p.Parse(ev.dir, append([]byte(nil), ev.data...)); err != nil {
					return
				}
			case s.Feed(ev.dir, ev.data) != nil:
				return
			}
			e.now += 1_000_000
		}
		e.records, e.weirds = nil, nil
	}
	size := (&weigher{seen: map[uintptr]bool{}}).of(reflect.ValueOf(p))
	told := 0
	if h, ok := p.(proto.Holder); ok {
		told = h.Held()
	}
	if size > keptFree+2*told {
		t.Errorf("the parser keeps %d bytes after %d rounds, and tells of %d (proto.Holder)", size, rounds, told)
	}
	s.Close()
	e.closeShared()
}

// weigher adds up what a value reaches, but for what belongs to the engine or
// to nobody.
type weigher struct{ seen map[uintptr]bool }

var passedOver = map[string]bool{"longwatch/internal/proto": true, "longwatch/internal/record": true}

func (w *weigher) of(v reflect.Value) int {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || w.again(v.Pointer()) || v.Type().Elem().Name() == "Conn" && passedOver[v.Type().Elem().PkgPath()] || v.Type().Elem().PkgPath() == "longwatch/internal/record" {
			return 0
		}
		return int(v.Type().Elem().Size()) + w.of(v.Elem())
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return w.of(v.Elem())
	case reflect.Slice:
		if v.IsNil() || v.Cap() > 0 && w.again(v.Pointer()) {
			return 0
		}
		n := v.Cap() * int(v.Type().Elem().Size())
		if flat(v.Type().Elem()) {
			return n
		}
		for i := range v.Len() {
			n += w.of(v.Index(i))
		}
		return n
	case reflect.Array:
		n := 0
		if !flat(v.Type().Elem()) {
			for i := range v.Len() {
				n += w.of(v.Index(i))
			}
		}
		return n
	case reflect.String:
		return v.Len()
	case reflect.Struct:
		n := 0
		for _, f := range v.Fields() {
			n += w.of(f)
		}
		return n
	case reflect.Map:
		if v.IsNil() || w.again(v.Pointer()) {
			return 0
		}
		n := 2 * v.Len() * int(v.Type().Key().Size()+v.Type().Elem().Size())
		for it := v.MapRange(); it.Next(); {
			n += w.of(it.Key()) + w.of(it.Value())
		}
		return n
	}
	return 0
}

func (w *weigher) again(p uintptr) bool {
	old := w.seen[p]
	w.seen[p] = true
	return old
}

// flat tells whether values of a type reach nothing.
func flat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Array, reflect.String, reflect.Struct, reflect.Map, reflect.Func, reflect.Chan:
		return false
	}
	return true
}
