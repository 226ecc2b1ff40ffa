package smb

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// Commands (MS-SMB2 section 2.2.1.2).
const (
	negotiate2    = 0
	sessionSetup2 = 1
	treeConnect2  = 3
	treeDisc2     = 4
	create2       = 5
	close2        = 6
	read2         = 8
	write2        = 9
	ioctl2        = 11
	setInfo2      = 17
)

// Header flags.
const (
	flagResponse = 0x01
	flagAsync    = 0x02
	flagRelated  = 0x04
	flagSigned   = 0x08
)

const (
	header2Size = 64
	maxCompound = 64
	// streamHead reaches from the header to the end of the longest fixed part
	// of a read answer or write request.
	streamHead = header2Size + 48
)

const (
	statusOK             = 0
	statusPending        = 0x00000103
	statusBufferOverflow = 0x80000005
)

// pipeTransceive writes to a pipe and reads the answer (MS-FSCC section 2.3.49).
const pipeTransceive = 0x0011c017

// deleteOnClose is FILE_DELETE_ON_CLOSE of a create's options.
const deleteOnClose = 0x00001000

// message is one SMB2 message: header and body from its start.
type message struct {
	b       []byte // from the header on, so that offsets fit
	command uint16
	status  uint32
	flags   uint32
	next    int
	id      uint64
	tree    treeKey
}

func header2(b []byte) (m message, ok bool) {
	c := wire.At(b)
	c.Skip(4)
	size := c.L16()
	c.Skip(2)
	m.status, m.command = c.L32(), c.L16()
	c.Skip(2)
	m.flags, m.next, m.id = c.L32(), int(c.L32()), c.L64()
	c.Skip(4)
	m.tree.id, m.tree.session = c.L32(), c.L64()
	m.b = b
	return m, c.OK() && size == header2Size && len(b) >= header2Size
}

// body is a cursor behind the header.
func (m *message) body() wire.Cursor { return wire.At(m.b[header2Size:]) }

// at returns n bytes at an offset from the header, or nil.
func (m *message) at(off, n int) []byte {
	if off < 0 || n < 0 || off > len(m.b) || n > len(m.b)-off {
		return nil
	}
	return m.b[off : off+n]
}

// message2 takes a whole message or compound.
func (p *parser) message2(d proto.Dir, b []byte) {
	var previous message
	for range maxCompound {
		m, ok := header2(b)
		if !ok {
			p.c.Weird("smb2_bad_header", "")
			return
		}
		if m.next < 0 || m.next > len(b) || m.next > 0 && m.next < header2Size {
			p.c.Weird("smb2_bad_compound", "")
			return
		}
		if m.next > 0 {
			m.b = b[:m.next]
		}
		if m.flags&flagRelated != 0 && previous.b != nil {
			m.tree = previous.tree
		}
		p.session.Plain++
		if m.flags&flagSigned != 0 {
			p.session.Signed++
		}
		if m.flags&flagResponse == 0 {
			p.request2(d, &m)
		} else {
			p.response2(d, &m)
		}
		if m.next == 0 {
			return
		}
		previous, b = m, b[m.next:]
	}
	p.c.Weird("smb2_too_many_in_compound", "")
}

// stream2 sets the lane up for a large read answer or write request, whose
// first bytes are in b, in a frame of n bytes. It is false for anything else.
func (p *parser) stream2(d proto.Dir, b []byte, n int) bool {
	m, ok := header2(b)
	if !ok || m.next != 0 {
		return false
	}
	var s stream
	var at, size int
	switch {
	case m.command == write2 && m.flags&flagResponse == 0:
		w := writeRequest(&m)
		s = stream{role: proto.Orig, off: w.offset, f: p.handle(w.id, p.treeOf(m.tree))}
		at, size = w.at, w.size
	case m.command == read2 && m.flags&flagResponse != 0 && (m.status == statusOK || m.status == statusBufferOverflow):
		r, ok := p.answered(m.id, m.command)
		if !ok || r.file == nil {
			p.lanes[d].skip = frameHeader + n
			p.session.Plain++
			return true
		}
		at, size = readAnswer(&m)
		s = stream{role: proto.Resp, off: r.offset, f: r.file}
	default:
		return false
	}
	if at < header2Size || at > n || size > n-at {
		p.c.Weird("smb2_bad_data_offset", "")
		size = 0
	}
	p.session.Plain++
	if m.flags&flagSigned != 0 {
		p.session.Signed++
	}
	l := &p.lanes[d]
	if size == 0 {
		l.skip = frameHeader + n
		return true
	}
	s.left = size
	l.skip, l.body, l.tail = frameHeader+at, &s, n-at-size
	return true
}

type write struct {
	at, size int
	offset   uint64
	id       fileID
}

// writeRequest reads section 2.2.21.
func writeRequest(m *message) write {
	c := m.body()
	c.Skip(2)
	w := write{at: int(c.L16()), size: int(c.L32()), offset: c.L64()}
	copy(w.id[:], c.Take(16))
	return w
}

// readAnswer reads section 2.2.20.
func readAnswer(m *message) (at, size int) {
	c := m.body()
	c.Skip(2)
	at = int(c.U8())
	c.Skip(1)
	return at, int(c.L32())
}

func times(c *wire.Cursor) (t [4]uint64) {
	created, accessed, modified, changed := c.L64(), c.L64(), c.L64(), c.L64()
	return [4]uint64{modified, accessed, created, changed}
}

func dialect2(v uint16) string {
	switch v {
	case 0x0202:
		return "2.0.2"
	case 0x0210:
		return "2.1"
	case 0x02ff:
		return "2.?"
	case 0x0300:
		return "3.0"
	case 0x0302:
		return "3.0.2"
	case 0x0311:
		return "3.1.1"
	}
	return ""
}
