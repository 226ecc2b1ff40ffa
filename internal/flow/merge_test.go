package flow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/flow/flowtest"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// together reads traces as one.
func together(t *testing.T, cfg flow.Config, traces ...*trace) *flowtest.Outlet {
	t.Helper()
	cfg.Protocols = []proto.Spec{lines}
	sources := make([]flow.Source, len(traces))
	for i, tr := range traces {
		sources[i] = tr.source(fmt.Sprintf("%02d.pcap", i))
	}
	var out flowtest.Outlet
	if err := flow.New(cfg, &out).Run(context.Background(), sources); err != nil {
		t.Fatal(err)
	}
	return &out
}

func count(recs []record.Record, path string) (n int) {
	for _, r := range recs {
		if r.Base().Ref.File == path {
			n++
		}
	}
	return n
}

// conversation is the packets of one connection, by number.
func conversation(tr *trace, which ...int) *trace {
	for _, i := range which {
		switch i {
		case 0:
			tr.tcp(0, true, 4000, "S", 1000, 0, "")
		case 1:
			tr.tcp(1, false, 4000, "SA", 5000, 1001, "")
		case 2:
			tr.tcp(2, true, 4000, "A", 1001, 5001, "")
		case 3:
			tr.tcp(3, true, 4000, "PA", 1001, 5001, "line 1\n")
		case 4:
			tr.tcp(4, false, 4000, "PA", 5001, 1008, "line 2\n")
		case 5:
			tr.tcp(5, true, 4000, "PA", 1008, 5008, "line 3\n")
		}
	}
	return tr
}

// One sensor saw one direction, another the other: together they are one whole
// connection, and every record cites the capture that it comes from.
func TestCapturesAreOneStory(t *testing.T) {
	out := together(t, flow.Config{}, conversation(newTrace(), 0, 2, 3, 5), conversation(newTrace(), 1, 4))
	recs := out.Sorted()
	cs := conns(recs)
	if len(cs) != 1 || cs[0].History != "ShADd" || cs[0].Service != "lines" || cs[0].State != "S1" {
		t.Fatalf("connections %+v", cs)
	}
	want := []string{"0 line 1", "1 line 2", "0 line 3", "close"}
	if got := said(recs); !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
	if n := count(recs, "01.pcap"); n != 1 {
		t.Errorf("%d records cite the second capture, want the one it holds", n)
	}
	if out.Counts["00.pcap packets"] != 4 || out.Counts["01.pcap packets"] != 2 {
		t.Errorf("counts %v", out.Counts)
	}
}

// Two span ports saw everything: it counts once.
func TestCopiesOfAnotherCaptureAreDropped(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5}
	alone := conns(together(t, flow.Config{}, conversation(newTrace(), all...)).Sorted())
	out := together(t, flow.Config{}, conversation(newTrace(), all...), conversation(newTrace(), all...))
	both := conns(out.Sorted())
	if len(both) != 1 || both[0].OrigPkts != alone[0].OrigPkts || both[0].History != alone[0].History {
		t.Errorf("twice: %+v, once: %+v", both[0], alone[0])
	}
	if out.Counts["00.pcap duplicates"]+out.Counts["01.pcap duplicates"] != 6 {
		t.Errorf("counts %v", out.Counts)
	}
}

// A repetition that one capture holds is what happened, and stays.
func TestRepetitionsOfOneCaptureStay(t *testing.T) {
	out := together(t, flow.Config{}, conversation(newTrace(), 0, 1, 2, 3, 3, 4, 5))
	cs := conns(out.Sorted())
	if len(cs) != 1 || cs[0].History != "ShADTd" || cs[0].OrigPkts.V != 5 {
		t.Errorf("connection %+v", cs[0])
	}
}

// More captures than may be open at once: what follows in time is opened when
// its time comes, what overlaps is read apart and said to be.
func TestManyCaptures(t *testing.T) {
	var following, overlapping []*trace
	for i := range 30 {
		tr := newTrace()
		tr.tcp(1000*i, true, uint16(4000+i), "S", 1000, 0, "")
		tr.tcp(1000*i+1, false, uint16(4000+i), "RA", 0, 1001, "")
		following = append(following, tr)
		tr = newTrace()
		tr.tcp(0, true, uint16(4000+i), "S", 1000, 0, "")
		tr.tcp(3000, false, uint16(4000+i), "RA", 0, 1001, "")
		overlapping = append(overlapping, tr)
	}
	small := flow.Config{Memory: 64 << 20} // room for eight
	out := together(t, small, following...)
	if n := len(conns(out.Sorted())); n != 30 || len(out.Problems) != 0 {
		t.Errorf("following: %d connections, problems %v", n, out.Problems)
	}
	out = together(t, small, overlapping...)
	apart := slices.DeleteFunc(out.Problems, func(p evidence.Problem) bool { return p.Name != "capture-apart" })
	if n := len(conns(out.Sorted())); n != 30 || len(apart) != 22 {
		t.Errorf("overlapping: %d connections, %d captures apart", n, len(apart))
	}
}

// The clock of one capture jumps: the others are not hurt.
func TestOneCaptureWithABadClock(t *testing.T) {
	bad := newTrace()
	bad.tcp(0, true, 5000, "S", 1000, 0, "")
	bad.tcp(400_000_000, true, 5000, "S", 1000, 0, "") // days later
	bad.tcp(1, true, 5000, "S", 1000, 0, "")
	cs := conns(together(t, flow.Config{}, bad, conversation(newTrace(), 0, 1, 2, 3, 4, 5)).Sorted())
	cs = slices.DeleteFunc(cs, func(c *network.Conn) bool { return c.OrigP != 4000 })
	if len(cs) != 1 || cs[0].History != "ShADd" {
		t.Errorf("connections %+v", cs)
	}
}
