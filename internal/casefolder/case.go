// Package casefolder is what a hunt leaves behind: the values that the report,
// the sharing formats and later commands are made from, and the files of the
// case folder that hold them (design: summary.json, findings.jsonl,
// incidents.json, timeline.csv, manifest.json).
package casefolder

import (
	"net/netip"

	"longwatch/internal/absence"
	"longwatch/internal/calendar"
	"longwatch/internal/coverage"
	"longwatch/internal/finding"
	"longwatch/internal/guide"
	"longwatch/internal/recon"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Case is the result of one hunt or scan.
type Case struct {
	Tool      Tool
	Command   []string   // arguments as given, without the program's name
	Evidence  []Evidence // sorted by path
	Skipped   []Skipped  // sorted by path
	Records   []RecordFile
	Rules     []RuleSet
	Intel     []IntelSource
	Span      record.Span        // first to last record
	Findings  []*finding.Finding // sorted by time and id
	Incidents []*finding.Incident
	Coverage  []Coverage
	Clocks    []finding.Clock // what is known of the clocks of the sources, those that are off first
	HomeNet   []string        // own networks that were given, as prefixes
	Networks  []NetworkSource // tables of networks, the first asked first
	Recon     *recon.Seen     // who looked at the own networks, nil if nobody did
	Hosts     []Host
	Logons    []*host.LogonEdge   // who went from which host to which, in order of time
	Chains    map[string][]string // by finding: the programs that led to the one it is about
	Extracted []Extracted         // sorted by name

	Held       *coverage.Report       // what the evidence held, and what it lacked; nil: not counted
	Detections []coverage.Detection   // of the hunt, as far as they bear on campaigns
	Absences   []*absence.Certificate // by profile
	Guides     []*guide.Result        // that were walked
	Events     *calendar.Result       // whether activity clusters around events; nil: no calendar was given
}

// Extracted is the content of a file that a capture carried, kept on disk.
type Extracted struct {
	File   string `json:"file"` // relative to the folder of results
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	MIME   string `json:"mime_type,omitempty"` // by content
}

// Tool says what made the case.
type Tool struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	Attack  string `json:"attack"`  // ATT&CK version of the mappings
	Content string `json:"content"` // SHA-256 of the embedded rules and profiles
}

// Evidence is one file as it was read.
type Evidence struct {
	Path     string           `json:"path"`
	SHA256   string           `json:"sha256,omitempty"` // empty when only records were asked for
	Size     int64            `json:"size"`             // bytes read
	Format   string           `json:"format"`           // evidence format, or "file"
	Start    string           `json:"start,omitempty"`  // RFC 3339, first record
	End      string           `json:"end,omitempty"`
	Records  map[string]int64 `json:"records,omitempty"` // by record type
	Counts   map[string]int64 `json:"counts,omitempty"`  // what the format counts: of captures, packets, duplicates, and those that the sensor dropped
	Problems []Problem        `json:"problems,omitempty"`
	Lost     int64            `json:"bytes_not_understood"`
	Whole    bool             `json:"whole"` // read to its end, nothing left out
}

// Problem is one kind of thing that could not be read in one file.
type Problem struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
	Bytes int64  `json:"bytes"`
	First string `json:"first"` // the first one in words, with its place
}

// Skipped is something that was seen and not read.
type Skipped struct {
	Path string `json:"path"`
	Why  string `json:"why"`
	Size int64  `json:"size"`
	Lost bool   `json:"lost"` // would have been evidence, had it been readable
}

// RecordFile is one file below records/.
type RecordFile struct {
	Type string `json:"type"`
	File string `json:"file"` // relative to the case folder
	Rows int64  `json:"rows"`
}

// RuleSet is one set of rules that was used.
type RuleSet struct {
	Name    string   `json:"name"` // "built-in" or the path given
	Rules   int      `json:"rules"`
	Refused []string `json:"refused,omitempty"` // one line each: file, rule, reason
}

// IntelSource is one source of indicators that was used.
type IntelSource struct {
	Name    string   `json:"name"`
	Loaded  int      `json:"loaded"`
	Refused []string `json:"refused,omitempty"`
}

// NetworkSource is a table of who announces which addresses.
type NetworkSource struct {
	Name string `json:"name"`
	Date string `json:"date,omitempty"` // of its data
	From string `json:"from,omitempty"` // whom the data is from, with its licence
}

// Coverage is a sentence about what the evidence could not show, such as
// encrypted file shares or missing channels.
type Coverage struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Host is a machine that the evidence knows, with its names and addresses.
type Host struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses,omitempty"`
	Findings  int      `json:"findings"`
	Worst     string   `json:"worst,omitempty"` // severity of its worst finding
}

// OwnNets are the own networks that the case was made with; none when they were
// assumed.
func (c *Case) OwnNets() (out []netip.Prefix) {
	for _, s := range c.HomeNet {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}
