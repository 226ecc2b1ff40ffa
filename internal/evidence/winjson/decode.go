package winjson

import (
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// decode makes an event of an object, or nil when its shape is not known.
func decode(v value) *host.Event {
	for _, wrap := range []string{"_source", "document.data", "event", "result", "data", "properties"} {
		if inner := v.path(wrap); inner.is(kindObject) && (inner.get("Event").ok || inner.path("winlog.event_id").ok || inner.first(numberNames...) != "" || inner.get("_raw").ok) {
			v = inner
			break
		}
	}
	switch {
	case v.get("Event").get("System").ok:
		return fromXML(v.get("Event"))
	case v.get("System").get("EventID").ok: // Velociraptor's parse_evtx
		return fromXML(v)
	case v.path("winlog.event_id").ok:
		return fromWinlogbeat(v)
	case v.get("event_id").ok && v.get("log_name").ok:
		return fromWinlogbeat6(v)
	case v.first(numberNames...) != "", strings.HasPrefix(v.get("_raw").text(), "<Event"):
		return fromFlat(v)
	}
	return nil
}

// when reads a time: RFC 3339, epoch seconds, or date and time of day in UTC.
func when(s string) record.Time {
	if t, err := record.ParseTime(s); err == nil {
		return t
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999 -07:00", "2006-01-02 15:04:05.999999999 MST", "1/2/2006, 3:04:05.999999999 PM"} {
		if t, err := time.Parse(layout, s); err == nil {
			return record.TimeOf(t)
		}
	}
	return 0
}

// fromXML reads what programs make of the event's XML: attributes below
// #attributes, behind @, or in a second member NAME_attributes.
func fromXML(v value) *host.Event {
	s := v.get("System")
	attr := func(elem, name string) string {
		e := s.get(elem)
		for _, a := range []value{e.get("#attributes").get(name), e.get("@" + name), e.get(name), s.get(elem + "_attributes").get(name)} {
			if a.ok {
				return a.text()
			}
		}
		return ""
	}
	count := func(elem string, bits int) uint64 { return number(s.get(elem).text(), bits) }
	e := &host.Event{
		Head:     record.Head{TS: when(attr("TimeCreated", "SystemTime"))},
		Host:     strings.ToLower(s.get("Computer").text()),
		Channel:  s.get("Channel").text(),
		Provider: attr("Provider", "Name"),
		EventID:  uint32(eventID(s.get("EventID"))),
		RecordID: count("EventRecordID", 64),
		Version:  uint8(count("Version", 8)),
		Level:    uint8(count("Level", 8)),
		Task:     uint16(count("Task", 16)),
		Opcode:   uint8(count("Opcode", 8)),
		Keywords: count("Keywords", 64),
		PID:      uint32(number(attr("Execution", "ProcessID"), 32)),
		TID:      uint32(number(attr("Execution", "ThreadID"), 32)),
		UserSID:  attr("Security", "UserID"),
		Activity: guid(attr("Correlation", "ActivityID")),

		ProviderGUID: guid(attr("Provider", "Guid")),
		Source:       attr("Provider", "EventSourceName"),
		Related:      guid(attr("Correlation", "RelatedActivityID")),
		Qualifiers:   qualifiers(attr("EventID", "Qualifiers")),
	}
	var rendered fields
	for c := range v.get("RenderingInfo").children() {
		if !attributes(c.key()) {
			rendered.add(c.key(), c)
		}
	}
	e.Rendered = rendered
	var fields fields
	for _, part := range []string{"EventData", "BinaryEventData", "DebugData", "ProcessingErrorData"} {
		fields.data(v.get(part))
	}
	for wrapper := range v.get("UserData").children() {
		if !attributes(wrapper.key()) {
			fields.leaves(wrapper)
		}
	}
	e.Fields = fields
	return e
}

// eventID also reads {"Value": 4688} of Velociraptor.
func eventID(v value) uint64 {
	if s := v.text(); s != "" {
		return number(s, 32)
	}
	return number(v.get("Value").text(), 32)
}

// fromWinlogbeat reads Winlogbeat 7 and later, and other shippers that follow
// the Elastic Common Schema.
func fromWinlogbeat(v value) *host.Event {
	e := &host.Event{
		Head:     record.Head{TS: when(v.first("@timestamp", "winlog.time_created", "event.created"))},
		Host:     strings.ToLower(v.first("winlog.computer_name", "host.name", "host.hostname")),
		Channel:  v.path("winlog.channel").text(),
		Provider: v.first("winlog.provider_name", "event.provider"),
		EventID:  uint32(number(v.path("winlog.event_id").text(), 32)),
		RecordID: number(v.path("winlog.record_id").text(), 64),
		Version:  uint8(number(v.path("winlog.version").text(), 8)),
		Level:    level(v.first("winlog.level", "log.level")),
		Task:     uint16(number(v.path("winlog.task").text(), 16)),
		Opcode:   opcode(v.path("winlog.opcode").text()),
		Keywords: keywords(v.path("winlog.keywords")),
		PID:      uint32(number(v.path("winlog.process.pid").text(), 32)),
		TID:      uint32(number(v.path("winlog.process.thread.id").text(), 32)),
		UserSID:  v.path("winlog.user.identifier").text(),
		Activity: guid(v.path("winlog.activity_id").text()),

		ProviderGUID: guid(v.path("winlog.provider_guid").text()),
		Related:      guid(v.path("winlog.related_activity_id").text()),
	}
	if by := strings.ToLower(v.first("host.name", "agent.hostname", "agent.name", "host.hostname")); !sameHost(by, e.Host) {
		e.Collector = by
	}
	var fields fields
	for _, part := range []string{"winlog.event_data", "winlog.user_data"} {
		fields.data(v.path(part))
		fields.dotted(v, part+".")
		fields.dotted(v.get("winlog"), strings.TrimPrefix(part, "winlog.")+".")
	}
	e.Fields = fields
	return e
}

// fromWinlogbeat6 reads the names of Winlogbeat up to version 6.
func fromWinlogbeat6(v value) *host.Event {
	e := &host.Event{
		Head:     record.Head{TS: when(v.get("@timestamp").text())},
		Host:     strings.ToLower(v.first("computer_name", "beat.hostname")),
		Channel:  v.get("log_name").text(),
		Provider: v.get("source_name").text(),
		EventID:  uint32(number(v.get("event_id").text(), 32)),
		RecordID: number(v.get("record_number").text(), 64),
		Version:  uint8(number(v.get("version").text(), 8)),
		Level:    level(v.get("level").text()),
		PID:      uint32(number(v.get("process_id").text(), 32)),
		TID:      uint32(number(v.get("thread_id").text(), 32)),
		UserSID:  v.path("user.identifier").text(),
		Activity: guid(v.get("activity_id").text()),
		Opcode:   opcode(v.get("opcode").text()),
		Keywords: keywords(v.get("keywords")),

		ProviderGUID: guid(v.get("provider_guid").text()),
		Related:      guid(v.get("related_activity_id").text()),
	}
	if by := strings.ToLower(v.path("beat.hostname").text()); !sameHost(by, e.Host) {
		e.Collector = by
	}
	var fields fields
	fields.data(v.get("event_data"))
	fields.data(v.get("user_data"))
	e.Fields = fields
	return e
}

// sameHost compares names that may lack their domain; nothing is like anything.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return a == "" || strings.EqualFold(a, b)
}

