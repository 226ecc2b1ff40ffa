package flow_test

import (
	"fmt"
	"slices"
	"testing"

	"longwatch/internal/flow"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// inside is an IPv4 packet with a UDP datagram for a tunnel to carry.
func inside(tr *trace, sport, dport uint16) string {
	d := tr.udp(0, sport, dport, "data")
	h := []byte{0x45, 0, 0, byte(20 + len(d)), 0, 1, 0, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2}
	return string(append(h, d...))
}

func tunnelRows(recs []record.Record) (out []string) {
	for _, r := range recs {
		if x, ok := r.(*network.Tunnel); ok {
			s := fmt.Sprintf("%d %s:%d %s:%d %s %s", int64(x.TS)/1e6%1e6, x.OrigH, x.OrigP, x.RespH, x.RespP, x.Kind[8:], x.Action[8:])
			if x.Key.Set {
				s += fmt.Sprintf(" key %d", x.Key.V)
			}
			if x.Further {
				s += " further"
			}
			out = append(out, s)
		}
	}
	return out
}

// A tunnel is reported when a connection shows inside, and at its end when it
// has ports. Its uid is that of the connection that carries it, even where that
// began with something else.
func TestTunnelsAreReported(t *testing.T) {
	tr := newTrace()
	gtp := func(kind byte, teid byte, data string) string {
		return string([]byte{0x30, kind, 0, byte(len(data)), 0, 0, 0, teid}) + data
	}
	tr.ip(0, 1, 1, 17, 0, false, tr.udp(0, 2152, 2152, gtp(1, 0, ""))) // echo request
	tr.ip(10, 1, 1, 17, 0, false, tr.udp(0, 2152, 2152, gtp(255, 7, inside(tr, 4000, 9998))))
	tr.ip(20, 1, 1, 17, 0, false, tr.udp(0, 2152, 2152, gtp(255, 8, inside(tr, 4001, 9998))))
	tr.ip(25, 1, 1, 17, 0, false, tr.udp(0, 2152, 2152, gtp(255, 7, inside(tr, 4000, 9998))))
	tr.ip(30, 2, 2, 47, 0, false, []byte("\x20\x00\x08\x00\x00\x00\x00\x05"+inside(tr, 4002, 9998)))
	tr.ip(40, 102, 2, 47, 0, false, []byte("\x20\x00\x08\x00\x00\x00\x00\x05"+inside(tr, 4002, 9998)))
	tr.ip(50, 3, 3, 17, 0, false, tr.udp(0, 4789, 4789, "no tunnel"))
	recs, _ := tr.run(t, flow.Config{})
	want := []string{
		"10 10.0.0.1:2152 192.0.2.1:2152 GTPv1 DISCOVER key 7",
		"20 10.0.0.1:2152 192.0.2.1:2152 GTPv1 DISCOVER key 8 further",
		"25 10.0.0.1:2152 192.0.2.1:2152 GTPv1 CLOSE",
		"30 10.0.0.2:0 192.0.2.2:0 GRE DISCOVER key 5",
	}
	if got := tunnelRows(recs); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	uids := map[string]string{}
	for _, r := range recs {
		if x, ok := r.(*network.Tunnel); ok {
			uids[x.Kind] = x.UID
		}
	}
	for _, c := range conns(recs) {
		switch {
		case c.RespP == 2152 && c.UID != uids["Tunnel::GTPv1"]:
			t.Errorf("the tunnel has uid %s, its connection %s", uids["Tunnel::GTPv1"], c.UID)
		case c.RespP == 9998 && len(c.Parents) == 0:
			t.Errorf("connection without parent: %+v", c)
		}
	}
}

// ESP is encrypted, so all there is to see of it is the connection.
func TestIPsecIsNamed(t *testing.T) {
	tr := newTrace()
	tr.ip(0, 1, 1, 50, 0, false, make([]byte, 40))
	tr.ip(1, 101, 1, 50, 0, false, make([]byte, 40))
	tr.ip(2, 1, 1, 51, 0, false, make([]byte, 40))
	recs, _ := tr.run(t, flow.Config{})
	cs := conns(recs)
	if len(cs) != 2 || cs[0].Service != "ipsec" || cs[1].Service != "ipsec" || cs[0].RespPkts.V != 1 {
		t.Errorf("connections %+v", cs)
	}
}
