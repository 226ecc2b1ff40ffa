package intel

import (
	"cmp"
	"slices"

	"longwatch/internal/record"
)

// SourceStatus is what one source of indicators is worth.
type SourceStatus struct {
	Source   string         `json:"source"`
	Rows     int            `json:"rows"`
	Values   int            `json:"values"`          // different ones
	Alone    int            `json:"alone"`           // values that no other source has
	Kinds    map[string]int `json:"kinds"`           // rows by kind
	Oldest   record.Time    `json:"-"`               // when the oldest was last seen; 0 when nobody says
	Newest   record.Time    `json:"-"`               // when the newest was last seen
	Expired  int            `json:"expired"`         // rows whose window had ended at the time of judgement
	Markings map[string]int `json:"markings"`        // rows by TLP marking
	Shared   []Overlap      `json:"shared"`          // the sources that most of its values are also of, most first
	Hits     int            `json:"hits,omitempty"`  // findings of the cases that were looked at
	Found    int            `json:"found,omitempty"` // different values of it that made them
	Cases    int            `json:"cases,omitempty"` // cases with a hit
}

// Overlap is how many values another source has too.
type Overlap struct {
	Source string `json:"source"`
	Values int    `json:"values"`
}

// Bounds of what is told and counted of overlaps.
const (
	maxOverlaps = 3
	maxSharing  = 64 // sources of one value: what more have tells nothing of any of them
)

// Status counts what each source has, what only it has, and which others have
// the same, by name.
func (s *Set) Status(asOf record.Time) []SourceStatus {
	index := map[string]int{}
	both := map[[2]int]int{} // values of both of two sources
	var out []SourceStatus
	for rows := range s.groups {
		var mine []int // sources of this value, each once
		for i := range rows {
			n, ok := index[rows[i].feed()]
			if !ok {
				n = len(out)
				index[rows[i].feed()] = n
				out = append(out, SourceStatus{Source: rows[i].feed(), Kinds: map[string]int{}, Markings: map[string]int{}, Shared: []Overlap{}})
			}
			out[n].count(&rows[i], asOf)
			if !slices.Contains(mine, n) {
				mine = append(mine, n)
				out[n].Values++
			}
		}
		if len(mine) == 1 {
			out[mine[0]].Alone++
		}
		for i, a := range mine[:min(len(mine), maxSharing)] {
			for _, b := range mine[:i] {
				both[[2]int{a, b}]++
			}
		}
	}
	for pair, n := range both {
		a, b := pair[0], pair[1]
		out[a].Shared = append(out[a].Shared, Overlap{out[b].Source, n})
		out[b].Shared = append(out[b].Shared, Overlap{out[a].Source, n})
	}
	for i := range out {
		slices.SortFunc(out[i].Shared, func(a, b Overlap) int {
			return cmp.Or(-cmp.Compare(a.Values, b.Values), cmp.Compare(a.Source, b.Source))
		})
		out[i].Shared = out[i].Shared[:min(len(out[i].Shared), maxOverlaps)]
	}
	slices.SortFunc(out, func(a, b SourceStatus) int {
		return cmp.Or(-cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.Source, b.Source))
	})
	return out
}

// count adds a row.
func (st *SourceStatus) count(i *Indicator, asOf record.Time) {
	st.Rows++
	st.Kinds[i.Kind.String()]++
	if i.Marking != "" {
		st.Markings[i.Marking]++
	}
	if i.Until != 0 && asOf != 0 && i.Until < asOf {
		st.Expired++
	}
	if seen := max(i.Seen.End, i.Seen.Start, i.From); seen != 0 {
		if st.Oldest == 0 || seen < st.Oldest {
			st.Oldest = seen
		}
		st.Newest = max(st.Newest, seen)
	}
}
