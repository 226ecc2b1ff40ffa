package intel

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// lookup is a record with one entity of each kind that indicators speak of.
type lookup struct {
	record.Conn
	Query   string   `rec:"query" ent:"domain,queried"`
	Link    string   `rec:"link" ent:"url"`
	Digest  string   `rec:"digest" ent:"hash"`
	Sender  string   `rec:"sender" ent:"email,sender"`
	Path    string   `rec:"path" ent:"file"`
	Agent   string   `rec:"agent" ent:"user_agent"`
	JA3     string   `rec:"ja3" ent:"ja3"`
	Cert    string   `rec:"cert" ent:"certificate"`
	Account string   `rec:"account" ent:"user"`
	Host    string   `rec:"host" ent:"host"`
	URI     string   `rec:"uri"`
	Names   []string `rec:"names" ent:"domain"`
}

var lookupType = record.Of[lookup]("lookup")

func (*lookup) RecordType() *record.Type { return lookupType }

func load(t testing.TB, files map[string]string) (*Set, Report) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Load(FS(fsys, "."))
}

func matches(s *Set, r record.Record) []finding.Finding {
	var out []finding.Finding
	m := s.Matcher()
	m.Match(r, func(f finding.Finding) { out = append(out, f) })
	return out
}

const zeekHead = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.do_notice\tmeta.desc\n"

func zeekFile(rows ...string) map[string]string {
	return map[string]string{"a.intel": zeekHead + strings.Join(rows, "\n") + "\n"}
}

func TestWhatMatchesWhat(t *testing.T) {
	set, report := load(t, zeekFile(
		"example.com\tIntel::DOMAIN\tS\tF\td",
		"198.18.0.0/15\tIntel::SUBNET\tS\tF\td",
		"8.8.0.0/16\tIntel::SUBNET\tS\tF\td",
		"8.8.8.0/24\tIntel::SUBNET\tS\tF\td",
		"2001:db8::/32\tIntel::SUBNET\tS\tF\td",
		"9.9.9.9\tIntel::ADDR\tS\tF\td",
		"http://Evil.test/a/b/\tIntel::URL\tS\tF\td",
		"00112233445566778899AABBCCDDEEFF\tIntel::FILE_HASH\tS\tF\td",
		"bad@mail.test\tIntel::EMAIL\tS\tF\td",
		"dropper.exe\tIntel::FILE_NAME\tS\tF\td",
		`\Videos\msedgeupdate.exe`+"\tIntel::FILE_NAME\tS\tF\td",
		"evil-agent/1.0\tIntel::SOFTWARE\tS\tF\td",
		"aabbccddeeff00112233445566778899\tIntel::JA3\tS\tF\td",
		"2b640582bbbffe58c4efb8ab5a0412e95130e70a587fd1e194fbcd4b33d432cf\tIntel::CERT_HASH\tS\tF\td",
		"mallory\tIntel::USER_NAME\tS\tF\td",
	))
	if report.Refused != 0 || report.Loaded != 15 {
		t.Fatalf("report = %+v", report)
	}
	tests := []struct {
		name string
		r    lookup
		want string // value of the indicator, empty for silence
	}{
		{"domain", lookup{Query: "example.com"}, "example.com"},
		{"domain below, case and final dot", lookup{Query: "A.b.EXAMPLE.com."}, "example.com"},
		{"other domain with that ending", lookup{Query: "notexample.com"}, ""},
		{"domain above", lookup{Query: "com"}, ""},
		{"one of several", lookup{Names: []string{"good.test", "x.example.com"}}, "example.com"},
		{"address", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("9.9.9.9")}}, "9.9.9.9"},
		{"mapped address", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("::ffff:9.9.9.9")}}, "9.9.9.9"},
		{"longest subnet", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("8.8.8.8")}}, "8.8.8.0/24"},
		{"wider subnet", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("8.8.9.1")}}, "8.8.0.0/16"},
		{"IPv6 subnet", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("2001:db8:1::1")}}, "2001:db8::/32"},
		{"no subnet", lookup{Conn: record.Conn{RespH: netip.MustParseAddr("8.9.0.1")}}, ""},
		{"URL below the path", lookup{Link: "https://evil.test/a/b/c.php?x=1"}, "evil.test/a/b"},
		{"URL, query at once", lookup{Link: "http://evil.test/a/b?x"}, "evil.test/a/b"},
		{"URL with longer part", lookup{Link: "http://evil.test/a/bc"}, ""},
		{"URL whose host is listed", lookup{Link: "http://user@www.example.com:8080/x"}, "example.com"},
		{"request", lookup{Host: "evil.test", URI: "/a/b/c"}, "evil.test/a/b"},
		{"hash", lookup{Digest: "00112233445566778899aabbccddeeff"}, "00112233445566778899aabbccddeeff"},
		{"hash that is longer", lookup{Digest: "00112233445566778899aabbccddeeff00000000"}, ""},
		{"e-mail", lookup{Sender: "Bad@mail.test"}, "bad@mail.test"},
		{"sender's domain", lookup{Sender: "x@example.com"}, "example.com"},
		{"file by name", lookup{Path: `C:\Temp\Dropper.exe`}, "dropper.exe"},
		{"file by ending", lookup{Path: `C:\Users\a\Videos\msedgeupdate.exe`}, "videos/msedgeupdate.exe"},
		{"file elsewhere", lookup{Path: `C:\Users\a\msedgeupdate.exe`}, ""},
		{"user agent", lookup{Agent: "evil-agent/1.0"}, "evil-agent/1.0"},
		{"JA3", lookup{JA3: "aabbccddeeff00112233445566778899"}, "aabbccddeeff00112233445566778899"},
		{"certificate", lookup{Cert: "2B:64:05:82:BB:BF:FE:58:C4:EF:B8:AB:5A:04:12:E9:51:30:E7:0A:58:7F:D1:E1:94:FB:CD:4B:33:D4:32:CF"}, "2b640582bbbffe58c4efb8ab5a0412e95130e70a587fd1e194fbcd4b33d432cf"},
		{"account of a domain", lookup{Account: `CORP\Mallory`}, "mallory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := matches(set, &tt.r)
			if tt.want == "" {
				if len(got) != 0 {
					t.Fatalf("found %v", got[0].Why)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Why[0], fmt.Sprintf("indicator %q", tt.want)) {
				t.Fatalf("findings = %+v, want one for %q", got, tt.want)
			}
			f := got[0]
			if f.Detector != "intel:S" || f.Severity != finding.Medium || f.ID == "" || !strings.Contains(f.Why[1], "a.intel line ") {
				t.Errorf("finding = %+v", f)
			}
		})
	}
}

