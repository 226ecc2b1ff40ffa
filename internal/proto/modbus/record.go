package modbus

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one request or response. Names and meanings are those of Zeek's
// modbus.log. Specification: Modbus Application Protocol V1.1b3.
type Message struct {
	record.Conn
	TID       uint16             `rec:"tid"`                        // pairs a response with its request
	Unit      uint8              `rec:"unit"`                       // device behind the gateway
	Func      string             `rec:"func" ecs:"event.action"`    // name of the function; that of a refusal ends in _EXCEPTION
	PDU       string             `rec:"pdu_type"`                   // REQ or RESP
	Exception string             `rec:"exception" ecs:"error.code"` // why the device refused
	Access    string             `rec:"access,enum,extra"`          // what the function does: read, write, control, config, program or other
	Code      uint8              `rec:"function_code,extra"`        // function code, error bit cleared
	Address   record.Opt[uint16] `rec:"address,extra"`              // first coil, input or register that the message names
	Quantity  record.Opt[uint16] `rec:"quantity,extra"`             // how many of them

	beyond bool `rec:"-"`
}

// Type is the schema of Message.
var Type = record.Of[Message]("modbus")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it leaves out requests
// with the error bit, and what is left of a segment after bytes that it cannot
// read.
func (m *Message) BeyondZeek() bool { return m.beyond }

// Detail is a request with its response, or either alone. Names and meanings
// are those of the modbus_detailed log of CISA's Zeek package. Specification:
// Modbus Application Protocol V1.1b3, section 6.
type Detail struct {
	record.Conn
	TID        uint16             `rec:"tid"`                             // pairs a response with its request
	Unit       uint8              `rec:"unit"`                            // device behind the gateway
	Func       string             `rec:"func" ecs:"event.action"`         // name of the function
	Address    record.Opt[uint16] `rec:"address"`                         // first coil, input or register
	Quantity   record.Opt[uint16] `rec:"quantity"`                        // how many coils, inputs, registers or file records
	Request    []uint16           `rec:"request_values"`                  // coils (0 or 1) or registers written
	Response   []uint16           `rec:"response_values"`                 // coils, inputs or registers read, or those written as the device repeats them
	Matched    record.Opt[bool]   `rec:"matched"`                         // both halves were seen
	RequestSub string             `rec:"request_subfunction_code"`        // what a diagnostic request asks for
	AnswerSub  string             `rec:"response_subfunction_code"`       // the same in the response
	RequestAdd string             `rec:"request_data"`                    // data of a diagnostic request
	AnswerAdd  string             `rec:"response_data"`                   // data of a diagnostic response, records of a file, or bits behind the last one asked for
	Exception  string             `rec:"exception_code" ecs:"error.code"` // why the device refused
	MEI        string             `rec:"mei_type"`                        // what is encapsulated
	Access     string             `rec:"access,enum,extra"`               // what the function does: read, write, control, config, program or other
	Code       uint8              `rec:"function_code,extra"`             // function code, error bit cleared
	UMAS       string             `rec:"umas,extra"`                      // what Schneider's programming function 90 does, by its own code
	Files      []string           `rec:"files,extra"`                     // file records that a request names, as "4:1 2" for two registers from record 1 of file 4, at most 35
}

// DetailType is the schema of Detail.
var DetailType = record.Of[Detail]("modbus_detailed")

// RecordType returns DetailType.
func (*Detail) RecordType() *record.Type { return DetailType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*Detail) BeyondZeek() bool { return true }

// MaskWrite is a request that changes some bits of a register, or its echo.
// Names are those of the log of CISA's Zeek package. Specification: Modbus
// Application Protocol V1.1b3, section 6.16.
type MaskWrite struct {
	record.Conn
	ot.Way
	TID     uint16 `rec:"tid"`               // pairs a response with its request
	Unit    uint8  `rec:"unit"`              // device behind the gateway
	Func    string `rec:"func"`              // always MASK_WRITE_REGISTER
	Half    string `rec:"request_response"`  // REQUEST or RESPONSE
	Address uint16 `rec:"address"`           // the register
	And     uint16 `rec:"and_mask"`          // the bits that stay
	Or      uint16 `rec:"or_mask"`           // the bits that are set among the others
	Access  string `rec:"access,enum,extra"` // always write
}

// MaskWriteType is the schema of MaskWrite.
var MaskWriteType = record.Of[MaskWrite]("modbus_mask_write_register")

// RecordType returns MaskWriteType.
func (*MaskWrite) RecordType() *record.Type { return MaskWriteType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*MaskWrite) BeyondZeek() bool { return true }

// ReadWrite is a request that writes registers and then reads others, or its
// response. Names are those of the log of CISA's Zeek package. Specification:
// Modbus Application Protocol V1.1b3, section 6.17.
type ReadWrite struct {
	record.Conn
	ot.Way
	TID       uint16             `rec:"tid"`                 // pairs a response with its request
	Unit      uint8              `rec:"unit"`                // device behind the gateway
	Func      string             `rec:"func"`                // always READ_WRITE_MULTIPLE_REGISTERS
	Half      string             `rec:"request_response"`    // REQUEST or RESPONSE
	WriteAt   record.Opt[uint16] `rec:"write_start_address"` // first register written
	Written   []uint16           `rec:"write_registers"`     // what is written
	ReadAt    record.Opt[uint16] `rec:"read_start_address"`  // first register read
	ReadCount record.Opt[uint16] `rec:"read_quantity"`       // how many are read
	Read      []uint16           `rec:"read_registers"`      // what was read
	Access    string             `rec:"access,enum,extra"`   // always write
}

// ReadWriteType is the schema of ReadWrite.
var ReadWriteType = record.Of[ReadWrite]("modbus_read_write_multiple_registers")

// RecordType returns ReadWriteType.
func (*ReadWrite) RecordType() *record.Type { return ReadWriteType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*ReadWrite) BeyondZeek() bool { return true }

// Identity is a request for a device's identity, or one object of the
// response. Names are those of the log of CISA's Zeek package. Specification:
// Modbus Application Protocol V1.1b3, section 6.21.
type Identity struct {
	record.Conn
	ot.Way
	TID        uint16 `rec:"tid"`                   // pairs a response with its request
	Unit       uint8  `rec:"unit"`                  // device behind the gateway
	Func       string `rec:"func"`                  // always ENCAP_INTERFACE_TRANSPORT
	Half       string `rec:"request_response"`      // REQUEST or RESPONSE
	MEI        string `rec:"mei_type"`              // always READ-DEVICE-IDENTIFICATION
	LevelCode  string `rec:"conformity_level_code"` // how much the device can tell
	Level      string `rec:"conformity_level"`      // the same in words
	ID         uint8  `rec:"device_id_code"`        // how much was asked for
	ObjectCode string `rec:"object_id_code"`        // which object
	Object     string `rec:"object_id"`             // the same in words
	Value      string `rec:"object_value"`          // what the device says it is
	Access     string `rec:"access,enum,extra"`     // always read
}

// IdentityType is the schema of Identity.
var IdentityType = record.Of[Identity]("modbus_read_device_identification")

// RecordType returns IdentityType.
func (*Identity) RecordType() *record.Type { return IdentityType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*Identity) BeyondZeek() bool { return true }
