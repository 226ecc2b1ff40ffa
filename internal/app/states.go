package app

import (
	"fmt"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/record"
)

// MergeStates makes one state file of several, in the order given.
func MergeStates(out string, paths []string, memory int64) (baseline.Summary, error) {
	m := baseline.New(memory)
	for _, p := range paths {
		o, err := LoadState(p, memory)
		if err != nil {
			return baseline.Summary{}, fmt.Errorf("app: state: %w", err)
		}
		m.Merge(o)
	}
	if err := SaveState(out, m); err != nil {
		return baseline.Summary{}, fmt.Errorf("app: state: %w", err)
	}
	return m.Totals(), nil
}

// Trust drops the claims that keep what a host or an account did from being its
// habit. It returns how many there were.
func Trust(path, kind, name string, memory int64) (int, error) {
	m, err := LoadState(path, memory)
	if err != nil {
		return 0, fmt.Errorf("app: state: %w", err)
	}
	n := m.Trust(kind, name)
	if n == 0 {
		return 0, nil
	}
	return n, SaveState(path, m)
}

// Doubt keeps what came to a host or an account between two days from being its
// habit: somebody was there before he was found.
func Doubt(path, kind, name string, from, to record.Time, memory int64) error {
	m, err := LoadState(path, memory)
	if err != nil {
		return fmt.Errorf("app: state: %w", err)
	}
	first, last := baseline.DayOf(from), baseline.DayOf(to.Add(-time.Nanosecond))
	if first == 0 || last < first {
		return fmt.Errorf("app: state: no day lies between %v and %v", from, to)
	}
	m.Suspect(baseline.Suspect{Kind: kind, Name: name, From: first, To: last, Finding: "by hand"})
	return SaveState(path, m)
}

// Known is what a state file knows of one entity.
type Known struct {
	Kind    string         `json:"kind"`
	Value   string         `json:"value"`
	Known   bool           `json:"known"`
	First   string         `json:"first,omitempty"`
	Last    string         `json:"last,omitempty"`
	Days    int            `json:"days,omitempty"`    // of a host or an account: on which it was seen
	Holders int            `json:"holders,omitempty"` // of a value: hosts or accounts that had it
	More    bool           `json:"more,omitempty"`    // at least so many
	Had     map[string]int `json:"had,omitempty"`     // of a host or an account: values by kind, 16 standing for more
}

// Lookup is what m knows of an entity.
func Lookup(m *baseline.Memory, e record.Entity) Known {
	k := Known{Kind: e.Kind, Value: e.Value}
	s, ok := m.Sight(e)
	if !ok {
		return k
	}
	k.Known, k.First, k.Last, k.Holders, k.More = true, s.First.String(), s.Last.String(), s.Holders, s.Many
	who := baseline.Host(e.Value)
	if e.Kind == "user" {
		who = baseline.Account(e.Value)
	}
	if span, ok := m.Span(who); ok {
		k.Days, k.Had = int(span.Days), m.Had(who)
	}
	return k
}
