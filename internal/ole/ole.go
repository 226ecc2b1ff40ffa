// Package ole reads compound files (MS-CFB), the file system in one file that
// holds Outlook messages and the Office documents of before 2007:
//
//	f, err := ole.Open(b)
//	for _, e := range f.Children(f.Root()) { … f.Data(e) … }
//
// Everything is bounded by the length of the file: no chain of sectors is
// followed longer than the file has sectors, and no sector counts twice.
package ole

import (
	"encoding/binary"
	"errors"
	"fmt"

	"longwatch/internal/wire"
)

// Magic is how a compound file begins (MS-CFB section 2.2).
const Magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

const (
	headerLen  = 512
	entryLen   = 128
	maxEntries = 1 << 16 // of the directory
	maxRegular = 0xfffffffa
)

// ErrDamaged is wrapped by all errors.
var ErrDamaged = errors.New("ole: damaged compound file")

// Entry is one stream or storage.
type Entry struct {
	ID    int
	Name  string
	Kind  uint8 // 1 storage, 2 stream, 5 root
	Size  uint64
	start uint32
	left  uint32
	right uint32
	child uint32
}

// Stream tells whether the entry holds bytes.
func (e *Entry) Stream() bool { return e.Kind == 2 }

// File is an open compound file. It keeps and never changes the bytes given.
type File struct {
	b       []byte
	sector  int // bytes
	mini    int
	cutoff  uint64
	fat     []uint32
	minifat []uint32
	small   []byte
	entries []Entry
}

// Open reads the header, the allocation tables and the directory.
func Open(b []byte) (*File, error) {
	c := wire.At(b)
	if string(c.Take(8)) != Magic {
		return nil, fmt.Errorf("%w: no signature", ErrDamaged)
	}
	c.Skip(16)
	c.Skip(2) // minor version
	major := c.L16()
	c.Skip(2) // byte order
	shift, miniShift := c.L16(), c.L16()
	c.Skip(6 + 4)
	fatSectors, dirStart := c.L32(), c.L32()
	c.Skip(4)
	cutoff, miniStart := c.L32(), c.L32()
	c.Skip(4)
	difat := c.L32()
	c.Skip(4)
	if !c.OK() || shift != 9 && shift != 12 || miniShift < 5 || miniShift >= shift || major < 3 || major > 4 {
		return nil, fmt.Errorf("%w: header with sectors of 2^%d bytes, version %d", ErrDamaged, shift, major)
	}
	f := &File{b: b, sector: 1 << shift, mini: 1 << miniShift, cutoff: uint64(cutoff)}
	if err := f.readFAT(&c, fatSectors, difat); err != nil {
		return nil, err
	}
	dir := f.chain(dirStart)
	if err := f.readDirectory(dir, major == 3); err != nil {
		return nil, err
	}
	for raw := f.chain(miniStart); len(raw) >= 4; raw = raw[4:] {
		f.minifat = append(f.minifat, binary.LittleEndian.Uint32(raw))
	}
	f.small = f.chain(f.entries[0].start)
	return f, nil
}

// at is the bytes of a sector; short at the end of the file, nil beyond.
func (f *File) at(n uint32) []byte {
	off := (int64(n) + 1) * int64(f.sector)
	if n > maxRegular || off >= int64(len(f.b)) {
		return nil
	}
	return f.b[off:min(off+int64(f.sector), int64(len(f.b)))]
}

// readFAT reads the sectors that the header and the DIFAT chain name (section
// 2.5).
func (f *File) readFAT(c *wire.Cursor, want, difat uint32) error {
	most := uint32(len(f.b)/f.sector + 1)
	take := func(n uint32) {
		for raw := f.at(n); len(raw) >= 4; raw = raw[4:] {
			f.fat = append(f.fat, binary.LittleEndian.Uint32(raw))
		}
	}
	taken := uint32(0)
	for range 109 {
		if n := c.L32(); n <= maxRegular && taken < want && taken < most {
			take(n)
			taken++
		}
	}
	for hops := uint32(0); difat <= maxRegular && taken < want && hops < most; hops++ {
		raw := f.at(difat)
		if len(raw) < f.sector {
			break
		}
		for i := 0; i+8 <= len(raw); i += 4 {
			if n := binary.LittleEndian.Uint32(raw[i:]); n <= maxRegular && taken < want && taken < most {
				take(n)
				taken++
			}
		}
		difat = binary.LittleEndian.Uint32(raw[len(raw)-4:])
	}
	if len(f.fat) == 0 {
		return fmt.Errorf("%w: no allocation table", ErrDamaged)
	}
	return nil
}

