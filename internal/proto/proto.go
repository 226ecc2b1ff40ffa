// Package proto is the contract between the flow engine and protocol parsers.
// The engine owns bytes and pushes them; a parser says how far it got:
//
//	var Protocol = proto.Spec{Name: "modbus", Transport: proto.TCP, Ports: []uint16{502}, Probe: probe,
//		New: func(c *proto.Conn) proto.Parser { return &parser{c: c} }, Emits: []*record.Type{Type}}
//
// There is no goroutine per stream, no blocking read and no copy. Every call
// for one connection comes from one goroutine. A parser on UDP gets one
// datagram per Parse call and must use all of it.
package proto

import (
	"net/netip"
	"time"

	"longwatch/internal/record"
)

// Dir is a direction of a connection.
type Dir uint8

// The directions.
const (
	Orig Dir = iota // from the originator
	Resp            // from the responder
)

// Other is the opposite direction.
func (d Dir) Other() Dir { return d ^ 1 }

// Verdict is what a probe says of the first bytes of a direction.
type Verdict uint8

// The verdicts. Maybe asks for more bytes, or for the other direction.
const (
	No Verdict = iota
	Maybe
	Yes
)

// Transport is a set of transports a protocol runs on.
type Transport uint8

// The transports.
const (
	TCP Transport = 1 << iota
	UDP
)

// Spec is one protocol.
type Spec struct {
	Name      string // as conn's service names it
	Transport Transport
	Ports     []uint16 // responder ports: a hint for the order of probing, never proof
	// Probe judges the first bytes of a direction (all that has arrived so
	// far, at most 4 KiB; on UDP one datagram). It must not keep b. A nil
	// Probe means that the parser is only reached through Conn.Inner.
	Probe func(d Dir, b []byte) Verdict
	New   func(c *Conn) Parser
	Emits []*record.Type
	// Meet are UDP ports of a protocol whose conversations have no fixed pair
	// of hosts, as DHCP's begin by broadcast: one goroutine follows every
	// connection that uses one, and Conn.Shared is one state for them all.
	Meet []uint16
}

// A Parser follows one connection.
type Parser interface {
	// Parse is given the unused bytes of direction d, oldest first. b belongs
	// to the engine and is overwritten after Parse returns. An error ends
	// parsing of this connection by this parser.
	Parse(d Dir, b []byte) (Step, error)
	// Gap says that n bytes of d, after all that was given, were never
	// captured. Unused bytes before the gap are dropped. An error ends parsing.
	Gap(d Dir, n int) error
	// Close emits what is half done. It is called exactly once, also after errors.
	Close()
}

// Ender is implemented by parsers for which the end of a direction means
// something, as an HTTP body without a length. End is called when the FIN (or
// the end of the connection) has been reached in order.
type Ender interface{ End(d Dir) }

// Holder is implemented by parsers that may keep more than a few KiB of a
// connection, so that the engine's memory is kept to what it was given. Held is
// about how many bytes that is, those of inner parsers included (Stream.Held);
// it is asked after every call of Parse, and must be quick.
type Holder interface{ Held() int }

// Step says how far a Parse call got.
type Step struct {
	Used int // bytes the parser is done with
	Need int // do not call again before this many unused bytes are there; 0: any
}

// Engine is what the flow engine offers to parsers, through Conn.
type Engine interface {
	// Now is the time of the packet that delivered the bytes being parsed.
	Now() record.Time
	// Ref is the place of that packet in the evidence.
	Ref() record.Ref
	Emit(r record.Record)
	Weird(c *Conn, source, name, addl string)
	Confirm(c *Conn, service string)
	Flip(c *Conn)
	Lookup(name string) (Spec, bool)
	// Probing lists the protocols of t that know themselves by content.
	Probing(t Transport) []Spec
	Expect(c *Conn, x Expected)
	// Shared is Conn.Shared.
	Shared(c *Conn, key string, begin func() Sharer) Sharer
	Local(a netip.Addr) bool
}

// Extractor keeps the content of files seen on the wire.
type Extractor interface {
	// Begin starts a file of a type, as its content shows it; it returns nil
	// when such files are not wanted.
	Begin(mime string) Extraction
}

// Extraction is one file that is being kept.
type Extraction interface {
	// Write takes the next bytes. What goes beyond the limits is left out.
	Write(b []byte)
	// Close ends the file. It returns its name, which is empty when nothing was
	// kept, its size, and whether something was left out.
	Close() (name string, size uint64, cut bool)
}

// A Sharer is state that all connections between two hosts have in common, as
// the files that HTTP fetches in ranges over several connections. It outlives
// the connection that began it: of that one's Conn it may use Now, Emit and what
// only reads, but report no weird and confirm nothing.
type Sharer interface {
	// Held is about how many bytes it keeps.
	Held() int
	// Close ends it: at the end of the capture, or when the state between other
	// hosts needs the room.
	Close()
}

// A Ticker is a Sharer that wants to know how time goes, when Spec.Meet has it
// shared by all. Tick is called with the first packet of the evidence, and with
// the first one that comes TickInterval or more after the last call.
type Ticker interface{ Tick(now record.Time) }

