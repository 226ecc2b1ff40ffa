package dcerpc

import (
	"fmt"
	"slices"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Connectionless is version 4 of the protocol, over UDP (C706 section 12.5).
// Package dcerpccl is its place among the protocols.
var Connectionless = proto.Spec{
	Name: "dce_rpc_cl", Transport: proto.UDP, Ports: []uint16{135, 34964},
	Probe: probeDatagram,
	New:   func(c *proto.Conn) proto.Parser { return &datagrams{c: c} },
	Emits: []*record.Type{Type},
}

// PDU types that only version 4 has, or that end a call in it.
const (
	clReject = 6
	clLast   = 10
)

const clHeaderSize = 80

// datagrams follows the calls of one pair of ports. Zeek does not read them.
type datagrams struct {
	c     *proto.Conn
	calls []datagramCall
}

type datagramCall struct {
	activity string
	sequence uint32
	record   *Call
}

// datagram checks the header of version 4. The length is that of the body, and
// an authentication trailer may follow it.
func datagram(b []byte) (f pdu, ok bool) {
	if len(b) < clHeaderSize || b[0] != 4 || b[1] > clLast || b[4] != 0 && b[4] != 0x10 || b[5] > 3 || b[6] != 0 {
		return f, false
	}
	f = pdu{kind: b[1], flags: b[2], little: b[4] == 0x10}
	n := int(f.u16(b[74:]))
	if n > len(b)-clHeaderSize || b[78] == 0 && n != len(b)-clHeaderSize {
		return f, false
	}
	f.body = b[clHeaderSize : clHeaderSize+n]
	return f, true
}

func probeDatagram(_ proto.Dir, b []byte) proto.Verdict {
	f, ok := datagram(b)
	if !ok || f.uuidText(b[24:40]) == noUUID {
		return proto.No
	}
	return proto.Yes
}

const noUUID = "00000000-0000-0000-0000-000000000000"

// Parse takes one datagram.
func (p *datagrams) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	f, ok := datagram(b)
	if !ok {
		return step, errHeader
	}
	p.c.Engine.Confirm(p.c, Protocol.Name)
	activity, sequence := f.uuidText(b[40:56]), f.u32(b[64:])
	i := slices.IndexFunc(p.calls, func(k datagramCall) bool { return k.activity == activity && k.sequence == sequence })
	switch f.kind {
	case ptRequest:
		if i < 0 {
			p.begin(&f, b, activity, sequence)
		}
	case ptResponse, ptFault, clReject:
		if i >= 0 {
			p.end(i, &f)
		}
	}
	return step, nil
}

func (p *datagrams) begin(f *pdu, b []byte, activity string, sequence uint32) {
	uuid, opnum := f.uuidText(b[24:40]), f.u16(b[68:])
	r := &Call{Conn: p.c.Head(), Endpoint: endpointName(uuid), UUID: uuid, Opnum: opnum, beyond: true}
	r.Operation, _ = operationName(uuid, opnum)
	if len(p.calls) == maxCalls {
		p.c.Emit(p.calls[0].record)
		p.calls = slices.Delete(p.calls, 0, 1)
	}
	p.calls = append(p.calls, datagramCall{activity, sequence, r})
}

func (p *datagrams) end(i int, f *pdu) {
	r := p.calls[i].record
	p.calls = slices.Delete(p.calls, i, i+1)
	if f.kind != ptResponse && len(f.body) >= 4 {
		r.Fault = fmt.Sprintf("0x%08x", f.u32(f.body))
	}
	if rtt := p.c.Now().Sub(r.TS); rtt > 0 {
		r.RTT = record.Some(rtt)
	}
	p.c.Emit(r)
}

// Gap implements proto.Parser.
func (p *datagrams) Gap(proto.Dir, int) error { return nil }

// Close writes the calls that were not answered.
func (p *datagrams) Close() {
	for _, k := range p.calls {
		p.c.Emit(k.record)
	}
	p.calls = nil
}
