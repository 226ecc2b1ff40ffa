package app

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
)

// ja4Differs are the captures whose published fingerprints do not follow the
// published specification, each with its reason.
var ja4Differs = map[string]string{
	"tls-non-ascii-alpn.pcapng": "the reference program writes 99 where the specification has the digits of the bytes",
}

// TestJA4AsPublished compares the fingerprints of client hellos with those that
// the authors of JA4 publish with their captures. We keep that of the first hello
// of a connection; they list also that which follows a retry.
func TestJA4AsPublished(t *testing.T) {
	root := flowtest.Corpus(t, "ja4")
	got := map[string]map[string]fields{}
	equal := map[string]bool{} // by flow: one of its fingerprints is ours
	for _, r := range table(t, filepath.Join(root, "ja4.tsv")) {
		key := flowKey(t, r["src"], r["srcport"], r["dst"], r["dstport"])
		x := sessionsOf(t, got, filepath.Join(root, "pcap", r["pcap"]))[key]
		have := append(x["ssl"]["ja4"], x["quic"]["ja4"]...)
		flow := r["pcap"] + " " + key
		equal[flow] = equal[flow] || slices.Contains(have, r["ja4"])
	}
	for flow, ok := range equal {
		pcap, _, _ := strings.Cut(flow, " ")
		if !ok && ja4Differs[pcap] == "" {
			t.Errorf("%s: JA4 differs", flow)
		}
	}
	if len(equal) == 0 {
		t.Error("no fingerprint to compare")
	}
}

// leastNamed is the share of flows that have to be named as nDPI names them.
const leastNamed = 0.97

// TestFlowsAreNamedAsByNDPI compares the services of flows with what nDPI says of
// them by their content, on any port, and JA4 with its fingerprints.
func TestFlowsAreNamedAsByNDPI(t *testing.T) {
	root := flowtest.Corpus(t, "ndpi")
	got := map[string]map[string]fields{}
	named, flows := 0, 0
	for _, r := range table(t, filepath.Join(root, "flows.tsv")) {
		if !strings.HasPrefix(r["confidence"], "DPI") || r["zeek_service"] == "" && r["ja4"] == "" {
			continue
		}
		x := sessionsOf(t, got, filepath.Join(root, "pcap", r["pcap"]))[flowKey(t, r["ip_a"], r["port_a"], r["ip_b"], r["port_b"])]
		if r["zeek_service"] != "" {
			flows++
			for _, s := range x["conn"]["service"] {
				if slices.Contains(strings.Split(s, ","), r["zeek_service"]) {
					named++
					break
				}
			}
		}
		have := append(x["ssl"]["ja4"], x["quic"]["ja4"]...)
		if r["ja4"] != "" && len(have) > 0 && !slices.ContainsFunc(have, func(h string) bool { return h == r["ja4"] || mostOf(h) == mostOf(r["ja4"]) }) {
			t.Errorf("%s %s:%s: JA4 %q, nDPI has %q", r["pcap"], r["ip_a"], r["port_a"], have, r["ja4"])
		}
	}
	if flows == 0 || float64(named) < leastNamed*float64(flows) {
		t.Errorf("%d of %d flows are named", named, flows)
	}
}

// mostOf is a JA4 without what nDPI of October 2024 made otherwise than the
// specification: whether a domain is asked for, the letters of ALPN (the first
// two, where JA4 takes the first and the last), the hash of nothing, and the
// version DTLS had before 1.0.
func mostOf(ja4 string) string {
	const domain, alpn = 3, 8
	if len(ja4) < alpn+2 {
		return ja4
	}
	s := strings.Replace(ja4[:domain]+ja4[domain+1:alpn]+ja4[alpn+2:], "e3b0c44298fc", "000000000000", 1)
	return strings.Replace(s, "ds3", "d00", 1)
}

// sessionsOf are the values of a capture's records by connection, read once.
func sessionsOf(t *testing.T, known map[string]map[string]fields, path string) map[string]fields {
	t.Helper()
	if known[path] == nil {
		known[path] = bySession(flowtest.Records(t, path, protocols))
	}
	return known[path]
}

// flowKey is the connection of two ends, as bySession names it.
func flowKey(t *testing.T, a, ap, b, bp string) string {
	t.Helper()
	return sessionKey(end(t, a, ap), end(t, b, bp))
}

func end(t *testing.T, ip, port string) arkimeEnd {
	t.Helper()
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	a := strings.Trim(ip, "[]")
	if ip, err := netip.ParseAddr(a); err == nil {
		a = ip.String()
	}
	return arkimeEnd{IP: a, Port: uint16(n)}
}