// TickInterval is how often a Ticker is called (Zeek's table_expire_interval).
const TickInterval = 10 * time.Second

// Expected is a connection that another one arranged, as FTP does for its data
// and TFTP for its transfers.
type Expected struct {
	Transport Transport
	Host      netip.Addr // one end; the other is the other end of the arranging connection
	Port      uint16
	Parser    string // name of the Spec that follows it; it needs no Probe
	State     any    // handed to that parser as Conn.Arranged
}

// Conn is a connection as a parser sees it.
type Conn struct {
	ID        record.Conn // UID and addresses; TS is the connection's first packet
	Transport Transport
	Engine    Engine
	Parser    string    // name of the Spec this Conn was handed to; source of its weirds
	HashFiles bool      // compute hashes of files seen on the wire
	Extract   Extractor // keeps their content; nil: nobody does
	Partial   bool      // the capture begins within the connection
	Arranged  any       // Expected.State, when another connection announced this one

	files *int                 // shared with inner parsers
	said  *map[string]struct{} // likewise, for Once
	depth int                  // of protocols within protocols
}

// maxOnce bounds what Once remembers of one connection.
const maxOnce = 64

// Once tells whether key is new to this connection: to this parser, those it
// is inside of and those inside it. A parser asks before it repeats what one
// beside it said already, as a logon that every pipe of a session makes again.
// The memory starts anew when it is full.
func (c *Conn) Once(key string) bool {
	if c.said == nil {
		c.said = new(map[string]struct{})
	}
	if _, old := (*c.said)[key]; old {
		return false
	}
	if *c.said == nil || len(*c.said) == maxOnce {
		*c.said = map[string]struct{}{}
	}
	(*c.said)[key] = struct{}{}
	return true
}

// NextFile numbers the files of the connection, from 1, whoever carries them.
func (c *Conn) NextFile() int {
	if c.files == nil {
		c.files = new(int)
	}
	*c.files++
	return *c.files
}

// Head is a record head with the present time and place.
func (c *Conn) Head() record.Conn {
	h := c.ID
	h.TS, h.Ref = c.Engine.Now(), c.Engine.Ref()
	return h
}

// Now is the time of the packet that delivered the bytes being parsed.
func (c *Conn) Now() record.Time { return c.Engine.Now() }

// Emit hands over a finished record; it is not changed afterwards.
func (c *Conn) Emit(r record.Record) { c.Engine.Emit(r) }

// Weird reports a protocol violation that the parser reads past. name is
// constant (Zeek's where Zeek has one), addl says what was seen.
func (c *Conn) Weird(name, addl string) { c.Engine.Weird(c, c.Parser, name, addl) }

// Confirm adds the parser's own name to the connection's service: the bytes
// were understood in the way Zeek's analyzer confirmation means it.
func (c *Conn) Confirm() { c.Engine.Confirm(c, c.Parser) }

// Flip exchanges originator and responder: what was said shows that the first
// packet seen came from the responder. Directions and addresses are the new ones
// from the next call on, and in ID at once.
func (c *Conn) Flip() { c.Engine.Flip(c) }

// Expect announces a connection between the same two hosts as this one. It is
// remembered for some minutes, and once: the first connection that fits goes to
// the parser named, whatever its bytes look like.
func (c *Conn) Expect(x Expected) { c.Engine.Expect(c, x) }

// Shared is the state under key between the two hosts of this connection; begin
// makes it when there is none. Every connection between two hosts is followed by
// one goroutine. All such state together is kept to a part of the engine's
// memory, and what was asked for longest ago is closed first: ask again with
// every message rather than keep it.
func (c *Conn) Shared(key string, begin func() Sharer) Sharer {
	return c.Engine.Shared(c, key, begin)
}

// maxDepth bounds protocols within protocols.
const maxDepth = 8

// Inner starts the parser of another protocol that is carried inside this one,
// such as dce_rpc in a pipe of SMB or tls after STARTTLS. It returns nil when
// there is no such protocol, or when too many lie within each other.
func (c *Conn) Inner(name string) *Stream { return c.InnerWith(name, c.Arranged) }

// Unseen is the state of an inner parser whose rows stock Zeek does not write,
// since it does not read the protocol around them: formats that stand for
// Zeek's logs leave them out.
type Unseen struct{}

// InnerWith is Inner for a parser that needs to know what led to it: it finds
// state in Conn.Arranged.
func (c *Conn) InnerWith(name string, state any) *Stream {
	s, ok := c.Engine.Lookup(name)
	if !ok {
		return nil
	}
	inner := c.within()
	if inner == nil {
		return nil
	}
	inner.Parser, inner.Arranged = s.Name, state
	return NewStream(s.New(inner))
}

// within is the connection as a parser inside this one sees it; nil when that
// would be too deep.
func (c *Conn) within() *Conn {
	if c.depth == maxDepth {
		return nil
	}
	if c.files == nil {
		c.files = new(int)
	}
	if c.said == nil {
		c.said = new(map[string]struct{})
	}
	inner := *c
	inner.depth++
	return &inner
}
