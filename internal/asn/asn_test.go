package asn

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The registries' own addresses and those of well-known resolvers: who they
// belong to is published by their holders.
func TestBuiltin(t *testing.T) {
	for _, c := range []struct {
		addr    string
		asn     uint32
		name    string // part of
		country string
	}{
		{"193.0.6.139", 3333, "RIPE NCC", "NL"},
		{"8.8.8.8", 15169, "Google", "US"},
		{"9.9.9.9", 19281, "Quad9", "US"},
		{"1.1.1.1", 13335, "Cloudflare", "AU"}, // given out to APNIC
		{"200.160.2.3", 22548, "NIC.BR", "BR"},
		{"196.216.2.1", 33764, "AFRINIC", "ZA"},
		{"221.130.1.1", 9808, "China Mobile", "CN"},
		{"2001:67c:2e8:22::c100:68b", 3333, "RIPE NCC", "NL"},
		{"2001:4860:4860::8888", 15169, "Google", "US"},
		{"::ffff:8.8.8.8", 15169, "Google", "US"},
		{"10.1.2.3", 0, "", ""},
		{"192.168.7.7", 0, "", ""},
		{"127.0.0.1", 0, "", ""},
		{"224.0.0.251", 0, "", ""},
		{"fe80::1", 0, "", ""},
		{"fd00::1", 0, "", ""},
	} {
		n := New().Lookup(netip.MustParseAddr(c.addr))
		if n.ASN != c.asn || n.Country != c.country || !strings.Contains(strings.ToLower(n.Name), strings.ToLower(c.name)) {
			t.Errorf("%s: %+v, want AS%d %s, %s", c.addr, n, c.asn, c.name, c.country)
		}
	}
	if got := New().Sources(); len(got) != 1 || len(got[0].Date) != len("2026-06-17") || !strings.Contains(got[0].From, "CC BY 4.0") {
		t.Errorf("sources %+v", got)
	}
	var none *Table
	if none.Lookup(netip.MustParseAddr("8.8.8.8")).Known() {
		t.Error("the nil table knows something")
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		n    Network
		want string
	}{
		{Network{"NL", 3333, "Example"}, "AS3333 Example, NL"},
		{Network{"NL", 3333, ""}, "AS3333, NL"},
		{Network{"NL", 0, ""}, "NL"},
		{Network{"", 0, "Example"}, "Example"},
		{Network{}, "unknown network"},
	} {
		if got := c.n.String(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.n, got, c.want)
		}
	}
}

func TestUserCSV(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ours.csv")
	text := "network,asn,country,name\n" +
		"192.0.2.0/24,AS64500,de,Main office\n" +
		"192.0.2.128/25,64501,FR,\"Branch, Lyon\"\n" +
		"10.20.0.0/16,,,Plant\n" +
		"8.8.8.8,XX\n" +
		"198.51.100.10,198.51.100.20,64502,IT,Range\n" +
		"2001:db8::/32,64503,SE,Six\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := Open([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr string
		want Network
	}{
		{"192.0.2.1", Network{"DE", 64500, "Main office"}},
		{"192.0.2.200", Network{"FR", 64501, "Branch, Lyon"}},
		{"10.20.30.40", Network{"", 0, "Plant"}},
		{"10.21.0.1", Network{}},
		{"198.51.100.9", Network{}},
		{"198.51.100.10", Network{"IT", 64502, "Range"}},
		{"198.51.100.20", Network{"IT", 64502, "Range"}},
		{"198.51.100.21", Network{}},
		{"2001:db8::1", Network{"SE", 64503, "Six"}},
		{"8.8.8.8", Network{"XX", 15169, "Google LLC"}}, // theirs first, ours where they are silent
	} {
		if got := table.Lookup(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.addr, got, c.want)
		}
	}
	if s := table.Sources(); len(s) != 2 || s[0].Name != "ours.csv" {
		t.Errorf("sources %+v", s)
	}
}

func TestUserRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("not a table\nat all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open([]string{file}); err == nil || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("error %v, want one that names the file", err)
	}
}

