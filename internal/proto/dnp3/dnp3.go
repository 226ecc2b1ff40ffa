// Package dnp3 reads the Distributed Network Protocol of electric and water
// utilities (IEEE 1815-2012) over TCP and UDP into Zeek's dnp3 record, one per
// request and response, and into the dnp3_control and dnp3_objects records of
// CISA's Zeek package: which outputs were operated and which points were read.
//
// Frames of the data link layer (clause 9) carry segments of the transport
// function (clause 8), which make up fragments of the application layer
// (clause 4). A stream that lost its place finds the next frame by its start
// octets and checksum.
package dnp3

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is DNP3.
var Protocol = proto.Spec{
	Name: "dnp3", Transport: proto.TCP | proto.UDP, Ports: []uint16{20000},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type, ControlType, ObjectsType},
}

// What Zeek calls the protocol, by transport.
const (
	tcpService = "dnp3_tcp"
	udpService = "dnp3_udp"
)

const (
	headLen  = 10 // with its checksum
	minLen   = 5  // of the length octet: control and addresses
	blockLen = 16 // user data between checksums
	// maxFragment bounds what the segments of one fragment make up. The standard
	// has 2048 bytes as the usual maximum and lets devices agree on more.
	maxFragment = 16 << 10
	// maxOlder is how many requests wait for a response behind the last.
	maxOlder = 16
)

// Bits of the control octet and of the transport octet.
const (
	dirMaster   = 0x80
	segmentLast = 0x80
	segmentFrst = 0x40
)

// start is the first two octets of every frame.
var start = []byte{0x05, 0x64}

// half is one direction.
type half struct {
	fragment []byte // of the segments so far
	begun    bool   // the first segment was seen
}

type parser struct {
	c         *proto.Conn
	half      [2]half
	pending   *Exchange   // request whose response is awaited
	older     []*Exchange // those before it without a response
	access    string      // of the last request
	confirmed bool
	lost      bool // a frame was damaged: Zeek reads no further
	user      []byte
}

// probe wants the start octets, a length and the header's checksum.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case !bytes.HasPrefix(b, start[:min(len(b), 2)]):
		return proto.No
	case len(b) < headLen:
		return proto.Maybe
	case validHead(b):
		return proto.Yes
	}
	return proto.No
}

// validHead tells whether b, of headLen bytes or more, begins with the header
// of a frame.
func validHead(b []byte) bool {
	return b[0] == start[0] && b[1] == start[1] && b[2] >= minLen && checks(b[:headLen])
}

// frameLen is the whole length of a frame whose length octet is n: every block
// of user data, the last one too, has its checksum.
func frameLen(n uint8) int {
	user := int(n) - minLen
	return headLen + user + 2*((user+blockLen-1)/blockLen)
}

// Parse takes whole frames.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for {
		rest := b[used:]
		if len(rest) < headLen && p.c.Transport == proto.TCP && bytes.HasPrefix(rest, start[:min(len(rest), 2)]) {
			return proto.Step{Used: used, Need: headLen}, nil
		}
		if len(rest) < headLen || !validHead(rest) {
			skip := p.resync(rest)
			if used += skip; len(b) == used || skip == 0 {
				return proto.Step{Used: len(b)}, nil
			}
			continue
		}
		n := frameLen(rest[2])
		if len(rest) < n {
			if p.c.Transport == proto.UDP {
				p.c.Weird("truncated_dnp3_frame", "")
				return proto.Step{Used: len(b)}, nil
			}
			return proto.Step{Used: used, Need: n}, nil
		}
		p.frame(d, rest[:n])
		used += n
	}
}

// resync returns how many bytes at the start of b are passed over to where a
// frame may begin next.
func (p *parser) resync(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	if !p.lost {
		p.lost = true
		if bytes.HasPrefix(b, start) {
			p.c.Weird("dnp3_corrupt_header_checksum", "")
		} else {
			p.c.Weird("dnp3_header_lacks_magic", "")
		}
	}
	if i := bytes.Index(b[1:], start); i >= 0 {
		return 1 + i
	}
	if p.c.Transport == proto.TCP && len(b) > 1 && b[len(b)-1] == start[0] {
		return len(b) - 1
	}
	return len(b)
}

// frame handles one frame of the data link layer (clause 9.2.4).
func (p *parser) frame(d proto.Dir, b []byte) {
	if !p.confirmed {
		p.confirmed = true
		service := tcpService
		if p.c.Transport == proto.UDP {
			service = udpService
		}
		p.c.Engine.Confirm(p.c, service)
	}
	c := wire.At(b)
	c.Skip(3)
	control, to, from := c.U8(), c.L16(), c.L16()
	c.Skip(2)
	if c.Len() == 0 {
		return // of the link layer only
	}
	fromMaster := control&dirMaster != 0
	if (d == proto.Orig) != fromMaster {
		p.c.Weird("dnp3_unexpected_flow_direction", "")
	}
	p.user = p.user[:0]
	for c.Len() > 0 {
		block := c.Take(min(blockLen+2, c.Len()))
		if !checks(block) {
			p.c.Weird("dnp3_corrupt_app_chunk_checksum", "")
			p.lost = true
			p.half[d] = half{}
			return
		}
		p.user = append(p.user, block[:len(block)-2]...)
	}
	link := link{master: to, outstation: from}
	if fromMaster {
		link.master, link.outstation = from, to
	}
	p.segment(d, p.user[0], p.user[1:], link)
}

// segment joins the segments of a fragment (clause 8.2).
func (p *parser) segment(d proto.Dir, head byte, b []byte, l link) {
	h := &p.half[d]
	first, last := head&segmentFrst != 0, head&segmentLast != 0
	switch {
	case first:
		h.fragment, h.begun = h.fragment[:0], true
	case !h.begun:
		p.c.Weird("dnp3_first_application_layer_chunk_missing", "")
		p.lost = true
		return
	}
	if first && last {
		h.begun = false
		p.message(d, b, l)
		return
	}
	if len(h.fragment)+len(b) > maxFragment {
		p.c.Weird("dnp3_fragment_too_long", "")
		*h = half{}
		return
	}
	h.fragment = append(h.fragment, b...)
	if last {
		p.message(d, h.fragment, l)
		*h = half{}
	}
}

// Gap drops what the missing bytes were part of.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.half[d] = half{}
	return nil
}

// Close writes the request that has no response.
func (p *parser) Close() { p.flush() }
