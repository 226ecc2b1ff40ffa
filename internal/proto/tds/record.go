package tds

import "longwatch/internal/record"

// Session sums up how a client logged in to a server. It is written when the
// server has answered the login, when TLS hides it, or when the connection
// ends. Specification: MS-TDS, section 2.2.6.4.
type Session struct {
	record.Conn
	Version       string            `rec:"version"`                                               // of TDS, as the client asks for it: 7.4
	Encryption    string            `rec:"encryption,enum"`                                       // as the server decides: off, on, not supported, required, strict
	Client        string            `rec:"client_version"`                                        // of the client's library, by its prelogin
	ServerVersion string            `rec:"server_version" ecs:"service.version"`                  // by its prelogin: 15.0.2000
	Host          string            `rec:"client_host" ecs:"source.domain" ent:"host,originator"` // as the client names itself
	User          string            `rec:"user" ecs:"user.name" ent:"user"`                       // empty when Windows vouches for the user
	Integrated    record.Opt[bool]  `rec:"integrated"`                                            // Windows vouches for the user (SSPI)
	Application   string            `rec:"application" ecs:"process.name"`                        // as the client names it
	Server        string            `rec:"server" ecs:"destination.domain"`                       // as the client calls it
	Library       string            `rec:"library"`                                               // that the client uses
	Database      string            `rec:"database"`                                              // that the client asks for
	Success       record.Opt[bool]  `rec:"success" ecs:"event.outcome"`                           // of the login; unset when it was not seen
	Program       string            `rec:"server_program"`                                        // as the server names itself
	Error         record.Opt[int32] `rec:"error" ecs:"error.code"`                                // number of the first error before the login is done
	Message       string            `rec:"message" ecs:"error.message"`                           // its text
	Instance      string            `rec:"instance"`                                              // of the server, that the client asks for
}

// SessionType is the schema of Session.
var SessionType = record.Of[Session]("tds_login")

// RecordType returns SessionType.
func (*Session) RecordType() *record.Type { return SessionType }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Session) BeyondZeek() bool { return true }

// Request is something the client had done: a batch of SQL, a procedure
// called. Specification: MS-TDS.
type Request struct {
	record.Conn
	Kind      string             `rec:"kind,enum"`                       // batch, rpc, bulk, attention
	User      string             `rec:"user" ecs:"user.name" ent:"user"` // who logged in
	Procedure string             `rec:"procedure" ecs:"event.action"`    // that is called
	Text      string             `rec:"text"`                            // of the statement, cut at 4096 characters
	Success   record.Opt[bool]   `rec:"success" ecs:"event.outcome"`     // unset when the answer was not seen
	Rows      record.Opt[uint64] `rec:"rows"`                            // as the server counts them at the end
	Error     record.Opt[int32]  `rec:"error" ecs:"error.code"`          // number of the first error
	Message   string             `rec:"message" ecs:"error.message"`     // its text
}

// RequestType is the schema of Request.
var RequestType = record.Of[Request]("tds")

// RecordType returns RequestType.
func (*Request) RecordType() *record.Type { return RequestType }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Request) BeyondZeek() bool { return true }
