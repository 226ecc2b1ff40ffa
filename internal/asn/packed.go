package asn

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/klauspost/compress/zstd"
)

const (
	magic       = "longwatch networks 1\n"
	maxUnpacked = 64 << 20 // bytes of an unpacked database
)

var errPacked = errors.New("asn: not a packed database of networks, or a damaged one")

// Header says what a packed database was made from.
type Header struct {
	Name string `json:"name"`
	Date string `json:"date"` // of the data, YYYY-MM-DD
	From string `json:"from"` // whom to name, and the licence
}

// Range is one row of a table to pack: first and last address, and what is
// known of them. Rows of IPv6 end and begin at a /64.
type Range struct {
	First, Last netip.Addr
	Network
}

// steps is a function of addresses that changes at start: value[i] holds from
// start[i] to before start[i+1].
type steps struct {
	start []uint64 // IPv4 address, or upper half of an IPv6 address
	value []uint32 // place in a list; 0: unknown
}

func (s *steps) at(key uint64) uint32 {
	i, exact := slices.BinarySearch(s.start, key)
	if !exact {
		i--
	}
	if i < 0 {
		return 0
	}
	return s.value[i]
}

// packed is a database in memory: about 12 bytes for each range.
type packed struct {
	head      Header
	as, cc    [2]steps // IPv4, IPv6
	numbers   []uint32 // by the values of as, less one
	names     []string
	countries []string // by the values of cc, less one
}

// key is where a stands in the steps of its family.
func key(a netip.Addr) (family int, k uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return 1, binary.BigEndian.Uint64(b[:8])
}

func (p *packed) find(a netip.Addr) Network {
	var n Network
	f, k := key(a)
	if i := p.as[f].at(k); i != 0 {
		n.ASN, n.Name = p.numbers[i-1], p.names[i-1]
	}
	if i := p.cc[f].at(k); i != 0 {
		n.Country = p.countries[i-1]
	}
	return n
}

func (p *packed) source() Source { return Source(p.head) }

// Pack writes rows as a database that the program can carry. Rows of systems
// and of countries may cover each other; among rows of one kind a later one
// does not take what an earlier one has.
func Pack(h Header, rows []Range) ([]byte, error) {
	p := &packed{head: h}
	number, country := map[uint32]uint32{}, map[string]uint32{}
	slices.SortStableFunc(rows, func(a, b Range) int { return a.First.Compare(b.First) })
	for _, r := range rows {
		if r.ASN != 0 && number[r.ASN] == 0 {
			p.numbers, p.names = append(p.numbers, r.ASN), append(p.names, r.Name)
			number[r.ASN] = 1
		}
		if r.Country != "" && country[r.Country] == 0 {
			p.countries = append(p.countries, r.Country)
			country[r.Country] = 1
		}
	}
	p.sortLists()
	for i, n := range p.numbers {
		number[n] = uint32(i) + 1
	}
	for i, c := range p.countries {
		country[c] = uint32(i) + 1
	}
	for _, r := range rows {
		f, first := key(r.First)
		g, last := key(r.Last)
		if f != g || last < first {
			return nil, fmt.Errorf("asn: pack: %v to %v is not a range", r.First, r.Last)
		}
		if r.ASN != 0 {
			p.as[f].set(first, last, number[r.ASN])
		}
		if r.Country != "" {
			p.cc[f].set(first, last, country[r.Country])
		}
	}
	return p.bytes()
}

// sortLists puts systems in the order of their numbers and countries in that
// of their codes.
func (p *packed) sortLists() {
	type system struct {
		number uint32
		name   string
	}
	all := make([]system, len(p.numbers))
	for i := range all {
		all[i] = system{p.numbers[i], p.names[i]}
	}
	slices.SortFunc(all, func(a, b system) int { return cmp.Compare(a.number, b.number) })
	for i := range all {
		p.numbers[i], p.names[i] = all[i].number, all[i].name
	}
	slices.Sort(p.countries)
}

