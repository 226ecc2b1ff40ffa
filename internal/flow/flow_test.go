package flow_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/flow"
	"longwatch/internal/flow/flowtest"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// trace writes a pcap of raw IPv4 packets.
type trace struct{ b []byte }

func newTrace() *trace {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(b, 65535)
	return &trace{le.AppendUint32(b, uint32(capture.LinkRaw))}
}

// ip adds a packet at ms milliseconds; off and more make it a fragment.
func (tr *trace) ip(ms int, src, dst byte, p byte, off int, more bool, payload []byte) {
	be, le := binary.BigEndian, binary.LittleEndian
	h := append([]byte{0x45, 0}, be.AppendUint16(nil, uint16(20+len(payload)))...)
	frag := uint16(off / 8)
	if more {
		frag |= 0x2000
	}
	h = be.AppendUint16(be.AppendUint16(h, 77), frag)
	h = append(h, 64, p, 0, 0, 10, 0, 0, src, 192, 0, 2, dst)
	if src >= 100 { // the other way
		h = append(h[:12], 192, 0, 2, dst, 10, 0, 0, src-100)
	}
	h = append(h, payload...)
	tr.b = le.AppendUint32(tr.b, uint32(1_700_000_000+ms/1000))
	tr.b = le.AppendUint32(tr.b, uint32(ms%1000*1000))
	tr.b = le.AppendUint32(le.AppendUint32(tr.b, uint32(len(h))), uint32(len(h)))
	tr.b = append(tr.b, h...)
}

// tcp adds a segment; from the client when up. port is the client's.
func (tr *trace) tcp(ms int, up bool, port uint16, flags string, seq, ack uint32, data string) {
	be := binary.BigEndian
	ports := be.AppendUint16(be.AppendUint16(nil, port), 9999)
	src := byte(1)
	if !up {
		ports = be.AppendUint16(be.AppendUint16(nil, 9999), port)
		src = 101
	}
	b := be.AppendUint32(be.AppendUint32(ports, seq), ack)
	var f byte
	for _, c := range flags {
		f |= 1 << strings.IndexRune("FSRPAU", c)
	}
	b = append(b, 0x50, f, 0xff, 0xff, 0, 0, 0, 0)
	tr.ip(ms, src, 1, 6, 0, false, append(b, data...))
}

func (tr *trace) udp(ms int, sport, dport uint16, data string) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(be.AppendUint16(nil, sport), dport)
	b = be.AppendUint16(be.AppendUint16(b, uint16(8+len(data))), 0)
	return append(b, data...)
}

// source is the trace as a capture that lies at path.
func (tr *trace) source(path string) flow.Source {
	return flow.Source{Path: path, Size: int64(len(tr.b)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(tr.b)), nil
	}}
}

func (tr *trace) run(t testing.TB, cfg flow.Config) ([]record.Record, []evidence.Problem) {
	t.Helper()
	var out flowtest.Outlet
	if err := flow.New(cfg, &out).Run(context.Background(), []flow.Source{tr.source("test.pcap")}); err != nil {
		t.Error(err)
	}
	return out.Sorted(), out.Problems
}

func conns(recs []record.Record) (out []*network.Conn) {
	for _, r := range recs {
		if c, ok := r.(*network.Conn); ok {
			out = append(out, c)
		}
	}
	return out
}

// lines is a protocol for tests: it repeats every line that it gets, and what is
// missing. The word "boom" makes it panic, "bad" makes it fail.
var lines = proto.Spec{
	Name: "lines", Transport: proto.TCP | proto.UDP, Ports: []uint16{9999},
	Probe: func(_ proto.Dir, b []byte) proto.Verdict {
		switch {
		case bytes.HasPrefix(b, []byte("line")):
			return proto.Yes
		case bytes.HasPrefix([]byte("line"), b):
			return proto.Maybe
		}
		return proto.No
	},
	New: func(c *proto.Conn) proto.Parser { return &lineParser{c: c} },
}

type lineParser struct{ c *proto.Conn }

func (p *lineParser) say(s string) { p.c.Emit(&network.Weird{Conn: p.c.Head(), Name: s}) }

