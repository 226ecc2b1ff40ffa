// Package redis reads the protocol of Redis and its like, RESP in versions 2
// and 3 (https://redis.io/docs/latest/develop/reference/protocol-spec/), inline
// commands and pipelines, and makes one redis record of each command with its
// reply, as Zeek does.
package redis

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is Redis.
var Protocol = proto.Spec{
	Name:      "redis",
	Transport: proto.TCP,
	Ports:     []uint16{6379, 6380, 6381, 16379, 26379, 7000, 7001},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return newParser(c) },
	Emits:     []*record.Type{Type},
}

const (
	// maxPending bounds the commands that wait for a reply: Zeek's.
	maxPending = 10000
	// maxValue bounds every value of a record: Zeek's.
	maxValue = 250
	// maxArgs bounds the arguments of a command that are kept.
	maxArgs = 64
)

var errRESP = errors.New("redis: malformed message")

// parser follows one connection.
type parser struct {
	c       *proto.Conn
	reader  [2]reader
	pending []pending // oldest first
	head    int       // of pending
	replied bool      // a reply was seen
	resp3   bool
	subs    bool // the server pushes messages in place of replies
	off     bool // CLIENT REPLY OFF
	skip    int  // commands that CLIENT REPLY SKIP keeps from being replied to
	done    bool
}

// pending is a command that waits for its reply.
type pending struct {
	rec    *Command
	silent bool // it gets none
}

func newParser(c *proto.Conn) *parser { return &parser{c: c} }

// commandCost is about what a command that waits for its reply takes.
const commandCost = 384

// Held implements proto.Holder.
func (p *parser) Held() int { return (len(p.pending) - p.head) * commandCost }

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) && !p.done {
		n, need, whole, err := p.reader[d].read(d, b[used:])
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if n == 0 && !whole {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += n
		if !whole {
			continue
		}
		if d == proto.Orig {
			p.command(p.reader[d].take())
		} else {
			kind, text := p.reader[d].reply()
			p.reply(kind, text)
		}
	}
	return proto.Step{Used: len(b)}, nil
}

// reply takes a whole reply: kind is the first byte on the wire.
func (p *parser) reply(kind byte, text string) {
	p.c.Confirm()
	p.replied = true
	switch kind {
	case '_', '#', ',', '(', '!', '=', '%', '~', '>':
		p.resp3, p.subs = true, false
	}
	failed := kind == '-' || kind == '!'
	if kind == '>' || p.subs && !failed {
		return // pushed
	}
	for p.head < len(p.pending) {
		x := p.pending[p.head]
		p.pending[p.head] = pending{}
		p.head++
		if !x.silent {
			x.rec.Success, x.rec.Reply = record.Some(!failed), record.Some(text)
			p.c.Emit(x.rec)
			break
		}
		p.c.Emit(x.rec)
	}
	if p.head == len(p.pending) {
		p.pending, p.head = p.pending[:0], 0
		if cap(p.pending) > 64 {
			p.pending = nil
		}
	}
}

// expect appends a command to those that wait.
func (p *parser) expect(r *Command, silent bool) {
	if len(p.pending)-p.head >= maxPending {
		p.c.Weird("Redis_excessive_pipelining", "")
		p.flush()
	}
	if p.head > 1024 && p.head*2 > len(p.pending) {
		n := copy(p.pending, p.pending[p.head:])
		clear(p.pending[n:])
		p.pending, p.head = p.pending[:n], 0
	}
	p.pending = append(p.pending, pending{r, silent})
}

// flush writes what waits for a reply.
func (p *parser) flush() {
	for _, x := range p.pending[p.head:] {
		x.rec.Beyond = x.rec.Beyond || !p.replied
		p.c.Emit(x.rec)
	}
	p.pending, p.head = nil, 0
}

// Gap implements proto.Parser: which reply belongs to which command is lost
// with what is missing, so reading ends.
func (p *parser) Gap(proto.Dir, int) error {
	p.finish()
	return nil
}

// Close writes what waits.
func (p *parser) Close() { p.finish() }

func (p *parser) finish() {
	p.done = true
	p.flush()
	p.reader = [2]reader{}
}
