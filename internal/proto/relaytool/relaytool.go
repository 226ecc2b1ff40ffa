// Package relaytool names small relay and tunnel tools by the handshakes that
// their sources or publications show, and says how far these came:
//
//   - iox (https://github.com/EddieIvan01/iox, operate/protocol.go): commands of
//     four bytes that end in EE FF; 00 C0 asks, 00 E0 answers
//   - nps (https://github.com/ehang-io/nps, client/control.go): TST, versions, MD5
//     of the version, MD5 of the key, and what the connection is for
//   - Stowaway (https://github.com/ph4ntonn/Stowaway, protocol): IAMNEWHERE,
//     IAMADMINXD and THEREISNOROUTE, maybe after 16 bytes of a digest
//   - Venom (https://github.com/Dliv3/Venom, protocol): ABCDEFGH, then VCMD
//   - GOST's relay (https://github.com/go-gost/relay): a request with features
//   - SNOWLIGHT, which loads VShell (Sysdig, April 2025): a platform of six bytes
//     asks, a program under XOR 0x99 answers
//
// Where TLS or a key covers the handshake there is nothing to see.
package relaytool

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is the handshakes of all of them.
var Protocol = proto.Spec{
	Name:      "relay_tool",
	Transport: proto.TCP,
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

// The values of Session.Step.
const (
	asked    = "asked"
	answered = "answered"
	refused  = "refused"
)

// maxWait bounds what is kept of a server before its client is known.
const maxWait = 1 << 10

// reader knows one tool's handshake.
type reader struct {
	tool string
	// probe judges the first bytes of the side that speaks first.
	probe func(b []byte) proto.Verdict
	// read takes what is there of a direction. It returns how much is used and,
	// when that is nothing, how much must be there; used < 0 means that the
	// handshake is over and the rest is what the tool carries, or hidden.
	read func(p *parser, d proto.Dir, b []byte) (used, need int)
	// carries tells that what follows can be read in turn.
	carries bool
}

var readers = []reader{
	{tool: "iox", probe: probeIOX, read: (*parser).iox},
	{tool: "nps", probe: probeNPS, read: (*parser).nps},
	{tool: "stowaway", probe: probeStowaway, read: (*parser).stowaway},
	{tool: "venom", probe: probeVenom, read: (*parser).venom},
	{tool: "gost", probe: probeGOST, read: (*parser).gost, carries: true},
	{tool: "snowlight", probe: probeSnowlight, read: (*parser).snowlight},
}

// mayBegin are the first bytes that the probes take.
var mayBegin = func() (t [256]bool) {
	for _, c := range "\x00\x01TAlwadI0123456789bcef" {
		t[c] = true
	}
	return t
}()

func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	if d == proto.Resp || !mayBegin[b[0]] {
		return proto.No
	}
	t, v := which(b)
	if t != nil && t.tool == "snowlight" && len(b) > platformLen {
		return proto.No // it says nothing else
	}
	return v
}

// which finds the tool whose handshake b begins.
func which(b []byte) (*reader, proto.Verdict) {
	maybe := proto.No
	for i := range readers {
		switch readers[i].probe(b) {
		case proto.Yes:
			return &readers[i], proto.Yes
		case proto.Maybe:
			maybe = proto.Maybe
		case proto.No:
		}
	}
	return nil, maybe
}

// parser follows one connection.
type parser struct {
	c      *proto.Conn
	tool   *reader
	rec    *Session
	stage  [2]uint8 // messages read of a direction
	done   [2]bool
	over   bool
	tunnel *proto.Stream
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.over {
		return proto.Step{Used: len(b)}, nil
	}
	if p.tool == nil && d == proto.Resp {
		if len(b) > maxWait {
			p.over = true
		}
		return proto.Step{Need: len(b) + 1}, nil // until the client is known
	}
	if p.tool == nil {
		t, v := which(b)
		if v == proto.Maybe {
			return proto.Step{Need: len(b) + 1}, nil
		}
		if t == nil {
			p.over = true
			return proto.Step{Used: len(b)}, nil
		}
		p.tool, p.rec = t, &Session{Conn: p.c.Head(), Tool: t.tool, Step: asked}
	}
	used := 0
	for used < len(b) && !p.done[d] {
		n, need := p.tool.read(p, d, b[used:])
		switch {
		case n < 0:
			p.done[d] = true
		case n == 0:
			return proto.Step{Used: used, Need: need}, nil
		default:
			used += n
		}
	}
	if used < len(b) && p.tool.carries {
		if p.tunnel == nil {
			p.tunnel = p.c.Guess()
		}
		_ = p.tunnel.Feed(d, b[used:]) // it never fails
	}
	return proto.Step{Used: len(b)}, nil
}

// answer notes that the server understood.
func (p *parser) answer() {
	if p.rec.Step == asked {
		p.rec.Step = answered
		p.c.Confirm()
	}
}

// Gap implements proto.Parser: within the handshake it ends reading.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch {
	case p.tool == nil || !p.done[d]:
		p.over = true
	case p.tunnel != nil:
		_ = p.tunnel.Gap(d, n)
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tunnel != nil {
		p.tunnel.End(d)
	}
}

// Close writes the record.
func (p *parser) Close() {
	if p.tunnel != nil {
		p.tunnel.Close()
	}
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
