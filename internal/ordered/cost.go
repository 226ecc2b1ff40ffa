package ordered

import (
	"reflect"

	"longwatch/internal/record"
)

// cost is about how many bytes r keeps alive: its struct, its strings and the
// backing of its slices. A script block of 32 KB must not count as a logon.
func cost(r record.Record) int64 {
	v := reflect.ValueOf(r).Elem()
	return int64(v.Type().Size()) + behind(v)
}

// behind is what v refers to outside its own memory.
func behind(v reflect.Value) int64 {
	switch v.Kind() {
	case reflect.String:
		return int64(v.Len())
	case reflect.Slice:
		n := int64(v.Cap()) * int64(v.Type().Elem().Size())
		if e := v.Type().Elem().Kind(); e == reflect.String || e == reflect.Struct {
			for i := range v.Len() {
				n += behind(v.Index(i))
			}
		}
		return n
	case reflect.Struct:
		var n int64
		for _, f := range v.Fields() {
			n += behind(f)
		}
		return n
	default:
		return 0
	}
}
