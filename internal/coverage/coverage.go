// Package coverage says what evidence could have shown: per host and log, how
// many records there were and over which time; where something is missing,
// cleared, dropped or hidden by encryption; and which detections therefore
// could have found something, in part or not at all.
//
//	lane := census.Lane()
//	lane.Put(r) // every record, many goroutines
//	report := census.Report(coverage.Window{})
//	reach := report.Judge(&detection)
package coverage

import (
	"slices"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// When is a time of a report: RFC 3339 in JSON, empty when unknown.
type When record.Time

// MarshalText writes RFC 3339.
func (w When) MarshalText() ([]byte, error) {
	if w == 0 {
		return nil, nil
	}
	return []byte(record.Time(w).String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (w *When) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*w = 0
		return nil
	}
	t, err := record.ParseTime(string(b))
	*w = When(t)
	return err
}

// Day is the date, or "unknown".
func (w When) Day() string {
	if w == 0 {
		return "unknown"
	}
	return record.Time(w).Std().Format("2006-01-02")
}

// String is RFC 3339, or "unknown".
func (w When) String() string { return record.Time(w).String() }

// Source is what one log of one host, or one kind of record, held.
type Source struct {
	Host    string           `json:"host,omitempty"`      // lower case; empty: off the wire, or of no host
	Name    string           `json:"name"`                // channel of an event log, else type of record
	Log     bool             `json:"event_log,omitempty"` // Name is a channel
	Records int64            `json:"records"`
	Start   When             `json:"start"`
	End     When             `json:"end"`
	Days    int              `json:"active_days"`      // days (UTC) with a record
	Silent  int              `json:"silent_days"`      // days between the first and the last without one
	Events  map[uint32]int64 `json:"events,omitempty"` // records of a channel by event number
}

// Window is what a hunt was limited to, and what it can read.
type Window struct {
	Since, Until record.Time // 0: not limited
	Wire         []string    // types of record that the parsers of protocols make
}

// Limit is one thing that kept evidence from showing what happened.
type Limit struct {
	Kind  string   `json:"kind"`            // see the constants
	Host  string   `json:"host,omitempty"`  // empty: all
	Name  string   `json:"name,omitempty"`  // channel or type of record
	Hides []string `json:"hides,omitempty"` // types of record that are missing by it; none: of all kinds
	Whole bool     `json:"whole,omitempty"` // all of them, at that place
	Start When     `json:"start,omitzero"`  // of what is missing
	End   When     `json:"end,omitzero"`    // likewise
	Count int64    `json:"count,omitempty"` // records, bytes or messages that are missing
	Share float64  `json:"share,omitempty"` // part of what there was, 0 to 1
	Why   string   `json:"why"`             // in words
}

// The kinds of limit.
const (
	Cleared        = "log-cleared"
	Gap            = "log-gap"
	MissingChannel = "missing-channel"
	NoLog          = "host-without-log"
	ShortLog       = "short-log"
	SilentDays     = "silent-days"
	MissedBytes    = "missed-bytes"
	DroppedPackets = "dropped-packets"
	EncryptedSMB   = "encrypted-smb"
	HiddenCert     = "hidden-certificates"
	NoCommandLine  = "no-command-line"
	Unread         = "not-read"
	NotSearched    = "outside-time"
	Stopped        = "rule-stopped"
	Unkept         = "not-counted"
)

// Report is what evidence held and lacked.
type Report struct {
	Since   When     `json:"since,omitzero"`
	Until   When     `json:"until,omitzero"`
	OnWire  []string `json:"on_wire,omitempty"` // types of record that packets would have given, had there been such traffic; none: there were no packets
	Sources []Source `json:"sources"`           // by host and name
	Limits  []Limit  `json:"limits"`            // by kind, host and name
}

// AtRest tells whether records of a type are about files as they lie there: a
// file's time is not when something was seen, and may be a lie.
func AtRest(t *record.Type) bool {
	switch t {
	case web.FileType, web.ScriptType, web.SiteType, web.CompiledType, host.FileTimesType:
		return true
	}
	return false
}

// Has tells whether records of a type could have been there: there are some, or
// there were packets that would have given them.
func (r *Report) Has(name string) bool {
	if slices.Contains(r.OnWire, name) {
		return true
	}
	for i := range r.Sources {
		if r.Sources[i].Log && name == host.EventType.Name || !r.Sources[i].Log && r.Sources[i].Name == name {
			return true
		}
	}
	return false
}
