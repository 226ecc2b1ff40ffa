package block_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/enip"
	"longwatch/internal/proto/modbus"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
	"longwatch/internal/respond/block"
	"longwatch/internal/sink"
	"longwatch/internal/store"
)

const hour = record.Time(time.Hour)

// begin is when the incident of these tests begins; the evidence begins a day
// before.
const begin = 1_770_000_000 * record.Time(time.Second)

func entity(kind, v, role string) record.Entity {
	return record.Entity{Kind: kind, Value: v, Role: role}
}

// plant is a case of a plant, worked by hand: the intruder's server is
// 203.0.113.50, and 198.51.100.20 is one that he used too, though it is also
// where a vendor polls a controller from. He was on the historian hist1, which
// polls the controller plc1 and the safety system sis-esd1.
func plant() *casefolder.Case {
	f := []*finding.Finding{
		{ID: "f-1", Title: "Tunnel", Severity: finding.High, Confidence: 80, Start: begin, End: begin + hour, Techniques: []attack.ID{"T1572"}, Entities: []record.Entity{entity("address", "203.0.113.50", "responder"), entity("address", "10.0.0.5", "originator")}},
		{ID: "f-2", Title: "Logon from a new place", Severity: finding.High, Confidence: 70, Start: begin + hour, End: begin + hour, Techniques: []attack.ID{"T1133"}, Entities: []record.Entity{entity("address", "198.51.100.20", "originator"), entity("host", "hist1", "")}},
		{ID: "f-3", Title: "Name of the intruder asked for", Severity: finding.High, Confidence: 70, Start: begin + hour, End: begin + hour, Techniques: []attack.ID{"T1071.004"}, Entities: []record.Entity{entity("domain", "c2.evil.example", "queried"), entity("host", "hist1", "")}},
		{ID: "f-4", Title: "Tunnel", Severity: finding.High, Confidence: 80, Start: begin, End: begin + hour, Techniques: []attack.ID{"T1572"}, Entities: []record.Entity{
			entity("address", "8.8.8.8", "responder"), entity("address", "104.16.1.2", "responder"), entity("address", "192.168.7.7", "responder"), entity("address", "10.0.0.5", "originator"), entity("address", "198.51.100.99", "responder"),
		}},
		{ID: "f-5", Title: "Scanned", Severity: finding.Low, Confidence: 80, Start: begin, End: begin + hour, Techniques: []attack.ID{"T1595"}, Entities: []record.Entity{entity("address", "198.51.100.77", "originator")}},
		{ID: "f-6", Title: "Industrial device changed by a client for the first time", Severity: finding.High, Confidence: 60, Start: begin, End: begin, Techniques: []attack.ID{"T0855"}, Entities: []record.Entity{entity("address", "10.0.0.5", "originator"), entity("address", "10.0.9.7", "responder")}},
		{ID: "f-7", Title: "Requests of a scanner", Severity: finding.Medium, Confidence: 60, Start: begin, End: begin, Techniques: []attack.ID{"T1190"}, Entities: []record.Entity{entity("address", "203.0.113.50", "originator"), entity("address", "192.0.2.80", "responder")}},
	}
	return &casefolder.Case{
		Findings: f, HomeNet: []string{"10.0.0.0/8", "192.168.0.0/16"},
		Hosts: []casefolder.Host{
			{Name: "hist1", Addresses: []string{"10.0.0.5"}}, {Name: "plc1", Addresses: []string{"10.0.9.7"}}, {Name: "sis-esd1", Addresses: []string{"10.0.9.8"}},
			{Name: "ws1", Addresses: []string{"10.0.1.1"}}, {Name: "ws2", Addresses: []string{"10.0.1.2"}}, {Name: "ws3", Addresses: []string{"10.0.1.3"}}, {Name: "dc1", Addresses: []string{"10.0.0.1"}},
		},
		Incidents: []*finding.Incident{{
			ID: "i-1", Severity: finding.High, Start: begin, End: begin + 2*hour, Findings: f,
			Reach: []finding.Reach{
				{Entity: entity("host", "hist1", ""), Grade: finding.Touched, Why: "a tunnel ran on it", Findings: []string{"f-1", "f-3"}},
				{Entity: entity("host", "plc1", ""), Grade: finding.Touched, Why: "it was changed", Findings: []string{"f-6"}},
				{Entity: entity("device", "fw1", ""), Grade: finding.Touched, Why: "it was logged on to", Findings: []string{"f-2"}},
				{Entity: entity("host", "ws9", ""), Grade: finding.Possibly, Why: "within reach"},
			},
		}},
	}
}

