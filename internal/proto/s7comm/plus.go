package s7comm

import (
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Versions of S7comm-plus. The highest are no messages: a system event and the
// keeping alive of a connection.
const (
	versionSigned = 3
	versionEvent  = 0xfe
)

// Operations of S7comm-plus.
const (
	opRequest      = 0x31
	opResponse     = 0x32
	opNotification = 0x33
)

var opNames = map[uint8]string{opRequest: "Request", opResponse: "Response", opNotification: "Notification"}

// plus handles one unit of S7comm-plus. A message ends with a unit without
// data; those between its first and that one only go on with it.
func (p *parser) plus(d proto.Dir, b []byte) {
	c := wire.At(b)
	c.Skip(1)
	version := c.U8()
	c.Skip(2)
	if version >= versionEvent {
		p.confirm(true)
		return
	}
	if c.Len() == 0 {
		p.more[d] = false
		return
	}
	if p.more[d] {
		return
	}
	p.more[d] = true
	if version == versionSigned {
		c.Skip(int(c.U8())) // integrity
	}
	op := c.U8()
	c.Skip(2)
	fn := c.U16()
	if !c.OK() {
		p.c.Weird("s7comm_truncated", "")
		return
	}
	p.confirm(true)
	head := p.c.Head()
	r := &Plus{
		Conn: head, Way: ot.From(head, d == proto.Orig), Version: version,
		Opcode: fmt.Sprintf("0x%02x", op), OpName: opNames[op], Access: ot.Other,
	}
	switch op {
	case opRequest, opResponse:
		r.Func, r.FuncName = fmt.Sprintf("0x%04x", fn), fmt.Sprintf("Unknown s7comm-plus function-0x%04x", fn)
		if e, ok := lookup("plus", fn); ok {
			r.FuncName, r.Access = e.name, e.access
		}
	case opNotification:
		r.Access = ot.Read
	default:
		r.OpName = fmt.Sprintf("Unknown s7comm-plus opcode-0x%02x", op)
	}
	p.c.Emit(r)
}
