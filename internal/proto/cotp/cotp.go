// Package cotp reads the ISO transport protocol, class 0, over TCP (RFC 1006,
// ISO/IEC 8073, which is X.224), joins its data units and hands them to the
// protocol inside: S7comm of Siemens controllers, or MMS over the ISO upper
// layers. RDP, which begins with the same protocol, has its own parser.
package cotp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is COTP over TCP.
var Protocol = proto.Spec{
	Name: "cotp", Transport: proto.TCP, Ports: []uint16{102},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

const (
	tpktLen = 4
	minLen  = tpktLen + 3 // a data unit without data
	// maxData bounds what the data units of one message make up.
	maxData = 256 << 10
	// maxLost is how many bytes of a direction may be passed over in the search
	// for the next TPKT before the connection is given up.
	maxLost = 64 << 10
	// maxGuesses is how many messages may be of unknown protocols, and how
	// often the parser inside may fail.
	maxGuesses = 64
)

// Types, the high half of the second octet (ISO/IEC 8073 section 13).
const (
	expedited         = 0x1
	expeditedAck      = 0x2
	reject            = 0x5
	dataAck           = 0x6
	tpduError         = 0x7
	disconnect        = 0x8
	disconnectConfirm = 0xc
	connectConfirm    = 0xd
	connectRequest    = 0xe
	data              = 0xf
)

// names are those of CISA's package.
var names = [16]string{
	expedited:         "ED Expedited Data",
	expeditedAck:      "EA Expedited Data Acknowledgement",
	reject:            "RJ Reject",
	dataAck:           "AK Data Acknowledgement",
	tpduError:         "ER TPDU Error",
	disconnect:        "DR Disconnect Request",
	disconnectConfirm: "DC Disconnect Confirm",
	connectConfirm:    "CC Connection Confirm",
	connectRequest:    "CR Connection Request",
	data:              "DT Data",
}

// Parameters of a connection request or confirm (section 13.3.4).
const (
	paramSize    = 0xc0
	paramCalling = 0xc1
	paramCalled  = 0xc2
)

// lastUnit marks the last data unit of a message.
const lastUnit = 0x80

var errHeader = errors.New("cotp: not a TPKT header")

// half is one direction.
type half struct {
	message []byte // of the data units so far
	over    bool   // the message is too long: its rest is passed over
	inside  bool   // more of a TPKT is awaited
	lost    bool   // the next TPKT has to be searched for
	passed  int    // bytes passed over since the last one
}

type parser struct {
	c         *proto.Conn
	half      [2]half
	inner     *proto.Stream
	guesses   int
	confirmed bool
}

// Parse takes whole TPKTs. A direction that lost its place searches for the
// next one, so that a device that miscounts does not hide what it is asked.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	h := &p.half[d]
	used := 0
	for {
		c := wire.At(b[used:])
		version, reserved, n := c.U8(), c.U8(), int(c.U16())
		header, code := c.U8(), c.U8()
		h.inside = len(b) > used
		switch {
		case !c.OK():
			if len(b)-used == tpktLen+1 && b[used] == 3 && n == tpktLen+1 { // nothing inside
				used += n
				continue
			}
			return proto.Step{Used: used, Need: tpktLen + 2}, nil
		case version != 3 || n <= tpktLen || h.lost && (reserved != 0 || int(header) > n-tpktLen-1 || names[code>>4] == ""):
			if !p.confirmed {
				return proto.Step{Used: used}, errHeader
			}
			if !h.lost {
				p.c.Weird("cotp_lost_place", "")
				*h = half{lost: true}
			}
			if h.passed++; h.passed > maxLost {
				return proto.Step{Used: used}, errHeader
			}
			used++
			continue
		}
		c.Seek(tpktLen)
		body := c.Take(n - tpktLen)
		if !c.OK() {
			return proto.Step{Used: used, Need: n}, nil
		}
		h.inside, h.lost, h.passed = false, false, 0
		p.unit(d, body)
		used += n
	}
}

// unit handles one TPDU.
func (p *parser) unit(d proto.Dir, b []byte) {
	c := wire.At(b)
	head := c.Sub(int(c.U8()))
	code := head.U8() >> 4
	if !head.OK() || !c.OK() {
		p.c.Weird("cotp_malformed_tpdu", "")
		return
	}
	if !p.confirmed {
		p.confirmed = true
		p.c.Confirm()
	}
	conn := p.c.Head()
	r := &PDU{Conn: conn, Way: ot.From(conn, d == proto.Orig), Code: fmt.Sprintf("0x%02x", code), Name: names[code]}
	if r.Name == "" {
		r.Name = fmt.Sprintf("Unknown COTP PDU-0x%02x", code)
	}
	switch code {
	case connectRequest, connectConfirm:
		head.Skip(5) // references and class
		r.params(head)
		p.c.Emit(r)
	case data:
		p.c.Emit(r)
		p.data(d, head.U8()&lastUnit != 0, c.Rest())
	default:
		p.c.Emit(r)
	}
}

// params reads the selectors of a connection request or confirm.
func (r *PDU) params(c wire.Cursor) {
	for c.Len() > 0 {
		kind := c.U8()
		value := c.Take(int(c.U8()))
		switch kind {
		case paramCalling:
			r.Calling = selector(value)
		case paramCalled:
			r.Called = selector(value)
		}
	}
}

