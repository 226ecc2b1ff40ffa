package postgresql

import "longwatch/internal/record"

// Exchange is something the client sent and what the server said to it, with
// Zeek's names. Specification: PostgreSQL, Frontend/Backend Protocol.
type Exchange struct {
	record.Conn
	User        string             `rec:"user" ecs:"user.name" ent:"user"`     // of the startup message
	Database    string             `rec:"database"`                            // likewise
	Application string             `rec:"application_name" ecs:"process.name"` // what the client calls itself
	Frontend    string             `rec:"frontend" ecs:"event.action"`         // ssl_request, startup, simple_query, terminate; of ours: gss_request, cancel, parse, bind
	FrontendArg record.Opt[string] `rec:"frontend_arg"`                        // the statement
	Backend     string             `rec:"backend"`                             // ssl_reply, auth_request, auth_ok, error
	BackendArg  record.Opt[string] `rec:"backend_arg"`                         // S or N; the methods of authentication; the fields of an error or a notice
	Success     record.Opt[bool]   `rec:"success" ecs:"event.outcome"`         // the server did what was asked
	Rows        record.Opt[uint64] `rec:"rows"`                                // that the server sent
	Server      string             `rec:"version,extra"`                       // of the server, on the row of the login
	Beyond      bool               `rec:"-"`                                   // Zeek would not write it
}

// Type is the schema of Exchange.
var Type = record.Of[Exchange]("postgresql")

// RecordType returns Type.
func (*Exchange) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: of the extended query
// protocol it sees rows and errors only, and nothing of GSSAPI encryption and of
// cancel requests.
func (r *Exchange) BeyondZeek() bool { return r.Beyond }
