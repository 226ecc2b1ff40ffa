package intel

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

// gzipped is text as gzip writes it.
func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// zipped is an archive of files.
func zipped(t testing.TB, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// utf16Text is text in UTF-16 with a byte-order mark.
func utf16Text(order binary.AppendByteOrder, text string) string {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

const plainFeed = "indicator,type,description\r\nevil.example,domain,seen in May\r\n203.0.113.9,ip,\r\n"

// TestWrappings: the same feed in every wrapping that publishers and people put
// it in is the same indicators.
func TestWrappings(t *testing.T) {
	want := []string{"address 203.0.113.9", "domain evil.example"}
	inner := gzipped(t, plainFeed)
	for name, text := range map[string]string{
		"a.csv": plainFeed, "bom.csv": "\xef\xbb\xbf" + plainFeed, "le.csv": utf16Text(binary.LittleEndian, plainFeed), "be.csv": utf16Text(binary.BigEndian, plainFeed),
		"a.csv.gz": inner, "a.zip": zipped(t, map[string]string{"feeds/a.csv": plainFeed, "README.txt": "1.2.3.4", "photo.jpg": "x"}),
		"nested.zip": zipped(t, map[string]string{"b.csv.gz": inner}), "u.zip": zipped(t, map[string]string{"le.csv": utf16Text(binary.LittleEndian, plainFeed)}),
		"doc.json.gz": gzipped(t, "[\n{\"ioc_value\": \"evil.example\", \"ioc_type\": \"domain\"},\n{\"ioc_value\": \"203.0.113.9:443\", \"ioc_type\": \"ip:port\", \"tags\": [\"a\", \"b\"]}]"),
	} {
		for _, root := range []string{".", name} {
			set, report := Load(FS(fstest.MapFS{name: {Data: []byte(text)}}, root))
			var got []string
			for i := range set.All {
				got = append(got, i.Kind.String()+" "+i.Value)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) || len(report.Reasons) != 0 {
				t.Errorf("%s (%s): %q, %+v", name, root, got, report.Reasons)
			}
		}
	}
}

// TestWrappingsRefused: what cannot be opened is named, and a bomb ends.
func TestWrappingsRefused(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 300 { // more than collect.DefaultLimits lets pass
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut.csv.gz": inverted(gzipped(t, plainFeed)), "none.zip": zipped(t, map[string]string{"photo.jpg": "x"}), "bomb.txt.gz": gzipped(t, "a") + bomb.String(), "bad.zip": zipped(t, map[string]string{"a.csv": plainFeed})[:60],
	} {
		set, report := Load(FS(fstest.MapFS{name: {Data: []byte(text)}}, "."))
		if len(report.Reasons) == 0 || !strings.HasPrefix(report.Reasons[0].File, name) {
			t.Errorf("%s: %d loaded, %+v", name, set.Len(), report.Reasons)
		}
	}
}

// inverted damages the middle of a text.
func inverted(s string) string {
	b := []byte(s)
	for i := len(b) / 2; i < len(b); i++ {
		b[i] ^= 0xff
	}
	return string(b)
}

// TestPublishedForms: files in the form in which their projects publish them.
func TestPublishedForms(t *testing.T) {
	// https://lolbas-project.github.io/api/lolbas.csv
	loaded(t, "lolbas.csv", "Filename,Description,Author,Date,Command,Command Description,Command Usecase,Command Category,Command Privileges,MITRE ATT&CK technique,Operating System,Paths,Detections,Resources,Acknowledgements\n"+
		"\"Certutil.exe\",\"Windows binary\",\"A\",\"2018-05-25\",\"certutil.exe -urlcache\",\"Download\",\"Download\",\"Download\",\"User\",\"T1105\",\"Windows\",\"C:\\Windows\\System32\\certutil.exe\",\"\",\"\",\"\"\n",
		"tool certutil.exe (LOLBAS)")
	loaded(t, "Certutil.yml", "---\nName: Certutil.exe\nDescription: x\nCreated: 2018-05-25\nCommands:\n  - Command: certutil.exe -urlcache\n    Category: Download\n    MitreID: T1105\n", "tool certutil.exe (LOLBAS)")
	// https://www.loldrivers.io/api/drivers.csv: digests of all samples in one cell
	loaded(t, "drivers.csv", "Id,Author,Category,MitreID,KnownVulnerableSamples_MD5,KnownVulnerableSamples_SHA256,KnownVulnerableSamples_Authentihash_SHA256,Tags\n"+
		"x,A,vulnerable driver,T1068,\"d41d8cd98f00b204e9800998ecf8427e, 0cc175b9c0f1b6a831c399e269772661\",e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb,x.sys\n",
		"hash d41d8cd98f00b204e9800998ecf8427e (drivers)", "hash 0cc175b9c0f1b6a831c399e269772661 (drivers)", "hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (drivers)")
	loaded(t, "driver.yaml", "Id: x\nCategory: malicious\nTags:\n- x.sys\nCommands:\n  Command: sc.exe create\nKnownVulnerableSamples:\n- Filename: x.sys\n  MD5: d41d8cd98f00b204e9800998ecf8427e\n", "hash d41d8cd98f00b204e9800998ecf8427e (LOLDrivers)")
	// https://www.cisa.gov/sites/default/files/csv/known_exploited_vulnerabilities.csv
	set, _ := loaded(t, "kev.csv", "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\n"+
		"CVE-2024-3400,Palo Alto Networks,PAN-OS,Command Injection,2024-04-12,\"a,\nb\",Apply,2024-04-19,Known,,CWE-77\n", "vulnerability CVE-2024-3400 (CISA KEV)")
	for i := range set.All {
		if product, ransomware, ok := i.Exploited(); product != "Palo Alto Networks PAN-OS" || !ransomware || !ok || i.Line != 2 {
			t.Errorf("%+v", i)
		}
	}
	// Files of a MISP feed beside its events: hashes.csv has digests of values, not of files.
	for name, text := range map[string]string{
		"hashes.csv":    "d41d8cd98f00b204e9800998ecf8427e,5f6b2d3c-0000-4000-8000-000000000001\n",
		"manifest.json": `{"5f6b2d3c-0000-4000-8000-000000000001": {"Orgc": {"name": "CIRCL"}, "info": "x", "date": "2026-01-01"}}`,
	} {
		if _, report := loaded(t, name, text); len(report.Reasons) != 1 || !strings.Contains(report.Reasons[0].Reason, "index of a MISP feed") {
			t.Errorf("%s: %+v", name, report)
		}
	}
	// The export of ThreatFox (https://threatfox.abuse.ch/export/json/full/) numbers its rows.
	set, _ = loaded(t, "full.json", `{"1": [{"ioc_value": "198.51.100.7:443", "ioc_type": "ip:port", "malware_printable": "X", "confidence_level": 75, "first_seen_utc": "2026-01-01 00:00:00", "reporter": "R"}]}`, "address 198.51.100.7 (R)")
	for i := range set.All {
		if i.Port != 443 || i.Confidence != 75 || i.Desc != "X" || i.From == 0 {
			t.Errorf("%+v", i)
		}
	}
	// A pulse of OTX: what is no indicator of ours is refused.
	_, report := loaded(t, "pulse.json", `{"id": "5", "indicators": [{"id": 1, "indicator": "a.example", "type": "hostname"}, {"id": 2, "indicator": "x", "type": "YARA"}]}`, "domain a.example (pulse)")
	if report.Refused != 1 {
		t.Errorf("%+v", report)
	}
	// Objects of STIX that stand beside indicators are none.
	loaded(t, "sco.json", `{"type": "bundle", "id": "bundle--1", "objects": [{"type": "ipv4-addr", "spec_version": "2.1", "id": "ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", "value": "198.51.100.3"}]}`)
	loaded(t, "strings.json", `["198.51.100.7", "evil[.]example"]`, "address 198.51.100.7 (strings)", "domain evil.example (strings)")
	// IOC Editor declares US-ASCII.
	loaded(t, "a.ioc", `<?xml version="1.0" encoding="us-ascii"?><ioc><authored_by>A</authored_by><definition><Indicator operator="OR"><IndicatorItem condition="is"><Context search="FileItem/Md5sum"/><Content>d41d8cd98f00b204e9800998ecf8427e</Content></IndicatorItem></Indicator></definition></ioc>`,
		"hash d41d8cd98f00b204e9800998ecf8427e (A)")
	// Owners of RFC 1035, section 5.1: left out, and with the origin of the zone in them.
	_, report = loaded(t, "z.rpz", "rpz.example. IN SOA localhost. root.localhost. 1 3600 600 86400 300\n  IN NS localhost.\nbad.example.net.rpz.example. IN CNAME .\n  IN CNAME .\nrpz.example. IN A 192.0.2.1\n", "domain bad.example.net (z)", "domain bad.example.net (z)")
	if report.Refused != 0 {
		t.Errorf("%+v", report)
	}
	loaded(t, "short.rpz", "bad.example CNAME .\ngood.example CNAME rpz-passthru.\n", "domain bad.example (short)")
}

// TestFingerprintLists: digests in a list of fingerprints are not those of files.
func TestFingerprintLists(t *testing.T) {
	loaded(t, "ja3.csv", "\"A licence\nof two lines\",\n61d50e7771aee7f2f4b89a7200b4d45e,\"Reader\"\n", "ja3 61d50e7771aee7f2f4b89a7200b4d45e (ja3)")
	loaded(t, "ja3-bad.txt", "61d50e7771aee7f2f4b89a7200b4d45e\n", "ja3 61d50e7771aee7f2f4b89a7200b4d45e (ja3-bad)")
	loaded(t, "hassh.list", "ec7378c1a92f5a8dde7e8b7a1ddf33d1 client\n", "hassh ec7378c1a92f5a8dde7e8b7a1ddf33d1 (hassh)")
	loaded(t, "files.txt", "61d50e7771aee7f2f4b89a7200b4d45e\n", "hash 61d50e7771aee7f2f4b89a7200b4d45e (files)")
}

// TestRanges: the networks of a range are those that netmask(1) gives.
func TestRanges(t *testing.T) {
	loaded(t, "drop.txt", "192.0.2.1-192.0.2.6\n198.51.100.0 - 198.51.100.255 ; SBL1\n192.0.2.9-192.0.2.1\n",
		"subnet 192.0.2.1/32 (drop)", "subnet 192.0.2.2/31 (drop)", "subnet 192.0.2.4/31 (drop)", "subnet 192.0.2.6/32 (drop)", "subnet 198.51.100.0/24 (drop)")
}

// TestGivenColumns: a table without a header is read by the columns that are
// given, and a header that is there all the same is no row.
func TestGivenColumns(t *testing.T) {
	const table = "2026-01-02,a.example,9.9.9.9,C2\n2026-01-03,b.example,9.9.9.8,C2\n"
	for _, text := range []string{table, "day,name,first address,what\n" + table, "domain,description,x,y\n" + table} {
		names := []string{"first_seen", "domain", "-", "description"}
		if err := CheckColumns(names); err != nil {
			t.Fatal(err)
		}
		set, report := Load(FS(fstest.MapFS{"t.csv": {Data: []byte(text)}}, "t.csv").WithColumns(names...))
		if set.Len() != 2 || report.Loaded != 2 || set.Count(Domain) != 2 {
			t.Errorf("%+v", report)
		}
		for i := range set.All {
			if i.Desc != "C2" || i.Seen.Start == 0 {
				t.Errorf("%+v", i)
			}
		}
	}
	for _, bad := range [][]string{{"first_seen", "description"}, {"domain", "colour"}} {
		if CheckColumns(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestCellsNotUnderstood: what a row says beside its value and nobody understands
// is told, once for a column.
func TestCellsNotUnderstood(t *testing.T) {
	set, report := load(t, map[string]string{"a.csv": "indicator,type,confidence,valid_until,first_seen,tlp,malware,comment\na.example,domain,high,31/12/2025,,TLP:PURPLE,X,from a report\nb.example,domain,0.8,01/02/2026,never,TLP:CLEAR,,\nc.example,domain,95%,\"Dec 31, 2025\",2026-01-01T00:00:00.123Z,,,\n"})
	var got []string
	for _, r := range report.Reasons {
		got = append(got, r.String())
	}
	want := []string{
		`a.csv:2: tlp "TLP:PURPLE" is not understood: taken as TLP:RED`,
		`a.csv:2: valid_until "31/12/2025" is not understood, and 1 more rows: taken as if it said no time`,
	}
	if !slices.Equal(got, want) || report.Loaded != 3 || report.Refused != 0 {
		t.Errorf("%q %+v", got, report)
	}
	for i := range set.All {
		switch i.Value {
		case "a.example": // High of STIX 2.1, appendix A
			if i.Confidence != 85 || i.Marking != "red" || i.Desc != "X; from a report" {
				t.Errorf("%+v", i)
			}
		case "b.example":
			if i.Confidence != 80 || i.Marking != "clear" {
				t.Errorf("%+v", i)
			}
		case "c.example":
			if i.Confidence != 95 || i.Until != when("2025-12-31", true) || i.From == 0 {
				t.Errorf("%+v", i)
			}
		}
	}
}

// TestZeekMeta: what Zeek's framework does with its own columns, and what
// others put beside them.
func TestZeekMeta(t *testing.T) {
	set, report := load(t, map[string]string{"a.intel": "#fields\tindicator\tindicator_type\tmeta.source\tmeta.do_notice\tmeta.if_in\tmeta.whitelist\tmeta.cif_confidence\tmeta.tags\n" +
		"a.example\tIntel::DOMAIN\tS\tT\tDNS::IN_REQUEST\t-\t85\tx,y\n9.9.9.9\tIntel::ADDR\tS\tT\t-\tT\t-\t-\nb.example\tIntel::DOMAIN\tS\tT\tHTTP::IN_HOST_HEADER\t-\t-\t-\n"})
	if set.Len() != 2 || report.Refused != 1 || !strings.Contains(report.Reasons[0].Reason, "harmless") {
		t.Fatalf("%+v", report)
	}
	for i := range set.All {
		if i.Value == "a.example" && (i.Confidence != 85 || i.Desc != "x,y" || i.In != "DNS::IN_REQUEST") {
			t.Errorf("%+v", i)
		}
	}
	for _, c := range []struct {
		place, typ, field string
		want              bool
	}{
		{"DNS::IN_REQUEST", "dns", "query", true}, {"DNS::IN_REQUEST", "dns", "answers", false}, {"DNS::IN_REQUEST", "http", "host", false}, {"HTTP::IN_HOST_HEADER", "http", "host", true},
		{"SIP::IN_FROM", "sip", "from", true}, {"SIP::IN_FROM", "smtp", "from", false},
	} {
		if seenAt(c.place, c.typ, c.field) != c.want {
			t.Errorf("%+v", c)
		}
	}
	if got := matches(set, &lookup{Query: "b.example"}); len(got) != 0 {
		t.Errorf("found where its source does not want it: %+v", got)
	}
}

// TestAllowedHosts: a list that has a site speaks of every URL there.
func TestAllowedHosts(t *testing.T) {
	_, set := load2(t, "www.example.com\n198.51.100.7\n")
	late := NewLate(nil, set)
	for value, want := range map[string]bool{
		"http://www.example.com/x": true, "http://www.example.com:8080/x": true, "https://u:p@www.example.com?x": true, "http://198.51.100.7:81/": true, "http://example.com/": false, "http://www.example.com@evil.example/": false,
	} {
		if _, ok := late.Covers(value); ok != want {
			t.Errorf("%s: %v, want %v", value, ok, want)
		}
	}
}

func load2(t *testing.T, text string) (Report, *Set) {
	t.Helper()
	set, report := load(t, map[string]string{"allow.txt": text})
	return report, set
}

// TestPublishedFingerprints counts the tables of the corpora once more, with
// nothing of the loader.
func TestPublishedFingerprints(t *testing.T) {
	for name, digest := range map[string]int{"fingerprints/ja3-osx-nix-ja3.csv": 0, "fingerprints/hassh_fingerprints.csv": 5} {
		f, err := os.Open(filepath.Join(corpora, "intel", filepath.FromSlash(name)))
		if err != nil {
			t.Skip("corpus not there: ", err)
		}
		r := csv.NewReader(f)
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		want := 0
		for _, row := range rows {
			if len(row[digest]) == 32 && isHex(row[digest]) {
				want++
			}
		}
		set, report := Load(Path(f.Name()))
		if set.Count(JA3)+set.Count(HASSH) != want || report.Loaded != want {
			t.Errorf("%s: %d loaded, want %d: %+v", name, report.Loaded, want, report.Reasons)
		}
	}
}

// TestStatus: which source has what nobody else has, and with whom it shares.
func TestStatus(t *testing.T) {
	set, _ := load(t, map[string]string{"a.txt": "1.2.3.4\n1.2.3.4\nx.example\ny.example\n", "b.txt": "1.2.3.4\nx.example\n", "c.txt": "x.example\nz.example\n"})
	got := map[string]SourceStatus{}
	for _, s := range set.Status(0) {
		got[s.Source] = s
	}
	for name, want := range map[string]SourceStatus{
		"a": {Rows: 4, Values: 3, Alone: 1, Shared: []Overlap{{"b", 2}, {"c", 1}}},
		"b": {Rows: 2, Values: 2, Alone: 0, Shared: []Overlap{{"a", 2}, {"c", 1}}},
		"c": {Rows: 2, Values: 2, Alone: 1, Shared: []Overlap{{"a", 1}, {"b", 1}}},
	} {
		if s := got[name]; s.Rows != want.Rows || s.Values != want.Values || s.Alone != want.Alone || !slices.Equal(s.Shared, want.Shared) {
			t.Errorf("%s: %+v, want %+v", name, s, want)
		}
	}
}

// TestQuotedRows: cells of several lines (RFC 4180, section 2, rules 6 and 7), and
// a quote that nobody closes, which costs no other row.
func TestQuotedRows(t *testing.T) {
	set, report := load(t, map[string]string{"a.csv": "indicator,comment\na.example,\"one\ntwo \"\"three\"\"\n\nfour\"\nb.example,5\" disk\nc.example,x\n"})
	lines := map[string]int{}
	for i := range set.All {
		lines[i.Value+" "+i.Desc] = i.Line
	}
	if want := map[string]int{"a.example one\ntwo \"three\"\n\nfour": 2, "b.example 5\" disk": 6, "c.example x": 7}; !maps.Equal(lines, want) || report.Refused != 0 {
		t.Errorf("%v, %+v", lines, report)
	}
	rows := strings.Repeat("x.example,y\n", 3*maxRowLines)
	set, report = load(t, map[string]string{"a.csv": "indicator,comment\nb.example,\"open\n" + rows + "c.example,z\n"})
	if set.Len() != 3*maxRowLines+2 || report.Refused != 0 {
		t.Errorf("%d rows, %+v", set.Len(), report)
	}
}
