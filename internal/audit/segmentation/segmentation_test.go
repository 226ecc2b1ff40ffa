package segmentation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/asset"
	"longwatch/internal/finding"
	"longwatch/internal/proto/fox"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
)

// TestThreeZones: of a plant with three known zones, the zones, their levels
// and the matrix are the known ones, and as it keeps its conduits nothing is
// found.
func TestThreeZones(t *testing.T) {
	r := Audit(threeZones().t, Options{})
	if diff := cmp.Diff(map[string]string{"10.1.0.0/24": "enterprise 4", "10.2.0.0/24": "dmz 3.5", "10.3.0.0/24": "control 2"}, zonesOf(t, r)); diff != "" {
		t.Errorf("zones (-known +inferred):\n%s", diff)
	}
	known := map[string]uint64{
		"enterprise → internet https": 54, "enterprise → dmz https": 18, "dmz → control opcua": 8, "control → dmz ntp": 10, "dmz → enterprise ntp": 5,
	}
	if diff := cmp.Diff(known, matrixOf(r)); diff != "" {
		t.Errorf("matrix (-known +inferred):\n%s", diff)
	}
	if len(r.Findings) > 0 {
		t.Errorf("a plant that keeps its conduits: %q", r.Findings[0].Why)
	}
	if r.Traffic.Group != 2 {
		t.Errorf("%d to everybody or a group, want 2", r.Traffic.Group)
	}
}

// TestPlanted: each crossing that is planted into the plant that keeps its
// conduits is named with who, whom, the rule, how bad and where it stands, and
// nothing else is.
func TestPlanted(t *testing.T) {
	tests := []struct {
		name     string
		plant    func(*wire)
		rules    string
		severity finding.Severity
		from, to string
	}{
		{"a desk reads a controller", func(w *wire) { w.tcp("modbus", "10.1.0.14", "10.3.0.22", 502, 1) }, "office-to-control field-protocol-outside", finding.High, "10.1.0.14", "10.3.0.22"},
		{"a desk commands a controller", func(w *wire) {
			w.tcp("modbus", "10.1.0.14", "10.3.0.22", 502, 1)
			w.modbusWrite("10.1.0.14", "10.3.0.22")
		}, "office-to-control field-protocol-outside", finding.Critical, "10.1.0.14", "10.3.0.22"},
		{"an operator's station browses", func(w *wire) { w.tcp("ssl", "10.3.0.11", "203.0.113.9", 443, 2) }, "control-internet", finding.High, "10.3.0.11", "internet"},
		{"the Internet reaches a controller", func(w *wire) { w.tcp("modbus", "203.0.113.9", "10.3.0.23", 502, 1) }, "control-internet field-protocol-outside", finding.Critical, "internet", "10.3.0.23"},
		{"a desktop of an operator from the offices", func(w *wire) { w.tcp("rdp", "10.1.0.12", "10.3.0.10", 3389, 1) }, "office-to-control remote-admin-into-control", finding.High, "10.1.0.12", "10.3.0.10"},
		{"a desktop of an operator from the DMZ", func(w *wire) { w.tcp("rdp", "10.2.0.5", "10.3.0.10", 3389, 1) }, "remote-admin-into-control", finding.Medium, "10.2.0.5", "10.3.0.10"},
		{"a field protocol into the DMZ", func(w *wire) { w.tcp("dnp3_tcp", "10.2.0.5", "10.3.0.21", 20000, 1) }, "field-protocol-outside", finding.Medium, "10.2.0.5", "10.3.0.21"},
		{"a scan that nobody answers", func(w *wire) { w.conn("tcp", "S0", "", "10.1.0.13", "10.3.0.24", 502) }, "office-to-control field-protocol-outside", finding.Low, "10.1.0.13", "10.3.0.24"},
		{"a refused scan", func(w *wire) { w.conn("tcp", "REJ", "", "10.1.0.13", "10.3.0.24", 22) }, "office-to-control remote-admin-into-control", finding.Low, "10.1.0.13", "10.3.0.24"},
		{"the answering half alone", func(w *wire) { w.conn("tcp", "SHR", "", "10.1.0.13", "10.3.0.24", 502) }, "office-to-control field-protocol-outside", finding.Medium, "10.1.0.13", "10.3.0.24"},
	}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			w := threeZones()
			x.plant(w)
			r := Audit(w.t, Options{})
			if len(r.Findings) != 1 {
				t.Fatalf("%d findings, want 1: %v", len(r.Findings), titlesOf(r))
			}
			f := r.Findings[0]
			rules := slices.Clone(f.Rules)
			want := strings.Fields(x.rules)
			slices.Sort(rules)
			slices.Sort(want)
			if !slices.Equal(rules, want) || f.Severity != x.severity {
				t.Errorf("%v, %v; want %s, %v", f.Rules, f.Severity, x.rules, x.severity)
			}
			if len(f.Pairs) != 1 || end(f.Pairs[0].Orig, false) != x.from || end(f.Pairs[0].Resp, false) != x.to {
				t.Errorf("between %+v, want %s and %s", f.Pairs, x.from, x.to)
			}
			if len(f.Refs) == 0 || f.Refs[0].File != "conn.log" || f.Refs[0].Pos < 500 && f.Refs[0].Pos < w.line-3 {
				t.Errorf("cites %v, the record is at line %d", f.Refs, w.line)
			}
			if len(f.Why) == 0 || f.Do == "" || f.First == 0 {
				t.Errorf("why %q, do %q, first %v", f.Why, f.Do, f.First)
			}
		})
	}
}

