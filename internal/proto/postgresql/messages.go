package postgresql

import (
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// frontend reads a message of the client.
func (p *parser) frontend(kind byte, b []byte) {
	switch kind {
	case 'X':
		p.emit()
		p.open().Frontend = "terminate"
		p.emit()
	case 'Q':
		p.emit()
		query, _ := terminated(b)
		r := p.open()
		r.Frontend, r.FrontendArg = "simple_query", record.Some(query)
		p.counting, p.rows = true, 0
		p.c.Confirm()
	case 'P': // the name of the statement, the statement
		_, rest := terminated(b)
		query, _ := terminated(rest)
		if query == "" {
			return
		}
		p.emit()
		r := p.open()
		r.Frontend, r.FrontendArg, r.Beyond = "parse", record.Some(query), true
		p.counting, p.rows = true, 0
	case 'B': // the name of the portal, the name of the statement
		if p.rec != nil {
			return // of the statement that was parsed just now
		}
		_, rest := terminated(b)
		statement, _ := terminated(rest)
		r := p.open()
		r.Frontend, r.FrontendArg, r.Beyond = "bind", record.Some(statement), true
		p.counting, p.rows = true, 0
	}
}

// backend reads a message of the server.
func (p *parser) backend(kind byte, b []byte) {
	c := wire.At(b)
	switch kind {
	case 'R':
		p.authentication(c.U32())
	case 'S':
		if name, rest := terminated(b); name == "server_version" {
			p.version, _ = terminated(rest)
		}
	case 'E':
		r := p.open()
		r.Beyond = p.c.Partial
		r.Backend = join(r.Backend, "error")
		r.BackendArg = record.Some(join(r.BackendArg.V, fields(b)))
		r.Success = record.Some(false)
		p.emit()
	case 'N':
		if text := fields(b); text != "" {
			r := p.open()
			r.BackendArg = record.Some(join(r.BackendArg.V, text))
		}
	case 'D':
		if !p.counting {
			p.counting, p.rows = true, 0
		}
		p.open().Beyond = p.c.Partial
		p.rows++
	case 'Z':
		p.ready(c.U8())
	}
}

// authentication reads what the server wants of the client.
func (p *parser) authentication(code uint32) {
	p.c.Confirm()
	r := p.open()
	if code == 0 {
		r.Backend, r.Success = "auth_ok", record.Some(true)
		return
	}
	if r.Backend != "" && !strings.HasSuffix(r.Backend, "auth") {
		r.Backend += ",auth_request"
	} else {
		r.Backend = "auth_request"
	}
	r.BackendArg = record.Some(join(r.BackendArg.V, methodName(code)))
	r.BackendArg.V = r.BackendArg.V[:min(len(r.BackendArg.V), maxArg)]
	r.Backend = r.Backend[:min(len(r.Backend), maxArg)]
}

// ready ends a query: status is I when idle, T within a transaction, E within
// one that failed.
func (p *parser) ready(status byte) {
	r := p.rec
	if r == nil {
		return
	}
	if !r.Success.Set {
		r.Success = record.Some(status == 'I' || status == 'T')
	}
	if p.counting {
		r.Rows = record.Some(p.rows)
		p.counting = false
	}
	if r.Frontend == "startup" {
		r.Server = p.version
	}
	p.emit()
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "," + b
}

func methodName(code uint32) string {
	switch code {
	case 2:
		return "KerberosV5"
	case 3:
		return "CleartextPassword"
	case 5:
		return "MD5Password"
	case 7:
		return "GSSAPI"
	case 8:
		return "GSSAPIContinue"
	case 9:
		return "SSPI"
	case 10:
		return "SASL"
	case 11:
		return "SASLContinue"
	case 12:
		return "SASLFinal"
	}
	return "UnknownAuthId" + strconv.FormatUint(uint64(code), 10)
}

// fieldNames are the fields of errors and notices, as Zeek names them.
var fieldNames = map[byte]string{
	'S': "SeverityLocalized", 'V': "Severity", 'C': "Code", 'M': "Message", 'D': "Detail", 'H': "Hint", 'P': "Position",
	'p': "InternalPosition", 'q': "InternalQuery", 'W': "Where", 's': "Schema", 't': "Table", 'c': "Column", 'd': "Data",
	'n': "Constraint", 'F': "File", 'L': "Line", 'R': "Routine",
}

// maxFields bounds the fields of an error that are written.
const maxFields = 32

// fields is an error or a notice as text: Severity=ERROR,Code=42P01,...
func fields(b []byte) string {
	var out strings.Builder
	for range maxFields {
		if len(b) < 2 || b[0] == 0 {
			break
		}
		name := fieldNames[b[0]]
		if name == "" {
			name = "UnknownErrorId" + string(rune(b[0]))
		}
		var value string
		value, b = terminated(b[1:])
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.WriteString(name + "=" + value)
	}
	return out.String()[:min(out.Len(), maxArg)]
}
