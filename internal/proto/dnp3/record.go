package dnp3

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Exchange is a request with its response, or either alone. Names and meanings
// are those of Zeek's dnp3.log: the time is that of the last of the two.
// Specification: IEEE 1815, clause 4.
type Exchange struct {
	record.Conn
	Request string             `rec:"fc_request" ecs:"event.action"` // name of the request's function
	Reply   string             `rec:"fc_reply"`                      // name of the response's function
	IIN     record.Opt[uint16] `rec:"iin"`                           // internal indications of the response, first octet high
	Access  string             `rec:"access,enum,extra"`             // what the request does: read, write, control, config, program or other
	Func    record.Opt[uint8]  `rec:"function_code,extra"`           // of the request, or of a response that nobody asked for
	Master  record.Opt[uint16] `rec:"master,extra"`                  // link address of the master station
	Outstn  record.Opt[uint16] `rec:"outstation,extra"`              // link address of the outstation
	Objects []string           `rec:"objects,extra"`                 // what the request addresses: group.variation and points, as "12.1 8" or "30.2 0-19", at most 32
	beyond  bool               `rec:"-"`
}

// Type is the schema of Exchange.
var Type = record.Of[Exchange]("dnp3")

// RecordType returns Type.
func (*Exchange) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it forgets requests that
// another follows, and stops at the first damaged frame.
func (e *Exchange) BeyondZeek() bool { return e.beyond }

// Control is one control block of a request or response: the operation of a
// relay. Names are those of the dnp3_control log of CISA's Zeek package.
// Specification: IEEE 1815, annex A.8.
type Control struct {
	record.Conn
	ot.Way
	Block   string `rec:"block_type,enum"`                  // Control Relay Output Block or Pattern Control Block
	Func    string `rec:"function_code" ecs:"event.action"` // name of the message's function
	Index   uint32 `rec:"index_number"`                     // the output
	Trip    string `rec:"trip_control_code"`                // Nul, Close or Trip
	Op      string `rec:"operation_type"`                   // Nul, Pulse On, Pulse Off, Latch On or Latch Off
	Clear   bool   `rec:"clear_bit"`                        // what is queued for the output is dropped
	Count   uint8  `rec:"execute_count"`                    // how often
	OnTime  uint32 `rec:"on_time"`                          // of a pulse, in milliseconds
	OffTime uint32 `rec:"off_time"`                         // between pulses, in milliseconds
	Status  string `rec:"status_code"`                      // of a response
	Access  string `rec:"access,enum,extra"`                // always control
}

// ControlType is the schema of Control.
var ControlType = record.Of[Control]("dnp3_control")

// RecordType returns ControlType.
func (*Control) RecordType() *record.Type { return ControlType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*Control) BeyondZeek() bool { return true }

// Objects is one object header of a read request or of the response to it:
// which kind of points, and which of them. Names are those of the dnp3_objects
// log of CISA's Zeek package. Specification: IEEE 1815, clause 4.2.2.7 and
// annex A.
type Objects struct {
	record.Conn
	ot.Way
	Func   string             `rec:"function_code" ecs:"event.action"` // name of the message's function: READ or RESPONSE
	Object string             `rec:"object_type"`                      // kind of points
	Count  record.Opt[uint32] `rec:"object_count"`                     // how many points, of a response
	Low    record.Opt[uint32] `rec:"range_low"`                        // the first point, of a response
	High   record.Opt[uint32] `rec:"range_high"`                       // the last point, of a response
	Access string             `rec:"access,enum,extra"`                // what the operation does
}

// ObjectsType is the schema of Objects.
var ObjectsType = record.Of[Objects]("dnp3_objects")

// RecordType returns ObjectsType.
func (*Objects) RecordType() *record.Type { return ObjectsType }

// BeyondZeek tells that Zeek by itself has no log of this kind.
func (*Objects) BeyondZeek() bool { return true }
