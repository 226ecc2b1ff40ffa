package evtx

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"longwatch/internal/record"
)

// system sets what an element of System says. It refuses values of another
// type than Windows uses, which are then read as text.
func (b *builder) system(code nameCode, v value) bool {
	if code == nameChannel || code == nameComputer {
		last := &b.lastChannel
		if code == nameComputer {
			last = &b.lastComputer
		}
		if v.typ == typeString && bytes.Equal(*last, v.data) {
			if code == nameChannel {
				b.event.Channel = b.channel
			} else {
				b.event.Host = b.lowered
			}
			return true
		}
		from := len(b.text)
		b.text = v.append(b.text)
		b.systemText(code, b.text[from:])
		b.text = b.text[:from]
		if v.typ == typeString {
			*last = append((*last)[:0], v.data...)
		}
		return true
	}
	n, ok := v.uint()
	if ok {
		b.systemNumber(code, n)
	}
	return ok
}

func (b *builder) systemText(code nameCode, text []byte) {
	switch code {
	case nameChannel:
		b.channel = b.interned.string(text)
		b.lastChannel = b.lastChannel[:0] // set by who knows the bytes
		b.event.Channel = b.channel
		return
	case nameComputer:
		b.event.Host = b.lower(text)
		return
	}
	if n, ok := number(text); ok {
		b.systemNumber(code, n)
	}
}

func (b *builder) systemNumber(code nameCode, n uint64) {
	e := b.event
	switch code {
	case nameEventID:
		e.EventID = uint32(n)
	case nameVersion:
		e.Version = uint8(n)
	case nameLevel:
		e.Level = uint8(n)
	case nameTask:
		e.Task = uint16(n)
	case nameOpcode:
		e.Opcode = uint8(n)
	case nameKeywords:
		e.Keywords = n
	case nameEventRecordID:
		e.RecordID = n
	}
}

// systemAttr sets what an attribute in System says, where its type is the one
// that Windows uses.
func (b *builder) systemAttr(elem nameCode, v value) bool {
	switch {
	case elem == nameTimeCreated && v.typ == typeFileTime:
		b.event.TS = fileTimeOf(v.data)
		return true
	case elem == nameSecurity && v.typ == typeSID && b.attr.code == nameUserID:
		b.event.UserSID = b.sids.text(v.data)
		return true
	case elem == nameProvider && v.typ == typeString && b.attr.code == nameName:
		b.event.Provider = b.name.of(v, b.interned)
		return true
	case elem == nameProvider && v.typ == typeGUID && b.attr.code == nameGUID:
		b.event.ProviderGUID = b.guid.of(v, b.interned)
		return true
	case elem == nameExecution:
		n, ok := v.uint()
		if ok {
			b.execution(n)
		}
		return ok
	case elem == nameEventID && b.attr.code == nameQualifiers:
		n, ok := v.uint()
		if ok {
			b.event.Qualifiers = record.Some(uint16(n)) // #nosec G115 -- the lower half is what counts
		}
		return ok
	}
	return false
}

// lastText is what the last event said, and the bytes it was made of.
type lastText struct {
	raw  []byte
	text string
}

// of returns v as text.
func (l *lastText) of(v value, in *interner) string {
	if l.raw == nil || !bytes.Equal(l.raw, v.data) {
		l.raw = append(l.raw[:0], v.data...)
		l.text = in.string(v.append(nil))
	}
	return l.text
}

// maxSID is the length of an identifier of 15 parts, the most that Windows knows
// (MS-DTYP 2.4.2.2).
const maxSID = 8 + 4*15

// sidCache keeps security identifiers that were written before, one for each
// hash of their last part. Logs repeat a few of them in every event.
type sidCache [64]struct{ raw, text string }

func (c *sidCache) append(dst, raw []byte) []byte { return append(dst, c.text(raw)...) }

// text writes a security identifier.
func (c *sidCache) text(raw []byte) string {
	if len(raw) < 8 || len(raw) > maxSID {
		return string(appendSID(nil, raw))
	}
	tail := binary.LittleEndian.Uint32(raw[len(raw)-4:])
	slot := &c[(tail*0x9e3779b1)>>26]
	if slot.raw != string(raw) {
		var room [192]byte // 15 parts of ten digits
		slot.raw, slot.text = string(raw), string(appendSID(room[:0], raw))
	}
	return slot.text
}

func (b *builder) execution(n uint64) {
	switch b.attr.code {
	case nameProcessID:
		b.event.PID = uint32(n)
	case nameThreadID:
		b.event.TID = uint32(n)
	}
}

// systemAttrText sets what an attribute in System says; literal is its text
// when the template holds that.
func (b *builder) systemAttrText(elem nameCode, literal string, text []byte) {
	switch {
	case elem == nameProvider:
		if literal == "" {
			literal = b.interned.string(text)
		}
		b.provider(literal)
	case elem == nameTimeCreated && b.attr.code == nameSystemTime:
		if t, err := record.ParseTime(string(text)); err == nil {
			b.event.TS = t
		}
	case elem == nameExecution:
		if n, ok := number(text); ok {
			b.execution(n)
		}
	case elem == nameSecurity && b.attr.code == nameUserID:
		b.event.UserSID = b.interned.string(text)
	case elem == nameEventID && b.attr.code == nameQualifiers:
		if n, ok := number(text); ok {
			b.event.Qualifiers = record.Some(uint16(n)) // #nosec G115 -- the lower half is what counts
		}
	}
}

// correlation notes where an attribute of Correlation lies; the text stays.
func (b *builder) correlation(at span) {
	switch b.attr.code {
	case nameActivityID:
		b.activity = at
	case nameRelatedActivityID:
		b.related = at
	}
}

func (b *builder) provider(s string) {
	switch b.attr.code {
	case nameName:
		b.event.Provider = s
	case nameGUID:
		b.event.ProviderGUID = s
	case nameEventSource:
		b.event.Source = s
	}
}

// number reads decimal digits, or hexadecimal ones after 0x.
func number(text []byte) (uint64, bool) {
	if len(text) == 0 || len(text) > 20 {
		return 0, false
	}
	base, digits := 10, string(text)
	if hex, ok := strings.CutPrefix(digits, "0x"); ok {
		base, digits = 16, hex
	}
	n, err := strconv.ParseUint(digits, base, 64)
	return n, err == nil
}

// lower returns a computer's name in lower case, as host records have it.
func (b *builder) lower(text []byte) string {
	if string(text) != b.computer {
		b.computer = string(text)
		b.lowered = strings.ToLower(b.computer)
		b.lastComputer = b.lastComputer[:0]
	}
	return b.lowered
}
