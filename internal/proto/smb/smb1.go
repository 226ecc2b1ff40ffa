package smb

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Commands of SMB1 (MS-CIFS section 2.2.2.1).
const (
	close1        = 0x04
	delete1       = 0x06
	rename1       = 0x07
	transaction1  = 0x25
	readAndX1     = 0x2e
	writeAndX1    = 0x2f
	treeDisc1     = 0x71
	negotiate1    = 0x72
	sessionSetup1 = 0x73
	treeConnect1  = 0x75
	create1       = 0xa2
	noAndX        = 0xff
)

const (
	header1Size = 32
	maxAndX     = 8 // requests chained in one message
	maxDialects = 64
)

// transactPipe is the subcommand TRANS_TRANSACT_NMPIPE.
const transactPipe = 0x26

// smb1State is what only SMB1 needs.
type smb1State struct {
	dialects []string // offered
}

// message1 is one request or answer of SMB1: parameter words and data bytes.
type message1 struct {
	b        []byte // whole message, so that offsets fit
	command  uint8
	status   uint32
	response bool
	unicode  bool
	tree     treeKey
	id       uint64
	words    wire.Cursor
	nWords   int
	data     []byte
	dataAt   int
}

// message1 takes a whole message with its chain of commands.
func (p *parser) message1(d proto.Dir, b []byte) {
	c := wire.At(b)
	c.Skip(4)
	m := message1{b: b, command: c.U8(), status: c.L32()}
	flags, flags2 := c.U8(), c.L16()
	c.Skip(12)
	m.tree.id = uint32(c.L16())
	pid := c.L16()
	c.Skip(2)
	m.id = uint64(pid)<<16 | uint64(c.L16())
	if !c.OK() {
		p.c.Weird("smb1_bad_header", "")
		return
	}
	m.response, m.unicode = flags&0x80 != 0, flags2&0x8000 != 0
	p.session.Plain++
	if flags2&4 != 0 {
		p.session.Signed++
	}
	at := header1Size
	for range maxAndX {
		next, nextAt, ok := m.block(at)
		if !ok {
			if m.status == statusOK || !m.response {
				p.c.Weird("smb1_truncated", "")
			}
			return
		}
		if m.response {
			p.response1(d, &m)
		} else {
			p.request1(d, &m)
		}
		if next == noAndX || nextAt <= at {
			return
		}
		m.command, at = next, nextAt
	}
}

// block reads the words and bytes at an offset, and what is chained to them.
func (m *message1) block(at int) (next uint8, nextAt int, ok bool) {
	c := wire.At(m.b)
	c.Seek(at)
	m.nWords = int(c.U8())
	m.words = c.Sub(2 * m.nWords)
	size := int(c.L16())
	m.dataAt = c.Off()
	if !c.OK() {
		return noAndX, 0, false
	}
	m.data = c.Rest()
	if size < len(m.data) && m.command != readAndX1 && m.command != writeAndX1 {
		m.data = m.data[:size] // reads and writes may be longer than 16 bits
	}
	switch m.command {
	case sessionSetup1, treeConnect1, create1, readAndX1, writeAndX1:
		if m.nWords < 2 {
			return noAndX, 0, true
		}
		x := m.words
		next = x.U8()
		x.Skip(1)
		return next, int(x.L16()), true
	}
	return noAndX, 0, true
}

// word returns a cursor at byte off of the parameter words.
func (m *message1) word(off int) wire.Cursor {
	c := m.words
	c.Skip(off)
	return c
}

func (m *message1) at(off, n int) []byte {
	if off < 0 || n < 0 || off > len(m.b) || n > len(m.b)-off {
		return nil
	}
	return m.b[off : off+n]
}

// text reads a string up to its NUL from the data at *at, aligned when it is
// UTF-16.
func (m *message1) text(at *int, unicode bool) string {
	if !unicode {
		b := m.data[min(*at, len(m.data)):]
		n := bytes.IndexByte(b, 0)
		if n < 0 {
			n = len(b)
		}
		*at += n + 1
		return string(b[:n])
	}
	*at += (m.dataAt + *at) & 1
	b := m.data[min(*at, len(m.data)):]
	n := 0
	for n+1 < len(b) && (b[n] != 0 || b[n+1] != 0) {
		n += 2
	}
	*at += n + 2
	return wire.UTF16(b[:n])
}

func id1(fid uint16) (id fileID) {
	id[0], id[1], id[2] = byte(fid), byte(fid>>8), 1
	return id
}

func lowerTail(name string) string {
	return strings.ToLower(name[strings.LastIndexByte(name, '\\')+1:])
}

func (p *parser) request1(d proto.Dir, m *message1) {
	r := request{id: m.id, command: uint16(m.command), head: p.c.Head(), tree: p.treeOf(m.tree)}
	switch m.command {
	case negotiate1:
		p.smb1.dialects = dialects1(m.data)
	case sessionSetup1:
		if m.nWords == 12 {
			c := m.word(14)
			p.token(d, m.data[:min(int(c.L16()), len(m.data))])
		}
	case treeConnect1:
		c := m.word(6)
		at := int(c.L16())
		r.name = m.text(&at, m.unicode)
	case treeDisc1:
		p.disconnect(m.tree)
		return
	case create1:
		at := 0
		r.name = m.text(&at, m.unicode)
		p.guessPipe(r.tree, r.name)
	case close1:
		c := m.word(0)
		if f := p.fileOf(id1(c.L16())); f != nil {
			p.close(f)
		}
		return
	case delete1, rename1:
		p.pathRequest(m, &r)
		return
	case readAndX1:
		c := m.word(4)
		r.file = p.handle(id1(c.L16()), r.tree)
		r.offset = uint64(c.L32())
		if m.nWords >= 12 {
			c = m.word(20)
			r.offset |= uint64(c.L32()) << 32
		}
	case writeAndX1:
		p.writeRequest1(d, m, r.tree)
	case transaction1:
		c := m.word(22)
		size, at := int(c.L16()), int(c.L16())
		c.Skip(2)
		if c.L16() != transactPipe {
			return
		}
		r.file = p.handle(id1(c.L16()), r.tree)
		r.file.pipe = true
		p.rpc(r.file, proto.Orig, m.at(at, size))
	default:
		return
	}
	p.pend(r)
}

