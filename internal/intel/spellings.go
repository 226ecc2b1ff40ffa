package intel

import (
	"hash/maphash"
	"slices"
)

// spellings counts how many values differ as they are written, by eight bytes of
// hash each. They are kept in parts, so that a part which grows copies little.
type spellings struct {
	parts [256][]uint64
}

var spellingSeed = maphash.MakeSeed()

func (s *spellings) add(k Kind, value string) {
	h := maphash.String(spellingSeed, value) + uint64(k)*0x9e3779b97f4a7c15
	s.parts[h>>56] = append(s.parts[h>>56], h)
}

// count is of no use for adding more afterwards. A nil one counts nothing.
func (s *spellings) count() int {
	n := 0
	if s == nil {
		return n
	}
	for i := range s.parts {
		slices.Sort(s.parts[i])
		n += len(slices.Compact(s.parts[i]))
		s.parts[i] = nil
	}
	return n
}
