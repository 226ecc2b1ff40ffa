package record

import (
	"net/netip"
	"reflect"
	"strconv"
)

// appendText writes one scalar as Zeek prints it.
func (f *Field) appendText(dst []byte, v reflect.Value) []byte {
	//exhaustive:enforce
	switch f.kind {
	case kindString:
		return append(dst, v.String()...)
	case kindBool:
		return strconv.AppendBool(dst, v.Bool())
	case kindUint:
		return AppendUint(dst, v.Uint())
	case kindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case kindFloat:
		return strconv.AppendFloat(dst, v.Float(), 'g', -1, 64)
	case kindTime, kindInterval:
		return AppendSeconds(dst, v.Int())
	case kindAddr:
		return v.Interface().(netip.Addr).AppendTo(dst)
	case kindPrefix:
		return v.Interface().(netip.Prefix).AppendTo(dst)
	case kindFields: // never here: it has no text, see appendJSON
	}
	return dst
}

// AppendJSON appends r as one JSON object, fields in declaration order, absent
// ones left out. Bytes that are not UTF-8 are written \xNN, as Zeek does.
func (t *Type) AppendJSON(dst []byte, r Record) []byte {
	if a, ok := r.(JSONAppender); ok && t.goType == reflect.TypeOf(r).Elem() {
		return a.AppendJSON(dst, t.isStock)
	}
	return t.ReflectJSON(dst, r)
}

// JSONAppender is implemented by records whose encoder is generated: it appends
// what ReflectJSON appends, without the columns of our own when stock is true.
type JSONAppender interface {
	AppendJSON(dst []byte, stock bool) []byte
}

// EndJSON ends an object whose members, each with a comma before it, begin at n.
func EndJSON(dst []byte, n int) []byte {
	if len(dst) == n {
		return append(dst, '{', '}')
	}
	dst[n] = '{'
	return append(dst, '}')
}

// ReflectJSON is AppendJSON for records without a generated encoder.
func (t *Type) ReflectJSON(dst []byte, r Record) []byte {
	rv := reflect.ValueOf(r).Elem()
	dst = append(dst, '{')
	for i := range t.Fields {
		f := &t.Fields[i]
		v, ok := f.value(rv)
		if !ok {
			continue
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, f.Name...)
		dst = append(dst, '"', ':')
		dst = f.appendJSON(dst, v)
	}
	return append(dst, '}')
}

func (f *Field) appendJSON(dst []byte, v reflect.Value) []byte {
	if f.kind == kindFields {
		return AppendPairs(dst, v.Interface().([]KV))
	}
	if !f.vector {
		return f.appendJSONScalar(dst, v)
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		e := v.Index(i)
		if f.opt {
			if !e.Field(1).Bool() {
				dst = append(dst, "null"...)
				continue
			}
			e = e.Field(0)
		}
		dst = f.appendJSONScalar(dst, e)
	}
	return append(dst, ']')
}

// AppendPairs writes named values as an object; values of one name in a row,
// as the positional ones of an event log are, become one array.
func AppendPairs(dst []byte, pairs []KV) []byte {
	dst = append(dst, '{')
	for i := 0; i < len(pairs); {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, pairs[i].Name)
		dst = append(dst, ':')
		n := i + 1
		for n < len(pairs) && pairs[n].Name == pairs[i].Name {
			n++
		}
		if n == i+1 {
			dst = AppendString(dst, pairs[i].Value)
		} else {
			for k := i; k < n; k++ {
				if k == i {
					dst = append(dst, '[')
				} else {
					dst = append(dst, ',')
				}
				dst = AppendString(dst, pairs[k].Value)
			}
			dst = append(dst, ']')
		}
		i = n
	}
	return append(dst, '}')
}

func (f *Field) appendJSONScalar(dst []byte, v reflect.Value) []byte {
	switch f.kind {
	case kindString:
		return AppendString(dst, v.String())
	case kindAddr, kindPrefix:
		dst = append(dst, '"')
		dst = f.appendText(dst, v)
		return append(dst, '"')
	default:
		return f.appendText(dst, v)
	}
}

func appendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }
