// Package eventxml reads a Windows event as XML, as wevtutil, Event Viewer and
// programs that collect events write it (MS-EVEN6 2.2.13, Event schema):
//
//	e, err := eventxml.Decode([]byte("<Event xmlns=…><System>…</System><EventData>…</EventData></Event>"))
//	values := eventxml.Values([]byte("<EventData><Data Name='a'>1</Data></EventData>"))
//
// Namespaces are not looked at. The values are those that the log itself would
// give; positional ones are named Data.
package eventxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of one event.
const (
	maxDepth  = 64
	maxValues = 1 << 14
)

var (
	errBounds = errors.New("nested too deep or too many values")
	errEvent  = errors.New("no Event element with System")
)

// Decode reads one event.
func Decode(text []byte) (*host.Event, error) {
	e := &host.Event{}
	w := walker{event: e}
	if err := w.walk(text); err != nil {
		return nil, err
	}
	if !w.system {
		return nil, errEvent
	}
	e.Fields, e.Rendered = w.fields, w.rendered
	return e, nil
}

// Values reads the values of a part of an event: EventData or UserData, alone or
// in elements around it. What is no XML has none.
func Values(text []byte) []record.KV {
	w := walker{event: &host.Event{}}
	if w.walk(text) != nil {
		return nil
	}
	return w.fields
}

// part is where in an event an element stands.
type part uint8

const (
	outside part = iota
	inSystem
	inData // below EventData
	inUser // below UserData: the first level only wraps
	inUserData
	inRendering
)

type frame struct {
	name     string // the value's
	part     part
	text     []byte
	children bool
}

type walker struct {
	event    *host.Event
	system   bool
	fields   []record.KV
	rendered []record.KV
	stack    []frame
}

func (w *walker) walk(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 here, whatever it was
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(w.stack) == maxDepth || len(w.fields)+len(w.rendered) > maxValues {
				return errBounds
			}
			w.start(t)
		case xml.CharData:
			if n := len(w.stack); n > 0 && w.stack[n-1].part != outside {
				w.stack[n-1].text = append(w.stack[n-1].text, t...)
			}
		case xml.EndElement:
			if len(w.stack) > 0 {
				w.end()
			}
		}
	}
}

func (w *walker) start(t xml.StartElement) {
	f := frame{name: t.Name.Local}
	parent := outside
	if n := len(w.stack); n > 0 {
		w.stack[n-1].children = true
		parent = w.stack[n-1].part
	}
	switch parent {
	case outside:
		switch f.name {
		case "System":
			f.part, w.system = inSystem, true
		case "EventData", "BinaryEventData", "DebugData", "ProcessingErrorData":
			f.part = inData
		case "UserData":
			f.part = inUser
		case "RenderingInfo":
			f.part = inRendering
		}
	case inUser:
		f.part = inUserData
	default:
		f.part = parent
	}
	for _, a := range t.Attr {
		switch {
		case a.Name.Local == "xmlns" || a.Name.Space == "xmlns":
		case parent == inSystem:
			w.systemAttr(f.name, a.Name.Local, a.Value)
		case parent == inData && f.name == "Data" && a.Name.Local == "Name":
			f.name = a.Value
		case f.part == inUserData:
			w.fields = append(w.fields, record.KV{Name: a.Name.Local, Value: a.Value})
		}
	}
	w.stack = append(w.stack, f)
}

// end takes the text of an element that has no others inside.
func (w *walker) end() {
	n := len(w.stack) - 1
	f := w.stack[n]
	w.stack = w.stack[:n]
	if f.children || n == 0 {
		return
	}
	parent := w.stack[n-1].part
	switch value := string(f.text); {
	case f.part == inSystem && parent == inSystem:
		w.systemText(f.name, strings.TrimSpace(value))
	case f.part == inData && parent == inData, f.part == inUserData && parent == inUserData:
		w.fields = append(w.fields, record.KV{Name: f.name, Value: value})
	case f.part == inUserData && strings.TrimSpace(value) != "":
		w.fields = append(w.fields, record.KV{Name: f.name, Value: value})
	case f.part == inRendering && parent == inRendering:
		w.rendered = append(w.rendered, record.KV{Name: f.name, Value: value})
	}
}

func (w *walker) systemAttr(elem, attr, value string) {
	e := w.event
	switch elem + " " + attr {
	case "Provider Name":
		e.Provider = value
	case "Provider Guid":
		e.ProviderGUID = value
	case "Provider EventSourceName":
		e.Source = value
	case "EventID Qualifiers":
		if n, err := strconv.ParseUint(value, 0, 16); err == nil {
			e.Qualifiers = record.Some(uint16(n))
		}
	case "TimeCreated SystemTime":
		if t, err := record.ParseTime(value); err == nil {
			e.TS = t
		}
	case "Correlation ActivityID":
		e.Activity = value
	case "Correlation RelatedActivityID":
		e.Related = value
	case "Execution ProcessID":
		e.PID = uint32(number(value, 32))
	case "Execution ThreadID":
		e.TID = uint32(number(value, 32))
	case "Security UserID":
		e.UserSID = value
	}
}

func (w *walker) systemText(elem, value string) {
	e := w.event
	switch elem {
	case "EventID":
		e.EventID = uint32(number(value, 32))
	case "Version":
		e.Version = uint8(number(value, 8))
	case "Level":
		e.Level = uint8(number(value, 8))
	case "Task":
		e.Task = uint16(number(value, 16))
	case "Opcode":
		e.Opcode = uint8(number(value, 8))
	case "Keywords":
		e.Keywords = number(value, 64)
	case "EventRecordID":
		e.RecordID = number(value, 64)
	case "Channel":
		e.Channel = value
	case "Computer":
		e.Host = strings.ToLower(value)
	}
}

// number reads decimal digits, or hexadecimal ones after 0x; 0 when it is none.
func number(s string, bits int) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 0, bits)
	if err != nil {
		return 0
	}
	return n
}
