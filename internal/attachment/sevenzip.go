package attachment

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"

	"github.com/ulikunitz/xz/lzma"

	"longwatch/internal/wire"
)

// Property ids of 7zFormat.txt, from the LZMA SDK.
const (
	idEnd, idHeader, idArchive, idAdditional, idMain, idFiles = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05
	idPack, idUnpack, idSub, idSize, idCRC, idFolder          = 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b
	idUnpackSize, idNumStream, idEmpty, idNames, idEncoded    = 0x0c, 0x0d, 0x0e, 0x11, 0x17
	max7zHeader                                               = 16 << 20
	max7zFolders                                              = 4096
)

// coders that matter, by id.
const (
	coderCopy  = "\x00"
	coderLZMA  = "\x03\x01\x01"
	coderLZMA2 = "\x21"
	coderAES   = "\x06\xf1\x07\x01"
)

// folder is how one stream is packed.
type folder struct {
	id       string // of its only coder; empty when there are several
	props    []byte
	sizes    []uint64
	outs     int
	packed   int
	locked   bool
	summed   bool
	unpacked uint64
}

// streams are packed streams and how to unpack them.
type streams struct {
	at      uint64
	sizes   []uint64
	folders []folder
}

// list7z reads the header at the end of the archive, which is itself packed
// more often than not.
func list7z(l *look, b []byte) list {
	c := wire.At(b)
	c.Skip(12)
	off, size := c.L64(), c.L64()
	if !c.OK() || off > uint64(len(b)) || size > max7zHeader || 32+off+size > uint64(len(b)) {
		return list{partial: true}
	}
	header := b[32+off : 32+off+size]
	for range 4 { // a packed header may hold a packed header
		h := sevenZip{c: wire.At(header)}
		switch h.c.U8() {
		case idHeader:
			return h.read()
		case idEncoded:
			s := h.streams()
			if h.bad || !h.c.OK() || len(s.folders) == 0 || len(s.sizes) == 0 {
				return list{partial: true}
			}
			f := s.folders[0]
			if f.locked {
				return list{locked: true, partial: true}
			}
			from, n := 32+s.at, s.sizes[0]
			if from > uint64(len(b)) || n > uint64(len(b))-from || f.unpacked > max7zHeader {
				return list{partial: true}
			}
			if header = l.unpack(&f, b[from:from+n]); header == nil {
				return list{partial: true}
			}
		default:
			return list{partial: true}
		}
	}
	return list{partial: true}
}

// unpack undoes one coder.
func (l *look) unpack(f *folder, b []byte) []byte {
	switch f.id {
	case coderCopy:
		return b
	case coderLZMA:
		if len(f.props) < 5 {
			return nil
		}
		head := append(bytes.Clone(f.props[:5]), make([]byte, 8)...)
		binary.LittleEndian.PutUint64(head[5:], f.unpacked)
		if dict := binary.LittleEndian.Uint32(head[1:]); dict > max7zHeader {
			binary.LittleEndian.PutUint32(head[1:], max7zHeader) // no more than that comes out
		}
		r, err := lzma.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(b)))
		if err != nil {
			return nil
		}
		return l.read(r, int64(f.unpacked))
	case coderLZMA2:
		r, err := lzma.Reader2Config{DictCap: max7zHeader}.NewReader2(bytes.NewReader(b))
		if err != nil {
			return nil
		}
		return l.read(r, int64(f.unpacked))
	}
	return nil
}

// sevenZip reads the structures of a header.
type sevenZip struct {
	c   wire.Cursor
	bad bool
}

// number is a REAL_UINT64 of 7zFormat.txt: the leading ones of the first byte
// count the bytes that follow.
func (z *sevenZip) number() uint64 {
	first := z.c.U8()
	mask := byte(0x80)
	var v uint64
	for i := range 8 {
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(z.c.U8()) << (8 * i)
		mask >>= 1
	}
	return v
}

// count is a number of things that follow, each of which takes up bytes.
func (z *sevenZip) count(most uint64) int {
	n := z.number()
	if n > most {
		z.bad = true
		return 0
	}
	return int(n)
}

// defined reads which of n things have a check sum: a byte that says all, or a
// vector of bits.
func (z *sevenZip) defined(n int) []bool {
	out := make([]bool, n)
	all := z.c.U8() != 0
	var bits []byte
	if !all {
		bits = z.c.Take((n + 7) / 8)
	}
	for i := range out {
		out[i] = all || i/8 < len(bits) && bits[i/8]&(0x80>>(i%8)) != 0
	}
	return out
}

// sums skips the check sums that n things have.
func (z *sevenZip) sums(n int) []bool {
	d := z.defined(n)
	for _, has := range d {
		if has {
			z.c.Skip(4)
		}
	}
	return d
}

func (z *sevenZip) streams() streams {
	var s streams
	for z.c.OK() && !z.bad {
		switch z.number() {
		case idEnd:
			return s
		case idPack:
			z.pack(&s)
		case idUnpack:
			z.unpackInfo(&s)
		case idSub:
			z.sub(&s)
		default:
			z.bad = true
		}
	}
	return s
}

