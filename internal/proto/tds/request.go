package tds

import (
	"longwatch/internal/wire"
)

// procedures are those that are called by number (MS-TDS 2.2.6.6).
var procedures = [...]string{
	1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec",
	6: "sp_cursorunprepare", 7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose", 10: "sp_executesql",
	11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 14: "sp_prepexecrpc", 15: "sp_unprepare",
}

// afterHeaders passes over ALL_HEADERS (MS-TDS 2.2.5.3), which TDS 7.2 put
// before batches and calls.
func afterHeaders(b []byte) []byte {
	c := wire.At(b)
	total, first, kind := c.L32(), c.L32(), c.L16()
	if c.OK() && total >= 10 && total <= uint32(min(len(b), maxMessage)) && first >= 6 && first <= total-4 && kind >= 1 && kind <= 3 { // #nosec G115 -- bounded
		return b[total:]
	}
	return b
}

// call reads an RPC request: the name or number of a procedure, then its
// parameters, of which the first text that is a statement is kept.
func (p *parser) call(b []byte) {
	c := wire.At(afterHeaders(b))
	r := p.begin("rpc")
	n := c.L16()
	if n == 0xffff {
		id := int(c.L16())
		if id < len(procedures) {
			r.Procedure = procedures[id]
		}
	} else {
		r.Procedure = text(c.Take(2 * int(n)))
	}
	c.Skip(2) // options
	if !c.OK() {
		return
	}
	switch r.Procedure {
	case "sp_executesql", "sp_cursoropen":
		r.Text = statement(&c, 0)
	case "sp_prepare", "sp_prepexec", "sp_cursorprepexec", "sp_cursorprepare": // behind the list of parameters
		r.Text = statement(&c, 1)
	}
}

// maxParameters is how many parameters are passed over before a statement.
const maxParameters = 4

// The types of parameters that are told apart.
const (
	typeIntN     = 0x26
	typeBitN     = 0x68
	typeNVarChar = 0xe7
	typeNChar    = 0xef
	typeNText    = 0x63
)

// statement finds the first parameter that is text in UTF-16, after skip
// others of the kind.
func statement(c *wire.Cursor, skip int) string {
	for range maxParameters {
		if found, value := parameter(c); found {
			if skip == 0 {
				return value
			}
			skip--
		}
		if !c.OK() {
			break
		}
	}
	return ""
}

// parameter reads one parameter, and tells whether it is text.
func parameter(c *wire.Cursor) (isText bool, value string) {
	c.Skip(2 * int(c.U8())) // name
	c.Skip(1)               // status
	switch c.U8() {
	case typeIntN, typeBitN:
		c.Skip(1)
		c.Skip(int(c.U8()))
	case typeNVarChar, typeNChar:
		size := c.L16()
		c.Skip(5) // collation
		if size == 0xffff {
			return true, partial(c)
		}
		if n := c.L16(); n != 0xffff {
			return true, text(c.Take(min(int(n), c.Len())))
		}
		return true, ""
	case typeNText:
		c.Skip(4 + 5) // size, collation
		n := c.L32()
		return true, text(c.Take(int(min(uint64(n), uint64(c.Len()))))) // #nosec G115 -- bounded
	default:
		c.Skip(c.Len() + 1) // fails: its length is not known
	}
	return false, ""
}

// partial reads a value that comes in chunks (MS-TDS 2.2.5.2.3).
func partial(c *wire.Cursor) string {
	c.Skip(8) // length of the whole
	var out []byte
	for len(out) < 2*maxText {
		n := c.L32()
		if n == 0 || !c.OK() {
			break
		}
		out = append(out, c.Take(int(min(uint64(n), uint64(c.Len()))))...) // #nosec G115 -- bounded
	}
	return text(out)
}