// chain is the content of a chain of sectors. A loop ends it: no sector is
// taken more often than there are.
func (f *File) chain(n uint32) []byte {
	var out []byte
	for hops := 0; n <= maxRegular && hops <= len(f.b)/f.sector; hops++ {
		s := f.at(n)
		if s == nil {
			break
		}
		out = append(out, s...)
		if int64(n) >= int64(len(f.fat)) {
			break
		}
		n = f.fat[n]
	}
	return out
}

// readDirectory reads the entries (section 2.6). In version 3 only the low half
// of a size counts.
func (f *File) readDirectory(dir []byte, v3 bool) error {
	for ; len(dir) >= entryLen && len(f.entries) < maxEntries; dir = dir[entryLen:] {
		c := wire.At(dir[:entryLen])
		name, n := c.Take(64), int(c.L16())
		e := Entry{ID: len(f.entries), Kind: c.U8()}
		c.Skip(1)
		e.left, e.right, e.child = c.L32(), c.L32(), c.L32()
		c.Skip(16 + 4 + 8 + 8)
		e.start, e.Size = c.L32(), c.L64()
		if v3 {
			e.Size &= 0xffffffff
		}
		if n >= 2 && n <= 64 {
			e.Name = wire.UTF16(name[:n-2])
		}
		f.entries = append(f.entries, e)
	}
	if len(f.entries) == 0 || f.entries[0].Kind != 5 {
		return fmt.Errorf("%w: no root entry", ErrDamaged)
	}
	return nil
}

// Root is the outermost storage.
func (f *File) Root() *Entry { return &f.entries[0] }

// Entries are all entries of the directory, also those that no storage names.
func (f *File) Entries() []Entry { return f.entries }

// Children are the streams and storages of a storage, in the order of the tree.
func (f *File) Children(e *Entry) []*Entry {
	var out []*Entry
	seen := map[uint32]bool{}
	var walk func(n uint32, depth int)
	walk = func(n uint32, depth int) {
		if n >= uint32(len(f.entries)) || seen[n] || depth > len(f.entries) || depth > 1<<10 {
			return
		}
		seen[n] = true
		walk(f.entries[n].left, depth+1)
		out = append(out, &f.entries[n])
		walk(f.entries[n].right, depth+1)
	}
	if e.Kind != 2 {
		walk(e.child, 0)
	}
	return out
}

// Child finds one by name.
func (f *File) Child(e *Entry, name string) *Entry {
	for _, c := range f.Children(e) {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Data is the content of a stream. A chain that is shorter than the size gives
// what there is and an error.
func (f *File) Data(e *Entry) ([]byte, error) {
	if e == nil || !e.Stream() {
		return nil, nil
	}
	var out []byte
	if e.Size < f.cutoff {
		n := e.start
		for hops := 0; n <= maxRegular && uint64(len(out)) < e.Size && hops <= len(f.minifat); hops++ {
			from := int64(n) * int64(f.mini)
			if from >= int64(len(f.small)) {
				break
			}
			out = append(out, f.small[from:min(from+int64(f.mini), int64(len(f.small)))]...)
			if int64(n) >= int64(len(f.minifat)) {
				break
			}
			n = f.minifat[n]
		}
	} else {
		out = f.chain(e.start)
	}
	if uint64(len(out)) < e.Size {
		return out, fmt.Errorf("%w: stream %q has %d of %d bytes", ErrDamaged, e.Name, len(out), e.Size)
	}
	return out[:e.Size], nil
}
