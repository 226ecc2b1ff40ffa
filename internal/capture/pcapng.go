package capture

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"longwatch/internal/record"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4).
const (
	ngSection   = 0x0a0d0d0a
	ngInterface = 1
	ngPacketOld = 2
	ngSimple    = 3
	ngStats     = 5
	ngEnhanced  = 6

	ngByteOrder   = 0x1a2b3c4d
	ngByteOrderBE = 0x4d3c2b1a
	optEnd        = 0
	optTSResol    = 9
	optTSOffset   = 14
	optIfDrop     = 5 // of statistics
	optOSDrop     = 7 // likewise

	// maxInterfaces bounds the interfaces of one section. Frames of further
	// ones cannot be read.
	maxInterfaces = 4096
)

// iface is one interface description.
type iface struct {
	link   LinkType
	snap   uint32
	perSec uint64 // ticks per second
	offset int64  // seconds to add

	ifDrop, osDrop uint64 // packets that the interface and the system dropped, as last told
}

// ticks converts a pcapng timestamp to nanoseconds since the epoch.
func (i *iface) ticks(t uint64) record.Time {
	sec, frac := t/i.perSec, t%i.perSec
	hi, lo := bits.Mul64(frac, 1e9)
	ns, _ := bits.Div64(hi, lo, i.perSec) // frac < perSec, so the quotient fits
	s := int64(sec) + i.offset            // #nosec G115 -- a wrapped time is a wrong time, not a fault
	if s > math.MaxInt64/1_000_000_000-1 || s < 0 {
		return 0
	}
	return record.Time(s*1e9 + int64(ns)) // #nosec G115 -- ns < 1e9
}

// nextNG reads blocks until one holds a frame.
func (r *Reader) nextNG(f *Frame) error {
	for {
		b, err := r.peek(12)
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(b) == ngSection {
			switch uint32(ngByteOrder) {
			case binary.LittleEndian.Uint32(b[8:]):
				r.bo = binary.LittleEndian
			case binary.BigEndian.Uint32(b[8:]):
				r.bo = binary.BigEndian
			default:
				return fmt.Errorf("%w: section header at offset %d", ErrRecord, r.Offset())
			}
			r.closeSection()
		}
		kind, n := r.bo.Uint32(b), int64(r.bo.Uint32(b[4:]))
		if n < 12 || n%4 != 0 {
			return fmt.Errorf("%w: block of %d bytes at offset %d", ErrRecord, n, r.Offset())
		}
		if n > blockSize {
			if err := r.skipLong(kind, n); err != nil {
				return err
			}
			continue
		}
		if b, err = r.peek(int(n)); err != nil {
			return err
		}
		pos := r.Offset()
		r.start += int(n)
		body := b[8 : n-4]
		switch kind {
		case ngInterface:
			r.addInterface(body)
		case ngStats:
			r.statistics(body)
		case ngEnhanced, ngPacketOld, ngSimple:
			if r.frameNG(kind, body, f) {
				f.Pos, f.Block = pos, r.block
				return nil
			}
			r.unread++
		}
	}
}

// skipLong passes over a block that does not fit the buffer. Only blocks that
// hold no frame may be that long.
func (r *Reader) skipLong(kind uint32, n int64) error {
	if kind == ngEnhanced || kind == ngSimple || kind == ngPacketOld || kind == ngInterface {
		return fmt.Errorf("%w: block of %d bytes at offset %d", ErrRecord, n, r.Offset())
	}
	for n > 0 {
		step := int(min(n, blockSize/2))
		if _, err := r.peek(step); err != nil {
			return err
		}
		r.start += step
		n -= int64(step)
	}
	return nil
}

