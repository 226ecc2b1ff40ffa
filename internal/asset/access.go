package asset

import "longwatch/internal/record/ot"

// access is a set of what was done to a process, in package ot's words.
type access uint8

const (
	reads access = 1 << iota
	writes
	controls
	configures
	programs
)

var accessOf = map[string]access{ot.Read: reads, ot.Write: writes, ot.Control: controls, ot.Config: configures, ot.Program: programs}

// furthest is the word that goes furthest, "" for none.
func (a access) furthest() string {
	switch {
	case a&programs != 0:
		return ot.Program
	case a&configures != 0:
		return ot.Config
	case a&controls != 0:
		return ot.Control
	case a&writes != 0:
		return ot.Write
	case a&reads != 0:
		return ot.Read
	}
	return ""
}
