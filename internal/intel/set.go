package intel

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/record"
)

// Set is indicators in the form they are matched in: keys in blocks of bytes
// without pointers, 20 bytes for each entry, and what feeds say about whole
// groups of them kept once. It is not changed after Load.
type Set struct {
	blocks  [][]byte // keys, one after the other
	entries []entry
	metas   []Indicator // all but Kind, Value and Line
	table   *table

	v4, v6    []int // prefix lengths in use, longest first
	has       [kinds]int
	oneLabel  bool // some Domain indicator has no dot
	benign    benign
	patterns  []Pattern // that say more than single values do
	pieces    *fragments
	metaIndex map[string]uint32
	keyBuf    []byte
	seed      maphash.Seed
}

// entry is one row. Rows with the same kind and key form a chain.
type entry struct {
	at   uint32 // key: block number and offset
	n    uint16 // length of the key
	kind Kind
	_    uint8
	line uint32
	meta uint32
	next uint32 // next row with the same key, plus one
}

const (
	blockSize  = 1 << 20
	maxBlocks  = 1 << 12 // 4 GiB of keys
	maxKey     = 4096    // bytes of one value
	maxEntries = 1<<31 - 2
	maxMetas   = 1 << 19 // different descriptions kept
)

func newSet() *Set {
	return &Set{metaIndex: map[string]uint32{}, seed: maphash.MakeSeed()}
}

// Len is how many rows the set holds.
func (s *Set) Len() int { return len(s.entries) }

// Count is how many rows of a kind the set holds.
func (s *Set) Count(k Kind) int { return s.has[k] }

// add appends a row. It reports false when the set is full.
func (s *Set) add(ind *Indicator, key []byte) bool {
	last := len(s.blocks) - 1
	if last < 0 || len(s.blocks[last])+len(key) > blockSize {
		if len(s.blocks) == maxBlocks || len(s.entries) == maxEntries {
			return false
		}
		s.blocks = append(s.blocks, make([]byte, 0, blockSize))
		last++
	}
	at := uint32(last)<<20 | uint32(len(s.blocks[last]))
	s.blocks[last] = append(s.blocks[last], key...)
	s.entries = append(s.entries, entry{at: at, n: uint16(len(key)), kind: ind.Kind, line: uint32(ind.Line), meta: s.intern(ind)})
	s.has[ind.Kind]++
	return true
}

// intern returns the number of what ind shares with other rows. A feed that
// says something else about every row gives up what it says beyond maxMetas.
func (s *Set) intern(ind *Indicator) uint32 {
	if len(s.metas) >= maxMetas {
		ind.Desc, ind.URL, ind.Title = "", "", ""
	}
	s.keyBuf = ind.appendShared(s.keyBuf[:0])
	if i, ok := s.metaIndex[string(s.keyBuf)]; ok {
		return i
	}
	m := *ind
	m.Value, m.Line, m.Kind = "", 0, 0
	i := uint32(len(s.metas))
	s.metas = append(s.metas, m)
	s.metaIndex[string(s.keyBuf)] = i
	return i
}

// appendShared appends everything but kind, value and line, told apart.
func (i *Indicator) appendShared(dst []byte) []byte {
	for _, t := range []string{i.Source, i.Desc, i.URL, i.Profile, i.Title, i.Role, i.File, strings.Join(i.Dossier, ","), i.Marking, strings.Join(i.Phases, ",")} {
		dst = append(append(dst, t...), 0)
	}
	for _, n := range []int64{int64(i.Confidence), int64(i.Severity), int64(i.From), int64(i.Until), int64(i.Weight), int64(i.Port), int64(i.Seen.Start), int64(i.Seen.End)} {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
	}
	return strconv.AppendBool(strconv.AppendBool(dst, i.Rated), i.Reserved)
}

func (s *Set) key(e uint32) []byte {
	x := &s.entries[e]
	return s.blocks[x.at>>20][x.at&(blockSize-1):][:x.n]
}

