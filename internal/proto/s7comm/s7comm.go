// Package s7comm reads S7comm and S7comm-plus, with which engineering stations
// and panels talk to Siemens controllers, into records with the names of
// CISA's Zeek package: what is read and written, blocks moved in and out, and
// the controller stopped and started. It is reached through COTP (see package
// cotp) and has no public specification; the layout follows Wireshark's
// dissectors s7comm and s7comm-plus and the analyzer of CISA
// (https://github.com/cisagov/icsnpp-s7comm).
package s7comm

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is S7comm with S7comm-plus, inside COTP.
var Protocol = proto.Spec{
	Name: "s7comm", Transport: proto.TCP,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, ReadSZLType, TransferType, DeviceType, PlusType},
}

// plusService is what CISA's package calls S7comm-plus.
const plusService = "s7comm-plus"

// Magic numbers of the two protocols.
const (
	magic     = 0x32
	magicPlus = 0x72
)

const (
	headLen     = 10 // without error
	plusHeadLen = 4
	// maxSZL bounds the parts of a system status list that are joined.
	maxSZL = 16 << 10
)

var errMagic = errors.New("s7comm: message does not begin as one")

type parser struct {
	c         *proto.Conn
	device    *Device
	szl       []byte  // parts of the list that is under way
	more      [2]bool // S7comm-plus: the next unit goes on with the last one
	said      [2]bool // service confirmed: S7comm, S7comm-plus
	listening bool    // szl is of the list that names the device
}

// Parse takes whole messages, and reads on behind trailing bytes.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for {
		rest := b[used:]
		if len(rest) == 0 {
			return proto.Step{Used: used}, nil
		}
		var n int
		switch rest[0] {
		case magic:
			c := wire.At(rest)
			c.Skip(1)
			kind := c.U8()
			c.Skip(4)
			n = headLen + int(c.U16()) + int(c.U16())
			if !c.OK() {
				return proto.Step{Used: used, Need: headLen}, nil
			}
			if kind == ack || kind == ackData {
				n += 2
			}
		case magicPlus:
			c := wire.At(rest)
			c.Skip(2)
			n = plusHeadLen + int(c.U16())
			if !c.OK() {
				return proto.Step{Used: used, Need: plusHeadLen}, nil
			}
		default:
			return proto.Step{Used: used}, errMagic
		}
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		if rest[0] == magic {
			p.message(d, rest[:n])
		} else {
			p.plus(d, rest[:n])
		}
		used += n
	}
}

// Gap drops what the missing bytes were part of.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.more[d] = false
	if d == proto.Resp {
		p.szl, p.listening = nil, false
	}
	return nil
}

// Close writes what the controller said of itself.
func (p *parser) Close() {
	if p.device != nil {
		p.c.Emit(p.device)
		p.device = nil
	}
}

// confirm names the service, once.
func (p *parser) confirm(plus bool) {
	i, s := 0, p.c.Parser
	if plus {
		i, s = 1, plusService
	}
	if !p.said[i] {
		p.said[i] = true
		p.c.Engine.Confirm(p.c, s)
	}
}
