// Package radius reads RADIUS authentication (RFC 2865), accounting (RFC 2866)
// and changes of authorization (RFC 5176): who asked for access from which
// device, what the server said, and which address was given out. Passwords are
// not recorded. As in Zeek, all messages of a connection up to an acceptance or
// a refusal make one record.
package radius

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is RADIUS.
var Protocol = proto.Spec{
	Name: "radius", Transport: proto.UDP, Ports: []uint16{1812, 1813, 1645, 1646, 3799},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	headLen       = 20
	maxMessage    = 4096 // RFC 2865 section 3
	maxAttributes = 512
)

// Codes (IANA "RADIUS Types").
const (
	accessRequest   = 1
	accessAccept    = 2
	accessReject    = 3
	acctRequest     = 4
	acctResponse    = 5
	accessChallenge = 11
	statusServer    = 12
	disconnect      = 40
	coaNAK          = 45
)

var codes = map[uint8]string{
	accessRequest: "Access-Request", accessAccept: "Access-Accept", accessReject: "Access-Reject", acctRequest: "Accounting-Request",
	acctResponse: "Accounting-Response", accessChallenge: "Access-Challenge", statusServer: "Status-Server", 13: "Status-Client",
	disconnect: "Disconnect-Request", 41: "Disconnect-ACK", 42: "Disconnect-NAK", 43: "CoA-Request", 44: "CoA-ACK", coaNAK: "CoA-NAK",
}

// Attributes that are read (RFC 2865, 2866, 2868, 2869).
const (
	attrUser        = 1
	attrNASAddr     = 4
	attrFramedAddr  = 8
	attrReply       = 18
	attrCalled      = 30
	attrCalling     = 31
	attrNASName     = 32
	attrAcctStatus  = 40
	attrAcctSession = 44
	attrTunnel      = 66
	attrConnectInfo = 77
)

var errMessage = errors.New("radius: not a RADIUS message")

// parser follows the messages between one access server and one server.
type parser struct {
	c   *proto.Conn
	rec *Record // of the login that has no answer yet

	broken bool // a message was malformed: Zeek reads no further
}

// probe takes a known code and a length that is the datagram's. It is sure
// when attributes fill the message.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < headLen || b[0] == 0 || b[0] > coaNAK || b[2] > maxMessage>>8 {
		return proto.No
	}
	if _, known := codes[b[0]]; !known {
		return proto.No
	}
	n := int(b[2])<<8 | int(b[3])
	whole := walk(b[headLen:], nil)
	switch {
	case n == len(b) && whole && n > headLen:
		return proto.Yes
	case n == len(b), whole && n > headLen:
		return proto.Maybe
	}
	return proto.No
}

// walk gives f every attribute until f is false; it tells whether they fill b.
func walk(b []byte, f func(kind uint8, v []byte)) bool {
	c := wire.At(b)
	for n := 0; c.Len() > 0 && n < maxAttributes; n++ {
		kind, size := c.U8(), int(c.U8())
		v := c.Take(size - 2)
		if !c.OK() || kind == 0 {
			return false
		}
		if f != nil {
			f(kind, v)
		}
	}
	return c.Len() == 0
}

// Parse takes one datagram.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	c := wire.At(b)
	code := c.U8()
	c.Skip(1)
	n := int(c.U16())
	c.Skip(16)
	name, known := codes[code]
	if !c.OK() || !known || n < headLen || n > maxMessage {
		return step, errMessage
	}
	if !walk(c.Rest(), nil) {
		p.c.Weird("radius_malformed_attribute", name)
		if n == len(b) {
			p.c.Confirm()
		}
		p.Close()
		p.broken = true
		return step, nil
	}
	p.c.Confirm()
	switch {
	case p.c.ID.RespP != zeekPort && (code == acctRequest || code >= disconnect):
		r := p.open()
		r.Message = name
		walk(c.Rest(), r.note)
		p.c.Emit(r)
	case p.c.ID.RespP != zeekPort && (code == acctResponse || code >= statusServer):
	default:
		p.access(code, c.Rest())
	}
	return step, nil
}

