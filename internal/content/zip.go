package content

import (
	"bytes"
	"path"
	"strings"

	"longwatch/internal/wire"
)

const (
	// MaxMembers bounds the member names that are kept.
	MaxMembers = 64
	maxWalk    = 4096     // members looked at
	maxHeader  = 64 << 10 // of a local header with its name; longer ones are passed over
	tailLen    = 64 << 10 // last bytes of an archive that are kept for its directory
)

// Zip signatures (APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16).
const (
	sigLocal   = "PK\x03\x04"
	sigCentral = 0x02014b50
	sigEnd     = "PK\x05\x06"
)

// zipScan lists the members of an archive as it goes by: from the local
// headers and, where it is reached and fits, from the central directory.
type zipScan struct {
	list  zipList
	carry []byte // a header that is not whole yet
	skip  uint64 // packed bytes before the next header
	tail  tail
}

func (z *zipScan) write(b []byte) {
	z.tail.write(b)
	for len(b) > 0 && z.list.n < maxWalk {
		if z.skip > 0 {
			n := min(z.skip, uint64(len(b)))
			b, z.skip = b[n:], z.skip-n
			continue
		}
		if len(z.carry) > 0 {
			b = append(z.carry, b...)
			z.carry = nil
		}
		i := bytes.Index(b, []byte(sigLocal))
		if i < 0 {
			z.carry = bytes.Clone(b[max(0, len(b)-len(sigLocal)+1):])
			return
		}
		b = b[i:]
		used := z.local(b)
		if used == 0 {
			if len(b) < maxHeader {
				z.carry = bytes.Clone(b)
				return
			}
			used = len(sigLocal)
		}
		b = b[used:]
	}
}

// local reads one local file header and returns its length, or 0 when more
// bytes are needed.
func (z *zipScan) local(b []byte) int {
	c := wire.At(b)
	c.Skip(6)
	flags := c.L16()
	c.Skip(10)
	packed, size := uint64(c.L32()), uint64(c.L32())
	n, extra := int(c.L16()), int(c.L16())
	name := c.Take(n)
	c.Skip(extra)
	if !c.OK() {
		return 0
	}
	if flags&8 == 0 && packed != 0xffffffff {
		z.skip = packed
	}
	z.list.add(string(name), size, flags&8 == 0, flags&1 != 0)
	return c.Off()
}

func (z *zipScan) finish(archive string, s *Summary) {
	if l, ok := central(z.tail.bytes()); ok {
		z.list = l
	}
	z.list.report(archive, s)
}

// central reads the central directory that the end record points at, if the
// bytes hold it whole.
func central(b []byte) (zipList, bool) {
	var l zipList
	end := bytes.LastIndex(b, []byte(sigEnd))
	if end < 0 {
		return l, false
	}
	c := wire.At(b[end:])
	c.Skip(12)
	size := int64(c.L32())
	if !c.OK() || size > int64(end) {
		return l, false
	}
	c = wire.At(b[int64(end)-size : end])
	for l.n < maxWalk && c.Len() >= 46 && c.L32() == sigCentral {
		c.Skip(4)
		flags := c.L16()
		c.Skip(14)
		size := uint64(c.L32())
		n, extra, comment := int(c.L16()), int(c.L16()), int(c.L16())
		c.Skip(12)
		name := c.Take(n)
		c.Skip(extra + comment)
		if !c.OK() {
			break
		}
		l.add(string(name), size, true, flags&1 != 0)
	}
	return l, l.n > 0
}

// zipList is what matters of an archive's members.
type zipList struct {
	n         int
	names     []string
	programs  int
	program   string // stem of the last program
	pic1      bool
	pic1Empty bool
	ntds      bool
	hive      bool
	macro     bool
	encrypted bool
}

// add takes one member; its size counts only if it is known.
func (l *zipList) add(name string, size uint64, sizeKnown, encrypted bool) {
	l.n++
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\\", "/"), "\uFFFD")
	if len(l.names) < MaxMembers {
		l.names = append(l.names, name)
	}
	l.encrypted = l.encrypted || encrypted
	base := lastPart(name)
	switch path.Ext(base) {
	case ".exe", ".scr", ".com", ".pif":
		l.programs++
		l.program = stem(base)
	}
	switch base {
	case "pic1.png":
		l.pic1 = true
		l.pic1Empty = l.pic1Empty || sizeKnown && size == 0
	case "ntds.dit":
		l.ntds = true
	case "system":
		l.hive = true
	case "vbaproject.bin":
		l.macro = true
	}
}

// report adds members and traits; archive is the archive's own name, if known.
func (l *zipList) report(archive string, s *Summary) {
	s.Members = l.names
	for _, t := range []struct {
		is    bool
		trait string
	}{
		{l.programs == 1 && archive != "" && l.program == stem(archive), TraitZipSamePE},
		{l.pic1, TraitZipPic1},
		{l.pic1Empty, TraitZipPic1Empty},
		{l.ntds && l.hive, TraitZipNTDS},
		{l.macro, TraitOfficeMacro},
		{l.encrypted, TraitEncrypted},
	} {
		if t.is {
			s.add(t.trait)
		}
	}
}

// tail keeps the last tailLen bytes, or a few more.
type tail struct{ b []byte }

func (t *tail) write(b []byte) {
	if len(b) >= tailLen {
		t.b = append(t.b[:0], b[len(b)-tailLen:]...)
		return
	}
	t.b = append(t.b, b...)
	if len(t.b) > 2*tailLen {
		n := copy(t.b, t.b[len(t.b)-tailLen:])
		t.b = t.b[:n]
	}
}

func (t *tail) bytes() []byte { return t.b[max(0, len(t.b)-tailLen):] }
