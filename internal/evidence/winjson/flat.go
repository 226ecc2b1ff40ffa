package winjson

import (
	"strings"

	"longwatch/internal/eventxml"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// numberNames are what flat events call their number: NXLog, Azure and
// EvtxECmd, Splunk.
var numberNames = []string{"EventID", "EventId", "EventCode"}

// envelope is the keys that NXLog, Logstash, Security-Datasets, Azure, Splunk,
// EvtxECmd and Hayabusa add around the event's own.
var envelope = map[string]bool{
	"@timestamp": true, "@version": true, "tags": true, "type": true, "host": true, "port": true,
	"EventTime": true, "TimeCreated": true, "EventReceivedTime": true, "UtcOffset": true, "TimeGenerated": true, "TimeGenerated [UTC]": true,
	"Hostname": true, "Computer": true, "ComputerName": true, "MachineName": true, "SourceName": true, "ProviderName": true, "ProviderGuid": true, "Provider": true, "EventSourceName": true,
	"SourceModuleName": true, "SourceModuleType": true, "Channel": true, "LogName": true, "EventLog": true, "EventID": true, "EventId": true, "EventCode": true, "Version": true, "Qualifiers": true,
	"Level": true, "EventLevel": true, "EventLevelName": true, "Severity": true, "SeverityValue": true, "EventType": true, "EventTypeName": true, "Task": true, "Category": true,
	"Opcode": true, "OpcodeValue": true, "Keywords": true, "RecordNumber": true, "EventRecordID": true, "EventRecordId": true, "RecordID": true, "ActivityID": true, "RelatedActivityID": true, "Correlation": true,
	"ExecutionProcessID": true, "ExecutionThreadID": true, "ThreadID": true, "UserID": true, "Message": true, "Timestamp": true,
	"SystemProcessId": true, "SystemThreadId": true, "SystemUserId": true,
}

// tools are keys that one program each adds, by one that only it has: Azure,
// Splunk, EvtxECmd, Hayabusa. Elsewhere they are values of events.
var tools = map[string]map[string]bool{
	"TenantId": {
		"TenantId": true, "ManagementGroupName": true, "SourceSystem": true, "SourceComputerId": true, "EventOriginId": true, "MG": true, "Type": true, "AzureDeploymentID": true,
		"Activity": true, "RenderedDescription": true, "ParameterXml": true, "Source": true, "AccountType": true,
	},
	"_raw": {
		"index": true, "linecount": true, "punct": true, "source": true, "sourcetype": true, "splunk_server": true, "eventtype": true, "timestamp": true, "product": true, "vendor": true, "Type": true,
	},
	"ChunkNumber": {
		"ProcessId": true, "ThreadId": true, "UserId": true, "ChunkNumber": true, "MapDescription": true, "UserName": true, "RemoteHost": true, "PayloadData1": true, "PayloadData2": true,
		"PayloadData3": true, "PayloadData4": true, "PayloadData5": true, "PayloadData6": true, "ExecutableInfo": true, "HiddenRecord": true, "SourceFile": true, "ExtraDataOffset": true,
	},
	"RuleTitle": {
		"RuleTitle": true, "RuleAuthor": true, "RuleID": true, "RuleFile": true, "EvtxFile": true, "MitreTactics": true, "MitreTags": true, "OtherTags": true, "Provider": true, "RecoveredRecord": true,
	},
}

// fromFlat reads events whose values stand beside the head's, or in one member
// that holds them as XML or JSON. Sysmon's EventType is a value of the event.
// The message repeats the values in words and is kept only when there are no
// others.
func fromFlat(v value) *host.Event {
	if raw := v.get("_raw").text(); strings.HasPrefix(raw, "<Event") { // Splunk keeps the XML
		if e, err := eventxml.Decode([]byte(raw)); err == nil {
			return e
		}
	}
	e := &host.Event{
		Head:         record.Head{TS: when(v.first("TimeCreated", "EventTime", "TimeGenerated", "TimeGenerated [UTC]", "@timestamp", "Timestamp", "_time"))},
		Host:         strings.ToLower(v.first("Hostname", "Computer", "ComputerName", "MachineName", "host")),
		Channel:      channel(v.first("Channel", "LogName", "EventLog")),
		Provider:     v.first("SourceName", "ProviderName", "Provider", "EventSourceName"),
		ProviderGUID: guid(v.get("ProviderGuid").text()),
		EventID:      uint32(number(v.first(numberNames...), 32)),
		RecordID:     number(v.first("EventRecordID", "EventRecordId", "RecordNumber", "RecordID"), 64),
		Version:      uint8(number(v.get("Version").text(), 8)),
		Level:        level(v.first("Level", "EventLevel", "EventLevelName")),
		Task:         uint16(number(v.get("Task").text(), 16)),
		Opcode:       opcode(v.first("OpcodeValue", "Opcode")),
		Keywords:     keywords(v.get("Keywords")) | keywords(v.get("EventType")),
		PID:          uint32(number(v.first("ExecutionProcessID", "SystemProcessId"), 32)),
		TID:          uint32(number(v.first("ExecutionThreadID", "ThreadID", "SystemThreadId"), 32)),
		UserSID:      v.first("UserID", "SystemUserId"),
		Activity:     guid(v.first("ActivityID", "Correlation")),
		Related:      guid(v.get("RelatedActivityID").text()),
		Qualifiers:   qualifiers(v.get("Qualifiers").text()),
	}
	if e.Provider == "" && v.get("EventLog").ok { // Azure's table of events
		e.Provider = v.get("Source").text()
	}
	var own map[string]bool
	for _, mark := range []string{"TenantId", "_raw", "ChunkNumber", "RuleTitle"} {
		if v.get(mark).ok {
			own = tools[mark]
			break
		}
	}
	if own["ChunkNumber"] {
		e.PID, e.TID, e.UserSID = uint32(number(v.get("ProcessId").text(), 32)), uint32(number(v.get("ThreadId").text(), 32)), v.get("UserId").text()
	}
	if own["RuleTitle"] {
		e.Level = 0 // that is the rule's
	}
	var fields fields
	for c := range v.children() {
		switch key := c.key(); {
		case key == "EventType" && e.Provider == "Microsoft-Windows-Sysmon":
			fields.add(key, c)
		case envelope[key] || own[key] || strings.HasPrefix(key, "_") || key == "Source" && v.get("EventLog").ok:
		case key == "EventData", key == "UserData", key == "Payload" && own["ChunkNumber"], own["RuleTitle"] && (key == "Details" || key == "ExtraFieldInfo" || key == "AllFieldInfo"):
			fields.part(c)
		default:
			fields.add(key, c)
		}
	}
	if len(fields) == 0 {
		fields.add("Message", v.get("Message"))
	}
	e.Fields = fields
	return e
}

// part adds the values of a member that holds them all: as an object, or as text
// that is XML, JSON, or Hayabusa's "a: 1 ¦ b: 2".
func (f *fields) part(c value) {
	text := c.text()
	switch {
	case text == "" && !c.is(kindText):
		f.add(c.key(), c)
	case text == "" || text == "-":
	case strings.HasPrefix(text, "<"):
		*f = append(*f, eventxml.Values([]byte(text))...)
	case strings.HasPrefix(text, "{"):
		inner, err := new(parser).parse([]byte(text))
		if err != nil {
			*f = append(*f, record.KV{Name: c.key(), Value: text})
			return
		}
		for _, name := range []string{"EventData", "UserData"} {
			if p := inner.get(name); p.ok {
				inner = p
				break
			}
		}
		f.data(inner)
	case strings.Contains(text, ": "):
		for pair := range strings.SplitSeq(text, " ¦ ") {
			name, value, _ := strings.Cut(pair, ": ")
			*f = append(*f, record.KV{Name: name, Value: value})
		}
	default:
		f.add(c.key(), c)
	}
}

// channel gives a log its whole name, where Hayabusa shortens it.
func channel(s string) string {
	switch s {
	case "Sec":
		return "Security"
	case "Sys":
		return "System"
	case "App":
		return "Application"
	case "Sysmon":
		return "Microsoft-Windows-Sysmon/Operational"
	case "PwSh":
		return "Microsoft-Windows-PowerShell/Operational"
	case "PwShClassic":
		return "Windows PowerShell"
	case "TaskSch":
		return "Microsoft-Windows-TaskScheduler/Operational"
	case "WMI":
		return "Microsoft-Windows-WMI-Activity/Operational"
	case "Defender":
		return "Microsoft-Windows-Windows Defender/Operational"
	case "BitsCli":
		return "Microsoft-Windows-Bits-Client/Operational"
	}
	return s
}