// seal builds the table. Rows with equal keys are chained in the order they
// were read.
func (s *Set) seal() {
	s.metaIndex = nil
	s.keyBuf = nil
	s.table = newTable(s.seed, len(s.entries))
	lengths := map[[2]int]bool{}
	var pieces [][]byte
	var pieceRows []uint32
	for i := range s.entries {
		e := &s.entries[i]
		k := s.key(uint32(i))
		h := s.table.hash(e.kind, k)
		if first, ok := s.lookup(e.kind, k); ok {
			// Behind the first row; chain puts the rows in order when asked.
			e.next = s.entries[first].next
			s.entries[first].next = uint32(i) + 1
			continue
		}
		s.table.insert(h, uint32(i))
		switch e.kind {
		case Subnet:
			family, n := 6, int(k[16])
			if n >= 96 && netip.AddrFrom16([16]byte(k[:16])).Is4In6() {
				family = 4
			}
			lengths[[2]int{family, n}] = true
		case CommandLine:
			pieces, pieceRows = append(pieces, k), append(pieceRows, uint32(i))
		case Domain:
			s.oneLabel = s.oneLabel || bytes.IndexByte(k, '.') < 0
		}
	}
	if len(pieces) > 0 {
		sortFragments(pieces, pieceRows)
		s.pieces = newFragments(pieces, pieceRows)
	}
	for l := range lengths {
		if l[0] == 4 {
			s.v4 = append(s.v4, l[1])
		} else {
			s.v6 = append(s.v6, l[1])
		}
	}
	slices.SortFunc(s.v4, func(a, b int) int { return b - a })
	slices.SortFunc(s.v6, func(a, b int) int { return b - a })
}

// lookup finds the first row with that key.
func (s *Set) lookup(k Kind, key []byte) (uint32, bool) {
	if s.has[k] == 0 {
		return 0, false
	}
	h := s.table.hash(k, key)
	if !s.table.maybe(h) {
		return 0, false
	}
	tag := uint32(h >> 32)
	for i := h & s.table.mask; ; i = (i + 1) & s.table.mask {
		slot := s.table.slots[i]
		if slot == 0 {
			return 0, false
		}
		if uint32(slot>>32) != tag {
			continue
		}
		if e := uint32(slot) - 1; s.entries[e].kind == k && bytes.Equal(s.key(e), key) {
			return e, true
		}
	}
}

// chain returns all rows with the key of row first, in the order they were read.
func (s *Set) chain(first uint32) []Indicator {
	rows := []uint32{first}
	for n := s.entries[first].next; n != 0; n = s.entries[n-1].next {
		rows = append(rows, n-1)
	}
	slices.Sort(rows)
	out := make([]Indicator, len(rows))
	for i, r := range rows {
		out[i] = s.indicator(r)
	}
	return out
}

// indicator puts row r together again.
func (s *Set) indicator(r uint32) Indicator {
	e := &s.entries[r]
	ind := s.metas[e.meta]
	ind.Kind, ind.Line = e.kind, int(e.line)
	ind.Value = keyText(e.kind, s.key(r))
	return ind
}

// keyText is the readable form of a key.
func keyText(k Kind, key []byte) string {
	switch k {
	case Address:
		return netip.AddrFrom16([16]byte(key)).Unmap().String()
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

// All yields every indicator in the order it was read, for export and listing.
func (s *Set) All(yield func(Indicator) bool) {
	for i := range s.entries {
		if !yield(s.indicator(uint32(i))) {
			return
		}
	}
}

// Lookup returns every indicator that value of kind matches at any time, as
// `longwatch intel lookup` needs it.
func (s *Set) Lookup(value string) []Indicator {
	var out []Indicator
	m := s.Matcher()
	kind, _ := Guess(value)
	for _, k := range [...]Kind{Vulnerability, Tool} {
		if _, key, _, err := normal(k, value); err == nil {
			if e, ok := s.lookup(k, key); ok {
				out = append(out, s.chain(e)...)
			}
		}
	}
	switch kind {
	case Address:
		if a, err := netip.ParseAddr(Refang(value)); err == nil {
			m.address(a, func(e uint32) { out = append(out, s.chain(e)...) })
		}
	default:
		m.value(entityOf(kind), Refang(value), func(e uint32) { out = append(out, s.chain(e)...) })
	}
	return out
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
