package modbus

import (
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// maxFiles is how many file records fit into a request.
const maxFiles = 35

// header makes the record of a message, as far as its header tells. beyond says
// that it was found after the place in the stream had been lost: Zeek goes on
// with the segment after.
func (p *parser) header(d proto.Dir, m *adu, beyond bool) *Message {
	r := &Message{
		Conn: p.c.Head(), TID: m.tid, Unit: m.unit, Func: functionName(m.fc), PDU: "RESP",
		Access: access(m.fc), Code: m.fc &^ errorBit, beyond: beyond,
	}
	if d == proto.Orig {
		r.PDU = "REQ"
		r.beyond = beyond || m.fc&errorBit != 0
	}
	return r
}

// message handles one message whose header gave r.
func (p *parser) message(d proto.Dir, m *adu, r *Message) {
	request := d == proto.Orig
	if !wellFormed(d, m.fc, m.body) {
		p.c.Weird("modbus_malformed_pdu", r.Func)
		p.c.Emit(r)
		return
	}
	if !p.confirmed {
		p.confirmed = true
		p.c.Confirm()
	}
	if m.fc&errorBit != 0 {
		p.refusal(d, m, r)
		return
	}
	detail := &Detail{Conn: r.Conn, TID: m.tid, Unit: m.unit, Func: r.Func, Access: r.Access, Code: r.Code}
	var pairs bool
	if request {
		pairs = p.request(m, detail)
	} else {
		pairs = p.response(m, detail)
	}
	r.Access, r.Address, r.Quantity = detail.Access, detail.Address, detail.Quantity
	p.c.Emit(r)
	switch other := p.take(d.Other(), m.tid); {
	case !pairs:
		if other != nil {
			p.wait(d.Other(), other)
		}
		p.c.Emit(detail)
	case other != nil && request:
		p.join(detail, other, other)
	case other != nil:
		p.join(other, detail, other)
	default:
		p.wait(d, detail)
	}
}

// refusal handles a response with the error bit.
func (p *parser) refusal(d proto.Dir, m *adu, r *Message) {
	if d == proto.Orig {
		p.c.Emit(r)
		return
	}
	r.Exception = exceptionName(m.body[0])
	detail := p.take(proto.Orig, m.tid)
	if detail == nil {
		detail = &Detail{Conn: r.Conn, TID: m.tid, Unit: m.unit, Func: r.Func, Access: r.Access, Code: r.Code}
	} else {
		detail.Matched = record.Some(true)
		r.Access, r.Address, r.Quantity = detail.Access, detail.Address, detail.Quantity
	}
	detail.Exception = r.Exception
	p.c.Emit(r)
	p.c.Emit(detail)
}

// join writes a request with its response, under the head of the one that came
// first.
func (p *parser) join(req, resp, first *Detail) {
	both := *req
	both.Conn, both.Matched = first.Conn, record.Some(true)
	both.AnswerSub, both.AnswerAdd = resp.AnswerSub, resp.AnswerAdd
	both.Response = resp.Response
	switch resp.Code {
	case readCoils, readDiscrete:
		// The bits come in whole bytes; those behind the last one asked for are padding.
		if n := int(req.Quantity.V); n < len(resp.Response) {
			both.Response, both.AnswerAdd = resp.Response[:n:n], list(resp.Response[n:])
		}
	case readFIFO:
		both.Quantity = resp.Quantity
	case encapsulated:
		if both.MEI != resp.MEI {
			both.MEI += " and " + resp.MEI
		}
	}
	p.c.Emit(&both)
}

// list writes numbers with commas between them.
func list(values []uint16) string {
	var s []byte
	for i, v := range values {
		if i > 0 {
			s = append(s, ',')
		}
		s = strconv.AppendUint(s, uint64(v), 10)
	}
	return string(s)
}

// bits spreads packed bits, lowest first, at most n.
func bits(b []byte, n int) []uint16 {
	n = min(n, 8*len(b))
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(b[i/8] >> (i % 8) & 1)
	}
	return out
}

// registers reads whole registers.
func registers(b []byte) []uint16 {
	c := wire.At(b)
	out := make([]uint16, 0, len(b)/2)
	for c.Len() >= 2 {
		out = append(out, c.U16())
	}
	return out
}

