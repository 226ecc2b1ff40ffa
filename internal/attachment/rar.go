package attachment

import (
	"bytes"
	"encoding/binary"

	"longwatch/internal/wire"
)

// listRAR4 reads the blocks of RAR 1.5 to 4 (the "technote" that comes with
// RAR): check sum, kind, flags, size, and a data area.
func listRAR4(_ *look, b []byte) list {
	var out list
	for off := int64(7); off < int64(len(b)); {
		c := wire.At(b[off:])
		c.Skip(2)
		kind, flags, size := c.U8(), c.L16(), int64(c.L16())
		if !c.OK() || size < 7 {
			out.partial = true
			return out
		}
		data := int64(0)
		switch kind {
		case 0x73:
			if flags&0x80 != 0 { // the headers that follow are encrypted
				out.locked, out.partial = true, true
				return out
			}
		case 0x74:
			packed, unpacked := int64(c.L32()), uint64(c.L32())
			c.Skip(1 + 4 + 4 + 1 + 1)
			n := int(c.L16())
			c.Skip(4)
			if flags&0x100 != 0 {
				packed |= int64(c.L32()) << 32
				unpacked |= uint64(c.L32()) << 32
			}
			name := c.Take(n)
			if !c.OK() || packed < 0 || len(out.members) == maxListed {
				out.partial = true
				return out
			}
			if plain, _, ok := bytes.Cut(name, []byte{0}); ok && flags&0x200 != 0 {
				name = plain // an encoded name in Unicode follows
			}
			data = packed
			if flags&0xe0 != 0xe0 { // no folder
				out.members = append(out.members, member{name: string(name), size: unpacked, locked: flags&4 != 0})
			}
		case 0x7b:
			return out
		default:
			if flags&0x8000 != 0 {
				data = int64(c.L32())
			}
		}
		next := off + size + data
		if next <= off {
			out.partial = true
			return out
		}
		off = next
	}
	return out
}

// listRAR5 reads the blocks of RAR 5 ("RAR 5.0 archive format").
func listRAR5(_ *look, b []byte) list {
	var out list
	for off := int64(8); off < int64(len(b)); {
		c := wire.At(b[off:])
		c.Skip(4)
		size := vint(&c)
		start := off + int64(c.Off())
		if !c.OK() || size == 0 || size > 2<<20 || start+int64(size) > int64(len(b)) {
			out.partial = true
			return out
		}
		h := c.Sub(int(size))
		kind, flags := vint(&h), vint(&h)
		var extra, data uint64
		if flags&1 != 0 {
			extra = vint(&h)
		}
		if flags&2 != 0 {
			data = vint(&h)
		}
		switch kind {
		case 4: // the headers that follow are encrypted
			out.locked, out.partial = true, true
			return out
		case 2:
			if !out.rar5File(&h, extra) {
				return out
			}
		case 5:
			return out
		}
		next := start + int64(size) + int64(min(data, 1<<40))
		if next <= off {
			out.partial = true
			return out
		}
		off = next
	}
	return out
}

// rar5File reads one file header.
func (o *list) rar5File(h *wire.Cursor, extra uint64) bool {
	flags, size := vint(h), vint(h)
	vint(h) // attributes
	if flags&2 != 0 {
		h.Skip(4)
	}
	if flags&4 != 0 {
		h.Skip(4)
	}
	vint(h) // compression
	vint(h) // operating system
	n := vint(h)
	if n > 64<<10 || len(o.members) == maxListed {
		o.partial = true
		return false
	}
	name := string(h.Take(int(n)))
	if !h.OK() {
		o.partial = true
		return false
	}
	m := member{name: name, size: size}
	for left := extra; left > 0 && h.OK() && h.Len() > 0; {
		before := h.Len()
		rec := vint(h)
		if !h.OK() || rec == 0 || rec > uint64(h.Len()) {
			break
		}
		sub := h.Sub(int(rec))
		m.locked = m.locked || vint(&sub) == 1
		left -= min(left, uint64(before-h.Len()))
	}
	if flags&1 == 0 { // no folder
		o.members = append(o.members, m)
	}
	return true
}

// vint reads RAR's variable-length number: seven bits a byte, low ones first.
func vint(c *wire.Cursor) uint64 {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
		b := c.U8()
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			break
		}
	}
	return v
}

// listCAB reads the CFFILE entries (MS-CAB section 2.3).
func listCAB(_ *look, b []byte) list {
	var out list
	c := wire.At(b)
	c.Skip(16)
	from := c.L32()
	c.Skip(8)
	n := int(c.L16())
	if !c.OK() || int64(from) > int64(len(b)) {
		return list{partial: true}
	}
	b = b[from:]
	for range min(n, maxListed) {
		if len(b) < 17 {
			out.partial = true
			break
		}
		size := binary.LittleEndian.Uint32(b)
		end := bytes.IndexByte(b[16:], 0)
		if end < 0 || end > 256 {
			out.partial = true
			break
		}
		out.members = append(out.members, member{name: string(b[16 : 16+end]), size: uint64(size)})
		b = b[16+end+1:]
	}
	return out
}
