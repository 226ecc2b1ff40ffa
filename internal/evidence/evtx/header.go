package evtx

import (
	"bytes"
	"fmt"
	"hash/crc32"

	"longwatch/internal/wire"
)

// Sizes of the file's parts, in bytes.
const (
	blockSize  = 4096 // the file header's block
	headerLen  = 128  // the part of it in use
	headerSum  = 120  // the part its checksum covers
	versionMax = 3    // major version
)

// Flags of the file header.
const (
	flagDirty = 1 // not closed properly
	flagNoCRC = 4 // checksums are not kept
)

// fileHeader is what the first block says.
type fileHeader struct {
	read   bool // there was a header
	chunks uint16
	flags  uint32
}

func (h *fileHeader) dirty() bool { return h.flags&flagDirty != 0 }

func (h *fileHeader) checksums() bool { return h.flags&flagNoCRC == 0 }

// parseHeader reads the header and says what is wrong with it, if anything.
func parseHeader(b []byte) (fileHeader, string) {
	if !bytes.HasPrefix(b, fileMagic) {
		return fileHeader{}, "the file header is overwritten; chunks were read without it"
	}
	c := wire.At(b)
	c.Skip(36) // mark, first and last chunk, next record, header length
	c.L16()    // minor version
	major := c.L16()
	c.L16() // block size
	chunks := c.L16()
	c.Seek(headerSum)
	h := fileHeader{read: true, chunks: chunks, flags: c.L32()}
	sum := c.L32()
	switch {
	case h.checksums() && sum != crc32.ChecksumIEEE(b[:headerSum]):
		// A header that was changed by hand says nothing reliable.
		return fileHeader{flags: h.flags & flagNoCRC}, "the checksum of the file header is wrong; its counts were not used"
	case major > versionMax:
		return h, fmt.Sprintf("the header claims format version %d, which is newer than %d", major, versionMax)
	}
	return h, ""
}
