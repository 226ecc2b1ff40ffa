package clock

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

var t0 = record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// world writes what a capture, hosts and a domain controller see of the same
// events, each by its own clock.
type world struct {
	*rand.Rand
	out  []record.Record
	skew map[string]time.Duration // by source: "a", "dc", "pcap" ...
	n    int
}

func newWorld(seed uint64, skew map[string]time.Duration) *world {
	return &world{Rand: rand.New(rand.NewPCG(seed, 5)), skew: skew}
}

// at is an event's time by the clock of a source, written late by up to half a second.
func (w *world) at(source string, when record.Time) record.Time {
	return when.Add(w.skew[source] + time.Duration(w.IntN(500))*time.Millisecond)
}

func head(source string, ts record.Time) host.Head {
	return host.Head{Host: source + ".corp.example", Head: record.Head{TS: ts, Ref: record.Ref{File: source + "/log.evtx"}}}
}

func (w *world) ip(source string) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 0, byte(len(source)), source[len(source)-1]})
}

// connections are seen by a host and a capture.
func (w *world) connections(source, capture string, n int) {
	for range n {
		w.n++
		when := t0.Add(time.Duration(w.IntN(36*3600)) * time.Second)
		port := uint16(w.IntN(60000) + 1024)
		far := netip.AddrFrom4([4]byte{198, 51, 100, byte(w.IntN(20))})
		s := &host.Socket{Head: head(source, w.at(source, when)), Initiated: true, OrigH: w.ip(source), OrigP: port, RespH: far, RespP: 443}
		c := &network.Conn{}
		c.OrigH, c.OrigP, c.RespH, c.RespP = s.OrigH, port, far, 443
		c.TS, c.Ref.File = w.at(capture, when), capture+".pcap"
		w.out = append(w.out, s, c)
	}
}

// tickets are given by the domain controller for a logon on another host.
func (w *world) tickets(dc, member string, n int) {
	for range n {
		w.n++
		when := t0.Add(time.Duration(w.IntN(36*3600)) * time.Second)
		client := netip.AddrFrom4([4]byte{10, 1, byte(w.n >> 8), byte(w.n)})
		t := &host.Ticket{Head: head(dc, w.at(dc, when)), Kind: "TGS", Service: strings.ToUpper(member) + "$", Source: client}
		l := &host.Logon{Head: head(member, w.at(member, when)), Outcome: "success", LogonType: 3, Target: `CORP\u`, Source: client}
		w.out = append(w.out, t, l)
	}
}

// noise are events that only one of them sees.
func (w *world) noise(source string, n int) {
	for range n {
		s := &host.Socket{Head: head(source, w.at(source, t0.Add(time.Duration(w.IntN(36*3600))*time.Second))), Initiated: true, OrigH: w.ip(source), OrigP: uint16(w.IntN(60000) + 1024), RespH: w.ip("zz"), RespP: 80}
		w.out = append(w.out, s)
	}
}

func (w *world) estimate() *Clocks {
	s := NewSketch()
	for _, r := range w.out {
		s.Observe(r)
	}
	return s.Estimate()
}

func named(t *testing.T, c *Clocks, source string) finding.Clock {
	t.Helper()
	for _, k := range c.All() {
		if k.Source == source {
			return k
		}
	}
	return finding.Clock{}
}

func TestSkewIsFound(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(seed, map[string]time.Duration{"web1": 192 * time.Second, "ws7": -47 * time.Minute})
		for _, h := range []string{"web1", "ws7", "ws8", "ws9"} {
			w.connections(h, "core", 30+w.IntN(200))
			w.noise(h, 300)
		}
		w.tickets("dc1", "ws8", 25)
		c := w.estimate()
		for source, want := range map[string]time.Duration{"host web1": 192 * time.Second, "host ws7": -47 * time.Minute, "host ws8": 0, "host ws9": 0} {
			k := named(t, c, source)
			if k.Pairs < 25 || (k.Offset-want).Abs() > time.Second || k.Spread > time.Second {
				t.Errorf("seed %d: %s is %+v, want %v", seed, source, k, want)
			}
		}
	}
}

// What no two sources saw together says nothing, and neither do events that
// disagree.
func TestNoPairsNoCorrection(t *testing.T) {
	w := newWorld(1, map[string]time.Duration{"a": time.Hour})
	w.noise("a", 500)
	w.noise("b", 500)
	w.connections("a", "core", minPairs-1)
	if c := w.estimate(); len(c.All()) != 0 || c.Of(&finding.Finding{Refs: []record.Ref{{File: "a/log.evtx"}}}) != nil {
		t.Errorf("four pairs make %+v", c.All())
	}
	w = newWorld(2, nil)
	for range 60 { // the pairs of a clock that jumps about
		w.skew = map[string]time.Duration{"a": time.Duration(w.IntN(40000)) * time.Second}
		w.connections("a", "core", 1)
	}
	if c := w.estimate(); len(c.All()) != 0 {
		t.Errorf("a clock that jumps about is %+v", c.All())
	}
}

