package stix

import (
	"fmt"
	"slices"
	"strings"
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
		return TLP(i), nil // #nosec G115 -- of five
	}
	return Red, fmt.Errorf("stix: %q is no TLP marking: use clear, green, amber, amber+strict or red", s)
}

// UnmarshalText reads a marking.
func (t *TLP) UnmarshalText(b []byte) error {
	v, err := ParseTLP(string(b))
	*t = v
	return err
}

// MarshalText writes the name.
func (t TLP) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// TLPExtension defines TLP 2.0 in STIX; the definitions of its markings are as
// OASIS publishes them
// (https://github.com/oasis-open/cti-stix-common-objects, extension-definition-specifications/tlp-2.0).
const TLPExtension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

var tlpMarkings = [...]string{
	"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// tlp1Markings are the marking definitions of TLP 1 (STIX 2.1 section 7.2.1.4).
var tlp1Markings = map[string]TLP{
	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": Clear,
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": Green,
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": Amber,
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Red,
}

// MarkingID is the id of the definition of t in TLP 2.0.
func (t TLP) MarkingID() string { return tlpMarkings[t] }

// MarkedTLP is the marking that the definition with this id stands for, of TLP 1
// or 2.0; bundles refer to these without holding them.
func MarkedTLP(id string) (TLP, bool) {
	if i := slices.Index(tlpMarkings[:], id); i >= 0 {
		return TLP(i), true // #nosec G115 -- of five
	}
	t, ok := tlp1Markings[id]
	return t, ok
}

// Definition is the marking as an object.
func (t TLP) Definition() Object {
	return Object{
		"type": "marking-definition", "spec_version": "2.1", "id": tlpMarkings[t], "created": "2022-10-01T00:00:00.000Z", "name": "TLP:" + strings.ToUpper(t.String()),
		"extensions": map[string]any{TLPExtension: map[string]any{"extension_type": "property-extension", "tlp_2_0": t.String()}},
	}
}
