package enip

import (
	"net/netip"

	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one message of the encapsulation. Specification: ODVA, CIP volume
// 2, chapter 2.
type Message struct {
	record.Conn
	ot.Way
	PacketID      string `rec:"packet_correlation_id"` // ties the message to the rows of what it carries
	CommandCode   string `rec:"enip_command_code"`     // in hexadecimal
	Command       string `rec:"enip_command"`          // by name
	Length        uint64 `rec:"length"`                // bytes after the header
	Session       string `rec:"session_handle"`        // given by the device
	Status        string `rec:"enip_status"`           // by name
	SenderContext string `rec:"sender_context"`        // of the client, given back in the answer
	Options       string `rec:"options"`               // zero
	Access        string `rec:"access,enum,extra"`     // what the operation does to the process: see package ot
}

// Type is the schema of Message.
var Type = record.Of[Message]("enip")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// CIP is one explicit message, or a part of one with several services.
// Specification: ODVA, CIP volume 1, chapter 2-4.
type CIP struct {
	record.Conn
	ot.Way
	PacketID           string             `rec:"packet_correlation_id"`    // of the enip message
	Sequence           record.Opt[uint64] `rec:"cip_sequence_count"`       // of a connected message
	Direction          string             `rec:"direction"`                // request or response
	ServiceCode        string             `rec:"cip_service_code"`         // in hexadecimal, without the response bit
	Service            string             `rec:"cip_service"`              // by name; unknown when the object defines it
	StatusCode         string             `rec:"cip_status_code"`          // of a response, in hexadecimal
	Status             string             `rec:"cip_status"`               // by name
	ExtendedStatusCode string             `rec:"cip_extended_status_code"` // in hexadecimal
	ExtendedStatus     string             `rec:"cip_extended_status"`      // by name
	ClassID            string             `rec:"class_id"`                 // of the object asked, in hexadecimal
	ClassName          string             `rec:"class_name"`               // by name
	InstanceID         string             `rec:"instance_id"`              // of the object, in hexadecimal
	AttributeID        string             `rec:"attribute_id"`             // of the instance, in hexadecimal
	Tag                string             `rec:"tag,extra"`                // symbol asked for, with members and indexes
	Access             string             `rec:"access,enum,extra"`        // what the operation does to the process: see package ot
	Beyond             bool               `rec:"-"`                        // a message to pass on, which Zeek does not read
}

// CIPType is the schema of CIP.
var CIPType = record.Of[CIP]("cip")

// RecordType returns CIPType.
func (*CIP) RecordType() *record.Type { return CIPType }

// BeyondZeek tells whether Zeek's package would not write the row.
func (r *CIP) BeyondZeek() bool { return r.Beyond }

// IO is one packet of cyclic data. Specification: ODVA, CIP volume 2, chapter
// 2-6.
type IO struct {
	record.Conn
	ot.Way
	PacketID     string `rec:"packet_correlation_id"` // of the packet
	ConnectionID string `rec:"connection_id"`         // of the CIP connection
	Sequence     uint64 `rec:"sequence_number"`       // of the packet
	DataLength   uint64 `rec:"data_length"`           // bytes
	Data         string `rec:"io_data"`               // in hexadecimal
	Access       string `rec:"access,enum,extra"`     // what the operation does to the process: see package ot
}

// IOType is the schema of IO.
var IOType = record.Of[IO]("cip_io")

// RecordType returns IOType.
func (*IO) RecordType() *record.Type { return IOType }

// Identity is what a device says that it is. Specification: ODVA, CIP volume
// 2, chapter 2-4.2.
type Identity struct {
	record.Conn
	ot.Way
	PacketID      string     `rec:"packet_correlation_id"` // of the enip message
	Version       uint64     `rec:"encapsulation_version"` // of the protocol
	SocketAddress netip.Addr `rec:"socket_address"`        // where it can be reached
	SocketPort    uint64     `rec:"socket_port"`           // and on which port
	VendorID      uint64     `rec:"vendor_id"`             // who made it
	VendorName    string     `rec:"vendor_name"`           // by name
	DeviceType    uint64     `rec:"device_type_id"`        // what it is
	DeviceName    string     `rec:"device_type_name"`      // by name
	ProductCode   uint64     `rec:"product_code"`          // of the vendor
	Revision      string     `rec:"revision"`              // major.minor
	Status        string     `rec:"device_status"`         // in hexadecimal
	Serial        string     `rec:"serial_number"`         // in hexadecimal
	ProductName   string     `rec:"product_name"`          // for people
	State         string     `rec:"device_state"`          // in hexadecimal
	Access        string     `rec:"access,enum,extra"`     // what the operation does to the process: see package ot
}

// IdentityType is the schema of Identity.
var IdentityType = record.Of[Identity]("cip_identity")

// RecordType returns IdentityType.
func (*Identity) RecordType() *record.Type { return IdentityType }
