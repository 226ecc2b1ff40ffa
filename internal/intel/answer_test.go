package intel

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const mispMay = `{"Event":{"uuid":"5f6b2d3c-0000-4000-8000-000000000001","info":"Campaign of May","threat_level_id":"1","Orgc":{"name":"Example CERT"},"Tag":[{"name":"tlp:amber"}],
"Attribute":[{"type":"domain","value":"evil.example.org","first_seen":"2026-04-01T00:00:00Z","last_seen":"2026-05-01T00:00:00Z"},{"type":"ip-dst","value":"198.51.100.7"},
{"type":"mutex","value":"Global\\Mx"},{"type":"md5","value":"00112233445566778899aabbccddeeff"}]}}`

const stixMay = `{"type":"bundle","id":"bundle--1","objects":[
{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":"[domain-name:value = 'evil.example.org']","confidence":40,"valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-06-01T00:00:00Z",
 "created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","object_marking_refs":["marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"]},
{"type":"indicator","id":"indicator--2","pattern_type":"stix","pattern":"[url:value = 'http://other.example.net/a']","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"},
{"type":"malware","id":"malware--1","name":"Loader","is_family":true,"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"},
{"type":"relationship","id":"relationship--1","relationship_type":"indicates","source_ref":"indicator--1","target_ref":"malware--1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"},
{"type":"report","id":"report--1","name":"R","object_refs":["indicator--1","indicator--2"],"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z"}]}`

// TestAsk: several sources of a value are one answer, with what covers it, what
// was published with it, and how sure it is on the day.
func TestAsk(t *testing.T) {
	set, report := load(t, map[string]string{
		"misp.json": mispMay, "stix.json": stixMay,
		"z.intel": zeekHead + "example.org\tIntel::DOMAIN\tBlock\tF\tzone\n198.51.0.0/16\tIntel::SUBNET\tBlock\tF\tnet\n198.51.100.0/24\tIntel::SUBNET\tBlock\tF\tnet\n",
		"w.json":  `{"name":"top","type":"hostname","list":["example.org"]}`,
		"e.csv":   "#model_version:v1,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2025-0001,0.9,0.99\n",
	})
	if report.Refused != 0 {
		t.Fatal(report.Reasons)
	}
	a := set.Ask("hxxp://evil[.]example[.]org/x", when("2026-08-29", false)) // 120 days after it was last seen: half a life of domains
	if len(a.Known) != 0 || len(a.Covering) != 2 || a.Covering[0].Value != "evil.example.org" || a.Covering[1].Value != "example.org" {
		t.Fatalf("a URL below listed names: %+v", a)
	}
	a = set.Ask("EVIL.example.org.", when("2026-08-29", false))
	if len(a.Known) != 1 || len(a.Known[0].Says) != 2 || len(a.Covering) != 1 || a.Covering[0].Value != "example.org" {
		t.Fatalf("answer = %+v", a)
	}
	got := fmt.Sprintf("%+v", a.Known[0].Says)
	for _, want := range []string{
		"Source:Example CERT", "Given:80 Now:40 Why:not seen since 2026-05-01", "Marking:amber", `Event:event 5f6b2d3c-0000-4000-8000-000000000001 "Campaign of May"`,
		"Given:40 Now:20 Why:expired", "Marking:clear", `Links:[indicates malware "Loader"]`, `Event:report "R"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if a.Best != 50 || a.Marking != "amber" || a.Harmless != "top" { // 50: the listed zone, which does not say when
		t.Errorf("best %d, marking %q, harmless %q", a.Best, a.Marking, a.Harmless)
	}
	together := map[string]string{}
	for _, e := range a.Together {
		var values []string
		for _, v := range e.Values {
			values = append(values, v.Kind+" "+v.Value)
		}
		slices.Sort(values)
		together[e.Event] = fmt.Sprintf("%d: %s", e.Count, strings.Join(values, ", "))
	}
	if got, want := together[`event 5f6b2d3c-0000-4000-8000-000000000001 "Campaign of May"`], "3: address 198.51.100.7, hash 00112233445566778899aabbccddeeff, mutex Mx"; got != want {
		t.Errorf("published together %q, want %q", got, want)
	}
	if got, want := together[`report "R"`], "1: url other.example.net/a"; got != want {
		t.Errorf("in the report %q, want %q", got, want)
	}

	a = set.Ask("198[.]51.100.7", when("2026-05-02", false))
	var nets []string
	for _, k := range a.Covering {
		nets = append(nets, k.Value)
	}
	if len(a.Known) != 1 || !slices.Equal(nets, []string{"198.51.100.0/24", "198.51.0.0/16"}) {
		t.Errorf("an address in two listed networks: %+v", a)
	}
	for value, want := range map[string]string{
		`\BaseNamedObjects\Mx`: "mutex Mx", "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF": "hash 00112233445566778899aabbccddeeff", "cve-2025-0001": "vulnerability CVE-2025-0001",
	} {
		if a := set.Ask(value, 0); len(a.Known) != 1 || a.Known[0].Kind+" "+a.Known[0].Value != want {
			t.Errorf("%s: %+v, want %s", value, a.Known, want)
		}
	}
	if a := set.Ask("nothing.test", 0); len(a.Known)+len(a.Covering)+len(a.Together) != 0 || a.Best != 0 {
		t.Errorf("a stranger: %+v", a)
	}
}

// TestSubnets: an address is in the closest of random subnets that holds it, and
// in none when none does, in memory and in a file.
func TestSubnets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	address := func() netip.Addr {
		if r.IntN(2) == 0 { // few enough that many fall into a subnet
			return netip.AddrFrom4([4]byte{byte(11 + r.IntN(3)), byte(r.IntN(4)), byte(r.IntN(256)), byte(r.IntN(256))})
		}
		return netip.AddrFrom16([16]byte{0x2a, 0, byte(r.IntN(2)), byte(r.IntN(4)), byte(r.IntN(4)), 15: byte(r.IntN(256))})
	}
	var nets []netip.Prefix
	var list strings.Builder
	for range 60 {
		a := address()
		bits := 12 + r.IntN(21)
		if a.Is6() {
			bits = 26 + r.IntN(40)
		}
		p := netip.PrefixFrom(a, bits).Masked()
		nets = append(nets, p)
		list.WriteString(p.String() + "\tIntel::SUBNET\tS\tF\td\n")
	}
	dir := feedDir(t, map[string]string{"a.intel": zeekHead + list.String()})
	file := filepath.Join(t.TempDir(), "x.lwi")
	if _, err := Build(file, "test", false, Path(dir)); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{dir, file} {
		set, report := Load(Path(source))
		if report.Refused != 0 {
			t.Fatal(report.Reasons)
		}
		in := 0
		for range 3000 {
			a := address()
			want := ""
			best := -1
			for _, p := range nets {
				if p.Contains(a) && p.Bits() > best {
					best, want = p.Bits(), p.String()
				}
			}
			got := ""
			m := set.Matcher()
			m.address(a, func(e ref) { got = set.rows(e)[0].Value })
			if got != want {
				t.Fatalf("%s: %v is in %q, want %q", source, a, got, want)
			}
			if want != "" {
				in++
			}
		}
		if in < 100 || in > 2900 {
			t.Errorf("%d of 3000 addresses are in a subnet: that tries too little", in)
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
}
