package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/flow"
	"longwatch/internal/proto"
	"longwatch/internal/record/network"
)

// on is lines with other ports, under another name.
func on(name string, probe func(proto.Dir, []byte) proto.Verdict, ports ...uint16) proto.Spec {
	s := lines
	s.Name, s.Ports, s.Probe = name, ports, probe
	return s
}

func never(proto.Dir, []byte) proto.Verdict { return proto.No }

func TestServiceAndPortThatDoNotBelongTogether(t *testing.T) {
	talk := func(tr *trace) {
		tr.tcp(10, true, 4000, "PA", 1001, 5001, "line one and more\n")
		tr.tcp(11, false, 4000, "PA", 5001, 1019, "line two and more\n")
	}
	silent := func(tr *trace) { tr.tcp(10, true, 4000, "PA", 1001, 5001, "line one and more\n") }
	for _, c := range []struct {
		name   string
		protos []proto.Spec
		send   func(*trace)
		want   string // service, usual ports, the port's services; empty: no record
	}{
		{"on its port", []proto.Spec{lines}, talk, ""},
		{"on another port", []proto.Spec{on("moved", lines.Probe, 70)}, talk,
			"moved [70] []"},
		{"on another's port", []proto.Spec{on("moved", lines.Probe, 70), on("owner", never, 9999)}, talk,
			"moved [70] [owner]"},
		{"nothing known on a known port", []proto.Spec{on("owner", never, 9999)}, talk,
			" [] [owner]"},
		{"nobody answers on a known port", []proto.Spec{on("owner", never, 9999)}, silent, ""},
		{"a service without ports", []proto.Spec{on("anywhere", lines.Probe)}, talk, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			recs, _ := session(4000, c.send).run(t, flow.Config{Protocols: c.protos})
			var got strings.Builder
			for _, r := range recs {
				if s, ok := r.(*network.ServicePort); ok {
					fmt.Fprintf(&got, "%s %v %v", s.Service, s.UsualPorts, s.PortServices)
				}
			}
			if got.String() != c.want {
				t.Errorf("record %q, want %q", got.String(), c.want)
			}
		})
	}
}

// arranger expects a connection on every port that a line of "line N" names.
var arranger = proto.Spec{
	Name: "arranger", Transport: proto.TCP, Ports: []uint16{9999}, Probe: lines.Probe,
	New: func(c *proto.Conn) proto.Parser { return &arrangerParser{lineParser{c: c}} },
}

type arrangerParser struct{ lineParser }

func (p *arrangerParser) Parse(_ proto.Dir, b []byte) (proto.Step, error) {
	p.c.Confirm()
	p.c.Expect(proto.Expected{Transport: proto.TCP, Host: p.c.ID.OrigH, Port: 5555, Parser: "data", State: "told"})
	return proto.Step{Used: len(b)}, nil
}

// data is only reached when it was arranged.
var data = proto.Spec{
	Name: "data", Transport: proto.TCP,
	New: func(c *proto.Conn) proto.Parser {
		c.Confirm()
		c.Emit(&network.Weird{Conn: c.Head(), Name: c.Arranged.(string)})
		return &lineParser{c: c}
	},
}

func TestArrangedConnection(t *testing.T) {
	tr := session(4000, func(tr *trace) { tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n") })
	for i := range 2 { // the second was not arranged
		at := 100 * (i + 1)
		tr.tcp(at, false, 5555, "S", 7000, 0, "") // the server opens it, as in active FTP
		tr.tcp(at+1, true, 5555, "SA", 8000, 7001, "")
		tr.tcp(at+2, false, 5555, "PA", 7001, 8001, "no line at all\n")
		tr.tcp(at+3, false, 5555, "R", 7016, 8001, "")
		tr.tcp(at+4, true, 5555, "R", 8001, 7016, "")
		tr.tcp(at+20_000, true, 4000, "A", 1008, 5001, "") // time passes
	}
	recs, _ := tr.run(t, flow.Config{Protocols: []proto.Spec{arranger, data}})
	var services []string
	for _, c := range conns(recs) {
		if c.RespP == 5555 {
			services = append(services, c.Service)
		}
	}
	if d := cmp.Diff([]string{"data", ""}, services); d != "" {
		t.Errorf("services of port 5555 (-want +got):\n%s", d)
	}
	all := said(recs)
	slices.Sort(all)
	if want := []string{"0 end", "0 no line at all", "1 end", "close", "close", "told"}; !slices.Equal(all, want) {
		t.Errorf("records %q, want %q", all, want)
	}
}