func TestRowsAreLoadedOrReported(t *testing.T) {
	tests := []struct {
		name, file, text string
		loaded           []string
		refused          []string
	}{
		{"list", "l.txt", "# head\n1.2.3.4\nhxxp://evil[.]test/x\n\nevil(dot)test ; seen in May\nnot an indicator\n0.0.0.0 ads.test\n" + strings.Repeat("a", 40) + "\n",
			[]string{"address 1.2.3.4", "url evil.test/x", "domain evil.test", "domain ads.test", "hash " + strings.Repeat("a", 40)},
			[]string{"6"}},
		{"csv with header", "c.csv", "first_seen,ioc,type,comment\n2024-01-01,1.2.3.4:443,ip:port,\"C2, old\"\n2024-01-01,zzz,md5_hash,x\n",
			[]string{"address 1.2.3.4"}, []string{"3"}},
		{"csv with commented header", "c.csv", "# \"first_seen_utc\",\"ioc_value\",\"ioc_type\"\n\"2024-01-01 00:00:00\",\"evil.test\",\"domain\"\n",
			[]string{"domain evil.test"}, nil},
		{"csv without header", "c.csv", "x,evil.test,1\ny,other.test,2\n", []string{"domain evil.test", "domain other.test"}, nil},
		{"zeek, odd rows", "z.intel", zeekHead + "\tIntel::ADDR\ts\tF\td\n1.2.3.4\tIntel::PLANET\ts\tF\td\n0.0.0.0/0\tIntel::SUBNET\ts\tF\td\nevil.test/x\tIntel::DOMAIN\ts\tF\td\n1.2.3.0/24\tIntel::ADDR\ts\tF\td\n",
			[]string{"url evil.test/x", "subnet 1.2.3.0/24"}, []string{"2", "3", "4"}},
		{"profile", "indicators.yaml", "profile: p\nindicators:\n  - {type: domain, values: [a.test, b.test], source: s, weight: strong}\n  - {type: domain, value: c.test, weight: strong}\n  - {type: domain, value: d.test, source: s, weight: huge}\n",
			[]string{"domain a.test", "domain b.test"}, []string{"4", "5"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, report := load(t, map[string]string{tt.file: tt.text})
			var got, bad []string
			for ind := range set.All {
				got = append(got, ind.Kind.String()+" "+ind.Value)
			}
			for _, r := range report.Reasons {
				bad = append(bad, fmt.Sprint(r.Line))
				if r.File != tt.file || r.Reason == "" {
					t.Errorf("refusal = %+v", r)
				}
			}
			if !slices.Equal(got, tt.loaded) {
				t.Errorf("loaded %q, want %q", got, tt.loaded)
			}
			if !slices.Equal(bad, tt.refused) {
				t.Errorf("refused %v, want lines %v", report.Reasons, tt.refused)
			}
			if report.Rows != report.Loaded+report.Refused || report.Loaded != len(got) {
				t.Errorf("report does not add up: %+v", report)
			}
		})
	}
}