// open begins a record.
func (p *parser) open() *Record {
	return &Record{Conn: p.c.Head(), beyond: p.broken || p.c.ID.RespP != zeekPort}
}

// access adds a message to the login, and ends it with an answer.
func (p *parser) access(code uint8, attrs []byte) {
	r := p.rec
	if r == nil {
		r = p.open()
		p.rec = r
	}
	r.Message = codes[code]
	switch code {
	case accessRequest:
		walk(attrs, r.request)
	case accessChallenge:
		walk(attrs, r.challenge)
	case accessAccept:
		r.Result = "success"
	case accessReject:
		r.Result = "failed"
	}
	if r.Result == "" {
		return
	}
	if d := p.c.Now().Sub(r.TS); d != 0 {
		r.TTL = record.Some(d)
	}
	p.rec = nil
	p.c.Emit(r)
}

// request takes an attribute of a request for access.
func (r *Record) request(kind uint8, v []byte) {
	switch kind {
	case attrUser:
		keep(&r.Username, v)
	case attrCalling:
		keep(&r.Calling, v)
		if r.MAC == "" {
			r.MAC = macOf(v)
		}
	case attrTunnel:
		keep(&r.TunnelClient, v)
	case attrConnectInfo:
		keep(&r.ConnectInfo, v)
	case attrNASAddr:
		keepAddr(&r.NASAddr, v)
	case attrNASName:
		keep(&r.NASName, v)
	case attrCalled:
		keep(&r.Called, v)
	}
}

// challenge takes an attribute of a challenge.
func (r *Record) challenge(kind uint8, v []byte) {
	switch kind {
	case attrFramedAddr:
		keepAddr(&r.FramedAddr, v)
	case attrReply:
		keep(&r.ReplyMsg, v)
	}
}

// note takes an attribute of accounting or of a change of authorization.
func (r *Record) note(kind uint8, v []byte) {
	switch kind {
	case attrFramedAddr:
		keepAddr(&r.FramedAddr, v)
	case attrAcctStatus:
		c := wire.At(v)
		if n := c.U32(); c.OK() {
			r.AcctStatus = status(n)
		}
	case attrAcctSession:
		keep(&r.AcctSession, v)
	default:
		r.request(kind, v)
	}
}

// Values of Acct-Status-Type (IANA "RADIUS Attribute Values").
var statuses = map[uint32]string{1: "Start", 2: "Stop", 3: "Interim-Update", 7: "Accounting-On", 8: "Accounting-Off", 15: "Failed"}

func status(n uint32) string {
	if s, ok := statuses[n]; ok {
		return s
	}
	return strconv.FormatUint(uint64(n), 10)
}

// macOf is the MAC in a station's name in any of its spellings, with colons;
// empty when there are not 12 or 16 hexadecimal digits.
func macOf(v []byte) string {
	var digits []byte
	for _, b := range v {
		switch {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'f':
			digits = append(digits, b)
		case b >= 'A' && b <= 'F':
			digits = append(digits, b|0x20)
		}
	}
	if len(digits) != 12 && len(digits) != 16 {
		return ""
	}
	var out strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			out.WriteByte(':')
		}
		out.Write(digits[i : i+2])
	}
	return out.String()
}

// keep keeps the first value seen.
func keep(s *string, v []byte) {
	if *s == "" {
		*s = string(v)
	}
}

func keepAddr(a *netip.Addr, v []byte) {
	if !a.IsValid() && len(v) >= 4 {
		*a = netip.AddrFrom4([4]byte(v[:4]))
	}
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close writes the login that had no answer. It may be called again.
func (p *parser) Close() {
	if p.rec != nil {
		p.rec.Result = "unknown"
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
