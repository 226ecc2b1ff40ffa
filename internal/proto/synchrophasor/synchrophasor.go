// Package synchrophasor reads the streams of phasor measurement units: the
// commands sent to them (synchrophasor_cmd), their configurations
// (synchrophasor_cfg) and headers (synchrophasor_hdr), and sums each connection
// up (synchrophasor). The records are those of CISA's Zeek package
// icsnpp-synchrophasor but for those of single measurements, which are counted.
//
// Specification: IEEE C37.118.2-2011, clause 6 and annex E.
package synchrophasor

import (
	"errors"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Protocol is IEEE C37.118.
var Protocol = proto.Spec{
	Name:      "synchrophasor",
	Transport: proto.TCP | proto.UDP,
	Ports:     []uint16{4712, 4713},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c, links: ot.NewLinks(c.ID.UID)} },
	Emits:     []*record.Type{Type, CommandType, HeaderType, ConfigType},
}

const (
	sync    = 0xaa
	headLen = 14
	crcLen  = 2
	// maxIDs bounds the streams, versions and rates of a connection, maxHistory
	// its commands in the summary, maxUnits the units of a configuration.
	maxIDs     = 64
	maxHistory = 1024
	maxUnits   = 256
)

// Types of frames (6.2).
const (
	frameData    = 0
	frameHeader  = 1
	frameConfig1 = 2
	frameConfig2 = 3
	frameCommand = 4
	frameConfig3 = 5
)

var frameNames = [...]string{"Data", "Header", "CFG1", "CFG2", "Command", "CFG3"}

var errSync = errors.New("synchrophasor: no frame")

// isHead tells whether b begins with the head of a frame.
func isHead(b []byte) bool {
	if len(b) < 4 || b[0] != sync || b[1]&0x80 != 0 || b[1]>>4 > frameConfig3 || b[1]&0x0f == 0 || b[1]&0x0f > 3 {
		return false
	}
	n := int(b[2])<<8 | int(b[3])
	return n > headLen+crcLen && (b[1]>>4 != frameCommand || n >= headLen+2+crcLen)
}

// datedHead tells whether the second of a frame lies between 2000 and 2040, for
// finding one among other bytes.
func datedHead(b []byte) bool {
	c := wire.At(b[6:])
	soc := c.U32()
	return c.OK() && soc >= 946684800 && soc < 2208988800
}

// probe looks for a frame whose check sum is right.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case len(b) == 0:
		return proto.Maybe
	case b[0] != sync:
		return proto.No
	case len(b) < 4:
		return proto.Maybe
	case !isHead(b):
		return proto.No
	}
	n := int(b[2])<<8 | int(b[3])
	if len(b) < n {
		return proto.Maybe
	}
	if checked(b[:n]) {
		return proto.Yes
	}
	return proto.No
}

// checked tells whether the check sum at the end of a frame is right: CRC-CCITT
// that begins with ones (annex B).
func checked(b []byte) bool {
	crc := uint16(0xffff)
	for _, v := range b[:len(b)-crcLen] {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^v]
	}
	return byte(crc>>8) == b[len(b)-2] && byte(crc) == b[len(b)-1]
}

var crcTable = func() (t [256]uint16) {
	for i := range t {
		crc := uint16(i) << 8 // #nosec G115 -- 8 bits
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		t[i] = crc
	}
	return t
}()

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	links   ot.Links
	sum     *Summary
	history strings.Builder
	seek    [2]bool // the next frame has to be found
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		if need := 4; len(rest) < need || p.seek[d] && len(rest) < headLen {
			if p.seek[d] {
				need = headLen
			}
			if p.c.Transport == proto.UDP {
				p.c.Weird("synchrophasor_no_frame", "")
				break
			}
			return proto.Step{Used: used, Need: need}, nil
		}
		if p.seek[d] && (!isHead(rest) || !datedHead(rest)) {
			used++
			continue
		}
		if !isHead(rest) {
			if p.c.Transport == proto.UDP {
				p.c.Weird("synchrophasor_no_frame", "")
				break
			}
			return proto.Step{Used: used}, errSync
		}
		n := int(rest[2])<<8 | int(rest[3])
		if len(rest) < n {
			if p.c.Transport == proto.UDP {
				p.c.Weird("synchrophasor_no_frame", "")
				break
			}
			return proto.Step{Used: used, Need: n}, nil
		}
		if checked(rest[:n]) {
			p.seek[d] = false
			p.frame(rest[:n])
		} else if !p.seek[d] {
			p.c.Weird("synchrophasor_checksum", "")
		}
		used += n
	}
	if p.c.Transport == proto.UDP {
		used = len(b)
	}
	return proto.Step{Used: used}, nil
}

