// Package mysql reads the client/server protocol of MySQL and MariaDB
// (https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html,
// https://mariadb.com/docs/server/reference/clientserver-protocol) and makes
// one mysql record of each login and each command, as Zeek does. It follows
// changes of the authentication plugin, query attributes and compression, and
// hands on TLS where client and server agree on it.
package mysql

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is MySQL.
var Protocol = proto.Spec{
	Name:      "mysql",
	Transport: proto.TCP,
	Ports:     []uint16{3306, 1434, 33060},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits:     []*record.Type{Type},
}

const (
	head = 4
	// maxKept is how much of a packet is looked at: a statement is cut at
	// maxArg, and attributes may come before it.
	maxKept = 16 << 10
	maxArg  = 4096
	// maxPacket is the length that says that the message goes on in the next
	// packet.
	maxPacket = 1<<24 - 1
)

// The capabilities that matter.
const (
	capWithDB      = 1 << 3
	capCompress    = 1 << 5
	capSSL         = 1 << 11
	capSecure      = 1 << 15
	capPluginAuth  = 1 << 19
	capAttributes  = 1 << 20
	capLenencAuth  = 1 << 21
	capNoEOF       = 1 << 24
	capZstd        = 1 << 26
	capQueryAttrs  = 1 << 27
	caps41         = 1 << 9
	capsCompressed = capCompress | capZstd
)

var (
	errPacket   = errors.New("mysql: malformed packet")
	errSequence = errors.New("mysql: answer before the greeting")
)

// phase is what the server's next packet is.
type phase uint8

const (
	phaseGreeting phase = iota
	phaseAuth           // after the client's answer to the greeting, or COM_CHANGE_USER
	phaseCommand
)

// half is one direction's place within its packets.
type half struct {
	skip      int  // bytes of the packet still to come that nobody looks at
	continued bool // the next packet goes on where this one ended
}

// parser follows one connection.
type parser struct {
	c      *proto.Conn
	half   [2]half
	phase  phase
	answer answer // of the command that is under way
	rec    *Command
	done   bool

	server, client uint32 // capabilities
	version        string
	user           string
	asked          bool // the client answered the greeting
	noEOF          bool // results end with OK rather than EOF
	guessEOF       bool // unknown, for the login was not seen
	columns        int  // definitions still to come

	tls    *proto.Stream
	packed [2]*packed // from the login on, when compressed
}

func newParser(c *proto.Conn) *parser {
	p := &parser{c: c}
	if c.Partial {
		p.phase, p.guessEOF = phaseCommand, true
	}
	return p
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.done {
		rest := b[used:]
		var n, need int
		var err error
		switch {
		case p.tls != nil:
			_ = p.tls.Feed(d, rest) // its end is not ours
			n = len(rest)
		case p.packed[d] != nil:
			n, need, err = p.packed[d].take(rest, func(b []byte) (proto.Step, error) { return p.packets(d, b) })
		default:
			n, need, err = p.packet(d, rest)
		}
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if n == 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// packets reads what compression carried.
func (p *parser) packets(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.done {
		n, need, err := p.packet(d, b[used:])
		if err != nil || n == 0 {
			return proto.Step{Used: used, Need: need}, err
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// packet reads one packet, or passes over what is left of a large one.
func (p *parser) packet(d proto.Dir, b []byte) (n, need int, err error) {
	h := &p.half[d]
	if h.skip > 0 {
		n = min(h.skip, len(b))
		h.skip -= n
		return n, 0, nil
	}
	c := wire.At(b)
	length, seq := int(little24(&c)), c.U8()
	if !c.OK() {
		return 0, head, nil
	}
	kept := min(length, maxKept)
	if h.continued {
		kept = 0
	}
	body := c.Take(kept)
	if !c.OK() {
		return 0, head + kept, nil
	}
	if !h.continued {
		if d == proto.Orig {
			err = p.request(body, length)
		} else {
			err = p.response(seq, body, length)
		}
	}
	h.skip, h.continued = length-kept, length == maxPacket
	return head + kept, 0, err
}

// begin starts a record.
func (p *parser) begin(cmd, arg string) {
	p.rec = &Command{Conn: p.c.Head(), Cmd: cmd, Arg: record.Some(arg), User: p.user, Partial: p.c.Partial}
}

// end writes the record, if there is one.
func (p *parser) end() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}

// succeed notes that the server was content.
func (p *parser) succeed(rows uint64) {
	if p.rec != nil {
		p.rec.Success, p.rec.Rows = record.Some(true), record.Some(rows)
		p.end()
	}
}

// Gap ends the reading: packets cannot be found again.
func (p *parser) Gap(d proto.Dir, n int) error {
	if p.tls != nil {
		_ = p.tls.Gap(d, n)
		return nil
	}
	p.finish()
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close writes what is half done.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.finish()
}

func (p *parser) finish() {
	p.done = true
	p.end()
	p.packed = [2]*packed{}
}

// little24 reads a little-endian 24-bit number.
func little24(c *wire.Cursor) uint32 {
	low := c.L16()
	return uint32(low) | uint32(c.U8())<<16
}

// number reads a length-encoded integer. NULL (0xfb) and errors (0xff) are 0.
func number(c *wire.Cursor) uint64 {
	switch first := c.U8(); first {
	case 0xfb, 0xff:
		return 0
	case 0xfc:
		return uint64(c.L16())
	case 0xfd:
		return uint64(little24(c))
	case 0xfe:
		return c.L64()
	default:
		return uint64(first)
	}
}

// text reads a length-encoded string.
func text(c *wire.Cursor) []byte {
	n := number(c)
	if n > uint64(c.Len()) {
		c.Skip(c.Len() + 1) // fails
		return nil
	}
	return c.Take(int(n)) // #nosec G115 -- bounded by what is there
}

// terminated reads a string that ends with NUL, or with the message.
func terminated(c *wire.Cursor) []byte {
	rest := c.Rest()
	for i, ch := range rest {
		if ch == 0 {
			c.Skip(i + 1)
			return rest[:i]
		}
	}
	c.Skip(len(rest))
	return rest
}

// cut is a string of at most maxArg bytes.
func cut(b []byte) string { return string(b[:min(len(b), maxArg)]) }

func malformed(what string) error { return fmt.Errorf("%w: %s", errPacket, what) }
