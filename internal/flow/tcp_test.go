package flow_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/flow"
	"longwatch/internal/proto"
)

// words plays a trace and returns what the lines say, in order, and the
// connections as uid-less text.
func words(t *testing.T, tr *trace) (out []string, conn string) {
	t.Helper()
	recs, _ := tr.run(t, flow.Config{Protocols: []proto.Spec{lines}})
	for _, c := range conns(recs) {
		conn += fmt.Sprintf("%s %s %d/%d missed %d;", c.State, c.History, c.OrigBytes.V, c.RespBytes.V, c.MissedBytes)
	}
	for _, s := range said(recs) {
		if strings.Contains(s, "line ") || strings.Contains(s, "gap") {
			out = append(out, s)
		}
	}
	return out, conn
}

// Numbers wrap at 2^32 (RFC 9293 section 3.4), early data and repetitions too.
func TestSequenceNumbersWrap(t *testing.T) {
	for _, back := range []uint32{1, 3, 7, 8, 10} { // where in the data they wrap
		tr := newTrace()
		isn := -back - 1
		tr.tcp(0, true, 4000, "S", isn, 0, "")
		tr.tcp(1, false, 4000, "SA", 5000, isn+1, "")
		tr.tcp(2, true, 4000, "A", isn+1, 5001, "")
		tr.tcp(10, true, 4000, "PA", isn+8, 5001, "line 2\n")
		tr.tcp(11, true, 4000, "PA", isn+1, 5001, "line 1\n")
		tr.tcp(12, true, 4000, "PA", isn+1, 5001, "line 1\n")
		tr.tcp(13, true, 4000, "PA", isn+15, 5001, "line 3\n")
		tr.tcp(14, false, 4000, "A", 5001, isn+22, "")
		got, conn := words(t, tr)
		if want := []string{"0 line 1", "0 line 2", "0 line 3"}; !slices.Equal(got, want) || conn != "S1 ShADTa 21/0 missed 0;" {
			t.Errorf("wrap after %d bytes: %q, %s", back, got, conn)
		}
	}
}

// A connection of which the handshake was not captured is read all the same.
func TestHandshakeMissing(t *testing.T) {
	tr := newTrace()
	tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
	tr.tcp(11, false, 4000, "PA", 5001, 1008, "line 2\n")
	tr.tcp(12, true, 4000, "PA", 1008, 5008, "line 3\n")
	got, conn := words(t, tr)
	if !slices.Equal(got, []string{"0 line 1", "1 line 2", "0 line 3"}) || !strings.HasPrefix(conn, "OTH DadA 14/7 missed 0") && !strings.HasPrefix(conn, "OTH Dd 14/7 missed 0") {
		t.Errorf("%q, %s", got, conn)
	}
}

// One side of a connection is read all the same.
func TestOneSidedCapture(t *testing.T) {
	tr := newTrace()
	tr.tcp(0, true, 4000, "S", 1000, 0, "")
	tr.tcp(2, true, 4000, "A", 1001, 5001, "")
	tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
	tr.tcp(12, true, 4000, "PA", 1008, 5108, "line 2\n")
	tr.tcp(14, true, 4000, "FA", 1015, 5108, "")
	got, conn := words(t, tr)
	if !slices.Equal(got, []string{"0 line 1", "0 line 2"}) || !strings.HasPrefix(conn, "SH SADF 14/") {
		t.Errorf("%q, %s", got, conn)
	}
}

// Data of an earlier hole that comes late fills it, if nobody has acknowledged
// what is behind.
func TestHoleIsFilledLate(t *testing.T) {
	got, conn := words(t, session(4000, func(tr *trace) {
		tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
		tr.tcp(11, true, 4000, "PA", 1015, 5001, "line 3\n")
		tr.tcp(12, false, 4000, "A", 5001, 1008, "")
		tr.tcp(20, true, 4000, "PA", 1008, 5001, "line 2\n")
		tr.tcp(21, false, 4000, "A", 5001, 1022, "")
	}))
	if want := []string{"0 line 1", "0 line 2", "0 line 3"}; !slices.Equal(got, want) || conn != "S1 ShADaT 21/0 missed 0;" {
		t.Errorf("%q, %s", got, conn)
	}
}

// Padding that an acknowledgement's sender counted as data is no part of the
// stream, though it shows in the counts, as in Zeek's.
func TestPaddingOfAcknowledgements(t *testing.T) {
	got, conn := words(t, session(4000, func(tr *trace) {
		tr.tcp(9, true, 4000, "A", 1001, 5001, "\x00\x00\x00\x00\x00\x00")
		tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
		tr.tcp(11, false, 4000, "A", 5001, 1008, "\x00\x00")
		tr.tcp(12, false, 4000, "PA", 5001, 1008, "line 2\n")
	}))
	if !slices.Equal(got, []string{"0 line 1", "1 line 2"}) || !strings.HasSuffix(conn, "7/7 missed 0;") {
		t.Errorf("%q, %s", got, conn)
	}
}
