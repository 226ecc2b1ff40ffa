package dcerpc

import (
	"strings"

	"longwatch/internal/wire"
)

// ndr reads little-endian NDR or NDR64 (C706 chapter 14, MS-RPCE section 2.2.5)
// from the start of a stub.
type ndr struct {
	c    wire.Cursor
	wide bool // pointers and counts have 8 bytes
}

func (n *ndr) align(to int) { n.c.Skip((to - n.c.Off()%to) % to) }

func (n *ndr) u32() uint32 {
	n.align(4)
	return n.c.L32()
}

// size reads a pointer or a count.
func (n *ndr) size() uint64 {
	if n.wide {
		n.align(8)
		return n.c.L64()
	}
	return uint64(n.u32())
}

// pointer tells whether a unique pointer points anywhere.
func (n *ndr) pointer() bool { return n.size() != 0 }

// handle passes over a context handle.
func (n *ndr) handle() {
	n.align(4)
	n.c.Skip(20)
}

// units reads a conformant varying array of elements of width bytes.
func (n *ndr) units(width uint64) []byte {
	n.size() // room
	off, count := n.size(), n.size()
	if off != 0 || count > maxStub {
		n.c.Skip(maxStub + 1) // nothing after it can be read
		return nil
	}
	left := uint64(n.c.Len())
	return n.c.Take(int(min(count*width, left)))
}

// text is a UTF-16 string. When the stub was cut at maxStub it is cut too.
func (n *ndr) text() string { return wire.UTF16(n.units(2)) }

// ascii is a string of bytes.
func (n *ndr) ascii() string { return strings.TrimRight(string(n.units(1)), "\x00") }

// optional is a UTF-16 string behind a unique pointer.
func (n *ndr) optional() string {
	if !n.pointer() {
		return ""
	}
	return n.text()
}

// unicodeString is an RRP_UNICODE_STRING (MS-RRP section 2.2.4).
func (n *ndr) unicodeString() string {
	if n.wide {
		n.align(8)
	} else {
		n.align(4)
	}
	n.c.Skip(4) // lengths
	return n.optional()
}
