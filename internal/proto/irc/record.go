package irc

import "longwatch/internal/record"

// Record is one command of a client that says who it is, joins a channel or
// offers a file. Specification: RFC 2812.
type Record struct {
	record.Conn
	Nick        string             `rec:"nick" ecs:"zeek.irc.nick" ent:"user"`                   // before the command
	User        string             `rec:"user" ecs:"zeek.irc.user" ent:"user"`                   // before the command
	Command     string             `rec:"command" ecs:"zeek.irc.command"`                        // NICK, USER, JOIN or DCC
	Value       string             `rec:"value" ecs:"zeek.irc.value"`                            // nickname, user name or channel
	Addl        string             `rec:"addl" ecs:"zeek.irc.addl"`                              // host, server and real name of USER; that a channel has a key
	DCCFileName string             `rec:"dcc_file_name" ecs:"zeek.irc.dcc.file.name" ent:"file"` // name of the file that is offered
	DCCFileSize record.Opt[uint64] `rec:"dcc_file_size" ecs:"zeek.irc.dcc.file.size"`            // its size, as the sender says
	DCCMIMEType string             `rec:"dcc_mime_type" ecs:"zeek.irc.dcc.mime_type"`            // of the file, by content
	FUID        string             `rec:"fuid" ecs:"zeek.irc.fuid"`                              // the file in files
	Offer       record.Opt[bool]   `rec:"offer,extra"`                                           // a file was offered; whether it was sent is not known
}

// Type is the schema of Record.
var Type = record.Of[Record]("irc")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row.
func (r *Record) BeyondZeek() bool { return r.Offer.V }
