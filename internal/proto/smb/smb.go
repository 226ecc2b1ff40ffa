// Package smb reads SMB1 (MS-CIFS, MS-SMB) and SMB2/3 (MS-SMB2) over direct TCP
// and NetBIOS sessions (RFC 1002 section 4.3) on any port: shares, files opened,
// renamed, deleted, read and written, with Zeek's names. Logons go to NTLM and
// Kerberos through spnego, pipes to "dce_rpc".
//
// The data of reads and writes is passed on as it arrives; everything else is
// read when its message is whole. Encrypted and compressed messages cannot be
// read: they are counted, in smb_session, so that nobody takes silence for
// absence.
package smb

import (
	"encoding/binary"
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/spnego"
)

// Protocol is SMB.
var Protocol = proto.Spec{
	Name: "smb", Transport: proto.TCP, Ports: []uint16{445, 139},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits: []*record.Type{MappingType, FileType, TransferType, SessionType, network.FileType},
}

const (
	frameHeader = 4
	// maxWhole bounds a message that has to be buffered; only reads and writes
	// are longer, and they are passed on in parts.
	maxWhole = 1 << 18
	// streamAbove is the size above which reads and writes are not buffered.
	// Fragments of DCE/RPC are smaller.
	streamAbove = 6000
	// maxAstray is how often a connection may fall out of step before it is
	// given up.
	maxAstray = 16
)

// Protocol identifiers, the first byte before "SMB".
const (
	magic1          = 0xff
	magic2          = 0xfe
	magicEncrypted  = 0xfd
	magicCompressed = 0xfc
)

var errFrame = errors.New("smb: not an SMB message")

// lane is one direction.
type lane struct {
	skip int     // bytes to pass over
	body *stream // data being passed on, behind skip
	tail int     // bytes to pass over behind body
	lost bool    // message boundaries are unknown after a gap
}

// stream is the data of a read or write on its way.
type stream struct {
	f    *file
	role proto.Dir
	off  uint64
	left int // of the data; the rest of the message is in lane.skip
}

type parser struct {
	c       *proto.Conn
	lanes   [2]lane
	session Session
	seen    bool
	astray  int // times that something else stood where a message should start
	auth    *spnego.Exchange
	pending []request
	trees   []*tree
	files   []*file
	recent  map[told]record.Time
	smb1    smb1State
}

func newParser(c *proto.Conn) *parser { return &parser{c: c} }

// probe wants a session message that starts with "SMB", or the NetBIOS session
// request or answer that goes before.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	for len(b) >= 1 && (b[0] == 0x81 || b[0] == 0x82) {
		want := 0 // 0x82: granted
		if b[0] == 0x81 {
			want = 68 // two encoded names
		}
		if len(b) < frameHeader {
			return proto.Maybe
		}
		if b[1] != 0 || b[2] != 0 || int(b[3]) != want {
			return proto.No
		}
		if want > 0 {
			if len(b) < 6 {
				return proto.Maybe
			}
			if b[4] != 0x20 || b[5] < 'A' || b[5] > 'P' {
				return proto.No
			}
			if len(b) >= frameHeader+want {
				return proto.Yes
			}
			return proto.Maybe
		}
		if b = b[frameHeader:]; len(b) == 0 {
			return proto.Maybe
		}
	}
	for i, x := range b {
		switch {
		case i == 0 && x != 0,
			i == 4 && (x < magicCompressed),
			i == 5 && x != 'S', i == 6 && x != 'M', i == 7 && x != 'B':
			return proto.No
		case i == 7:
			return proto.Yes
		}
	}
	return proto.Maybe
}

// Parse takes frames.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	l := &p.lanes[d]
	used := 0
	for used < len(b) {
		rest := b[used:]
		if l.body != nil {
			used += p.pass(d, rest)
			continue
		}
		if l.skip > 0 {
			n := min(l.skip, len(rest))
			l.skip -= n
			used += n
			continue
		}
		if l.lost {
			n, found := resync(rest)
			used += n
			if !found {
				return proto.Step{Used: used, Need: frameHeader + 4}, nil
			}
			l.lost = false
			continue
		}
		if len(rest) < frameHeader {
			return proto.Step{Used: used, Need: frameHeader}, nil
		}
		n := int(binary.BigEndian.Uint32(rest) & 0xffffff)
		switch rest[0] {
		case 0:
		case 0x81, 0x82, 0x83, 0x84, 0x85: // NetBIOS session service
			l.skip = frameHeader + n&0x1ffff
			continue
		default:
			if err := p.outOfStep(d); err != nil {
				return proto.Step{Used: used}, err
			}
			continue
		}
		need, err := p.frame(d, rest, n)
		if err != nil {
			if err = p.outOfStep(d); err != nil {
				return proto.Step{Used: used}, err
			}
			used++ // what looked like a frame is none
			continue
		}
		if need > 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		// The frame was taken: wholly, or the lane knows what follows.
		if l.body == nil && l.skip == 0 {
			used += frameHeader + n
		}
	}
	return proto.Step{Used: used}, nil
}

