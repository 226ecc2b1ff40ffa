// Package object reads STIX objects as a sharing server has to: what arrives
// from strangers is bounded, taken apart far enough to know its identifier,
// version and whether it keeps to STIX 2.0 or 2.1, and kept byte for byte
// otherwise.
//
//	raw, err := object.Split(body, object.MaxDepth)  // an envelope
//	o, err := object.Parse(raw[0])                   // o.ID, o.Version, o.Body
package object

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"longwatch/internal/taxii"
)

// Bounds of what is read.
const (
	MaxDepth = 64      // brackets within brackets
	MaxID    = 300     // bytes of an identifier: a type of 250, two dashes and a UUID
	MaxType  = 250     // bytes of a type (STIX 2.1 section 3.1)
	maxKeys  = 2000    // properties of one object
	maxBody  = 8 << 20 // bytes of one object
)

// Object is one version of one STIX object.
type Object struct {
	ID      string     // type--UUID
	Type    string     // such as indicator
	Spec    string     // 2.0 or 2.1
	Version taxii.Time // modified, or created where there is no modified; 0: it has no version
	Text    string     // the version as it was written
	Body    []byte     // the object's JSON, without white space
}

// MediaType is the object's, with the version of STIX.
func (o Object) MediaType() string { return taxii.MediaSTIX + o.Spec }

// ErrJSON is what is wrong with a body that cannot be read at all.
var ErrJSON = errors.New("object: not JSON")

var (
	errUTF8  = fmt.Errorf("%w: not UTF-8", ErrJSON)
	errDepth = fmt.Errorf("%w that we read: brackets are nested too deep", ErrJSON)
)

// Check says whether b is one JSON value in UTF-8 with no more than depth
// brackets within each other. It keeps nothing on a stack, so that a body of
// brackets costs no more than its length.
func Check(b []byte, depth int) error {
	if !utf8.Valid(b) {
		return errUTF8
	}
	open, quoted, escaped := 0, false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if open++; open > depth {
				return errDepth
			}
		case c == '}' || c == ']':
			open--
		}
	}
	if !json.Valid(b) {
		return ErrJSON
	}
	return nil
}

// Split takes an envelope apart (TAXII 2.1 section 3.7): what stands in its
// objects, each still JSON. An envelope without objects has none.
func Split(body []byte, depth int) ([]json.RawMessage, error) {
	if err := Check(body, depth); err != nil {
		return nil, err
	}
	top, err := properties(body)
	if err != nil {
		return nil, err
	}
	raw, ok := top["objects"]
	if !ok {
		return nil, nil
	}
	var out []json.RawMessage
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, errors.New("object: objects is not a list")
	}
	return out, nil
}

// Parse reads one object and holds it against STIX. The error says which
// property is wrong; what could be read of the identifier and version is
// returned with it, so that the refusal can name them.
func Parse(raw []byte) (Object, error) {
	if len(raw) > maxBody {
		return Object{}, fmt.Errorf("object: larger than %d bytes", maxBody)
	}
	p, err := properties(raw)
	if err != nil {
		return Object{}, err
	}
	o := Object{ID: text(p["id"]), Type: text(p["type"])}
	if len(o.ID) > MaxID {
		return Object{}, fmt.Errorf("object: id is longer than %d bytes", MaxID)
	}
	o.Spec, err = spec(p, o.Type)
	if err != nil {
		return o, err
	}
	for _, name := range []string{"modified", "created"} {
		if s := text(p[name]); s != "" {
			if o.Version, err = taxii.ParseTime(s); err != nil {
				return o, fmt.Errorf("object: %s: %w", name, err)
			}
			o.Text = s
			break
		}
	}
	if err := check(o, p); err != nil {
		return o, err
	}
	var body bytes.Buffer
	if err := json.Compact(&body, raw); err != nil {
		return o, ErrJSON
	}
	o.Body = body.Bytes()
	return o, nil
}

// spec finds the version of STIX. Objects of 2.0 do not say it; neither need
// the observables of 2.1, which have neither created nor modified.
func spec(p map[string]json.RawMessage, typ string) (string, error) {
	raw, said := p["spec_version"]
	if said {
		v := text(raw)
		if v != "2.0" && v != "2.1" {
			return "", fmt.Errorf("object: spec_version %.20s is neither 2.0 nor 2.1", raw)
		}
		return v, nil
	}
	_, created := p["created"]
	if _, observable := observables[typ]; observable || !created {
		return "2.1", nil
	}
	return "2.0", nil
}

// Same says whether two bodies are the same object, whatever the order of
// their properties.
func Same(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	ca, errA := canonical(a)
	cb, errB := canonical(b)
	return errA == nil && errB == nil && bytes.Equal(ca, cb)
}

// canonical writes JSON with sorted keys. Numbers stay as they were written.
func canonical(b []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
