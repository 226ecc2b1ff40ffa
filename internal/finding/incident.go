package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/record"
)

// Incident is findings that belong together.
type Incident struct {
	ID           string
	Title        string
	Severity     Severity
	Start, End   record.Time     // of the traces, as the sources' clocks have them
	Entry        *Step           // where it began, as far as the evidence shows
	Alternatives []Step          // where else it may have begun, likeliest first
	Path         []Move          // how it got from one place to the next, in the order of time
	Reach        []Reach         // how far: touched first, then accessed, then possibly
	Dwell        Dwell           // how long, and what limits that
	Findings     []*Finding      // in time order; the timeline is the incident
	Joins        []Join          // why these findings are one incident: each ties a finding to an earlier one
	Why          []string        // the same in a few sentences
	Entities     []record.Entity // touched, most connected first
	Edges        []Edge          // the evidence graph: who did what to whom
	Clocks       []Clock         // of the sources whose times were corrected before their findings were put in order
	Tactics      []attack.Tactic // in ATT&CK order
	Attribution  []Attribution   // best first; empty or "unattributed" is a good answer
	Matrix       *Matrix         // the evidence against the hypotheses; nil when no profile has a trait in it
}

// Step is a place where an incident may have begun.
type Step struct {
	Entity     record.Entity `json:"entity"`
	Time       record.Time   `json:"-"`
	Finding    string        `json:"finding"` // id
	Why        string        `json:"why"`
	Confidence uint8         `json:"confidence"` // 0 to 100: the share of this place among all candidates
}

// Move is one step of the path: somebody got from one place to another.
type Move struct {
	From, To   record.Entity
	Kind       EdgeKind
	Account    string      // that was used, where the evidence names one
	Technique  attack.ID   // may be empty
	Time       record.Time // of its first trace, after clocks were corrected
	Confidence uint8       // 0 to 100
	Why        string
	Findings   []string // ids
	Refs       []record.Ref
}

// Grade is how far an intruder reached something.
type Grade uint8

// The grades, in rising order.
const (
	Possibly Grade = iota // within reach of what the intruder holds; no trace of him
	Accessed              // logged on to, or its data read
	Touched               // something was done on it or to it
)

var gradeNames = [...]string{"possibly", "accessed", "touched"}

// String is the lower-case name.
func (g Grade) String() string {
	if int(g) < len(gradeNames) {
		return gradeNames[g]
	}
	return "unknown"
}

// MarshalText writes the name.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads the name.
func (g *Grade) UnmarshalText(b []byte) error {
	i := slices.Index(gradeNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("finding: unknown grade %q: use %s", b, strings.Join(gradeNames[:], ", "))
	}
	*g = Grade(i)
	return nil
}

// Reach is one place that an intruder reached, or may have.
type Reach struct {
	Entity      record.Entity
	Grade       Grade
	Why         string
	First, Last record.Time // traces on it; 0 where there are none
	LogsFrom    record.Time // its own log begins only then, which hides what came before; 0 where there is no such log
	Findings    []string    // ids, the first ones
	Refs        []record.Ref
}

// Dwell is how long an intruder was there.
type Dwell struct {
	First, Last record.Time
	AtLeast     time.Duration // from the first trace to the last
	Why         []string      // what limits it: logs that begin later, traces that go on to the end of the evidence
}

// EdgeKind is what an edge of the evidence graph says.
type EdgeKind string

// The kinds of edges.
const (
	LoggedOn   EdgeKind = "logged-on"   // account or machine onto a machine
	Wrote      EdgeKind = "wrote"       // a file onto a machine, or a machine a file
	Ran        EdgeKind = "ran"         // a program, on this machine or another
	Resolved   EdgeKind = "resolved"    // a name
	Connected  EdgeKind = "connected"   // to an address
	Scanned    EdgeKind = "scanned"     // asked without getting in
	Sent       EdgeKind = "sent"        // a message or data
	Received   EdgeKind = "received"    // a message or data
	Configured EdgeKind = "configured"  // an appliance, a device or an account
	Held       EdgeKind = "held"        // a session of an account on a machine
	Acted      EdgeKind = "acted"       // something else was done
	AlsoSeen   EdgeKind = "same-family" // the same set of behaviour, with no place in common
)

// Edge joins two entities of an incident.
type Edge struct {
	From, To    record.Entity
	Kind        EdgeKind
	Label       string
	Probability float64 // that it is so: 1 - the product of what each finding leaves open
	Start, End  record.Time
	Findings    []string // ids: the evidence for the edge
	Refs        []record.Ref
}

// Join says why a finding belongs to the same incident as an earlier one.
type Join struct {
	Finding, With string          // ids
	Shared        []record.Entity // what ties them, strongest first
	Probability   float64         // that both are of one intrusion
	Because       string
}

// Clock is what is known of the clock of one source of evidence.
type Clock struct {
	Source  string        // "host web01", "capture network/sensor-1.pcap"
	Against string        // the source it was compared with
	Offset  time.Duration // its time minus that of the others: positive is ahead
	Spread  time.Duration // median deviation of the pairs from Offset
	Pairs   int           // events that two sources saw, and that agree
	Of      int           // all such events
	Zone    string        // the offset as a time zone, when it is a whole one: UTC+2
	Why     string
}