func (z *sevenZip) pack(s *streams) {
	s.at = z.number()
	n := z.count(max7zFolders * 4)
	for z.c.OK() && !z.bad {
		switch z.number() {
		case idEnd:
			return
		case idSize:
			for range n {
				s.sizes = append(s.sizes, z.number())
			}
		case idCRC:
			z.sums(n)
		default:
			z.bad = true
		}
	}
}

func (z *sevenZip) unpackInfo(s *streams) {
	if z.number() != idFolder {
		z.bad = true
		return
	}
	n := z.count(max7zFolders)
	if z.c.U8() != 0 {
		z.bad = true // folders elsewhere: no known writer does that
		return
	}
	for range n {
		if z.bad || !z.c.OK() {
			return
		}
		s.folders = append(s.folders, z.folder())
	}
	for z.c.OK() && !z.bad {
		switch z.number() {
		case idEnd:
			return
		case idUnpackSize:
			for i := range s.folders {
				f := &s.folders[i]
				for range f.outs {
					f.sizes = append(f.sizes, z.number())
				}
				if len(f.sizes) > 0 {
					f.unpacked = f.sizes[len(f.sizes)-1]
				}
			}
		case idCRC:
			for i, has := range z.sums(len(s.folders)) {
				s.folders[i].summed = has
			}
		default:
			z.bad = true
		}
	}
}

func (z *sevenZip) folder() folder {
	var f folder
	n := z.count(32)
	ins := 0
	for range n {
		flags := z.c.U8()
		id := string(z.c.Take(int(flags & 15)))
		in, out := 1, 1
		if flags&0x10 != 0 {
			in, out = z.count(32), z.count(32)
		}
		var props []byte
		if flags&0x20 != 0 {
			props = z.c.Take(z.count(1 << 16))
		}
		ins, f.outs = ins+in, f.outs+out
		f.locked = f.locked || id == coderAES
		if n == 1 {
			f.id, f.props = id, props
		}
	}
	for range max(0, f.outs-1) { // bonds
		z.number()
		z.number()
	}
	if f.packed = ins - (f.outs - 1); f.packed > 1 {
		for range f.packed {
			z.number()
		}
	}
	return f
}

func (z *sevenZip) sub(s *streams) {
	per := make([]int, len(s.folders))
	for i := range per {
		per[i] = 1
	}
	for z.c.OK() && !z.bad {
		switch z.number() {
		case idEnd:
			return
		case idNumStream:
			for i := range per {
				per[i] = z.count(maxListed * 16)
			}
		case idSize:
			for _, n := range per {
				for range max(0, n-1) {
					if !z.c.OK() {
						return
					}
					z.number()
				}
			}
		case idCRC:
			total := 0
			for i, n := range per {
				if n != 1 || !s.folders[i].summed {
					total += n // the others have theirs already
				}
			}
			if total > max7zHeader/4 {
				z.bad = true
				return
			}
			z.sums(total)
		default:
			z.bad = true
		}
	}
}

// read reads a plain header: streams, then the files.
func (z *sevenZip) read() list {
	var out list
	for z.c.OK() && !z.bad {
		switch z.number() {
		case idEnd:
			return out
		case idArchive:
			for z.c.OK() && z.number() != idEnd {
				z.c.Skip(z.count(max7zHeader))
			}
		case idAdditional:
			z.streams()
		case idMain:
			for _, f := range z.streams().folders {
				out.locked = out.locked || f.locked
			}
		case idFiles:
			z.files(&out)
			if z.bad || !z.c.OK() {
				out.partial = true
			}
			return out
		default:
			z.bad = true
		}
	}
	out.partial = true
	return out
}

// files reads the names; those without a stream are folders or empty.
func (z *sevenZip) files(out *list) {
	n := z.count(1 << 20)
	var names []string
	var empty []byte
	for z.c.OK() && !z.bad {
		id := z.number()
		if id == idEnd {
			break
		}
		size := z.number()
		if size > uint64(z.c.Len()) {
			z.bad = true
			break
		}
		p := z.c.Sub(int(size))
		switch id {
		case idEmpty:
			empty = p.Take(min(p.Len(), (n+7)/8))
		case idNames:
			if p.U8() != 0 {
				z.bad = true
				continue
			}
			for rest := p.Take(p.Len()); len(rest) >= 2 && len(names) < min(n, maxListed); {
				end := 0
				for end+1 < len(rest) && (rest[end] != 0 || rest[end+1] != 0) {
					end += 2
				}
				names = append(names, wire.UTF16(rest[:min(end, len(rest))]))
				rest = rest[min(end+2, len(rest)):]
			}
		}
	}
	for i, name := range names {
		size := uint64(1)
		if i/8 < len(empty) && empty[i/8]&(0x80>>(i%8)) != 0 {
			size = 0
		}
		if size == 0 && !strings.Contains(name, ".") {
			continue // a folder
		}
		out.members = append(out.members, member{name: name, size: size, locked: out.locked && size > 0})
	}
	out.partial = out.partial || len(names) < n
}
