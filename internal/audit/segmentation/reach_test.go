package segmentation

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/proto/dcerpc"
	"longwatch/internal/proto/ntlm"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// drawn is a graph drawn by hand. Every host is in a network of its own.
//
//	a ──rdp──► b ──ssh──► c ──modbus──► d ──modbus──► e     d answers, and gives nobody the host
//	a ──https─► f ──ssh──► g                                 a page is not a way on
//	a ──ssh S0─► h ──ssh──► i                                nobody answered
//	a ──ssh REJ► j                                           refused
//	a ──dns S0─► k (UDP)                                     nothing came back
//	a ──dns SF─► l (UDP)
//	a ──ssh SHR► m                                           only the answering half was seen
//	a ──smb───► n ──ssh──► o                                 a share is not a way on …
//	b ──smb───► p ──vnc──► q                                 … but one that was administered by it is
//	r ──rdp──► a                                             who comes to a is not reached from it
//	c ──ssh──► b                                             back again
//	a ──echo──► s                                            an echo is no service
//	t ◄─ssh── b                                              seen from the middle, the wrong way round
//	a ──https─► the Internet
func drawn() *wire {
	w := newWire()
	at := func(c byte) string { return fmt.Sprintf("10.0.%d.1", c-'a') }
	w.tcp("rdp", at('a'), at('b'), 3389, 2)
	w.tcp("ssh", at('b'), at('c'), 22, 1)
	w.tcp("modbus", at('c'), at('d'), 502, 9)
	w.tcp("modbus", at('d'), at('e'), 502, 9)
	w.tcp("ssl", at('a'), at('f'), 443, 1)
	w.tcp("ssh", at('f'), at('g'), 22, 1)
	w.conn("tcp", "S0", "", at('a'), at('h'), 22)
	w.tcp("ssh", at('h'), at('i'), 22, 1)
	w.conn("tcp", "REJ", "", at('a'), at('j'), 22)
	w.conn("udp", "S0", "dns", at('a'), at('k'), 53)
	w.conn("udp", "SF", "dns", at('a'), at('l'), 53)
	w.conn("tcp", "SHR", "", at('a'), at('m'), 22)
	w.tcp("smb,ntlm", at('a'), at('n'), 445, 1)
	w.tcp("ssh", at('n'), at('o'), 22, 1)
	w.tcp("smb,ntlm,dce_rpc", at('b'), at('p'), 445, 1)
	w.t.Put(&smb.Mapping{Conn: w.head(at('a'), at('n'), 445), Path: `\\N\IPC$`})
	w.t.Put(&smb.Mapping{Conn: w.head(at('b'), at('p'), 445), Path: `\\P\ADMIN$`})
	w.t.Put(&ntlm.Auth{Conn: w.head(at('b'), at('p'), 445), Domain: "CORP", Username: "adm.lee", Success: record.Some(true)})
	w.t.Put(&ntlm.Auth{Conn: w.head(at('b'), at('p'), 445), Domain: "CORP", Username: "refused", Success: record.Some(false)})
	w.tcp("rfb", at('p'), at('q'), 5900, 1)
	w.tcp("rdp", at('r'), at('a'), 3389, 1)
	w.tcp("ssh", at('c'), at('b'), 22, 1)
	w.conn("icmp", "OTH", "", at('a'), at('s'), 0)
	back := &network.Conn{Conn: w.head(at('t'), at('b'), 50123), Proto: "tcp", State: "OTH", OrigPkts: record.Some(uint64(3)), RespPkts: record.Some(uint64(3))}
	back.OrigP = 22
	w.t.Put(back)
	w.tcp("ssl", at('a'), "203.0.113.9", 443, 1)
	return w
}

// letters are reached hosts as hop counts, ways and grounds.
func letters(list []Reached) map[string]string {
	name := func(a netip.Addr) string {
		if !a.IsValid() {
			return "internet"
		}
		return string('a' + a.As4()[2])
	}
	out := map[string]string{}
	for _, x := range list {
		var way []string
		for _, h := range x.Path {
			way = append(way, name(h.To))
		}
		text := fmt.Sprintf("%d by %s", x.Steps, strings.Join(way, " "))
		if x.Taken != nil {
			text += ", taken"
		}
		out[name(x.Host)] = text
	}
	return out
}

