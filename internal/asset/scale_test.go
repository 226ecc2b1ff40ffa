package asset

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"longwatch/internal/proto/ssh"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// site puts n connections of a site of ten thousand machines: each uses servers
// of its own place, and the Internet.
func site(n int, put func(record.Record)) {
	ts := record.TimeOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	services := []struct {
		port           uint16
		proto, service string
	}{{53, "udp", "dns"}, {88, "tcp", "krb_tcp"}, {445, "tcp", "smb"}, {443, "tcp", "ssl"}, {389, "tcp", "ldap_tcp"}, {3306, "tcp", "mysql"}}
	for i := range n {
		ts = ts.Add(time.Second)
		client := netip.AddrFrom4([4]byte{10, 1, byte(i % 10_000 / 250), byte(1 + i%250)})
		s := services[i/7%len(services)]
		server := netip.AddrFrom4([4]byte{10, 0, byte(i % 10_000 / 2500), byte(1 + i/13%3)})
		if s.port == 443 {
			server = netip.AddrFrom4([4]byte{byte(20 + i%7), byte(i % 251), byte(i % 13), 1})
		}
		put(&network.Conn{
			Conn:  record.Conn{Head: record.Head{TS: ts, Ref: record.Ref{File: "a.pcap", Kind: record.RefOffset, Pos: int64(i)}}, OrigH: client, OrigP: 50000, RespH: server, RespP: s.port},
			Proto: s.proto, Service: s.service, State: "SF", OrigBytes: record.Some(uint64(1)), RespBytes: record.Some(uint64(1)),
		})
	}
}

// BenchmarkLearn learns a million connections of ten thousand machines.
func BenchmarkLearn(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		l := New(Options{})
		site(n, l.Learn)
		inv := l.Finish()
		inv.Analyse()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(len(inv.Assets)), "assets")
		b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB")
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// TestBounds: a scan of more addresses than are kept leaves those that were
// seen before, and says how much is missing.
func TestBounds(t *testing.T) {
	s := office()
	const more = 1000
	var i uint32
	for range maxHosts + more {
		i++
		s.records = append(s.records, &network.Conn{
			Conn:  record.Conn{Head: record.Head{TS: s.now}, OrigH: ip("10.0.0.66"), RespH: netip.AddrFrom4([4]byte{172, byte(16 + i>>16), byte(i >> 8), byte(i)}), RespP: 22},
			Proto: "tcp", State: "S0", OrigPkts: record.Some(uint64(1)), RespPkts: record.Some(uint64(0)),
		})
	}
	inv := learn(s.records)
	if len(inv.Assets) > maxHosts || inv.Beyond.Hosts < more {
		t.Errorf("%d assets, %d beyond", len(inv.Assets), inv.Beyond.Hosts)
	}
	if a := inv.ByAddress(ip("10.0.0.1")); a == nil || a.Role() != DomainController {
		t.Errorf("the domain controller is %+v", a)
	}
	if a := inv.ByAddress(ip("172.16.0.9")); a == nil || !a.Silent || len(a.Services) > 0 {
		t.Errorf("an address that did not answer is %+v", a)
	}
	if a := inv.ByAddress(ip("10.0.0.66")); a == nil || len(inv.Edges) > 100 {
		t.Errorf("the scanner uses %d services", len(inv.Edges))
	}
}

// TestTooMuchOfOne: a host that says very much of itself is cut short, and the
// page says so.
func TestTooMuchOfOne(t *testing.T) {
	s := newScene()
	for i := range maxSoftware + 1 {
		s.add(&ssh.Record{Conn: s.head("10.0.0.1", "10.0.0.2", 22), Client: fmt.Sprintf("SSH-2.0-Tool_%d.0", i)})
	}
	inv := learn(s.records)
	a, b := inv.ByAddress(ip("10.0.0.1")), inv.ByAddress(ip("10.0.0.2"))
	if len(a.Software) != maxSoftware || len(a.Notes) != 1 || len(b.Notes) != 0 {
		t.Errorf("%d programs, notes %q and %q", len(a.Software), a.Notes, b.Notes)
	}
}
