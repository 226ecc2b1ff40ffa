package smb

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// shareRoot is how Zeek writes the opening of a share itself.
const shareRoot = "<share_root>"

// Information classes of SET_INFO (MS-FSCC section 2.4).
const (
	infoFile          = 1
	classRename       = 10
	classDisposition  = 13
	classDisposition2 = 64
	classRename2      = 65
)

// request2 takes a request.
func (p *parser) request2(d proto.Dir, m *message) {
	r := request{id: m.id, command: m.command, head: p.c.Head()}
	c := m.body()
	switch m.command {
	case sessionSetup2:
		c.Skip(12)
		p.token(d, m.at(int(c.L16()), int(c.L16())))
	case treeConnect2:
		c.Skip(4)
		r.name = wire.UTF16(m.at(int(c.L16()), int(c.L16())))
	case treeDisc2:
		p.disconnect(m.tree)
		return
	case create2:
		p.createRequest(m, &r)
	case close2:
		c.Skip(8)
		if f := p.fileOf(takeID(&c)); f != nil {
			p.close(f)
		}
		return
	case read2:
		c.Skip(8)
		r.offset = c.L64()
		r.file = p.handle(takeID(&c), p.treeOf(m.tree))
	case write2:
		w := writeRequest(m)
		f, b := p.handle(w.id, p.treeOf(m.tree)), m.at(w.at, w.size)
		f.guessRPC(w.offset, b)
		p.data(f, proto.Orig, d, w.offset, b)
	case ioctl2:
		if !p.ioctlRequest(d, m, &r) {
			return
		}
	case setInfo2:
		p.setInfo(m)
		return
	case negotiate2:
	default:
		return
	}
	p.pend(r)
}

func takeID(c *wire.Cursor) (id fileID) {
	copy(id[:], c.Take(16))
	return id
}

// createRequest reads section 2.2.13.
func (p *parser) createRequest(m *message, r *request) {
	c := m.body()
	c.Skip(40)
	r.options = c.L32()
	r.name = wire.UTF16(m.at(int(c.L16()), int(c.L16())))
	if r.name == "" {
		r.name = shareRoot
	}
	r.tree = p.treeOf(m.tree)
	p.guessPipe(r.tree, r.name)
}

// ioctlRequest reads section 2.2.31; only calls on pipes matter.
func (p *parser) ioctlRequest(d proto.Dir, m *message, r *request) bool {
	c := m.body()
	c.Skip(4)
	if c.L32() != pipeTransceive {
		return false
	}
	r.file = p.handle(takeID(&c), p.treeOf(m.tree))
	r.file.pipe = true
	p.rpc(r.file, proto.Orig, m.at(int(c.L32()), int(c.L32())))
	return true
}

// setInfo reads renames and deletions out of section 2.2.39.
func (p *parser) setInfo(m *message) {
	c := m.body()
	c.Skip(2)
	kind, class, size := c.U8(), c.U8(), int(c.L32())
	at := int(c.L16())
	c.Skip(6)
	id := takeID(&c)
	if kind != infoFile || !c.OK() {
		return
	}
	f := p.target(m, id)
	if f == nil {
		return
	}
	b := wire.At(m.at(at, size))
	switch class {
	case classRename, classRename2:
		b.Skip(16)
		name := b.Take(int(b.L32()))
		if b.OK() {
			prev := f.name
			f.name = wire.UTF16(name)
			p.tell(f, "FILE_RENAME", f.name, prev)
		}
	case classDisposition, classDisposition2:
		if b.U8()&1 != 0 {
			p.tell(f, "FILE_DELETE", f.name, "")
		}
	}
}

// target finds the file of a request. In a compound it may be the one that the
// same compound creates, whose handle is not known yet.
func (p *parser) target(m *message, id fileID) *file {
	if f := p.fileOf(id); f != nil {
		return f
	}
	if m.flags&flagRelated == 0 || len(p.pending) == 0 {
		return nil
	}
	r := p.pending[len(p.pending)-1]
	if r.command != create2 {
		return nil
	}
	return &file{tree: r.tree, head: r.head, name: r.name, related: true}
}

