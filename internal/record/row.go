package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"unicode/utf8"
)

// ErrRow is returned for bytes that AppendRow did not write.
var ErrRow = errors.New("record: not a row of this type")

// Physical is how the values of a column are held in rows and in columnar files.
type Physical uint8

// The physical types.
const (
	Text     Physical = iota // UTF-8 or raw bytes; addresses and networks as text, named values as a JSON object
	Bool                     //
	Unsigned                 // 64 bits
	Signed                   // 64 bits
	Float                    // IEEE 754, 64 bits
	Instant                  // nanoseconds since 1970 UTC
	Interval                 // nanoseconds
)

// Physical is the physical type of f.
func (f *Field) Physical() Physical {
	//exhaustive:enforce
	switch f.kind {
	case kindBool:
		return Bool
	case kindUint:
		return Unsigned
	case kindInt:
		return Signed
	case kindFloat:
		return Float
	case kindTime:
		return Instant
	case kindInterval:
		return Interval
	case kindString, kindAddr, kindPrefix, kindFields:
	}
	return Text
}

// Vector tells whether f holds any number of values.
func (f *Field) Vector() bool { return f.vector }

// Gaps tells whether single values of a vector may be absent.
func (f *Field) Gaps() bool { return f.vector && f.opt }

// AppendRow appends r in a compact form that keeps every value exactly, for
// formats that are written column by column. Cells reads it back.
func (t *Type) AppendRow(dst []byte, r Record) []byte {
	rv := reflect.ValueOf(r).Elem()
	for i := range t.Fields {
		f := &t.Fields[i]
		v, ok := f.value(rv)
		if !ok {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		if !f.vector {
			dst = f.appendCell(dst, v)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		for j := range v.Len() {
			e := v.Index(j)
			if f.opt {
				if !e.Field(1).Bool() {
					dst = append(dst, 0)
					continue
				}
				dst = append(dst, 1)
				e = e.Field(0)
			}
			dst = f.appendCell(dst, e)
		}
	}
	return dst
}

func (f *Field) appendCell(dst []byte, v reflect.Value) []byte {
	switch f.kind {
	case kindBool:
		if v.Bool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case kindUint:
		return binary.LittleEndian.AppendUint64(dst, v.Uint())
	case kindInt, kindTime, kindInterval:
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Int()))
	case kindFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Float()))
	case kindString:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		return append(dst, v.String()...)
	}
	var b []byte
	switch x := v.Interface().(type) {
	case netip.Addr:
		b = x.AppendTo(nil)
	case netip.Prefix:
		b = x.AppendTo(nil)
	case []KV:
		b = AppendPairs(nil, x)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// Cell is one value of a row. Which of its parts counts is told by the field's
// Physical; a cell without a value is Null.
type Cell struct {
	Null   bool
	Text   []byte // borrowed from the row
	Number uint64 // Bool, Unsigned; Signed, Instant and Interval as two's complement
	Float  float64
}

// Cells calls put for every value of a row that AppendRow wrote, in order: col
// is the field's position, n the value's within its field. An absent field is
// one null cell with n -1; a scalar has n 0.
func (t *Type) Cells(row []byte, put func(col, n int, c Cell)) error {
	take := func(n uint64) []byte {
		if n > uint64(len(row)) {
			return nil
		}
		b := row[:n:n]
		row = row[n:]
		return b
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		present := take(1)
		if present == nil {
			return ErrRow
		}
		if present[0] == 0 {
			put(i, -1, Cell{Null: true})
			continue
		}
		count := uint64(1)
		if f.vector {
			var used int
			if count, used = binary.Uvarint(row); used <= 0 || count == 0 || count > uint64(len(row)) {
				return ErrRow
			}
			row = row[used:]
		}
		for n := range int(count) {
			if f.Gaps() {
				set := take(1)
				if set == nil {
					return ErrRow
				}
				if set[0] == 0 {
					put(i, n, Cell{Null: true})
					continue
				}
			}
			c, ok := f.cell(take, &row)
			if !ok {
				return ErrRow
			}
			put(i, n, c)
		}
	}
	if len(row) > 0 {
		return ErrRow
	}
	return nil
}

// cell reads one value.
func (f *Field) cell(take func(uint64) []byte, row *[]byte) (c Cell, ok bool) {
	p := f.Physical()
	switch p {
	case Bool:
		b := take(1)
		if b == nil {
			return c, false
		}
		c.Number = uint64(b[0])
	case Text:
		n, used := binary.Uvarint(*row)
		if used <= 0 {
			return c, false
		}
		*row = (*row)[used:]
		if c.Text = take(n); c.Text == nil && n > 0 {
			return c, false
		}
	case Unsigned, Signed, Instant, Interval, Float:
		b := take(8)
		if b == nil {
			return c, false
		}
		c.Number = binary.LittleEndian.Uint64(b)
		if p == Float {
			c.Float = math.Float64frombits(c.Number)
		}
	}
	return c, true
}

// ValidText is b when it is UTF-8, else a copy in which every byte that is not
// is written \xNN, as in JSON output.
func ValidText(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			out = append(out, '\\', 'x', hexDigits[b[0]>>4], hexDigits[b[0]&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// SetCells fills field f of r from the values that Cells told of it: one for a
// scalar, none when it is absent. Text may have come by ValidText.
func (f *Field) SetCells(r Record, cells []Cell) error {
	if len(cells) == 0 {
		return nil
	}
	v := reflect.ValueOf(r).Elem().FieldByIndex(f.index)
	if !f.vector {
		if cells[0].Null {
			return nil
		}
		return f.setCell(v, &cells[0])
	}
	s := reflect.MakeSlice(v.Type(), len(cells), len(cells))
	for i := range cells {
		if cells[i].Null {
			continue
		}
		if err := f.setCell(s.Index(i), &cells[i]); err != nil {
			return err
		}
	}
	v.Set(s)
	return nil
}

func (f *Field) setCell(v reflect.Value, c *Cell) error {
	if f.opt {
		v.Field(1).SetBool(true)
		v = v.Field(0)
	}
	fits := true
	switch f.kind {
	case kindBool:
		v.SetBool(c.Number != 0)
	case kindUint:
		if fits = !v.OverflowUint(c.Number); fits {
			v.SetUint(c.Number)
		}
	case kindInt, kindTime, kindInterval:
		if n := int64(c.Number); !v.OverflowInt(n) { // #nosec G115 -- two's complement
			v.SetInt(n)
		} else {
			fits = false
		}
	case kindFloat:
		v.SetFloat(c.Float)
	case kindString:
		v.SetString(string(c.Text))
	case kindAddr:
		a, err := netip.ParseAddr(string(c.Text))
		fits = err == nil
		v.Set(reflect.ValueOf(a))
	case kindPrefix:
		p, err := netip.ParsePrefix(string(c.Text))
		fits = err == nil
		v.Set(reflect.ValueOf(p))
	case kindFields:
		p := parser{b: c.Text}
		pairs, err := p.pairs()
		fits = err == nil && p.at == len(p.b)
		v.Set(reflect.ValueOf(pairs))
	}
	if !fits {
		return fmt.Errorf("record: field %q: %w", f.Name, ErrValue)
	}
	return nil
}
