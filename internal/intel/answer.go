package intel

import (
	"cmp"
	"slices"
	"time"

	"longwatch/internal/intel/index"
	"longwatch/internal/record"
)

// Answer is all that a set knows of one value.
type Answer struct {
	Asked    string     `json:"asked"`
	Known    []Known    `json:"known"`             // the value itself, as each kind that it can be of
	Covering []Known    `json:"covering"`          // what it is part of: subnets, domains and URLs above, ends of paths, pieces of command lines
	Together []Together `json:"together"`          // what was published with it
	Harmless string     `json:"harmless"`          // list of harmless values that it is on: a match is told at info
	Best     uint8      `json:"confidence"`        // of the surest source, at the time of judgement
	Marking  string     `json:"marking,omitempty"` // the strictest of the sources
	AsOf     string     `json:"as_of"`             // time of judgement, RFC 3339
}

// Known is one listed value with all its sources as one.
type Known struct {
	Kind    string `json:"kind"`
	Value   string `json:"value"`
	Context bool   `json:"context"` // nothing is matched with it: it is only told
	Says    []Says `json:"sources"` // the surest first
}

// Says is what one row of one source says.
type Says struct {
	Source     string   `json:"source"`
	Says       string   `json:"says,omitempty"`
	URL        string   `json:"url,omitempty"`
	Given      uint8    `json:"confidence_given"` // as the source gave it, or what its weight means
	Now        uint8    `json:"confidence_now"`   // after ageing, and outside of a window
	Why        string   `json:"why_now,omitempty"`
	Severity   string   `json:"severity"`
	FirstSeen  string   `json:"first_seen,omitempty"` // RFC 3339
	LastSeen   string   `json:"last_seen,omitempty"`
	ValidFrom  string   `json:"valid_from,omitempty"`
	ValidUntil string   `json:"valid_until,omitempty"`
	Marking    string   `json:"marking,omitempty"` // TLP
	Phases     []string `json:"phases,omitempty"`
	Links      []string `json:"links,omitempty"` // what the source relates it to
	Event      string   `json:"event,omitempty"`
	Profile    string   `json:"profile,omitempty"` // campaign
	Port       uint16   `json:"port,omitempty"`    // only with this responder port
	Role       string   `json:"role,omitempty"`    // only in this role
	In         string   `json:"in,omitempty"`      // only at this place of Zeek's intelligence framework
	File       string   `json:"file"`
	Line       int      `json:"line"`
}

// Together is an event, report or bundle with what else was published in it.
type Together struct {
	Event  string  `json:"event"`
	Count  int     `json:"count"`  // of other values
	Values []Known `json:"values"` // some of them, without their sources
}

// markings are the TLP 2.0 markings, the strictest last.
var markings = []string{"", "clear", "green", "amber", "amber+strict", "red"}

// maxTold is how many values of an event an answer names.
const maxTold = 20

// Ask gathers all that is known of a value, judged at a time.
func (s *Set) Ask(value string, asOf record.Time) *Answer {
	a := &Answer{Asked: value, Known: []Known{}, Covering: []Known{}, Together: []Together{}, AsOf: stamp(asOf)}
	exact, covering := s.search(value)
	events := map[string]bool{}
	mine := map[string]bool{}
	tell := func(refs []ref, dst *[]Known) {
		for _, r := range refs {
			rows := s.rows(r)
			if len(rows) == 0 {
				continue
			}
			k := Known{Kind: rows[0].Kind.String(), Value: rows[0].Value, Context: matchedAs[rows[0].Kind] == nil}
			for i := range rows {
				says := rows[i].judged(asOf)
				k.Says = append(k.Says, says)
				if rows[i].Event != "" {
					events[rows[i].Event] = true
				}
				if slices.Index(markings, says.Marking) > slices.Index(markings, a.Marking) {
					a.Marking = says.Marking
				}
				if !k.Context {
					a.Best = max(a.Best, says.Now)
				}
			}
			mine[k.Kind+" "+k.Value] = true
			slices.SortStableFunc(k.Says, func(x, y Says) int { return -cmp.Compare(x.Now, y.Now) })
			*dst = append(*dst, k)
		}
	}
	tell(exact, &a.Known)
	tell(covering, &a.Covering)
	a.Harmless, _ = s.Benign(Refang(value))
	a.Together = s.together(events, mine)
	return a
}

// judged is what a row says, judged at a time.
func (i *Indicator) judged(asOf record.Time) Says {
	out := Says{
		Source: first(i.Source, i.feed()), Says: i.Desc, URL: i.URL, Given: i.Confidence, Now: i.Confidence, Severity: i.Severity.String(),
		FirstSeen: stamp(i.Seen.Start), LastSeen: stamp(i.Seen.End), ValidFrom: stamp(i.From), ValidUntil: stamp(i.Until),
		Marking: i.Marking, Phases: i.Phases, Links: i.Links, Event: i.Event, Profile: i.Profile, Port: i.Port, Role: i.Role, In: i.In, File: i.File, Line: i.Line,
	}
	left := i.aged(asOf)
	switch {
	case matchedAs[i.Kind] == nil:
		out.Why = "context"
	case i.Reserved:
		out.Now, out.Why = 0, "anybody may use it"
	case i.Weight == None:
		out.Now, out.Why = 0, "its source does not mean it for detection"
	case i.From != 0 && asOf < i.From:
		out.Now, out.Why = 0, "its window has not begun"
	case i.Until != 0 && asOf > i.Until:
		out.Now, out.Why = i.Confidence/2, "expired"
	case left < 1:
		out.Now, out.Why = uint8(float64(i.Confidence)*left), "not seen since "+stamp(max(i.Seen.Start, i.Seen.End))[:10]
	}
	return out
}

// stamp is a time as RFC 3339, or empty.
func stamp(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.Std().UTC().Format(time.RFC3339)
}

// together finds the other values of events, by one pass over all rows.
func (s *Set) together(events, mine map[string]bool) []Together {
	if len(events) == 0 {
		return []Together{}
	}
	byName := map[string]*Together{}
	for _, x := range s.parts {
		of := map[uint64]string{} // the event of each description
		for g := range x.All {
			if !fits(Kind(g.Kind), g.Key) {
				continue
			}
			for event := range eventsOf(x, &g, of) {
				if !events[event] {
					continue
				}
				k := Known{Kind: Kind(g.Kind).String(), Value: keyText(Kind(g.Kind), g.Key)}
				if mine[k.Kind+" "+k.Value] {
					continue
				}
				t := byName[event]
				if t == nil {
					t = &Together{Event: event}
					byName[event] = t
				}
				if t.Count++; t.Count <= maxTold {
					t.Values = append(t.Values, k)
				}
			}
		}
	}
	out := make([]Together, 0, len(byName))
	for _, t := range byName {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Together) int { return cmp.Compare(a.Event, b.Event) })
	return out
}

// eventsOf yields the events of the rows of a value, each once. of remembers
// what was read of descriptions.
func eventsOf(x *index.Index, g *index.Group, of map[uint64]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		var seen []string
		for r := range g.Rows {
			event, known := of[r.Meta]
			if !known {
				var ind Indicator
				if ind.parse(x.Text(r.Meta), nil, nil) == nil {
					event = ind.Event
				}
				of[r.Meta] = event
			}
			if event == "" || slices.Contains(seen, event) {
				continue
			}
			seen = append(seen, event)
			if !yield(event) {
				return
			}
		}
	}
}
