package s7comm

import (
	"bytes"
	"fmt"

	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// identification is the list that names the device, whatever extract of it.
const identification = 0x1c

// modules is the list that tells order numbers and versions of modules.
const modules = 0x11

// Indexes of the list of modules.
const (
	indexOrder    = 1 // the module itself
	indexFirmware = 7
)

// modules reads a list of modules: records of an index, an order number of 20
// characters, a kind, and a version in two words.
func (r *ReadSZL) modules(c wire.Cursor) {
	size, count := int(c.U16()), int(c.U16())
	if size < 28 {
		return
	}
	for ; count > 0 && c.Len() >= size; count-- {
		m := c.Sub(size)
		index := m.U16()
		order := string(bytes.Trim(m.Take(20), " \x00"))
		m.Skip(2)
		high, low := m.U16(), m.U16()
		if !m.OK() {
			return
		}
		switch index {
		case indexOrder:
			r.Order = order
		case indexFirmware: // 'V', then three bytes
			if high>>8 == 'V' {
				r.Firmware = fmt.Sprintf("V%d.%d.%d", high&0xff, low>>8, low&0xff)
			}
		}
	}
}

// readSZL reads the data of a request for a system status list, or of its
// response, which may come in parts: unit numbers those of one list, and more
// follow.
func (p *parser) readSZL(m *Message, method, unit uint8, more bool, c *wire.Cursor) {
	code := c.U8()
	c.Skip(1) // transport size
	n := int(c.U16())
	body := c.Sub(min(n, c.Len()))
	if method == methodResponse && len(p.szl) > 0 && unit != 0 {
		p.list(&body, more) // a part behind the first has no head of its own
		return
	}
	id, index := body.U16(), body.U16()
	if !body.OK() {
		return // a request for the next part, or a refusal
	}
	r := &ReadSZL{
		Conn: m.Conn, Way: m.Way, Reference: m.Reference, Method: "Unknown", ID: fmt.Sprintf("0x%04x", id),
		IDName: name("szl", id&0xff, "Unknown"), Index: fmt.Sprintf("0x%04x", index), Return: fmt.Sprintf("0x%02x", code),
		ReturnName: name("return", uint16(code), "Unknown"), Access: ot.Read,
	}
	switch method {
	case methodRequest:
		r.Method = "Request"
	case methodResponse:
		r.Method = "Response"
		p.szl, p.listening = nil, id&0xff == identification
		if id&0xff == modules && !more {
			r.modules(body)
		}
		p.list(&body, more)
		r.beyond = more
	}
	p.c.Emit(r)
}

// list joins the parts of a list and reads the one that names the device.
func (p *parser) list(c *wire.Cursor, more bool) {
	switch {
	case p.listening && len(p.szl)+c.Len() <= maxSZL:
		p.szl = append(p.szl, c.Rest()...)
	case len(p.szl) == 0:
		p.szl = []byte{0} // something is under way
	}
	if more {
		return
	}
	if p.listening {
		p.identify(p.szl)
	}
	p.szl, p.listening = nil, false
}

// Indexes of the identification list.
const (
	indexSystem = 1
	indexModule = 2
	indexPlant  = 3
	indexSerial = 5
)

// identify reads the identification list: its records of a number and a text.
func (p *parser) identify(b []byte) {
	c := wire.At(b)
	size, count := int(c.U16()), int(c.U16())
	if size < 2 {
		return
	}
	for ; count > 0 && c.Len() >= size; count-- {
		r := c.Sub(size)
		index := r.U16()
		text := r.Rest()
		if index != indexPlant && len(text) > 24 {
			text = text[:24]
		}
		s := string(bytes.TrimRight(text, "\x00"))
		if s == "" {
			continue
		}
		if p.device == nil {
			p.device = &Device{}
		}
		p.device.Conn = p.c.Head()
		switch index {
		case indexSystem:
			p.device.System = s
		case indexModule:
			p.device.Module = s
		case indexPlant:
			p.device.Plant = s
		case indexSerial:
			p.device.Serial = s
		}
	}
}
