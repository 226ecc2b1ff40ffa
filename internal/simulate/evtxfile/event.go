// Package evtxfile writes Windows event logs (.evtx): file header, 64 KiB
// chunks with string and template tables, records in binary XML, and all
// checksums, so that any reader of the format takes them for the real thing.
//
// Format: MS-EVEN6 2.2.12 (BinXml) and the public libevtx description of the
// file and chunk headers.
package evtxfile

import (
	"encoding/hex"
	"hash/fnv"
	"strings"
	"time"
)

// Provider is who logs an event.
type Provider struct {
	Name   string
	GUID   string // empty for classic sources
	Source string // EventSourceName, for classic sources that have a manifest
}

// Field is one named value of the event's own part.
type Field struct {
	Name  string
	Value Value
}

// Event is one record. RecordID is given by the Log.
type Event struct {
	Time       time.Time
	Provider   Provider
	Channel    string
	Computer   string
	ID         uint16
	Qualifiers uint16 // only written for classic sources
	Version    uint8
	Level      uint8
	Opcode     uint8
	Task       uint16
	Keywords   uint64
	PID, TID   uint32
	User       string // SID or empty
	Activity   string // GUID or empty
	By         int    // who caused it; 0 is ordinary life. Not written

	Fields    []Field // EventData, or the elements of User data
	Inserts   []string
	UserData  string // element name under UserData; empty for EventData
	Namespace string // xmlns of the UserData element
}

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// Indexes of the values of the system part.
const (
	subLevel = iota
	subOpcode
	subTask
	subID
	subQualifiers
	subKeywords
	subTime
	subActivity
	subPID
	subTID
	subRecord
	subVersion
	subUser
	subRelated
	subBody
	subCount
)

// system returns the template of everything but the event's own part. It
// depends only on provider, channel and computer.
func (e *Event) system() (key string, root *element) {
	key = "system\x00" + e.Provider.Name + "\x00" + e.Provider.GUID + "\x00" + e.Channel + "\x00" + e.Computer
	provider := node("Provider").with("Name", text(e.Provider.Name))
	if e.Provider.GUID != "" {
		provider.with("Guid", text("{"+strings.Trim(e.Provider.GUID, "{}")+"}"))
	}
	if e.Provider.Source != "" {
		provider.with("EventSourceName", text(e.Provider.Source))
	}
	root = node("Event",
		node("System",
			provider,
			node("EventID", value(subID, kindU16)).with("Qualifiers", optional(subQualifiers, kindU16)),
			node("Version", value(subVersion, kindU8)),
			node("Level", value(subLevel, kindU8)),
			node("Task", value(subTask, kindU16)),
			node("Opcode", value(subOpcode, kindU8)),
			node("Keywords", value(subKeywords, kindHex64)),
			node("TimeCreated").with("SystemTime", value(subTime, kindTime)),
			node("EventRecordID", value(subRecord, kindU64)),
			node("Correlation").with("ActivityID", optional(subActivity, kindGUID)).with("RelatedActivityID", optional(subRelated, kindGUID)),
			node("Execution").with("ProcessID", value(subPID, kindU32)).with("ThreadID", value(subTID, kindU32)),
			node("Channel", text(e.Channel)),
			node("Computer", text(e.Computer)),
			node("Security").with("UserID", optional(subUser, kindSID)),
		),
		value(subBody, kindBinXML),
	).with("xmlns", text(eventNamespace))
	return key, root
}

// values are those for the template of system, in its order, without the body.
func (e *Event) values(record uint64) []Value {
	v := make([]Value, subCount)
	v[subLevel], v[subOpcode], v[subTask], v[subID] = U8(e.Level), U8(e.Opcode), U16(e.Task), U16(e.ID)
	if e.Provider.GUID == "" || e.Provider.Source != "" {
		v[subQualifiers] = U16(e.Qualifiers)
	}
	v[subKeywords], v[subTime] = Hex64(e.Keywords), Time(e.Time)
	if e.Activity != "" {
		v[subActivity] = GUID(e.Activity)
	}
	v[subPID], v[subTID], v[subRecord], v[subVersion] = U32(e.PID), U32(e.TID), U64(record), U8(e.Version)
	v[subUser] = SID(e.User)
	return v
}

// body returns the template and values of the event's own part.
func (e *Event) body() (key string, root *element, values []Value) {
	var k strings.Builder
	k.WriteString("body\x00" + e.UserData)
	for _, f := range e.Fields {
		k.WriteString("\x00" + f.Name + string(rune(f.Value.kind)))
		values = append(values, f.Value)
	}
	switch {
	case e.UserData != "":
		inner := node(e.UserData)
		if e.Namespace != "" {
			inner.with("xmlns", text(e.Namespace))
		}
		for i, f := range e.Fields {
			inner.add(node(f.Name, optional(i, f.Value.kind)))
		}
		return k.String(), node("UserData", inner), values
	case len(e.Fields) == 0 && e.Inserts != nil:
		root = node("EventData", node("Data", value(0, kindStrings)), node("Binary", optional(1, kindBinary)))
		return "inserts", root, []Value{Strings(e.Inserts...), {kind: kindNull}}
	}
	root = node("EventData")
	for i, f := range e.Fields {
		root.add(node("Data", value(i, f.Value.kind)).with("Name", text(f.Name)))
	}
	return k.String(), root, values
}

// templateID is the GUID of a template, derived from what it says.
func templateID(key string) [16]byte {
	h := fnv.New128a()
	h.Write([]byte(key))
	var id [16]byte
	copy(id[:], encodeGUID(hex.EncodeToString(h.Sum(nil))))
	return id
}
