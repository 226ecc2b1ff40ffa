package imap

import "longwatch/internal/record"

// Record is one session at a mailbox, written when the connection ends. Zeek
// has no such log. Specification: RFC 3501, RFC 9051.
type Record struct {
	record.Conn
	Banner    string           `rec:"banner"`          // what the server says first
	User      string           `rec:"user" ent:"user"` // who logged in; passwords are never kept
	Auth      string           `rec:"auth"`            // LOGIN, or the mechanism of AUTHENTICATE
	Success   record.Opt[bool] `rec:"success"`         // whether the server let the user in; unset when it did not say
	Failures  uint64           `rec:"failures"`        // logins that were refused
	LastReply string           `rec:"last_reply"`      // the server's last word on a login
	Client    string           `rec:"client"`          // what the client says of itself (RFC 2971)
	Mailboxes []string         `rec:"mailboxes,set"`   // that were opened
	Fetched   uint64           `rec:"fetched"`         // whole messages that the server sent: each is a mail record
	Appended  uint64           `rec:"appended"`        // messages that the client stored
	TLS       bool             `rec:"tls"`             // the connection went on in TLS
	Commands  []string         `rec:"commands,set"`    // that the client used
}

// Type is the schema of Record.
var Type = record.Of[Record]("imap")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
