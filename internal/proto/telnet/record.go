package telnet

import "longwatch/internal/record"

// Record is one Telnet connection, written when it ends. Zeek has no such log.
// Specification: RFC 854, RFC 855, RFC 1572.
type Record struct {
	record.Conn
	Banner   string           `rec:"banner"`          // last line that the server said before it asked who is there
	User     string           `rec:"user" ent:"user"` // last name that was given; passwords are never kept
	Success  record.Opt[bool] `rec:"success"`         // inferred from what the server said after the password; unset when unclear
	Attempts uint64           `rec:"attempts"`        // passwords given
	Failures uint64           `rec:"failures"`        // that the server refused
	Terminal string           `rec:"terminal"`        // type of the client's terminal (RFC 1091)
	Prompt   string           `rec:"prompt"`          // what the server asked with after the login
	Encrypt  bool             `rec:"encrypted"`       // encryption was switched on (RFC 2946)
}

// Type is the schema of Record.
var Type = record.Of[Record]("telnet")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
