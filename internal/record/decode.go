package record

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

// ErrValue is wrapped by errors about a value that does not fit its field.
var ErrValue = errors.New("value does not fit the field")

// SetText fills field f of r from its text forms (one for scalars), as Zeek
// writes them. It is how records are read back from logs.
func (f *Field) SetText(r Record, text []string) error {
	v := reflect.ValueOf(r).Elem().FieldByIndex(f.index)
	if f.kind == kindFields {
		return fmt.Errorf("record: field %q: %w", f.Name, ErrValue)
	}
	if !f.vector {
		if len(text) == 0 {
			return nil
		}
		return f.setOne(v, text[0])
	}
	s := reflect.MakeSlice(v.Type(), len(text), len(text))
	for i, t := range text {
		if err := f.setOne(s.Index(i), t); err != nil {
			return err
		}
	}
	v.Set(s)
	return nil
}

func (f *Field) setOne(v reflect.Value, text string) error {
	if f.opt {
		v.Field(1).SetBool(true)
		v = v.Field(0)
	}
	var err error
	//exhaustive:enforce
	switch f.kind {
	case kindString:
		v.SetString(text)
	case kindBool:
		v.SetBool(text == "T" || text == "true" || text == "1")
	case kindUint:
		var n uint64
		if n, err = strconv.ParseUint(text, 10, v.Type().Bits()); err == nil {
			v.SetUint(n)
		}
	case kindInt:
		var n int64
		if n, err = strconv.ParseInt(text, 10, v.Type().Bits()); err == nil {
			v.SetInt(n)
		}
	case kindFloat:
		var x float64
		if x, err = strconv.ParseFloat(text, 64); err == nil {
			v.SetFloat(x)
		}
	case kindTime:
		var t Time
		if t, err = ParseTime(text); err == nil {
			v.SetInt(int64(t))
		}
	case kindInterval:
		var ns int64
		if ns, err = parseSeconds(text); err == nil {
			v.SetInt(ns)
		}
	case kindAddr:
		var a netip.Addr
		if a, err = netip.ParseAddr(text); err == nil {
			v.Set(reflect.ValueOf(a))
		}
	case kindPrefix:
		var p netip.Prefix
		if p, err = netip.ParsePrefix(text); err == nil {
			v.Set(reflect.ValueOf(p))
		}
	case kindFields: // never here: SetText refuses it
	}
	if err != nil {
		return fmt.Errorf("record: field %q: %q: %w", f.Name, text, ErrValue)
	}
	return nil
}

// ParseTime reads epoch seconds or RFC 3339.
func ParseTime(s string) (Time, error) {
	if ns, err := parseSeconds(s); err == nil {
		return Time(ns), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, fmt.Errorf("record: time %q: %w", s, ErrValue)
	}
	return TimeOf(t), nil
}

// parseSeconds reads decimal seconds exactly, so that no nanosecond is lost
// to floating point.
func parseSeconds(s string) (int64, error) {
	sign := int64(1)
	t := s
	if t != "" && t[0] == '-' {
		sign, t = -1, t[1:]
	}
	whole, frac := t, ""
	for i := range len(t) {
		if t[i] == '.' {
			whole, frac = t[:i], t[i+1:]
			break
		}
	}
	sec, err := strconv.ParseUint(whole, 10, 33)
	if err != nil || !digits(frac) {
		x, ferr := strconv.ParseFloat(s, 64) // exponents, as some JSON writers use
		if ferr != nil || x > 8e9 || x < -8e9 || x != x {
			return 0, fmt.Errorf("record: seconds %q: %w", s, ErrValue)
		}
		return int64(x * 1e9), nil
	}
	ns := int64(0)
	for i := range 9 {
		ns *= 10
		if i < len(frac) {
			ns += int64(frac[i] - '0')
		}
	}
	return sign * (int64(sec)*1e9 + ns), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
