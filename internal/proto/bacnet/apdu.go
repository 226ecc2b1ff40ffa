package bacnet

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Kinds of application messages (20.1).
const (
	pduRequest     = 0
	pduUnconfirmed = 1
	pduSimpleAck   = 2
	pduComplexAck  = 3
	pduSegmentAck  = 4
	pduError       = 5
	pduReject      = 6
	pduAbort       = 7
)

// Services with an answer (21, BACnetConfirmedServiceChoice).
const (
	svcReadProperty  = 12
	svcReadMultiple  = 14
	svcWriteProperty = 15
	svcWriteMultiple = 16
	svcSilence       = 17
	svcRestart       = 20
	svcReadRange     = 26
)

// Services without an answer (21, BACnetUnconfirmedServiceChoice).
const (
	svcIAm    = 0
	svcIHave  = 1
	svcWhoHas = 7
	svcWhoIs  = 8
)

// segments are the parts of a message so far.
type segments struct {
	next uint8
	data []byte
}

// apdu reads the application layer.
func (m *message) apdu(c *wire.Cursor) {
	first := c.U8()
	kind := first >> 4
	switch kind {
	case pduRequest:
		c.Skip(1) // sizes
		m.confirmed(first, kind, c)
	case pduUnconfirmed:
		svc := c.U8()
		tags, ok := readTags(c)
		if !c.OK() && svc == 0 {
			m.malformed()
			return
		}
		m.access = unconfirmedAccess(svc)
		r := m.record()
		r.PDU, r.Service = name('p', uint32(kind)), name('u', uint32(svc))
		m.p.c.Emit(r)
		if !ok {
			m.malformed()
		}
		m.discover(svc, tags)
	case pduComplexAck:
		m.confirmed(first, kind, c)
	case pduSimpleAck, pduSegmentAck, pduError, pduReject, pduAbort:
		m.answer(first, kind, c)
	default:
		m.malformed()
	}
}

func (m *message) malformed() { m.p.c.Weird("bacnet_malformed", "") }

// confirmed reads a request that wants an answer, or an answer with content.
// Segments wait until the last has come.
func (m *message) confirmed(first, kind uint8, c *wire.Cursor) {
	invoke := c.U8()
	segmented, more := first&8 != 0, first&4 != 0
	seq := uint8(0)
	if segmented {
		seq = c.U8()
		c.Skip(1) // window
	}
	svc := c.U8()
	if !c.OK() {
		m.malformed()
		return
	}
	k := key{m.d, invoke}
	if kind == pduComplexAck {
		k.asker = m.d.Other()
	}
	whole := true
	if segmented {
		var data []byte
		if data, whole = m.p.segment(key{m.d, invoke}, seq, more, c.Rest()); data == nil && more {
			return
		}
		*c = wire.At(data)
	}
	m.access = confirmedAccess(svc)
	if kind == pduRequest {
		m.p.remember(k, svc)
	} else {
		delete(m.p.asked, k)
	}
	r := m.record()
	r.PDU, r.Service, r.InvokeID = name('p', uint32(kind)), name('c', uint32(svc)), record.Some(uint64(invoke))
	m.p.c.Emit(r)
	tags, ok := readTags(c)
	if !ok || !whole {
		m.malformed()
	}
	if !whole {
		return
	}
	if kind == pduRequest {
		m.request(svc, invoke, tags)
	} else {
		m.reply(svc, invoke, tags)
	}
}

// segment collects a segment. It gives the whole message with the last one,
// and says whether none is missing.
func (p *parser) segment(k key, seq uint8, more bool, b []byte) (data []byte, whole bool) {
	s := p.parts[k]
	if s == nil || seq == 0 {
		if seq != 0 || s == nil && len(p.parts) >= maxBuffers {
			if len(p.parts) >= maxBuffers {
				p.c.Weird("bacnet_too_many_segmented", "")
				clear(p.parts)
			}
			if seq != 0 {
				return nil, false
			}
		}
		if p.parts == nil {
			p.parts = map[key]*segments{}
		}
		s = &segments{}
		p.parts[k] = s
	}
	switch {
	case seq == s.next-1 && s.next > 0: // sent again
	case seq != s.next || len(s.data)+len(b) > maxBuffer:
		delete(p.parts, k)
		return nil, false
	default:
		s.data = append(s.data, b...)
		s.next++
	}
	if more {
		return nil, true
	}
	delete(p.parts, k)
	return s.data, true
}

