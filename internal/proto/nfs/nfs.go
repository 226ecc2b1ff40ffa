// Package nfs reads the Network File System and what belongs to it over ONC RPC
// (RFC 5531): the portmapper (RFC 1833), mounts, locks, and NFS versions 2 to 4
// (RFC 1094, 1813, 7530). One record of each connection says which exports were
// mounted, which names were used, and as which user.
package nfs

import (
	"errors"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is NFS with its helpers.
var Protocol = proto.Spec{
	Name: "nfs", Transport: proto.UDP | proto.TCP, Ports: []uint16{2049, 111},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c, calls: map[uint32]call{}} },
	Emits: []*record.Type{Type},
}

const (
	maxRecord  = 4 << 20 // a fragment on TCP: data and a little
	maxHead    = 2048    // bytes of a message that are read
	maxCalls   = 256     // that await a reply
	maxAuth    = 400     // RFC 5531 section 8.2
	rpcVersion = 2
	lastBit    = 1 << 31
)

const (
	msgCall  = 0
	msgReply = 1
)

var (
	errMessage = errors.New("nfs: not an RPC message")
	errGap     = errors.New("nfs: record boundaries lost in a gap")
)

// call is what is kept of a call until its reply.
type call struct{ program, version, procedure uint32 }

type parser struct {
	c     *proto.Conn
	rec   *Record
	calls map[uint32]call
	skip  [2]int  // bytes of the fragment still to pass over
	inner [2]bool // the next fragment goes on with a message
}

// probe takes a call of a program known here. A reply says no program: the
// port may.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) < 8 {
		return proto.Maybe
	}
	v := judge(b)
	if v == proto.Yes || len(b) < 12 {
		return v
	}
	c := wire.At(b)
	if mark := c.U32(); mark&lastBit != 0 && mark&^lastBit >= 24 && mark&^lastBit <= maxRecord {
		return max(v, judge(b[4:]))
	}
	return v
}

func judge(b []byte) proto.Verdict {
	c := wire.At(b)
	c.Skip(4)
	switch c.U32() {
	case msgCall:
		vers, program, version, procedure := c.U32(), c.U32(), c.U32(), c.U32()
		flavor, size := c.U32(), c.U32()
		known := programs[program] != nil
		switch {
		case len(b) >= 12 && vers != rpcVersion, len(b) >= 16 && !known:
			return proto.No
		case !c.OK():
			return proto.Maybe
		case version <= 4 && procedure < 64 && flavor < 400000 && size <= maxAuth:
			return proto.Yes
		}
	case msgReply:
		status, flavor, size := c.U32(), c.U32(), c.U32()
		if c.OK() && status <= 1 && flavor <= 6 && size <= maxAuth && c.Len() >= 4 {
			return proto.Maybe
		}
	}
	return proto.No
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	if p.c.Transport == proto.UDP {
		return proto.Step{Used: len(b)}, p.message(b)
	}
	used := 0
	for used < len(b) {
		rest := b[used:]
		if p.skip[d] > 0 {
			n := min(p.skip[d], len(rest))
			p.skip[d] -= n
			used += n
			continue
		}
		c := wire.At(rest)
		mark := c.U32()
		if !c.OK() {
			return proto.Step{Used: used, Need: 4}, nil
		}
		size := int(mark &^ lastBit)
		if size > maxRecord {
			return proto.Step{Used: used}, errMessage
		}
		head := min(size, maxHead)
		if p.inner[d] {
			head = 0
		}
		msg := c.Take(head)
		if !c.OK() {
			return proto.Step{Used: used, Need: 4 + head}, nil
		}
		if !p.inner[d] {
			if err := p.message(msg); err != nil {
				return proto.Step{Used: used}, err
			}
		}
		p.inner[d] = mark&lastBit == 0
		p.skip[d] = size - head
		used += 4 + head
	}
	return proto.Step{Used: used}, nil
}

// message reads what is at the start of one RPC message.
func (p *parser) message(b []byte) error {
	c := wire.At(b)
	xid, kind := c.U32(), c.U32()
	switch {
	case !c.OK() || kind > msgReply:
		return errMessage
	case kind == msgCall:
		return p.call(xid, &c)
	}
	p.reply(xid, &c)
	return nil
}

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head(), Proto: "udp"}
		if p.c.Transport == proto.TCP {
			p.rec.Proto = "tcp"
		}
	}
	return p.rec
}

func (p *parser) call(xid uint32, c *wire.Cursor) error {
	version := c.U32()
	k := call{c.U32(), c.U32(), c.U32()}
	flavor := c.U32()
	cred := c.Sub(padded(c.U32()))
	c.Skip(4)
	c.Skip(padded(c.U32()))
	prog := programs[k.program]
	if !c.OK() || version != rpcVersion || prog == nil {
		return errMessage
	}
	p.c.Confirm()
	r := p.open()
	if r.Calls == 0 {
		r.Version = k.version
	}
	r.Calls++
	r.Programs = addText(r.Programs, prog.name, maxNames)
	r.Procedures = addText(r.Procedures, prog.name+"."+prog.procedure(k), maxNames)
	if flavor == authUnix {
		r.credentials(&cred)
	}
	r.arguments(k, c)
	if len(p.calls) >= maxCalls {
		p.c.Weird("rpc_too_many_pending", "")
		clear(p.calls)
	}
	p.calls[xid] = k
	return nil
}

func (p *parser) reply(xid uint32, c *wire.Cursor) {
	r := p.open()
	r.Replies++
	k, asked := p.calls[xid]
	delete(p.calls, xid)
	if status := c.U32(); status != 0 {
		r.Denied++
		return
	}
	c.Skip(4)
	c.Skip(padded(c.U32()))
	if accepted := c.U32(); accepted != 0 || !c.OK() {
		r.Denied++
		return
	}
	if asked {
		r.result(k, c)
	}
}

// padded is a length with its padding to four (RFC 4506 section 4.10); too
// large a one stays too large.
func padded(n uint32) int { return (int(min(n, 1<<30)) + 3) &^ 3 }

// Gap implements proto.Parser.
func (p *parser) Gap(proto.Dir, int) error { return errGap }

// Close writes the record of a connection with a call.
func (p *parser) Close() {
	if p.rec != nil && p.rec.Calls > 0 {
		p.c.Emit(p.rec)
	}
	p.rec = nil
}
