package coverage

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sentence is a kind of limit in one line.
type Sentence struct{ Name, Why string }

// names of the kinds for people.
var names = map[string]string{
	Cleared: "event logs cleared", Gap: "holes in event logs", MissingChannel: "event logs missing", NoLog: "hosts without logs",
	ShortLog: "event logs too short", SilentDays: "silent event logs", MissedBytes: "packets missing", DroppedPackets: "packets dropped",
	EncryptedSMB: "encrypted file shares", HiddenCert: "certificates hidden by TLS 1.3", NoCommandLine: "no command lines",
	NotSearched: "time left out", Unkept: "sources not counted",
}

// most is how many limits of a kind a sentence names.
const most = 3

// Sentences tell the limits, one line for each kind. Those that the reading of
// files tells itself are left out.
func (r *Report) Sentences() []Sentence {
	byKind := map[string][]string{}
	for i := range r.Limits {
		l := &r.Limits[i]
		if names[l.Kind] != "" {
			byKind[l.Kind] = append(byKind[l.Kind], l.Why)
		}
	}
	var out []Sentence
	for _, k := range slices.Sorted(maps.Keys(byKind)) {
		why := byKind[k]
		s := strings.Join(why[:min(most, len(why))], "; ")
		if len(why) > most {
			s += fmt.Sprintf("; and %d more, in coverage.json", len(why)-most)
		}
		out = append(out, Sentence{names[k], s})
	}
	return out
}
