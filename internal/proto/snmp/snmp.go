// Package snmp reads SNMP versions 1 (RFC 1157), 2c (RFC 1901, RFC 3416) and 3
// (RFC 3412, RFC 3414) into one record of each connection: who asks with which
// community or user, how much is read and written, and what the device says of
// itself. Encrypted messages of version 3 are counted by what is open of them.
package snmp

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// Protocol is SNMP.
var Protocol = proto.Spec{
	Name: "snmp", Transport: proto.UDP, Ports: []uint16{161, 162},
	Probe: probe,
	New:   func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits: []*record.Type{Type},
}

// Bounds.
const (
	maxBindings = 4096 // variables of one message
	maxText     = 4096
	maxNames    = 16
)

// Versions as they are encoded.
const (
	version1  = 0
	version2c = 1
	version3  = 3
)

var versions = map[int64]string{version1: "1", version2c: "2c", version3: "3"}

// Tags of the operations (RFC 3416 section 3).
const (
	get = iota
	getNext
	response
	set
	trap1 // RFC 1157 section 4.1.6
	getBulk
	inform
	trap2
	report
	lastOperation = report
)

var errMessage = errors.New("snmp: not an SNMP message")

// Identifiers that say what a device is, encoded (RFC 3418).
const (
	sysDescr  = "\x2b\x06\x01\x02\x01\x01\x01\x00"
	sysUpTime = "\x2b\x06\x01\x02\x01\x01\x03\x00"
	sysName   = "\x2b\x06\x01\x02\x01\x01\x05\x00"
	trapOID   = "\x2b\x06\x01\x06\x03\x01\x01\x04\x01\x00"
)

// Types of variables (RFC 2578 section 7.1), in the application class.
const (
	appAddress = 0
	appTicks   = 3
)

type parser struct {
	c     *proto.Conn
	rec   *Record
	flags uint8 // of version 3, of all messages
}

// probe walks the head: one sequence that is the datagram, a version, then
// a community and an operation, or the header of version 3.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	if len(b) < 12 || b[0] != 0x30 {
		return proto.No
	}
	m, rest, ok := ber.Next(b)
	if !ok || len(rest) > 0 {
		return proto.No
	}
	if _, ok := readHead(m.Body); !ok {
		return proto.No
	}
	return proto.Yes
}

// head is what comes before the operation.
type head struct {
	version   int64
	community []byte
	v3        v3
	pdu       ber.Value // zero when it is encrypted
}

// readHead splits a message.
func readHead(b []byte) (h head, ok bool) {
	v, b, ok := ber.Next(b)
	if !ok || !v.Is(ber.Universal, ber.Integer) {
		return h, false
	}
	if h.version, ok = v.Int(); !ok {
		return h, false
	}
	switch h.version {
	case version1, version2c:
		if v, b, ok = ber.Next(b); !ok || !v.Is(ber.Universal, ber.OctetString) {
			return h, false
		}
		h.community = v.Body
		h.pdu, _, ok = ber.Next(b)
		return h, ok && h.pdu.Class == ber.Context && h.pdu.Constructed && h.pdu.Tag <= lastOperation
	case version3:
		h.pdu, ok = h.v3.read(b)
		return h, ok
	}
	return h, false
}

// Parse takes one datagram.
func (p *parser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	step := proto.Step{Used: len(b)}
	m, _, ok := ber.Next(b)
	if !ok || !m.Is(ber.Universal, ber.Sequence) {
		return step, errMessage
	}
	h, ok := readHead(m.Body)
	if !ok {
		return step, errMessage
	}
	p.c.Confirm()
	r := p.open(&h)
	if h.pdu.Body != nil && !p.operation(r, h.pdu) {
		p.c.Weird("snmp_malformed_pdu", "")
	}
	return step, nil
}

// open returns the record and notes who speaks.
func (p *parser) open(h *head) *Record {
	r := p.rec
	if r == nil {
		r = &Record{Conn: p.c.Head(), Version: versions[h.version]}
		p.rec = r
	}
	r.Duration = p.c.Now().Sub(r.TS)
	switch {
	case r.Community != "":
	case h.version != version3:
		r.Community = text(h.community)
	case h.v3.plain: // Zeek knows the user only then
		r.Community = text(h.v3.user)
	}
	if h.version == version3 {
		if r.User == "" {
			r.User = text(h.v3.user)
		}
		if r.EngineID == "" {
			r.EngineID = hex.EncodeToString(h.v3.engine)
		}
		p.flags |= h.v3.flags
		r.Security = level(p.flags)
	}
	return r
}