// guid writes a GUID in braces and lower case, as the log itself has it.
func guid(s string) string {
	s = strings.ToLower(strings.Trim(s, "{}"))
	if s == "" || s == "-" {
		return ""
	}
	return "{" + s + "}"
}

// qualifiers reads the upper half of a classic event's number.
func qualifiers(s string) record.Opt[uint16] {
	if s == "" {
		return record.Opt[uint16]{}
	}
	return record.Some(uint16(number(s, 16)))
}

// The keywords that have names in every provider (winmeta.xml).
var keywordBits = map[string]uint64{
	"response time": 1 << 48, "wdi context": 1 << 49, "wdi diag": 1 << 50, "sqm": 1 << 51,
	"audit failure": 1 << 52, "audit_failure": 1 << 52, "audit success": 1 << 53, "audit_success": 1 << 53,
	"correlation hint": 1 << 54, "classic": 1 << 55,
}

// keywords reads bits: a number, which some write with a sign, a word, or a list
// of words.
func keywords(v value) (bits uint64) {
	if v.is(kindArray) {
		for c := range v.children() {
			bits |= keywords(c)
		}
		return bits
	}
	s := v.text()
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n < 0 {
		return uint64(n) // #nosec G115 -- the same bits
	}
	if n := number(s, 64); n != 0 {
		return n
	}
	for word := range strings.SplitSeq(strings.ToLower(s), ",") {
		bits |= keywordBits[strings.TrimSpace(word)]
	}
	return bits
}

// opcode reads a number or the word that stands for it (winmeta.xml).
func opcode(s string) uint8 {
	switch strings.ToLower(s) {
	case "start":
		return 1
	case "stop":
		return 2
	}
	return uint8(number(s, 8))
}

// level reads a number or the word that stands for it (winmeta.xml).
func level(s string) uint8 {
	switch strings.ToLower(s) {
	case "critical":
		return 1
	case "error":
		return 2
	case "warning":
		return 3
	case "information":
		return 4
	case "verbose":
		return 5
	}
	return uint8(number(s, 8))
}
