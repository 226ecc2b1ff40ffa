package rdp

import (
	"bytes"
	"encoding/binary"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

const tpktHeader = 4

// TPDUs (X.224 section 13).
const (
	connectRequest = 0xe0
	connectConfirm = 0xd0
	dataTPDU       = 0xf0
)

// Types of the structures behind a connect TPDU (section 2.2.1.1.1, 2.2.1.2).
const (
	negRequest  = 1
	negResponse = 2
	negFailure  = 3
)

// negSize is the size of each of them.
const negSize = 8

// restrictedAdmin is RESTRICTED_ADMIN_MODE_REQUIRED.
const restrictedAdmin = 1

// First bytes of an MCS PDU: BER of the connects, PER of the data.
const (
	mcsConnect   = 0x7f
	mcsInitial   = 0x65
	mcsResponse  = 0x66
	sendRequest  = 0x64
	sendIndicate = 0x68
)

var (
	cookieName = []byte("Cookie: mstshash=")
	tokenName  = []byte("Cookie: msts=")
)

// probe wants a connect TPDU with RDP's own cookie or negotiation in it, the
// MCS connect with RDP's keys, or, where the capture begins within, MCS data.
// Other protocols over TPKT (S7, MMS, H.323) have none of these.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	for skipped := false; ; skipped = true {
		if len(b) > 0 && b[0] != 3 || len(b) > 1 && b[1] != 0 {
			return proto.No
		}
		if len(b) < tpktHeader+7 {
			return proto.Maybe
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if n < tpktHeader+7 {
			return proto.No
		}
		body := b[tpktHeader:min(n, len(b))]
		switch body[1] {
		case connectRequest, connectConfirm:
			if int(body[0]) != n-tpktHeader-1 {
				return proto.No
			}
			if len(b) < n {
				return proto.Maybe
			}
			if connects(body) {
				return proto.Yes
			}
			if n > tpktHeader+7 || skipped {
				return proto.No
			}
			b = b[n:] // the oldest clients say nothing here
		case dataTPDU:
			return probeData(body)
		default:
			return proto.No
		}
	}
}

// connects tells whether a whole connect TPDU is of RDP.
func connects(body []byte) bool {
	v := body[7:]
	if body[1] == connectRequest {
		if bytes.HasPrefix(v, cookieName) || bytes.HasPrefix(v, tokenName) {
			return true
		}
		return len(v) >= negSize && v[0] == negRequest && v[2] == negSize && v[3] == 0
	}
	return len(v) == negSize && (v[0] == negResponse || v[0] == negFailure) && v[2] == negSize && v[3] == 0
}

// probeData judges an MCS PDU: section 2.2.1.3 for connects, T.125 section 7
// for data on the channels that RDP uses (1001 and up).
func probeData(body []byte) proto.Verdict {
	if body[0] != 2 || body[2] != 0x80 {
		return proto.No
	}
	switch mcs := body[3:]; mcs[0] {
	case mcsConnect:
		if mcs[1] != mcsInitial && mcs[1] != mcsResponse {
			return proto.No
		}
		if bytes.Contains(mcs, clientKey) || bytes.Contains(mcs, serverKey) {
			return proto.Yes
		}
		if len(mcs) < 256 {
			return proto.Maybe
		}
	case sendRequest, sendIndicate:
		if len(mcs) < 6 {
			return proto.Maybe
		}
		if channel := binary.BigEndian.Uint16(mcs[3:]); channel >= 1001 && channel < 1064 && mcs[5] == 0x70 {
			return proto.Yes
		}
	}
	return proto.No
}

// message takes the X.224 TPDU of one TPKT.
func (p *parser) message(b []byte) error {
	c := wire.At(b)
	c.Skip(1)
	switch c.U8() {
	case connectRequest:
		c.Skip(5)
		p.request(c.Rest())
	case connectConfirm:
		c.Skip(5)
		p.confirm(&c)
	case dataTPDU:
		c.Skip(1)
		return p.data(c.Rest())
	}
	return nil
}

// request reads section 2.2.1.1.
func (p *parser) request(b []byte) {
	s := p.session()
	for _, x := range []struct {
		name []byte
		to   *string
	}{{cookieName, &s.Cookie}, {tokenName, &s.RoutingToken}} {
		if after, ok := bytes.CutPrefix(b, x.name); ok {
			value, rest, _ := bytes.Cut(after, []byte("\r\n"))
			*x.to = string(value[:min(len(value), maxText)])
			b = rest
		}
	}
	c := wire.At(b)
	kind, flags, size, offered := c.U8(), c.U8(), c.L16(), c.L32()
	if !c.OK() || kind != negRequest || size != negSize {
		return
	}
	s.RestrictedAdmin = record.Some(flags&restrictedAdmin != 0)
	s.RequestedProtocols = append(s.RequestedProtocols[:0], securityProtocols[0])
	for bit := uint32(1); bit <= 0x10; bit <<= 1 {
		if offered&bit != 0 {
			s.RequestedProtocols = append(s.RequestedProtocols, named(securityProtocols, bit, "security_protocol"))
		}
	}
}

// confirm reads section 2.2.1.2.
func (p *parser) confirm(c *wire.Cursor) {
	kind, _, size, value := c.U8(), c.U8(), c.L16(), c.L32()
	if !c.OK() || size != negSize {
		return
	}
	switch kind {
	case negResponse:
		s := p.session()
		s.SecurityProtocol = named(securityProtocols, value, "security_protocol")
		if value > 0 {
			if s.Result == "" {
				s.Result = "encrypted"
			}
			p.secure()
		}
	case negFailure:
		p.session().Result = named(failures, value, "failure_code")
	}
}
