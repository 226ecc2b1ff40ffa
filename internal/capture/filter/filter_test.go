package filter_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"longwatch/internal/capture"
	"longwatch/internal/capture/filter"
)

// matching counts the frames of a capture that fit.
func matching(t testing.TB, b []byte, f *filter.Filter) int {
	t.Helper()
	r, err := capture.NewReader(bytes.NewReader(b))
	if err != nil {
		return -1
	}
	defer r.Close()
	n := 0
	var fr capture.Frame
	for r.Next(&fr) == nil {
		if f == nil || f.Match(&fr) {
			n++
		}
	}
	return n
}

// expressions are what people write, and the corners of the language.
var expressions = []string{
	"tcp", "udp", "icmp", "icmp6", "ip", "ip6", "arp", "rarp", "sctp", "igmp", "esp", "ah", "pim", "vrrp",
	"port 80", "tcp port 80", "udp port 53", "src port 53", "dst port 443", "src or dst port 53", "src and dst port 53",
	"port 80 or 443", "tcp port 80 or port 53", "tcp port http", "portrange 1-1023", "tcp portrange 400-500", "not port 80", "! tcp",
	"host 192.168.1.13", "net 10.0.0.0/8", "net 192.168", "net 10", "src net 192.168.0.0/16", "dst net 10.0.0.0 mask 255.0.0.0",
	"ip host 192.168.1.1", "ip6 net 2001::/16", "net fe80::/10", "host ff02::fb", "src host 10.0.0.1 or 10.0.0.2",
	"arp net 192.168.0.0/16", "ip proto 47", "ip6 proto 58", "ip proto \\tcp", "proto 17", "ether proto 0x0800", "ether proto \\ip6", "ip6 proto 6",
	"less 100", "greater 1000", "len > 500", "len <= 60", "len >= 100 and len < 200",
	"broadcast", "multicast", "ether broadcast", "ip multicast", "ip6 multicast", "ether multicast",
	"ether host ff:ff:ff:ff:ff:ff", "ether src 00:00:00:00:00:00", "ether dst 01:00:5e:00:00:fb",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp[13] = 2", "tcp[tcpflags] == tcp-syn", "tcp[0:2] = 80", "tcp[2:2] > 1023",
	"ip[0] & 0xf != 5", "ip[8] < 64", "ip[2:2] > 576", "ip[6:2] & 0x1fff != 0", "ip[9] = 17 and udp[4:2] > 100",
	"udp[8:4] = 0x00010001", "icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply", "icmp6[icmp6type] = icmp6-echo",
	"ether[0] & 1 = 1", "ether[12:2] = 0x8100", "ip6[6] = 44", "arp[6:2] = 1",
	"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "not tcp[100] = 1", "not (tcp[100] = 1)", "tcp[13] / 2 * 2 = tcp[13]", "ip[2:2] % 4 = 0",
	"vlan", "vlan 100", "vlan and tcp", "vlan and vlan", "vlan and ip", "tcp or vlan", "(vlan and tcp) or udp", "vlan and port 80",
	"mpls", "mpls and ip", "mpls and tcp", "mpls and mpls", "pppoes", "pppoes and ip", "pppoes and tcp port 80", "pppoed",
	"tcp and port 80 or udp and port 53", "udp or tcp and port 443", "not (tcp or udp)", "tcp and not (port 80 or port 443)", "port (80 or 443)",
	"host 10.0.0.1 and not port 22", "ip and not tcp and not udp", "tcp && port 80 || udp && !port 53", "",
}