// Whole hours are a zone, not a clock.
func TestZoneIsNamed(t *testing.T) {
	for by, want := range map[time.Duration]string{
		2 * time.Hour: "UTC+2", -5 * time.Hour: "UTC-5", 5*time.Hour + 30*time.Minute: "UTC+5:30", 2*time.Hour + 4*time.Minute: "", 3 * time.Minute: "",
	} {
		w := newWorld(3, map[string]time.Duration{"a": by})
		for _, h := range []string{"a", "b", "c"} {
			w.connections(h, "core", 40)
		}
		k := named(t, w.estimate(), "host a")
		if k.Zone != want {
			t.Errorf("%v is zone %q, want %q", by, k.Zone, want)
		}
		if want != "" && !strings.Contains(k.Why, "they look like those of "+want) {
			t.Errorf("%v is told as %q", by, k.Why)
		}
	}
	w := newWorld(4, map[string]time.Duration{"web1": 192*time.Second - 250*time.Millisecond})
	w.connections("web1", "core", 41)
	w.connections("b", "core", 41)
	if k := named(t, w.estimate(), "host web1"); !strings.HasPrefix(k.Why, "the clock of host web1 is 3 min 12 s ahead of ") || !strings.Contains(k.Why, "from 41 of 41 events") {
		t.Errorf("told as %q", k.Why)
	}
}

// The capture is wrong when all hosts agree against it.
func TestMostClocksAreRight(t *testing.T) {
	w := newWorld(5, map[string]time.Duration{"core": 90 * time.Second})
	for _, h := range []string{"a", "b", "c", "d"} {
		w.connections(h, "core", 30)
	}
	c := w.estimate()
	if k := named(t, c, "capture core.pcap"); (k.Offset - 90*time.Second).Abs() > time.Second {
		t.Errorf("the capture is %+v", k)
	}
	off := 0
	for _, k := range c.All() {
		if k.Offset != 0 {
			off++
		}
	}
	if off != 1 {
		t.Errorf("%d clocks are off, want the capture's alone: %+v", off, c.All())
	}
}

// A web server and a capture, a server's log in local time.
func TestRequestsAndSourceOfFindings(t *testing.T) {
	s := NewSketch()
	for i := range 20 {
		at := t0.Add(time.Duration(i*i) * time.Minute)
		a := &web.Access{Server: "IIS1", ClientIP: netip.MustParseAddr("203.0.113.5"), Method: "GET", Stem: fmt.Sprintf("/p%d", i), Query: "-"}
		a.TS, a.Ref.File = at.Add(time.Hour), "iis/u_ex.log"
		s.Observe(a)
		s.key("http")
		s.addr(a.ClientIP, 0)
		s.text("GET")
		s.text(a.Stem)
		s.ofCapture(&record.Head{TS: at, Ref: record.Ref{File: "x.pcap"}}, wireSide, 7)
	}
	c := s.Estimate()
	k := c.Of(&finding.Finding{Refs: []record.Ref{{File: "iis/u_ex.log"}}})
	if k == nil || k.Source != "host iis1" || k.Zone != "UTC+1" {
		t.Errorf("clock of the web log is %+v of %+v", k, c.All())
	}
	if k := c.Of(&finding.Finding{Refs: []record.Ref{{File: "iis1/System.evtx"}}, Entities: []record.Entity{{Kind: "host", Value: "IIS1.corp.example"}}}); k == nil {
		t.Error("another log of that host has no clock")
	}
	if k := c.Of(&finding.Finding{Refs: []record.Ref{{File: "x.pcap"}}, Entities: []record.Entity{{Kind: "host", Value: "iis1"}}}); k != nil {
		t.Errorf("the capture has the clock %+v", k)
	}
}

// However the records are spread over goroutines, and however many there are,
// the estimate is the same, in fixed memory.
func TestSketchesJoin(t *testing.T) {
	w := newWorld(6, map[string]time.Duration{"a": 5 * time.Minute})
	for i := range 40 {
		w.connections(string(rune('a'+i%20)), "core", 3000)
	}
	want := w.estimate()
	if k := named(t, want, "host a"); (k.Offset-5*time.Minute).Abs() > time.Second || k.Pairs < 100 {
		t.Fatalf("a is %+v", k)
	}
	for _, lanes := range []int{2, 5} {
		parts := make([]*Sketch, lanes)
		for i := range parts {
			parts[i] = NewSketch()
		}
		for i, j := range w.Perm(len(w.out)) {
			parts[i%lanes].Observe(w.out[j])
		}
		all := NewSketch()
		for _, p := range parts {
			if p.events.n > maxKeys {
				t.Errorf("%d events are held", p.events.n)
			}
			all.Join(p)
		}
		if diff := cmp.Diff(want.All(), all.Estimate().All()); diff != "" {
			t.Errorf("%d lanes: %s", lanes, diff)
		}
	}
}

// A job that goes from host to host in the same order every night makes the
// same differences again and again; they are not one event.
func TestJobsAreNoClocks(t *testing.T) {
	s := NewSketch()
	for night := range 14 {
		for i, h := range []string{"a", "b", "c", "d"} {
			at := t0.Add(time.Duration(night)*24*time.Hour + time.Duration(i)*7*time.Minute)
			client := netip.MustParseAddr("10.0.0.9")
			s.Observe(&host.ShareAccess{Head: head(h, at), Source: client, Share: `\\*\IPC$`, Path: "svcctl"})
			s.Observe(&host.Logon{Head: head(h, at), Outcome: "success", LogonType: 3, Target: `CORP\svc_deploy`, Source: client})
			s.Observe(&host.DNSQuery{Head: head(h, at), Query: "wsus.corp.example"})
			s.Observe(&host.Logon{Head: head("job", at.Add(-time.Minute)), Target: `CORP\svc_deploy`, TargetHost: "x"})
		}
	}
	if c := s.Estimate(); len(c.All()) != 0 {
		t.Errorf("a nightly job makes %+v", c.All())
	}
}

func BenchmarkObserve(b *testing.B) {
	w := newWorld(7, nil)
	w.connections("a", "core", 50000)
	b.ReportAllocs()
	for b.Loop() {
		s := NewSketch()
		for _, r := range w.out {
			s.Observe(r)
		}
	}
	b.ReportMetric(float64(len(w.out))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
