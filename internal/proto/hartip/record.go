package hartip

import "longwatch/internal/record"

// Message is one HART-IP message, with the HART command that it carries.
// Specification: FieldComm Group, FCG TS20085.
type Message struct {
	record.Conn
	PDU         string             `rec:"pdu_type,enum"`              // REQ, RESP, PUBLISH or NAK
	Name        string             `rec:"message" ecs:"event.action"` // session_initiate, session_close, keep_alive, pass_through ...
	Status      uint8              `rec:"status" ecs:"event.code"`    // of the message; 0 is success
	Transaction uint16             `rec:"transaction"`                // pairs a response with its request
	Address     string             `rec:"address"`                    // of the device: five bytes in hexadecimal, or a polling address
	Command     record.Opt[uint16] `rec:"command"`                    // number of the HART command
	CommandName string             `rec:"command_name"`               // of universal and common practice commands
	Write       bool               `rec:"write"`                      // the command changes the device
	Response    record.Opt[uint8]  `rec:"response_code"`              // of the device; 0 is success
	Device      record.Opt[uint8]  `rec:"device_status"`              // flags: malfunction, changed configuration, cold start ...
	Data        record.Opt[uint64] `rec:"data_len"`                   // bytes that the command carries
}

// Type is the schema of Message.
var Type = record.Of[Message]("hart_ip")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
