package content

import (
	"bytes"

	"longwatch/internal/wire"
)

// maxBlocks bounds the RAR blocks looked at for encryption.
const maxBlocks = 8

// archiveScan finds out whether a 7z or RAR archive needs a password.
type archiveScan struct {
	head []byte
	n    int64
	tail tail
}

func (a *archiveScan) write(b []byte) {
	if room := HeadLen - len(a.head); room > 0 {
		a.head = append(a.head, b[:min(len(b), room)]...)
	}
	a.n += int64(len(b))
	a.tail.write(b)
}

func (a *archiveScan) finish(_ string, s *Summary) {
	locked := false
	switch {
	case at(a.head, 0, "Rar!\x1a\x07\x01\x00"):
		locked = rar5Locked(a.head[8:])
	case at(a.head, 0, "Rar!\x1a\x07\x00"):
		locked = rar4Locked(a.head[7:])
	case at(a.head, 0, "7z"):
		locked = a.sevenZipLocked()
	}
	if locked {
		s.add(TraitEncrypted)
	}
}

// sevenZipLocked looks for the AES-256 coder in the end header, which the
// start header (7zFormat.txt, "SignatureHeader") points at. A header that is
// itself compressed hides it.
func (a *archiveScan) sevenZipLocked() bool {
	c := wire.At(a.head)
	c.Skip(12)
	off, size := c.L64(), c.L64()
	last := a.tail.bytes()
	from := 32 + off
	seen := uint64(a.n) - uint64(len(last))
	if !c.OK() || off > 1<<62 || size > uint64(len(last)) || from < seen || from+size > uint64(a.n) {
		return false
	}
	return bytes.Contains(last[from-seen:from-seen+size], []byte{0x06, 0xf1, 0x07, 0x01})
}

// rar4Locked reads block headers (RAR 4 technote): CRC, type, flags, size.
func rar4Locked(b []byte) bool {
	c := wire.At(b)
	for range maxBlocks {
		start := c.Off()
		c.Skip(2)
		kind, flags, size := c.U8(), c.L16(), int(c.L16())
		if !c.OK() {
			return false
		}
		switch {
		case kind == 0x73 && flags&0x80 != 0: // archive header: the rest is encrypted
			return true
		case kind == 0x74: // file header
			return flags&0x04 != 0
		}
		c.Seek(start + max(size, 7))
	}
	return false
}

// rar5Locked reads block headers (RAR 5.0 archive format): CRC, size, type,
// flags, and of a file its extra records.
func rar5Locked(b []byte) bool {
	c := wire.At(b)
	for range maxBlocks {
		c.Skip(4)
		size := vint(&c)
		if !c.OK() || size > HeadLen {
			return false
		}
		h := c.Sub(int(size))
		kind, flags := vint(&h), vint(&h)
		var extra uint64
		if flags&1 != 0 {
			extra = vint(&h)
		}
		switch {
		case !c.OK() || !h.OK():
			return false
		case kind == 4: // archive encryption header
			return true
		case kind == 2: // file header: encryption is extra record 1
			if extra > uint64(h.Len()) {
				return false
			}
			h.Skip(h.Len() - int(extra))
			vint(&h)
			return vint(&h) == 1 && h.OK()
		}
		if flags&2 != 0 {
			return false // a data area comes first
		}
	}
	return false
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