// response2 takes an answer.
func (p *parser) response2(d proto.Dir, m *message) {
	if m.status == statusPending && m.flags&flagAsync != 0 {
		return
	}
	if m.command == negotiate2 { // it may answer the negotiation of SMB1
		p.negotiateAnswer(d, m)
	}
	r, ok := p.answered(m.id, m.command)
	c := m.body()
	switch m.command {
	case sessionSetup2:
		p.sessionAnswer(d, m)
	case treeConnect2:
		if m.status == statusOK {
			p.treeAnswer(m, &r, ok)
		}
	case create2:
		if ok && m.status == statusOK {
			p.createAnswer(m, &r)
		}
	case read2:
		if ok && r.file != nil && (m.status == statusOK || m.status == statusBufferOverflow) {
			at, size := readAnswer(m)
			b := m.at(at, size)
			r.file.guessRPC(r.offset, b)
			p.data(r.file, proto.Resp, d, r.offset, b)
		}
	case ioctl2:
		if ok && (m.status == statusOK || m.status == statusBufferOverflow) {
			c.Skip(32)
			p.rpc(r.file, proto.Resp, m.at(int(c.L32()), int(c.L32())))
		}
	}
}

// negotiateAnswer reads section 2.2.4.
func (p *parser) negotiateAnswer(d proto.Dir, m *message) {
	c := m.body()
	c.Skip(2)
	mode, dialect := c.L16(), c.L16()
	if m.status != statusOK || !c.OK() {
		return
	}
	p.session.Dialect = dialect2(dialect)
	p.session.SigningRequired = record.Some(mode&2 != 0)
	c.Skip(50)
	p.token(d, m.at(int(c.L16()), int(c.L16())))
}

// sessionAnswer reads section 2.2.6.
func (p *parser) sessionAnswer(d proto.Dir, m *message) {
	c := m.body()
	c.Skip(2)
	if flags := c.L16(); m.status == statusOK && flags&3 != 0 {
		p.session.Guest = true
	}
	p.token(d, m.at(int(c.L16()), int(c.L16())))
	p.result(m.status)
}

// treeAnswer reads section 2.2.10.
func (p *parser) treeAnswer(m *message, r *request, asked bool) {
	c := m.body()
	c.Skip(2)
	t := &tree{key: m.tree, path: r.name}
	switch c.U8() {
	case 1:
		t.shareType = shareDisk
	case 2:
		t.shareType = sharePipe
	case 3:
		t.shareType = sharePrint
	default:
		return
	}
	p.connect(t)
	head := r.head
	if !asked {
		head = p.c.Head()
	}
	p.c.Emit(&Mapping{Conn: head, Path: t.path, ShareType: t.shareType})
}

// createAnswer reads section 2.2.14.
func (p *parser) createAnswer(m *message, r *request) {
	c := m.body()
	c.Skip(8)
	f := &file{tree: r.tree, head: r.head, name: r.name, pipe: r.tree.shareType == sharePipe}
	f.times = times(&c)
	c.Skip(8)
	f.size = c.L64()
	c.Skip(8)
	f.id = takeID(&c)
	if !c.OK() {
		return
	}
	p.open(f)
	switch f.shareType() {
	case sharePipe:
		return
	case sharePrint:
		p.tell(f, "PRINT_OPEN", f.name, "")
	default:
		p.tell(f, "FILE_OPEN", f.name, "")
	}
	if r.options&deleteOnClose != 0 {
		p.tell(f, "FILE_DELETE", f.name, "")
	}
}

// guessPipe takes a share whose connecting was not seen for that of pipes when
// a name says so.
func (p *parser) guessPipe(t *tree, name string) {
	if t.shareType != "" {
		return
	}
	if pipeNames[lowerTail(name)] {
		t.shareType = sharePipe
	}
}

// pipeNames are the pipes of Windows services (MS-* sections "Transport").
var pipeNames = map[string]bool{
	"atsvc": true, "browser": true, "efsrpc": true, "epmapper": true, "eventlog": true, "initshutdown": true,
	"lsarpc": true, "lsass": true, "msftewds": true, "netdfs": true, "netlogon": true, "ntsvcs": true,
	"samr": true, "spoolss": true, "srvsvc": true, "svcctl": true, "winreg": true, "wkssvc": true,
}
