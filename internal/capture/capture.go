// Package capture turns packet captures into frames and frames into IP packets.
//
// Reader walks a pcap, pcapng or snoop stream in large blocks that are used again, so
// that no packet costs an allocation; Unwrap finds the IP packet inside a frame,
// whatever link layers lie around it; Parse reads the IP header:
//
//	r, err := capture.NewReader(stream)
//	var f capture.Frame
//	for err == nil {
//		if err = r.Next(&f); err == nil {
//			ip, ok := capture.Unwrap(&f)
//			...
//		}
//	}
//
// Formats: pcap as in draft-ietf-opsawg-pcap, pcapng as in
// draft-ietf-opsawg-pcapng; either byte order, microseconds or nanoseconds;
// snoop as in RFC 1761.
package capture

import (
	"errors"
	"sync"
	"sync/atomic"

	"longwatch/internal/record"
)

// LinkType is the link-layer header type of a capture (the LINKTYPE_ registry
// at https://www.tcpdump.org/linktypes.html).
type LinkType uint32

// Frame is one captured frame. Data lies in Block and is on loan: it is valid
// until the next call of Next, or as long as the block is retained.
type Frame struct {
	TS    record.Time
	Pos   int64  // offset of the packet's record in the (uncompressed) capture
	Iface uint32 // pcapng: interface of the section that captured it
	Link  LinkType
	Len   int    // bytes on the wire; Data may be shorter when the snap length cut it
	Data  []byte // captured bytes
	Block *Block
}

// Errors that end a capture before its end.
var (
	// ErrFormat says that the stream is none of the formats.
	ErrFormat = errors.New("capture: not a pcap, pcapng or snoop file")
	// ErrShort says that the stream ends inside a record.
	ErrShort = errors.New("capture: ends inside a packet")
	// ErrRecord says that a record's lengths make no sense, so that the start
	// of the next one is unknown.
	ErrRecord = errors.New("capture: impossible record length")
)

const (
	// blockSize is what is read at once: as much as the longest record, which
	// is still in the processor's cache when its packets are looked at.
	blockSize = 320 << 10
	// maxRecord bounds one packet record; the longest real ones are jumbo and
	// offloaded frames of 256 KiB. A record that claims more is damage.
	maxRecord = blockSize - 4096
)

// Block is a stretch of the capture that frames point into.
type Block struct {
	buf  []byte
	refs atomic.Int32
	pool *Pool
}

// Pool gives blocks to the readers of many captures, so that those of one that
// is done serve the next. The zero Pool is ready for use, by any goroutine.
type Pool struct{ blocks sync.Pool }

// get returns a block that its caller retains once.
func (p *Pool) get() *Block {
	b, ok := p.blocks.Get().(*Block)
	if !ok {
		b = &Block{buf: make([]byte, blockSize), pool: p}
	}
	b.refs.Store(1)
	return b
}

// Retain keeps the block from being used again until Release.
func (b *Block) Retain() { b.refs.Add(1) }

// Release undoes one Retain. After the last one the bytes are overwritten.
func (b *Block) Release() {
	if b.refs.Add(-1) == 0 {
		b.pool.blocks.Put(b)
	}
}