// selector writes a transport selector as text when it is.
func selector(b []byte) string {
	for _, x := range b {
		if x < ' ' || x > '~' {
			return "0x" + hex.EncodeToString(b)
		}
	}
	return string(b)
}

// data joins the data units of a message.
func (p *parser) data(d proto.Dir, last bool, b []byte) {
	h := &p.half[d]
	switch {
	case h.over:
	case len(h.message)+len(b) > maxData:
		p.c.Weird("cotp_message_too_long", "")
		h.message, h.over = nil, true
	case last && len(h.message) == 0:
		p.message(d, b)
	default:
		h.message = append(h.message, b...)
		if last {
			p.message(d, h.message)
		}
	}
	if last {
		h.message, h.over = nil, false
	}
}

// message hands a whole message to the protocol inside. No message there goes
// beyond one here, so that what is left over of it is no part of the next.
func (p *parser) message(d proto.Dir, b []byte) {
	if p.inner == nil && p.guesses < maxGuesses {
		if name := inside(b); name != "" {
			p.inner = p.c.Inner(name)
		}
		if p.inner == nil && len(b) > 0 {
			p.guesses++
		}
	}
	if p.inner == nil {
		return
	}
	err := p.inner.Feed(d, b)
	if err == nil && p.inner.Buffered() > 0 {
		err = p.inner.Gap(d, 0)
	}
	if err != nil {
		p.inner.Close()
		p.inner = nil
		p.guesses++
	}
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, n int) error {
	h := &p.half[d]
	h.lost = h.lost || h.inside
	h.inside = false
	h.over = len(h.message) > 0 || h.over
	h.message = nil
	if p.inner != nil && p.inner.Gap(d, n) != nil {
		p.inner.Close()
		p.inner = nil
	}
	return nil
}

// Close ends the parser inside.
func (p *parser) Close() {
	if p.inner != nil {
		p.inner.Close()
		p.inner = nil
	}
}

// Protocols inside, by how their messages begin.
const (
	s7          = 0x32
	s7Plus      = 0x72
	isoConnect  = 0x0d // session protocol, X.225 section 8.3
	isoAccept   = 0x0e
	minISOStart = 4
	mmsRequest  = 0xa0 // ISO 9506-2, the choices of MMSpdu
	mmsResponse = 0xa1
	mmsInitiate = 0xa8
	mmsAnswer   = 0xa9
)

// isoData is the session protocol's "give tokens" and "data transfer".
var isoData = []byte{1, 0, 1, 0}

// inside names the protocol of a message; empty when it is none that is known.
func inside(b []byte) string {
	if len(b) < minISOStart {
		return ""
	}
	switch {
	case b[0] == s7 && (b[1] >= 1 && b[1] <= 3 || b[1] == 7):
		return "s7comm"
	case b[0] == s7Plus && (b[1] >= 1 && b[1] <= 3 || b[1] >= 0xfe):
		return "s7comm"
	case b[0] == isoConnect || b[0] == isoAccept:
		if n := int(b[1]); n == len(b)-2 || n == 0xff && int(b[2])<<8|int(b[3]) == len(b)-minISOStart {
			return "mms"
		}
	case bytes.HasPrefix(b, isoData) && (len(b) == minISOStart || b[minISOStart] == 0x61):
		return "mms"
	case b[0] == mmsInitiate || b[0] == mmsAnswer || b[0] == mmsRequest || b[0] == mmsResponse:
		// Some leave out the layers between.
		if n, sized, ok := ber.Size(b); ok && sized && n == len(b) {
			return "mms"
		}
	}
	return ""
}

// probe wants a TPKT with a connection request or confirm that has transport
// selectors, which RDP has not, or data of a protocol that is known.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	for {
		if len(b) > 0 && b[0] != 3 || len(b) > 1 && b[1] != 0 {
			return proto.No
		}
		if len(b) < minLen {
			return proto.Maybe
		}
		n, header, code := int(b[2])<<8|int(b[3]), int(b[4]), b[5]>>4
		if n < minLen || header < 2 || header > n-tpktLen-1 {
			return proto.No
		}
		switch code {
		case connectRequest, connectConfirm:
			if header != n-tpktLen-1 || header < 6 {
				return proto.No
			}
			if len(b) < n {
				return proto.Maybe
			}
			switch v := parameters(b[tpktLen+7 : n]); v {
			case proto.Maybe: // there are none
			default:
				return v
			}
		case data:
			if header != 2 || b[6]&^lastUnit != 0 {
				return proto.No
			}
			if len(b) < n {
				if len(b) < minLen+minISOStart {
					return proto.Maybe
				}
				switch b[minLen] {
				case s7, s7Plus, isoConnect, isoAccept, isoData[0], mmsRequest, mmsResponse, mmsInitiate, mmsAnswer:
					return proto.Maybe
				}
				return proto.No
			}
			if inside(b[minLen:n]) != "" {
				return proto.Yes
			}
			if n > minLen {
				return proto.No
			}
		default:
			return proto.No
		}
		b = b[n:]
	}
}

// parameters judges those of a connection request or confirm.
func parameters(b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	found := proto.No
	c := wire.At(b)
	for c.Len() > 0 {
		switch c.U8() {
		case paramSize, paramCalling, paramCalled:
			found = proto.Yes
		}
		c.Skip(int(c.U8()))
	}
	if !c.OK() {
		return proto.No
	}
	return found
}
