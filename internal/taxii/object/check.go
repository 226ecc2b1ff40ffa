package object

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/taxii"
)

// check holds an object against what STIX demands of every reader: names,
// identifiers, times and the required properties of its type. What STIX only
// advises is not looked at, and types that it does not know may have what they
// like beside the common properties.
func check(o Object, p map[string]json.RawMessage) error {
	switch {
	case o.Type == "":
		return fmt.Errorf("object: no type")
	case o.ID == "":
		return fmt.Errorf("object: no id")
	case o.Type == "bundle":
		return fmt.Errorf("object: a bundle is not an object of a collection: send the objects in it")
	case !nameOK(o.Type, o.Spec):
		return fmt.Errorf("object: type %.60q: want 3 to %d small letters, digits and dashes", o.Type, MaxType)
	}
	if err := checkID(o.ID, o.Type); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if err := checkProperty(name, p[name]); err != nil {
			return err
		}
	}
	k, err := kindOf(o, p)
	if err != nil {
		return err
	}
	for _, name := range k.need {
		if _, ok := p[name]; !ok {
			return fmt.Errorf("object: %s without %s", o.Type, name)
		}
	}
	if len(k.any) > 0 && !slices.ContainsFunc(k.any, func(name string) bool { _, ok := p[name]; return ok }) {
		return fmt.Errorf("object: %s with none of %s", o.Type, strings.Join(k.any, ", "))
	}
	for _, r := range append([]timeRule{{"created", "modified", false}}, k.then...) {
		if err := r.check(p); err != nil {
			return err
		}
	}
	return nil
}

// kindOf finds the rules of the object's type, and sees to the common
// properties of its class.
func kindOf(o Object, p map[string]json.RawMessage) (kind, error) {
	_, created := p["created"]
	_, modified := p["modified"]
	observable, isObservable := observables[o.Type]
	switch {
	case o.Type == "marking-definition":
		return marking(o, p)
	case isObservable && o.Spec == "2.0":
		return kind{}, fmt.Errorf("object: %s stands only within observed-data in STIX 2.0", o.Type)
	case isObservable:
		return observable, nil
	case !created && !modified && o.Spec == "2.1" && domain[o.Type].empty():
		return kind{}, nil // an observable of somebody's own
	case !created || !modified:
		return kind{}, fmt.Errorf("object: %s needs created and modified", o.Type)
	case o.Spec == "2.0":
		return domain20[o.Type], nil
	}
	return domain[o.Type], nil
}

// marking are the rules of a marking definition: a statement or TLP as
// definition, or in STIX 2.1 an extension, as TLP 2.0 is.
func marking(o Object, p map[string]json.RawMessage) (kind, error) {
	if _, ok := p["created"]; !ok {
		return kind{}, fmt.Errorf("object: %s without created", o.Type)
	}
	if _, ok := p["extensions"]; ok && o.Spec == "2.1" {
		return kind{}, nil
	}
	return kind{need: []string{"definition_type", "definition"}}, nil
}

func (k kind) empty() bool { return len(k.need)+len(k.any) == 0 }

// nameOK is the rule for the names of types (STIX 2.1 section 3.1; 2.0 part 1
// section 3.1 allows one letter less).
func nameOK(s, spec string) bool {
	if len(s) < 3 || len(s) > MaxType || spec == "2.1" && (s[0] == '-' || strings.Contains(s, "--")) {
		return false
	}
	for _, c := range []byte(s) {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// checkID is section 2.9: type, two dashes, a UUID.
func checkID(id, typ string) error {
	if !isID(id) {
		return fmt.Errorf("object: id %.80q is not a type, two dashes and a UUID", id)
	}
	if id[:len(id)-38] != typ {
		return fmt.Errorf("object: id %.80q does not begin with its type %.40q", id, typ)
	}
	return nil
}

// isID says whether s has the form of an identifier.
func isID(s string) bool {
	if len(s) < 39 || len(s) > MaxID || s[len(s)-38:len(s)-36] != "--" {
		return false
	}
	return isUUID(s[len(s)-36:])
}

// isUUID is RFC 9562 in the small letters STIX wants; capitals are let pass.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// checkProperty holds one property against what its name promises.
func checkProperty(name string, raw json.RawMessage) error {
	if string(raw) == "null" {
		return fmt.Errorf("object: %.60q is null", name)
	}
	if len(raw) > 1 && raw[0] == '[' && strings.TrimSpace(string(raw[1:len(raw)-1])) == "" {
		return fmt.Errorf("object: %.60q is an empty list", name)
	}
	switch {
	case slices.Contains(times, name):
		if _, err := taxii.ParseTime(text(raw)); err != nil {
			return fmt.Errorf("object: %s: %w", name, err)
		}
	case name == "revoked":
		if s := string(raw); s != "true" && s != "false" {
			return fmt.Errorf("object: revoked is neither true nor false")
		}
	case name == "confidence":
		if n, err := strconv.Atoi(string(raw)); err != nil || n < 0 || n > 100 {
			return fmt.Errorf("object: confidence is not a whole number from 0 to 100")
		}
	case name == "number_observed":
		if n, err := strconv.Atoi(string(raw)); err != nil || n < 1 || n > 999999999 {
			return fmt.Errorf("object: number_observed is not a whole number from 1 to 999999999")
		}
	case name == "pattern" || name == "name" && len(raw) > 0 && raw[0] != '"':
		if text(raw) == "" {
			return fmt.Errorf("object: %s is not a text", name)
		}
	case name == "labels":
		var l []string
		if json.Unmarshal(raw, &l) != nil {
			return fmt.Errorf("object: labels is not a list of texts")
		}
	case name == "external_references":
		var l []struct {
			Source string `json:"source_name"`
		}
		if json.Unmarshal(raw, &l) != nil || slices.ContainsFunc(l, func(r struct {
			Source string `json:"source_name"`
		}) bool {
			return r.Source == ""
		}) {
			return fmt.Errorf("object: external_references is not a list of objects with a source_name")
		}
	case name == "created_by_ref":
		if s := text(raw); !isID(s) || !strings.HasPrefix(s, "identity--") {
			return fmt.Errorf("object: created_by_ref does not name an identity")
		}
	case strings.HasSuffix(name, "_ref") && len(raw) > 0 && raw[0] == '"':
		// Within observed-data of STIX 2.0 references are keys; at the top they are identifiers.
		if !isID(text(raw)) {
			return fmt.Errorf("object: %.60s is not an identifier", name)
		}
	case strings.HasSuffix(name, "_refs"):
		var l []string
		if json.Unmarshal(raw, &l) != nil || slices.ContainsFunc(l, func(s string) bool { return !isID(s) }) {
			return fmt.Errorf("object: %.60s is not a list of identifiers", name)
		}
	}
	return nil
}

// check compares two times, if both are there.
func (r timeRule) check(p map[string]json.RawMessage) error {
	a, errA := taxii.ParseTime(text(p[r.first]))
	b, errB := taxii.ParseTime(text(p[r.then]))
	if errA != nil || errB != nil {
		return nil //nolint:nilerr // what is there and no time was refused before
	}
	if b < a || r.strict && a == b {
		return fmt.Errorf("object: %s is before %s", r.then, r.first)
	}
	return nil
}
