package casefolder

import (
	"errors"
	"fmt"
	"math"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// maxJoins is how many joins of an incident its JSON holds: the weakest ones,
// on which it hangs. All of them are in findings.jsonl.
const maxJoins = 100

type jsonStep struct {
	Entity     record.Entity `json:"entity"`
	Time       string        `json:"time"`
	Finding    string        `json:"finding"`
	Why        string        `json:"why"`
	Confidence uint8         `json:"confidence"`
}

type jsonMove struct {
	From       record.Entity    `json:"from"`
	To         record.Entity    `json:"to"`
	Kind       finding.EdgeKind `json:"kind"`
	Account    string           `json:"account,omitempty"`
	Technique  attack.ID        `json:"technique,omitempty"`
	Time       string           `json:"time"`
	Confidence uint8            `json:"confidence"`
	Why        string           `json:"why"`
	Findings   []string         `json:"findings"`
	Refs       []jsonRef        `json:"refs"`
}

type jsonReach struct {
	Entity   record.Entity `json:"entity"`
	Grade    finding.Grade `json:"grade"`
	Why      string        `json:"why"`
	First    string        `json:"first,omitempty"`
	Last     string        `json:"last,omitempty"`
	LogsFrom string        `json:"logs_from,omitempty"`
	Findings []string      `json:"findings"`
	Refs     []jsonRef     `json:"refs"`
}

type jsonDwell struct {
	First   string   `json:"first"`
	Last    string   `json:"last"`
	Seconds int64    `json:"at_least_seconds"`
	Why     []string `json:"why"`
}

type jsonEdge struct {
	From        record.Entity    `json:"from"`
	To          record.Entity    `json:"to"`
	Kind        finding.EdgeKind `json:"kind,omitempty"`
	Label       string           `json:"label"`
	Probability float64          `json:"probability,omitempty"`
	Start       string           `json:"start,omitempty"`
	End         string           `json:"end,omitempty"`
	Findings    []string         `json:"findings"`
	Refs        []jsonRef        `json:"refs,omitempty"`
}

type jsonJoin struct {
	Finding     string          `json:"finding,omitempty"`
	With        string          `json:"with"`
	Shared      []record.Entity `json:"shared"`
	Probability float64         `json:"probability"`
	Because     string          `json:"because"`
}

type jsonClock struct {
	Source  string  `json:"source"`
	Against string  `json:"against"`
	Offset  float64 `json:"offset_seconds"` // positive: ahead
	Spread  float64 `json:"spread_seconds"`
	Pairs   int     `json:"pairs"`
	Of      int     `json:"of"`
	Zone    string  `json:"zone,omitempty"`
	Why     string  `json:"why"`
}

type jsonIncident struct {
	ID           string                `json:"id"`
	Title        string                `json:"title"`
	Severity     finding.Severity      `json:"severity"`
	Start        string                `json:"start"`
	End          string                `json:"end"`
	Entry        *jsonStep             `json:"entry"`
	Alternatives []jsonStep            `json:"entry_alternatives"`
	Path         []jsonMove            `json:"path"`
	Reach        []jsonReach           `json:"reach"`
	Dwell        *jsonDwell            `json:"dwell"`
	Findings     []string              `json:"findings"`
	Why          []string              `json:"why_one"`
	Joins        []jsonJoin            `json:"weakest_joins"`
	Entities     []record.Entity       `json:"entities"`
	Edges        []jsonEdge            `json:"edges"`
	Clocks       []jsonClock           `json:"clocks,omitempty"`
	Tactics      []string              `json:"tactics"`
	Attribution  []finding.Attribution `json:"attribution"`
	Matrix       *finding.Matrix       `json:"competing_hypotheses,omitempty"`
}

func refsOf(refs []record.Ref) []jsonRef {
	out := make([]jsonRef, 0, len(refs))
	for _, r := range refs {
		out = append(out, refOf(r))
	}
	return out
}

func refValues(refs []jsonRef) []record.Ref {
	var out []record.Ref
	for i := range refs {
		out = append(out, refs[i].value())
	}
	return out
}

// rounded keeps three digits: more would claim what is not known.
func rounded(p float64) float64 { return math.Round(p*1000) / 1000 }

func stepJSON(s *finding.Step) *jsonStep {
	return &jsonStep{Entity: s.Entity, Time: when(s.Time), Finding: s.Finding, Why: s.Why, Confidence: s.Confidence}
}

func (j *jsonStep) value() (*finding.Step, error) {
	at, err := parseWhen(j.Time)
	return &finding.Step{Entity: j.Entity, Time: at, Finding: j.Finding, Why: j.Why, Confidence: j.Confidence}, err
}

func incidentJSON(i *finding.Incident) jsonIncident {
	j := jsonIncident{
		ID: i.ID, Title: i.Title, Severity: i.Severity, Start: when(i.Start), End: when(i.End), Findings: []string{}, Entities: listed(i.Entities),
		Alternatives: []jsonStep{}, Path: []jsonMove{}, Reach: []jsonReach{}, Why: listed(i.Why), Joins: joinsJSON(i), Edges: []jsonEdge{},
		Clocks: clocksJSON(i.Clocks), Tactics: texts(i.Tactics), Attribution: listed(i.Attribution), Matrix: i.Matrix,
	}
	if i.Entry != nil {
		j.Entry = stepJSON(i.Entry)
	}
	for k := range i.Alternatives {
		j.Alternatives = append(j.Alternatives, *stepJSON(&i.Alternatives[k]))
	}
	for _, m := range i.Path {
		j.Path = append(j.Path, jsonMove{m.From, m.To, m.Kind, m.Account, m.Technique, when(m.Time), m.Confidence, m.Why, texts(m.Findings), refsOf(m.Refs)})
	}
	for _, r := range i.Reach {
		j.Reach = append(j.Reach, jsonReach{r.Entity, r.Grade, r.Why, when(r.First), when(r.Last), when(r.LogsFrom), texts(r.Findings), refsOf(r.Refs)})
	}
	if d := i.Dwell; d.First != 0 || len(d.Why) > 0 {
		j.Dwell = &jsonDwell{when(d.First), when(d.Last), int64(d.AtLeast / time.Second), listed(d.Why)}
	}
	for _, f := range i.Findings {
		j.Findings = append(j.Findings, f.ID)
	}
	for _, e := range i.Edges {
		j.Edges = append(j.Edges, jsonEdge{e.From, e.To, e.Kind, e.Label, rounded(e.Probability), when(e.Start), when(e.End), texts(e.Findings), refsOf(e.Refs)})
	}
	return j
}

// joinsJSON are the weakest joins, in the order in which they hold the incident
// together.
func joinsJSON(i *finding.Incident) []jsonJoin {
	out := []jsonJoin{}
	for _, x := range weakest(i.Joins, maxJoins) {
		out = append(out, joinJSON(&x))
	}
	return out
}

func joinJSON(x *finding.Join) jsonJoin {
	return jsonJoin{Finding: x.Finding, With: x.With, Shared: listed(x.Shared), Probability: rounded(x.Probability), Because: x.Because}
}

func clocksJSON(list []finding.Clock) []jsonClock {
	var out []jsonClock
	for _, c := range list {
		out = append(out, jsonClock{c.Source, c.Against, rounded(c.Offset.Seconds()), rounded(c.Spread.Seconds()), c.Pairs, c.Of, c.Zone, c.Why})
	}
	return out
}

func clockValues(list []jsonClock) []finding.Clock {
	var out []finding.Clock
	for _, c := range list {
		out = append(out, finding.Clock{
			Source: c.Source, Against: c.Against, Offset: seconds(c.Offset), Spread: seconds(c.Spread),
			Pairs: c.Pairs, Of: c.Of, Zone: c.Zone, Why: c.Why,
		})
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// value builds the incident.
func (j *jsonIncident) value(byID map[string]*finding.Finding, joined map[string][]jsonJoin) (*finding.Incident, error) {
	inc := &finding.Incident{ID: j.ID, Title: j.Title, Severity: j.Severity, Entities: j.Entities, Attribution: j.Attribution, Matrix: j.Matrix, Why: j.Why, Clocks: clockValues(j.Clocks)}
	var errs [3]error
	inc.Start, errs[0] = parseWhen(j.Start)
	inc.End, errs[1] = parseWhen(j.End)
	if e := j.Entry; e != nil {
		inc.Entry, errs[2] = e.value()
	}
	err := errors.Join(errs[:]...)
	for k := range j.Alternatives {
		s, bad := j.Alternatives[k].value()
		inc.Alternatives, err = append(inc.Alternatives, *s), errors.Join(err, bad)
	}
	for _, id := range j.Findings {
		f, ok := byID[id]
		if !ok {
			return nil, fmt.Errorf("incident %s names finding %s, which is not in findings.jsonl", j.ID, id)
		}
		inc.Findings = append(inc.Findings, f)
		for _, x := range joined[id] {
			inc.Joins = append(inc.Joins, finding.Join{Finding: id, With: x.With, Shared: x.Shared, Probability: x.Probability, Because: x.Because})
		}
	}
	for _, t := range j.Tactics {
		inc.Tactics = append(inc.Tactics, attack.Tactic(t))
	}
	return inc, errors.Join(err, j.story(inc))
}

// story fills in how it went: path, reach, dwell, graph.
func (j *jsonIncident) story(inc *finding.Incident) error {
	var errs []error
	at := func(s string) record.Time {
		t, err := parseWhen(s)
		errs = append(errs, err)
		return t
	}
	for _, m := range j.Path {
		inc.Path = append(inc.Path, finding.Move{
			From: m.From, To: m.To, Kind: m.Kind, Account: m.Account, Technique: m.Technique, Time: at(m.Time), Confidence: m.Confidence,
			Why: m.Why, Findings: m.Findings, Refs: refValues(m.Refs),
		})
	}
	for _, r := range j.Reach {
		inc.Reach = append(inc.Reach, finding.Reach{
			Entity: r.Entity, Grade: r.Grade, Why: r.Why, First: at(r.First), Last: at(r.Last), LogsFrom: at(r.LogsFrom), Findings: r.Findings, Refs: refValues(r.Refs),
		})
	}
	if d := j.Dwell; d != nil {
		inc.Dwell = finding.Dwell{First: at(d.First), Last: at(d.Last), AtLeast: time.Duration(d.Seconds) * time.Second, Why: d.Why}
	}
	for _, e := range j.Edges {
		inc.Edges = append(inc.Edges, finding.Edge{
			From: e.From, To: e.To, Kind: e.Kind, Label: e.Label, Probability: e.Probability, Start: at(e.Start), End: at(e.End), Findings: e.Findings, Refs: refValues(e.Refs),
		})
	}
	return errors.Join(errs...)
}

// graded counts the places of an incident by how far they were reached.
func graded(i *finding.Incident) (touched, accessed, possibly int) {
	var n [3]int
	for _, r := range i.Reach {
		if int(r.Grade) < len(n) {
			n[r.Grade]++
		}
	}
	return n[finding.Touched], n[finding.Accessed], n[finding.Possibly]
}