func TestPack(t *testing.T) {
	addr := netip.MustParseAddr
	rows := []Range{
		{addr("1.0.0.0"), addr("1.0.0.255"), Network{ASN: 7, Name: "seven"}},
		{addr("1.0.0.128"), addr("1.0.1.255"), Network{ASN: 8, Name: "eight"}}, // the overlap stays with seven
		{addr("1.0.0.200"), addr("1.0.0.210"), Network{ASN: 9, Name: "nine"}},
		{addr("255.255.255.0"), addr("255.255.255.255"), Network{ASN: 7, Name: "seven"}},
		{addr("1.0.0.0"), addr("2.255.255.255"), Network{Country: "AU"}},
		{addr("2001:200::"), addr("2001:200:ffff:ffff:ffff:ffff:ffff:ffff"), Network{Country: "JP"}},
	}
	data, err := Pack(Header{Name: "test", Date: "2026-01-02", From: "us"}, slices.Clone(rows))
	if err != nil {
		t.Fatal(err)
	}
	p, err := unpack(data)
	if err != nil {
		t.Fatal(err)
	}
	for a, want := range map[string]Network{
		"0.255.255.255": {}, "1.0.0.0": {"AU", 7, "seven"}, "1.0.0.205": {"AU", 7, "seven"}, "1.0.1.0": {"AU", 8, "eight"},
		"1.0.2.0": {Country: "AU"}, "3.0.0.0": {}, "255.255.255.255": {ASN: 7, Name: "seven"}, "2001:200::5": {Country: "JP"}, "2001:201::": {},
	} {
		if got := p.find(addr(a)); got != want {
			t.Errorf("%s: %+v, want %+v", a, got, want)
		}
	}
	if p.source() != (Source{"test", "2026-01-02", "us"}) {
		t.Errorf("source %+v", p.source())
	}
}

func TestGuess(t *testing.T) {
	for name, want := range map[string]Kind{
		"DigitalOcean, LLC": Hosting, "The Constant Company, LLC": Hosting, "Hetzner Online GmbH": Hosting, "OVH SAS": Hosting,
		"Comcast Cable Communications, LLC": Access, "Deutsche Telekom AG": Access, "China Mobile": Access, "Telia Company AB": Access,
		"University of California, San Diego": Unknown, "SURF B.V.": Unknown, "": Unknown,
	} {
		if got := (Network{Name: name}).Guess(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A damaged database is refused or answers; it never hurts.
func FuzzPacked(f *testing.F) {
	data, err := Pack(Header{Name: "seed"}, []Range{{netip.MustParseAddr("1.0.0.0"), netip.MustParseAddr("1.0.0.255"), Network{Country: "AU", ASN: 7, Name: "seven"}}})
	if err != nil {
		f.Fatal(err)
	}
	p, err := unpack(data)
	if err != nil {
		f.Fatal(err)
	}
	plain := []byte(magic + "{}\n")
	plain = binary.AppendUvarint(plain, 1)
	f.Add(append(plain, 7, 1, 'x', 0, 2, 1, 2, 1, 0, 0, 0, 0))
	f.Add([]byte(magic))
	_ = p
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parse(b)
		if err != nil {
			return
		}
		for _, s := range []steps{p.as[0], p.as[1], p.cc[0], p.cc[1]} {
			if !slices.IsSorted(s.start) {
				t.Fatal("starts do not rise")
			}
		}
		for _, a := range []string{"0.0.0.0", "1.0.0.1", "255.255.255.255", "2001:db8::1"} {
			p.find(netip.MustParseAddr(a))
		}
	})
}

// Every row of a table that was read is found at its own first address, or a
// narrower one is.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("192.0.2.0/24,AS64500,de,Main office\n10.0.0.1,10.0.0.9,FR\n"))
	f.Add([]byte("1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n"))
	f.Add([]byte("\"::1\";xx;\"a\"\"b\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := readCSV("fuzz", bytes.Clone(b))
		if err != nil || len(table.list) > maxLook {
			return
		}
		for _, r := range table.list {
			if !table.find(r.First).Known() {
				t.Fatalf("%v to %v is not found", r.First, r.Last)
			}
		}
	})
}
