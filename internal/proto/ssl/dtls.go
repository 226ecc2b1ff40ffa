package ssl

import (
	"fmt"

	"longwatch/internal/cert"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/tlshello"
	"longwatch/internal/wire"
)

// DTLS is TLS over datagrams (RFC 4347, 6347, 9147); package dtls exports it.
var DTLS = proto.Spec{
	Name:      "dtls",
	Transport: proto.UDP,
	Ports:     []uint16{443},
	Probe:     probeDatagram,
	New:       func(c *proto.Conn) proto.Parser { return &datagrams{parser: parser{c: c, s: session{datagram: true}}} },
	Emits:     []*record.Type{Type, cert.Type, cert.OCSPType, network.FileType},
}

const (
	// maxFragmented bounds a handshake message that comes in fragments.
	maxFragmented = 100_000
	// maxFragments bounds the pieces of one message that are kept apart.
	maxFragments = 64
)

// datagrams follows one DTLS association until the handshake is done.
type datagrams struct {
	parser
	parts [2]fragments
}

// probeDatagram takes a client hello, also after STUN messages: WebRTC looks
// for a path before it encrypts, and either side may begin.
func probeDatagram(_ proto.Dir, b []byte) proto.Verdict {
	for isSTUN(b) {
		if b = b[stunLen(b):]; len(b) == 0 {
			return proto.Maybe
		}
	}
	c := wire.At(b)
	kind, version, epoch := c.U8(), c.U16(), c.U16()
	c.Skip(6 + 2) // sequence number, length
	msg, n := c.U8(), c.U24()
	c.Skip(2 + 3 + 3) // message number, fragment offset and length
	hello := c.U16()
	if !c.OK() || kind != contentHandshake || epoch != 0 || msg != msgClientHello || n < 34 || n > maxFragmented ||
		!recordVersion(version) || !recordVersion(hello) {
		return proto.No
	}
	return proto.Yes
}

// recordVersion tells whether a record of DTLS may have this version.
func recordVersion(v uint16) bool {
	return v == tlshello.DTLS10 || v == tlshello.DTLS12 || v == tlshello.DTLS09
}

const stunHead = 20

// isSTUN tells whether b begins with a whole STUN message (RFC 8489 section 5).
func isSTUN(b []byte) bool {
	const cookie = "\x21\x12\xa4\x42"
	return len(b) >= stunHead && b[0] < 4 && string(b[4:8]) == cookie && len(b) >= stunLen(b)
}

func stunLen(b []byte) int { return stunHead + int(b[2])<<8 + int(b[3]) }

// Parse reads the records of one datagram. What is not DTLS shares the ports:
// STUN, TURN and RTP are told apart by the first byte (RFC 7983).
func (p *datagrams) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	all := proto.Step{Used: len(b)}
	for rest := b; len(rest) > 0 && !p.done; {
		if rest[0] < contentCipher || rest[0] > 63 {
			break
		}
		if p.s.version == tlshello.DTLS13 && rest[0]&0xe0 == 0x20 {
			p.encrypted[d] = true
			p.established()
			break
		}
		n, err := p.datagramRecord(d, rest)
		if err != nil {
			p.finish()
			return all, err
		}
		rest = rest[n:]
	}
	return all, nil
}

// datagramRecord reads one record and returns its length; one that is cut off
// ends the datagram.
func (p *datagrams) datagramRecord(d proto.Dir, b []byte) (int, error) {
	c := wire.At(b)
	kind, version, epoch := c.U8(), c.U16(), c.U16()
	c.Skip(6) // sequence number
	body := c.Take(int(c.U16()))
	if !c.OK() {
		return len(b), nil
	}
	if !recordVersion(version) {
		return 0, fmt.Errorf("%w: %#04x in a DTLS record", errVersion, version)
	}
	p.s.unread = p.s.unread || version == tlshello.DTLS09
	if epoch != 0 {
		p.established()
		return c.Off(), nil
	}
	var err error
	switch kind {
	case contentCipher:
		p.s.changeCipher(p.c, d)
		p.encrypted[d] = true
	case contentAlert:
		p.alerts(d, body)
	case contentHandshake:
		err = p.pieces(d, body)
	}
	return c.Off(), err
}

// established notes that both sides have gone on to encrypt, if they have.
func (p *datagrams) established() {
	if p.encrypted[proto.Orig] && p.encrypted[proto.Resp] {
		p.s.open(p.c).Established = true
		p.finish()
	}
}

// pieces reads handshake messages and fragments of them (RFC 6347 section
// 4.2.2).
func (p *datagrams) pieces(d proto.Dir, b []byte) error {
	for c := wire.At(b); c.Len() > 0; {
		kind, total, number := c.U8(), int(c.U24()), c.U16()
		at, n := int(c.U24()), int(c.U24())
		data := c.Take(n)
		if !c.OK() {
			return nil
		}
		if total > maxFragmented || at+n > total {
			return fmt.Errorf("%w: fragment %d+%d of %d", errLength, at, n, total)
		}
		body := data
		if n != total {
			if body = p.parts[d].add(kind, number, total, at, data); body == nil {
				continue
			}
		}
		if err := p.message(d, kind, body); err != nil {
			return err
		}
	}
	return nil
}

// Close emits what the handshake has come to.
func (p *datagrams) Close() {
	p.parts = [2]fragments{}
	p.parser.Close()
}

// fragments puts together one handshake message.
type fragments struct {
	kind   uint8
	number uint16
	buf    []byte
	have   [][2]int // offsets from and to, apart from each other
}

// add takes a fragment and returns the message when it is whole. A fragment of
// another message drops what was kept.
func (f *fragments) add(kind uint8, number uint16, total, at int, data []byte) []byte {
	if f.kind != kind || f.number != number || len(f.buf) != total {
		*f = fragments{kind: kind, number: number, buf: make([]byte, total)}
	}
	copy(f.buf[at:], data)
	from, to := at, at+len(data)
	kept := f.have[:0]
	for _, h := range f.have {
		if h[1] < from || h[0] > to {
			kept = append(kept, h)
			continue
		}
		from, to = min(from, h[0]), max(to, h[1])
	}
	f.have = kept
	if len(f.have) < maxFragments {
		f.have = append(f.have, [2]int{from, to})
	}
	if from > 0 || to < total {
		return nil
	}
	whole := f.buf
	*f = fragments{}
	return whole
}
