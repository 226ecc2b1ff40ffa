package collect

import (
	"bufio"
	"errors"
	"fmt"
)

var errXZ = errors.New("xz: damaged block header")

// CheckXZ refuses a stream whose first block asks for a dictionary of more than
// most bytes: the decompressor allocates what is asked for, up to 4 GiB. The layout
// is that of the .xz file format 1.2.1, sections 2.1.1, 3.1 and 5.3.1.
func CheckXZ(br *bufio.Reader, most uint64) error {
	const streamHeader = 12
	head, _ := br.Peek(streamHeader + 1024) // the longest block header
	if len(head) <= streamHeader || head[streamHeader] == 0 {
		return nil // no block: an empty file
	}
	block := head[streamHeader:]
	if size := (int(block[0]) + 1) * 4; size < len(block) {
		block = block[:size]
	}
	if len(block) < 2 {
		return errXZ
	}
	flags, rest := block[1], block[2:]
	for _, there := range []bool{flags&0x40 != 0, flags&0x80 != 0} { // compressed and uncompressed size
		if there {
			if _, rest = varint(rest); rest == nil {
				return errXZ
			}
		}
	}
	for range flags&3 + 1 {
		var id, size uint64
		if id, rest = varint(rest); rest == nil {
			return errXZ
		}
		if size, rest = varint(rest); rest == nil || size > uint64(len(rest)) {
			return errXZ
		}
		const lzma2 = 0x21
		if id == lzma2 && size == 1 {
			if d := dictionary(rest[0]); d > most {
				return fmt.Errorf("xz: needs a dictionary of %d bytes (limit %d)", d, most)
			}
		}
		rest = rest[size:]
	}
	return nil
}

// dictionary is the size that LZMA2's one property byte stands for.
func dictionary(bits byte) uint64 {
	if bits &= 0x3f; bits >= 40 {
		return 1<<32 - 1
	}
	return uint64(2|bits&1) << (bits/2 + 11)
}

// varint reads a multibyte integer (section 1.2); rest is nil when it is cut.
func varint(b []byte) (v uint64, rest []byte) {
	for i, c := range b {
		if i == 9 {
			break
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			return v, b[i+1:]
		}
	}
	return 0, nil
}
