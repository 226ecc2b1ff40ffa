package share

import "longwatch/internal/stix"

// TLP is how far a parcel may be passed on; package stix has the words and the
// definitions.
type TLP = stix.TLP

// The markings, from what everybody may see to what only the receiver may.
const (
	Clear       = stix.Clear
	Green       = stix.Green
	Amber       = stix.Amber
	AmberStrict = stix.AmberStrict
	Red         = stix.Red
)

// ParseTLP reads a marking, with or without "TLP:".
func ParseTLP(s string) (TLP, error) { return stix.ParseTLP(s) }
