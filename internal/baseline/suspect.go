package baseline

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maxSuspects = 1 << 14
	maxText     = 256 // bytes of a name or an id
	suspectSize = 2*maxText + 64

	// LeadDays and TrailDays are how long before the first and after the last
	// trace of a finding nothing is taken for ordinary of those whom it is about:
	// an intruder was there before he was found, and may still be.
	LeadDays  = 7
	TrailDays = 30
)

// Suspect is a host or an account that a finding was about. What came to it
// between From and To is remembered, and never counts as its habit.
type Suspect struct {
	Kind     string // host or user
	Name     string // lower case
	From, To Day
	Finding  string // id of the one that says so
}

func (s *Suspect) subject() Subject {
	if s.Kind == "user" {
		return Account(s.Name)
	}
	return Host(s.Name)
}

func compareSuspects(a, b Suspect) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Finding, b.Finding))
}

// Suspect adds one. The same claim counts once; of too many the ones that ended
// first are forgotten and counted.
func (m *Memory) Suspect(s Suspect) {
	s.Name = strings.ToLower(s.Name)
	if s.Kind != "host" && s.Kind != "user" || s.Name == "" || len(s.Name) > maxText || len(s.Finding) > maxText || s.From == 0 || s.To < s.From {
		return
	}
	i, known := slices.BinarySearchFunc(m.suspects, s, compareSuspects)
	if known {
		return
	}
	m.suspects = slices.Insert(m.suspects, i, s)
	if len(m.suspects) > maxSuspects {
		oldest := 0
		for i := range m.suspects {
			if m.suspects[i].To < m.suspects[oldest].To {
				oldest = i
			}
		}
		m.suspects = slices.Delete(m.suspects, oldest, oldest+1)
		m.lost++
	}
}

// Suspects are all, by kind and name.
func (m *Memory) Suspects() []Suspect { return slices.Clone(m.suspects) }

// Trust says that what a host or account did was in order: its habits count
// again. It returns how many claims are dropped.
func (m *Memory) Trust(kind, name string) int {
	n := len(m.suspects)
	m.suspects = slices.DeleteFunc(m.suspects, func(s Suspect) bool { return s.Kind == kind && s.Name == strings.ToLower(name) })
	return n - len(m.suspects)
}

// spans are the days on which nothing of a subject counts as habit.
type spans map[Subject][]Suspect

func (m *Memory) spans() spans {
	out := spans{}
	for _, s := range m.suspects {
		out[s.subject()] = append(out[s.subject()], s)
	}
	return out
}

// on is the claim that keeps a day from counting, nil when there is none.
func (s spans) on(who Subject, d Day) *Suspect {
	list := s[who]
	for i := range list {
		if d >= list[i].From && d <= list[i].To {
			return &list[i]
		}
	}
	return nil
}
