// Package hartip reads HART-IP, which carries the commands of HART field
// devices over UDP and TCP (FieldComm Group, FCG TS20085 and TS20081), and makes
// one hart_ip record of each message.
package hartip

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is HART-IP.
var Protocol = proto.Spec{
	Name:      "hart-ip",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{5094, 5095, 20004},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	head = 8
	// maxMessage bounds a message: HART commands have up to 255 bytes, audit
	// logs more.
	maxMessage = 4096
)

// The types of messages.
const (
	typeRequest  = 0
	typeResponse = 1
	typePublish  = 2
	typeNAK      = 15
)

// The messages.
const (
	msgInitiate = iota
	msgClose
	msgKeepAlive
	msgPass
	msgDirect
	msgAudit
)

var messageNames = [...]string{"session_initiate", "session_close", "keep_alive", "pass_through", "direct", "read_audit_log"}

var errMessage = errors.New("hart-ip: malformed message")

// parser follows one connection.
type parser struct{ c *proto.Conn }

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		n, need, err := p.message(b[used:])
		if p.c.Transport == proto.UDP {
			if n == 0 && err == nil {
				p.c.Weird("hart_ip_short_message", "")
			}
			return proto.Step{Used: len(b)}, err
		}
		if err != nil || n == 0 {
			return proto.Step{Used: used, Need: need}, err
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// message reads one message.
func (p *parser) message(b []byte) (n, need int, err error) {
	h, ok := readHead(b)
	switch {
	case !ok && len(b) < head:
		return 0, head, nil
	case !ok:
		return 0, 0, errMessage
	case len(b) < h.length:
		return 0, h.length, nil
	}
	m := &Message{Conn: p.c.Head(), PDU: pduName(h.kind), Name: messageName(h.id), Status: h.status, Transaction: h.transaction}
	c := wire.At(b[head:h.length])
	if h.id == msgPass {
		m.token(&c)
	}
	p.c.Confirm()
	p.c.Emit(m)
	return h.length, 0, nil
}

// header is what begins each message.
type header struct {
	kind, id, status uint8
	transaction      uint16
	length           int
}

// readHead reads a header whose values exist.
func readHead(b []byte) (header, bool) {
	c := wire.At(b)
	version := c.U8()
	h := header{kind: c.U8(), id: c.U8(), status: c.U8(), transaction: c.U16(), length: int(c.U16())}
	ok := c.OK() && (version == 1 || version == 2) && (h.kind <= typePublish || h.kind == typeNAK) && h.id <= msgAudit &&
		h.length >= head && h.length <= maxMessage
	return h, ok
}

func pduName(kind uint8) string {
	switch kind {
	case typeRequest:
		return "REQ"
	case typeResponse:
		return "RESP"
	case typePublish:
		return "PUBLISH"
	}
	return "NAK"
}

func messageName(id uint8) string {
	if int(id) < len(messageNames) {
		return messageNames[id]
	}
	return "unknown-" + strconv.Itoa(int(id))
}

// token reads a frame of the token-passing data link: delimiter, address,
// command, length, data, check byte.
func (m *Message) token(c *wire.Cursor) {
	delimiter := c.U8()
	if delimiter&0x80 != 0 {
		m.Address = hex.EncodeToString(c.Take(5))
	} else if a := c.U8(); c.OK() {
		m.Address = strconv.Itoa(int(a & 0x3f))
	}
	c.Skip(int(delimiter >> 5 & 3)) // expansion
	command := uint16(c.U8())
	data := c.Sub(int(c.U8()))
	if !c.OK() {
		return
	}
	m.Data = record.Some(uint64(data.Len()))           // #nosec G115 -- not negative
	if kind := delimiter & 7; kind == 6 || kind == 1 { // from the device: answer, burst
		code, status := data.U8(), data.U8()
		if data.OK() {
			m.Response, m.Device = record.Some(code), record.Some(status)
		}
	}
	if command == 31 && data.Len() >= 2 { // the number goes on in the data
		command = data.U16()
	}
	m.Command = record.Some(command)
	m.CommandName = commandNames[command]
	m.Write = writes[command]
}

// Gap ends reading: messages cannot be found again.
func (p *parser) Gap(proto.Dir, int) error {
	return fmt.Errorf("%w: some are missing", errMessage)
}

// Close implements proto.Parser.
func (p *parser) Close() {}

// probe takes a message that is all there is.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) > 0 && b[0] != 1 && b[0] != 2 {
		return proto.No
	}
	h, ok := readHead(b)
	if !ok {
		if len(b) < head {
			return proto.Maybe
		}
		return proto.No
	}
	body := b[head:min(len(b), h.length)]
	switch {
	case len(b) > h.length: // more than one
		if _, next := readHead(b[h.length:]); !next {
			return proto.No
		}
	case len(b) < h.length:
		return proto.Maybe
	}
	switch h.id {
	case msgInitiate:
		if h.length != head+5 && h.length != head {
			return proto.No
		}
	case msgClose, msgKeepAlive:
		if h.length != head {
			return proto.No
		}
	case msgPass:
		if m := (&Message{}); true {
			c := wire.At(body)
			if m.token(&c); !m.Command.Set || c.Len() > 1 {
				return proto.No
			}
		}
	default:
		return proto.No
	}
	return proto.Yes
}
