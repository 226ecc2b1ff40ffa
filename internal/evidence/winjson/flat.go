package winjson

import (
	"strings"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// envelope is the keys that NXLog, Logstash and Security-Datasets add around
// the event's own.
var envelope = map[string]bool{
	"@timestamp": true, "@version": true, "tags": true, "type": true, "host": true, "port": true,
	"EventTime": true, "TimeCreated": true, "EventReceivedTime": true, "UtcOffset": true,
	"Hostname": true, "Computer": true, "SourceName": true, "ProviderName": true, "ProviderGuid": true, "Provider": true,
	"SourceModuleName": true, "SourceModuleType": true, "Channel": true, "EventID": true, "Version": true,
	"Level": true, "Severity": true, "SeverityValue": true, "EventType": true, "EventTypeName": true, "Task": true, "Category": true,
	"Opcode": true, "OpcodeValue": true, "Keywords": true, "RecordNumber": true, "EventRecordID": true, "RecordID": true, "ActivityID": true, "RelatedActivityID": true,
	"ExecutionProcessID": true, "ExecutionThreadID": true, "ThreadID": true, "UserID": true, "Message": true, "Timestamp": true,
}

// fromFlat reads events whose values stand beside the head's. Sysmon's
// EventType is a value of the event. The message repeats the values in words
// and is kept only when there are no others.
func fromFlat(v value) *host.Event {
	e := &host.Event{
		Head:     record.Head{TS: when(v.first("TimeCreated", "EventTime", "@timestamp", "Timestamp"))},
		Host:     strings.ToLower(v.first("Hostname", "Computer", "host")),
		Channel:  v.get("Channel").text(),
		Provider: v.first("SourceName", "ProviderName", "Provider"),
		EventID:  uint32(number(v.get("EventID").text(), 32)),
		RecordID: number(v.first("RecordNumber", "EventRecordID", "RecordID"), 64),
		Version:  uint8(number(v.get("Version").text(), 8)),
		Level:    level(v.get("Level").text()),
		Task:     uint16(number(v.get("Task").text(), 16)),
		Opcode:   uint8(number(v.first("OpcodeValue", "Opcode"), 8)),
		Keywords: number(v.get("Keywords").text(), 64),
		PID:      uint32(number(v.get("ExecutionProcessID").text(), 32)),
		TID:      uint32(number(v.first("ExecutionThreadID", "ThreadID"), 32)),
		UserSID:  v.get("UserID").text(),
		Activity: v.get("ActivityID").text(),
	}
	var fields fields
	for c := range v.children() {
		key := c.key()
		if !envelope[key] || key == "EventType" && e.Provider == "Microsoft-Windows-Sysmon" {
			fields.add(key, c)
		}
	}
	if len(fields) == 0 {
		fields.add("Message", v.get("Message"))
	}
	e.Fields = fields
	return e
}