// outOfStep goes on at the next message, as after a keep-alive's stray byte at
// the start of a capture. A connection that does it again and again is no SMB.
func (p *parser) outOfStep(d proto.Dir) error {
	if p.astray++; p.astray > maxAstray {
		return errFrame
	}
	if p.astray == 1 {
		p.c.Weird("smb_out_of_step", "")
	}
	p.lanes[d].lost = true
	return nil
}

// frame takes the message of n bytes in the frame at b, or says how many bytes
// it needs. When it cannot wait for the whole it sets up the lane for the frame.
func (p *parser) frame(d proto.Dir, b []byte, n int) (need int, err error) {
	const start = frameHeader + 4
	l := &p.lanes[d]
	if n < 4 {
		l.skip = frameHeader + n
		return 0, nil
	}
	if len(b) < start {
		return start, nil
	}
	if b[5] != 'S' || b[6] != 'M' || b[7] != 'B' {
		return 0, errFrame
	}
	p.confirm()
	switch b[4] {
	case magicEncrypted:
		if p.session.Encrypted++; p.session.Encrypted == 1 {
			p.c.Weird("smb_encrypted", "")
		}
		l.skip = frameHeader + n
		return 0, nil
	case magicCompressed:
		if p.session.Compressed++; p.session.Compressed == 1 {
			p.c.Weird("smb_compressed", "")
		}
		l.skip = frameHeader + n
		return 0, nil
	case magic2:
		if n > streamAbove {
			if len(b) < frameHeader+streamHead {
				return frameHeader + streamHead, nil
			}
			if p.stream2(d, b[frameHeader:frameHeader+streamHead], n) {
				return 0, nil
			}
		}
	case magic1:
	default:
		return 0, errFrame
	}
	if n > maxWhole {
		p.c.Weird("smb_message_too_large", "")
		l.skip = frameHeader + n
		return 0, nil
	}
	if len(b) < frameHeader+n {
		return frameHeader + n, nil
	}
	if b[4] == magic2 {
		p.message2(d, b[frameHeader:frameHeader+n])
	} else {
		p.message1(d, b[frameHeader:frameHeader+n])
	}
	return 0, nil
}

// pass hands on data of a read or write.
func (p *parser) pass(d proto.Dir, b []byte) int {
	l := &p.lanes[d]
	if l.skip > 0 { // headers and padding before the data
		n := min(l.skip, len(b))
		l.skip -= n
		return n
	}
	s := l.body
	n := min(s.left, len(b))
	p.data(s.f, s.role, d, s.off, b[:n])
	s.off += uint64(n)
	if s.left -= n; s.left == 0 {
		l.body, l.skip, l.tail = nil, l.tail, 0
	}
	return n
}

// Gap goes on behind it when the gap lies in data, else looks for the next
// message.
func (p *parser) Gap(d proto.Dir, n int) error {
	l := &p.lanes[d]
	for n > 0 && (l.skip > 0 || l.body != nil) {
		if l.skip > 0 {
			k := min(l.skip, n)
			l.skip -= k
			n -= k
			continue
		}
		s := l.body
		k := min(s.left, n)
		n -= k
		if w := s.f.content[s.role]; w != nil {
			w.GapAt(s.off, uint64(k))
		}
		s.off += uint64(k)
		if s.left -= k; s.left == 0 {
			l.body, l.skip, l.tail = nil, l.tail, 0
		}
	}
	if n > 0 {
		l.lost = true
	}
	return nil
}

// Close writes what is open, and the sum.
func (p *parser) Close() {
	for len(p.files) > 0 {
		p.close(p.files[0])
	}
	if p.auth != nil {
		p.auth.Close()
	}
	if p.seen {
		s := p.session
		p.c.Emit(&s)
	}
}

func (p *parser) confirm() {
	if !p.seen {
		p.seen = true
		p.session.Conn = p.c.Head()
		p.c.Confirm()
	}
}

// token passes a security token on.
func (p *parser) token(d proto.Dir, b []byte) {
	if len(b) == 0 {
		return
	}
	if p.auth == nil {
		p.auth = spnego.New(p.c)
	}
	p.auth.Token(d, b)
}

// result tells the logon's parser what the status of a session setup says.
func (p *parser) result(status uint32) {
	const moreProcessing = 0xc0000016
	if p.auth != nil && status != moreProcessing {
		p.auth.Done(status == 0)
	}
}

// resync looks for the next frame of a message.
func resync(b []byte) (skip int, found bool) {
	for ; skip < len(b); skip++ {
		if b[skip] != 0 {
			continue
		}
		if v := probe(proto.Orig, b[skip:min(len(b), skip+8)]); v != proto.No {
			return skip, v == proto.Yes
		}
	}
	return skip, false
}
