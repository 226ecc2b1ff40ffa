// Package ot is the vocabulary that the records of all industrial protocols
// share, so that "who writes to this controller" is one question whatever the
// controller speaks. Each of these records has the column
//
//	Access string `rec:"access,enum,extra"` // what the operation does to the process: see package ot
//
// beside the protocol's own function code and the addresses of the points it
// touches. The answer to an operation bears the operation's own word.
package ot

// What an operation does. An operation that fits two is the one further down,
// but for Other.
const (
	Other   = "other"   // sets up or keeps a session, authenticates, confirms, is not known
	Read    = "read"    // takes values, identities, lists or diagnostics out, subscribes to them, or brings them unasked
	Write   = "write"   // changes values of points: coils, registers, tags, properties, set points by plain assignment
	Control = "control" // commands the process or the device: operates an output, starts, stops, restarts, forces, resets a counter
	Config  = "config"  // changes how a device works: clock, parameters, filters, users, files, alarms, names
	Program = "program" // moves or changes what a device runs: logic, blocks, firmware, in either direction
)

// Changes tells whether an operation of this kind leaves the device, or what
// it runs, other than it was or gives its logic away.
func Changes(access string) bool {
	switch access {
	case Write, Control, Config, Program:
		return true
	}
	return false
}
