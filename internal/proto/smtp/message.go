package smtp

import (
	"longwatch/internal/proto"
	"longwatch/internal/wirefile"
	"longwatch/internal/wiremail"
)

// begin starts a message.
func (p *parser) begin(st state) {
	if p.message != nil {
		p.c.Weird("smtp_nested_mail_transaction", "")
		p.message.Close()
	}
	p.state = st
	p.message = wiremail.New(p.c, "SMTP", proto.Orig, watcher{&p.log})
}

// end finishes the message, if there is one.
func (p *parser) end() {
	p.chunkClose()
	if p.message != nil {
		p.message.Close()
		p.message = nil
	}
}

// watcher puts what a message holds into the session's row.
type watcher struct{ s *session }

// Begin implements wiremail.Watcher.
func (w watcher) Begin() { w.s.begin() }

// Header implements wiremail.Watcher.
func (w watcher) Header(name, value string) { w.s.header(name, value) }

// File implements wiremail.Watcher.
func (w watcher) File(f *wirefile.File) {
	f.SetDepth(w.s.entities)
	w.s.file(f.FUID())
}
