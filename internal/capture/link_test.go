package capture

import (
	"encoding/hex"
	"strings"
	"testing"
)

// ip4 is an IPv4 header (RFC 791) of a UDP datagram without data.
const ip4 = "4500001c00010000401100000a0000010a000002" + "0035003500080000"

func frame(t testing.TB, link LinkType, s string) *Frame {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return &Frame{Link: link, Len: len(b), Data: b}
}

const macs = "ffffffffffff 020000000001 "

func TestUnwrap(t *testing.T) {
	for _, c := range []struct {
		name string
		link LinkType
		head string
		vlan uint16
	}{
		{"ethernet", LinkEthernet, macs + "0800", 0},
		{"802.1Q", LinkEthernet, macs + "8100 2005 0800", 5},
		{"QinQ", LinkEthernet, macs + "88a8 0064 8100 000a 0800", 100},
		{"VLAN priority tag", LinkEthernet, macs + "8100 0000 0800", 0},
		{"MPLS, two labels", LinkEthernet, macs + "8847 00010040 00020140", 0},
		{"PPPoE", LinkEthernet, macs + "8864 1100 0001 001e 0021", 0},
		{"NSH", LinkEthernet, macs + "894f 0fc6 0101 00000000" + strings.Repeat("00", 16), 0},
		{"NSH, Ethernet inside", LinkEthernet, macs + "894f 0fc2 0203 00000000" + macs + "0800", 0},
		{"ERSPAN II on Ethernet", LinkEthernet, macs + "88be 1000 0000 00000000" + macs + "0800", 0},
		{"Frame Relay, Cisco", LinkFrameRelay, "1861 0800", 0},
		{"Frame Relay", LinkFrameRelay, "1841 03 cc", 0},
		{"Frame Relay, padding and SNAP", LinkFrameRelay, "1841 03 00 80 000000 0800", 0},
		{"802.3 SNAP", LinkEthernet, macs + "0030 aaaa03 000000 0800", 0},
		{"raw", LinkRaw, "", 0},
		{"raw IPv4", LinkIPv4, "", 0},
		{"BSD loopback, little-endian", LinkNull, "02000000", 0},
		{"BSD loopback, big-endian", LinkNull, "00000002", 0},
		{"OpenBSD loopback", LinkLoop, "00000002", 0},
		{"Linux cooked", LinkSLL, "0000 0001 0006 000000000000 0000 0800", 0},
		{"Linux cooked with VLAN", LinkSLL, "0000 0001 0006 000000000000 0000 8100 0007 0800", 7},
		{"Linux cooked v2", LinkSLL2, "0800 0000 00000001 0001 00 06 0000000000000000", 0},
		{"PPP", LinkPPP, "0021", 0},
		{"PPP in HDLC framing", LinkPPPHDLC, "ff03 0021", 0},
		{"PPP, compressed protocol", LinkPPP, "21", 0},
		{"Cisco HDLC", LinkCHDLC, "0f00 0800", 0},
		{"FDDI", LinkFDDI, "50 aa0004000000 aa0004000001 aaaa03 000000 0800", 0},
		{"radiotap, QoS data", LinkRadiotap, "0000 0800 00000000 8801 0000 000000000000 000000000000 000000000000 0000 0000 aaaa03 000000 0800", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := frame(t, c.link, c.head+ip4)
			in, ok := Unwrap(f)
			if !ok || hex.EncodeToString(in.IP) != ip4 || in.Wire != len(in.IP) || in.VLAN != c.vlan {
				t.Fatalf("ok %v, %d of %d bytes, VLAN %d", ok, len(in.IP), in.Wire, in.VLAN)
			}
			for n := range f.Data { // no cut may panic, nor invent bytes
				cut := *f
				cut.Data = f.Data[:n]
				if in, ok := Unwrap(&cut); ok && in.Wire < len(in.IP) {
					t.Errorf("cut to %d: %d bytes of %d", n, len(in.IP), in.Wire)
				}
			}
		})
	}
	if _, ok := Unwrap(frame(t, LinkEthernet, macs+"0806"+"0001080006040001")); ok {
		t.Error("ARP taken for IP")
	}
	if in, _ := Unwrap(frame(t, LinkEthernet, macs+"88a8 0064 8100 000a 0800"+ip4)); in.VLAN != 100 || in.Next != 10 {
		t.Errorf("tags %d and %d, want 100 and 10", in.VLAN, in.Next)
	}
	// Ethernet pads short frames; PPPoE says how much is data (RFC 2516 section 4).
	if in, ok := Unwrap(frame(t, LinkEthernet, macs+"8864 1100 0001 001e 0021"+ip4+"0000000000")); !ok || hex.EncodeToString(in.IP) != ip4 {
		t.Errorf("PPPoE with padding: %x, %d bytes on the wire", in.IP, in.Wire)
	}
}