func (p *lineParser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	p.c.Confirm()
	used := 0
	for {
		n := bytes.IndexByte(b[used:], '\n')
		if n < 0 {
			return proto.Step{Used: used}, nil
		}
		switch s := string(b[used : used+n]); s {
		case "boom":
			panic("boom")
		case "bad":
			return proto.Step{}, errors.New("bad line")
		default:
			p.say(fmt.Sprintf("%d %s", d, s))
		}
		used += n + 1
	}
}

func (p *lineParser) Gap(d proto.Dir, n int) error { p.say(fmt.Sprintf("%d gap %d", d, n)); return nil }
func (p *lineParser) End(d proto.Dir)              { p.say(fmt.Sprintf("%d end", d)) }
func (p *lineParser) Close()                       { p.say("close") }

func said(recs []record.Record) (out []string) {
	for _, r := range recs {
		if w, ok := r.(*network.Weird); ok {
			out = append(out, w.Name)
		}
	}
	return out
}

// session is a whole connection of which the caller sends the client's data.
func session(port uint16, send func(tr *trace)) *trace {
	tr := newTrace()
	tr.tcp(0, true, port, "S", 1000, 0, "")
	tr.tcp(1, false, port, "SA", 5000, 1001, "")
	tr.tcp(2, true, port, "A", 1001, 5001, "")
	send(tr)
	return tr
}

func TestReassembly(t *testing.T) {
	for _, c := range []struct {
		name    string
		send    func(*trace)
		want    []string
		history string
		state   string
		missed  uint64
	}{
		{"in order, then closed", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(11, false, 4000, "PA", 5001, 1008, "line 2\n")
			tr.tcp(12, true, 4000, "FA", 1008, 5008, "")
			tr.tcp(13, false, 4000, "FA", 5008, 1009, "")
			tr.tcp(14, true, 4000, "A", 1009, 5009, "")
		}, []string{"0 line 1", "1 line 2", "0 end", "1 end", "close"}, "ShADdFf", "SF", 0},
		{"out of order and repeated", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1008, 5001, "line 2\n")
			tr.tcp(11, true, 4000, "PA", 1001, 5001, "line 1\nli")
			tr.tcp(12, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(13, true, 4000, "PA", 1015, 5001, "line 3\n")
		}, []string{"0 line 1", "0 line 2", "0 line 3", "close"}, "ShADT", "S1", 0},
		{"a hole that was acknowledged", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(11, true, 4000, "PA", 1108, 5001, "line 2\n")
			tr.tcp(12, false, 4000, "A", 5001, 1115, "")
		}, []string{"0 line 1", "0 gap 100", "0 line 2", "close"}, "ShADaG", "S1", 100},
		{"two readings of early data", func(tr *trace) { // the first wins
			tr.tcp(10, true, 4000, "PA", 1008, 5001, "line 2\n")
			tr.tcp(11, true, 4000, "PA", 1008, 5001, "LINE 3\n")
			tr.tcp(12, true, 4000, "PA", 1001, 5001, "line 1\n")
		}, []string{"0 line 1", "0 line 2", `rexmit_inconsistency read "line 2\n", then "LINE 3\n"`, "close"}, "ShADT", "S1", 0},
		{"two readings of data that was read", func(tr *trace) { // a forged answer that came first
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(11, true, 4000, "PA", 1001, 5001, "line \x00\n")
		}, []string{"0 line 1", `rexmit_inconsistency read "1\n", then "\x00\n"`, "close"}, "ShADT", "S1", 0},
		{"a probe with a byte of before", func(tr *trace) { // RFC 1122 section 4.2.3.6
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(11, false, 4000, "A", 5001, 1008, "")
			tr.tcp(12, true, 4000, "A", 1007, 5001, "\x00")
		}, []string{"0 line 1", "close"}, "ShADaT", "S1", 0},
		{"urgent data stays in the stream", func(tr *trace) { // RFC 9293 section 3.8.5: it is no message of its own
			tr.tcp(10, true, 4000, "PAU", 1001, 5001, "line 1\n")
			tr.tcp(11, true, 4000, "PA", 1008, 5001, "line 2\n")
		}, []string{"0 line 1", "0 line 2", "close"}, "ShAD", "S1", 0},
		{"a repetition that goes on", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\nli")
			tr.tcp(11, true, 4000, "PA", 1005, 5001, " 1\nline 2\n")
		}, []string{"0 line 1", "0 line 2", "close"}, "ShAD", "S1", 0},
		{"a reset", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\n")
			tr.tcp(11, false, 4000, "R", 5001, 0, "")
		}, []string{"0 line 1", "1 end", "close"}, "ShADr", "RSTR", 0},
		{"an error of the parser", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\nbad\n")
			tr.tcp(11, true, 4000, "PA", 1012, 5001, "line 2\n")
		}, []string{"0 line 1", "protocol_violation", "close"}, "ShAD", "S1", 0},
		{"a panic of the parser", func(tr *trace) {
			tr.tcp(10, true, 4000, "PA", 1001, 5001, "line 1\nboom\n")
			tr.tcp(11, true, 4000, "PA", 1013, 5001, "line 2\n")
		}, []string{"0 line 1", "parser_panic"}, "ShAD", "S1", 0},
		{"recognised byte by byte", func(tr *trace) {
			for i, b := range "line 1\n" {
				tr.tcp(10+i, true, 4000, "PA", 1001+uint32(i), 5001, string(b))
			}
		}, []string{"0 line 1", "close"}, "ShAD", "S1", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			recs, _ := session(4000, c.send).run(t, flow.Config{Protocols: []proto.Spec{lines}, Recover: true})
			got := said(recs)
			for _, r := range recs {
				if w, ok := r.(*network.Weird); ok && w.Name == "rexmit_inconsistency" {
					got[slices.Index(got, w.Name)] += " " + w.Addl
				}
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			cs := conns(recs)
			if len(cs) != 1 {
				t.Fatalf("%d connections", len(cs))
			}
			service := "lines"
			if slices.Contains(c.want, "protocol_violation") {
				service = "" // so early, it was another protocol
			}
			if r := cs[0]; r.History != c.history || r.State != c.state || r.MissedBytes != c.missed || r.Service != service {
				t.Errorf("history %q, state %s, missed %d, service %q", r.History, r.State, r.MissedBytes, r.Service)
			}
		})
	}
}

