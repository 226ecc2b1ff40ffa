package evtx

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"longwatch/internal/wire"
)

// The layout of a chunk.
const (
	chunkSize   = 64 << 10
	chunkHeader = 512 // header with string and template tables
	chunkSumEnd = 128 // the chunk's checksum covers 0 to 120 and 128 to 512
	chunkSumGap = chunkSumEnd - 8
)

// chunkInfo is what a chunk's header says.
type chunkInfo struct {
	lastRecord uint64 // its record id
	free       int    // where unused space begins
	dataSum    uint32 // over the records
	sum        uint32 // over the header
	flags      uint32
}

func parseChunk(b []byte) (chunkInfo, bool) {
	c := wire.At(b)
	c.Skip(8 + 8 + 8 + 8) // mark, first and last number, first record id
	h := chunkInfo{lastRecord: c.L64()}
	c.L32() // header length
	c.L32() // last record
	h.free = int(c.L32())
	h.dataSum = c.L32()
	c.Seek(chunkSumGap)
	h.flags = c.L32()
	h.sum = c.L32()
	return h, c.OK() && len(b) >= chunkHeader
}

// readChunk reads the records of one chunk, whole or cut short.
func (w *worker) readChunk(b []byte) {
	if !bytes.HasPrefix(b, chunkMagic) {
		w.readLostChunk(b)
		return
	}
	w.chunk.marked = true
	h, ok := parseChunk(b)
	if !ok {
		w.problem("evtx-chunk-damaged", w.off, int64(len(b)), "the chunk ends inside its header")
		return
	}
	free := h.free
	if free < chunkHeader || free > chunkSize {
		w.problem("evtx-chunk-damaged", w.off, 0, "the chunk says that its records end at %d, which is outside it; all of it was searched", h.free)
		free = len(b)
	}
	free = min(free, len(b))
	if w.checksumsIn(&h) {
		w.verify(b, &h, free)
	}
	w.decoder.reset(b)
	end := w.readRecords(b, free)
	w.carve(b, end)
}

func (w *worker) checksumsIn(h *chunkInfo) bool {
	return w.checksums && h.flags&flagNoCRC == 0
}

// verify compares the checksums. A chunk that Windows had not finished
// writing has none that could match: only the file's last one is like that.
func (w *worker) verify(b []byte, h *chunkInfo, free int) {
	head := crc32.ChecksumIEEE(b[:chunkSumGap])
	head = crc32.Update(head, crc32.IEEETable, b[chunkSumEnd:chunkHeader])
	w.chunk.sums = intact
	if head != h.sum {
		w.chunk.sums = wrong
		w.problem("evtx-chunk-checksum", w.off, 0, "the checksum of the chunk's header is wrong; its records were read all the same")
	}
	switch {
	case len(b) != chunkSize && w.chunk.sums == intact:
		w.chunk.sums = unchecked
	case len(b) == chunkSize && crc32.ChecksumIEEE(b[chunkHeader:free]) != h.dataSum:
		w.chunk.sums = wrong
		w.problem("evtx-chunk-checksum", w.off, 0, "the checksum of the chunk's records is wrong: they changed after they were written, or the log was not closed; they were read all the same")
	}
}

// readLostChunk searches a chunk without mark. Windows leaves zeroes where
// nothing was written yet.
func (w *worker) readLostChunk(b []byte) {
	if isZero(b) {
		return
	}
	w.problem("evtx-chunk-damaged", w.off, int64(len(b)), "a chunk without its mark; it was searched for records")
	w.decoder.reset(b)
	w.carve(b, 0)
}

func isZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