func TestTunnels(t *testing.T) {
	const ip6 = "6000 0000 0000 3bff 20010000000000000000000000000001 20010000000000000000000000000002"
	for _, c := range []struct {
		name string
		port uint16 // 0: GRE
		head string
		ip   string
		key  uint32 // or ERSPAN's session; 0: none
	}{
		{"GRE", 0, "0000 0800", ip4, 0},
		{"GRE with key and sequence", 0, "3000 0800 00000001 00000002", ip4, 1},
		{"GRE with checksum and key", 0, "a000 0800 99990000 00000002", ip4, 2},
		{"GRE, bridged", 0, "0000 6558" + macs + "0800", ip4, 0},
		{"PPTP", 0, "3081 880b 001c 0001 00000001 00000001 0021", ip4, 1},
		{"ERSPAN II", 0, "1000 88be 00000001 1001000100000000" + macs + "0800", ip4, 1},
		{"VXLAN", 4789, "08000000 00007b00" + macs + "0800", ip4, 123},
		{"VXLAN-GPE", 4790, "0c000001 00007b00", ip4, 123},
		{"Geneve with an option", 6081, "0100 6558 00007b00 00000000" + macs + "0800", ip4, 123},
		{"GTP-U", 2152, "30ff 001c 00000001", ip4, 1},
		{"GTP-U with sequence", 2152, "32ff 0020 00000001 0001 00 00", ip4, 1},
		{"Teredo", 3544, "", ip6, 0},
		{"Teredo on another port, origin indication", 7777, "0000 1111 22222222", ip6, 0},
		{"AYIYA", 5072, "44 52 11 29 00000000" + strings.Repeat("00", 16+20), ip6, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.ReplaceAll(c.ip, " ", "")
			b := frame(t, 0, c.head+c.ip).Data
			var in Inner
			var ok bool
			if c.port == 0 {
				in, _, ok = GRE(b, len(b))
			} else {
				in, _, ok = UDPTunnel(c.port, b, len(b))
			}
			if !ok || hex.EncodeToString(in.IP) != want {
				t.Errorf("ok %v, %x", ok, in.IP)
			}
			if key := in.Key + uint32(in.Session); key != c.key || in.Keyed == in.Mirrored && key != 0 {
				t.Errorf("key %d, want %d", key, c.key)
			}
			for n := range b {
				GRE(b[:n], len(b))
				UDPTunnel(c.port, b[:n], len(b))
			}
		})
	}
	if _, name, ok := UDPTunnel(53, []byte("not a tunnel, only some text that is long enough for one"), 56); ok || name != "" {
		t.Errorf("text taken for %s", name)
	}
}

