// Package dcerpc reads connection-oriented DCE/RPC, version 5 (C706 chapter 12,
// MS-RPCE), over TCP on any port and inside the named pipes of SMB, into one
// record per call with Zeek's names, the interface's UUID and the operation's
// number. Security tokens go to NTLM and Kerberos through spnego.
//
// Only what arguments need is kept of a fragmented request; the rest is counted
// off, so a replication of gigabytes costs nothing.
package dcerpc

import (
	"errors"
	"fmt"
	"slices"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/spnego"
	"longwatch/internal/wire"
)

// Protocol is DCE/RPC.
var Protocol = proto.Spec{
	Name: "dce_rpc", Transport: proto.TCP, Ports: []uint16{135},
	Probe: probe,
	New:   newParser,
	Emits: []*record.Type{Type},
}

// Bounds on what one connection can make us keep.
const (
	maxContexts = 256      // presentation contexts; the oldest is dropped
	maxCalls    = 128      // calls without an answer; the oldest is written out
	maxStub     = 16 << 10 // bytes of a request kept for its arguments
	maxPerBind  = 64       // contexts read of one bind
)

// Authentication types (MS-RPCE section 2.2.1.1.7) whose tokens we know, and
// the level that encrypts arguments.
const (
	authNegotiate = 9
	authNTLM      = 10
	authKerberos  = 16
	levelPrivacy  = 6
)

// ndr64 is the transfer syntax with 64-bit pointers (MS-RPCE section 2.2.4.12).
const ndr64 = "71710533-beba-4937-8319-b5dbef9ccc36"

var errHeader = errors.New("dcerpc: not a version 5 fragment")

type context struct {
	id   uint16
	uuid string
	wide bool // NDR64
	// unmarked says that the bind was no first fragment by its flags, as some
	// clients send it. Zeek passes over such a bind.
	unmarked bool
}

type call struct {
	id       uint32
	record   *Call
	ctx      context
	stub     []byte
	sealed   bool
	complete bool
	answered bool // with a result, not a fault
}

type parser struct {
	c        *proto.Conn
	contexts []context
	secAddr  string
	calls    []*call
	handles  handles
	auth     *spnego.Exchange
	lost     [2]bool // message boundaries are unknown after a gap
	known    bool    // confirmed
	answered bool    // a call succeeded after the last token
	results  bool    // some call was answered with a result

	announced string // interface, of which a bind may not have been seen
}

func newParser(c *proto.Conn) proto.Parser {
	p := &parser{c: c}
	if uuid, ok := c.Arranged.(announced); ok {
		p.announced = string(uuid)
	}
	return p
}

func probe(_ proto.Dir, b []byte) proto.Verdict {
	_, v := header(b)
	return v
}

// Parse takes whole fragments.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		if p.lost[d] {
			skip, found := resync(b[used:])
			used += skip
			if !found {
				return proto.Step{Used: used, Need: headerSize}, nil
			}
			p.lost[d] = false
		}
		n, v := header(b[used:])
		switch {
		case v == proto.No:
			return proto.Step{Used: used}, errHeader
		case v == proto.Maybe:
			return proto.Step{Used: used, Need: headerSize}, nil
		case n > len(b)-used:
			return proto.Step{Used: used, Need: n}, nil
		}
		p.fragment(d, split(b[used:used+n]))
		used += n
	}
	return proto.Step{Used: used}, nil
}

// resync looks for the next fragment header. found is false when the rest may
// still be the start of one.
func resync(b []byte) (skip int, found bool) {
	for skip < len(b) {
		if _, v := header(b[skip:]); v != proto.No {
			return skip, v == proto.Yes
		}
		skip++
	}
	return skip, false
}

// Gap looks for the next fragment after it.
func (p *parser) Gap(d proto.Dir, _ int) error {
	p.lost[d] = true
	return nil
}

// Close writes the calls that were not answered.
func (p *parser) Close() {
	for i, k := range p.calls {
		k.answered = p.results && i == len(p.calls)-1 // as Zeek takes it
		p.emit(k)
	}
	p.calls = nil
	if p.auth != nil {
		p.auth.Close()
	}
}

func (p *parser) fragment(d proto.Dir, f pdu) {
	if !p.known {
		p.known = true
		p.c.Confirm()
	}
	if len(f.auth) > 0 && f.flags&flagFirst != 0 {
		p.token(d, &f)
		if f.authType == authNTLM { // a signature names its maker too
			p.c.Engine.Confirm(p.c, "ntlm")
		}
	}
	switch f.kind {
	case ptBind, ptAlter:
		p.bind(&f)
	case ptBindAck, ptAlterResp:
		p.bindAck(&f)
	case ptRequest:
		p.request(&f)
	case ptResponse, ptFault:
		p.response(&f)
	}
}

// token hands a security token on. Tokens ride on bind, alter context, their
// answers and auth3; on requests there are only signatures.
func (p *parser) token(d proto.Dir, f *pdu) {
	switch f.kind {
	case ptBind, ptBindAck, ptAlter, ptAlterResp, ptAuth3:
	default:
		return
	}
	switch f.authType {
	case authNegotiate, authNTLM, authKerberos:
	default:
		return
	}
	if p.auth == nil {
		p.auth = spnego.New(p.c)
	}
	p.answered = false
	p.auth.Token(d, f.auth)
}

