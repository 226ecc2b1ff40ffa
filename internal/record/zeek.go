package record

import (
	"reflect"
	"strings"
)

// ZeekHeader returns the #fields and #types lines of a Zeek TSV log.
func (t *Type) ZeekHeader() (fields, types string) {
	var fs, ts strings.Builder
	fs.WriteString("#fields")
	ts.WriteString("#types")
	for i := range t.Fields {
		f := &t.Fields[i]
		fs.WriteByte('\t')
		fs.WriteString(f.Name)
		ts.WriteByte('\t')
		ts.WriteString(f.zeekType())
	}
	return fs.String(), ts.String()
}

func (f *Field) zeekType() string {
	s := [...]string{"string", "bool", "count", "int", "double", "time", "interval", "addr", "subnet", "string"}[f.kind]
	switch {
	case f.Port:
		s = "port"
	case f.Enum:
		s = "enum"
	}
	switch {
	case f.vector && f.Set:
		return "set[" + s + "]"
	case f.vector:
		return "vector[" + s + "]"
	}
	return s
}

// AppendZeek appends r as one line of a Zeek TSV log, without the newline.
func (t *Type) AppendZeek(dst []byte, r Record) []byte {
	rv := reflect.ValueOf(r).Elem()
	for i := range t.Fields {
		f := &t.Fields[i]
		if i > 0 {
			dst = append(dst, '\t')
		}
		v, ok := f.value(rv)
		switch {
		case !ok:
			dst = append(dst, '-')
		case f.kind == kindFields:
			for j, kv := range v.Interface().([]KV) {
				if j > 0 {
					dst = append(dst, ',')
				}
				dst = appendEscaped(dst, kv.Name+"="+kv.Value, true)
			}
		case f.vector:
			for j := range v.Len() {
				if j > 0 {
					dst = append(dst, ',')
				}
				e := v.Index(j)
				if f.opt {
					if !e.Field(1).Bool() {
						dst = append(dst, '-')
						continue
					}
					e = e.Field(0)
				}
				dst = f.appendZeek(dst, e, true)
			}
		default:
			dst = f.appendZeek(dst, v, false)
		}
	}
	return dst
}

func (f *Field) appendZeek(dst []byte, v reflect.Value, inSet bool) []byte {
	switch f.kind {
	case kindString:
		if v.Len() == 0 {
			return append(dst, "(empty)"...)
		}
		return appendEscaped(dst, v.String(), inSet)
	case kindBool:
		if v.Bool() {
			return append(dst, 'T')
		}
		return append(dst, 'F')
	}
	return f.appendText(dst, v)
}

// appendEscaped writes s with everything that would break the format as \xNN.
func appendEscaped(dst []byte, s string, inSet bool) []byte {
	if s == "-" {
		return append(dst, `\x2d`...)
	}
	for i := range len(s) {
		b := s[i]
		if b < 0x20 || b == 0x7f || b == '\\' || (inSet && b == ',') {
			dst = append(dst, '\\', 'x', hexDigits[b>>4], hexDigits[b&15])
			continue
		}
		dst = append(dst, b)
	}
	return dst
}
