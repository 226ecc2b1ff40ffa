package fins

import "longwatch/internal/record"

// Message is one FINS command or response. Specification: Omron W227, FINS
// Commands.
type Message struct {
	record.Conn
	PDU      string             `rec:"pdu_type,enum"`                   // REQ or RESP; NODE where FINS/TCP hands out addresses
	Source   string             `rec:"source"`                          // network.node.unit
	Dest     string             `rec:"destination"`                     // likewise
	SID      uint8              `rec:"sid"`                             // pairs a response with its request
	Code     string             `rec:"command" ecs:"event.code"`        // main and sub code in hexadecimal
	Name     string             `rec:"command_name" ecs:"event.action"` // what the command does, in words
	Write    bool               `rec:"write"`                           // the command changes the controller
	End      record.Opt[uint16] `rec:"end_code"`                        // of a response; 0 is success
	Area     record.Opt[uint8]  `rec:"area"`                            // memory area that is read or written
	Address  record.Opt[uint16] `rec:"address"`                         // of the first word in it
	Bit      record.Opt[uint8]  `rec:"bit"`                             // within the word
	Count    record.Opt[uint16] `rec:"count"`                           // of items
	TCPError record.Opt[uint32] `rec:"tcp_error"`                       // of FINS/TCP, when it is not 0
}

// Type is the schema of Message.
var Type = record.Of[Message]("fins")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