func TestGrades(t *testing.T) {
	day := func(s string) record.Time { return when(s, false) }
	set, report := load(t, map[string]string{
		"indicators.yaml": `
profile: camp
indicators:
  - {type: domain, value: strong.test, source: s, weight: strong, valid_from: 2024-01-01, valid_until: 2024-06-30, dossier: [OP-05]}
  - {type: domain, value: weak.test, source: s, weight: weak}
  - {type: domain, value: none.test, source: s, weight: none}
  - {type: address, value: 1.2.3.4, port: 8053, source: s, weight: medium}
  - {type: address, value: 1.2.3.5, role: originator, source: s, weight: medium}
`,
		"f.csv": "ioc,confidence\nsure.test,90\nmaybe.test,40\n10.0.0.1,90\n",
	})
	if report.Refused != 0 {
		t.Fatal(report.Reasons)
	}
	inside, after := day("2024-06-30").Add(23*3600e9), day("2024-07-01").Add(1e9)
	conn := func(state string, port uint16, orig, resp string) *network.Conn {
		c := &network.Conn{State: state}
		c.OrigH, c.RespH, c.RespP = netip.MustParseAddr(orig), netip.MustParseAddr(resp), port
		return c
	}
	tests := []struct {
		name string
		r    record.Record
		want string
	}{
		{"strong, last day of the window", &lookup{Conn: record.Conn{Head: record.Head{TS: inside}}, Query: "strong.test"}, "high 90"},
		{"strong, day after", &lookup{Conn: record.Conn{Head: record.Head{TS: after}}, Query: "strong.test"}, "info 0"},
		{"weak", &lookup{Query: "weak.test"}, "low 30"},
		{"context", &lookup{Query: "none.test"}, "info 0"},
		{"confident feed", &lookup{Query: "sure.test"}, "high 90"},
		{"unsure feed", &lookup{Query: "maybe.test"}, "medium 40"},
		{"private address", conn("SF", 80, "10.0.0.9", "10.0.0.1"), "info 0"},
		{"port fits", conn("SF", 8053, "10.0.0.9", "1.2.3.4"), "medium 60"},
		{"port differs", conn("SF", 80, "10.0.0.9", "1.2.3.4"), ""},
		{"role fits", conn("SF", 80, "1.2.3.5", "10.0.0.9"), "medium 60"},
		{"role differs", conn("SF", 80, "10.0.0.9", "1.2.3.5"), ""},
		{"nothing was exchanged", conn("S0", 80, "1.2.3.5", "10.0.0.9"), "low 60"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, f := range matches(set, tt.r) {
				got = fmt.Sprintf("%v %d", f.Severity, f.Confidence)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	m := set.Matcher()
	m.AsOf = day("2025-01-01")
	m.Match(tests[0].r, func(f finding.Finding) {
		if f.Confidence != 45 || f.Severity != finding.Medium {
			t.Errorf("expired since: %v %d, want half weight", f.Severity, f.Confidence)
		}
	})
}

// TestExpiredBelowValid: a name below that was somebody else's once does not
// hide the domain that is listed now.
func TestExpiredBelowValid(t *testing.T) {
	set, _ := load(t, map[string]string{"indicators.yaml": `
profile: op-512
indicators:
  - {type: domain, value: evil.test, valid_from: 2026-01-01, weight: strong, source: S, title: New}
  - {type: domain, value: c.evil.test, valid_until: 2025-12-31, weight: medium, source: S, title: Old}
`})
	at := func(day time.Time) []string {
		r := &lookup{Query: "x.c.evil.test"}
		r.TS = record.TimeOf(day)
		var out []string
		for _, f := range matches(set, r) {
			if f.Confidence > 0 {
				out = append(out, f.Title)
			}
		}
		return out
	}
	if got := at(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); !slices.Equal(got, []string{"New"}) {
		t.Errorf("in 2026: %q", got)
	}
	if got := at(time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)); !slices.Equal(got, []string{"Old"}) {
		t.Errorf("in 2025: %q", got)
	}
}

func TestOneFindingPerFeed(t *testing.T) {
	set, _ := load(t, zeekFile("1.2.3.4\tIntel::ADDR\tA\tF\tone", "1.2.3.4\tIntel::ADDR\tA\tF\ttwo", "1.2.3.4\tIntel::ADDR\tB\tF\tthree"))
	c := &network.Conn{State: "SF"}
	c.OrigH, c.RespH = netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("1.2.3.4")
	got := matches(set, c)
	if len(got) != 2 || got[0].Detector != "intel:A" || got[1].Detector != "intel:B" {
		t.Fatalf("findings = %+v", got)
	}
	if why := strings.Join(got[0].Why, "\n"); !strings.Contains(why, `line 2: listed by "A" as "one"`) || !strings.Contains(why, `line 3: listed by "A" as "two"`) {
		t.Errorf("why = %s", why)
	}
	d := *c
	d.Ref = record.Ref{File: "other", Pos: 9}
	if again := matches(set, &d); Key(&again[0]) != Key(&got[0]) || Key(&got[0]) == Key(&got[1]) {
		t.Error("Key does not hold together what is one claim")
	}
}

// TestPublishedFeeds loads Zeek intel files as published; counts.tsv beside
// them says how many indicators each holds.
func TestPublishedFeeds(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "corpora", "intel", "zeek-feeds")
	counts, err := os.ReadFile(filepath.Join(dir, "counts.tsv"))
	if err != nil {
		t.Skip("corpus not there: ", err)
	}
	set, report := Load(Path(dir))
	want := map[string]string{}
	for line := range strings.Lines(string(counts)) {
		c := strings.Split(line, "\t")
		want[c[0]] = c[2]
	}
	for _, f := range report.Files {
		if n, ok := want[filepath.Base(f.Path)]; ok && fmt.Sprint(f.Rows) != n {
			t.Errorf("%s: %d rows, want %s", f.Path, f.Rows, n)
		}
	}
	if report.Loaded != 94421 || set.Len() != report.Loaded {
		t.Errorf("loaded %d of %d, refused %v", report.Loaded, report.Rows, report.Reasons)
	}
	for r := range slices.Values(report.Reasons) {
		t.Logf("%s:%d: %s", r.File, r.Line, r.Reason)
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	set, _ := load(t, zeekFile("1.2.3.4\tIntel::ADDR\tA\tF\tone", "evil.test\tIntel::DOMAIN\tA\tF\tone", "evil.test/x\tIntel::URL\tA\tF\tone", "9.0.0.0/8\tIntel::SUBNET\tA\tF\tone"))
	r := &lookup{Query: "www.example.com", Digest: "00112233445566778899aabbccddeeff", Path: `C:\Windows\x.exe`, Agent: "Mozilla/5.0"}
	r.OrigH, r.RespH = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")
	m := set.Matcher()
	emit := func(finding.Finding) { t.Fatal("found") }
	if n := testing.AllocsPerRun(100, func() { m.Match(r, emit) }); n != 0 {
		t.Errorf("%v allocations for a record that matches nothing", n)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("a.intel", []byte(zeekHead+"1.2.3.4\tIntel::ADDR\ts\tF\td\n"))
	f.Add("a.csv", []byte("ioc,type\nx,y\n\"a\nb\",c"))
	f.Add("indicators.yaml", []byte("profile: p\nindicators: [{type: hash, value: x, source: s}]"))
	f.Add("a.txt", []byte("hxxp://[::1]/x\nhttps://a@b:1/\n[2001:db8::]:80"))
	f.Add("a.json", []byte(stixBundle))
	f.Add("a.json", []byte(`{"Event": {"Attribute": [{"type": "ip-dst|port", "value": "1.2.3.4|80"}]}}`))
	f.Add("a.json", []byte(`[{"list": ["a.example"], "type": "hostname"}, {"cveID": "CVE-2026-0001"}]`))
	f.Add("a.xml", []byte(`<ioc><definition><Indicator operator="OR"><IndicatorItem><Context search="FileItem/Md5sum"/><Content>x</Content></IndicatorItem></Indicator></definition></ioc>`))
	f.Add("a.rpz", []byte("@ IN SOA a. b. 1 1 1 1 1\nx.example CNAME .\n24.0.2.0.192.rpz-ip CNAME .\n"))
	f.Add("a.csv.gz", []byte(gzipped(f, plainFeed)))
	f.Add("a.zip", []byte(zipped(f, map[string]string{"a.csv": plainFeed})))
	f.Add("a.csv", []byte(utf16Text(binary.LittleEndian, plainFeed)))
	f.Add("a.json", []byte(`{"1": [{"ioc_value": "1.2.3.4", "ioc_type": "ip"}, "x", 5]}`))
	f.Add("a.txt", []byte("1.2.3.4-1.2.3.9\n::-ffff::\n0.0.0.0-255.255.255.255\n::1%x-::2\n"))
	f.Add("a.yml", []byte("Name: a\nCommands: [{Category: b, MitreID: T1}]"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if name == "" || strings.ContainsAny(name, "/\\\x00") || name == "." || name == ".." || !isListName(name) && !isPackedName(name) {
			name = "a.txt"
		}
		set, report := Load(FS(fstest.MapFS{name: {Data: text}}, "."))
		if report.Rows != report.Loaded+report.Refused || set.Len()+len(set.Patterns()) > report.Loaded {
			t.Fatalf("the report does not add up: %+v", report)
		}
		for ind := range set.All {
			if ind.Kind == URL {
				continue // its spelling is not one that a feed would use
			}
			if _, key, _, err := normal(ind.Kind, ind.Value); err != nil {
				t.Fatalf("%v %q does not survive its own spelling: %v", ind.Kind, ind.Value, err)
			} else if _, ok := set.lookup(ind.Kind, key); !ok {
				t.Fatalf("%v %q was loaded and cannot be found", ind.Kind, ind.Value)
			}
		}
	})
}

// fill makes a set of n addresses, domains and SHA-256 hashes in equal parts.
func fill(n int) *Set {
	s := newSet(randomSeed())
	ind := Indicator{Source: "bench", File: "bench"}
	var key [32]byte
	x := uint64(1)
	for i := range n {
		x = x*6364136223846793005 + 1442695040888963407
		for j := range key {
			key[j] = byte(x >> (j % 8 * 8) >> (j / 8))
		}
		ind.Line = i
		switch i % 3 {
		case 0:
			ind.Kind = Address
			s.add(&ind, key[:16])
		case 1:
			ind.Kind = Domain
			s.add(&ind, fmt.Appendf(nil, "host-%x.example.com", x))
		default:
			ind.Kind = Hash
			s.add(&ind, key[:32])
		}
	}
	s.seal()
	s.join(0, factsOf(s.parts[0]))
	return s
}

func BenchmarkMatchConn(b *testing.B) {
	s := fill(1_000_000)
	m := s.Matcher()
	c := &network.Conn{State: "SF"}
	c.OrigH, c.RespH = netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("192.0.2.4")
	b.ReportAllocs()
	for b.Loop() {
		m.Match(c, func(finding.Finding) {})
	}
}
