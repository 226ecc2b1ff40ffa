package host

import "longwatch/internal/record"

// ProcessView is one process as one way of looking shows it, in one pass over
// all: a rootkit that hides a process does not hide it from every way.
type ProcessView struct {
	Head
	View string `rec:"view"`                    // listed: a folder of /proc; opened: its status was read by number
	Pass int64  `rec:"pass"`                    // number of the pass, from 1
	PID  int64  `rec:"pid" ecs:"process.pid"`   // process id, never that of a thread
	Born int64  `rec:"born"`                    // start time in ticks since boot, of an opened one: tells a reused number apart
	Name string `rec:"name" ecs:"process.name"` // of an opened one
}

// ProcessViewType is the schema of ProcessView.
var ProcessViewType = record.Of[ProcessView]("process_view")

// RecordType returns ProcessViewType.
func (*ProcessView) RecordType() *record.Type { return ProcessViewType }
