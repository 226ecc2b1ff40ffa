// Package clock finds out how far the clocks of the sources of evidence are
// apart. Two sources often see one event: a host and a capture the same
// connection, a domain controller and a member the same logon, a web server and
// a capture the same request. What their times differ by, over many such pairs,
// is what their clocks differ by:
//
//	s := clock.NewSketch()
//	s.Observe(record)          // every record, in any order
//	clocks := s.Estimate()
//	k := clocks.Of(finding)    // nil when its source keeps time
//
// Memory is fixed: of very many events a part is kept, chosen by the event and
// not by chance, so that both sources keep the same ones. Nothing is changed in
// the evidence; corrections are used to put findings in order, and are told.
package clock

import (
	"encoding/binary"
	"net/netip"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Bounds of a sketch.
const (
	maxKeys   = 1 << 16 // events remembered
	maxSeen   = 16      // times that one event may be seen; what is seen more often is no single event
	maxNames  = 1 << 15 // sources and files
	noSource  = -1
	skewLimit = 26 * time.Hour // differences beyond a wrong zone and an hour are not of one event
)

// Sketch remembers when sources saw events. It is not safe for concurrent use;
// make one for each goroutine and Join them.
type Sketch struct {
	most   uint64 // keys above it are not kept
	events events
	names  []string // sources
	number map[string]int32
	ofFile map[string]int32 // whose records a file holds; manyHosts when several hosts'
	buf    []byte

	lastFile   string // of a record that names no host
	lastSource int32
}

const manyHosts = -2

// sight is one source's seeing an event. Two of them are compared when they are
// of different sides, such as who sent and who received; side 0 is compared with
// all. Where records of captures say between whom an event was and those of
// hosts do not, who stands for the address: the host's own is then the one with
// which most agrees.
type sight struct {
	source int32
	side   uint8
	who    uint32
	ts     record.Time
}

// The sides of an event.
const (
	anySide uint8 = iota
	hostSide
	wireSide
	farSide // the other host, or the domain controller
)

// NewSketch returns an empty one.
func NewSketch() *Sketch {
	return &Sketch{most: ^uint64(0), number: map[string]int32{}, ofFile: map[string]int32{}, lastSource: noSource}
}

// intern numbers a source.
func (s *Sketch) intern(name string) int32 {
	if n, ok := s.number[name]; ok {
		return n
	}
	if len(s.names) == maxNames {
		return noSource
	}
	n := int32(len(s.names))
	s.names, s.number[name] = append(s.names, name), n
	return n
}

// hostOf notes that a file holds records of a host.
func (s *Sketch) hostOf(file string, host int32) {
	was, ok := s.ofFile[file]
	switch {
	case !ok && len(s.ofFile) < maxNames:
		s.ofFile[file] = host
	case ok && was != host:
		s.ofFile[file] = manyHosts
	}
}

// fileSource is the source of records that name no host: the capture, or the
// folder of a sensor's logs.
func fileSource(file string) string {
	switch strings.ToLower(path.Ext(file)) {
	case ".log", ".json", ".jsonl", ".gz", ".tsv", ".txt", ".csv":
		return "logs " + file
	}
	return "capture " + file
}

// put remembers that a source saw the event that the buffer names.
func (s *Sketch) put(x sight) {
	if x.source == noSource || x.ts <= 0 {
		return
	}
	h := mix(s.buf)
	if h > s.most {
		return
	}
	s.events.add(h, x)
	s.bound()
}

// bound forgets the half of the events with the greater keys when there are too
// many. Which ones are left depends on the evidence only, not on its order.
func (s *Sketch) bound() {
	for s.events.n > maxKeys {
		s.most /= 2
		s.events.drop(s.most)
	}
}

// Join takes in what another sketch has seen, which is of no use afterwards.
func (s *Sketch) Join(o *Sketch) {
	if o == nil {
		return
	}
	to := make([]int32, len(o.names))
	for i, name := range o.names {
		to[i] = s.intern(name)
	}
	for file, n := range o.ofFile {
		switch {
		case n == manyHosts:
			s.ofFile[file] = manyHosts
		case to[n] != noSource:
			s.hostOf(file, to[n])
		}
	}
	if o.most < s.most {
		s.most = o.most
		s.events.drop(s.most)
	}
	for _, e := range o.events.slots {
		if e.sights == 0 || e.key > s.most {
			continue
		}
		if e.sights > maxSeen {
			s.events.common(e.key)
			continue
		}
		for x := range o.events.of(&e) {
			if to[x.source] != noSource {
				x.source = to[x.source]
				s.events.add(e.key, x)
			}
		}
	}
	s.bound()
}

// mix is FNV-1a with a last mixing step, so that the halves of the range hold
// the same share of keys.
func mix(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// key begins the name of an event.
func (s *Sketch) key(kind string) { s.buf = append(s.buf[:0], kind...) }

// text and addr add to it.
func (s *Sketch) text(v string) {
	s.buf = append(s.buf, 0)
	for i := range len(v) {
		if v[i] >= utf8.RuneSelf {
			s.buf = append(s.buf, strings.ToLower(v[i:])...)
			return
		}
		c := v[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.buf = append(s.buf, c)
	}
}

func (s *Sketch) addr(ip netip.Addr, port uint16) {
	b := ip.Unmap().As16()
	s.buf = binary.BigEndian.AppendUint16(append(s.buf, b[:]...), port)
}

// Clocks is what is known of the clocks of all sources.
type Clocks struct {
	list   []finding.Clock
	off    map[string]*finding.Clock
	ofFile map[string]string // source of each file with one
}

// All are the clocks that could be compared, those that are off first.
func (c *Clocks) All() []finding.Clock { return c.list }

// Of is the clock that timed a finding, if it is off: that of the source of its
// first reference.
func (c *Clocks) Of(f *finding.Finding) *finding.Clock {
	if c == nil || len(c.off) == 0 {
		return nil
	}
	if len(f.Refs) > 0 {
		if name, ok := c.ofFile[f.Refs[0].File]; ok {
			return c.off[name]
		}
	}
	for _, e := range f.Entities {
		if e.Kind == "host" && e.Role == "" {
			if k := c.off["host "+hostName(e.Value)]; k != nil {
				return k
			}
		}
	}
	return nil
}