// bind reads the presentation contexts of a bind or alter context.
func (p *parser) bind(f *pdu) {
	b := wire.At(f.body)
	b.Skip(8) // fragment sizes, association group
	n := min(int(b.U8()), maxPerBind)
	b.Skip(3)
	for range n {
		head := b.Take(4)
		abstract := b.Take(20)
		if !b.OK() {
			p.c.Weird("dce_rpc_bind_truncated", "")
			return
		}
		c := context{id: f.u16(head), uuid: f.uuidText(abstract), unmarked: f.flags&flagFirst == 0}
		for range head[2] {
			if t := b.Take(20); t != nil && f.uuidText(t) == ndr64 {
				c.wide = head[2] == 1
			}
		}
		p.contexts = slices.DeleteFunc(p.contexts, func(o context) bool { return o.id == c.id })
		if len(p.contexts) == maxContexts {
			p.c.Weird("dce_rpc_too_many_contexts", "")
			p.contexts = slices.Delete(p.contexts, 0, 1)
		}
		p.contexts = append(p.contexts, c)
	}
}

// bindAck reads the secondary address: the pipe, or the port.
func (p *parser) bindAck(f *pdu) {
	b := wire.At(f.body)
	b.Skip(8)
	size := b.Take(2)
	if !b.OK() {
		return
	}
	addr := b.Take(int(f.u16(size)))
	for len(addr) > 0 && addr[len(addr)-1] == 0 {
		addr = addr[:len(addr)-1]
	}
	if len(addr) > 0 {
		p.secAddr = string(addr)
	}
}

// request starts a call, or adds a fragment to one.
func (p *parser) request(f *pdu) {
	if f.flags&flagFirst == 0 {
		if k := p.find(f.callID); k != nil && !k.complete && len(f.body) >= 8 {
			k.add(f, f.body[8:])
		}
		return
	}
	b := wire.At(f.body)
	b.Skip(4)
	ids := b.Take(4)
	if f.flags&flagObject != 0 {
		b.Skip(16)
	}
	if !b.OK() {
		p.c.Weird("dce_rpc_request_truncated", "")
		return
	}
	k := &call{id: f.callID, sealed: f.authLevel == levelPrivacy && len(f.auth) > 0}
	k.record = &Call{Conn: p.c.Head(), Opnum: f.u16(ids[2:])}
	if i := slices.IndexFunc(p.contexts, func(c context) bool { return c.id == f.u16(ids) }); i >= 0 {
		k.ctx = p.contexts[i]
	} else if len(p.contexts) == 0 {
		k.ctx = context{uuid: p.announced, unmarked: true}
	}
	k.add(f, b.Rest())
	if old := p.find(f.callID); old != nil {
		p.finish(old)
	}
	if len(p.calls) == maxCalls {
		p.c.Weird("dce_rpc_too_many_calls", "")
		p.finish(p.calls[0])
	}
	p.calls = append(p.calls, k)
}

// add keeps stub data in the clear, up to maxStub.
func (k *call) add(f *pdu, b []byte) {
	if !k.sealed && f.little && wanted(k.ctx.uuid, k.record.Opnum) {
		k.stub = append(k.stub, b[:min(len(b), maxStub-len(k.stub))]...)
	}
	k.complete = f.flags&flagLast != 0
}

// response ends a call with its last fragment.
func (p *parser) response(f *pdu) {
	k := p.find(f.callID)
	if k == nil {
		return
	}
	b := wire.At(f.body)
	b.Skip(8)
	if f.kind == ptFault {
		if status := b.Take(4); status != nil {
			k.record.Fault = fmt.Sprintf("0x%08x", f.u32(status))
		}
	} else {
		k.answered, p.results = true, true
		if f.flags&flagFirst != 0 && f.little && !k.sealed {
			p.handles.learn(k, b.Rest())
			p.expect(k, b.Rest())
		}
		if p.auth != nil && !p.answered {
			p.answered = true
			p.auth.Done(true)
		}
	}
	if f.flags&flagLast == 0 {
		return
	}
	if rtt := p.c.Now().Sub(k.record.TS); rtt > 0 {
		k.record.RTT = record.Some(rtt)
	}
	p.finish(k)
}

// arrange announces a connection to a port of the responder.
func (p *parser) arrange(port uint16, uuid string) {
	if port != 0 && p.c.Transport == proto.TCP {
		p.c.Expect(proto.Expected{
			Transport: proto.TCP, Host: p.c.ID.RespH, Port: port, Parser: Protocol.Name, State: announced(uuid),
		})
	}
}

func (p *parser) find(id uint32) *call {
	for _, k := range p.calls {
		if k.id == id {
			return k
		}
	}
	return nil
}

func (p *parser) finish(k *call) {
	p.calls = slices.DeleteFunc(p.calls, func(o *call) bool { return o == k })
	p.emit(k)
}

// emit writes a call whose interface is known; without the bind, a number
// alone says nothing.
func (p *parser) emit(k *call) {
	if k.ctx.uuid == "" {
		return
	}
	r := k.record
	var noise bool
	if r.Operation, noise = operationName(k.ctx.uuid, r.Opnum); noise {
		return
	}
	r.NamedPipe, r.UUID, r.Endpoint = p.secAddr, k.ctx.uuid, endpointName(k.ctx.uuid)
	r.beyond = k.ctx.unmarked || !k.answered
	if r.Args == nil {
		r.Args = p.handles.arguments(k)
	}
	p.c.Emit(r)
}
