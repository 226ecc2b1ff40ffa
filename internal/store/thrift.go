package store

import (
	"errors"
	"fmt"
)

// A Parquet file's own structures are in the compact protocol of Thrift
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
// The library that reads them takes lengths at their word; before it sees any,
// they are walked here with every length held against what is there.

var errThrift = errors.New("a structure that is not as it should be")

const (
	maxThriftDepth = 24
	maxThriftItems = 4 << 20 // values of one structure
)

// The types of the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// walker walks one structure.
type walker struct {
	b     []byte
	at    int
	depth int
	items int
}

func (w *walker) byte() (byte, error) {
	if w.at >= len(w.b) {
		return 0, fmt.Errorf("%w: it ends early", errThrift)
	}
	w.at++
	return w.b[w.at-1], nil
}

func (w *walker) uvarint() (uint64, error) {
	var x uint64
	for shift := 0; shift < 64; shift += 7 {
		c, err := w.byte()
		if err != nil {
			return 0, err
		}
		x |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return x, nil
		}
	}
	return 0, fmt.Errorf("%w: a number without an end", errThrift)
}

func (w *walker) varint() (int64, error) {
	x, err := w.uvarint()
	return int64(x>>1) ^ -int64(x&1), err // #nosec G115 -- zigzag
}

// fields calls field with the number and type of every field of a structure;
// field reads the value.
func (w *walker) fields(field func(id int64, typ byte) error) error {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxThriftDepth {
		return fmt.Errorf("%w: nested too deep", errThrift)
	}
	id := int64(0)
	for {
		head, err := w.byte()
		if err != nil {
			return err
		}
		typ := head & 15
		if head == thriftStop {
			return nil
		}
		if delta := int64(head >> 4); delta != 0 {
			id += delta
		} else if id, err = w.varint(); err != nil {
			return err
		}
		if w.items++; w.items > maxThriftItems {
			return fmt.Errorf("%w: too many values", errThrift)
		}
		if err := field(id, typ); err != nil {
			return err
		}
	}
}

// skip passes over a value.
func (w *walker) skip(typ byte) error {
	switch typ {
	case thriftTrue, thriftFalse:
		return nil
	case thriftByte:
		return w.pass(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := w.uvarint()
		return err
	case thriftDouble:
		return w.pass(8)
	case thriftBinary:
		n, err := w.uvarint()
		if err != nil {
			return err
		}
		return w.pass(n)
	case thriftList, thriftSet:
		return w.list()
	case thriftMap:
		return w.dict()
	case thriftStruct:
		return w.fields(func(_ int64, typ byte) error { return w.skip(typ) })
	}
	return fmt.Errorf("%w: type %d", errThrift, typ)
}

func (w *walker) pass(n uint64) error {
	if n > uint64(len(w.b)-w.at) {
		return fmt.Errorf("%w: a length of %d with %d bytes left", errThrift, n, len(w.b)-w.at)
	}
	w.at += int(n) // #nosec G115 -- at most the length of b
	return nil
}

// take notes that n values follow, each of a byte at least.
func (w *walker) take(n uint64) error {
	if n > uint64(len(w.b)-w.at) || n > maxThriftItems {
		return fmt.Errorf("%w: %d values in %d bytes", errThrift, n, len(w.b)-w.at)
	}
	if w.items += int(n); w.items > maxThriftItems { // #nosec G115 -- at most maxThriftItems
		return fmt.Errorf("%w: too many values", errThrift)
	}
	return nil
}

func (w *walker) list() error {
	head, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = w.uvarint(); err != nil {
			return err
		}
	}
	if err := w.take(n); err != nil {
		return err
	}
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxThriftDepth {
		return fmt.Errorf("%w: nested too deep", errThrift)
	}
	typ := head & 15
	if typ == thriftTrue || typ == thriftFalse { // within a list, they have a byte each
		typ = thriftByte
	}
	for range n {
		if err := w.skip(typ); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) dict() error {
	n, err := w.uvarint()
	if err != nil || n == 0 {
		return err
	}
	types, err := w.byte()
	if err != nil {
		return err
	}
	if err := w.take(n); err != nil {
		return err
	}
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxThriftDepth {
		return fmt.Errorf("%w: nested too deep", errThrift)
	}
	for range n {
		for _, typ := range [...]byte{types >> 4, types & 15} {
			if typ == thriftTrue || typ == thriftFalse {
				typ = thriftByte
			}
			if err := w.skip(typ); err != nil {
				return err
			}
		}
	}
	return nil
}
