package share

import (
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/stix"
)

// TLP is a marking of the Traffic Light Protocol 2.0 (FIRST, August 2022): how
// far those who receive something may pass it on.
type TLP uint8

// The markings, from what everybody may see to what only the receiver may.
const (
	Clear TLP = iota
	Green
	Amber
	AmberStrict
	Red
)

var tlpNames = [...]string{"clear", "green", "amber", "amber+strict", "red"}

// String is the marking as FIRST writes it, without "TLP:", in lower case.
func (t TLP) String() string { return tlpNames[t] }

// ParseTLP reads a marking, with or without "TLP:".
func ParseTLP(s string) (TLP, error) {
	name := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "tlp:")
	if name == "white" { // of TLP 1
		name = "clear"
	}
	if i := slices.Index(tlpNames[:], name); i >= 0 {
		return TLP(i), nil
	}
	return Red, fmt.Errorf("share: %q is no TLP marking: use clear, green, amber, amber+strict or red", s)
}

// UnmarshalText reads a marking.
func (t *TLP) UnmarshalText(b []byte) error {
	v, err := ParseTLP(string(b))
	*t = v
	return err
}

// MarshalText writes the name.
func (t TLP) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// tlpExtension defines TLP 2.0 in STIX; tlpMarkings are its definitions, all as
// OASIS publishes them
// (https://github.com/oasis-open/cti-stix-common-objects, extension-definition-specifications/tlp-2.0).
const tlpExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

var tlpMarkings = [...]string{
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// definition is the marking as an object.
func (t TLP) definition() stix.Object {
	return stix.Object{
		"type": "marking-definition", "spec_version": "2.1", "id": tlpMarkings[t], "created": "2022-10-01T00:00:00.000Z", "name": "TLP:" + strings.ToUpper(t.String()),
		"extensions": map[string]any{tlpExtension: map[string]any{"extension_type": "property-extension", "tlp_2_0": t.String()}},
	}
}
