package flow

import (
	"net/netip"
	"testing"

	"longwatch/internal/capture"
)

// TestCommunityID checks the baseline values of the specification
// (https://github.com/corelight/community-id-spec, baseline_deflt).
func TestCommunityID(t *testing.T) {
	addr := func(s string) capture.Addr {
		b := netip.MustParseAddr(s).As16()
		return capture.AddrFrom16(b[:])
	}
	for _, c := range []struct {
		proto        uint8
		src, dst     string
		sport, dport uint16 // of ICMP: type and code
		want         string
	}{
		{6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
		{1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{1, "10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
		{58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
		{58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4, "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
	} {
		p := packet{proto: c.proto, src: addr(c.src), dst: addr(c.dst), payload: make([]byte, 20), wire: 20}
		if c.proto == capture.ProtoICMP || c.proto == capture.ProtoICMPv6 {
			p.payload[0], p.payload[1] = byte(c.sport), byte(c.dport)
		} else {
			p.payload[0], p.payload[1] = byte(c.sport>>8), byte(c.sport)
			p.payload[2], p.payload[3] = byte(c.dport>>8), byte(c.dport)
		}
		if w := p.ports(); w != "" {
			t.Fatal(w)
		}
		k, side := makeKey(p.src, p.dst, p.sport, p.dport, p.proto, p.oneWay)
		ports := [2]uint16{c.sport, c.dport}
		if side == 1 {
			ports[0], ports[1] = ports[1], ports[0]
		}
		if got := k.communityID(ports); got != c.want {
			t.Errorf("%s:%d to %s:%d, protocol %d: %s, want %s", c.src, c.sport, c.dst, c.dport, c.proto, got, c.want)
		}
	}
}

func BenchmarkCommunityID(b *testing.B) {
	k, _ := makeKey(capture.AddrFrom4([]byte{10, 0, 0, 1}), capture.AddrFrom4([]byte{10, 0, 0, 2}), 40000, 443, capture.ProtoTCP, false)
	for b.Loop() {
		_ = k.communityID([2]uint16{})
	}
}