// frame reads one frame.
func (p *parser) frame(b []byte) {
	proto := p.transport()
	head := p.c.Head()
	if p.sum == nil {
		p.c.Engine.Confirm(p.c, "synchrophasor_"+proto)
		p.sum = &Summary{Conn: head, Proto: proto, Access: ot.Read}
	}
	c := wire.At(b)
	c.Skip(1)
	kind, version := b[1]>>4, b[1]&0x0f
	c.Skip(1)
	size := uint64(c.U16())
	id := uint64(c.U16())
	c.Skip(8) // time
	s := p.sum
	add(&s.Version, uint64(version))
	add(&s.StreamID, id)
	s.SizeTotal += size
	s.SizeMax = max(s.SizeMax, size)
	if s.SizeMin == 0 || size < s.SizeMin {
		s.SizeMin = size
	}
	body := wire.At(b[headLen : len(b)-crcLen])
	switch kind {
	case frameData:
		s.DataFrames++
	case frameHeader:
		p.c.Emit(&Header{Conn: head, Proto: proto, FrameType: frameNames[kind], FrameSize: size, Data: string(body.Rest()), Access: ot.Read})
	case frameCommand:
		p.command(&Command{Conn: head, Proto: proto, FrameType: frameNames[kind], FrameSize: size}, &body)
	default:
		p.config(&Config{Conn: head, Proto: proto, FrameType: frameNames[kind], FrameSize: size, ID: p.links.Next(), Access: ot.Read}, kind, &body)
	}
}

func (p *parser) transport() string {
	if p.c.Transport == proto.UDP {
		return "udp"
	}
	return "tcp"
}

// add puts v into a set.
func add(set *[]uint64, v uint64) {
	if !slices.Contains(*set, v) && len(*set) < maxIDs {
		*set = append(*set, v)
	}
}

// commands are the words and letters of commands (6.6, table 15).
var commands = map[uint16]struct {
	name   string
	letter byte
	access string
}{
	1: {"Data off", 'd', ot.Control}, 2: {"Data on", 'D', ot.Control}, 3: {"Send HDR", 'h', ot.Read},
	4: {"Send CFG-1", '1', ot.Read}, 5: {"Send CFG-2", '2', ot.Read}, 6: {"Send CFG-3", '3', ot.Read},
	8: {"Extended frame", 'e', ot.Other},
}

// command reads a command frame (6.6).
func (p *parser) command(r *Command, c *wire.Cursor) {
	what, ok := commands[c.U16()]
	if !ok {
		what.name, what.letter, what.access = "unknown", 'u', ot.Other
	}
	r.Command, r.Access = what.name, what.access
	for c.Len() > 0 && len(r.Extended) < maxHistory {
		r.Extended = append(r.Extended, uint64(c.U8()))
	}
	if p.history.Len() < maxHistory {
		p.history.WriteByte(what.letter)
	}
	if ot.Changes(what.access) {
		p.sum.Access = what.access
	}
	p.c.Emit(r)
}

// config reads a configuration frame. Of the third kind, which may come in
// parts, it reads the head only (6.4, 6.5).
func (p *parser) config(r *Config, kind uint8, c *wire.Cursor) {
	if kind == frameConfig3 {
		r.Part = uint64(c.U16())
	}
	c.Skip(4) // time base
	r.UnitsExpected = uint64(c.U16())
	if kind != frameConfig3 {
		for range min(int(r.UnitsExpected), maxUnits) {
			name := c.Take(16)
			c.Skip(4) // id, format
			phasors, analogs, digitals := int(c.U16()), int(c.U16()), int(c.U16())
			c.Skip(16 * (phasors + analogs + 16*digitals))
			c.Skip(4 * (phasors + analogs + digitals))
			c.Skip(4) // nominal frequency, changes
			if !c.OK() {
				break
			}
			r.Units++
			r.Stations = append(r.Stations, strings.TrimRight(string(name), " \x00"))
		}
		if rate := int16(c.U16()); c.OK() { // #nosec G115 -- signed in the protocol
			if rate < 0 {
				rate = -rate // seconds between frames
			}
			r.DataRate = uint64(uint16(rate)) // #nosec G115 -- positive
			add(&p.sum.DataRate, r.DataRate)
		}
	} else if rest := c.Rest(); len(rest) >= 2 {
		tail := wire.At(rest[len(rest)-2:])
		r.DataRate = uint64(tail.U16())
		add(&p.sum.DataRate, r.DataRate)
	}
	p.c.Emit(r)
}

// Gap goes on with the next frame that can be found.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.seek[d] = true
	return nil
}

// Close emits the summary.
func (p *parser) Close() {
	if p.sum != nil {
		p.sum.History = p.history.String()
		p.c.Emit(p.sum)
		p.sum = nil
	}
}
