package app

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/flow/flowtest"
	"longwatch/internal/record"
)

// arkimeEnd is one end of a session of Arkime's.
type arkimeEnd struct {
	IP   string `json:"ip"`
	Port uint16 `json:"port"`
}

// arkimeSession is what is compared of one.
type arkimeSession struct {
	Source      arkimeEnd `json:"source"`
	Destination arkimeEnd `json:"destination"`
	IPProtocol  uint8     `json:"ipProtocol"`
	Network     struct {
		CommunityID string `json:"community_id"`
	} `json:"network"`
	TLS struct {
		JA3  []string `json:"ja3"`
		JA3S []string `json:"ja3s"`
		JA4  []string `json:"ja4"`
	} `json:"tls"`
	SSH struct {
		HASSH  []string `json:"hassh"`
		Server []string `json:"hasshServer"`
	} `json:"ssh"`
	DNS []struct {
		Query string `json:"queryHost"`
	} `json:"dns"`
	HTTP struct {
		Host []string `json:"host"`
		URI  []string `json:"uri"`
	} `json:"http"`
}

// arkimeDiffers are the differences that are known, by capture and measure,
// each with its reason.
var arkimeDiffers = map[string]string{
	"gtp-iphone community_id":       "Arkime orders the ends of one-way ICMP, which the specification does not",
	"v6 community_id":               "Arkime orders the ends of one-way ICMP, which the specification does not",
	"IKEv2 community_id":            "Arkime hashes ports of 0 of a protocol without ports, which the specification does not",
	"ah-esp community_id":           "Arkime hashes ports of 0 of a protocol without ports, which the specification does not",
	"m3ua_synthetic community_id":   "connections of SCTP have no ports, so associations of the same hosts are one, as in Zeek",
	"sctp-www community_id":         "connections of SCTP have no ports, so two associations of the same hosts are one, as in Zeek",
	"sctp-www uri":                  "HTTP over SCTP is not read",
	"sctp-www host":                 "HTTP over SCTP is not read",
	"arkime_synthetic ja3s":         "the server hello is malformed: its only extension is cut",
	"arkime_synthetic uri":          "HTTP/2 by its preface is no request",
	"arkime_synthetic query":        "Zeek leaves the root's name empty, and keeps names as they are on the wire: xn--",
	"dns-dnskey query":              "Zeek leaves the root's name empty",
	"dns-punycode query":            "Zeek keeps names as they are on the wire: xn--",
	"dns-update query":              "the zone of an update is no query; Zeek has the name updated",
	"openvpn_synthetic ja3":         "TLS in OpenVPN's control channel is not read",
	"openvpn_synthetic ja3s":        "TLS in OpenVPN's control channel is not read",
	"openvpn_synthetic ja4":         "TLS in OpenVPN's control channel is not read",
	"wireshark-retrans host":        "an empty name",
	"arkime_synthetic community_id": "ESP as in IKEv2, and VXLAN-GPE without the flag that tells it from VXLAN",
}

// TestSessionsAgreeWithArkime compares identifiers and fingerprints that both
// tools take from the same published definitions, and names.
func TestSessionsAgreeWithArkime(t *testing.T) {
	root := flowtest.Corpus(t, "arkime")
	expected, err := filepath.Glob(filepath.Join(root, "expected", "*.json"))
	if err != nil || len(expected) == 0 {
		t.Fatalf("no expected sessions: %v", err)
	}
	met := map[string]bool{}
	for _, path := range expected {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		b, err := os.ReadFile(path) // #nosec G304 -- of the corpus
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Sessions []struct {
				Body arkimeSession `json:"body"`
			} `json:"sessions3"`
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := bySession(flowtest.Records(t, filepath.Join(root, "pcap", name+".pcap"), protocols))
		for i := range want.Sessions {
			s := &want.Sessions[i].Body
			for measure, missing := range s.missing(got) {
				if key := name + " " + measure; arkimeDiffers[key] != "" {
					met[key] = true
				} else {
					t.Errorf("%s: %s %v to %v (%d): %q is missing", name, measure, s.Source, s.Destination, s.IPProtocol, missing)
				}
			}
		}
	}
	for key, why := range arkimeDiffers {
		if !met[key] {
			t.Errorf("%s does not differ any more: %s", key, why)
		}
	}
}