// TestReachDrawn: what can be reached is what a hand walks on the drawing.
func TestReachDrawn(t *testing.T) {
	r := Audit(drawn().t, Options{})
	got := r.ReachFrom(netip.MustParseAddr("10.0.0.1"))
	want := map[string]string{
		"b": "1 by b, taken", "f": "1 by f", "l": "1 by l", "n": "1 by n", "internet": "1 by internet",
		"c": "2 by b c, taken", "p": "2 by b p, taken", "t": "2 by b t, taken",
		"d": "3 by b c d", "q": "3 by b p q, taken",
	}
	if diff := cmp.Diff(want, letters(got.Sure)); diff != "" {
		t.Errorf("reached (-by hand +found):\n%s", diff)
	}
	if !got.Seen || len(got.Likely) > 0 {
		t.Errorf("seen %v; every host is alone in its network, and yet likely: %v", got.Seen, letters(got.Likely))
	}
	for _, x := range got.Sure {
		if x.Host == netip.MustParseAddr("10.0.16.1") { // q, by p
			hop := x.Path[1]
			if text := hop.needs(); text != `with CORP\adm.lee, who opened the administrative share ADMIN$` {
				t.Errorf("by b to p: %q", text)
			}
			if hop.Ref.File == "" {
				t.Error("the way cites nothing")
			}
		}
	}
	if got := letters(r.ReachFrom(netip.Addr{}).Sure); len(got) != 0 {
		t.Errorf("from the Internet: %v", got)
	}
	if got := r.ReachFrom(netip.MustParseAddr("10.99.0.1")); got.Seen || len(got.Sure)+len(got.Likely) > 0 {
		t.Errorf("from a host that nobody saw: %+v", got)
	}
}

// TestReachLikely: what is open to others of one's network is likely open to
// oneself, and is kept apart from what is sure.
func TestReachLikely(t *testing.T) {
	w := newWire()
	x, mate := "10.1.0.5", "10.1.0.6"
	w.tcp("ssl", x, "10.2.0.1", 443, 1)
	w.tcp("rdp", mate, "10.2.0.2", 3389, 1) // a neighbour was let through
	w.tcp("ssh", "10.5.0.1", mate, 22, 1)   // and answers somebody else
	w.tcp("modbus", "10.2.0.2", "10.3.0.1", 502, 1)
	w.tcp("ssh", "10.6.0.1", "10.6.0.2", 22, 1) // elsewhere
	got := Audit(w.t, Options{}).ReachFrom(netip.MustParseAddr(x))
	grounds := map[string]string{}
	for _, l := range got.Likely {
		grounds[l.Host.String()] = fmt.Sprintf("%d %v", l.Steps, l.Path[0].Ground)
	}
	want := map[string]string{"10.1.0.6": "1 same network", "10.2.0.2": "1 as its neighbours", "10.3.0.1": "2 as its neighbours"}
	if diff := cmp.Diff(want, grounds); diff != "" || len(got.Sure) != 1 {
		t.Errorf("sure %v, likely (-want +got):\n%s", got.Sure, diff)
	}
}

// TestReachRemoteCalls: services managed from afar give the host, a refused
// call does not.
func TestReachRemoteCalls(t *testing.T) {
	w := newWire()
	for _, to := range []string{"10.2.0.1", "10.3.0.1"} {
		w.tcp("smb,dce_rpc", "10.1.0.1", to, 445, 1)
		w.tcp("ssl", to, "10.9.0.1", 443, 1)
	}
	w.t.Put(&dcerpc.Call{Conn: w.head("10.1.0.1", "10.2.0.1", 445), Endpoint: "svcctl", Operation: "CreateServiceW"})
	w.t.Put(&dcerpc.Call{Conn: w.head("10.1.0.1", "10.3.0.1", 445), Endpoint: "svcctl", Operation: "OpenSCManagerW", Fault: "0x00000005"})
	for _, x := range Audit(w.t, Options{}).ReachFrom(netip.MustParseAddr("10.1.0.1")).Sure {
		if got, want := x.Taken != nil, x.Host == netip.MustParseAddr("10.2.0.1"); got != want {
			t.Errorf("%v taken: %v, want %v", x.Host, got, want)
		}
	}
}

