// Package openvpn reads the outside of OpenVPN, over UDP and TCP: how a session
// opens, how its control channel is protected, how much it carries. What the
// tunnel holds is encrypted. References: the protocol description in OpenVPN's
// source (doc/doxygen/doc_protocol_overview.h, ssl_pkt.h), tls-crypt-v2.txt
// beside it, and draft-openvpn-wire-protocol.
package openvpn

import (
	"encoding/hex"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is OpenVPN.
var Protocol = proto.Spec{
	Name:      "openvpn",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{1194},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

// lengthSize is the length before each packet over TCP.
const lengthSize = 2

var errOpcode = errors.New("openvpn: unknown opcode")

// probe takes a packet that opens a session, or one in which its handshake
// begins. Over TCP a length comes first, which tells the two transports apart:
// its upper byte is none of the first bytes of a packet.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.No
	}
	switch {
	case b[0]>>3 == 0:
		return probeStream(b)
	case first(b[0]) && datagram(b):
		return proto.Yes
	}
	return proto.No
}

// first tells whether a packet that begins with b may be the first of a session
// or hold its hello. A reset is for key 0.
func first(b byte) bool {
	switch b {
	case clientResetV1 << 3, serverResetV1 << 3, clientResetV2 << 3, serverResetV2 << 3, clientResetV3 << 3:
		return true
	}
	return b>>3 == control
}

func datagram(b []byte) bool {
	_, ok := opening(b)
	return ok || hello(b)
}

// probeStream judges the first packet of a stream.
func probeStream(b []byte) proto.Verdict {
	const least = headSize + tailSize
	c := wire.At(b)
	n := int(c.U16())
	if !c.OK() {
		return proto.Maybe
	}
	if n < least || n > maxFirst {
		return proto.No
	}
	if c.Len() == 0 {
		return proto.Maybe
	}
	switch p := c.Rest(); {
	case !first(p[0]):
		return proto.No
	case len(p) < n:
		return proto.Maybe
	case datagram(p[:n]):
		return proto.Yes
	}
	return proto.No
}

// maxFirst bounds the first packet of a stream: OpenVPN's channel is cut to fit
// datagrams, and its largest is that of tls-crypt-v2 with metadata.
const maxFirst = 2048

type parser struct {
	c   *proto.Conn
	rec *Record // nil until a packet was read
}

// Parse reads one datagram, or the packets of a stream.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		return proto.Step{Used: len(b)}, p.packet(d, b)
	}
	used := 0
	for {
		c := wire.At(b[used:])
		n := int(c.U16())
		packet := c.Take(n)
		if !c.OK() {
			return proto.Step{Used: used, Need: lengthSize + n}, nil
		}
		used += lengthSize + n
		if err := p.packet(d, packet); err != nil {
			return proto.Step{Used: used}, err
		}
	}
}

// packet reads one packet.
func (p *parser) packet(d proto.Dir, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
		p.c.Confirm()
	}
	r := p.rec
	switch op := b[0] >> 3; op {
	case clientResetV1, clientResetV2, clientResetV3:
		r.Resets++
		r.Control++
		if how, ok := opening(b); ok {
			r.Protection, r.HMAC = how.name, uint8(how.hmac) // #nosec G115 -- of hmacSizes
		}
		r.ClientSession = session(b)
	case serverResetV1, serverResetV2:
		r.Control++
		if how, ok := opening(b); ok && r.Protection == "" {
			r.Protection, r.HMAC = how.name, uint8(how.hmac) // #nosec G115 -- of hmacSizes
		}
		r.ServerSession = session(b)
	case softReset:
		r.Control++
		r.Rekeys++
	case control, ack, controlWKC:
		r.Control++
	case dataV1, dataV2:
		if d == proto.Orig {
			r.OrigData++
		} else {
			r.RespData++
		}
		r.Established = r.OrigData > 0 && r.RespData > 0
	default:
		if p.c.Transport == proto.TCP {
			return fmt.Errorf("%w: %d", errOpcode, op)
		}
		p.c.Weird("openvpn_unknown_opcode", fmt.Sprint(op))
	}
	return nil
}

// session is the session that a packet names, in hex.
func session(b []byte) string {
	c := wire.At(b)
	c.Skip(1)
	return hex.EncodeToString(c.Take(sessionSize))
}

// Gap ends the reading of a stream: what follows cannot be aligned with packets.
func (p *parser) Gap(proto.Dir, int) error { return errGap }

var errGap = errors.New("openvpn: bytes are missing")

// Close emits the record.
func (p *parser) Close() {
	if p.rec != nil {
		p.c.Emit(p.rec)
	}
}