func conn(at record.Time, from, to, proto string, port uint16, service, state string) *network.Conn {
	return &network.Conn{
		Conn:  record.Conn{Head: record.Head{TS: at}, OrigH: netip.MustParseAddr(from), OrigP: 40000, RespH: netip.MustParseAddr(to), RespP: port},
		Proto: proto, Service: service, State: state, Duration: record.Some(time.Second), RespBytes: record.Some[uint64](100),
	}
}

func poll(at record.Time, from, to, function, access string) *modbus.Message {
	return &modbus.Message{Conn: record.Conn{Head: record.Head{TS: at}, OrigH: netip.MustParseAddr(from), OrigP: 40000, RespH: netip.MustParseAddr(to), RespP: 502}, Func: function, PDU: "REQ", Access: access}
}

// traffic is what was recorded at the plant.
func traffic() []record.Record {
	before := begin - 20*hour
	out := []record.Record{
		conn(begin, "10.0.0.5", "203.0.113.50", "tcp", 443, "ssl", "SF"),        // the tunnel
		conn(begin+hour, "10.0.1.3", "203.0.113.50", "tcp", 443, "ssl", "SF"),   // a host that nobody knew of
		conn(begin+hour, "10.0.1.2", "203.0.113.50", "tcp", 443, "", "S0"),      // never answered
		conn(before, "198.51.100.20", "10.0.9.7", "tcp", 502, "modbus", "SF"),   // the vendor
		conn(begin+hour, "198.51.100.20", "10.0.0.5", "tcp", 3389, "ssl", "SF"), // the intruder
		conn(before, "10.0.0.5", "10.0.9.7", "tcp", 502, "modbus", "SF"),        // the historian's work
		conn(before+hour, "10.0.0.5", "10.0.9.7", "tcp", 502, "modbus", "SF"),   //
		conn(before, "10.0.0.5", "10.0.9.8", "tcp", 44818, "", "SF"),            // by its port
		conn(before, "10.0.0.5", "10.0.0.1", "udp", 53, "dns", "SF"),            // business
		conn(before, "10.0.1.1", "10.0.9.7", "tcp", 502, "modbus", "SF"),        // of others
		conn(before, "10.0.1.1", "10.0.0.5", "tcp", 1433, "", "SF"), conn(before, "10.0.1.2", "10.0.0.5", "tcp", 1433, "", "SF"), conn(before, "10.0.1.3", "10.0.0.5", "tcp", 1433, "", "SF"),
		poll(before, "10.0.0.5", "10.0.9.7", "READ_HOLDING_REGISTERS", "read"), poll(begin, "10.0.0.5", "10.0.9.7", "WRITE_SINGLE_REGISTER", "write"),
		poll(before, "198.51.100.20", "10.0.9.7", "READ_COILS", "read"),
		&enip.CIP{Conn: record.Conn{Head: record.Head{TS: before}, OrigH: netip.MustParseAddr("10.0.0.5"), RespH: netip.MustParseAddr("10.0.9.8"), RespP: 44818}, Access: "read", ClassName: "Safety Supervisor"},
		&dns.Message{Conn: record.Conn{Head: record.Head{TS: begin}, OrigH: netip.MustParseAddr("10.0.0.5"), RespH: netip.MustParseAddr("10.0.0.1"), RespP: 53}, Query: "a.c2.evil.example"},
		&dns.Message{Conn: record.Conn{Head: record.Head{TS: begin}, OrigH: netip.MustParseAddr("10.0.1.2"), RespH: netip.MustParseAddr("10.0.0.1"), RespP: 53}, Query: "C2.EVIL.example."},
		&dns.Message{Conn: record.Conn{Head: record.Head{TS: begin}, OrigH: netip.MustParseAddr("10.0.1.2"), RespH: netip.MustParseAddr("10.0.0.1"), RespP: 53}, Query: "notc2.evil.example"},
		&host.Socket{Head: host.Head{Head: record.Head{TS: begin}, Host: "hist1"}, Proto: "tcp", Initiated: true, OrigH: netip.MustParseAddr("10.0.0.5"), RespH: netip.MustParseAddr("203.0.113.50"), RespP: 443, Action: "connected"},
		&web.Access{Head: record.Head{TS: begin}, Server: "www", ServerIP: netip.MustParseAddr("198.51.100.99"), ServerPort: 80, ClientIP: netip.MustParseAddr("192.0.2.9")},
	}
	return out
}