// TestReachByLogs: a remote desktop that only the host's log tells of is a way
// too, when the host's name has an address.
func TestReachByLogs(t *testing.T) {
	w := newWire()
	w.tcp("ssl", "10.2.0.1", "10.3.0.1", 443, 1)
	w.t.Put(&host.Logon{
		Head:    host.Head{Head: record.Head{TS: begin, Ref: record.Ref{File: "Security.evtx", Kind: record.RefRecord, Pos: 7}}, Host: "JUMP01.corp.example"},
		Outcome: "success", LogonType: 10, Target: `CORP\lee`, Source: netip.MustParseAddr("10.1.0.1"),
	})
	r := Audit(w.t, Options{Address: func(name string) (netip.Addr, bool) {
		return netip.MustParseAddr("10.2.0.1"), name == "jump01.corp.example"
	}})
	got := r.ReachFrom(netip.MustParseAddr("10.1.0.1"))
	if len(got.Sure) != 2 || got.Sure[0].Taken == nil || got.Sure[0].Path[0].Accounts[0] != `CORP\lee` || got.Sure[0].Path[0].Ref.Pos != 7 {
		t.Errorf("%+v", got.Sure)
	}
}

// TestReachDrawnAgain: on graphs that are drawn by chance, hosts and steps are
// those that trying every way by hand gives.
func TestReachDrawnAgain(t *testing.T) {
	services := []struct {
		state, name string
		port        uint16
		opens       bool // the service is reached
		gives       bool // and gives the host
	}{{"SF", "ssh", 22, true, true}, {"SF", "ssl", 443, true, false}, {"S0", "", 22, false, false}, {"SHR", "", 3389, false, false}, {"SF", "rfb", 5900, true, true}, {"REJ", "", 22, false, false}}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		const n = 12
		w := newWire()
		var opens, gives [n][n]bool
		for range 5 + r.IntN(25) {
			a, b, s := r.IntN(n), r.IntN(n), services[r.IntN(len(services))]
			if a == b {
				continue
			}
			w.conn("tcp", s.state, s.name, fmt.Sprintf("10.0.%d.1", a), fmt.Sprintf("10.0.%d.1", b), s.port)
			opens[a][b], gives[a][b] = opens[a][b] || s.opens, gives[a][b] || s.gives
		}
		want := map[string]int{}
		for steps := 1; steps <= n; steps++ { // all ways of so many hosts, each taken before the next
			for b := 1; b < n; b++ {
				if name := fmt.Sprintf("10.0.%d.1", b); want[name] == 0 && byHand(&opens, &gives, 0, b, steps) {
					want[name] = steps
				}
			}
		}
		got := map[string]int{}
		for _, x := range Audit(w.t, Options{}).ReachFrom(netip.MustParseAddr("10.0.0.1")).Sure {
			got[x.Host.String()] = x.Steps
			if len(x.Path) != x.Steps || x.Path[len(x.Path)-1].To != x.Host {
				t.Errorf("seed %d: %d steps to %v by %v", seed, x.Steps, x.Host, x.Path)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-by hand +found):\n%s", seed, diff)
		}
	}
}

// byHand tells whether b can be reached from a in exactly so many steps.
func byHand(opens, gives *[12][12]bool, a, b, steps int) bool {
	if steps == 1 {
		return opens[a][b]
	}
	for c := range opens {
		if gives[a][c] && byHand(opens, gives, c, b, steps-1) {
			return true
		}
	}
	return false
}
