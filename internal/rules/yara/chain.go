package yara

import (
	"slices"
	"sort"
)

// chain joins the finds of strings that were cut at long jumps. Of each find
// of the first part, the nearest end is taken.
func (s *Scanner) chain() {
	for _, i := range s.touched {
		l := s.rules.links[i]
		if l.single || !l.last {
			continue
		}
		parts := l.str.finder.links
		ends := s.lastEnds(parts[len(parts)-1])
		for p := len(parts) - 2; p >= 0; p-- {
			ends = s.join(parts[p], parts[p+1], ends)
		}
		var out []Find
		for n, f := range s.links[parts[0].index].finds {
			if ends[n] >= 0 {
				out = append(out, Find{f.Offset, int32(ends[n] - f.Offset)})
			}
		}
		if len(out) > 0 {
			s.chained[l.str.index] = out
			s.ask(l.str.rule)
		}
	}
}

// lastEnds is where each find of the last part ends.
func (s *Scanner) lastEnds(l *link) []int64 {
	finds := s.links[l.index].finds
	ends := make([]int64, len(finds))
	for i, f := range finds {
		ends[i] = f.Offset + int64(f.Length)
	}
	return ends
}

// join finds for each find of a part where the whole ends when the next part,
// whose ends are known, follows; -1 when it does not.
func (s *Scanner) join(l, next *link, ends []int64) []int64 {
	finds, after := s.links[l.index].finds, s.links[next.index].finds
	// usable is the next find, from each on, that leads to an end.
	usable := make([]int, len(after)+1)
	usable[len(after)] = len(after)
	for i := range slices.Backward(after) {
		usable[i] = i
		if ends[i] < 0 {
			usable[i] = usable[i+1]
		}
	}
	out := make([]int64, len(finds))
	for i, f := range finds {
		out[i] = -1
		end := f.Offset + int64(f.Length)
		lo, hi := end+int64(next.min), end+int64(next.max)
		j := usable[sort.Search(len(after), func(k int) bool { return after[k].Offset >= lo })]
		if j < len(after) && after[j].Offset <= hi {
			out[i] = ends[j]
		}
	}
	return out
}