// operation reads one operation; false when it is malformed.
func (p *parser) operation(r *Record, pdu ber.Value) bool {
	b := pdu.Body
	if pdu.Tag == trap1 {
		return r.oldTrap(b)
	}
	var status int64
	for i := range 3 { // request, error status, error index
		v, rest, ok := ber.Next(b)
		if !ok || !v.Is(ber.Universal, ber.Integer) {
			return false
		}
		if i == 1 {
			status, _ = v.Int()
		}
		b = rest
	}
	n := uint64(0)
	ok := bindings(b, func(name, value ber.Value) {
		n++
		p.binding(r, pdu.Tag, name, value)
	})
	if !ok {
		return false
	}
	switch pdu.Tag {
	case get, getNext:
		r.GetRequests += n
	case response:
		r.GetResponses += n
		if status != 0 {
			r.Errors++
		}
	case set:
		r.SetRequests += n
	case getBulk:
		r.GetBulkRequests += n
	case inform, trap2:
		r.Traps++
	case report:
		r.Reports++
	}
	return true
}

// bindings gives f every variable of a list; false when the list is malformed.
func bindings(b []byte, f func(name, value ber.Value)) bool {
	list, _, ok := ber.Next(b)
	if !ok || !list.Is(ber.Universal, ber.Sequence) {
		return false
	}
	rest := list.Body
	for n := 0; len(rest) > 0 && n < maxBindings; n++ {
		var v ber.Value
		if v, rest, ok = ber.Next(rest); !ok || !v.Is(ber.Universal, ber.Sequence) {
			return false
		}
		name, after, ok := ber.Next(v.Body)
		if !ok || !name.Is(ber.Universal, ber.OID) {
			return false
		}
		value, _, ok := ber.Next(after)
		if !ok {
			return false
		}
		f(name, value)
	}
	return true
}

// binding takes one variable.
func (p *parser) binding(r *Record, op uint8, name, value ber.Value) {
	switch op {
	case response:
		switch string(name.Body) {
		case sysDescr:
			if value.Is(ber.Universal, ber.OctetString) {
				r.DisplayString = text(value.Body)
			}
		case sysName:
			if value.Is(ber.Universal, ber.OctetString) {
				r.SysName = text(value.Body)
			}
		case sysUpTime:
			if ticks, ok := value.Int(); ok && value.Class == ber.Application && ticks >= 0 && ticks < 1<<32 {
				r.UpSince = record.Some(p.c.Now() - record.Time(ticks*1e7))
			}
		}
	case set:
		r.Written = add(r.Written, oid(name.Body))
	case trap2, inform:
		if string(name.Body) == trapOID && value.Is(ber.Universal, ber.OID) {
			r.Trapped = add(r.Trapped, oid(value.Body))
		}
	}
}

// oldTrap reads a trap of version 1.
func (r *Record) oldTrap(b []byte) bool {
	enterprise, b, ok := ber.Next(b)
	if !ok || !enterprise.Is(ber.Universal, ber.OID) {
		return false
	}
	agent, b, ok := ber.Next(b)
	if !ok || !agent.Is(ber.Application, appAddress) {
		return false
	}
	for range 2 { // generic and specific trap
		var v ber.Value
		if v, b, ok = ber.Next(b); !ok || !v.Is(ber.Universal, ber.Integer) {
			return false
		}
	}
	ticks, b, ok := ber.Next(b)
	if !ok || !ticks.Is(ber.Application, appTicks) || !bindings(b, func(_, _ ber.Value) {}) {
		return false
	}
	r.Traps++
	r.Trapped = add(r.Trapped, oid(enterprise.Body))
	if a, ok := netip.AddrFromSlice(agent.Body); ok {
		r.AgentAddr = a
	}
	return true
}

func add(list []string, s string) []string {
	if len(list) < maxNames && !slices.Contains(list, s) {
		list = append(list, s)
	}
	return list
}

func text(b []byte) string { return string(b[:min(len(b), maxText)]) }

// Gap implements proto.Parser; datagrams have none.
func (p *parser) Gap(proto.Dir, int) error { return errMessage }

// Close writes the record.
func (p *parser) Close() {
	if p.rec != nil {
		p.c.Emit(p.rec)
		p.rec = nil
	}
}
