package intel

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"

	"longwatch/internal/intel/index"
	"longwatch/internal/record"
)

// Set is indicators in the form they are matched in: those that were read from
// feeds, in memory, and those of files that were built before, which are mapped.
// It is not changed after Load.
type Set struct {
	build *index.Builder // until seal
	parts []*index.Index

	v4, v6   []int // prefix lengths in use, longest first
	n4, n6   near  // where subnets are
	has      [kinds]int
	of       [kinds][]int // the parts that have values of a kind
	oneLabel bool         // some Domain indicator has no dot
	benign   benign
	patterns []Pattern // that say more than single values do

	pieces    *fragments
	pieceRefs []ref // their records

	meta, note, times []byte // scratch of add
}

// ref is a value in one of the parts: the part's number and the place in it.
type ref uint64

const partBits = 48

func (s *Set) part(r ref) (*index.Index, index.Place) {
	return s.parts[r>>partBits], index.Place(r & (1<<partBits - 1))
}

const maxKey = index.MaxKey // bytes of one value

// newSet begins a set. The seed keys its hash, so that a feed cannot be written
// to collide.
func newSet(seed [2]uint64) *Set { return &Set{build: index.NewBuilder(seed)} }

func randomSeed() [2]uint64 {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return [2]uint64{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])}
}

// Len is how many rows the set holds.
func (s *Set) Len() int {
	n := 0
	for _, x := range s.parts {
		n += x.Len()
	}
	return n
}

// Values is how many different values the set holds. A value that is in several
// parts counts in each.
func (s *Set) Values() int {
	n := 0
	for _, x := range s.parts {
		n += x.Values()
	}
	return n
}

// Count is how many rows of a kind the set holds.
func (s *Set) Count(k Kind) int { return s.has[k] }

