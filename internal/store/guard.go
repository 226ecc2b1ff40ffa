package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// Bounds of what a Parquet file may ask for. Files that records wrote stay far
// below them.
const (
	maxFooter     = 64 << 20  // bytes
	maxGroups     = 1 << 16   // row groups
	maxGroupRows  = 4 << 20   // rows of one
	maxGroupBytes = 256 << 20 // bytes of one, of the columns that are read, as stored
	maxPage       = 16 << 20  // bytes of a page of values, expanded
	maxDictionary = 128 << 20 // bytes of a dictionary, expanded
	maxPageValues = 4 << 20   // values of a page
	maxPageHead   = 64 << 10  // bytes of the header of a page
	maxFilter     = 64 << 20  // bytes of a bloom filter
)

var errParquet = errors.New("not a Parquet file that can be read")

// checkFooter reads the end of a file and walks its structure.
func checkFooter(r io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: it has %d bytes", errParquet, size)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return fmt.Errorf("%w: its end is missing", errParquet)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 || n > maxFooter {
		return fmt.Errorf("%w: a description of %d bytes", errParquet, n)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-8-n); err != nil {
		return err
	}
	w := walker{b: b}
	if err := w.skip(thriftStruct); err != nil {
		return err
	}
	if w.at != len(b) {
		return fmt.Errorf("%w: something follows its description", errParquet)
	}
	return nil
}

// pageHead is what a page's header says.
type pageHead struct {
	typ, expanded, stored, values int64
	encoding                      format.Encoding
	levels                        int64 // bytes before the part that is compressed, of version 2
	packed                        bool  // the rest is compressed
	length                        int   // of the header itself
}

// readPageHead walks the header at the start of b.
func readPageHead(b []byte) (h pageHead, err error) {
	w := walker{b: b}
	h.packed, h.values, h.encoding = true, -1, -1
	number := func(into *int64) func(byte) error {
		return func(typ byte) error {
			if typ != thriftI32 && typ != thriftI64 && typ != thriftI16 {
				return fmt.Errorf("%w: a number of type %d", errThrift, typ)
			}
			n, err := w.varint()
			*into = n
			return err
		}
	}
	inner := func(encodingAt int64, v2 bool) error {
		return w.fields(func(id int64, typ byte) error {
			var n int64
			switch {
			case id == 1:
				return number(&h.values)(typ)
			case id == encodingAt:
				err := number(&n)(typ)
				h.encoding = format.Encoding(n) // #nosec G115 -- another one is refused
				return err
			case v2 && (id == 5 || id == 6):
				err := number(&n)(typ)
				if n < 0 {
					return fmt.Errorf("%w: a length of %d", errThrift, n)
				}
				h.levels += n
				return err
			case v2 && id == 7:
				h.packed = typ == thriftTrue
			}
			return w.skip(typ)
		})
	}
	err = w.fields(func(id int64, typ byte) error {
		switch {
		case id == 1:
			return number(&h.typ)(typ)
		case id == 2:
			return number(&h.expanded)(typ)
		case id == 3:
			return number(&h.stored)(typ)
		case (id == 5 || id == 7) && typ == thriftStruct:
			return inner(2, false)
		case id == 8 && typ == thriftStruct:
			return inner(4, true)
		}
		return w.skip(typ)
	})
	h.length = w.at
	return h, err
}

// readable are the encodings whose expansion is bounded by the values and bytes
// that a page's header names.
func readable(e format.Encoding) bool {
	switch e {
	case format.Plain, format.PlainDictionary, format.RLE, format.RLEDictionary, format.DeltaBinaryPacked, format.DeltaLengthByteArray: //nolint:staticcheck // others still write the old dictionary encoding
		return true
	}
	return false
}

