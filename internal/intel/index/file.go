package index

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

// Magic begins a file.
const Magic = "LWINTEL\n"

// Version is the version of the format; a reader refuses others.
const Version = 2

// The header is one page: magic, version, checksum of the page, seed of the
// hash, digest of the feeds, counts, and the sections with name, offset, length
// and checksum. Numbers are little-endian. Sections begin at multiples of a page.
const (
	pageSize    = 4096
	sectionsAt  = 96
	sectionSize = 48
	maxSections = 32
	nameSize    = 16
)

// Why a file is refused. Callers test with errors.Is.
var (
	ErrFormat  = errors.New("index: not an index of indicators")
	ErrVersion = errors.New("index: made by another version of longwatch: build it anew")
	ErrDamaged = errors.New("index: damaged: build it anew")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type section struct {
	name        string
	off, length uint64
	sum         uint32
}

// names of the sections that every file has.
const (
	filterSection  = "filter"
	tableSection   = "table"
	recordsSection = "records"
	dictSection    = "dictionary"
)

// Write writes the index as a file. digest names the feeds it was made of.
func (x *Index) Write(w io.Writer, digest [32]byte) error {
	parts := map[string]pieces{filterSection: {x.filter}, tableSection: {x.table}, recordsSection: x.records, dictSection: x.dict}
	for name, data := range x.extra {
		parts[name] = pieces{data}
	}
	var names []string
	for name := range parts {
		if len(name) > nameSize {
			return fmt.Errorf("index: section name %q is too long", name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > maxSections {
		return fmt.Errorf("index: %d sections", len(names))
	}
	var sections []section
	off := uint64(pageSize)
	for _, name := range names {
		s := section{name: name, off: off}
		for _, p := range parts[name] {
			s.length += uint64(len(p))
			s.sum = crc32.Update(s.sum, castagnoli, p)
		}
		sections = append(sections, s)
		off = (off + s.length + pageSize - 1) / pageSize * pageSize
	}
	bw := bufio.NewWriterSize(w, 1<<20)
	if _, err := bw.Write(x.header(digest, sections)); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	var zero [pageSize]byte
	for _, s := range sections {
		for _, p := range parts[s.name] {
			if _, err := bw.Write(p); err != nil {
				return fmt.Errorf("index: %w", err)
			}
		}
		if _, err := bw.Write(zero[:(pageSize-s.length%pageSize)%pageSize]); err != nil {
			return fmt.Errorf("index: %w", err)
		}
	}
	if err := bw.Flush(); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func (x *Index) header(digest [32]byte, sections []section) []byte {
	h := make([]byte, pageSize)
	copy(h, Magic)
	binary.LittleEndian.PutUint32(h[8:], Version)
	binary.LittleEndian.PutUint64(h[16:], x.seed[0])
	binary.LittleEndian.PutUint64(h[24:], x.seed[1])
	copy(h[32:64], digest[:])
	binary.LittleEndian.PutUint64(h[64:], x.rows)
	binary.LittleEndian.PutUint64(h[72:], x.values)
	binary.LittleEndian.PutUint32(h[80:], uint32(len(sections)))
	for i, s := range sections {
		b := h[sectionsAt+i*sectionSize:]
		copy(b[:nameSize], s.name)
		binary.LittleEndian.PutUint64(b[16:], s.off)
		binary.LittleEndian.PutUint64(b[24:], s.length)
		binary.LittleEndian.PutUint32(b[32:], s.sum)
	}
	seal(h)
	return h
}

// seal sets the checksum of a header, which counts as zero while it is made.
func seal(h []byte) {
	binary.LittleEndian.PutUint32(h[12:], 0)
	binary.LittleEndian.PutUint32(h[12:], crc32.Checksum(h[:pageSize], castagnoli))
}

// Open maps a file, or reads it where files cannot be mapped. Pages are shared
// by all processes that have it open. Whoever replaces the file must write
// another and rename it: what was opened stays as it was.
func Open(name string) (*Index, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	defer func() { _ = f.Close() }() // the mapping stays
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() < pageSize {
		return nil, fmt.Errorf("%w: %q is too short", ErrFormat, name)
	}
	data, unmap, err := mapFile(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("index: %q: %w", name, err)
	}
	x, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", errors.Join(err, unmap()), name)
	}
	x.unmap = unmap
	return x, nil
}

// Parse takes data as the content of a file. It checks the header and the
// bounds of all sections, not what is in them: see Verify. data belongs to the
// index afterwards.
func Parse(data []byte) (*Index, error) {
	if len(data) < pageSize || string(data[:len(Magic)]) != Magic {
		return nil, ErrFormat
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != Version {
		return nil, fmt.Errorf("%w (version %d, we read %d)", ErrVersion, v, Version)
	}
	h := slices.Clone(data[:pageSize])
	seal(h)
	if !slices.Equal(h[12:16], data[12:16]) {
		return nil, fmt.Errorf("%w: checksum of the header", ErrDamaged)
	}
	x := &Index{
		seed:   [2]uint64{binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[24:])},
		digest: [32]byte(h[32:64]), rows: binary.LittleEndian.Uint64(h[64:]), values: binary.LittleEndian.Uint64(h[72:]),
		extra: map[string][]byte{},
	}
	n := binary.LittleEndian.Uint32(h[80:])
	if n > maxSections {
		return nil, fmt.Errorf("%w: %d sections", ErrDamaged, n)
	}
	for i := range int(n) {
		b := h[sectionsAt+i*sectionSize:]
		s := section{
			name: cString(b[:nameSize]), off: binary.LittleEndian.Uint64(b[16:]), length: binary.LittleEndian.Uint64(b[24:]), sum: binary.LittleEndian.Uint32(b[32:]),
		}
		if s.off < pageSize || s.off > uint64(len(data)) || s.length > uint64(len(data))-s.off {
			return nil, fmt.Errorf("%w: section %q lies beyond the end of the file, which is cut off", ErrDamaged, s.name)
		}
		x.sums = append(x.sums, s)
		x.take(s.name, data[s.off:s.off+s.length:s.off+s.length])
	}
	x.blocks, x.buckets = uint64(len(x.filter)/64), uint64(len(x.table)/64)
	if x.blocks == 0 || x.buckets == 0 || len(x.filter)%64 != 0 || len(x.table)%64 != 0 || x.rows > uint64(len(data)) || x.values > x.rows {
		return nil, fmt.Errorf("%w: filter, table and counts do not fit each other", ErrDamaged)
	}
	x.extra[wholeFile] = data
	return x, nil
}

// wholeFile is where Parse keeps the content for Verify.
const wholeFile = "\x00file"

func (x *Index) take(name string, data []byte) {
	switch name {
	case filterSection:
		x.filter = data
	case tableSection:
		x.table = data
	case recordsSection:
		x.records = cut(data)
	case dictSection:
		x.dict = cut(data)
	default:
		x.extra[name] = data
	}
}

// cut parts a section as the builder had it.
func cut(data []byte) pieces { return slices.Collect(slices.Chunk(data, chunkSize)) }

func cString(b []byte) string {
	if i := slices.Index(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// Verify reads a whole file and compares its checksums, and its counts with
// what is there.
func (x *Index) Verify() error {
	if x.sums == nil { // made in memory
		return nil
	}
	data := x.extra[wholeFile]
	for _, s := range x.sums {
		if crc32.Checksum(data[s.off:s.off+s.length], castagnoli) != s.sum {
			return fmt.Errorf("%w: checksum of %s", ErrDamaged, s.name)
		}
	}
	var rows, values uint64
	for g := range x.All {
		rows, values = rows+g.n, values+1
	}
	if rows != x.rows || values != x.values {
		return fmt.Errorf("%w: %d rows of %d values are there, %d of %d should be", ErrDamaged, rows, values, x.rows, x.values)
	}
	return nil
}
