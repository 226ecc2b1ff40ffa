package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"longwatch/internal/taxii/object"
)

// sheet is one page as it was read.
type sheet struct {
	more    bool
	next    string
	objects []json.RawMessage
	refused []Refusal
}

// Refusal is an object that was not taken.
type Refusal struct {
	Collection string `json:"collection"`
	ID         string `json:"id,omitempty"` // as the object names itself
	After      string `json:"after"`        // date_added that the page came after
	Place      int    `json:"place"`        // in its page
	Reason     string `json:"reason"`
}

// maxNext bounds the token of a page.
const maxNext = 64 << 10

// readPage reads an envelope of TAXII 2.1, or a bundle of 2.0. Objects that
// cannot be used are refused one by one; an error means that the page as a
// whole is broken or larger than most bytes. Memory is bounded by most.
func readPage(r io.Reader, most, mostObject int64) (sheet, error) {
	lim := &io.LimitedReader{R: r, N: most + 1}
	d := json.NewDecoder(lim)
	s, err := readEnvelope(d, mostObject)
	if lim.N <= 0 {
		return sheet{}, errSize
	}
	if err != nil {
		return sheet{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	return s, nil
}

func readEnvelope(d *json.Decoder, mostObject int64) (s sheet, err error) {
	if err := want(d, '{'); err != nil {
		return s, err
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return s, err
		}
		switch t {
		case "more":
			err = d.Decode(&s.more)
		case "next":
			if err = d.Decode(&s.next); len(s.next) > maxNext {
				err = errors.New("next is too long")
			}
		case "objects":
			err = s.readObjects(d, mostObject)
		default:
			var skip json.RawMessage
			err = d.Decode(&skip)
		}
		if err != nil {
			return s, err
		}
	}
	return s, want(d, '}')
}

func (s *sheet) readObjects(d *json.Decoder, most int64) error {
	t, err := d.Token()
	if err != nil || t == nil { // null is as good as none
		return err
	}
	if t != json.Delim('[') {
		return errors.New("objects is not a list")
	}
	for place := 0; d.More(); place++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		id, err := glance(raw, most)
		if err != nil {
			s.refused = append(s.refused, Refusal{ID: id, Place: place, Reason: err.Error()})
			continue
		}
		s.objects = append(s.objects, raw)
	}
	return want(d, ']')
}

func want(d *json.Decoder, c json.Delim) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t != c {
		return fmt.Errorf("%v where %v is due", t, c)
	}
	return nil
}

// glance says whether an object can be used at all: bounded, with a type and an
// identifier. Whether it keeps to STIX is for its reader to judge: feeds of the
// field often do not, and are of use all the same.
func glance(raw []byte, most int64) (id string, err error) {
	if int64(len(raw)) > most {
		return "", fmt.Errorf("larger than %d bytes", most)
	}
	if err := object.Check(raw, object.MaxDepth); err != nil {
		return "", err
	}
	var o struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", errors.New("not a JSON object with an id and a type")
	}
	if len(o.ID) > object.MaxID || len(o.Type) > object.MaxType {
		return "", errors.New("id or type is too long")
	}
	if o.ID == "" || o.Type == "" {
		return o.ID, errors.New("no id or no type")
	}
	return o.ID, nil
}
