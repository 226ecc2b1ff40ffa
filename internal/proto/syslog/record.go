package syslog

import "longwatch/internal/record"

// Record is one message. Names are those of Zeek's syslog.log.
type Record struct {
	record.Conn
	Proto    string `rec:"proto,enum" ecs:"network.transport"`      // tcp or udp
	Facility string `rec:"facility" ecs:"log.syslog.facility.name"` // KERN, USER, MAIL ... UNSPECIFIED without a priority
	Severity string `rec:"severity" ecs:"log.syslog.severity.name"` // EMERG to DEBUG
	Message  string `rec:"message" ecs:"message"`                   // what follows the priority

	beyond bool `rec:"-"` // Zeek would not write it
}

// Type is the schema of Record.
var Type = record.Of[Record]("syslog")

// RecordType returns Type.
func (*Record) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this row: it looks on UDP port 514.
func (r *Record) BeyondZeek() bool { return r.beyond }
