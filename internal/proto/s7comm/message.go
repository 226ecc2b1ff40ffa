package s7comm

import (
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
	"longwatch/internal/wire"
)

// Kinds of message.
const (
	job      = 1
	ack      = 2
	ackData  = 3
	userData = 7
)

var kinds = map[uint8]string{job: "Job-Request", ack: "ACK", ackData: "ACK-Data", userData: "User-Data"}

// Functions that are looked into.
const (
	fnRead            = 0x04
	fnWrite           = 0x05
	fnRequestDownload = 0x1a
	fnDownloadBlock   = 0x1b
	fnDownloadEnded   = 0x1c
	fnStartUpload     = 0x1d
	fnUpload          = 0x1e
	fnEndUpload       = 0x1f
	fnControl         = 0x28
)

// Of user data: how a message with a response is marked, and the function that
// reads a system status list.
const (
	methodRequest  = 0x11
	methodResponse = 0x12
	groupCPU       = 4
	subReadSZL     = 1
)

const maxItems = 32

// message handles one whole message of S7comm.
func (p *parser) message(d proto.Dir, b []byte) {
	c := wire.At(b)
	c.Skip(1)
	m := &Message{Conn: p.c.Head(), Kind: c.U8()}
	m.Way = ot.From(m.Conn, d == proto.Orig)
	c.Skip(2)
	m.Reference = c.L16()
	np, nd := int(c.U16()), int(c.U16())
	kind, known := kinds[m.Kind]
	if !known {
		p.c.Weird("s7comm_unknown_rosctr", strconv.Itoa(int(m.Kind)))
		return
	}
	m.KindName, m.beyond = kind, m.Kind == ack
	if m.Kind == ack || m.Kind == ackData {
		class, code := c.U8(), c.U8()
		m.ErrorClass = name("error", uint16(class), fmt.Sprintf("Unknown error class-0x%02x", class))
		m.ErrorCode = fmt.Sprintf("0x%02x", code)
	}
	param, data := c.Sub(np), c.Sub(nd)
	if !c.OK() {
		p.c.Weird("s7comm_truncated", "")
		return
	}
	p.confirm(false)
	m.Access = ot.Other
	if m.Kind == userData {
		p.userData(m, &param, &data)
		return
	}
	if param.Len() == 0 {
		p.c.Emit(m)
		return
	}
	fn := param.U8()
	op := operation("function", uint16(fn))
	m.Func, m.FuncName, m.Access = fmt.Sprintf("0x%02x", fn), op.name, op.access
	switch {
	case m.Kind == job && (fn == fnRead || fn == fnWrite):
		m.items(&param)
	case m.Kind == job && fn == fnControl:
		param.Skip(7)
		param.Skip(int(param.U16())) // argument
		if s := string(param.Take(int(param.U8()))); param.OK() {
			service := service(s)
			m.Sub, m.SubName, m.Access = s, service.name, service.access
		}
	}
	p.c.Emit(m)
	if fn >= fnRequestDownload && fn <= fnEndUpload && m.Kind != ack {
		p.transfer(m, fn, &param, &data)
	}
}

// Areas of memory.
const (
	areaDB      = 0x84
	areaDI      = 0x85
	areaCounter = 0x1c
	areaTimer   = 0x1d
)

var areas = map[uint8]string{
	0x03: "SI", 0x05: "SF", 0x06: "AI", 0x07: "AQ", 0x80: "P", 0x81: "I", 0x82: "Q", 0x83: "M",
	areaDB: "DB", areaDI: "DI", 0x86: "L", 0x87: "V", areaCounter: "C", areaTimer: "T",
}

// sizes are names of the transport sizes of a request.
var sizes = map[uint8]string{
	1: "BIT", 2: "BYTE", 3: "CHAR", 4: "WORD", 5: "INT", 6: "DWORD", 7: "DINT", 8: "REAL",
	9: "DATE", 10: "TOD", 11: "TIME", 12: "S5TIME", 15: "DATE_AND_TIME", 28: "COUNTER", 29: "TIMER",
}

// syntaxAny is the addressing by area and place.
const syntaxAny = 0x10

// items reads what a request reads or writes.
func (m *Message) items(c *wire.Cursor) {
	for n := c.U8(); n > 0 && len(m.Items) < maxItems && c.Len() > 0; n-- {
		c.Skip(1)
		before := c.Off()
		item := c.Sub(int(c.U8()))
		if c.Off()%2 != before%2 && c.Len() > 0 { // filled to an even length
			if rest := c.Rest(); rest[0] == 0 {
				c.Skip(1)
			}
		}
		syntax := item.U8()
		if !item.OK() {
			return
		}
		if syntax != syntaxAny {
			m.Items = append(m.Items, fmt.Sprintf("syntax 0x%02x %x", syntax, item.Rest()[:min(item.Len(), 32)]))
			continue
		}
		size, count, db, area, at := item.U8(), item.U16(), item.U16(), item.U8(), item.U24()
		if item.OK() {
			m.Items = append(m.Items, place(size, count, db, area, at))
		}
	}
}