var types = map[string]*record.Type{}

func recorded(t *testing.T, list []record.Record) []store.File {
	t.Helper()
	dir := t.TempDir()
	format, err := sink.ByName("jsonl")
	if err != nil {
		t.Fatal(err)
	}
	d := sink.New(dir, filepath.Join(dir, "spool"), format, 64<<20)
	lane := d.Lane()
	for _, r := range list {
		types[r.RecordType().Name] = r.RecordType()
		lane.Put(r)
	}
	if _, err := d.Close(); err != nil {
		t.Fatal(err)
	}
	files, _, err := store.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// replayOf compares records with blocks.
func replayOf(t *testing.T, c *casefolder.Case, files []store.File, blocks []block.Block) (block.Seen, store.Pass) {
	t.Helper()
	r := block.NewReplay(c, blocks)
	pass, err := store.ReadOnce(t.Context(), block.InOrder(files), types, r.Take)
	if err != nil {
		t.Fatal(err)
	}
	return r.Seen(len(pass.Damaged) > 0), pass
}

func replay(t *testing.T, c *casefolder.Case, list []record.Record) (block.Plan, map[string]*block.Effect) {
	t.Helper()
	p := block.Derive(c, block.Options{})
	seen, _ := replayOf(t, c, recorded(t, list), p.Blocks)
	if len(seen.Effects) != len(p.Blocks) {
		t.Fatalf("%d effects of %d blocks", len(seen.Effects), len(p.Blocks))
	}
	by := map[string]*block.Effect{}
	for i := range p.Blocks {
		by[p.Blocks[i].Value()] = &seen.Effects[i]
	}
	return p, by
}

// TestDerive: what the intruder used is blocked and nothing that others need.
func TestDerive(t *testing.T) {
	p := block.Derive(plant(), block.Options{})
	var got []string
	for _, b := range p.Blocks {
		got = append(got, string(b.Scope)+" "+b.Value())
		if b.Incident != "i-1" || len(b.Findings) == 0 || b.Reason == "" || !strings.HasPrefix(b.ID, "b-") {
			t.Errorf("%+v", b)
		}
	}
	want := []string{"address 198.51.100.20", "address 198.51.100.99", "address 203.0.113.50", "domain c2.evil.example", "isolate hist1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	left := map[string]string{}
	for _, l := range p.Left {
		left[l.Value] = l.Why
	}
	for value, why := range map[string]string{
		"8.8.8.8": "public resolver", "104.16.1.2": "Cloudflare", "198.51.100.77": "below severity", "plc1": "industrial device", "fw1": "appliance", "192.0.2.80": "server of yours",
	} {
		if !strings.Contains(left[value], why) {
			t.Errorf("%s is left out because %q, want %q", value, left[value], why)
		}
	}
	if _, ok := left["192.168.7.7"]; ok {
		t.Error("a private address needs no word")
	}
	known := block.Derive(plant(), block.Options{Known: func(_, v string) (string, bool) { return "partners.txt", v == "198.51.100.20" }})
	if slices.ContainsFunc(known.Blocks, func(b block.Block) bool { return b.Value() == "198.51.100.20" }) {
		t.Error("what an allow list knows is blocked")
	}
}

// TestReplay: each conversation that a block cuts is told as what it is.
func TestReplay(t *testing.T) {
	_, by := replay(t, plant(), traffic())
	c2 := by["203.0.113.50"]
	if len(c2.Approval) > 0 || c2.Cut != 2 || c2.Refused != 1 || len(c2.Industrial) > 0 || len(c2.Intruder) != 1 {
		t.Errorf("the intruder's server: %+v", c2)
	}
	if len(c2.Business) != 1 || c2.Business[0].String() != "1 host used it for ssl (tcp/443), 1 times: ws3" {
		t.Errorf("the host that nobody knew of is not told: %+v", c2.Business)
	}
	name := by["c2.evil.example"]
	if name.Cut != 2 || len(name.Approval) > 0 || len(name.Intruder) != 1 || len(name.Business) != 1 || name.Business[0].Hosts[0] != "ws2" {
		t.Errorf("the name: %+v", name)
	}
	vendor := by["198.51.100.20"]
	if len(vendor.Approval) != 1 || len(vendor.Industrial) != 1 || vendor.Industrial[0].String() != "198.51.100.20 → plc1 (10.0.9.7), Modbus (tcp/502): read (READ_COILS)" || vendor.Industrial[0].Intruder {
		t.Errorf("the vendor's polling is not flagged: %+v", vendor)
	}
	if own := by["198.51.100.99"]; len(own.Approval) != 1 || !strings.Contains(own.Approval[0], "probably yours") {
		t.Errorf("an address that a web log has as its own: %+v", own)
	}
}

// TestIsolatingAHistorian: the conversations with the controller and with the
// safety system are named, need a second person, and a narrower block lets them
// pass.
func TestIsolatingAHistorian(t *testing.T) {
	_, by := replay(t, plant(), traffic())
	e := by["hist1"]
	if d := cmp.Diff([]string{"it cuts 1 industrial conversation", "it cuts 1 conversation of safety systems"}, e.Approval); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var got []string
	for i := range e.Industrial {
		got = append(got, e.Industrial[i].String())
	}
	want := []string{
		"hist1 (10.0.0.5) → sis-esd1 (10.0.9.8), EtherNet/IP (tcp/44818), safety system: read (Safety Supervisor)",
		"hist1 (10.0.0.5) → plc1 (10.0.9.7), Modbus (tcp/502): read, write (READ_HOLDING_REGISTERS, WRITE_SINGLE_REGISTER)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if x := e.Industrial[1]; x.Count != 2 || x.Operations != 2 || x.First != begin-20*hour || x.Last < begin {
		t.Errorf("%+v", x)
	}
	for _, says := range []string{"3 hosts used it for tcp/1433, 3 times: ws1, ws2, ws3", "it used dns (udp/53) of 1 host, 1 times: dc1"} {
		if !slices.Contains(e.Says, says) {
			t.Errorf("%q is not said in %q", says, e.Says)
		}
	}
	if e.Narrower == nil || len(e.Narrower.Keep) != 2 {
		t.Fatalf("%+v", e.Narrower)
	}
	again, _ := replayOf(t, plant(), recorded(t, traffic()), []block.Block{*e.Narrower})
	if len(again.Effects[0].Industrial) != 0 || len(again.Effects[0].Approval) != 0 || len(again.Effects[0].Business) != len(e.Business) {
		t.Errorf("the narrower block: %+v", again.Effects[0])
	}
}

// TestNothingRecorded: a block that was not compared is not called harmless.
func TestNothingRecorded(t *testing.T) {
	p, by := replay(t, plant(), nil)
	for _, b := range p.Blocks {
		if e := by[b.Value()]; e.Replayed || len(e.Approval) == 0 || !strings.Contains(e.Says[0], "not replayed") {
			t.Errorf("%s: %+v", b.Value(), e)
		}
	}
}

// TestDamagedRecords: what cannot be read is told, and the rest is compared.
func TestDamagedRecords(t *testing.T) {
	files := recorded(t, traffic())
	for _, f := range files {
		if f.Type == "conn" {
			b, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.Path, append(b, []byte("{\"ts\": broken\n")...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	p := block.Derive(plant(), block.Options{})
	seen, pass := replayOf(t, plant(), files, p.Blocks)
	if len(pass.Notes) != 1 || !slices.Contains(seen.Effects[0].Says, "replayed in part: some records could not be read") {
		t.Errorf("%+v %v", seen, pass)
	}
}

// TestBounded: a scan of a million addresses is counted and not kept, and
// pushes no industrial conversation out.
func TestBounded(t *testing.T) {
	list := traffic()
	const many = 140_000
	for i := range many {
		list = append(list, conn(begin, "10.0.0.5", fmt.Sprintf("10.%d.%d.%d", 100+i>>16, i>>8&255, i&255), "tcp", 80, "http", "SF"))
	}
	_, by := replay(t, plant(), list)
	e := by["hist1"]
	if len(e.Industrial) != 2 || e.More == 0 || e.Cut < many || len(e.Business) > 64 || len(e.Business[0].Hosts) > 32 || e.Business[0].Count < 100_000 {
		t.Errorf("%d industrial, %d more, %d cut, %d uses", len(e.Industrial), e.More, e.Cut, len(e.Business))
	}
}
