// Package tftp reads the Trivial File Transfer Protocol (RFC 1350) with its
// options (RFC 2347 to 2349): which file was asked for or sent, and what it is.
// The server answers from a port of its own, so that a transfer is two
// connections for us: the request announces the other one.
package tftp

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/content"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is TFTP.
var Protocol = proto.Spec{
	Name:      "tftp",
	Transport: proto.UDP,
	Ports:     []uint16{69},
	Probe:     probe,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c}
		if x, ok := c.Arranged.(*transfer); ok {
			p.x, p.second = x, true
			x.legs++
			x.rec.UIDData = c.ID.UID
		}
		return p
	},
	Emits: []*record.Type{Type},
}

// Messages, RFC 1350 section 5 and RFC 2347.
const (
	opRead   = 1
	opWrite  = 2
	opData   = 3
	opAck    = 4
	opError  = 5
	opOption = 6
)

const (
	// defaultBlock is the length of a block when nothing else was agreed.
	defaultBlock = 512
	maxBlock     = 65464 // RFC 2348
	maxName      = 512
	maxOptions   = 16
)

// transfer is one file, shared by the connection of the request and that of
// the data. Both are followed by one goroutine.
type transfer struct {
	rec     Record
	block   int // length agreed
	next    uint16
	legs    int // connections at work
	tracker *content.Tracker
	torn    bool // a block is missing
	written bool
}

type parser struct {
	c      *proto.Conn
	x      *transfer // nil until a request came
	second bool      // the data connection of a transfer
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	c := wire.At(b)
	switch op := c.U16(); op {
	case opRead, opWrite:
		p.request(op, c.Rest())
	case opData:
		p.c.Confirm()
		p.data(c.U16(), c.Rest())
	case opAck:
		p.c.Confirm()
		if n := c.U16(); p.x != nil && c.OK() {
			p.x.rec.BlockAcked = uint64(n)
		}
	case opError:
		p.c.Confirm()
		if code := c.U16(); p.x != nil && c.OK() {
			p.x.rec.ErrorCode = record.Some(code)
			p.x.rec.ErrorMsg = text(c.Rest())
		}
	case opOption:
		p.c.Confirm()
		if p.x != nil {
			p.x.options(fields(c.Rest()))
		}
	default:
		p.c.Weird("tftp_unknown_opcode", strconv.Itoa(int(op)))
	}
	return proto.Step{Used: len(b)}, nil
}

// fields are the strings of a request or of options, each ended by NUL.
func fields(b []byte) []string {
	var out []string
	for len(b) > 0 && len(out) < 2*maxOptions+2 {
		f, rest, ok := bytes.Cut(b, []byte{0})
		if !ok {
			break
		}
		out, b = append(out, string(f[:min(len(f), maxName)])), rest
	}
	return out
}

func text(b []byte) string {
	t, _, _ := bytes.Cut(b, []byte{0})
	return string(t[:min(len(t), maxName)])
}

// request begins a transfer.
func (p *parser) request(op uint16, b []byte) {
	f := fields(b)
	if len(f) < 2 {
		p.c.Weird("tftp_malformed_request", "")
		return
	}
	p.c.Confirm()
	if p.x != nil {
		if p.x.rec.Filename == f[0] && p.x.rec.Size == 0 && !p.x.rec.ErrorCode.Set {
			p.expect() // sent again
			return
		}
		p.x.write(p.c)
	}
	p.x = &transfer{rec: Record{Conn: p.c.Head(), WRQ: op == opWrite, Filename: f[0], Mode: strings.ToLower(f[1])}, block: defaultBlock, next: 1, legs: 1}
	p.x.options(f[2:])
	p.x.block = defaultBlock // until the server agrees
	p.expect()
}

// expect announces the connection from the server's other port.
func (p *parser) expect() {
	p.c.Expect(proto.Expected{Transport: proto.UDP, Host: p.c.ID.OrigH, Port: p.c.ID.OrigP, Parser: "tftp", State: p.x})
}

// options reads names and values (RFC 2347).
func (x *transfer) options(f []string) {
	for i := 0; i+1 < len(f); i += 2 {
		n, err := strconv.ParseUint(f[i+1], 10, 63)
		if err != nil {
			continue
		}
		switch strings.ToLower(f[i]) {
		case "blksize":
			if n >= 8 && n <= maxBlock {
				x.block = int(n)
			}
		case "tsize":
			if n > 0 {
				x.rec.TotalBytes = record.Some(n)
			}
		}
	}
}

// data takes a block. Blocks come in order, each until it is acknowledged.
func (p *parser) data(n uint16, b []byte) {
	x := p.x
	if x == nil || x.rec.Complete {
		return
	}
	switch ahead := n - x.next; {
	case ahead >= 1<<15: // again
		return
	case ahead > 0:
		x.torn = true
	}
	x.next = n + 1
	x.rec.BlockSent = uint64(n)
	x.rec.Size += uint64(len(b))
	if x.tracker == nil {
		x.tracker = content.NewTracker(true)
		x.tracker.SetName(x.rec.Filename)
	}
	if x.torn {
		x.tracker.Gap()
	}
	x.tracker.Write(b)
	x.rec.Complete = len(b) < x.block // RFC 1350 section 6
}

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return nil }

// Close implements proto.Parser. The last connection of a transfer writes it.
func (p *parser) Close() {
	if p.x == nil {
		return
	}
	if p.x.legs--; p.x.legs <= 0 || p.second {
		p.x.write(p.c)
	}
}

// write makes the record, once.
func (x *transfer) write(c *proto.Conn) {
	if x.written {
		return
	}
	x.written = true
	if x.tracker != nil {
		s := x.tracker.Sum()
		x.rec.MIMEType, x.rec.Traits = s.MIME, s.Traits
		if x.rec.Complete {
			x.rec.SHA256 = s.SHA256
		}
	}
	c.Emit(&x.rec)
}

// probe knows requests; data and acknowledgements too small to tell from
// anything else it leaves to the request that announces them.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < 4 || b[0] != 0 {
		return proto.No
	}
	switch b[1] {
	case opRead, opWrite:
		if b[len(b)-1] != 0 {
			return proto.No
		}
		f := fields(b[2:])
		if len(f) >= 2 && len(f[0]) > 0 && len(f)%2 == 0 && printable(f[0]) &&
			slices.Contains([]string{"octet", "netascii", "mail"}, strings.ToLower(f[1])) {
			return proto.Yes
		}
	case opData:
		if b[2] == 0 && b[3] == 1 && len(b) == 4+defaultBlock {
			return proto.Yes
		}
		if len(b) <= 4+defaultBlock {
			return proto.Maybe
		}
	case opAck:
		if len(b) == 4 {
			return proto.Maybe
		}
	case opError:
		// NetFlow 5 begins likewise: the text has to fill the datagram.
		if s := text(b[4:]); b[2] == 0 && b[3] <= 8 && s != "" && len(b) == 4+len(s)+1 && printable(s) {
			return proto.Yes
		}
	case opOption:
		f := fields(b[2:])
		if len(f) >= 2 && b[len(b)-1] == 0 && slices.Contains([]string{"blksize", "tsize", "timeout", "windowsize", "multicast"}, strings.ToLower(f[0])) {
			return proto.Yes
		}
	}
	return proto.No
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
