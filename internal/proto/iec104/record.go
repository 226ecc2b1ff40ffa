package iec104

import "longwatch/internal/record"

// Message is one application service data unit, or one that starts or stops
// the transfer of data. Specification: IEC 60870-5-104, IEC 60870-5-101.
type Message struct {
	record.Conn
	IsOrig     bool               `rec:"is_orig"`                      // the originator of the connection sent it
	APCI       string             `rec:"apci,enum"`                    // I for data, U for control of the connection
	Control    string             `rec:"u_function"`                   // of U: STARTDT act, STARTDT con, STOPDT act or STOPDT con
	TypeID     record.Opt[uint8]  `rec:"type_id"`                      // kind of the objects
	Type       string             `rec:"type_name" ecs:"event.action"` // the same in the standard's words
	Direction  string             `rec:"direction,enum"`               // control: to the controlled station; monitor: from it
	Cause      record.Opt[uint8]  `rec:"cause"`                        // of transmission
	CauseName  string             `rec:"cause_name"`                   // the same in words
	Negative   record.Opt[bool]   `rec:"negative"`                     // the station refuses
	Test       record.Opt[bool]   `rec:"test"`                         // only a test: nothing may be operated
	Originator record.Opt[uint8]  `rec:"originator_address"`           // which of the controlling stations
	Common     record.Opt[uint16] `rec:"common_address"`               // station, or part of one
	Count      record.Opt[uint8]  `rec:"object_count"`                 // how many information objects
	Objects    []uint32           `rec:"object_addresses"`             // addresses of the information objects, at most 127
	Command    string             `rec:"command"`                      // of the first object of a command: "execute on", "select off", "execute 12.5"
	Access     string             `rec:"access,enum"`                  // what it does: read, write, control, config, program or other
}

// Type is the schema of Message.
var Type = record.Of[Message]("iec104")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
