package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/truth"
)

// unattributed is what a report says of nobody it knows, and the right answer for
// an actor without a profile.
const unattributed = "unattributed"

// most is how many incidents one intrusion may become.
const most = 5

// verdict is what is right and wrong in the report of one run.
type verdict struct {
	intruders []account
	ordinary  []string // titles of incidents above low that are of nobody
	misses    []string
}

// account is what the report says of one intrusion.
type account struct {
	profile, posed string
	visible        int  // acts that left evidence
	seen           bool // it became an incident above low
	incidents      int
	entry          bool
	apart          bool // no incident of it holds findings of another
	first          string
	chances        map[string]float64 // by profile, of its main incident
}

func (a account) right() string {
	if a.profile == "unknown-actor" {
		return unattributed
	}
	return a.profile
}

func (a account) fair() bool  { return a.first == a.right() || a.first == unattributed }
func (a account) exact() bool { return a.first == a.right() }
func (a account) fooled() bool {
	return a.posed != "" && a.first == a.posed
}

// faint is the number of acts left in the evidence below which an intrusion need
// not be seen.
const faint = 3

// judge compares a report with the truth. root is the folder that was hunted.
func judge(s *sheet, r *report, root string) verdict {
	var v verdict
	miss := func(format string, args ...any) { v.misses = append(v.misses, fmt.Sprintf(format, args...)) }
	owners := make([]int, len(r.incidents)) // campaign of an incident, -1: of nobody
	holds := make([][]int, len(r.incidents))
	for i := range r.incidents {
		owners[i], holds[i] = s.owner(r, &r.incidents[i], root)
		if x := &r.incidents[i]; x.above() && owners[i] < 0 {
			v.ordinary = append(v.ordinary, x.Title)
			miss("ordinary life became a %v incident: %s", x.Severity, x.Title)
		}
	}
	for c := range s.Campaigns {
		v.intruders = append(v.intruders, s.account(c, r, owners, holds, miss))
	}
	return v
}

// owner is the campaign most findings of an incident are of, and how many are of
// each.
func (s *sheet) owner(r *report, i *incident, root string) (int, []int) {
	counts := make([]int, len(s.Campaigns))
	for _, id := range i.Findings {
		hits := make([]int, len(s.Campaigns))
		for _, ref := range r.findings[id].Refs {
			for c := range hits {
				hits[c] += one(s.hit(c, root, ref))
			}
		}
		best := -1
		for c, n := range hits {
			if n > 0 && (best < 0 || n > hits[best]) {
				best = c
			}
		}
		if best >= 0 {
			counts[best]++
		}
	}
	owner := -1
	for c, n := range counts {
		if n > 0 && (owner < 0 || n > counts[owner]) {
			owner = c
		}
	}
	return owner, counts
}

// account judges one intrusion.
func (s *sheet) account(c int, r *report, owners []int, holds [][]int, miss func(string, ...any)) account {
	t := &s.Campaigns[c]
	a := account{profile: t.Profile, posed: t.Posed, apart: true}
	for _, step := range t.Steps {
		a.visible += one(!step.Gone)
	}
	var main *incident
	size := 0
	for i := range r.incidents {
		x := &r.incidents[i]
		if owners[i] != c || !x.above() {
			if owners[i] >= 0 && owners[i] != c && holds[i][c] >= 2 {
				a.apart = false
				miss("%d findings of %s are in the incident of %s: %s", holds[i][c], t.Profile, s.Campaigns[owners[i]].Profile, x.Title)
			}
			continue
		}
		a.incidents++
		if main == nil || cmp.Or(cmp.Compare(x.Severity, main.Severity), cmp.Compare(holds[i][c], size)) > 0 {
			main, size = x, holds[i][c]
		}
	}
	if a.incidents > most {
		miss("%s became %d incidents", t.Profile, a.incidents)
	}
	if main == nil {
		if a.visible >= faint {
			miss("%s was not seen, though %d of its acts are in the evidence", t.Profile, a.visible)
		}
		return a
	}
	a.seen = true
	a.entry = s.began(t, main, miss)
	a.first, a.chances = chances(main)
	switch {
	case a.fooled():
		miss("%s posing as %s was believed", t.Profile, t.Posed)
	case !a.fair():
		miss("%s was called %s", t.Profile, a.first)
	}
	return a
}

// began tells whether an incident begins where the intrusion did: at one of the
// ways in that the truth knows or, when none of them is in the evidence any more,
// at a machine of one of the first acts that still are.
func (s *sheet) began(t *truth.Campaign, i *incident, miss func(string, ...any)) bool {
	right := s.answers(t)
	if i.Entry == nil {
		miss("%s: no entry point, want %s", t.Profile, strings.Join(right, " or "))
		return false
	}
	said := s.place(i.Entry.Entity.Value)
	if slices.Contains(right, said) {
		return true
	}
	miss("%s: entry point %s (%s), want %s", t.Profile, said, i.Entry.Why, strings.Join(right, " or "))
	return false
}

// early is how long after the first act that is left another is still one of the
// first.
const early = 15 * time.Minute

func (s *sheet) answers(t *truth.Campaign) []string {
	var right []string
	add := func(v string) {
		if v = s.place(v); !slices.Contains(right, v) {
			right = append(right, v)
		}
	}
	for _, e := range t.Entries {
		add(e)
	}
	if slices.ContainsFunc(t.Steps, func(x truth.Step) bool { return x.Entry && !x.Gone }) {
		return right
	}
	var first time.Time
	for _, x := range t.Steps {
		if x.Gone {
			continue
		}
		if first.IsZero() {
			first = x.Time
		}
		if x.Time.Sub(first) <= early {
			add(x.Host)
		}
	}
	return right
}

// place is the name of a machine or account, however it is written.
func (s *sheet) place(v string) string {
	v = strings.ToLower(v)
	if name, ok := s.hosts[v]; ok {
		return name
	}
	if i := strings.LastIndexByte(v, '\\'); i >= 0 {
		v = v[i+1:]
	}
	name, _, _ := strings.Cut(v, ".")
	if known, ok := s.hosts[name]; ok {
		return known
	}
	name, _, _ = strings.Cut(v, "@")
	return name
}

// chances are the probabilities an incident gives each profile, and the one it
// names first. What is not named has none, and they sum to one.
func chances(i *incident) (string, map[string]float64) {
	p := map[string]float64{}
	total := 0.0
	for _, a := range i.Attribution {
		p[a.Profile] += a.Confidence
		total += a.Confidence
	}
	if total == 0 {
		return unattributed, map[string]float64{unattributed: 1}
	}
	for k := range p {
		p[k] /= total
	}
	return i.Attribution[0].Profile, p
}
