package mms

import "longwatch/internal/record"

// Message is one service of MMS: a request with its outcome, or something that
// a device reports unasked. Specification: ISO 9506, IEC 61850-8-1.
type Message struct {
	record.Conn
	IsOrig  bool               `rec:"is_orig"`                    // the originator of the connection asked or reported
	Service string             `rec:"service" ecs:"event.action"` // such as read, write, informationReport or initiate
	Invoke  record.Opt[uint32] `rec:"invoke_id"`                  // pairs a response with its request
	Names   []string           `rec:"names"`                      // what it is about: variables as domain/item (IEC 61850: logical device/node$constraint$object), domains, programs or files, at most 32
	Result  string             `rec:"result,enum"`                // success, failure (of some of the variables), error, reject; absent without a response
	Error   string             `rec:"error" ecs:"error.code"`     // why it failed
	Access  string             `rec:"access,enum"`                // what the service does: read, write, control, config, program or other
}

// Type is the schema of Message.
var Type = record.Of[Message]("mms")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