// coil is the value of a single coil.
func coil(v uint16) []uint16 {
	if v != 0 {
		v = 1
	}
	return []uint16{v}
}

// request reads the body of a request, which is well formed. It returns false
// for functions whose messages are not paired.
func (p *parser) request(m *adu, r *Detail) bool {
	c := wire.At(m.body)
	switch m.fc {
	case readCoils, readDiscrete, readHolding, readInput:
		r.Address, r.Quantity = record.Some(c.U16()), record.Some(c.U16())
	case writeCoil:
		r.Address, r.Quantity, r.Request = record.Some(c.U16()), record.Some[uint16](1), coil(c.U16())
	case writeRegister:
		r.Address, r.Quantity, r.Request = record.Some(c.U16()), record.Some[uint16](1), []uint16{c.U16()}
	case writeCoils:
		r.Address = record.Some(c.U16())
		n := int(c.U16())
		r.Request = bits(c.Take(int(c.U8())), n)
		r.Quantity = record.Some(uint16(len(r.Request)))
	case writeRegisters:
		r.Address = record.Some(c.U16())
		n := int(c.U16())
		c.Skip(1)
		r.Request = registers(c.Take(2 * n))
		r.Quantity = record.Some(uint16(len(r.Request)))
	case readFile, writeFile:
		r.files(&c, m.fc)
	case maskWrite:
		r.Address = record.Some(c.U16())
		p.maskWrite(proto.Orig, m, r, &c)
	case readWrite:
		p.readWrite(proto.Orig, m, r, &c)
	case readFIFO:
		r.Address = record.Some(c.U16())
	case diagnostics:
		r.RequestSub, r.Access = subfunction(c.U16())
		r.RequestAdd = string(c.Rest())
	case encapsulated:
		r.encapsulated(&c, "invalid encapsulated interface transport mei-(0x%02x)")
		p.identity(proto.Orig, m, r, &c)
	case unity:
		c.Skip(1) // session
		if code := c.U8(); c.OK() {
			r.UMAS, r.Access = umasName(code)
			p.umas = r.Access
		}
		return false
	default:
		return false
	}
	return true
}

// response reads the body of a response, as request does.
func (p *parser) response(m *adu, r *Detail) bool {
	c := wire.At(m.body)
	switch m.fc {
	case readCoils, readDiscrete:
		b := c.Take(int(c.U8()))
		r.Response = bits(b, 8*len(b))
		r.Quantity = record.Some(uint16(len(r.Response)))
	case readHolding, readInput:
		r.Response = registers(c.Take(int(c.U8())))
		r.Quantity = record.Some(uint16(len(r.Response)))
	case writeCoil:
		r.Address, r.Quantity, r.Response = record.Some(c.U16()), record.Some[uint16](1), coil(c.U16())
	case writeRegister:
		r.Address, r.Quantity, r.Response = record.Some(c.U16()), record.Some[uint16](1), []uint16{c.U16()}
	case writeCoils, writeRegisters:
		r.Address, r.Quantity = record.Some(c.U16()), record.Some(c.U16())
	case readFile, writeFile:
		r.AnswerAdd = fileRecords(&c, m.fc)
	case maskWrite:
		r.Address = record.Some(c.U16())
		p.maskWrite(proto.Resp, m, r, &c)
	case readWrite:
		p.readWrite(proto.Resp, m, r, &c)
	case readFIFO:
		c.Skip(2)
		n := c.U16()
		r.Quantity, r.Response = record.Some(n), registers(c.Take(2*int(n)))
	case diagnostics:
		r.AnswerSub, r.Access = subfunction(c.U16())
		r.AnswerAdd = string(c.Rest())
	case encapsulated:
		r.encapsulated(&c, "unknown encapsulated interface transport mei-(ox%02x)")
		p.identity(proto.Resp, m, r, &c)
	case unity:
		if p.umas != "" {
			r.Access = p.umas
		}
		c.Skip(1) // session
		switch c.U8() {
		case umasOK:
			r.UMAS = "OK"
		case umasFailed:
			r.UMAS = "FAILED"
		}
		return false
	default:
		return false
	}
	return true
}

