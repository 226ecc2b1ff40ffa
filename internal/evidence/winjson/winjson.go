// Package winjson reads Windows events that some program wrote as JSON, one
// object per line, an array, or objects spread over lines, or as a table (CSV).
// It knows the shapes of the usual programs by content:
//
//	{"Event":{"System":{…},"EventData":{…}}}         evtx_dump, Chainsaw
//	{"System":{…},"EventData":{…}}                   Velociraptor
//	{"winlog":{"event_id":4688,"event_data":{…}}}    Winlogbeat, also with dotted keys
//	{"EventID":4688,"Channel":"Security", …}         NXLog, Security-Datasets, Azure, Hayabusa
//	{"result":{"_raw":"<Event xmlns=…", …}}          Splunk
//	{"hits":{"hits":[{"_source":{…}}, …]}}           an answer of Elasticsearch
//	TimeGenerated,Computer,EventID,EventData …       tables of Azure, Splunk, Kibana, EvtxECmd, Hayabusa
//
// UTF-8 and UTF-16 are read. Every event becomes a host.Event and the normalised records it stands for,
// the same as from the log itself. Records cite the line on which their object
// begins.
package winjson

import (
	"bytes"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
)

// Format is Windows events as JSON or CSV.
var Format = evidence.Format{
	Name:  "winjson",
	Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{file: f} },
	Emits: host.Types,
}

// sniff looks for the keys that only these shapes have. Long messages may
// push them out of the head; then names of common fields make it likely.
func sniff(name string, head []byte) evidence.Match {
	head = textline.DecodedHead(head)
	if table(head) {
		return evidence.Sure
	}
	head = bytes.TrimLeft(head, " \t\r\n[")
	if !bytes.HasPrefix(head, []byte("{")) {
		return evidence.None
	}
	has := func(key string) bool { return bytes.Contains(head, []byte(`"`+key)) }
	switch {
	case has(`Event"`) && has(`System"`) && has("EventID"),
		has(`winlog"`), has("winlog."),
		has(`EventID"`) && (has(`Channel"`) || has(`SourceName"`) || has(`ProviderGuid"`)),
		has(`EventId"`) && has(`ChunkNumber"`), has(`EventCode"`) && has(`LogName"`), has(`EventID"`) && has(`TimeGenerated"`),
		has(`RuleTitle"`) && has(`EventID"`), has(`_raw"`) && has(`<Event xmlns=`), has(`System"`) && has("EventRecordID") && has("EventID"),
		has(`event_data"`) && has(`log_name"`):
		return evidence.Sure
	case has(`ProviderGuid"`), has(`SourceName"`), has(`SubjectUserSid"`), has(`ProcessGuid"`), has(`Event"`) && strings.HasSuffix(name, ".json"):
		return evidence.Maybe
	}
	return evidence.None
}
