// Package ftpdata follows the data connections that a control connection of FTP
// arranged (RFC 959 section 3.2): each direction that carries bytes is a file,
// of which it makes a files record. It has no probe: what goes over a data
// connection can be anything.
package ftpdata

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/wirefile"
)

// Protocol is FTP's data connection. Its name is Zeek's for the service.
var Protocol = proto.Spec{
	Name:      "ftp-data",
	Transport: proto.TCP,
	New: func(c *proto.Conn) proto.Parser {
		p := &parser{c: c}
		p.session, _ = c.Arranged.(session)
		if c.Engine != nil { // nil when a page of documentation is made
			c.Confirm()
		}
		return p
	},
	Emits: []*record.Type{network.FileType},
}

// session is told of the file, for the command that moves it.
type session interface {
	File(fuid string)
	MIME(mime string)
}

// sniffLen is after how many bytes the type of a file is told.
const sniffLen = 4 << 10

type parser struct {
	c       *proto.Conn
	session session // nil when the connection was reached in another way
	files   [2]*wirefile.File
	told    [2]bool
}

// Held implements proto.Holder.
func (p *parser) Held() int { return p.files[0].Held() + p.files[1].Held() }

func (p *parser) file(d proto.Dir) *wirefile.File {
	if p.files[d] == nil {
		p.files[d] = wirefile.New(p.c, "FTP_DATA", d)
		if p.session != nil {
			p.session.File(p.files[d].FUID())
		}
	}
	return p.files[d]
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	f := p.file(d)
	f.Write(b)
	if f.Seen() >= sniffLen {
		p.tell(d)
	}
	return proto.Step{Used: len(b)}, nil
}

// tell gives the type of the file to the session, once.
func (p *parser) tell(d proto.Dir) {
	if f := p.files[d]; f != nil && !p.told[d] && p.session != nil {
		p.told[d] = true
		if mime := f.MIME(); mime != "" {
			p.session.MIME(mime)
		}
	}
}

// Gap implements proto.Parser.
func (p *parser) Gap(d proto.Dir, n int) error {
	p.file(d).Gap(uint64(n))
	return nil
}

// End implements proto.Ender: the sender has closed, the file is whole.
func (p *parser) End(d proto.Dir) {
	p.tell(d)
	if f := p.files[d]; f != nil {
		f.Close()
	}
}

// Close implements proto.Parser.
func (p *parser) Close() {
	p.End(proto.Orig)
	p.End(proto.Resp)
}
