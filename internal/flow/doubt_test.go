package flow_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/flow"
	"longwatch/internal/proto"
	"longwatch/internal/record/network"
)

// hasty claims what lines claims, says so, and fails at the second line.
var hasty = proto.Spec{
	Name: "hasty", Transport: proto.TCP | proto.UDP, Ports: []uint16{9999},
	Probe: lines.Probe,
	New:   func(c *proto.Conn) proto.Parser { return &hastyParser{c: c} },
}

type hastyParser struct{ c *proto.Conn }

func (p *hastyParser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	p.c.Emit(&network.Weird{Conn: p.c.Head(), Name: "hasty record"})
	p.c.Weird("hasty_weird", "")
	if bytes.Contains(b, []byte("2")) {
		return proto.Step{}, errors.New("not mine")
	}
	return proto.Step{Used: len(b)}, nil
}
func (p *hastyParser) Gap(proto.Dir, int) error { return nil }
func (p *hastyParser) Close()                   { p.c.Emit(&network.Weird{Conn: p.c.Head(), Name: "hasty end"}) }

// A parser that fails before it confirmed is taken back with all it said, and
// the next candidate gets the same bytes.
func TestWrongCandidateIsRevoked(t *testing.T) {
	tr := session(4000, func(tr *trace) {
		tr.tcp(3, true, 4000, "PA", 1001, 5001, "line 1\n")
		tr.tcp(4, false, 4000, "PA", 5001, 1008, "answer\n")
		tr.tcp(5, true, 4000, "PA", 1008, 5008, "line 2\n")
		tr.tcp(6, true, 4000, "PA", 1015, 5008, "line 3\n")
	})
	tr.ip(10, 1, 1, 17, 0, false, tr.udp(10, 5000, 9999, "line 4\n"))
	tr.ip(11, 1, 1, 17, 0, false, tr.udp(11, 5000, 9999, "line 2\n"))
	recs, _ := tr.run(t, flow.Config{Protocols: []proto.Spec{hasty, lines}})
	want := []string{"0 line 1", "1 answer", "0 line 2", "0 line 3", "close", "0 line 4", "0 line 2", "close"}
	if d := cmp.Diff(want, said(recs)); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	for _, c := range conns(recs) {
		if c.Service != "lines" {
			t.Errorf("service %q, want lines", c.Service)
		}
	}
}

// A candidate that never fails is believed at the end, with all it said.
func TestUnconfirmedCandidateIsBelievedAtTheEnd(t *testing.T) {
	tr := session(4000, func(tr *trace) { tr.tcp(3, true, 4000, "PA", 1001, 5001, "line 1\n") })
	recs, _ := tr.run(t, flow.Config{Protocols: []proto.Spec{hasty, lines}})
	want := []string{"hasty end", "hasty record", "hasty_weird"} // of one time, so by name
	if d := cmp.Diff(want, said(recs)); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}