// checkChunk walks the pages of one column of a row group.
func checkChunk(r io.ReaderAt, size int64, m *format.ColumnMetaData) error {
	at := m.DataPageOffset
	if m.DictionaryPageOffset > 0 && m.DictionaryPageOffset < at {
		at = m.DictionaryPageOffset
	}
	length := m.TotalCompressedSize
	if at < 4 || length < 0 || length > maxGroupBytes || at > size-length {
		return fmt.Errorf("%w: a column at %d of %d bytes", errParquet, at, length)
	}
	if m.Codec != format.Zstd && m.Codec != format.Uncompressed {
		return fmt.Errorf("%w: compression %v", errParquet, m.Codec)
	}
	b := make([]byte, length)
	if _, err := r.ReadAt(b, at); err != nil {
		return err
	}
	values := int64(0)
	for len(b) > 0 {
		h, err := readPageHead(b[:min(len(b), maxPageHead)])
		if err != nil {
			return err
		}
		b = b[h.length:]
		most := int64(maxPage)
		if format.PageType(h.typ) == format.DictionaryPage { // #nosec G115 -- compared with few
			most = maxDictionary
		}
		switch {
		case h.expanded < 0 || h.expanded > most || h.stored < 0 || h.stored > int64(len(b)):
			return fmt.Errorf("%w: a page of %d bytes, %d when expanded", errParquet, h.stored, h.expanded)
		case h.values < 0 || h.values > maxPageValues || !readable(h.encoding):
			return fmt.Errorf("%w: a page of %d values in encoding %d", errParquet, h.values, h.encoding)
		case h.levels > h.stored:
			return fmt.Errorf("%w: levels of %d bytes in a page of %d", errParquet, h.levels, h.stored)
		}
		if m.Codec == format.Zstd && h.packed {
			if err := checkZstd(b[h.levels:h.stored], most); err != nil {
				return err
			}
		}
		if format.PageType(h.typ) != format.DictionaryPage { // #nosec G115 -- compared with one
			values += h.values
		}
		b = b[h.stored:]
	}
	if values != m.NumValues {
		return fmt.Errorf("%w: a column of %d values has %d", errParquet, m.NumValues, values)
	}
	return nil
}

// checkZstd walks the frames and blocks of compressed bytes (RFC 8878, 3.1) and
// refuses what could expand beyond most.
func checkZstd(b []byte, most int64) error {
	total := int64(0)
	for len(b) > 0 {
		n, err := zstdHead(b)
		if err != nil {
			return err
		}
		if n < 0 { // a frame to be skipped
			b = b[-n:]
			continue
		}
		head := b[4]
		b = b[n:]
		for last := false; !last; {
			if len(b) < 3 {
				return fmt.Errorf("%w: compressed bytes end early", errParquet)
			}
			x := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
			last = x&1 != 0
			stored, grown := x>>3, x>>3
			switch x >> 1 & 3 {
			case 1:
				stored = 1
			case 2:
				grown = 128 << 10
			case 3:
				return fmt.Errorf("%w: a reserved block", errParquet)
			}
			b = b[3:]
			if stored > int64(len(b)) {
				return fmt.Errorf("%w: compressed bytes end early", errParquet)
			}
			b = b[stored:]
			if total += grown; total > most+128<<10 {
				return fmt.Errorf("%w: compressed bytes that expand beyond %d", errParquet, most)
			}
		}
		if head&4 != 0 { // a checksum
			if len(b) < 4 {
				return fmt.Errorf("%w: compressed bytes end early", errParquet)
			}
			b = b[4:]
		}
	}
	return nil
}

// zstdHead is the length of a frame's header, or of a whole frame to be skipped
// as a negative number.
func zstdHead(b []byte) (int, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("%w: compressed bytes end early", errParquet)
	}
	magic := binary.LittleEndian.Uint32(b)
	if magic&^15 == 0x184d2a50 {
		n := int64(binary.LittleEndian.Uint32(b[4:])) + 8
		if n > int64(len(b)) {
			return 0, fmt.Errorf("%w: compressed bytes end early", errParquet)
		}
		return -int(n), nil
	}
	if magic != 0xfd2fb528 {
		return 0, fmt.Errorf("%w: bytes that are not compressed as they should be", errParquet)
	}
	d := b[4]
	n := 5 + [...]int{0, 1, 2, 4}[d&3]
	size := [...]int{0, 2, 4, 8}[d>>6]
	if d&0x20 == 0 {
		n++ // a window
	} else if size == 0 {
		size = 1
	}
	if n += size; n > len(b) {
		return 0, fmt.Errorf("%w: compressed bytes end early", errParquet)
	}
	return n, nil
}
