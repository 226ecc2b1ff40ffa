package dcerpc

import (
	"time"

	"longwatch/internal/record"
)

// Call is one remote procedure call, written when it is answered or when the
// connection ends. The time is the request's. Match on UUID and Opnum: the
// names are for people, and tools disagree on them. Specification: C706,
// MS-RPCE.
type Call struct {
	record.Conn
	RTT       record.Opt[time.Duration] `rec:"rtt" ecs:"event.duration"`     // request to answer; absent without an answer
	NamedPipe string                    `rec:"named_pipe" match:"pipe"`      // secondary address of the bind: a pipe, or a port over TCP
	Endpoint  string                    `rec:"endpoint"`                     // name of the interface
	Operation string                    `rec:"operation" ecs:"event.action"` // name of the operation; unknown- and its number where there is none
	UUID      string                    `rec:"uuid,extra"`                   // interface
	Opnum     uint16                    `rec:"opnum,extra"`                  // operation's number
	Args      []string                  `rec:"args,extra"`                   // what matters of the request, when in the clear: names, paths, command lines
	Fault     string                    `rec:"fault,extra"`                  // status of a refused call, as 0x00000005

	beyond bool `rec:"-"`
}

// Type is the schema of Call.
var Type = record.Of[Call]("dce_rpc")

// RecordType returns Type.
func (*Call) RecordType() *record.Type { return Type }

// BeyondZeek tells that Zeek would not write this call: Zeek writes what was
// answered, and of the rest only the last request of a stream that answered
// others before.
func (c *Call) BeyondZeek() bool { return c.beyond }
