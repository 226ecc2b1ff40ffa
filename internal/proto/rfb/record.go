package rfb

import "longwatch/internal/record"

// Session is one remote desktop, with Zeek's names. It is written when the
// server has described the desktop, or when the connection ends.
// Specification: RFC 6143.
type Session struct {
	record.Conn
	ClientMajor string             `rec:"client_major_version"`              // three digits, as on the wire
	ClientMinor string             `rec:"client_minor_version"`              // likewise, its second part
	ServerMajor string             `rec:"server_major_version"`              // version that the server speaks at most
	ServerMinor string             `rec:"server_minor_version"`              // likewise, its second part
	Method      string             `rec:"authentication_method"`             // None, VNC, Apple Remote Desktop ...
	Auth        record.Opt[bool]   `rec:"auth" ecs:"event.outcome"`          // the server let the client in
	Share       record.Opt[bool]   `rec:"share_flag"`                        // others may stay connected
	Desktop     string             `rec:"desktop_name" ent:"host,responder"` // often user and host
	Width       record.Opt[uint64] `rec:"width"`                             // in pixels
	Height      record.Opt[uint64] `rec:"height"`                            // likewise
	Offered     []string           `rec:"offered_methods,extra"`             // that the server offers
	Reason      string             `rec:"reason,extra" ecs:"error.message"`  // why the server refuses
	TLS         bool               `rec:"tls,extra"`                         // what follows is in TLS
}

// Type is the schema of Session.
var Type = record.Of[Session]("rfb")

// RecordType returns Type.
func (*Session) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it waits for the
// client's version.
func (r *Session) BeyondZeek() bool { return r.ClientMajor == "" }
