package dnp3

import (
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// link is the addresses of a frame.
type link struct{ master, outstation uint16 }

// Function codes (clause 4.2.2.5) that are more than a name here.
const (
	fcConfirm       = 0x00
	fcRead          = 0x01
	fcWrite         = 0x02
	fcDirectNoReply = 0x06
	fcFreezeAt      = 0x0b
	fcFreezeAtNR    = 0x0c
	fcResponse      = 0x81
	fcUnsolicited   = 0x82
)

// functions are Zeek's names, and what each request does.
var functions = [...]struct{ name, access string }{
	0x00: {"CONFIRM", ot.Other},
	0x01: {"READ", ot.Read},
	0x02: {"WRITE", ot.Write},
	0x03: {"SELECT", ot.Control},
	0x04: {"OPERATE", ot.Control},
	0x05: {"DIRECT_OPERATE", ot.Control},
	0x06: {"DIRECT_OPERATE_NR", ot.Control},
	0x07: {"IMMED_FREEZE", ot.Control},
	0x08: {"IMMED_FREEZE_NR", ot.Control},
	0x09: {"FREEZE_CLEAR", ot.Control},
	0x0a: {"FREEZE_CLEAR_NR", ot.Control},
	0x0b: {"FREEZE_AT_TIME", ot.Control},
	0x0c: {"FREEZE_AT_TIME_NR", ot.Control},
	0x0d: {"COLD_RESTART", ot.Control},
	0x0e: {"WARM_RESTART", ot.Control},
	0x0f: {"INITIALIZE_DATA", ot.Control},
	0x10: {"INITIALIZE_APPL", ot.Control},
	0x11: {"START_APPL", ot.Control},
	0x12: {"STOP_APPL", ot.Control},
	0x13: {"SAVE_CONFIG", ot.Config},
	0x14: {"ENABLE_UNSOLICITED", ot.Config},
	0x15: {"DISABLE_UNSOLICITED", ot.Config},
	0x16: {"ASSIGN_CLASS", ot.Config},
	0x17: {"DELAY_MEASURE", ot.Other},
	0x18: {"RECORD_CURRENT_TIME", ot.Config},
	0x19: {"OPEN_FILE", ot.Other},
	0x1a: {"CLOSE_FILE", ot.Other},
	0x1b: {"DELETE_FILE", ot.Config},
	0x1c: {"GET_FILE_INFO", ot.Read},
	0x1d: {"AUTHENTICATE_FILE", ot.Other},
	0x1e: {"ABORT_FILE", ot.Other},
	0x1f: {"ACTIVATE_CONFIG", ot.Config},
	0x20: {"AUTHENTICATE_REQ", ot.Other},
	0x21: {"AUTHENTICATE_REQ_NR", ot.Other},
	0x81: {"RESPONSE", ot.Read},
	0x82: {"UNSOLICITED_RESPONSE", ot.Read},
	0x83: {"AUTHENTICATE_RESP", ot.Other},
}

// function names a function code as Zeek does.
func function(fc uint8) (name, access string) {
	if int(fc) < len(functions) && functions[fc].name != "" {
		return functions[fc].name, functions[fc].access
	}
	return "unknown-" + strconv.Itoa(int(fc)), ot.Other
}

// message handles one fragment of the application layer (clause 4.2.2).
func (p *parser) message(d proto.Dir, b []byte, l link) {
	c := wire.At(b)
	c.Skip(1) // control: sequence and confirmation
	fc := c.U8()
	var iin record.Opt[uint16]
	if fc >= fcResponse {
		iin = record.Some(c.U16())
	}
	if !c.OK() {
		p.c.Weird("truncated_dnp3_fragment", "")
		return
	}
	m := body{p: p, d: d, fc: fc, head: p.c.Head()}
	m.name, m.access = function(fc)
	if fc >= fcResponse {
		if fc == fcResponse && p.access != "" {
			m.access = p.access
		}
		m.read(&c)
		p.response(&m, iin, l)
		return
	}
	m.read(&c)
	if m.access == ot.Write && m.settings {
		m.access = ot.Config
	}
	p.request(&m, l)
}

// noReply tells whether a function asks for no response.
func noReply(fc uint8) bool {
	switch fc {
	case 0x06, 0x08, 0x0a, 0x0c, 0x21:
		return true
	}
	return false
}

// request keeps the request until its response. In Zeek the next request takes
// the place of one that has none; here that one waits on, and is written when
// no response is left for it: many a command asks for none.
func (p *parser) request(m *body, l link) {
	switch old := p.pending; {
	case old == nil || old.Func.V == fcConfirm:
	case noReply(old.Func.V):
		p.unanswered(old)
	default:
		if len(p.older) >= maxOlder {
			p.unanswered(p.older[0])
			p.older = append(p.older[:0], p.older[1:]...)
		}
		p.older = append(p.older, old)
	}
	p.pending = &Exchange{
		Conn: m.head, Request: m.name, Access: m.access, Func: record.Some(m.fc), Objects: m.points,
		Master: record.Some(l.master), Outstn: record.Some(l.outstation), beyond: p.lost,
	}
	p.access = m.access
}

// response completes the exchange. A response behind another to the request
// before the last has that request's traits, though not its name, as in Zeek.
func (p *parser) response(m *body, iin record.Opt[uint16], l link) {
	e := p.pending
	if p.pending = nil; e == nil {
		e = &Exchange{Access: m.access, Func: record.Some(m.fc)}
		if m.fc == fcResponse && len(p.older) > 0 {
			e.Access, e.Func, e.Objects = p.older[0].Access, p.older[0].Func, p.older[0].Objects
			p.older = append(p.older[:0], p.older[1:]...)
		}
	}
	e.Conn, e.Reply, e.IIN, e.beyond = m.head, m.name, iin, p.lost
	e.Master, e.Outstn = record.Some(l.master), record.Some(l.outstation)
	p.c.Emit(e)
}

// unanswered writes a request that another followed and no response.
func (p *parser) unanswered(e *Exchange) {
	e.beyond = true
	p.c.Emit(e)
}

// flush writes the requests that have no response.
func (p *parser) flush() {
	for _, e := range p.older {
		p.unanswered(e)
	}
	p.older = nil
	if p.pending != nil {
		p.c.Emit(p.pending)
		p.pending = nil
	}
}
