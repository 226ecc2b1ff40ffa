package evtx

import (
	"math"
	"strings"

	"longwatch/internal/wire"
)

// maxInterned is how many strings of a log are kept for reuse: element names,
// text in templates, channels, providers, computers. A log has some hundred.
const maxInterned = 1 << 14

// nameCode is a name that the shape of an event gives a meaning.
type nameCode uint8

const (
	nameOther nameCode = iota
	nameEvent
	nameSystem
	nameEventData // and its kin: values one level below the event
	nameUserData
	nameData
	nameXMLNS
	nameName
	nameProvider
	nameEventID
	nameVersion
	nameLevel
	nameTask
	nameOpcode
	nameKeywords
	nameTimeCreated
	nameEventRecordID
	nameCorrelation
	nameExecution
	nameChannel
	nameComputer
	nameSecurity
	nameSystemTime
	nameActivityID
	nameProcessID
	nameThreadID
	nameUserID
	nameGUID
	nameEventSource
	nameQualifiers
	nameRelatedActivityID
	nameRenderingInfo
)

// codeOf gives the meaning of a name.
func codeOf(s string) nameCode {
	switch s {
	case "Event":
		return nameEvent
	case "System":
		return nameSystem
	case "EventData", "BinaryEventData", "DebugData", "ProcessingErrorData":
		return nameEventData
	case "UserData":
		return nameUserData
	case "Data":
		return nameData
	case "xmlns":
		return nameXMLNS
	case "Name":
		return nameName
	case "Provider":
		return nameProvider
	case "EventID":
		return nameEventID
	case "Version":
		return nameVersion
	case "Level":
		return nameLevel
	case "Task":
		return nameTask
	case "Opcode":
		return nameOpcode
	case "Keywords":
		return nameKeywords
	case "TimeCreated":
		return nameTimeCreated
	case "EventRecordID":
		return nameEventRecordID
	case "Correlation":
		return nameCorrelation
	case "Execution":
		return nameExecution
	case "Channel":
		return nameChannel
	case "Computer":
		return nameComputer
	case "Security":
		return nameSecurity
	case "SystemTime":
		return nameSystemTime
	case "ActivityID":
		return nameActivityID
	case "ProcessID":
		return nameProcessID
	case "ThreadID":
		return nameThreadID
	case "UserID":
		return nameUserID
	case "Guid":
		return nameGUID
	case "EventSourceName":
		return nameEventSource
	case "Qualifiers":
		return nameQualifiers
	case "RelatedActivityID":
		return nameRelatedActivityID
	case "RenderingInfo":
		return nameRenderingInfo
	}
	if strings.HasPrefix(s, "xmlns:") {
		return nameXMLNS
	}
	return nameOther
}

// name is an element's or attribute's name.
type name struct {
	text string
	code nameCode
}

// placedName is a name and where it lies in the chunk.
type placedName struct {
	name
	at int
}

// interner keeps strings that a log repeats. It forgets all when it is full.
type interner struct {
	names   map[string]name   // by their UTF-16 bytes
	strings map[string]string // by themselves
}

// name returns the name whose UTF-16 bytes are b.
func (in *interner) name(b []byte) name {
	if n, ok := in.names[string(b)]; ok {
		return n
	}
	if in.names == nil || len(in.names) >= maxInterned {
		in.names = map[string]name{}
	}
	s := string(appendUTF16(nil, b))
	n := name{s, codeOf(s)}
	in.names[string(b)] = n
	return n
}

// string returns b as a string.
func (in *interner) string(b []byte) string {
	if s, ok := in.strings[string(b)]; ok {
		return s
	}
	if in.strings == nil || len(in.strings) >= maxInterned {
		in.strings = map[string]string{}
	}
	s := string(b)
	in.strings[s] = s
	return s
}

// readName reads a name's offset and, when the name lies right here, passes
// over it.
func (d *decoder) readName(c *wire.Cursor) (name, error) {
	at := int(c.L32())
	if !c.OK() {
		return name{}, errShort
	}
	n := wire.At(d.chunk)
	n.Seek(at)
	if at < len(d.namesAt) && at != c.Off() {
		if i := d.namesAt[at]; i != 0 {
			return d.names[i-1].name, nil
		}
	}
	n.L32() // next name with the same hash
	n.L16() // hash
	text := n.Take(2 * int(n.L16()))
	n.L16() // end of text
	if !n.OK() {
		return name{}, errName
	}
	if at == c.Off() {
		c.Seek(n.Off())
	}
	found := d.interned.name(text)
	if at < len(d.namesAt) && d.namesAt[at] == 0 && len(d.names) < math.MaxUint16 {
		d.names = append(d.names, placedName{found, at})
		d.namesAt[at] = uint16(len(d.names)) // #nosec G115 -- see above
	}
	return found, nil
}