// place writes an address as STEP 7 does.
func place(size uint8, count, db uint16, area uint8, at uint32) string {
	what, ok := areas[area]
	if !ok {
		what = fmt.Sprintf("area 0x%02x ", area)
	}
	unit, ok := sizes[size]
	if !ok {
		unit = fmt.Sprintf("size 0x%02x", size)
	}
	switch area {
	case areaCounter, areaTimer:
		return fmt.Sprintf("%s%d %s %d", what, at, unit, count)
	case areaDB, areaDI:
		what = fmt.Sprintf("%s%d.DBX", what, db)
	}
	return fmt.Sprintf("%s%d.%d %s %d", what, at>>3, at&7, unit, count)
}

// fileLen is the length of a block's name as _ttnnnnnF: type, number, file
// system.
const fileLen = 9

// transfer reads a step of an upload or download.
func (p *parser) transfer(m *Message, fn uint8, c, data *wire.Cursor) {
	t := &Transfer{Conn: m.Conn, Way: m.Way, Kind: m.KindName, Reference: m.Reference, FuncName: m.FuncName, Access: ot.Program}
	status := func() {
		if s := c.U8(); c.OK() {
			t.Status = fmt.Sprintf("0x%02x", s)
		}
	}
	session := func() {
		c.Skip(2)
		if s := c.U32(); c.OK() {
			t.Session = record.Some(s)
		}
	}
	switch {
	case m.Kind == job:
		status()
		session()
		if fn != fnUpload && fn != fnEndUpload {
			t.file(string(c.Take(int(c.U8()))))
		}
	case fn == fnStartUpload:
		status()
		session()
		if n, err := strconv.ParseUint(string(c.Take(int(c.U8()))), 10, 32); err == nil {
			t.Length = record.Some(uint32(n))
		}
	case fn == fnUpload:
		status()
		fallthrough
	case fn == fnDownloadBlock:
		if n := data.U16(); data.OK() {
			t.Length = record.Some(uint32(n))
		}
	}
	p.c.Emit(t)
}

func (t *Transfer) file(s string) {
	if s == "" {
		return
	}
	t.File = s
	if len(s) < fileLen {
		return
	}
	t.Block, t.FileSystem = "Unknown", "Unknown"
	if e, ok := table()[[2]string{"block", strings.ToLower(s[1:3])}]; ok {
		t.Block = e.name
	}
	t.Number = s[3:8]
	switch s[8] {
	case 'A':
		t.FileSystem = "Active"
	case 'P':
		t.FileSystem = "Passive"
	}
}

// userData reads the parameters of a message of kind 7.
func (p *parser) userData(m *Message, c, data *wire.Cursor) {
	c.Skip(4) // head and length
	method, fn, sub := c.U8(), c.U8(), c.U8()
	sequence := c.U8() // of a request for the next part of a list: not 0
	if !c.OK() {
		p.c.Weird("s7comm_truncated", "")
		return
	}
	var unit, more uint8
	m.beyond = method == methodRequest && sequence != 0
	if method == methodResponse {
		unit, more = c.U8(), c.U8()
		m.beyond = more != 0
		if code := c.U16(); c.OK() {
			m.ErrorClass, m.ErrorCode = "Parameter Error", fmt.Sprintf("0x%02x", code)
			if code == 0 {
				m.ErrorClass = name("error", 0, "")
			}
		}
	}
	group := fn & 15
	op := operation("group", uint16(group))
	m.Func, m.FuncName, m.Access = fmt.Sprintf("0x%02x", fn), directions(fn)+op.name, op.access
	m.Sub = fmt.Sprintf("0x%02x", sub)
	if e, ok := lookup(fmt.Sprintf("group%d", group), uint16(sub)); ok {
		m.SubName, m.Access = e.name, e.access
	} else if group < 8 && group != 6 {
		m.SubName = "unknown"
	}
	p.c.Emit(m)
	if group == groupCPU && sub == subReadSZL {
		p.readSZL(m, method, unit, more != 0, data)
	}
}

// directions is the high half of a function of user data, in words.
func directions(fn uint8) string {
	switch fn >> 4 {
	case 4:
		return "Request: "
	case 8:
		return "Response: "
	case 0:
		return "Push: "
	}
	return "Unknown: "
}