func titlesOf(r *Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, fmt.Sprint(f.Title, f.Rules, f.Service, f.Why))
	}
	return out
}

// TestScan: a scan of many ports is one finding and a bounded matrix, and says
// how much there was.
func TestScan(t *testing.T) {
	w := threeZones()
	for port := range 3000 {
		w.conn("tcp", "S0", "", "10.1.0.13", fmt.Sprintf("10.3.0.%d", 20+port%5), uint16(port+1))
	}
	r := Audit(w.t, Options{})
	if len(r.Findings) != 1 {
		t.Fatalf("%d findings, want 1", len(r.Findings))
	}
	f := r.Findings[0]
	if f.Severity != finding.Low || f.Count != 3000 || len(f.Pairs) != 5 || len(f.Why) > maxWhy+1 || !strings.Contains(f.Service, " more") {
		t.Errorf("%+v", f)
	}
	if len(r.Crossing) > maxScanned+20 {
		t.Errorf("%d rows", len(r.Crossing))
	}
	var sum uint64
	for _, c := range r.Crossing {
		sum += c.Unanswered
	}
	if sum != 3000 {
		t.Errorf("%d unanswered in the matrix, want 3000", sum)
	}
}

// TestSafety: what crosses the border of a safety system is told, whatever
// protocol it is.
func TestSafety(t *testing.T) {
	z, err := ReadZones(strings.NewReader(`
zones:
- {name: office, level: 4, networks: [10.1.0.0/24]}
- {name: dmz, level: 3.5, networks: [10.2.0.0/24]}
- {name: control, level: 2, networks: [10.3.0.0/24]}
- {name: sis, level: 1, safety: true, hosts: [10.3.0.24]}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := Audit(threeZones().t, Options{Zones: z})
	if len(r.Findings) != 1 || r.Findings[0].Rules[0] != ruleSafety || r.Findings[0].Severity != finding.High || len(r.Findings[0].Pairs) != 2 {
		t.Errorf("found %v", titlesOf(r))
	}
}

// TestGivenConduits: with conduits given, what none admits is told, with what
// is admitted between those zones, and the rest is not.
func TestGivenConduits(t *testing.T) {
	const zones = `
zones:
- {name: office, level: 4, networks: [10.1.0.0/16]}
- {name: dmz, level: 3.5, networks: [10.2.0.0/24]}
- {name: control, level: 2, networks: [10.3.0.0/24]}
conduits:
- {from: office, to: internet, protocols: [https]}
- {from: office, to: dmz, protocols: [https], ports: [tcp/443]}
- {from: dmz, to: control, to_hosts: [10.3.0.10], protocols: [opcua]}
- {from: control, to: dmz, protocols: [ntp], ports: [udp/123]}
`
	z, err := ReadZones(strings.NewReader(zones + "- {from: office, to: dmz, direction: both, protocols: [ntp]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r := Audit(threeZones().t, Options{Zones: z}); len(r.Findings) > 0 {
		t.Errorf("everything is admitted: %v", titlesOf(r))
	}
	if z, err = ReadZones(strings.NewReader(zones)); err != nil {
		t.Fatal(err)
	}
	w := threeZones()
	w.tcp("opcua-binary", "10.2.0.5", "10.3.0.11", 4840, 1) // another host than the conduit's
	w.tcp("ssh", "10.1.0.10", "10.2.0.5", 443, 1)           // the port is admitted, what it carries is not
	r := Audit(w.t, Options{Zones: z})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%v %s: %s", f.Severity, f.Service, f.Why[0]))
	}
	want := []string{
		"medium opcua (tcp/4840): no conduit admits opcua (tcp/4840) from dmz to control; between them is admitted: opcua for certain hosts; only the other way round",
		"medium ssh (tcp/443): no conduit admits ssh (tcp/443) from office to dmz; between them is admitted: https, tcp/443",
		"low ntp (udp/123): no conduit admits ntp (udp/123) from dmz to office; between them is admitted: only the other way round",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestLayers: of a plant of six zones, two of them cells of controllers, each is
// taken for what it is, and as every level speaks with the next one only,
// nothing is found. A way past level 3, and one from the Internet, are.
func TestLayers(t *testing.T) {
	site := func() *wire {
		w := threeZones()
		// level 3: a historian and a directory of the plant, which the DMZ's replica is fed by
		w.tcp("opcua-binary", "10.4.0.5", "10.5.0.10", 4840, 9)
		w.tcp("opcua-binary", "10.4.0.5", "10.5.0.11", 4840, 9)
		w.tcp("krb_tcp", "10.5.0.10", "10.4.0.2", 88, 3)
		w.tcp("tds", "10.4.0.5", "10.2.0.5", 1433, 9)
		// level 2 by itself: operators who command a cell elsewhere
		for i := 1; i < 4; i++ {
			for _, operator := range []string{"10.5.0.10", "10.5.0.11"} {
				w.tcp("s7comm", operator, fmt.Sprintf("10.6.0.%d", i), 102, 20)
			}
		}
		return w
	}
	r := Audit(site().t, Options{})
	want := map[string]string{
		"10.1.0.0/24": "enterprise 4", "10.2.0.0/24": "dmz 3.5", "10.3.0.0/24": "control 10.3.0.0/24 2", "10.4.0.0/24": "operations 3", "10.5.0.0/24": "supervision 2", "10.6.0.0/24": "control 10.6.0.0/24 1",
	}
	if diff := cmp.Diff(want, zonesOf(t, r)); diff != "" {
		t.Errorf("zones (-known +inferred):\n%s", diff)
	}
	for _, f := range r.Findings { // the first cell is fed past level 3, as before there was one
		if f.Rules[0] != ruleSkip || f.Severity != finding.Low || f.Pairs[0].Resp != netip.MustParseAddr("10.3.0.10") {
			t.Errorf("found %v", titlesOf(r))
		}
	}
	w := site()
	w.tcp("rdp", "203.0.113.5", "10.2.0.6", 3389, 1)
	w.tcp("rdp", "10.2.0.6", "10.5.0.10", 3389, 1)
	var rules []string
	for _, f := range Audit(w.t, Options{}).Findings {
		rules = append(rules, fmt.Sprint(f.Severity, f.Rules))
	}
	if diff := cmp.Diff([]string{"high [" + ruleOpenAdmin + "]", "high [" + ruleAdmin + "]", "low [" + ruleSkip + "]"}, rules); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// TestSparse: three zones are told from little: no directory, no Internet, a
// handful of connections; and one that is planted stays what it is.
func TestSparse(t *testing.T) {
	for family, net := range map[string]string{"IPv4": "10.0.%d.%d", "IPv6": "fd00:0:0:%d::%d"} {
		host := func(zone, n int) string { return fmt.Sprintf(net, zone, n) }
		site := func() *wire {
			w := newWire()
			for i := 1; i < 4; i++ {
				w.tcp("ssl", host(1, i), host(2, 5), 443, 2)
			}
			w.tcp("opcua-binary", host(2, 5), host(3, 10), 4840, 3)
			w.tcp("modbus", host(3, 10), host(3, 20), 502, 5)
			return w
		}
		known := map[string]string{}
		for i, zone := range []string{"enterprise 4", "dmz 3.5", "control 2"} {
			known[network24(netip.MustParseAddr(host(i+1, 1))).String()] = zone
		}
		r := Audit(site().t, Options{})
		if diff := cmp.Diff(known, zonesOf(t, r)); diff != "" || len(r.Findings) > 0 {
			t.Errorf("%s: %v, zones (-known +inferred):\n%s", family, titlesOf(r), diff)
		}
		for name, plant := range map[string]func(*wire){
			"modbus": func(w *wire) { w.tcp("modbus", host(1, 2), host(3, 20), 502, 1) },
			"rdp":    func(w *wire) { w.tcp("rdp", host(1, 2), host(3, 10), 3389, 1) },
		} {
			w := site()
			plant(w)
			r := Audit(w.t, Options{})
			if diff := cmp.Diff(known, zonesOf(t, r)); diff != "" || len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].Service, name) || r.Findings[0].Severity < finding.High {
				t.Errorf("%s, %s: %v, zones (-known +inferred):\n%s", family, name, titlesOf(r), diff)
			}
		}
	}
}

// TestEdgeIsNoDMZ: a device at the edge that answers the Internet and goes on
// into the plant does not become a DMZ by that: its way is found.
func TestEdgeIsNoDMZ(t *testing.T) {
	w := threeZones()
	w.tcp("ssl", "203.0.113.7", "10.7.0.1", 443, 5)
	w.tcp("smb", "10.7.0.1", "10.3.0.11", 445, 2)
	w.tcp("rdp", "10.7.0.1", "10.1.0.3", 3389, 1)
	r := Audit(w.t, Options{})
	if got := zonesOf(t, r)["10.7.0.0/24"]; got != "internet-facing 5" {
		t.Errorf("the edge is taken for %s", got)
	}
	if len(r.Findings) != 1 || r.Findings[0].Severity != finding.High || r.Findings[0].Pairs[0].Orig != netip.MustParseAddr("10.7.0.1") {
		t.Errorf("found %v", titlesOf(r))
	}
}

// TestKnownHosts: what a host says of itself tells its level where traffic
// alone does not: a station of a building is a controller. It is called by its
// name.
func TestKnownHosts(t *testing.T) {
	w := newWire()
	l := asset.New(asset.Options{})
	for range 3 {
		w.tcp("fox", "10.8.0.2", "10.8.0.3", 1911, 1)
		hello := &fox.Message{Conn: w.head("10.8.0.2", "10.8.0.3", 1911), Kind: "s", Operation: "hello", AppName: "Station", HostName: "ahu-7"}
		hello.Way = ot.From(hello.Conn, false)
		l.Learn(hello)
	}
	if got := zonesOf(t, Audit(w.t, Options{}))["10.8.0.0/24"]; got != "unknown unknown" {
		t.Errorf("by traffic alone it is taken for %s", got)
	}
	r := Audit(w.t, Options{Assets: l.Finish()})
	if got := zonesOf(t, r)["10.8.0.0/24"]; got != "control 1" {
		t.Errorf("with a station it is taken for %s", got)
	}
	if got := r.host(netip.MustParseAddr("10.8.0.3"), nil, false); got != "10.8.0.3 ahu-7" {
		t.Errorf("it is called %s", got)
	}
}

// TestUnsure: a network that does nothing telling is unknown, not guessed.
func TestUnsure(t *testing.T) {
	w := newWire()
	w.tcp("", "10.9.0.1", "10.9.1.1", 7777, 3)
	r := Audit(w.t, Options{})
	for n, z := range zonesOf(t, r) {
		if !strings.HasPrefix(z, "unknown "+n) || !strings.HasSuffix(z, " unknown") {
			t.Errorf("%s is taken for %s", n, z)
		}
	}
	if len(r.Findings) > 0 {
		t.Errorf("found %v", titlesOf(r))
	}
}

// TestOrder: the report does not depend on the order of the records, but for
// which of two at the same time is cited.
func TestOrder(t *testing.T) {
	var records []record.Record
	for i := range 400 {
		state := []string{"SF", "S0", "SHR", "OTH"}[i%4]
		c := (&wire{at: begin.Add(0), line: int64(i)}).head(fmt.Sprintf("10.%d.0.%d", 1+i%3, 10+i%7), fmt.Sprintf("10.%d.0.%d", 1+(i/3)%3, 20+i%5), []uint16{502, 443, 53}[i%3])
		c.TS = begin + record.Time(i)
		records = append(records, &network.Conn{Conn: c, Proto: "tcp", State: state, OrigPkts: record.Some(uint64(1)), RespPkts: record.Some(uint64(i % 2))})
	}
	var first []byte
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		traffic := NewTraffic(nil)
		for _, x := range records {
			traffic.Put(x)
		}
		var b bytes.Buffer
		if err := Audit(traffic, Options{}).JSON(&b); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b.Bytes()
		} else if diff := cmp.Diff(string(first), b.String()); diff != "" {
			t.Fatalf("another order, another report:\n%s", diff)
		}
	}
}

// TestBounds: however many hosts and ports there are, the tables stay within
// their bounds, every connection is counted somewhere, and a crossing that
// comes last is still told, by its network.
func TestBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("fills the tables")
	}
	traffic := NewTraffic(nil)
	c := network.Conn{Proto: "tcp", State: "SF", Service: "http", OrigPkts: record.Some(uint64(1)), RespPkts: record.Some(uint64(1))}
	c.RespP, c.TS = 80, begin
	for i := range maxFlows + 1000 {
		c.OrigH = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i % 255)})
		c.RespH = netip.AddrFrom4([4]byte{172, 16, 0, byte(1 + i/255%200)})
		c.OrigH = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)&0xfe | 1&^byte(i>>7&1)})
		traffic.Put(&c)
	}
	for port := range 60000 {
		c.RespP, c.State = uint16(port+1), "S0"
		traffic.Put(&c)
	}
	c.State, c.OrigH, c.RespH, c.RespP, c.Service = "SF", netip.MustParseAddr("10.77.1.9"), netip.MustParseAddr("192.168.5.5"), 502, "modbus"
	traffic.Put(&c)
	if n := len(traffic.flows) - traffic.tried; n > maxFlows || traffic.tried > maxTried || len(traffic.folded) > maxFolded {
		t.Fatalf("%d flows, %d tried, %d folded", n, traffic.tried, len(traffic.folded))
	}
	var sum uint64
	last := false
	for _, f := range traffic.All() {
		sum += f.Count
		last = last || f.Protocol == "modbus" && network24(f.Resp).String() == "192.168.5.0/24"
	}
	if sum+traffic.Group+traffic.Transit+traffic.Lost != traffic.Conns || !last {
		t.Errorf("%d of %d connections are in flows, %d in groups, %d in transit, %d lost; the last crossing is told: %v", sum, traffic.Conns, traffic.Group, traffic.Transit, traffic.Lost, last)
	}
}

// TestJSON: what is written is JSON with the names that users rely on.
func TestJSON(t *testing.T) {
	w := threeZones()
	w.tcp("modbus", "10.1.0.14", "10.3.0.22", 502, 1)
	var b bytes.Buffer
	if err := Audit(w.t, Options{Input: "case"}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Zones    []struct{ Name, Level string }
		Matrix   []struct{ From, To, Protocol, First string }
		Findings []struct {
			Severity string
			Pairs    []struct {
				From, To string
				Refs     []struct {
					File string
					Line int64
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Zones) != 4 || len(got.Matrix) < 5 || len(got.Findings) != 1 || got.Findings[0].Pairs[0].Refs[0].Line == 0 || got.Matrix[0].First == "" {
		t.Errorf("%+v", got)
	}
}

// TestWideNetwork: a host that calls everybody in its network tells how wide it
// is; one that calls another network, or nobody by name, does not.
func TestWideNetwork(t *testing.T) {
	tests := []struct {
		from, to string
		port     uint16
		want     string // network of 172.16.201.2
	}{
		{"172.16.0.122", "172.16.255.255", 137, "172.16.0.0/16"},
		{"172.16.200.5", "172.16.207.255", 138, "172.16.200.0/21"},
		{"172.16.201.9", "172.16.201.255", 137, "172.16.201.0/24"},
		{"172.16.201.9", "172.16.255.255", 5000, "172.16.201.0/24"}, // not by a service that calls its own network
		{"172.16.0.122", "172.17.255.255", 137, "172.16.201.0/24"},  // wider than anybody's
		{"172.16.0.122", "172.16.203.255", 137, "172.16.201.0/24"},  // the broadcast of another network
	}
	for _, x := range tests {
		w := newWire()
		w.conn("udp", "S0", "dns", x.from, x.to, x.port)
		if got := wideNets(w.t, nil).of(netip.MustParseAddr("172.16.201.2")); got.String() != x.want {
			t.Errorf("%s calls %s: %v, want %s", x.from, x.to, got, x.want)
		}
	}
}

// TestLinkedNetwork: hosts that tell one another their hardware addresses are of
// one network, however their addresses differ; one that answers for everybody is
// a router (RFC 1027), and one pair may be a mistake.
func TestLinkedNetwork(t *testing.T) {
	reply := func(from, hw, to string) *network.ARP {
		return &network.ARP{Operation: "reply", OrigH: netip.MustParseAddr(from), OrigHW: hw, RespH: netip.MustParseAddr(to)}
	}
	var proxy []*network.ARP
	for i := range 6 {
		proxy = append(proxy, reply(fmt.Sprintf("10.9.%d.%d", 4+i, i), "00:00:5e:00:01:01", "10.9.0.7"), reply(fmt.Sprintf("10.9.%d.%d", 4+i, i), "00:00:5e:00:01:02", "10.9.0.8"))
	}
	for _, x := range []struct {
		name string
		said []*network.ARP
		want string // network of 10.9.1.200
	}{
		{"two of a network of 22 bits", []*network.ARP{reply("10.9.0.7", "02:00:00:00:00:01", "10.9.3.9"), reply("10.9.3.9", "02:00:00:00:00:02", "10.9.0.7")}, "10.9.0.0/22"},
		{"one", []*network.ARP{reply("10.9.0.7", "02:00:00:00:00:01", "10.9.3.9")}, "10.9.1.0/24"},
		{"two routers that answer for others", proxy, "10.9.1.0/24"},
		{"hosts of one network of 24 bits", []*network.ARP{reply("10.9.1.7", "02:00:00:00:00:01", "10.9.1.9"), reply("10.9.1.9", "02:00:00:00:00:02", "10.9.1.7")}, "10.9.1.0/24"},
		{"questions alone", []*network.ARP{{Operation: "request", OrigH: netip.MustParseAddr("10.9.0.7"), OrigHW: "02:00:00:00:00:01", RespH: netip.MustParseAddr("10.9.3.9")}}, "10.9.1.0/24"},
	} {
		w := newWire()
		for _, a := range x.said {
			w.t.Put(a)
		}
		if got := wideNets(w.t, nil).of(netip.MustParseAddr("10.9.1.200")); got.String() != x.want {
			t.Errorf("%s: %v, want %s", x.name, got, x.want)
		}
	}
}

// TestField: a field protocol that meets the Internet is told though nothing
// tells what its network is for; MQTT is made for it, and is not.
func TestField(t *testing.T) {
	w := newWire()
	w.tcp("modbus", "10.5.0.1", "203.0.113.9", 502, 1)
	w.tcp("mqtt", "10.5.0.1", "203.0.113.9", 1883, 1)
	r := Audit(w.t, Options{})
	if len(r.Findings) != 1 || r.Findings[0].Rules[0] != ruleField || r.Findings[0].Severity != finding.High {
		t.Errorf("found %v", titlesOf(r))
	}
}

// TestOutcomes: what passed, by protocol and state as conn.log has them.
func TestOutcomes(t *testing.T) {
	some, none := record.Some(uint64(3)), record.Opt[uint64]{}
	tests := []struct {
		proto, state string
		orig, resp   record.Opt[uint64]
		want         outcome
	}{
		{"tcp", "SF", some, some, passed}, {"tcp", "S1", some, some, passed}, {"tcp", "RSTO", some, some, passed}, {"tcp", "RSTR", some, some, passed},
		{"tcp", "S0", some, none, tried}, {"tcp", "REJ", some, some, tried}, {"tcp", "RSTOS0", some, none, tried}, {"tcp", "SH", some, none, tried},
		{"tcp", "SHR", none, some, oneSided}, {"tcp", "RSTRH", none, some, oneSided},
		{"tcp", "OTH", some, some, passed}, {"tcp", "OTH", some, none, tried}, {"tcp", "OTH", none, some, oneSided},
		{"udp", "SF", some, some, passed}, {"udp", "S0", some, none, tried}, {"udp", "SHR", none, some, oneSided},
		{"icmp", "OTH", some, some, passed}, {"icmp", "OTH", some, none, tried},
	}
	for _, x := range tests {
		c := &network.Conn{Proto: x.proto, State: x.state, OrigPkts: x.orig, RespPkts: x.resp}
		if got := outcomeOf(c); got != x.want {
			t.Errorf("%s %s, %v and %v packets: %v, want %v", x.proto, x.state, x.orig.V, x.resp.V, got, x.want)
		}
	}
}

// TestNames: protocols are told by content before port, and what carries or
// proves who asks does not hide what is carried.
func TestNames(t *testing.T) {
	tests := []struct {
		service string
		t       transport
		port    uint16
		want    string
		byPort  bool
	}{
		{"modbus", tcp, 502, "modbus", false}, {"modbus", tcp, 9999, "modbus", false}, {"", tcp, 502, "modbus", true}, {"ssh", tcp, 443, "ssh", false},
		{"ssl", tcp, 443, "https", false}, {"ssl", tcp, 3389, "rdp", true}, {"ssl", tcp, 10443, "tls", false}, {"http", tcp, 5985, "winrm", false},
		{"smb,gssapi,krb", tcp, 445, "smb", false}, {"gssapi,ntlm,smb", tcp, 445, "smb", false}, {"krb_tcp", tcp, 88, "kerberos", false}, {"ldap_tcp,gssapi", tcp, 389, "ldap", false},
		{"cotp,s7comm", tcp, 102, "s7comm", false}, {"ssl,mqtt", tcp, 8883, "mqtt", false}, {"dnp3_tcp", tcp, 20000, "dnp3", false}, {"opcua-binary", tcp, 4840, "opcua", false},
		{"", tcp, 7777, "unknown", false}, {"", icmp, 0, "icmp", false}, {"", udp, 1502, "tristation", true}, {"newproto", tcp, 22, "newproto", false},
	}
	for _, x := range tests {
		if got, byPort := name(x.service, x.t, x.port); got != x.want || byPort != x.byPort {
			t.Errorf("%q on %v/%d: %s, by its port %v; want %s, %v", x.service, x.t, x.port, got, byPort, x.want, x.byPort)
		}
	}
}