// Close gives mapped files back. Nothing of the set may be used after it.
func (s *Set) Close() error {
	var errs []error
	for _, x := range s.parts {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}

// Verify reads mapped files whole and compares them with their checksums.
func (s *Set) Verify() error {
	for _, x := range s.parts {
		if err := x.Verify(); err != nil {
			return err
		}
	}
	return nil
}

// add appends a row. It reports false when the set is full.
func (s *Set) add(ind *Indicator, key []byte) bool {
	s.meta, s.note, s.times = appendMeta(s.meta[:0], ind), appendNote(s.note[:0], ind), appendTimes(s.times[:0], ind)
	return s.build.Add(uint8(ind.Kind), key, index.Row{Meta: s.build.Intern(s.meta), Note: s.build.Intern(s.note), Times: s.build.Intern(s.times), Line: uint32(ind.Line)})
}

// seal makes what was added the first part, and joins what is known of all of
// them. more is how many rows of values with too many were left out.
func (s *Set) seal() (more int) {
	x, more := s.build.Seal()
	s.build, s.meta, s.note, s.times = nil, nil, nil, nil
	s.parts = slices.Insert(s.parts, 0, x)
	return more
}

// facts is what is known of all values of a part, and stored with it.
type facts struct {
	Rows      [kinds]int
	V4, V6    []int
	Near4     near `json:",omitempty"`
	Near6     near `json:",omitempty"`
	OneLabel  bool
	Fragments []uint64 // places of the pieces of command lines
}

// factsOf gathers the facts of a part.
func factsOf(x *index.Index) *facts {
	f := &facts{}
	lengths := map[[2]int]bool{}
	f.Near4, f.Near6 = make(near, nearSize), make(near, nearSize)
	for g := range x.All {
		k := Kind(g.Kind)
		if !fits(k, g.Key) {
			continue
		}
		f.Rows[k] += g.Len()
		switch k {
		case Subnet:
			family, n := 6, int(g.Key[16])
			if n >= 96 && netip.AddrFrom16([16]byte(g.Key[:16])).Is4In6() {
				family = 4
				f.Near4.add(g.Key, true)
			} else {
				f.Near6.add(g.Key, false)
			}
			lengths[[2]int{family, n}] = true
		case CommandLine:
			f.Fragments = append(f.Fragments, uint64(g.Place))
		case Domain:
			f.OneLabel = f.OneLabel || bytes.IndexByte(g.Key, '.') < 0
		}
	}
	for l := range lengths {
		if l[0] == 4 {
			f.V4 = append(f.V4, l[1])
		} else {
			f.V6 = append(f.V6, l[1])
		}
	}
	slices.Sort(f.V4)
	slices.Sort(f.V6)
	return f
}

// fits tells whether a key can be one of the kind: those of fixed length are
// read without looking.
func fits(k Kind, key []byte) bool {
	switch k {
	case Address:
		return len(key) == 4 || len(key) == 16
	case Subnet:
		return len(key) == 17 && key[16] <= 128
	}
	return k > 0 && k < kinds && len(key) > 0
}

// join adds the facts of part n to those of the set.
func (s *Set) join(n int, f *facts) {
	for k := range s.has {
		if f.Rows[k] > 0 {
			s.has[k] += f.Rows[k]
			s.of[k] = append(s.of[k], n)
		}
	}
	s.oneLabel = s.oneLabel || f.OneLabel
	s.v4, s.v6 = longestFirst(s.v4, f.V4), longestFirst(s.v6, f.V6)
	s.n4, s.n6 = s.n4.join(f.Near4, len(f.V4) > 0), s.n6.join(f.Near6, len(f.V6) > 0)
	for _, place := range f.Fragments {
		if place < 1<<partBits {
			s.pieceRefs = append(s.pieceRefs, ref(n)<<partBits|ref(place))
		}
	}
}

func longestFirst(a, b []int) []int {
	a = slices.DeleteFunc(append(a, b...), func(n int) bool { return n < 0 || n > 128 })
	slices.SortFunc(a, func(a, b int) int { return b - a })
	return slices.Compact(a)
}

// finish makes what is shared by all parts, once they are joined.
func (s *Set) finish() {
	var keys [][]byte
	var rows []uint32
	size := 0
	for i, r := range s.pieceRefs {
		x, at := s.part(r)
		g, ok := x.Group(at)
		if size += len(g.Key); !ok || Kind(g.Kind) != CommandLine || size > maxFragmentBytes {
			continue
		}
		keys, rows = append(keys, g.Key), append(rows, uint32(i))
	}
	if len(keys) == 0 {
		return
	}
	sortFragments(keys, rows)
	keys, rows = oncePerKey(keys, rows)
	s.pieces = newFragments(keys, rows)
}

// oncePerKey keeps the first of equal keys, which lie side by side.
func oncePerKey(keys [][]byte, rows []uint32) ([][]byte, []uint32) {
	n := 0
	for i, k := range keys {
		if i == 0 || !bytes.Equal(k, keys[n-1]) {
			keys[n], rows[n] = k, rows[i]
			n++
		}
	}
	return keys[:n], rows[:n]
}

// lookup finds the first part that has the value.
func (s *Set) lookup(k Kind, key []byte) (ref, bool) {
	for _, n := range s.of[k] {
		if at, ok := s.parts[n].Find(uint8(k), key); ok {
			return ref(n)<<partBits | ref(at), true
		}
	}
	return 0, false
}

// Has tells whether a value is listed. key is what it is compared as: of an
// address its 4 or 16 bytes, of a digest its bytes, of names lower case.
func (s *Set) Has(k Kind, key []byte) bool {
	_, ok := s.lookup(k, key)
	return ok
}

// rows returns all rows of the value at r, of this part and of those after it.
func (s *Set) rows(r ref) []Indicator {
	x, at := s.part(r)
	g, ok := x.Group(at)
	if !ok || !fits(Kind(g.Kind), g.Key) {
		return nil
	}
	out := indicators(nil, x, &g)
	for _, y := range s.parts[r>>partBits+1:] {
		if at, ok := y.Find(g.Kind, g.Key); ok {
			if more, ok := y.Group(at); ok {
				out = indicators(out, y, &more)
			}
		}
	}
	return out
}

// indicators puts the rows of a value together again.
func indicators(dst []Indicator, x *index.Index, g *index.Group) []Indicator {
	value := keyText(Kind(g.Kind), g.Key)
	for r := range g.Rows {
		ind := Indicator{Kind: Kind(g.Kind), Value: value, Line: int(r.Line)}
		if ind.parse(x.Text(r.Meta), x.Text(r.Note), x.Text(r.Times)) == nil {
			dst = append(dst, ind)
		}
	}
	return dst
}

// kind is the kind of the value at r.
func (s *Set) kind(r ref) Kind {
	x, at := s.part(r)
	g, _ := x.Group(at)
	return Kind(g.Kind)
}

// keyText is the readable form of a key.
func keyText(k Kind, key []byte) string {
	switch k {
	case Address:
		a, _ := netip.AddrFromSlice(key)
		return a.String()
	case Subnet:
		a := netip.AddrFrom16([16]byte(key[:16]))
		bits := int(key[16])
		if a.Is4In6() && bits >= 96 {
			return netip.PrefixFrom(a.Unmap(), bits-96).String()
		}
		return netip.PrefixFrom(a, bits).String()
	case Hash, Certificate, PublicKey, JA3, HASSH, Serial:
		return hex.EncodeToString(key)
	}
	return string(key)
}

// All yields every indicator, for export and listing: the rows of a value side
// by side in the order they were read, those with only one row first.
func (s *Set) All(yield func(Indicator) bool) {
	for rows := range s.groups {
		for i := range rows {
			if !yield(rows[i]) {
				return
			}
		}
	}
}

// Profiled yields the indicators that a profile lists, value by value and in no
// other order. The others, which may be millions, are not put together.
func (s *Set) Profiled(yield func(Indicator) bool) {
	for _, x := range s.parts {
		for g := range x.All {
			listed := false
			for r := range g.Rows {
				listed = listed || hasProfile(x.Text(r.Meta))
			}
			if !listed || !fits(Kind(g.Kind), g.Key) {
				continue
			}
			for _, i := range indicators(nil, x, &g) {
				if i.Profile != "" && !yield(i) {
					return
				}
			}
		}
	}
}

// groups yields the rows of every value. The slice is good until the next.
func (s *Set) groups(yield func([]Indicator) bool) {
	var rows []Indicator
	for n, x := range s.parts {
		for g := range x.All {
			if !fits(Kind(g.Kind), g.Key) || s.earlier(n, &g) {
				continue
			}
			rows = indicators(rows[:0], x, &g)
			for _, y := range s.parts[n+1:] {
				if at, ok := y.Find(g.Kind, g.Key); ok {
					if more, ok := y.Group(at); ok {
						rows = indicators(rows, y, &more)
					}
				}
			}
			if len(rows) > 0 && !yield(rows) {
				return
			}
		}
	}
}

// earlier tells whether a part before n has the value, which was then yielded
// with it.
func (s *Set) earlier(n int, g *index.Group) bool {
	return slices.ContainsFunc(s.parts[:n], func(x *index.Index) bool {
		_, ok := x.Find(g.Kind, g.Key)
		return ok
	})
}

// timeRange is a window in words.
func timeRange(from, until record.Time) string {
	day := func(t record.Time) string { return t.Std().Format("2006-01-02") }
	switch {
	case from == 0 && until == 0:
		return ""
	case from == 0:
		return "until " + day(until)
	case until == 0:
		return "since " + day(from)
	}
	return "from " + day(from) + " to " + day(until)
}
