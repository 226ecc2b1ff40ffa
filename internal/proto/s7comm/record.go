package s7comm

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one request or response. Names are those of the s7comm log of
// CISA's Zeek package. Specification: none is public; Siemens' manuals name
// its functions.
type Message struct {
	record.Conn
	ot.Way
	Kind       uint8    `rec:"rosctr_code"`                      // 1 job, 2 acknowledgement, 3 acknowledgement with data, 7 user data
	KindName   string   `rec:"rosctr_name"`                      // the same in words
	Reference  uint16   `rec:"pdu_reference"`                    // pairs a response with its request
	Func       string   `rec:"function_code"`                    // in hexadecimal
	FuncName   string   `rec:"function_name" ecs:"event.action"` // the same in words
	Sub        string   `rec:"subfunction_code"`                 // of user data in hexadecimal, or the service that PLC Control calls
	SubName    string   `rec:"subfunction_name"`                 // the same in words
	ErrorClass string   `rec:"error_class"`                      // of a response
	ErrorCode  string   `rec:"error_code" ecs:"error.code"`      // of a response, in hexadecimal
	Access     string   `rec:"access,enum,extra"`                // what the function does: read, write, control, config, program or other
	Items      []string `rec:"items,extra"`                      // what is read or written, as STEP 7 writes it: "DB1.DBX0.0 BYTE 4", at most 32

	beyond bool `rec:"-"` // see BeyondZeek
}

// Type is the schema of Message.
var Type = record.Of[Message]("s7comm")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that CISA's package would not write this row: it leaves out
// bare acknowledgements, and the parts of a list but the last.
func (m *Message) BeyondZeek() bool { return m.beyond }

// ReadSZL is a request for one of the system status lists, or the response.
// Names are those of the log of CISA's Zeek package. Specification: Siemens,
// System and Standard Functions for S7-300/400.
type ReadSZL struct {
	record.Conn
	ot.Way
	Reference  uint16 `rec:"pdu_reference"`      // pairs a response with its request
	Method     string `rec:"method"`             // Request or Response
	ID         string `rec:"szl_id"`             // the list, in hexadecimal
	IDName     string `rec:"szl_id_name"`        // the same in words
	Index      string `rec:"szl_index"`          // which part of it, in hexadecimal
	Return     string `rec:"return_code"`        // in hexadecimal
	ReturnName string `rec:"return_code_name"`   // the same in words
	Access     string `rec:"access,enum,extra"`  // always read
	Order      string `rec:"order_number,extra"` // of the module, that a response about the identity of modules tells
	Firmware   string `rec:"firmware,extra"`     // its version, likewise

	beyond bool `rec:"-"` // see BeyondZeek
}

// ReadSZLType is the schema of ReadSZL.
var ReadSZLType = record.Of[ReadSZL]("s7comm_read_szl")

// RecordType returns ReadSZLType.
func (*ReadSZL) RecordType() *record.Type { return ReadSZLType }

// BeyondZeek tells that CISA's package would not write this row: it does not
// read lists that come in several parts.
func (r *ReadSZL) BeyondZeek() bool { return r.beyond }

// Transfer is one step of moving a block of the program into or out of the
// controller. Names are those of the log of CISA's Zeek package.
// Specification: none is public.
type Transfer struct {
	record.Conn
	ot.Way
	Kind       string             `rec:"rosctr"`                           // request or response
	Reference  uint16             `rec:"pdu_reference"`                    // pairs a response with its request
	FuncName   string             `rec:"function_name" ecs:"event.action"` // which step
	Status     string             `rec:"function_status"`                  // in hexadecimal
	Session    record.Opt[uint32] `rec:"session_id"`                       // of an upload
	Length     record.Opt[uint32] `rec:"blocklength"`                      // of the block, or of this part of it
	File       string             `rec:"filename"`                         // the block as the controller names it
	Block      string             `rec:"block_type"`                       // kind of block
	Number     string             `rec:"block_number"`                     // its number
	FileSystem string             `rec:"destination_filesystem"`           // Active or Passive
	Access     string             `rec:"access,enum,extra"`                // always program
}

// TransferType is the schema of Transfer.
var TransferType = record.Of[Transfer]("s7comm_upload_download")

// RecordType returns TransferType.
func (*Transfer) RecordType() *record.Type { return TransferType }

// Device is what a controller said of itself in one connection. Names are
// those of the log of CISA's Zeek package. Specification: Siemens, System and
// Standard Functions for S7-300/400.
type Device struct {
	record.Conn
	System string `rec:"automation_system_name" ent:"host"` // name of the automation system
	Module string `rec:"module_name"`                       // name of the module
	Plant  string `rec:"plant_name"`                        // plant identification
	Serial string `rec:"module_serial"`                     // serial number
}

// DeviceType is the schema of Device.
var DeviceType = record.Of[Device]("s7comm_known_devices")

// RecordType returns DeviceType.
func (*Device) RecordType() *record.Type { return DeviceType }

// Plus is one request, response or notification of S7comm-plus. Names are
// those of the log of CISA's Zeek package. Specification: none is public.
type Plus struct {
	record.Conn
	ot.Way
	Version  uint8  `rec:"version"`                          // of the protocol; 3 has integrity protection
	Opcode   string `rec:"opcode"`                           // in hexadecimal
	OpName   string `rec:"opcode_name"`                      // the same in words
	Func     string `rec:"function_code"`                    // of a request or response, in hexadecimal
	FuncName string `rec:"function_name" ecs:"event.action"` // the same in words
	Access   string `rec:"access,enum,extra"`                // what the function does: read, write, control, config, program or other
}

// PlusType is the schema of Plus.
var PlusType = record.Of[Plus]("s7comm_plus")

// RecordType returns PlusType.
func (*Plus) RecordType() *record.Type { return PlusType }
