package share

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/stix"
)

// Staying is an object that stays, and why.
type Staying struct {
	ID, Reason string
}

// Screened is what of some STIX objects may go to somebody.
type Screened struct {
	Objects []json.RawMessage
	Highest TLP // of these; Clear when none is marked
	Stay    []Staying
}

// marked is what an object says about its markings.
type marked struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Markings []string `json:"object_marking_refs"`
	Parts    []struct {
		Marking string `json:"marking_ref"`
	} `json:"granular_markings"`
	Kind       string `json:"definition_type"`
	Definition struct {
		TLP string `json:"tlp"`
	} `json:"definition"`
	Extensions map[string]json.RawMessage `json:"extensions"`
}

// Screen takes STIX objects of 2.0 or 2.1 apart by their TLP markings, of the
// whole or of parts: those that are more restricted than what may be sent stay.
// So do objects with a marking that neither OASIS nor the objects define, since
// nobody can say how far it lets them go, and what cannot be read.
func Screen(objects []json.RawMessage, most TLP) Screened {
	list := make([]marked, len(objects))
	unread := make([]error, len(objects))
	levels := map[string]TLP{} // that objects here define
	known := map[string]bool{} // definitions that are not about TLP
	for i, raw := range objects {
		if unread[i] = json.Unmarshal(raw, &list[i]); unread[i] != nil || list[i].Type != "marking-definition" {
			continue
		}
		m := &list[i]
		if _, fixed := stix.MarkedTLP(m.ID); fixed {
			continue // whatever these say they are
		}
		switch t, isTLP := m.level(); {
		case isTLP:
			levels[m.ID] = t
		default:
			known[m.ID] = true
		}
	}
	var out Screened
	for i, raw := range objects {
		m := &list[i]
		if unread[i] != nil {
			out.Stay = append(out.Stay, Staying{m.ID, fmt.Sprintf("its markings cannot be read: %v", unread[i])})
			continue
		}
		highest, unknown := Clear, ""
		for _, ref := range m.refs() {
			t, ok := stix.MarkedTLP(ref)
			if !ok {
				t, ok = levels[ref]
			}
			if ok {
				highest = max(highest, t)
			} else if !known[ref] {
				unknown = ref
			}
		}
		switch {
		case highest > most:
			out.Stay = append(out.Stay, Staying{m.ID, fmt.Sprintf("it is TLP:%s, and TLP:%s is the most that may be sent there", strings.ToUpper(highest.String()), strings.ToUpper(most.String()))})
		case unknown != "":
			out.Stay = append(out.Stay, Staying{m.ID, fmt.Sprintf("nothing here defines its marking %.80s", unknown)})
		default:
			out.Objects = append(out.Objects, raw)
			out.Highest = max(out.Highest, highest)
		}
	}
	return out
}

// level is what a marking definition says about TLP. A level that nobody knows
// is red.
func (m *marked) level() (TLP, bool) {
	if m.Kind == "tlp" {
		t, _ := ParseTLP(m.Definition.TLP)
		return t, true
	}
	raw, ok := m.Extensions[stix.TLPExtension]
	if !ok {
		return Clear, false
	}
	var e struct {
		TLP string `json:"tlp_2_0"`
	}
	_ = json.Unmarshal(raw, &e) // what cannot be read is red
	t, _ := ParseTLP(e.TLP)
	return t, true
}

// refs are all markings of an object, of the whole and of parts.
func (m *marked) refs() []string {
	out := slices.Clone(m.Markings)
	for _, p := range m.Parts {
		if p.Marking != "" { // a part may be marked with a language instead
			out = append(out, p.Marking)
		}
	}
	return out
}
