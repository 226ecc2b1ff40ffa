package intel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxDocument bounds a JSON or XML document, which is read whole so that each
// refusal can name its line.
const maxDocument = 1 << 30

var errLarge = errors.New("larger than 1 GiB: split it, or give it as CSV or one object a line")

// document is a file that is read whole, with the line of every offset.
type document struct {
	text []byte
	at   int64 // offset up to which lines were counted
	line int
}

// whole reads a document.
func whole(r io.Reader) (*document, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(text) > maxDocument {
		err = errLarge
	}
	return &document{text: bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), line: 1}, err
}

// lineAt is the line of an offset; offsets are asked for in rising order.
func (d *document) lineAt(offset int64) int {
	if offset > d.at && offset <= int64(len(d.text)) {
		d.line += bytes.Count(d.text[d.at:offset], []byte{'\n'})
		d.at = offset
	}
	return d.line
}

// json reads a document of any of the shapes that indicators come in, or a file
// of one such document a line.
func (l *loader) json(r io.Reader) error {
	doc, err := whole(r)
	if err != nil {
		l.refuseFile(err.Error())
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(doc.text))
	for {
		err := l.value(d, doc, 0)
		switch {
		case errors.Is(err, io.EOF):
			l.finishJSON()
			return nil
		case err != nil:
			l.line = doc.lineAt(d.InputOffset())
			if l.file.Format == "" {
				l.file.Format = "damaged JSON"
			}
			l.refuseRow(fmt.Sprintf("not JSON from here on: %v", err))
			l.finishJSON()
			return nil
		}
	}
}

// finishJSON says what a file was when nothing in it was known.
func (l *loader) finishJSON() {
	if l.file.Format == "" {
		l.refuseFile("JSON of a kind that is not known: STIX, MISP, warning lists, KEV, LOLBAS, LOLDrivers, lists of values and of flat objects with the names of columns are")
	} else if s := l.strange; s.count > 0 {
		l.remark(s.line, fmt.Sprintf("%d objects of a kind that is not known, the first in this line", s.count))
	}
	l.strange = unread{}
	l.resolveSTIX()
}

// maxWithin is how deep arrays and envelopes lie in each other before the
// objects that are read one by one.
const maxWithin = 4

// value reads an object, or the elements of a list, one by one.
func (l *loader) value(d *json.Decoder, doc *document, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		for d.More() {
			if err := l.element(d, doc); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return err
	case json.Delim('{'):
		return l.members(d, doc, depth)
	}
	return nil
}

// element reads one object of a list.
func (l *loader) element(d *json.Decoder, doc *document) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	l.line = doc.lineAt(d.InputOffset() - int64(len(raw)))
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '{':
		l.object(raw)
	case '"':
		var v string
		if json.Unmarshal(raw, &v) == nil {
			l.format("list")
			l.listed(v, listName(l.file.Path))
		}
	default:
		l.unknown()
	}
	return nil
}

// format names the format of the file, where nothing has yet.
func (l *loader) format(name string) {
	if l.file.Format == "" {
		l.file.Format = name
	}
}

// unknown counts an object that is none of those that are read.
func (l *loader) unknown() {
	if l.strange.count++; l.strange.count == 1 {
		l.strange.line = l.line
	}
}

// isListKey tells whether a member of an envelope holds objects to be read one
// by one: those of STIX, TAXII, MISP and KEV, and what the programs of feeds call
// theirs; ThreatFox numbers them.
func isListKey(key string) bool {
	switch key {
	case "objects", "response", "vulnerabilities", "data", "results", "indicators", "iocs":
		return true
	}
	return key != "" && strings.Trim(key, "0123456789") == ""
}

// members reads an envelope: its lists are read element by element, and the
// rest of it is kept for what it says about all of them.
func (l *loader) members(d *json.Decoder, doc *document, depth int) error {
	rest := map[string]json.RawMessage{}
	streamed := false
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if depth < maxWithin && isListKey(key) {
			streamed = true
			if err := l.value(d, doc, depth+1); err != nil {
				return err
			}
			continue
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		rest[key] = raw
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if streamed {
		l.bundle = bundleID(rest["id"])
		return nil
	}
	l.line = doc.lineAt(d.InputOffset())
	if ev, ok := rest["Event"]; ok {
		l.mispEvent(ev)
		return nil
	}
	raw, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	l.object(raw)
	return nil
}

// object reads one object by what it has.
func (l *loader) object(raw []byte) {
	var head struct {
		Type      flexible        `json:"type"`
		ID        flexible        `json:"id"`
		Event     json.RawMessage `json:"Event"`
		Attribute json.RawMessage `json:"Attribute"`
		List      json.RawMessage `json:"list"`
		CVE       flexible        `json:"cveID"`
		Commands  json.RawMessage `json:"Commands"`
		Samples   json.RawMessage `json:"KnownVulnerableSamples"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		l.refuseRow(fmt.Sprintf("an object that cannot be read: %v", err))
		return
	}
	switch {
	case head.Event != nil:
		l.mispEvent(head.Event)
	case head.List != nil:
		l.warningList(raw)
	case head.CVE != "":
		l.kev(raw)
	case head.Samples != nil:
		l.lolDriver(raw)
	case head.Commands != nil:
		l.lolbas(raw)
	case head.Attribute != nil:
		l.mispEvent(raw)
	case stixRead[string(head.Type)] || strings.Contains(string(head.ID), "--"):
		l.stix(string(head.Type), raw)
	case !l.flat(raw):
		l.unknown()
	}
}

// flat reads an object whose members are cells of a row, named as columns are.
func (l *loader) flat(raw []byte) bool {
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&o) != nil {
		return false
	}
	if isManifest(o) {
		l.index()
		return true
	}
	names := slices.Sorted(maps.Keys(o))
	c := csvColumns(names)
	if !c.known() {
		return false
	}
	cells := make([]string, len(names), len(names)+1)
	for i, n := range names {
		switch v := o[n].(type) {
		case string:
			cells[i] = v
		case json.Number:
			cells[i] = v.String()
		case []any: // tags
			var words []string
			for _, one := range v {
				if s, ok := one.(string); ok {
					words = append(words, s)
				}
			}
			cells[i] = strings.Join(words, ", ")
		}
	}
	l.format("json")
	if c.source < 0 {
		cells = append(cells, listName(l.file.Path))
		c.source = len(cells) - 1
	}
	l.cells(&c, cells, true)
	return true
}

// isManifest tells whether an object is manifest.json of a MISP feed, which
// names the events that lie beside it.
func isManifest(o map[string]any) bool {
	for id, v := range o {
		event, ok := v.(map[string]any)
		if !ok || !isUUID(id) || event["Orgc"] == nil && event["info"] == nil {
			return false
		}
	}
	return len(o) > 0
}

// refuseRow refuses what was meant to be an indicator.
func (l *loader) refuseRow(reason string) {
	l.file.Rows++
	l.report.Rows++
	l.refuse(l.line, reason)
}
