package mms

import (
	"strconv"
	"strings"

	"longwatch/internal/ber"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Choices of MMSpdu (ISO 9506-2 clause 7).
const (
	confirmedRequest  = 0
	confirmedResponse = 1
	confirmedError    = 2
	unconfirmed       = 3
	rejected          = 4
	initiateRequest   = 8
	initiateResponse  = 9
	initiateError     = 10
	concludeRequest   = 11
	concludeResponse  = 12
	concludeError     = 13
)

// pending is a request that waits for its response.
type pending struct {
	d  proto.Dir
	id int64 // invoke id; initiate and conclude have none and use their choice, negative
	m  *Message
}

// message handles one MMSpdu.
func (p *parser) message(d proto.Dir, b []byte) {
	pdu, _, ok := ber.Next(b)
	if !ok || pdu.Class != ber.Context {
		return
	}
	if !p.confirmed && pdu.Tag <= concludeError {
		p.confirmed = true
		p.c.Confirm()
	}
	switch pdu.Tag {
	case confirmedRequest:
		p.request(d, pdu)
	case confirmedResponse, confirmedError, rejected:
		p.response(d, pdu)
	case unconfirmed:
		tag, body, _, ok := choice(pdu.Body)
		if !ok {
			return
		}
		m := &Message{Conn: p.c.Head(), IsOrig: d == proto.Orig, Service: "unknown", Access: ot.Read}
		if int(tag) < len(reports) {
			m.Service = reports[tag]
		}
		m.walk(body, 0)
		p.c.Emit(m)
	case initiateRequest, concludeRequest:
		m := &Message{Conn: p.c.Head(), IsOrig: d == proto.Orig, Service: "initiate", Access: ot.Other}
		if pdu.Tag == concludeRequest {
			m.Service = "conclude"
		}
		p.wait(d, -int64(pdu.Tag), m)
	case initiateResponse, concludeResponse:
		p.settle(d, -int64(pdu.Tag-1), "success", "")
	case initiateError, concludeError:
		p.settle(d, -int64(pdu.Tag-2), "error", serviceError(pdu))
	}
}

// wait keeps a request until its response.
func (p *parser) wait(d proto.Dir, id int64, m *Message) {
	if len(p.pending) >= maxPending {
		p.c.Weird("mms_too_many_pending", "")
		p.c.Emit(p.pending[0].m)
		p.pending = append(p.pending[:0], p.pending[1:]...)
	}
	p.pending = append(p.pending, &pending{d, id, m})
}

// settle writes the request that a message of direction d answers. It returns
// nil when there is none.
func (p *parser) settle(d proto.Dir, id int64, result, why string) *Message {
	for i, x := range p.pending {
		if x.id == id && x.d != d {
			p.pending = append(p.pending[:i], p.pending[i+1:]...)
			x.m.Result, x.m.Error = result, why
			p.c.Emit(x.m)
			return x.m
		}
	}
	return nil
}

// choice splits off a value whose tag may be above 30, as those of files are.
func choice(b []byte) (tag uint8, body, rest []byte, ok bool) {
	if len(b) > 1 && b[0]&0x1f == 0x1f && b[1] < 0x80 {
		high := b[1]
		v, rest, ok := ber.Next(b[1:]) // the length follows the tag as ever
		return high, v.Body, rest, ok
	}
	v, rest, ok := ber.Next(b)
	return v.Tag, v.Body, rest, ok && v.Class == ber.Context
}

// request reads a confirmed request: invoke id, modifiers, service.
func (p *parser) request(d proto.Dir, pdu ber.Value) {
	id, rest, ok := ber.Next(pdu.Body)
	n, number := id.Int()
	if !ok || !number || !id.Is(ber.Universal, ber.Integer) || n < 0 || n > 1<<32-1 {
		p.c.Weird("mms_malformed_request", "")
		return
	}
	if v, after, ok := ber.Next(rest); ok && v.Is(ber.Universal, ber.Sequence) {
		rest = after // modifiers
	}
	tag, body, _, ok := choice(rest)
	if !ok {
		p.c.Weird("mms_malformed_request", "")
		return
	}
	s := serviceOf(tag)
	m := &Message{Conn: p.c.Head(), IsOrig: d == proto.Orig, Service: s.name, Invoke: record.Some(uint32(n)), Access: s.access}
	switch {
	case rest[0]&0x20 != 0:
		m.walk(body, 0)
	case identifier(body): // implicit, as of a domain
		m.name("", body)
	}
	if tag == svcWrite {
		m.Access = writes(m.Names)
	}
	p.wait(d, n, m)
}

// writes tells what a write does by the functional constraints of IEC 61850-7-2
// in the names of the variables.
func writes(names []string) string {
	access := ot.Write
	for _, n := range names {
		switch {
		case strings.Contains(n, "$CO$"):
			return ot.Control
		case strings.Contains(n, "$CF$"), strings.Contains(n, "$SP$"), strings.Contains(n, "$SG$"), strings.Contains(n, "$SE$"),
			strings.Contains(n, "$BR$"), strings.Contains(n, "$RP$"), strings.Contains(n, "$GO$"), strings.Contains(n, "$LG$"):
			access = ot.Config
		}
	}
	return access
}

// response reads a confirmed response or error, or a reject.
func (p *parser) response(d proto.Dir, pdu ber.Value) {
	id, rest, ok := ber.Next(pdu.Body)
	n, number := id.Int()
	if !ok || !number {
		p.c.Weird("mms_malformed_response", "")
		return
	}
	result, why := "success", ""
	var s service
	switch pdu.Tag {
	case confirmedResponse:
		if tag, body, _, ok := choice(rest); ok {
			s = serviceOf(tag)
			if tag == svcWrite {
				if why = writeFailure(body); why != "" {
					result = "failure"
				}
			}
		}
	case confirmedError:
		result, why = "error", serviceError(pdu)
	default:
		result = "reject"
	}
	if p.settle(d, n, result, why) == nil && s.name != "" {
		// The request was not captured.
		p.c.Emit(&Message{
			Conn: p.c.Head(), IsOrig: d != proto.Orig, Service: s.name, Invoke: record.Some(uint32(n)),
			Result: result, Error: why, Access: s.access,
		})
	}
}

// dataErrors are why a variable was not read or written (DataAccessError).
var dataErrors = [...]string{
	"object-invalidated", "hardware-fault", "temporarily-unavailable", "object-access-denied", "object-undefined",
	"invalid-address", "type-unsupported", "type-inconsistent", "object-attribute-inconsistent",
	"object-access-unsupported", "object-non-existent", "object-value-invalid",
}

// writeFailure is the first failure that a response to a write tells of.
func writeFailure(b []byte) string {
	for len(b) > 0 {
		v, rest, ok := ber.Next(b)
		if !ok {
			return ""
		}
		if v.Is(ber.Context, 0) {
			n, _ := v.Int()
			if n >= 0 && n < int64(len(dataErrors)) {
				return dataErrors[n]
			}
			return "data-access-error-" + strconv.FormatInt(n, 10)
		}
		b = rest
	}
	return ""
}

// errorClasses are the choices of a service error.
var errorClasses = [...]string{
	"vmd-state", "application-reference", "definition", "resource", "service", "service-preempt", "time-resolution",
	"access", "initiate", "conclude", "cancel", "file", "others",
}

// serviceError writes a service error as its class and code.
func serviceError(pdu ber.Value) string {
	e, ok := child(pdu, ber.Context, 2)
	if !ok {
		e = pdu
	}
	class, ok := child(e, ber.Context, 0)
	if !ok {
		return ""
	}
	v, ok := class.Inside()
	n, number := v.Int()
	if !ok || !number || v.Class != ber.Context || int(v.Tag) >= len(errorClasses) {
		return ""
	}
	return errorClasses[v.Tag] + " " + strconv.FormatInt(n, 10)
}