// A packet with a routing header is on its way to the last address, as long as
// segments are left. An atomic fragment is a whole packet (RFC 6946).
func TestExtensionHeaders(t *testing.T) {
	udp, last := "0035003500080000", strings.Repeat("33", 16)
	for _, c := range []struct {
		name, hex string
		dst       byte // of all bytes of the address
		routed    bool
	}{
		{"routing type 0", "6000000000202b40" + strings.Repeat("20", 32) + "1102000100000000" + last + udp, 0x33, true},
		{"routing type 0, done", "6000000000202b40" + strings.Repeat("20", 32) + "1102000000000000" + last + udp, 0x20, true},
		{"routing type 2", "6000000000202b40" + strings.Repeat("20", 32) + "1102020100000000" + last + udp, 0x33, false},
		{"routing type 4", "6000000000202b40" + strings.Repeat("20", 32) + "1102040100000000" + last + udp, 0x20, false},
		{"atomic fragment", "6000000000102c40" + strings.Repeat("20", 32) + "1100000000000005" + udp, 0x20, false},
	} {
		b := frame(t, 0, c.hex).Data
		var p IP
		if f := Parse(b, len(b), &p); f != OK || p.Proto != ProtoUDP || p.Frag.Is || len(p.Payload) != 8 {
			t.Errorf("%s: fault %q, %+v", c.name, f, p)
		}
		if got := byte(p.Dst.Lo); got != c.dst || p.Routed != c.routed {
			t.Errorf("%s: to %x, type 0: %v", c.name, got, p.Routed)
		}
		for n := range b {
			Parse(b[:n], len(b), &p)
		}
	}
}

func TestParseIP(t *testing.T) {
	for _, c := range []struct {
		name  string
		hex   string
		fault Fault
		proto uint8
		data  int
		frag  FragInfo
	}{
		{"IPv4", ip4, OK, 17, 8, FragInfo{}},
		{"IPv4 and padding", ip4 + "000000000000", OK, 17, 8, FragInfo{}},
		{"fragment", "4500001c00072001401100000a0000010a000002" + "0035003500080000", OK, 17, 8, FragInfo{ID: 7, Offset: 8, More: true, Is: true, Head: 20}},
		{"options", "4600002000010000401100000a0000010a00000201010100" + "0035003500080000", OK, 17, 8, FragInfo{}},
		{"IPv6, hop-by-hop then UDP", "6000000000100040" + strings.Repeat("20", 32) + "1100010400000000" + "0035003500080000", OK, 17, 8, FragInfo{}},
		{"IPv6 fragment", "6000000000102c40" + strings.Repeat("20", 32) + "1100000900000005" + "0035003500080000", OK, 17, 8, FragInfo{ID: 5, Offset: 8, More: true, Is: true, Head: 40, NextAt: 6}},
		{"header longer than the packet", "4f00001c00010000401100000a0000010a0000020035003500080000", BadHeaderLen, 0, 0, FragInfo{}},
		{"longer than the frame", "4500011c00010000401100000a0000010a0000020035003500080000", TruncatedLen, 0, 0, FragInfo{}},
		{"version 5", "5500001c00010000401100000a0000010a0000020035003500080000", UnknownVersion, 0, 0, FragInfo{}},
		{"short", "4500", TruncatedIP, 0, 0, FragInfo{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := frame(t, 0, c.hex).Data
			var p IP
			if f := Parse(b, len(b), &p); f != c.fault {
				t.Fatalf("fault %q, want %q", f, c.fault)
			}
			if c.fault == OK && (p.Proto != c.proto || len(p.Payload) != c.data || p.Wire != c.data || p.Frag != c.frag) {
				t.Errorf("proto %d, %d of %d bytes, %+v", p.Proto, len(p.Payload), p.Wire, p.Frag)
			}
		})
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(uint32(1), uint16(4789), []byte(macs))
	f.Fuzz(func(t *testing.T, link uint32, port uint16, b []byte) {
		fr := Frame{Link: LinkType(link), Len: len(b) + 10, Data: b}
		check := func(in Inner, ok bool) {
			if ok && (len(in.IP) > len(b) || in.Wire != len(in.IP)+10) {
				t.Fatalf("%d bytes, %d on the wire, out of %d", len(in.IP), in.Wire, len(b))
			}
		}
		check(Unwrap(&fr))
		in, _, ok := GRE(b, fr.Len)
		check(in, ok)
		in, _, ok = UDPTunnel(port, b, fr.Len)
		check(in, ok)
	})
}