// The meaning is tcpdump's: on captures with every link and tunnel that the
// corpora hold, both pick the same number of packets.
func TestTcpdumpAgrees(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("tcpdump is not here")
	}
	root := filepath.Join("..", "..", "..", "..", "shared", "corpora")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared corpora are not here")
	}
	var paths []string
	for _, dir := range []string{"zeek/traces", "arkime/pcap", "ndpi/pcap"} {
		_ = filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths = append(paths, path)
			}
			return nil
		})
	}
	compiled := map[string]*filter.Filter{}
	for _, e := range expressions {
		if compiled[e], err = filter.Parse(e); err != nil {
			t.Errorf("%q: %v", e, err)
			delete(compiled, e)
		}
	}
	checked := 0
	for i, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil || len(b) > 200_000 || !known(b) {
			continue
		}
		for k, e := range expressions {
			if (i+k)%29 != 0 && !telling(path, e) { // a fair sample: every expression meets dozens of captures
				continue
			}
			f := compiled[e]
			if f == nil {
				continue
			}
			out, err := exec.Command(tcpdump, "-r", path, "-w", "-", e).Output()
			if err != nil {
				continue // no such filter for this link type
			}
			want := matching(t, out, nil)
			if got := matching(t, b, f); got != want && want >= 0 {
				t.Errorf("%s: %q picks %d packets, tcpdump %d", path, e, got, want)
			}
			checked++
		}
	}
	t.Logf("%d pairs of capture and expression", checked)
}

// known tells whether a capture's link header is one on which we promise
// libpcap's meaning. On others we look through to IP, where it does not.
func known(b []byte) bool {
	r, err := capture.NewReader(bytes.NewReader(b))
	if err != nil {
		return false
	}
	defer r.Close()
	var fr capture.Frame
	for r.Next(&fr) == nil {
		switch fr.Link {
		case capture.LinkEthernet, capture.LinkRaw, capture.LinkIPv4, capture.LinkIPv6, capture.LinkNull, capture.LinkSLL, capture.LinkSLL2:
		default:
			return false
		}
	}
	return true
}

// telling names captures that an expression is about.
func telling(path, e string) bool {
	for _, word := range []string{"vlan", "mpls", "pppoe"} {
		if strings.Contains(path, word) && strings.Contains(e, word) {
			return true
		}
	}
	return false
}

func TestMistakesAreTold(t *testing.T) {
	for e, want := range map[string]string{
		"port":                   "missing",
		"port 70000":             `"70000" is not a port`,
		"host example.com":       "names are not looked up",
		"net 10.0.0.1/8":         "did you mean 10.0.0.0/8",
		"tcp and":                "something is missing at the end",
		"(tcp":                   "missing )",
		"tcp udp":                `"udp" makes no sense after tcp`,
		"tcp port 80 @":          `"@" at position 13`,
		"tcp[0":                  "missing ]",
		"tcp[0:3] = 1":           "1, 2 or 4 bytes",
		"len >":                  "a number is missing",
		"gateway 10.0.0.1":       `"gateway" is not supported`,
		"icmp port 80":           "icmp has no ports",
		"ether host 10.0.0.1":    "not a hardware address",
		strings.Repeat("(", 200): "more than 100 levels",
	} {
		_, err := filter.Parse(e)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", e, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, e := range expressions {
		f.Add(e, []byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x08\x00\x45\x00\x00\x1c"))
	}
	f.Fuzz(func(t *testing.T, e string, frame []byte) {
		flt, err := filter.Parse(e)
		if err != nil {
			return
		}
		for _, link := range []capture.LinkType{capture.LinkEthernet, capture.LinkRaw, capture.LinkSLL, capture.LinkSLL2} {
			fr := capture.Frame{Link: link, Len: len(frame), Data: frame}
			first := flt.Match(&fr)
			if again := flt.Match(&fr); first != again {
				t.Error("two answers")
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := filter.Parse("tcp port 443 and not net 10.0.0.0/8")
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]byte, 64)
	copy(frame[12:], "\x08\x00\x45\x00\x00\x32\x00\x00\x00\x00\x40\x06\x00\x00\xc0\x00\x02\x01\xc0\x00\x02\x02\x9c\x40\x01\xbb")
	fr := capture.Frame{Link: capture.LinkEthernet, Len: 64, Data: frame}
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(&fr) {
			b.Fatal("no match")
		}
	}
}
