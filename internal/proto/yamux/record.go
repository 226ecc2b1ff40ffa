package yamux

import "longwatch/internal/record"

// Session is one connection that carries many streams, written when it ends.
// Zeek knows no yamux. Specification: github.com/hashicorp/yamux, spec.md.
type Session struct {
	record.Conn
	Streams     uint64 `rec:"streams"`      // that the originator opened
	RespStreams uint64 `rec:"resp_streams"` // that the responder opened
	Pings       uint64 `rec:"pings"`        // asked, by either side
	OrigBytes   uint64 `rec:"orig_bytes"`   // that the originator sent in streams
	RespBytes   uint64 `rec:"resp_bytes"`   // that the responder sent in streams
	Unread      uint64 `rec:"unread"`       // streams that were counted and not looked into
}

// Type is the schema of Session.
var Type = record.Of[Session]("yamux")

// RecordType returns Type.
func (*Session) RecordType() *record.Type { return Type }

// BeyondZeek keeps the record out of Zeek's formats.
func (*Session) BeyondZeek() bool { return true }
