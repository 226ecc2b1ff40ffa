// Package prototest is the test suite that every protocol parser passes:
//
//	func TestProtocol(t *testing.T)      { prototest.Run(t, modbus.Protocol) }
//	func FuzzProtocol(f *testing.F)      { prototest.Fuzz(f, modbus.Protocol) }
//	func BenchmarkProtocol(b *testing.B) { prototest.Bench(b, modbus.Protocol) }
//
// A case is a txtar file in testdata. Its comment says what it shows and where
// it comes from, and may hold "transport: udp". Section "stream" has one line
// per segment, ">" from the originator and "<" from the responder, followed by
// hex (blanks ignored) or a quoted Go string; ">gap N" is a hole, ">end" a FIN.
// Section "records.jsonl" has the records expected, in order, each with its
// type as "_type" and without the connection's head.
package prototest

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// start is the time of the first packet; every later line is a millisecond on.
const start = record.Time(1_700_000_000_000_000_000)

// fakeEngine is a proto.Engine that keeps what parsers emit.
type fakeEngine struct {
	specs    map[string]proto.Spec
	now      record.Time
	records  []record.Record
	weirds   []string
	services []string
	shared   map[string]proto.Sharer
}

func newFake(spec proto.Spec, inner []proto.Spec) *fakeEngine {
	e := &fakeEngine{specs: map[string]proto.Spec{spec.Name: spec}, now: start}
	for _, s := range inner {
		e.specs[s.Name] = s
	}
	return e
}

func (e *fakeEngine) Now() record.Time { return e.now }
func (e *fakeEngine) Ref() record.Ref {
	return record.Ref{File: "test.pcap", Kind: record.RefOffset, Pos: 24}
}
func (e *fakeEngine) Emit(r record.Record) { e.records = append(e.records, r) }
func (e *fakeEngine) Weird(_ *proto.Conn, source, name, addl string) {
	e.weirds = append(e.weirds, strings.Join([]string{source, name, addl}, " "))
}

func (e *fakeEngine) Confirm(_ *proto.Conn, service string) {
	if slices.Contains(e.services, service) {
		return
	}
	e.services = append(e.services, service)
}

// Flip shows as a weird and in the addresses; the directions of a case stay.
func (e *fakeEngine) Flip(c *proto.Conn) {
	e.weirds = append(e.weirds, "flip")
	c.ID.OrigH, c.ID.OrigP, c.ID.RespH, c.ID.RespP = c.ID.RespH, c.ID.RespP, c.ID.OrigH, c.ID.OrigP
}

func (e *fakeEngine) Lookup(name string) (proto.Spec, bool) {
	s, ok := e.specs[name]
	return s, ok
}

func (e *fakeEngine) Probing(t proto.Transport) []proto.Spec {
	var out []proto.Spec
	for _, name := range slices.Sorted(maps.Keys(e.specs)) {
		if s := e.specs[name]; s.Probe != nil && s.Transport&t != 0 {
			out = append(out, s)
		}
	}
	return out
}

// Expect shows what was arranged as a weird, which tests can see.
func (e *fakeEngine) Expect(_ *proto.Conn, x proto.Expected) {
	e.weirds = append(e.weirds, fmt.Sprintf("expect %s %v:%d", x.Parser, x.Host, x.Port))
}

// Shared keeps state for the one pair of hosts there is.
func (e *fakeEngine) Shared(_ *proto.Conn, key string, begin func() proto.Sharer) proto.Sharer {
	if e.shared == nil {
		e.shared = map[string]proto.Sharer{}
	}
	if e.shared[key] == nil {
		e.shared[key] = begin()
	}
	return e.shared[key]
}

// closeShared ends what was shared, as at the end of a capture.
func (e *fakeEngine) closeShared() {
	for _, key := range slices.Sorted(maps.Keys(e.shared)) {
		e.shared[key].Close()
	}
	e.shared = nil
}

func (e *fakeEngine) Local(a netip.Addr) bool { return a.IsPrivate() }

// conn is the fixed connection that all cases use.
func (e *fakeEngine) conn(spec proto.Spec, tr proto.Transport) *proto.Conn {
	port := uint16(4000)
	if len(spec.Ports) > 0 {
		port = spec.Ports[0]
	}
	return &proto.Conn{
		ID: record.Conn{
			Head:  record.Head{TS: start},
			UID:   "CTest",
			OrigH: netip.MustParseAddr("192.0.2.1"), OrigP: 40000,
			RespH: netip.MustParseAddr("198.51.100.1"), RespP: port,
		},
		Transport: tr, Engine: e, Parser: spec.Name, HashFiles: true,
	}
}
