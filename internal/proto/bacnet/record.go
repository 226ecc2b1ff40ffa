package bacnet

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one BACnet/IP message. Specification: ASHRAE 135, clauses 6 and
// 20, annex J.
type Message struct {
	record.Conn
	ot.Way
	Function string             `rec:"bvlc_function"`     // of the virtual link layer
	PDU      string             `rec:"pdu_type"`          // kind of application message, or NPDU
	Service  string             `rec:"pdu_service"`       // what is asked for or answered
	InvokeID record.Opt[uint64] `rec:"invoke_id"`         // pairs an answer with its request
	Result   string             `rec:"result_code"`       // why it was refused
	Access   string             `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// Type is the schema of Message.
var Type = record.Of[Message]("bacnet")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// Discovery asks for devices or objects, or says that one is there.
// Specification: ASHRAE 135, clauses 16.9 and 16.10.
type Discovery struct {
	record.Conn
	ot.Way
	Service      string             `rec:"pdu_service"`       // who-is, i-am, who-has or i-have
	DeviceType   string             `rec:"device_id_type"`    // of who has it
	DeviceNumber record.Opt[uint64] `rec:"device_id_number"`  // of who has it
	ObjectType   string             `rec:"object_type"`       // of the object
	Instance     record.Opt[uint64] `rec:"instance_number"`   // of the object
	Vendor       string             `rec:"vendor"`            // who made the device
	Range        string             `rec:"range"`             // devices that are asked, or All
	ObjectName   record.Opt[string] `rec:"object_name"`       // of the object
	Access       string             `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// DiscoveryType is the schema of Discovery.
var DiscoveryType = record.Of[Discovery]("bacnet_discovery")

// RecordType returns DiscoveryType.
func (*Discovery) RecordType() *record.Type { return DiscoveryType }

// Property is a property read or written, or a value of one. Specification:
// ASHRAE 135, clause 15.
type Property struct {
	record.Conn
	ot.Way
	InvokeID   record.Opt[uint64] `rec:"invoke_id"`         // pairs an answer with its request
	Service    string             `rec:"pdu_service"`       // what is asked for or answered
	ObjectType string             `rec:"object_type"`       // of the object; of an error, the error
	Instance   record.Opt[uint64] `rec:"instance_number"`   // of the object
	Property   string             `rec:"property"`          // by name
	ArrayIndex record.Opt[uint64] `rec:"array_index"`       // element of an array
	Value      string             `rec:"value"`             // by name where it is one of a list
	Text       string             `rec:"text,extra"`        // a value in another character set than UTF-8, which Zeek's package leaves out
	Priority   record.Opt[uint64] `rec:"priority,extra"`    // of a command, 1 to 16
	Beyond     bool               `rec:"-"`                 // a kind of message that Zeek's package does not read
	Access     string             `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// PropertyType is the schema of Property.
var PropertyType = record.Of[Property]("bacnet_property")

// RecordType returns PropertyType.
func (*Property) RecordType() *record.Type { return PropertyType }

// BeyondZeek tells whether Zeek's package would not write the row.
func (r *Property) BeyondZeek() bool { return r.Beyond }

// DeviceControl silences or restarts a device, or is the answer.
// Specification: ASHRAE 135, clauses 16.1 and 16.4.
type DeviceControl struct {
	record.Conn
	ot.Way
	InvokeID record.Opt[uint64] `rec:"invoke_id"`         // pairs an answer with its request
	Service  string             `rec:"pdu_service"`       // reinitialize_device or device_communication_control
	Minutes  record.Opt[uint64] `rec:"time_duration"`     // how long the device is to be silent
	State    string             `rec:"device_state"`      // what it is to become
	Password record.Opt[string] `rec:"password,secret"`   // as sent
	Result   string             `rec:"result"`            // SUCCESS, ERROR, REJECT or ABORT
	Code     string             `rec:"result_code"`       // why it was refused
	Access   string             `rec:"access,enum,extra"` // what the operation does to the process: see package ot
}

// DeviceControlType is the schema of DeviceControl.
var DeviceControlType = record.Of[DeviceControl]("bacnet_device_control")

// RecordType returns DeviceControlType.
func (*DeviceControl) RecordType() *record.Type { return DeviceControlType }
