package quic

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// The frames that Initial packets may hold (RFC 9000 section 12.4).
const (
	framePadding = 0x00
	framePing    = 0x01
	frameACK     = 0x02
	frameACKECN  = 0x03
	frameCrypto  = 0x06
	frameGoogle  = 0x08 // what Google's versions number CRYPTO
	frameClose   = 0x1c
)

// frames reads what an Initial packet from d holds. Every frame takes a byte
// at least, so that the packet's size bounds the loop.
func (p *parser) frames(d proto.Dir, b []byte) {
	for c := wire.At(b); c.OK() && c.Len() > 0; {
		kind := c.U8()
		if kind == frameGoogle && p.googleT {
			kind = frameCrypto
		}
		switch kind {
		case framePadding, framePing:
		case frameACK, frameACKECN:
			acknowledgement(&c, kind == frameACKECN)
		case frameCrypto:
			at, n := varint(&c), varint(&c)
			data := c.Take(int(min(n, 1<<20)))
			if !c.OK() || !p.crypto[d].add(at, data) {
				return
			}
			p.hello(d)
		case frameClose:
			varint(&c) // error
			varint(&c) // frame that caused it
			c.Skip(int(min(varint(&c), 1<<20)))
			if c.OK() && p.rec != nil {
				p.letter(d, 'c')
				p.emit()
			}
		default:
			return
		}
	}
}

// acknowledgement passes over an ACK frame (RFC 9000 section 19.3).
func acknowledgement(c *wire.Cursor, ecn bool) {
	varint(c) // largest
	varint(c) // delay
	ranges := varint(c)
	varint(c) // first range
	for range ranges {
		varint(c) // gap
		varint(c) // length
		if !c.OK() {
			return
		}
	}
	if ecn {
		varint(c)
		varint(c)
		varint(c)
	}
}

const (
	messageHead = 4
	// maxHello bounds a hello: the most that a TLS record holds (RFC 8446
	// section 5.2), which Zeek takes as the bound too.
	maxHello = 1<<14 + 256
	// maxPieces bounds the runs of one message that lie apart.
	maxPieces = 64
)

// crypto puts together the first handshake message of a direction, whose parts
// come in any order and more than once.
type crypto struct {
	buf  []byte
	have [][2]int // offsets from and to, apart from each other
	done bool
}

// add takes a piece. It is false when the piece cannot belong to a hello.
func (f *crypto) add(at uint64, data []byte) bool {
	if at > maxHello || len(data) > maxHello {
		return false
	}
	from := int(at) // #nosec G115 -- bounded above
	to := from + len(data)
	if to > maxHello+messageHead || len(f.have) >= maxPieces {
		return false
	}
	if n := to - len(f.buf); n > 0 {
		f.buf = append(f.buf, make([]byte, n)...)
	}
	copy(f.buf[from:], data)
	kept := f.have[:0]
	for _, h := range f.have {
		if h[1] < from || h[0] > to {
			kept = append(kept, h)
			continue
		}
		from, to = min(from, h[0]), max(to, h[1])
	}
	f.have = append(kept, [2]int{from, to})
	return true
}

// message is the message when it is whole: head and body.
func (f *crypto) message() ([]byte, bool) {
	for _, h := range f.have {
		if h[0] != 0 || h[1] < messageHead {
			continue
		}
		n := messageHead + int(f.buf[1])<<16 + int(f.buf[2])<<8 + int(f.buf[3])
		if n <= h[1] {
			return f.buf[:n], true
		}
	}
	return nil, false
}