// fields are the values of one session's records, by record type and field.
type fields map[string]map[string][]string

func sessionKey(a, b arkimeEnd) string {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	return min(x, y) + " " + max(x, y)
}

// bySession sorts the values of records by the connection's ends. ICMP and what
// has no ports is found under port 0.
func bySession(recs []record.Record) map[string]fields {
	out := map[string]fields{}
	for _, r := range recs {
		typ := r.RecordType()
		text := func(name string) string {
			f, ok := typ.Field(name)
			if !ok || len(f.Text(r)) == 0 {
				return ""
			}
			return f.Text(r)[0]
		}
		var a, b arkimeEnd
		a.IP, b.IP = text("id.orig_h"), text("id.resp_h")
		if p := text("proto"); p == "tcp" || p == "udp" || typ.Name != "conn" {
			_, _ = fmt.Sscan(text("id.orig_p"), &a.Port)
			_, _ = fmt.Sscan(text("id.resp_p"), &b.Port)
		}
		k := sessionKey(a, b)
		if out[k] == nil {
			out[k] = fields{}
		}
		if out[k][typ.Name] == nil {
			out[k][typ.Name] = map[string][]string{}
		}
		for i := range typ.Fields {
			f := &typ.Fields[i]
			out[k][typ.Name][f.Name] = append(out[k][typ.Name][f.Name], f.Text(r)...)
		}
	}
	return out
}

// missing is what of the session the records do not have, by measure.
func (s *arkimeSession) missing(got map[string]fields) map[string]string {
	ends := [2]arkimeEnd{s.Source, s.Destination}
	if s.IPProtocol != 6 && s.IPProtocol != 17 {
		ends[0].Port, ends[1].Port = 0, 0
	}
	x := got[sessionKey(ends[0], ends[1])]
	out := map[string]string{}
	want := func(measure string, values []string, have ...string) {
		for _, v := range values {
			if !slices.Contains(have, v) {
				out[measure] = v
			}
		}
	}
	if id := s.Network.CommunityID; id != "" {
		want("community_id", []string{id}, x["conn"]["community_id"]...)
	}
	want("ja3", s.TLS.JA3, x["ssl"]["ja3"]...)
	want("ja3s", s.TLS.JA3S, x["ssl"]["ja3s"]...)
	want("ja4", s.TLS.JA4, append(x["ssl"]["ja4"], x["quic"]["ja4"]...)...)
	want("hassh", s.SSH.HASSH, x["ssh"]["hassh"]...)
	want("hasshServer", s.SSH.Server, x["ssh"]["hasshServer"]...)
	for _, q := range s.DNS {
		if q.Query != "" {
			want("query", []string{strings.ToLower(q.Query)}, x["dns"]["query"]...)
		}
	}
	if len(s.HTTP.URI) == 0 {
		return out // a host of another protocol
	}
	var hosts, uris []string
	for _, h := range x["http"]["host"] {
		host, _, _ := strings.Cut(strings.ToLower(h), ":")
		hosts = append(hosts, h, strings.ToLower(h), host)
	}
	// Arkime puts the host in front; we decode what need not be encoded, as Zeek does.
	plain := func(u string) string {
		u = strings.TrimPrefix(strings.TrimPrefix(u, "http:"), "//")
		if d, err := url.PathUnescape(u); err == nil {
			u = d
		}
		return u
	}
	for _, u := range x["http"]["uri"] {
		uris = append(uris, plain(u))
		for _, h := range x["http"]["host"] {
			uris = append(uris, plain(h+u))
		}
	}
	want("host", s.HTTP.Host, hosts...)
	for _, u := range s.HTTP.URI {
		want("uri", []string{plain(u)}, uris...)
	}
	return out
}
