// Package finding holds what Longwatch claims: findings, the incidents they
// join into, and attributions. They are values without behaviour beyond their
// own names and order; the JSON tags are the case folder's contract.
package finding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/record"
)

// Severity is the cost if a finding is true.
type Severity uint8

// The severities, in rising order.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String is the lower-case name.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// ParseSeverity reads a severity's name; Sigma's "informational" is info.
func ParseSeverity(s string) (Severity, error) {
	s = strings.ToLower(s)
	if s == "informational" {
		return Info, nil
	}
	if i := slices.Index(severityNames[:], s); i >= 0 {
		return Severity(i), nil
	}
	return Info, fmt.Errorf("finding: unknown severity %q: use info, low, medium, high or critical", s)
}

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Severity) UnmarshalText(b []byte) error {
	v, err := ParseSeverity(string(b))
	*s = v
	return err
}

// Finding is a detector's claim with its reasons and its evidence.
type Finding struct {
	ID         string          // hash of detector, entities and first reference
	Detector   string          // own id, or sigma:RULE_ID, yara:RULE, suricata:SID, intel:SOURCE
	Title      string          // one line, no variable parts
	Severity   Severity        // cost if true
	Confidence uint8           // 0 to 100: how sure
	Start, End record.Time     // event time
	Entities   []record.Entity // who and what it is about
	Techniques []attack.ID     // ATT&CK techniques
	Dossier    []string        // ids of the campaign dossiers: VT-09, OP-12 ...
	Why        []string        // sentences a tired analyst can check
	Ask        []string        // questions that a person concerned can answer: what would settle the claim
	Refs       []record.Ref    // where the evidence says so, most telling first
	Listed     Listing         // of a finding about an indicator: what was listed; else empty
	Withheld   Withheld        // what a list of harmless values keeps back; else empty
}

// Listing is the value that made a finding about an indicator.
type Listing struct {
	Kind      string `json:"kind"`      // of the indicator
	Value     string `json:"value"`     // as the record has it, whole
	Indicator string `json:"indicator"` // as the source lists it: the value itself, or what it is below or part of
}

// Because formats one reason. Untrusted strings belong in %q.
func Because(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// Tidy sorts entities and drops those that are there twice. It writes to its
// argument unless that is tidy.
func Tidy(e []record.Entity) []record.Entity {
	slices.SortStableFunc(e, func(a, b record.Entity) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Role, b.Role))
	})
	return slices.Compact(e)
}

// Seal sorts what has no order and sets the ID. Call it once, when the finding
// is complete.
func (f *Finding) Seal() {
	f.Entities = Tidy(f.Entities)
	slices.Sort(f.Techniques)
	f.Techniques = slices.Compact(f.Techniques)
	slices.Sort(f.Dossier)
	f.Dossier = slices.Compact(f.Dossier)
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00", f.Detector, f.Title)
	for _, e := range f.Entities {
		_, _ = fmt.Fprintf(h, "%s\x00%s\x00", e.Kind, e.Value)
	}
	if len(f.Refs) > 0 {
		r := f.Refs[0]
		_, _ = fmt.Fprintf(h, "%s\x00%d\x00%d", r.File, r.Kind, r.Pos)
	}
	f.ID = "f-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// Compare orders findings by time, then by id: the order of every output.
func Compare(a, b *Finding) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
}