func TestFragmentsMakeOneDatagram(t *testing.T) {
	tr := newTrace()
	d := tr.udp(0, 4000, 9999, "line of a datagram in two fragments\n")
	tr.ip(2, 1, 1, 17, 16, false, d[16:])
	tr.ip(5, 1, 1, 17, 0, true, d[:16])
	recs, _ := tr.run(t, flow.Config{Protocols: []proto.Spec{lines}})
	if got := said(recs); !slices.Contains(got, "0 line of a datagram in two fragments") {
		t.Errorf("got %q", got)
	}
	if c := conns(recs); len(c) != 1 || c[0].OrigPkts.V != 1 || c[0].OrigIPBytes.V != uint64(20+len(d)) {
		t.Errorf("connections %+v", c)
	}
}

// Where fragments overlap, the first copy wins (Zeek's choice; RFC 5722 would
// drop the datagram, which hides it from nobody but us), and that is said.
func TestOverlappingFragments(t *testing.T) {
	tr := newTrace()
	d := tr.udp(0, 4000, 9999, "line of a datagram in two fragments\n")
	tr.ip(2, 1, 1, 17, 0, true, d[:24])
	tr.ip(5, 1, 1, 17, 16, false, append([]byte("XXXXXXXX"), d[24:]...))
	recs, problems := tr.run(t, flow.Config{Protocols: []proto.Spec{lines}})
	if got := said(recs); !slices.Contains(got, "0 line of a datagram in two fragments") || !slices.Contains(got, "fragment_inconsistency") {
		t.Errorf("got %q", got)
	}
	if len(problems) != 1 || problems[0].Name != "packet-fragment_inconsistency" {
		t.Errorf("problems %v", problems)
	}
}

