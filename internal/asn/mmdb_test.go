package asn

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mmdbFile is a MaxMind DB of format 2.0 (maxmind.github.io/MaxMind-DB) that
// knows one network, of IPv4, whose record is data.
func mmdbFile(p netip.Prefix, kind string, data []byte) []byte {
	var tree []byte
	nodes := p.Bits()
	a := p.Addr().As4()
	put := func(v int) { tree = append(tree, byte(v>>16), byte(v>>8), byte(v)) }
	for i := range nodes {
		next := i + 1
		if next == nodes {
			next = nodes + 16 // the record, after 16 bytes of zeros
		}
		if a[i/8]>>(7-i%8)&1 == 0 {
			put(next)
			put(nodes)
		} else {
			put(nodes)
			put(next)
		}
	}
	var b bytes.Buffer
	b.Write(tree)
	b.Write(make([]byte, 16))
	b.Write(data)
	b.WriteString("\xab\xcd\xefMaxMind.com")
	b.Write(dbMap(
		"node_count", dbUint(6, uint64(nodes)), "record_size", dbUint(5, 24), "ip_version", dbUint(5, 4),
		"binary_format_major_version", dbUint(5, 2), "binary_format_minor_version", dbUint(5, 0),
		"build_epoch", dbUint(9, 1767312000), "database_type", dbText(kind), "languages", []byte{0, 4}, "description", dbMap(),
	))
	return b.Bytes()
}

func dbText(s string) []byte {
	if len(s) >= 29 {
		return append([]byte{2<<5 | 29, byte(len(s) - 29)}, s...)
	}
	return append([]byte{2<<5 | byte(len(s))}, s...)
}

func dbUint(kind byte, v uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], v)
	digits := bytes.TrimLeft(raw[:], "\x00")
	if kind > 7 {
		return append([]byte{byte(len(digits)), kind - 7}, digits...)
	}
	return append([]byte{kind<<5 | byte(len(digits))}, digits...)
}

func dbMap(pairs ...any) []byte {
	b := []byte{7<<5 | byte(len(pairs)/2)}
	for _, p := range pairs {
		switch p := p.(type) {
		case string:
			b = append(b, dbText(p)...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func TestUserMMDB(t *testing.T) {
	in := netip.MustParsePrefix("203.0.113.0/24")
	for _, c := range []struct {
		kind string
		data []byte
		want Network
	}{
		{"GeoLite2-Country", dbMap("country", dbMap("iso_code", dbText("NO"))), Network{Country: "NO"}},
		{"GeoLite2-City", dbMap("registered_country", dbMap("iso_code", dbText("SE"))), Network{Country: "SE"}},
		{"GeoLite2-ASN", dbMap("autonomous_system_number", dbUint(6, 64500), "autonomous_system_organization", dbText("Example")), Network{ASN: 64500, Name: "Example"}},
		{"ipinfo lite", dbMap("country", dbText("Norway"), "country_code", dbText("NO"), "asn", dbText("AS64501"), "as_name", dbText("Fjord")), Network{Country: "NO", ASN: 64501, Name: "Fjord"}},
		{"iptoasn-country", dbMap("country_code", dbText("FI")), Network{Country: "FI"}},
	} {
		file := filepath.Join(t.TempDir(), "theirs.mmdb")
		if err := os.WriteFile(file, mmdbFile(in, c.kind, c.data), 0o600); err != nil {
			t.Fatal(err)
		}
		table, err := Open([]string{file})
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		if got := table.Lookup(netip.MustParseAddr("203.0.113.77")); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.kind, got, c.want)
		}
		if got := table.Lookup(netip.MustParseAddr("203.0.112.77")); got.Known() && got == c.want {
			t.Errorf("%s: a neighbour has %+v", c.kind, got)
		}
		if s := table.Sources()[0]; s.Date != "2026-01-02" || !strings.Contains(s.Name, c.kind) {
			t.Errorf("%s: source %+v", c.kind, s)
		}
	}
}

// A damaged MaxMind DB is refused or answers; it never hurts.
func FuzzMMDB(f *testing.F) {
	f.Add(mmdbFile(netip.MustParsePrefix("203.0.113.0/24"), "x", dbMap("country", dbMap("iso_code", dbText("NO")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := openMMDB("fuzz", b)
		if err != nil {
			return
		}
		for _, a := range []string{"203.0.113.1", "0.0.0.0", "2001:db8::1"} {
			if n := m.find(netip.MustParseAddr(a)); n.Country != "" && !isCountry(n.Country) {
				t.Fatalf("country %q", n.Country)
			}
		}
		m.source()
	})
}