// set appends a range; its first address is not before that of the range
// before.
func (s *steps) set(first, last uint64, v uint32) {
	if n := len(s.start); n > 0 && s.value[n-1] == 0 && s.start[n-1] >= first {
		if first = s.start[n-1]; first > last {
			return // covered already
		}
		s.start, s.value = s.start[:n-1], s.value[:n-1]
	}
	if n := len(s.value); n == 0 || s.value[n-1] != v {
		s.start, s.value = append(s.start, first), append(s.value, v)
	}
	if last != ^uint64(0) {
		s.start, s.value = append(s.start, last+1), append(s.value, 0)
	}
}

func (p *packed) bytes() ([]byte, error) {
	head, err := json.Marshal(p.head)
	if err != nil {
		return nil, fmt.Errorf("asn: pack: %w", err)
	}
	b := append([]byte(magic), head...)
	b = append(b, '\n')
	b = binary.AppendUvarint(b, uint64(len(p.numbers)))
	last := uint32(0)
	for _, n := range p.numbers {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	b = appendStrings(b, p.names)
	b = binary.AppendUvarint(b, uint64(len(p.countries)))
	b = appendStrings(b, p.countries)
	for _, s := range []*steps{&p.as[0], &p.as[1], &p.cc[0], &p.cc[1]} {
		b = binary.AppendUvarint(b, uint64(len(s.start)))
		from := uint64(0)
		for _, k := range s.start {
			b = binary.AppendUvarint(b, k-from)
			from = k
		}
		for _, v := range s.value {
			b = binary.AppendUvarint(b, uint64(v))
		}
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return nil, fmt.Errorf("asn: pack: %w", err)
	}
	return w.EncodeAll(b, nil), nil
}

func appendStrings(b []byte, list []string) []byte {
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// unpack reads what Pack wrote.
func unpack(data []byte) (*packed, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("asn: unpack: %w", err)
	}
	defer r.Close()
	b, err := r.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("asn: unpack: %w", err)
	}
	return parse(b)
}

// parse reads an unpacked database.
func parse(b []byte) (*packed, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	head, rest, found := bytes.Cut(rest, []byte("\n"))
	p := &packed{}
	if !ok || !found || json.Unmarshal(head, &p.head) != nil {
		return nil, errPacked
	}
	c := &column{rest: rest}
	p.numbers = make([]uint32, c.count())
	last := uint32(0)
	for i := range p.numbers {
		last += uint32(c.number(1<<32 - 1))
		p.numbers[i] = last
	}
	p.names = c.strings(len(p.numbers))
	p.countries = c.strings(c.count())
	for i, s := range []*steps{&p.as[0], &p.as[1], &p.cc[0], &p.cc[1]} {
		limit := len(p.numbers)
		if i >= 2 {
			limit = len(p.countries)
		}
		c.steps(s, limit)
	}
	if c.bad || len(c.rest) > 0 {
		return nil, errPacked
	}
	return p, nil
}

// column reads numbers and strings; after a mistake it gives zeros and stays bad.
type column struct {
	rest []byte
	bad  bool
}

func (c *column) number(limit uint64) uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 || v > limit {
		c.bad = true
		c.rest = nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// count is a number of things that take at least a byte each.
func (c *column) count() int { return int(c.number(uint64(len(c.rest)))) }

func (c *column) strings(n int) []string {
	out := make([]string, n)
	for i := range out {
		l := c.count()
		if l > len(c.rest) {
			c.bad = true
			return out
		}
		out[i] = string(c.rest[:l])
		c.rest = c.rest[l:]
	}
	return out
}

// steps reads s, whose values are at most limit and whose starts rise.
func (c *column) steps(s *steps, limit int) {
	n := c.count()
	s.start, s.value = make([]uint64, n), make([]uint32, n)
	from := uint64(0)
	for i := range s.start {
		d := c.number(^uint64(0) - from)
		if i > 0 && d == 0 {
			c.bad = true
		}
		from += d
		s.start[i] = from
	}
	for i := range s.value {
		s.value[i] = uint32(c.number(uint64(limit)))
	}
}