// maxAsked bounds the requests that are remembered.
const maxAsked = 256

// remember keeps what was asked, for answers that do not say.
func (p *parser) remember(k key, svc uint8) {
	if p.asked == nil || len(p.asked) >= maxAsked {
		p.asked = map[key]uint8{}
	}
	p.asked[k] = svc
}

// answer reads an answer without content, and what is refused.
func (m *message) answer(first, kind uint8, c *wire.Cursor) {
	invoke := c.U8()
	k := key{m.d.Other(), invoke}
	if kind == pduSegmentAck && first&1 == 0 || kind == pduAbort && first&1 == 0 {
		k.asker = m.d // the asker says it
	}
	svc, asked := m.p.asked[k]
	r := m.record()
	r.PDU, r.InvokeID = name('p', uint32(kind)), record.Some(uint64(invoke))
	result := ""
	switch kind {
	case pduSimpleAck:
		svc, asked = c.U8(), true
		r.Service, result = name('c', uint32(svc)), "SUCCESS"
	case pduError:
		svc, asked = c.U8(), true
		r.Service, result = name('c', uint32(svc)), "ERROR"
		r.Result = name('e', errorCode(c))
	case pduReject:
		r.Service, result = "reject", "REJECT"
		r.Result = name('r', uint32(c.U8()))
	case pduAbort:
		r.Service, result = "abort", "ABORT"
		r.Result = name('a', uint32(c.U8()))
	}
	if !c.OK() {
		m.malformed()
		return
	}
	if asked {
		m.access = confirmedAccess(svc)
	}
	r.Access = m.access
	m.p.c.Emit(r)
	if kind == pduSegmentAck {
		return
	}
	delete(m.p.asked, k)
	if kind != pduSimpleAck && kind != pduError {
		return // says no service
	}
	switch {
	case svc == svcSilence || svc == svcRestart:
		m.p.c.Emit(&DeviceControl{
			Conn: m.head, Way: r.Way, InvokeID: r.InvokeID, Service: r.Service, Result: result, Code: r.Result, Access: m.access,
		})
	case kind == pduError && (svc == svcReadProperty || svc == svcReadMultiple || svc == svcWriteProperty || svc == svcWriteMultiple):
		m.p.c.Emit(&Property{
			Conn: m.head, Way: r.Way, InvokeID: r.InvokeID, Service: "ERROR: " + r.Service, ObjectType: r.Result, Access: m.access,
		})
	}
}

// errorCode reads the code of an error, which some services wrap (21, Error).
func errorCode(c *wire.Cursor) uint32 {
	tags, ok := readTags(c)
	if len(tags) > 0 && tags[0].open {
		tags = tags[1:]
	}
	if !ok && len(tags) < 2 || len(tags) < 2 {
		c.Seek(-1)
		return 0
	}
	return unsigned(tags[1].data)
}

// confirmedAccess tells what a service with an answer does.
func confirmedAccess(svc uint8) string {
	switch svc {
	case 1, 2, 3, 4, 5, 6, svcReadProperty, 13, svcReadMultiple, svcReadRange, 28, 29, 30, 31:
		return ot.Read
	case 8, 9, svcWriteProperty, svcWriteMultiple:
		return ot.Write
	case svcSilence, svcRestart, 27:
		return ot.Control
	case 0, 7, 10, 11:
		return ot.Config
	}
	return ot.Other
}

// unconfirmedAccess tells what a service without an answer does.
func unconfirmedAccess(svc uint8) string {
	switch svc {
	case svcIAm, svcIHave, 2, 3, svcWhoHas, svcWhoIs, 11, 13:
		return ot.Read
	case 6, 9, 14:
		return ot.Config
	case 10:
		return ot.Write
	}
	return ot.Other
}

// way is the direction of the rows.
func (m *message) way() ot.Way { return ot.From(m.head, m.d == proto.Orig) }
