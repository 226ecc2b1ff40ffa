package dcerpc

import (
	"encoding/binary"
	"encoding/hex"

	"longwatch/internal/proto"
)

// PDU types (C706 section 12.6.4, MS-RPCE section 2.2.2.3).
const (
	ptRequest   = 0
	ptResponse  = 2
	ptFault     = 3
	ptBind      = 11
	ptBindAck   = 12
	ptBindNak   = 13
	ptAlter     = 14
	ptAlterResp = 15
	ptAuth3     = 16
	ptLast      = 20 // RTS, of RPC over HTTP
)

// Fragment flags.
const (
	flagFirst  = 0x01
	flagLast   = 0x02
	flagObject = 0x80
)

const (
	headerSize  = 16
	authTrailer = 8
)

// pdu is one fragment, its parts borrowed.
type pdu struct {
	kind, flags uint8
	little      bool
	callID      uint32
	body        []byte // between the header and the authentication trailer
	authType    uint8
	authLevel   uint8
	auth        []byte
}

func (p *pdu) u16(b []byte) uint16 {
	if p.little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

func (p *pdu) u32(b []byte) uint32 {
	if p.little {
		return binary.LittleEndian.Uint32(b)
	}
	return binary.BigEndian.Uint32(b)
}

// header judges the first bytes of a fragment and returns its length. No says
// that no fragment starts like this, Maybe that more bytes are needed.
func header(b []byte) (n int, v proto.Verdict) {
	check := func(i int, ok func(byte) bool) bool { return i >= len(b) || ok(b[i]) }
	fine := check(0, func(x byte) bool { return x == 5 }) &&
		check(1, func(x byte) bool { return x <= 1 }) &&
		check(2, func(x byte) bool { return x <= ptLast && x != 1 && (x < 4 || x > 10) }) &&
		check(4, func(x byte) bool { return x == 0x10 || x == 0 }) &&
		check(5, func(x byte) bool { return x <= 3 }) &&
		check(6, func(x byte) bool { return x == 0 }) &&
		check(7, func(x byte) bool { return x == 0 })
	if !fine {
		return 0, proto.No
	}
	if len(b) < headerSize {
		return 0, proto.Maybe
	}
	p := pdu{little: b[4] == 0x10}
	n = int(p.u16(b[8:]))
	auth := int(p.u16(b[10:]))
	if auth > 0 {
		auth += authTrailer
	}
	if n < headerSize+auth {
		return 0, proto.No
	}
	return n, proto.Yes
}

// split takes a whole fragment apart.
func split(b []byte) pdu {
	p := pdu{kind: b[2], flags: b[3], little: b[4] == 0x10}
	p.callID = p.u32(b[12:])
	p.body = b[headerSize:]
	if n := int(p.u16(b[10:])); n > 0 {
		at := len(b) - n - authTrailer
		p.authType, p.authLevel, p.auth = b[at], b[at+1], b[at+authTrailer:]
		pad := int(b[at+2])
		p.body = b[headerSize:max(headerSize, at-pad)]
	}
	return p
}

// uuidText writes the 16 bytes of a UUID as people do.
func (p *pdu) uuidText(b []byte) string {
	var u [16]byte
	copy(u[:], b)
	if p.little {
		u[0], u[1], u[2], u[3] = b[3], b[2], b[1], b[0]
		u[4], u[5], u[6], u[7] = b[5], b[4], b[7], b[6]
	}
	var t [36]byte
	hex.Encode(t[:8], u[:4])
	hex.Encode(t[9:13], u[4:6])
	hex.Encode(t[14:18], u[6:8])
	hex.Encode(t[19:23], u[8:10])
	hex.Encode(t[24:], u[10:])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return string(t[:])
}