// writeRequest1 reads MS-SMB section 2.2.4.3.1.
func (p *parser) writeRequest1(d proto.Dir, m *message1, t *tree) {
	c := m.word(4)
	f := p.handle(id1(c.L16()), t)
	off := uint64(c.L32())
	c.Skip(8)
	size := int(c.L16())<<16 | int(c.L16())
	at := int(c.L16())
	if m.nWords >= 14 {
		off |= uint64(c.L32()) << 32
	}
	b := m.at(at, size)
	f.guessRPC(off, b)
	p.data(f, proto.Orig, d, off, b)
}

// pathRequest is a deletion or renaming by name (MS-CIFS sections 2.2.4.7 and
// 2.2.4.8); the names follow a byte that says "string".
func (p *parser) pathRequest(m *message1, r *request) {
	at := 1
	f := &file{tree: r.tree, head: r.head, name: m.text(&at, m.unicode)}
	if m.command == delete1 {
		p.tell(f, "FILE_DELETE", f.name, "")
		return
	}
	at++
	p.tell(f, "FILE_RENAME", m.text(&at, m.unicode), f.name)
}

// dialects1 reads the dialects of a negotiation, each behind a byte 2.
func dialects1(b []byte) (out []string) {
	for len(b) > 0 && b[0] == 2 && len(out) < maxDialects {
		name, rest, _ := bytes.Cut(b[1:], []byte{0})
		out, b = append(out, string(name)), rest
	}
	return out
}

func (p *parser) response1(d proto.Dir, m *message1) {
	r, ok := p.answered(m.id, uint16(m.command))
	switch m.command {
	case negotiate1:
		p.negotiateAnswer1(d, m)
	case sessionSetup1:
		if m.nWords >= 3 {
			if c := m.word(4); c.L16()&1 != 0 {
				p.session.Guest = true
			}
		}
		if m.nWords == 4 {
			c := m.word(6)
			p.token(d, m.data[:min(int(c.L16()), len(m.data))])
		}
		p.result(m.status)
	case treeConnect1:
		if m.status == statusOK && m.nWords >= 2 {
			p.treeAnswer1(m, &r)
		}
	case create1:
		if ok && m.status == statusOK && m.nWords >= 34 {
			p.createAnswer1(m, &r)
		}
	case readAndX1:
		if ok && r.file != nil && m.nWords >= 12 {
			c := m.word(10)
			size, at := int(c.L16()), int(c.L16())
			size |= int(c.L16()) << 16
			b := m.at(at, size)
			r.file.guessRPC(r.offset, b)
			p.data(r.file, proto.Resp, d, r.offset, b)
		}
	case transaction1:
		if ok && r.file != nil && m.nWords >= 10 {
			c := m.word(12)
			size, at := int(c.L16()), int(c.L16())
			p.rpc(r.file, proto.Resp, m.at(at, size))
		}
	}
}

// negotiateAnswer1 reads MS-SMB section 2.2.4.5.2.
func (p *parser) negotiateAnswer1(d proto.Dir, m *message1) {
	c := m.word(0)
	i := int(c.L16())
	if i < len(p.smb1.dialects) {
		p.session.Dialect = p.smb1.dialects[i]
	}
	if m.nWords != 17 {
		return
	}
	mode := c.U8()
	p.session.SigningRequired = record.Some(mode&8 != 0)
	c = m.word(19)
	const extendedSecurity = 0x80000000
	if c.L32()&extendedSecurity != 0 && len(m.data) > 16 {
		p.token(d, m.data[16:])
	}
}

// treeAnswer1 reads MS-CIFS section 2.2.4.55.2.
func (p *parser) treeAnswer1(m *message1, r *request) {
	at := 0
	t := &tree{key: m.tree, path: r.name, shareType: shareDisk}
	t.service = m.text(&at, false)
	if at < len(m.data) {
		t.fs = m.text(&at, m.unicode)
	}
	switch {
	case t.service == "IPC":
		t.shareType = sharePipe
	case strings.HasPrefix(t.service, "LPT"):
		t.shareType = sharePrint
	}
	p.connect(t)
	head := r.head
	if head.UID == "" {
		head = p.c.Head()
	}
	p.c.Emit(&Mapping{Conn: head, Path: t.path, Service: t.service, NativeFS: t.fs, ShareType: t.shareType})
}

// createAnswer1 reads MS-CIFS section 2.2.4.64.2.
func (p *parser) createAnswer1(m *message1, r *request) {
	c := m.word(5)
	f := &file{id: id1(c.L16()), tree: r.tree, head: r.head, name: r.name, pipe: r.tree.shareType == sharePipe}
	c.Skip(4)
	f.times = times(&c)
	c.Skip(12)
	f.size = c.L64()
	if !c.OK() {
		return
	}
	p.open(f)
	p.tell(f, "FILE_OPEN", f.name, "") // of pipes too, as in Zeek
}