// More connections than memory allows are written early, and that is said.
func TestMemoryBound(t *testing.T) {
	tr := newTrace()
	const n = 20000
	for i := range n {
		tr.ip(i, 1, 1, 17, 0, false, tr.udp(i, uint16(i), 9998, "x"))
	}
	recs, problems := tr.run(t, flow.Config{Memory: 1 << 20})
	if len(conns(recs)) != n {
		t.Errorf("%d connections, want %d", len(conns(recs)), n)
	}
	if len(problems) != 1 || problems[0].Name != "connections-evicted" {
		t.Errorf("problems %v", problems)
	}
}

// Records do not depend on the number of workers.
func TestJobsGiveTheSameRecords(t *testing.T) {
	for _, name := range []string{"zeek/traces/http/iso-download.pcap.gz", "zeek/traces/tunnels/gre-aruba.pcap", "zeek/traces/ftp/bruteforce.pcap", "ndpi/pcap/teams.pcap"} {
		path := flowtest.Corpus(t, name)
		want, _, err := flowtest.Run(path, flow.Config{Jobs: 1, Protocols: []proto.Spec{lines}})
		if err != nil {
			t.Log(err)
		}
		for _, jobs := range []int{2, 7} {
			got, _, _ := flowtest.Run(path, flow.Config{Jobs: jobs, Protocols: []proto.Spec{lines}})
			if a, b := text(want), text(got); a != b {
				t.Errorf("%s: %d jobs give other records", name, jobs)
			}
		}
	}
}

func text(recs []record.Record) string {
	var b []byte
	for _, r := range recs {
		b = append(r.RecordType().AppendJSON(b, r), '\n')
	}
	return string(b)
}

// Connections are those that Zeek finds, field by field (service depends on
// protocols, which are not here).
func TestAgreesWithZeek(t *testing.T) {
	root := filepath.Dir(flowtest.Corpus(t, "zeek/traces"))
	agree, total := 0, 0
	err := filepath.WalkDir(filepath.Join(root, "expected"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "conn.log" {
			return err
		}
		rel, err := filepath.Rel(filepath.Join(root, "expected"), filepath.Dir(path))
		if err != nil {
			return err
		}
		recs, _, err := flowtest.Run(filepath.Join(root, "traces", rel), flow.Config{})
		if err != nil && !errors.Is(err, evidence.ErrTruncated) {
			return err
		}
		got := map[string]map[string]any{}
		for _, c := range conns(recs) {
			row := map[string]any{}
			if err := json.Unmarshal(c.RecordType().AppendJSON(nil, c), &row); err != nil {
				return err
			}
			got[rowKey(row)] = row
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			want := map[string]any{}
			if json.Unmarshal([]byte(line), &want) != nil {
				continue
			}
			a, n := compare(want, got[rowKey(want)])
			agree, total = agree+a, total+n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d fields agree", agree, total)
	if agree*1000 < total*998 {
		t.Errorf("only %.2f %% agree", float64(agree)*100/float64(total))
	}
}

func rowKey(r map[string]any) string {
	ts, _ := r["ts"].(float64)
	return fmt.Sprint(math.Round(ts*1e5), r["id.orig_h"], r["id.orig_p"], r["id.resp_h"], r["id.resp_p"], r["proto"])
}

func compare(want, got map[string]any) (agree, total int) {
	for name, w := range want {
		switch name {
		case "uid", "tunnel_parents", "service":
			continue
		}
		total++
		a, isNum := w.(float64)
		b, _ := got[name].(float64)
		if isNum && math.Abs(a-b) <= 2e-4 || !isNum && w == got[name] {
			agree++
		}
	}
	return agree, total
}

func BenchmarkEngine(b *testing.B) {
	path := flowtest.Corpus(b, "zeek/traces/http/no_crlf.pcap")
	file, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	tr := trace{file}
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if err := flow.New(flow.Config{Jobs: 1}, discard{}).Run(context.Background(), []flow.Source{tr.source("a.pcap")}); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Lane() record.Sink        { return record.SinkFunc(func(record.Record) {}) }
func (discard) Problem(evidence.Problem) {}

func (discard) Count(string, string, int64) {}