// files notes the file records that a request names (sections 6.14, 6.15).
func (r *Detail) files(c *wire.Cursor, fc uint8) {
	all := c.Sub(int(c.U8()))
	n := uint16(0)
	for all.Len() > 0 {
		all.Skip(1) // always 6
		file, first, count := all.U16(), all.U16(), all.U16()
		if fc == writeFile {
			all.Skip(2 * int(count))
		}
		if !all.OK() {
			break
		}
		if n++; len(r.Files) < maxFiles {
			r.Files = append(r.Files, fmt.Sprintf("%d:%d %d", file, first, count))
		}
	}
	r.Quantity = record.Some(n)
}

// fileRecords writes the file records of a response as Zeek prints them.
func fileRecords(c *wire.Cursor, fc uint8) string {
	all := c.Sub(int(c.U8()))
	var out []string
	for all.Len() > 0 {
		if fc == readFile {
			n := all.U8()
			kind := all.U8()
			data := all.Take(int(n))
			out = append(out, fmt.Sprintf("[file_len=%d, ref_type=%d, record_data=%s]", n, kind, data))
			continue
		}
		kind, file, first := all.U8(), all.U16(), all.U16()
		data := all.Take(2 * int(all.U16()))
		out = append(out, fmt.Sprintf("[ref_type=%d, file_num=%d, record_num=%d, record_data=%s]", kind, file, first, data))
	}
	return strings.Join(out, " | ")
}

// word is how CISA's records call a direction.
func word(d proto.Dir) string {
	if d == proto.Orig {
		return "REQUEST"
	}
	return "RESPONSE"
}

func (p *parser) maskWrite(d proto.Dir, m *adu, r *Detail, c *wire.Cursor) {
	p.c.Emit(&MaskWrite{
		Conn: r.Conn, Way: ot.From(r.Conn, d == proto.Orig), TID: m.tid, Unit: m.unit, Func: r.Func, Half: word(d),
		Address: r.Address.V, And: c.U16(), Or: c.U16(), Access: r.Access,
	})
}

func (p *parser) readWrite(d proto.Dir, m *adu, r *Detail, c *wire.Cursor) {
	x := &ReadWrite{Conn: r.Conn, Way: ot.From(r.Conn, d == proto.Orig), TID: m.tid, Unit: m.unit, Func: r.Func, Half: word(d), Access: r.Access}
	if d == proto.Orig {
		x.ReadAt, x.ReadCount, x.WriteAt = record.Some(c.U16()), record.Some(c.U16()), record.Some(c.U16())
		n := int(c.U16())
		c.Skip(1)
		x.Written = registers(c.Take(2 * n))
	} else {
		x.Read = registers(c.Take(int(c.U8())))
	}
	p.c.Emit(x)
}

// encapsulated names what function 43 carries (section 6.19).
func (r *Detail) encapsulated(c *wire.Cursor, unknown string) {
	switch mei := c.U8(); mei {
	case canOpen:
		r.MEI, r.Access = "CANopen", ot.Other
	case deviceID:
		r.MEI = "Read Device Identification"
	default:
		r.MEI, r.Access = fmt.Sprintf(unknown, mei), ot.Other
	}
}

// identity reads a device identification (section 6.21).
func (p *parser) identity(d proto.Dir, m *adu, r *Detail, c *wire.Cursor) {
	if m.body[0] != deviceID {
		return
	}
	x := Identity{
		Conn: r.Conn, Way: ot.From(r.Conn, d == proto.Orig), TID: m.tid, Unit: m.unit, Func: r.Func, Half: word(d),
		MEI: "READ-DEVICE-IDENTIFICATION", ID: c.U8(), Access: ot.Read,
	}
	code := c.U8()
	if d == proto.Orig {
		if c.OK() {
			x.ObjectCode, x.Object = hexCode(code), inWords(identityAsked[:], code)
			p.c.Emit(&x)
		}
		return
	}
	x.LevelCode, x.Level = hexCode(code), identityLevels[code]
	if x.Level == "" {
		x.Level = "Unknown"
	}
	c.Skip(2) // more follows, next object
	for n := c.U8(); n > 0; n-- {
		id := c.U8()
		value := c.Take(int(c.U8()))
		if !c.OK() {
			p.c.Weird("modbus_malformed_pdu", r.Func)
			return
		}
		one := x
		one.ObjectCode, one.Object, one.Value = hexCode(id), inWords(identityObjects[:], id), string(value)
		p.c.Emit(&one)
	}
}
