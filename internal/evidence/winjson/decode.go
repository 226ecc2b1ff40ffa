package winjson

import (
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// decode makes an event of an object, or nil when its shape is not known.
func decode(v value) *host.Event {
	for _, wrap := range []string{"_source", "document.data", "event"} {
		if inner := v.path(wrap); inner.is(kindObject) && (inner.get("Event").ok || inner.path("winlog.event_id").ok || inner.get("EventID").ok) {
			v = inner
			break
		}
	}
	switch {
	case v.get("Event").get("System").ok:
		return fromXML(v.get("Event"))
	case v.path("winlog.event_id").ok:
		return fromWinlogbeat(v)
	case v.get("event_id").ok && v.get("log_name").ok:
		return fromWinlogbeat6(v)
	case v.get("EventID").ok:
		return fromFlat(v)
	}
	return nil
}

// when reads a time: RFC 3339, epoch seconds, or date and time of day in UTC.
func when(s string) record.Time {
	if t, err := record.ParseTime(s); err == nil {
		return t
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999 -07:00", "2006-01-02 15:04:05.999999999 MST"} {
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
		Activity: attr("Correlation", "ActivityID"),
	}
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
		PID:      uint32(number(v.path("winlog.process.pid").text(), 32)),
		TID:      uint32(number(v.path("winlog.process.thread.id").text(), 32)),
		UserSID:  v.path("winlog.user.identifier").text(),
		Activity: v.path("winlog.activity_id").text(),
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
		Activity: v.get("activity_id").text(),
	}
	var fields fields
	fields.data(v.get("event_data"))
	fields.data(v.get("user_data"))
	e.Fields = fields
	return e
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
