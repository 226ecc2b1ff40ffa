package ads

import (
	"longwatch/internal/record"
	"longwatch/internal/record/ot"
)

// Message is one ADS message. Specification: Beckhoff Information System,
// TwinCAT ADS/AMS (TE1000).
type Message struct {
	record.Conn
	ot.Way
	Direction   string             `rec:"direction"`       // request or response
	Command     string             `rec:"command"`         // by name
	Target      string             `rec:"target"`          // AMS address it is for
	Source      string             `rec:"source"`          // AMS address of the sender
	Invoke      record.Opt[uint64] `rec:"invoke_id"`       // pairs an answer with its request
	Length      uint64             `rec:"length"`          // bytes
	Error       record.Opt[uint64] `rec:"error"`           // of an answer; 0: none
	Group       string             `rec:"index_group"`     // what kind of data
	Offset      string             `rec:"index_offset"`    // which of them
	Symbol      string             `rec:"symbol"`          // variable asked for by name
	State       string             `rec:"state"`           // that the controller is to have
	Host        string             `rec:"host"`            // name of the computer that is searched, or asks
	Route       string             `rec:"route"`           // name of a route to add
	RouteID     string             `rec:"route_net_id"`    // where it leads
	User        string             `rec:"user" ent:"user"` // who adds it
	Fingerprint string             `rec:"fingerprint"`     // of the controller's certificate
	Access      string             `rec:"access,enum"`     // what the operation does to the process: see package ot
}

// Type is the schema of Message.
var Type = record.Of[Message]("ads")

// RecordType returns Type.
func (*Message) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek has no log of this kind.
func (*Message) BeyondZeek() bool { return true }
