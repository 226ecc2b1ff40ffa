package asset

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/kerberos"
	"longwatch/internal/proto/modbus"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// scene writes records of an office with a plant, a second apart.
type scene struct {
	records []record.Record
	now     record.Time
}

func newScene() *scene {
	return &scene{now: record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))}
}

func (s *scene) head(from, to string, port uint16) record.Conn {
	s.now = s.now.Add(time.Second)
	return record.Conn{
		Head: record.Head{TS: s.now, Ref: record.Ref{File: "a.pcap", Kind: record.RefOffset, Pos: int64(len(s.records))}},
		UID:  fmt.Sprintf("C%d", len(s.records)), OrigH: ip(from), OrigP: 50000, RespH: ip(to), RespP: port,
	}
}

func (s *scene) conn(from, to, proto string, port uint16, service string) {
	s.records = append(s.records, &network.Conn{
		Conn: s.head(from, to, port), Proto: proto, Service: service, State: "SF",
		OrigBytes: record.Some(uint64(100)), RespBytes: record.Some(uint64(200)), OrigPkts: record.Some(uint64(3)), RespPkts: record.Some(uint64(3)),
	})
}

func (s *scene) add(r record.Record) { s.records = append(s.records, r) }

// office is a domain controller, its clients, and a controller with an HMI and
// an engineering station.
func office() *scene {
	s := newScene()
	for i := range 4 {
		pc := fmt.Sprintf("10.0.0.%d", 10+i)
		s.conn(pc, "10.0.0.1", "udp", 53, "dns")
		s.conn(pc, "10.0.0.1", "tcp", 88, "krb_tcp")
		s.conn(pc, "10.0.0.1", "tcp", 389, "ldap")
		s.conn(pc, "10.0.0.1", "tcp", 445, "smb,gssapi")
		s.conn(pc, "10.0.0.2", "tcp", 445, "smb")
		s.conn(pc, "93.184.216.34", "tcp", 443, "ssl")
		s.add(&kerberos.Exchange{Conn: s.head(pc, "10.0.0.1", 88), RequestType: "AS", Client: fmt.Sprintf("PC%d$/CORP", i), Success: record.Some(true)})
	}
	s.add(&dns.Message{Conn: s.head("10.0.0.10", "10.0.0.1", 53), Query: "files.corp.example", RCode: record.Some(uint16(0)), Addresses: []netip.Addr{ip("10.0.0.2")}})
	s.conn("10.1.0.5", "10.1.0.100", "tcp", 502, "modbus")
	s.add(&modbus.Message{Conn: s.head("10.1.0.5", "10.1.0.100", 502), Unit: 3, PDU: "RESP", Access: "read"})
	s.add(&modbus.Message{Conn: s.head("10.1.0.5", "10.1.0.100", 502), Unit: 3, PDU: "RESP", Access: "write"})
	s.conn("10.1.0.6", "10.1.0.100", "tcp", 502, "modbus")
	s.add(&modbus.Message{Conn: s.head("10.1.0.6", "10.1.0.100", 502), Unit: 3, PDU: "REQ", Access: "program"})
	for _, id := range [][2]string{{"VendorName", "Schneider Electric"}, {"ProductCode", "TM221CE40T"}, {"MajorMinorVersion", "V1.12.1.1"}} {
		s.add(&modbus.Identity{Conn: s.head("10.1.0.6", "10.1.0.100", 502), Unit: 3, Object: id[0], Value: id[1]})
	}
	s.conn("10.0.0.10", "10.0.0.3", "tcp", 22, "ssh")
	s.add(&ssh.Record{Conn: s.head("10.0.0.10", "10.0.0.3", 22), Server: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6", Client: "SSH-2.0-PuTTY_Release_0.78"})
	return s
}

func learn(records []record.Record) *Inventory {
	l := New(Options{})
	for _, r := range records {
		l.Learn(r)
	}
	return l.Finish()
}

func TestRoles(t *testing.T) {
	inv := learn(office().records)
	for _, c := range []struct {
		addr, role string
		surety     Surety
	}{
		{"10.0.0.1", DomainController, Sure},
		{"10.0.0.2", FileServer, Likely},
		{"10.0.0.11", Workstation, Guess},
		{"10.1.0.100", PLC, Likely},
		{"10.1.0.5", HMI, Guess},
		{"10.1.0.6", EngineeringStation, Likely},
	} {
		a := inv.ByAddress(ip(c.addr))
		if a == nil || a.Role() != c.role || a.Roles[0].Surety != c.surety {
			t.Errorf("%s: want %s (%v), got %+v", c.addr, c.role, c.surety, a)
			continue
		}
		if a.Roles[0].Why == "" || len(a.Roles[0].Refs) == 0 && c.role != Workstation {
			t.Errorf("%s: no reason or no record for %+v", c.addr, a.Roles[0])
		}
	}
	dc := inv.ByAddress(ip("10.0.0.1"))
	if !dc.Is(DNSServer) || len(dc.Services) != 4 || dc.Services[0].Port != 53 || dc.Services[0].Clients != 4 || dc.Services[0].Count != 4 {
		t.Errorf("services of the domain controller: %+v", dc.Services)
	}
	if name := inv.ByAddress(ip("10.0.0.2")).Name(); name != "files.corp.example" {
		t.Errorf("the file server is called %q", name)
	}
	if a := inv.ByName("files"); a == nil || a.ID != "10.0.0.2" {
		t.Errorf("by its short name: %+v", a)
	}
}

func TestIdentity(t *testing.T) {
	a := learn(office().records).ByAddress(ip("10.1.0.100"))
	want := []Identity{{Protocol: "modbus", Unit: "unit 3", Vendor: "Schneider Electric", Product: "TM221CE40T", Version: "V1.12.1.1", Refs: a.Identities[0].Refs}}
	if d := cmp.Diff(want, a.Identities); d != "" || a.Vendor != "Schneider Electric" {
		t.Errorf("vendor %q, identities (-want +got):\n%s", a.Vendor, d)
	}
}

func TestEdges(t *testing.T) {
	inv := learn(office().records)
	at := func(s string) int { return inv.Find(s) }
	var got []string
	for _, e := range inv.Edges {
		if e.From == at("10.0.0.10") || e.To == at("10.1.0.100") {
			got = append(got, fmt.Sprintf("%s -> %s %s %s needed=%v days=%d n=%d access=%s", inv.Assets[e.From].ID, inv.Assets[e.To].ID, e.Kind, e.Name, e.Needed, e.Days, e.Count, e.Access))
		}
	}
	want := []string{
		"10.0.0.10 -> 10.0.0.1 authentication krb needed=true days=1 n=1 access=",
		"10.0.0.10 -> 10.0.0.1 authentication ldap needed=true days=1 n=1 access=",
		"10.0.0.10 -> 10.0.0.1 file smb needed=false days=1 n=1 access=",
		"10.0.0.10 -> 10.0.0.1 name resolution dns needed=true days=1 n=1 access=",
		"10.0.0.10 -> 10.0.0.2 file smb needed=false days=1 n=1 access=",
		"10.0.0.10 -> 10.0.0.3 remote administration ssh needed=false days=1 n=1 access=",
		"10.0.0.10 -> 93.184.216.34 web ssl needed=false days=1 n=1 access=",
		"10.1.0.5 -> 10.1.0.100 control modbus needed=true days=1 n=1 access=write",
		"10.1.0.6 -> 10.1.0.100 control modbus needed=true days=1 n=1 access=program",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("edges (-want +got):\n%s", d)
	}
}

// TestAnyOrder: the same records give the same inventory in any order.
func TestAnyOrder(t *testing.T) {
	s := office()
	s.add(&host.Socket{Head: host.Head{Head: record.Head{TS: s.now}, Host: "pc9.corp.example"}, Initiated: true, Proto: "tcp", OrigH: ip("10.0.0.13"), RespH: ip("10.0.0.1"), RespP: 53, Action: "connected"})
	s.add(&host.Logon{Head: host.Head{Head: record.Head{TS: s.now}, Host: "pc9.corp.example"}, Source: ip("10.0.0.12"), SourceHost: "PC2"})
	s.add(&ntlm.Auth{Conn: s.head("10.0.0.12", "10.0.0.2", 445), Hostname: "PC2", ServerDNS: "FILES.corp.example", ServerVersion: "10.0.17763"})
	s.add(&http.Request{Conn: s.head("10.0.0.12", "10.0.0.4", 80), UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", Server: "Apache/2.4.41 (Ubuntu) OpenSSL/1.1.1f"})
	text := func() string {
		b, err := json.Marshal(learn(s.records))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := text()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(s.records), func(i, j int) { s.records[i], s.records[j] = s.records[j], s.records[i] })
		if got := text(); got != want {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(want, got))
		}
	}
}

// TestStationWithTwoAddresses: what a station says of itself stays when it was
// given another address: its hardware tells that it is one.
func TestStationWithTwoAddresses(t *testing.T) {
	s := newScene()
	say := func(addr, name string) {
		s.now = s.now.Add(time.Second)
		r := &ot.DCP{Head: record.Head{TS: s.now}, SrcMAC: "08:00:06:93:cf:32", Service: "identify", Kind: "RESP", Name: name, Vendor: record.Some(uint16(0x2a)), Roles: []string{"device"}}
		if addr != "" {
			r.IP = ip(addr)
		}
		s.add(r)
	}
	say("192.168.0.6", "valve-7")
	say("192.168.0.10", "")
	say("", "valve-7")
	inv := learn(s.records)
	if len(inv.Assets) != 1 {
		t.Fatalf("%d assets: %+v", len(inv.Assets), inv.Assets)
	}
	a := inv.ByName("valve-7")
	if a == nil || a != inv.ByName("08:00:06:93:CF:32") || len(a.Addresses) != 2 || a.Role() != FieldDevice || a.Vendor != "Siemens" || len(a.Identities) != 1 || a.Identities[0].Name != "valve-7" {
		t.Errorf("%+v", a)
	}
}