func (r *Reader) addInterface(b []byte) {
	if len(b) < 8 || len(r.ifaces) >= maxInterfaces {
		return
	}
	i := iface{link: LinkType(r.bo.Uint16(b)), snap: r.bo.Uint32(b[4:]), perSec: 1e6}
	r.options(b[8:], func(code uint16, v []byte) {
		switch {
		case code == optTSResol && len(v) >= 1:
			i.perSec = resolution(v[0])
		case code == optTSOffset && len(v) >= 8:
			i.offset = int64(r.bo.Uint64(v)) // #nosec G115 -- declared signed
		}
	})
	r.ifaces = append(r.ifaces, i)
}

// options calls fn with each option of a block.
func (r *Reader) options(o []byte, fn func(code uint16, v []byte)) {
	for len(o) >= 4 {
		code, n := r.bo.Uint16(o), int(r.bo.Uint16(o[2:]))
		padded := 4 + (n+3)&^3
		if code == optEnd || padded > len(o) {
			return
		}
		fn(code, o[4:4+n])
		o = o[padded:]
	}
}

// statistics keeps how many packets an interface lost (section 4.6). The counts
// are from the beginning of the capture, so the last one stands.
func (r *Reader) statistics(b []byte) {
	if len(b) < 12 || int64(r.bo.Uint32(b)) >= int64(len(r.ifaces)) {
		return
	}
	i := &r.ifaces[r.bo.Uint32(b)]
	r.options(b[12:], func(code uint16, v []byte) {
		switch {
		case len(v) < 8:
		case code == optIfDrop:
			i.ifDrop = max(i.ifDrop, r.bo.Uint64(v))
		case code == optOSDrop:
			i.osDrop = max(i.osDrop, r.bo.Uint64(v))
		}
	})
}

// maxDropped keeps sums of counts that somebody made up from wrapping.
const maxDropped = 1 << 60

// closeSection adds up what the interfaces of a section lost.
func (r *Reader) closeSection() {
	for i := range r.ifaces {
		r.dropped = min(r.dropped+min(r.ifaces[i].ifDrop, maxDropped)+min(r.ifaces[i].osDrop, maxDropped), maxDropped)
	}
	r.ifaces = r.ifaces[:0]
}

// resolution is ticks per second: 10^-v, or 2^-v with the high bit set.
func resolution(v byte) uint64 {
	e := v & 0x7f
	if v&0x80 != 0 {
		return 1 << min(e, 63)
	}
	n := uint64(1)
	for range min(e, 19) {
		n *= 10
	}
	return n
}

// frameNG reads a packet block's body. It returns false for one that names an
// interface that was not described, or that is too short.
func (r *Reader) frameNG(kind uint32, b []byte, f *Frame) bool {
	var (
		id, n, wire uint32
		ticks       uint64
		head        = 20
	)
	switch {
	case kind == ngSimple && len(b) >= 4:
		head = 4
		wire = r.bo.Uint32(b)
		n = min(wire, uint32(len(b)-4)) // #nosec G115 -- a block is at most 1 MiB
	case kind == ngEnhanced && len(b) >= head:
		id, n, wire = r.bo.Uint32(b), r.bo.Uint32(b[12:]), r.bo.Uint32(b[16:])
		ticks = uint64(r.bo.Uint32(b[4:]))<<32 | uint64(r.bo.Uint32(b[8:]))
	case kind == ngPacketOld && len(b) >= head:
		id, n, wire = uint32(r.bo.Uint16(b)), r.bo.Uint32(b[12:]), r.bo.Uint32(b[16:])
		ticks = uint64(r.bo.Uint32(b[4:]))<<32 | uint64(r.bo.Uint32(b[8:]))
	default:
		return false
	}
	if int64(id) >= int64(len(r.ifaces)) || int64(n) > int64(len(b)-head) {
		return false
	}
	i := &r.ifaces[id]
	if kind == ngSimple && i.snap != 0 {
		n = min(n, i.snap)
	}
	f.TS = 0
	if kind != ngSimple {
		f.TS = i.ticks(ticks)
	}
	f.Iface, f.Link = id, i.link
	f.Len = max(int(wire), int(n))
	f.Data = b[head : head+int(n)]
	return true
}
