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
// nobody can say how far it lets them go, what cannot be read, and what has no
// marking and is only referred to by what stays.
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
	why := make([]string, len(objects)) // it stays
	level := make([]TLP, len(objects))
	for i := range objects {
		why[i], level[i] = list[i].stays(unread[i], most, levels, known)
	}
	unmarked(objects, list, why)
	var out Screened
	for i, raw := range objects {
		if why[i] != "" {
			out.Stay = append(out.Stay, Staying{list[i].ID, why[i]})
			continue
		}
		out.Objects = append(out.Objects, raw)
		out.Highest = max(out.Highest, level[i])
	}
	return out
}

// stays says why an object stays by its own markings, or how restricted it is.
func (m *marked) stays(unread error, most TLP, levels map[string]TLP, known map[string]bool) (string, TLP) {
	if unread != nil {
		return fmt.Sprintf("its markings cannot be read: %v", unread), Red
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
		return fmt.Sprintf("it is TLP:%s, and TLP:%s is the most that may be sent there", strings.ToUpper(highest.String()), strings.ToUpper(most.String())), highest
	case unknown != "":
		return fmt.Sprintf("nothing here defines its marking %.80s", unknown), Red
	}
	return "", highest
}

// unmarked keeps back objects without a marking of their own that only objects
// which stay refer to: the addresses, names and accounts that an observation
// consists of are as restricted as it is.
func unmarked(objects []json.RawMessage, list []marked, why []string) {
	if !slices.ContainsFunc(why, func(s string) bool { return s != "" }) {
		return
	}
	from := map[string][]int{} // who refers to an id
	for i, raw := range objects {
		var o any
		if json.Unmarshal(raw, &o) == nil {
			for _, id := range references(o, nil) {
				from[id] = append(from[id], i)
			}
		}
	}
	for again := true; again; {
		again = false
		for i := range list {
			m := &list[i]
			if why[i] != "" || len(m.refs()) > 0 || m.Type == "marking-definition" || len(from[m.ID]) == 0 {
				continue
			}
			if !slices.ContainsFunc(from[m.ID], func(n int) bool { return why[n] == "" }) {
				why[i], again = "it has no marking, and all that refers to it stays", true
			}
		}
	}
}

// references are the ids that an object refers to in what it says: not who made
// it, nor how it is marked.
func references(v any, dst []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			if key == "created_by_ref" || key == "object_marking_refs" || key == "granular_markings" {
				continue
			}
			if s, ok := one.(string); ok && strings.HasSuffix(key, "_ref") {
				dst = append(dst, s)
				continue
			}
			if list, ok := one.([]any); ok && strings.HasSuffix(key, "_refs") {
				for _, id := range list {
					if s, ok := id.(string); ok {
						dst = append(dst, s)
					}
				}
				continue
			}
			dst = references(one, dst)
		}
	case []any:
		for _, one := range v {
			dst = references(one, dst)
		}
	}
	return dst
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
