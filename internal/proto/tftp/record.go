package tftp

import "longwatch/internal/record"

// Record is one file that was asked for or sent, written when the transfer
// ends. Zeek has no such log of its own; names are those of its TFTP package.
// Specification: RFC 1350, RFC 2347.
type Record struct {
	record.Conn                    // of the request
	WRQ         bool               `rec:"wrq"`                                      // the client writes; otherwise it reads
	Filename    string             `rec:"fname" ent:"file"`                         // as the client names it
	Mode        string             `rec:"mode"`                                     // octet, netascii or mail, lower case
	UIDData     string             `rec:"uid_data"`                                 // connection that carried the data, when it was another one
	Size        uint64             `rec:"size"`                                     // bytes that came
	BlockSent   uint64             `rec:"block_sent"`                               // number of the last block of data
	BlockAcked  uint64             `rec:"block_acked"`                              // number of the last block that was acknowledged
	Complete    bool               `rec:"complete"`                                 // the last block came
	ErrorCode   record.Opt[uint16] `rec:"error_code"`                               // RFC 1350 section 5
	ErrorMsg    string             `rec:"error_msg"`                                // its text
	TotalBytes  record.Opt[uint64] `rec:"total_bytes"`                              // size that one side announced (RFC 2349)
	MIMEType    string             `rec:"mime_type" ecs:"file.mime_type"`           // by content
	SHA256      string             `rec:"sha256" ecs:"file.hash.sha256" ent:"hash"` // of a complete file
	Traits      []string           `rec:"traits,set"`                               // what the content is, beyond its type
}

// Type is the schema of Record.
var Type = record.Of[Record]("tftp")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that stock Zeek has no log of this kind.
func (*Record) BeyondZeek() bool { return true }
