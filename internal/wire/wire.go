// Package wire reads numbers and byte runs out of hostile messages. A Cursor
// has a sticky failure, so that a parser reads freely and asks OK once:
//
//	c := wire.At(b)
//	id, n := c.U16(), int(c.U16())
//	body := c.Take(n)
//	if !c.OK() { return errShort }
package wire

import "encoding/binary"

// Cursor walks a byte slice. The zero value is an empty message. It never
// panics: a read past the end returns zero and makes OK false for good.
type Cursor struct {
	b   []byte
	off int
	bad bool
}

// At returns a cursor at the start of b. It borrows b.
func At(b []byte) Cursor { return Cursor{b: b} }

// OK tells whether every read so far was inside the message.
func (c *Cursor) OK() bool { return !c.bad }

// Off is the number of bytes consumed.
func (c *Cursor) Off() int { return c.off }

// Len is the number of bytes left.
func (c *Cursor) Len() int {
	if c.bad {
		return 0
	}
	return len(c.b) - c.off
}

// Rest returns what is left without consuming it.
func (c *Cursor) Rest() []byte {
	if c.bad {
		return nil
	}
	return c.b[c.off:]
}

// Seek moves to an absolute offset.
func (c *Cursor) Seek(off int) {
	if off < 0 || off > len(c.b) {
		c.bad = true
		return
	}
	c.off = off
}

// Take returns the next n bytes, borrowed, or nil when they are not all there.
func (c *Cursor) Take(n int) []byte {
	if c.bad || n < 0 || n > len(c.b)-c.off {
		c.bad = true
		return nil
	}
	s := c.b[c.off : c.off+n : c.off+n]
	c.off += n
	return s
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n int) { c.Take(n) }

// Sub returns a cursor over the next n bytes and passes over them.
func (c *Cursor) Sub(n int) Cursor {
	b := c.Take(n)
	return Cursor{b: b, bad: c.bad}
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if b := c.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads a big-endian 16-bit number.
func (c *Cursor) U16() uint16 {
	if b := c.Take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U24 reads a big-endian 24-bit number.
func (c *Cursor) U24() uint32 {
	if b := c.Take(3); b != nil {
		return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	return 0
}

// U32 reads a big-endian 32-bit number.
func (c *Cursor) U32() uint32 {
	if b := c.Take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// U64 reads a big-endian 64-bit number.
func (c *Cursor) U64() uint64 {
	if b := c.Take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// L16 reads a little-endian 16-bit number.
func (c *Cursor) L16() uint16 {
	if b := c.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// L32 reads a little-endian 32-bit number.
func (c *Cursor) L32() uint32 {
	if b := c.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// L64 reads a little-endian 64-bit number.
func (c *Cursor) L64() uint64 {
	if b := c.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
