package enip

import (
	"fmt"
	"math"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Services that are looked into.
const (
	svcMultiple    = 0x0a
	svcUnconnected = 0x52 // of the Connection Manager
	svcPCCC        = 0x4b // of the PCCC object
)

// Classes of objects.
const (
	classAssembly = 0x04
	classManager  = 0x06
	classFile     = 0x37
	classPCCC     = 0x67
	classSymbol   = 0x6b
	classTemplate = 0x6c
)

// none is a class, instance or attribute that a path does not name.
const none = math.MaxUint32

// path says which object a request is for.
type path struct {
	class, instance, attribute uint32
	tag                        string
}

// readPath reads logical and symbolic segments (volume 1, appendix C-1.4); it
// ends at the first of another kind.
func readPath(b []byte) path {
	p := path{none, none, none, ""}
	var tag strings.Builder
	c := wire.At(b)
	for c.Len() > 1 {
		seg := c.U8()
		switch {
		case seg>>5 == 1: // logical
			var v uint32
			switch seg & 3 {
			case 0:
				v = uint32(c.U8())
			case 1:
				c.Skip(1)
				v = uint32(c.L16())
			case 2:
				c.Skip(1)
				v = c.L32()
			default:
				c.Seek(-1)
			}
			if !c.OK() {
				break
			}
			switch seg >> 2 & 7 {
			case 0:
				p.class = v
			case 1:
				p.instance = v
			case 2:
				if tag.Len() > 0 {
					fmt.Fprintf(&tag, "[%d]", v)
				}
			case 4:
				p.attribute = v
			}
		case seg == 0x91: // a symbol
			n := int(c.U8())
			name := c.Take(n)
			c.Skip(min(n&1, c.Len()))
			if tag.Len() > 0 {
				tag.WriteByte('.')
			}
			tag.Write(name)
		default:
			c.Seek(-1)
		}
	}
	p.tag = tag.String()
	return p
}

// request reads the service and the path of a request and makes its row.
func (k *packet) request(seq uint16, c *wire.Cursor) (*CIP, path, uint8) {
	code := c.U8()
	at := readPath(c.Take(2 * int(c.U8())))
	r := k.row(seq, code&0x7f, "request")
	if at.class != none {
		r.ClassID, r.ClassName = fmt.Sprintf("0x%02x", at.class), name('o', at.class, "unknown")
	}
	if at.instance != none {
		r.InstanceID = fmt.Sprintf("0x%02x", at.instance)
	}
	if at.attribute != none {
		r.AttributeID = fmt.Sprintf("0x%02x", at.attribute)
	}
	r.Tag = at.tag
	r.Access = accessOf(code&0x7f, at, c.Rest())
	return r, at, code
}

func (k *packet) row(seq uint16, code uint8, direction string) *CIP {
	r := &CIP{
		Conn: k.head, Way: k.way, PacketID: k.id, Direction: direction,
		ServiceCode: fmt.Sprintf("0x%02x", code), Service: name('s', uint32(code), "unknown"),
	}
	if seq != 0 {
		r.Sequence = record.Some(uint64(seq))
	}
	return r
}

// response reads the service and the status of an answer and makes its row.
func (k *packet) response(seq uint16, c *wire.Cursor) *CIP {
	code := c.U8()
	c.Skip(1)
	status := uint32(c.U8())
	ext := c.Sub(2 * int(c.U8()))
	r := k.row(seq, code&0x7f, "response")
	r.StatusCode, r.Status = fmt.Sprintf("0x%02x", status), name('g', status, "Unknown CIP Status-0x%02x")
	if ext.Len() > 0 {
		v := uint32(ext.L16())
		r.ExtendedStatusCode, r.ExtendedStatus = fmt.Sprintf("0x%04x", v), name('x', v, "Unknown Extended Status-0x%04x")
	}
	r.Access = accessOf(code&0x7f, path{none, none, none, ""}, nil)
	return r
}

// cip reads an explicit message.
func (p *parser) cip(k *packet, seq uint16, c *wire.Cursor) {
	head := c.Rest()
	if len(head) < 2 {
		p.c.Weird("cip_too_short", "")
		return
	}
	first := len(k.rows)
	if head[0]&0x80 != 0 {
		r := k.response(seq, c)
		k.rows = append(k.rows, r)
		if head[0]&0x7f == svcMultiple {
			k.several(c, func(c *wire.Cursor) {
				if part := k.response(seq, c); c.OK() {
					part.ExtendedStatusCode, part.ExtendedStatus = "", ""
					k.rows = append(k.rows, part)
				}
			})
		}
		p.answer(k, first)
	} else {
		r, at, code := k.request(seq, c)
		k.rows = append(k.rows, r)
		switch {
		case code == svcMultiple:
			k.several(c, func(c *wire.Cursor) {
				if part, _, _ := k.request(seq, c); c.OK() {
					k.rows = append(k.rows, part)
				}
			})
		case code == svcUnconnected && at.class == classManager:
			if inner := passedOn(c.Rest()); inner != nil {
				c := wire.At(inner)
				if part, _, _ := k.request(seq, &c); c.OK() {
					part.Beyond = true
					r.Access = part.Access
					k.rows = append(k.rows, part)
				}
			}
		}
		p.ask(k, first)
	}
	if !c.OK() {
		p.c.Weird("cip_malformed", "")
		k.rows = k.rows[:first]
	}
}

// several reads the parts of a Multiple Service Packet (volume 1, A-4.10).
func (k *packet) several(c *wire.Cursor, part func(*wire.Cursor)) {
	if c.Len() == 0 {
		return
	}
	body := c.Rest()
	n := int(c.L16())
	for range min(n, maxItems) {
		at := int(c.L16())
		if !c.OK() || at >= len(body) {
			return
		}
		inner := wire.At(body[at:])
		part(&inner)
	}
}

// passedOn is the message inside an Unconnected Send (volume 1, 3-5.5.4).
func passedOn(b []byte) []byte {
	c := wire.At(b)
	c.Skip(2) // time-out
	return c.Take(int(c.L16()))
}

// ask keeps what a request is for, by which its answer is known.
func (p *parser) ask(k *packet, first int) {
	if len(p.asked) >= maxAsked {
		clear(p.asked)
	}
	if p.asked == nil {
		p.asked = map[uint64][]string{}
	}
	var what []string
	for _, r := range k.rows[first:] {
		if r, ok := r.(*CIP); ok && !r.Beyond {
			what = append(what, r.Access)
		}
	}
	p.asked[k.key] = what
}

// answer gives the rows of an answer what their request was for.
func (p *parser) answer(k *packet, first int) {
	what := p.asked[k.key]
	if len(what) != len(k.rows)-first {
		return
	}
	delete(p.asked, k.key)
	for i, r := range k.rows[first:] {
		if r, ok := r.(*CIP); ok {
			r.Access = what[i]
		}
	}
}

// accessOf tells what a service does (volume 1, appendix A; for tags the
// Logix 5000 Data Access manual, 1756-PM020; for PCCC the DF1 manual,
// 1770-6.5.16).
func accessOf(code uint8, at path, data []byte) string {
	tag := at.tag != "" || at.class == classSymbol || at.class == classTemplate
	switch code {
	case 0x01, 0x03, 0x0e, 0x11, 0x18, 0x1d:
		return ot.Read
	case 0x02, 0x04, 0x10, 0x19, 0x1a, 0x1b:
		if tag || at.class == classAssembly || at.class >= 0x07 && at.class <= 0x0b || at.class == none {
			return ot.Write
		}
		return ot.Config
	case 0x05, 0x06, 0x07:
		return ot.Control
	case 0x08, 0x09, 0x0d, 0x15, 0x16:
		return ot.Config
	}
	switch {
	case at.class == classFile && code >= 0x4b && code <= 0x50:
		return ot.Program
	case at.class == classPCCC && code == svcPCCC:
		return pcccAccess(data)
	case tag && (code == 0x4c || code == 0x52 || code == 0x55):
		return ot.Read
	case tag && (code == 0x4d || code == 0x4e || code == 0x53):
		return ot.Write
	}
	return ot.Other
}

// pcccAccess tells what a PCCC command does.
func pcccAccess(b []byte) string {
	c := wire.At(b)
	c.Skip(max(int(c.U8())-1, 0)) // who asks; its length counts itself
	cmd := c.U8() & 0x0f
	c.Skip(3) // status, transaction
	fn := c.U8()
	if !c.OK() {
		return ot.Other
	}
	switch cmd {
	case 0x01:
		return ot.Read
	case 0x00, 0x02, 0x05, 0x08:
		return ot.Write
	case 0x06:
		return ot.Read // diagnostics
	case 0x0f:
		switch fn {
		case 0x01, 0x29, 0x68, 0xa1, 0xa2:
			return ot.Read
		case 0x00, 0x02, 0x26, 0x67, 0x79, 0xa9, 0xaa, 0xab:
			return ot.Write
		case 0x07, 0x3a, 0x41, 0x80, 0x88: // forces, modes, a list of commands
			return ot.Control
		case 0x8f:
			return ot.Config
		case 0x11, 0x12, 0x17, 0x18, 0x50, 0x52, 0x53, 0x55, 0x57, 0x81, 0x82, 0xa7, 0xaf: // upload, download, files, memory
			return ot.Program
		}
	}
	return ot.Other
}
