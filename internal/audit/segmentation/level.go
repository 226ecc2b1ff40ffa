package segmentation

import (
	"fmt"
	"strconv"
)

// Level is where a zone stands in the Purdue model (ISA-95, IEC 62443-1-1), in
// tenths: 0 to 50, the DMZ between plant and office at 35.
type Level int8

// The levels, and what is none.
const (
	Process     Level = 0  // sensors and drives
	Control     Level = 10 // controllers
	Supervision Level = 20 // operators' stations, SCADA servers
	Operations  Level = 30 // historians, engineering, plant-wide services
	DMZ         Level = 35 // what office and plant exchange data through
	Enterprise  Level = 40 // offices and their servers
	Corporate   Level = 50 // what faces the Internet
	Outside     Level = 60 // the Internet
	Unknown     Level = -1
)

// String is the number, "internet" or "unknown".
func (l Level) String() string {
	switch {
	case l == Outside:
		return "internet"
	case l < 0:
		return "unknown"
	case l%10 == 0:
		return strconv.Itoa(int(l / 10))
	}
	return fmt.Sprintf("%d.%d", l/10, l%10)
}

// ParseLevel reads 0 to 5, 3.5, unknown or nothing.
func ParseLevel(s string) (Level, error) {
	switch s {
	case "", "unknown":
		return Unknown, nil
	case "internet":
		return Outside, nil
	}
	for _, l := range []Level{Process, Control, Supervision, Operations, DMZ, Enterprise, Corporate} {
		if l.String() == s {
			return l, nil
		}
	}
	return Unknown, fmt.Errorf("level %q is none of 0, 1, 2, 3, 3.5, 4, 5, unknown", s)
}

// MarshalText is String.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// ot tells whether a level belongs to the plant.
func (l Level) ot() bool { return l >= Process && l <= Operations }

// low tells whether controllers and their operators are at this level.
func (l Level) low() bool { return l >= Process && l <= Supervision }

// it tells whether a level belongs to the office.
func (l Level) it() bool { return l >= Enterprise && l <= Corporate }

func utoa(n uint16) string { return strconv.FormatUint(uint64(n), 10) }

// several is a number with its noun.
func several[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
