package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"longwatch/internal/record"
)

// Reader reads frames from a capture stream. It belongs to one goroutine.
type Reader struct {
	src   io.Reader
	pool  *Pool
	block *Block
	start int   // first unread byte in block.buf
	end   int   // end of what was read into block.buf
	base  int64 // stream offset of block.buf[0]
	fail  error // what src said; sticky

	next func(*Reader, *Frame) error
	bo   binary.ByteOrder

	nano    bool     // pcap: fractions are nanoseconds
	link    LinkType // pcap: link type of every frame
	longer  bool     // pcap: the modified format with a longer record header
	swapped bool     // pcap: the length on the wire comes first
	unsure  bool     // pcap: it may

	ifaces []iface // pcapng: of this section
	unread int64   // pcapng: packet blocks that make no sense

	dropped uint64 // pcapng: packets that interfaces of earlier sections lost
}

// NewReader recognises the format of src and reads its header. The error wraps
// ErrFormat or ErrShort, or is what src returned.
func NewReader(src io.Reader) (*Reader, error) { return new(Pool).NewReader(src) }

// NewReader is the same, with blocks of the pool.
func (p *Pool) NewReader(src io.Reader) (*Reader, error) {
	r := &Reader{src: src, pool: p, block: p.get()}
	err := r.begin()
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// begin recognises the format.
func (r *Reader) begin() error {
	head, err := r.peek(4)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	switch {
	case binary.LittleEndian.Uint32(head) == ngSection:
		r.next = (*Reader).nextNG
		return nil
	case string(head) == snoopMagic[:len(head)]:
		r.next = (*Reader).nextSnoop
		return r.snoopHeader()
	}
	r.next = (*Reader).nextPcap
	return r.pcapHeader()
}

// Next reads the next frame into f. It returns io.EOF at a clean end; ErrShort
// or ErrRecord (wrapped, with the offset) where the capture breaks off. Every
// later call returns the same error.
func (r *Reader) Next(f *Frame) error { return r.next(r, f) }

// Offset is the stream offset of the first byte not yet read as a record.
func (r *Reader) Offset() int64 { return r.base + int64(r.start) }

// Unread is how many packet blocks named an interface that was not described,
// or were too short to hold a packet.
func (r *Reader) Unread() int64 { return r.unread }

// Dropped is how many packets the capture says that its interfaces and systems
// lost; only pcapng says so. It is complete after the last frame.
func (r *Reader) Dropped() uint64 {
	r.closeSection()
	return r.dropped
}

// Close gives back the block. The Reader cannot be used afterwards.
func (r *Reader) Close() {
	if r.block != nil {
		r.block.Release()
		r.block = nil
	}
}

// peek returns the next n bytes without consuming them, refilling the block
// when they are not all there. At the end of the stream it returns io.EOF
// when nothing is left and ErrShort when less than n is left.
func (r *Reader) peek(n int) ([]byte, error) {
	if r.end-r.start >= n {
		return r.block.buf[r.start : r.start+n], nil
	}
	if n > blockSize {
		return nil, fmt.Errorf("%w: %d bytes at offset %d", ErrRecord, n, r.Offset())
	}
	r.turn()
	for r.end < n && r.fail == nil {
		var m int
		m, r.fail = r.src.Read(r.block.buf[r.end:])
		r.end += m
	}
	switch {
	case r.end >= n:
		return r.block.buf[:n], nil
	case errors.Is(r.fail, io.EOF) && r.end == 0:
		return nil, io.EOF
	case errors.Is(r.fail, io.EOF):
		return nil, fmt.Errorf("%w: at offset %d", ErrShort, r.Offset())
	default:
		return nil, r.fail
	}
}

// turn moves the unread rest to the start of a block that nobody refers to.
func (r *Reader) turn() {
	rest := r.block.buf[r.start:r.end]
	r.base += int64(r.start)
	if r.block.refs.Load() == 1 {
		r.end = copy(r.block.buf, rest)
		r.start = 0
		return
	}
	b := r.pool.get()
	r.end = copy(b.buf, rest)
	r.start = 0
	r.block.Release()
	r.block = b
}

// Known tells whether head, the first bytes of a file, begins a capture.
func Known(head []byte) bool {
	if len(head) < knownLen {
		return false
	}
	switch binary.LittleEndian.Uint32(head) {
	case magicMicro, magicMicroBE, magicNano, magicNanoBE, magicKuznet, magicKuznetBE:
		return true
	case ngSection:
		order := binary.LittleEndian.Uint32(head[8:])
		return order == ngByteOrder || order == ngByteOrderBE
	}
	return string(head[:len(snoopMagic)]) == snoopMagic
}

// knownLen is how many bytes Known looks at.
const knownLen = 12

// Magic numbers of pcap as read in little-endian order.
const (
	magicMicro    = 0xa1b2c3d4
	magicMicroBE  = 0xd4c3b2a1
	magicNano     = 0xa1b23c4d
	magicNanoBE   = 0x4d3cb2a1
	magicKuznet   = 0xa1b2cd34 // modified format by A. Kuznetsov: 24-byte record headers
	magicKuznetBE = 0x34cdb2a1
	pcapHeader    = 24
)

func (r *Reader) pcapHeader() error {
	b, err := r.peek(pcapHeader)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	magic := binary.LittleEndian.Uint32(b)
	switch magic {
	case magicMicro, magicNano, magicKuznet:
		r.bo = binary.LittleEndian
	case magicMicroBE, magicNanoBE, magicKuznetBE:
		r.bo = binary.BigEndian
	default:
		return ErrFormat
	}
	r.nano = magic == magicNano || magic == magicNanoBE
	r.longer = magic == magicKuznet || magic == magicKuznetBE
	// Writers before version 2.3 of the format put the length on the wire
	// before what was captured of it, and some of version 2.3 did; so did those
	// of version 543, of DG/UX.
	major, minor := r.bo.Uint16(b[4:]), r.bo.Uint16(b[6:])
	r.swapped = major == 2 && minor < 3 || major == 543
	r.unsure = major == 2 && minor == 3
	r.link = LinkType(r.bo.Uint32(b[20:]) & 0xffff) // the rest tells the FCS length
	r.start += pcapHeader
	return nil
}

func (r *Reader) nextPcap(f *Frame) error {
	head := 16
	if r.longer {
		head = 24
	}
	b, err := r.peek(head)
	if err != nil {
		return err
	}
	n, wire := int64(r.bo.Uint32(b[8:])), int64(r.bo.Uint32(b[12:]))
	if r.swapped || r.unsure && n > wire {
		n, wire = wire, n
	}
	if n > maxRecord {
		return fmt.Errorf("%w: %d bytes at offset %d", ErrRecord, n, r.Offset())
	}
	if b, err = r.peek(head + int(n)); err != nil {
		return err
	}
	frac := int64(r.bo.Uint32(b[4:]))
	if !r.nano {
		frac *= 1000
	}
	f.TS = record.Time(int64(r.bo.Uint32(b))*1e9 + frac)
	f.Pos = r.Offset()
	f.Link = r.link
	f.Len = int(max(wire, n))
	f.Data = b[head:]
	f.Block = r.block
	r.start += head + int(n)
	return nil
}
