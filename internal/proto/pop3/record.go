package pop3

import "longwatch/internal/record"

// Record is one session at a mailbox, written when the connection ends. Zeek
// has no such log. Specification: RFC 1939, RFC 2449.
type Record struct {
	record.Conn
	Banner    string           `rec:"banner"`          // what the server says first
	User      string           `rec:"user" ent:"user"` // whose mailbox; passwords are never kept
	Auth      string           `rec:"auth"`            // USER, APOP, or the mechanism of AUTH
	Success   record.Opt[bool] `rec:"success"`         // whether the server let the user in; unset when it did not say
	Failures  uint64           `rec:"failures"`        // logins that were refused
	LastReply string           `rec:"last_reply"`      // the server's last word on a login
	Listed    record.Opt[bool] `rec:"listed"`          // the client asked what there is
	Retrieved uint64           `rec:"retrieved"`       // messages fetched: each is a mail record
	Deleted   uint64           `rec:"deleted"`         // messages marked for deletion
	TLS       bool             `rec:"tls"`             // the connection went on in TLS
	Commands  []string         `rec:"commands,set"`    // that the client used
}

// Type is the schema of Record.
var Type = record.Of[Record]("pop3")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
