package cotp

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// PDU is one protocol data unit of the transport protocol. Names are those of
// the cotp log of CISA's Zeek package. Specification: ISO 8073, RFC 1006.
type PDU struct {
	record.Conn
	ot.Way
	Code    string `rec:"pdu_code"`           // type in hexadecimal
	Name    string `rec:"pdu_name"`           // type in words
	Calling string `rec:"calling_tsap,extra"` // of a connection request or confirm: who calls, as text or in hexadecimal
	Called  string `rec:"called_tsap,extra"`  // of a connection request or confirm: who is called; for S7 the last byte is rack and slot
}

// Type is the schema of PDU.
var Type = record.Of[PDU]("cotp")

// RecordType returns Type.
func (*PDU) RecordType() *record.Type { return Type }
