// Package enip reads EtherNet/IP and the Common Industrial Protocol in it: the
// encapsulation over TCP and UDP (enip), explicit messages and their parts
// (cip), cyclic data (cip_io) and what devices say they are (cip_identity).
// The records are those of CISA's Zeek package icsnpp-enip. A message that a
// Connection Manager is asked to pass on makes a row of its own, which Zeek
// does not have.
//
// Specification: The CIP Networks Library, volume 1 (chapters 2, 3, 5 and
// appendix C) and volume 2 (chapter 2), https://www.odva.org/.
package enip

import (
	"bytes"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is EtherNet/IP.
var Protocol = proto.Spec{
	Name:      "enip",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{44818, 2222},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		return &parser{c: c, links: ot.NewLinks(c.ID.UID), seek: [2]bool{c.Partial, c.Partial}}
	},
	Emits: []*record.Type{Type, CIPType, IOType, IdentityType},
}

const (
	headLen = 24
	// maxItems bounds the items of a message and the services in one.
	maxItems = 512
	// maxAsked bounds the requests whose purpose is kept for their answers.
	maxAsked = 64
)

// Commands of the encapsulation (volume 2, table 2-3.2).
const (
	cmdNOP          = 0x00
	cmdListServices = 0x04
	cmdListIdentity = 0x63
	cmdListIfaces   = 0x64
	cmdRegister     = 0x65
	cmdUnregister   = 0x66
	cmdSendRR       = 0x6f
	cmdSendUnit     = 0x70
	cmdIndicate     = 0x72
	cmdCancel       = 0x73
	cmdStartDTLS    = 0xc8
)

var errHeader = errors.New("enip: no encapsulation header")

// probe looks for an encapsulation header, or for a packet of cyclic data.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < 2 {
		return proto.Maybe
	}
	if b[1] != 0 || b[0] == cmdNOP || b[0] != 2 && !command(b[0]) {
		return proto.No
	}
	if b[0] == 2 {
		if isIO(b) {
			return proto.Yes
		}
		return proto.No
	}
	switch {
	case len(b) < headLen:
		return proto.Maybe
	case isHeader(b):
		return proto.Yes
	}
	return proto.No
}

func command(c byte) bool {
	switch c {
	case cmdNOP, cmdListServices, cmdListIdentity, cmdListIfaces, cmdRegister, cmdUnregister, cmdSendRR, cmdSendUnit,
		cmdIndicate, cmdCancel, cmdStartDTLS:
		return true
	}
	return false
}

// isHeader tells whether b begins with an encapsulation header, whose length
// and body fit the command.
func isHeader(b []byte) bool {
	if len(b) < headLen || b[1] != 0 || !command(b[0]) {
		return false
	}
	c := wire.At(b)
	cmd, n := c.L16(), int(c.L16())
	session, status := c.L32(), c.L32()
	c.Skip(8)
	if status > 0xff || c.L32() != 0 {
		return false
	}
	switch cmd {
	case cmdRegister:
		return n == 4 || n == 0 && status != 0
	case cmdUnregister:
		return n == 0
	case cmdListServices, cmdListIdentity, cmdListIfaces:
		return n == 0 || n >= 2 && (len(b) < headLen+2 || b[headLen] < 16 && b[headLen+1] == 0)
	case cmdSendRR, cmdSendUnit:
		if n == 0 {
			return status != 0
		}
		zero := b[headLen:min(len(b), headLen+4)] // interface handle of CIP
		return n >= 16 && len(bytes.TrimLeft(zero, "\x00")) == 0
	case cmdNOP:
		return n > 0 || session != 0
	}
	return n < 4096
}

// isIO tells whether b is a packet of cyclic data: an item count, a sequenced
// address, connected data.
func isIO(b []byte) bool {
	if len(b) < 18 || !bytes.Equal(b[:6], []byte{2, 0, 2, 0x80, 8, 0}) {
		return false
	}
	c := wire.At(b[14:])
	return c.L16() == itemConnected && int(c.L16()) == len(b)-18
}

// parser follows one connection.
type parser struct {
	c     *proto.Conn
	links ot.Links
	seek  [2]bool // the next header has to be found
	asked map[uint64][]string
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		return proto.Step{Used: len(b)}, p.datagram(d, b)
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.seek[d] {
			n, found := find(rest)
			used += n
			if !found {
				return proto.Step{Used: used}, nil
			}
			p.seek[d] = false
			continue
		}
		if len(rest) < headLen {
			return proto.Step{Used: used, Need: headLen}, nil
		}
		if !command(rest[0]) || rest[1] != 0 {
			return proto.Step{Used: used}, fmt.Errorf("%w: %.4x", errHeader, rest[:4])
		}
		c := wire.At(rest[2:])
		n := headLen + int(c.L16())
		if len(rest) < n {
			return proto.Step{Used: used, Need: n}, nil
		}
		p.message(d, rest[:n])
		used += n
	}
	return proto.Step{Used: used}, nil
}

// find looks for the next header. n bytes before it can be dropped.
func find(b []byte) (n int, found bool) {
	for ; n+headLen <= len(b); n++ {
		if b[n+1] == 0 && b[n] != cmdNOP && isHeader(b[n:n+headLen]) {
			return n, true
		}
	}
	return n, false
}

// datagram reads one datagram: cyclic data, or messages as on TCP.
func (p *parser) datagram(d proto.Dir, b []byte) error {
	if isIO(b) {
		p.cyclic(d, b)
		return nil
	}
	for len(b) > 0 {
		c := wire.At(b)
		cmd, n := c.L16(), headLen+int(c.L16())
		if len(b) < n || cmd > 0xff || !command(byte(cmd)) {
			p.c.Weird("enip_malformed_datagram", "")
			return nil
		}
		p.message(d, b[:n])
		b = b[n:]
	}
	return nil
}

// Gap goes on with the next header that can be found.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.seek[d] = true
	return nil
}

// Close has nothing to emit.
func (*parser) Close() {}
