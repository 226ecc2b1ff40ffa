package ftp

import (
	"net/netip"

	"longwatch/internal/record"
)

// Record is one command that moves or names a file or opens a data channel,
// with the server's answer. Which commands those are, Zeek decided.
// Specification: RFC 959, RFC 2228, RFC 2428.
type Record struct {
	record.Conn
	User      string             `rec:"user" ecs:"zeek.ftp.user" ent:"user"`     // of the session; <unknown> before USER
	Password  string             `rec:"password" ecs:"zeek.ftp.password"`        // what a guest gave; <hidden> for everybody else
	Command   string             `rec:"command" ecs:"zeek.ftp.command"`          // upper case
	Arg       string             `rec:"arg" ecs:"zeek.ftp.arg"`                  // a URL when the command names a file
	MIMEType  string             `rec:"mime_type" ecs:"zeek.ftp.file.mime_type"` // of the file, by content
	FileSize  record.Opt[uint64] `rec:"file_size" ecs:"zeek.ftp.file.size"`      // that the server announced
	ReplyCode record.Opt[uint64] `rec:"reply_code" ecs:"zeek.ftp.reply.code"`    // last answer to the command
	ReplyMsg  string             `rec:"reply_msg" ecs:"zeek.ftp.reply.msg"`      // its text
	Passive   record.Opt[bool]   `rec:"data_channel.passive"`                    // the client opens the data channel that was arranged
	DataOrigH netip.Addr         `rec:"data_channel.orig_h"`                     // who opens it
	DataRespH netip.Addr         `rec:"data_channel.resp_h"`                     // who waits for it
	DataRespP record.Opt[uint16] `rec:"data_channel.resp_p,port"`                // and where
	FUID      string             `rec:"fuid" ecs:"zeek.ftp.file.uid"`            // the file in files
	Summary   record.Opt[bool]   `rec:"summary,extra"`                           // no command of the session was worth a row: this one stands for all of them
}

// Type is the schema of Record.
var Type = record.Of[Record]("ftp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row.
func (r *Record) BeyondZeek() bool { return r.Summary.V }
