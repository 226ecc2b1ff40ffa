package intel

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// values are the indicators of a set as "kind value (source)".
func values(s *Set) []string {
	var out []string
	for i := range s.All {
		out = append(out, fmt.Sprintf("%s %s (%s)", i.Kind, i.Value, i.Source))
	}
	return out
}

func loaded(t *testing.T, name, text string, want ...string) (*Set, Report) {
	t.Helper()
	set, report := load(t, map[string]string{name: text})
	got := values(set)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s: no %q in %q; %+v", name, w, got, report)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d indicators, want %d: %q", name, len(got), len(want), got)
	}
	return set, report
}

const stixBundle = `{"type": "bundle", "id": "bundle--11111111-1111-4111-8111-111111111111", "objects": [
 {"type": "indicator", "spec_version": "2.1", "id": "indicator--11111111-1111-4111-8111-111111111111", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-02T00:00:00.000Z",
  "created_by_ref": "identity--11111111-1111-4111-8111-111111111111", "name": "a", "confidence": 85, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-06-01T00:00:00Z",
  "object_marking_refs": ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"], "kill_chain_phases": [{"kill_chain_name": "mitre-attack", "phase_name": "command-and-control"}],
  "pattern": "[domain-name:value = 'c2.example.net' OR ipv4-addr:value = '198.51.100.7']"},
 {"type": "indicator", "id": "indicator--21111111-1111-4111-8111-111111111111", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "pattern": "[file:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']"},
 {"type": "indicator", "id": "indicator--31111111-1111-4111-8111-111111111111", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "pattern": "[process:command_line LIKE '%vssadmin%'] FOLLOWEDBY [file:name = 'ntds.dit'] WITHIN 300 SECONDS"},
 {"type": "indicator", "id": "indicator--41111111-1111-4111-8111-111111111111", "pattern_type": "sigma", "valid_from": "2026-01-01T00:00:00Z", "pattern": "title: x"},
 {"type": "indicator", "id": "indicator--51111111-1111-4111-8111-111111111111", "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "pattern": "[broken"},
 {"type": "indicator", "id": "indicator--61111111-1111-4111-8111-111111111111", "revoked": true, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "pattern": "[url:value = 'http://x.example/']"},
 {"type": "malware", "id": "malware--11111111-1111-4111-8111-111111111111", "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "name": "no indicator"},
 {"type": "identity", "id": "identity--11111111-1111-4111-8111-111111111111", "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "name": "A CERT"}]}`

func TestSTIX(t *testing.T) {
	set, report := loaded(t, "feed.json", stixBundle, "domain c2.example.net (A CERT)", "address 198.51.100.7 (A CERT)",
		"hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (feed)")
	if len(set.Patterns()) != 1 || report.Rows != 7 || report.Loaded != 4 || report.Refused != 3 {
		t.Errorf("%d patterns, %+v", len(set.Patterns()), report)
	}
	lines := map[int]string{8: "sigma", 9: "character 8", 10: "revoked"}
	for _, r := range report.Reasons {
		if !strings.Contains(r.Reason, lines[r.Line]) || lines[r.Line] == "" {
			t.Errorf("line %d: %s", r.Line, r.Reason)
		}
	}
	for i := range set.All {
		if i.Value == "c2.example.net" && (i.Marking != "amber" || i.Confidence != 85 || len(i.Phases) != 1 || i.Seen.End != record.TimeOf(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) || i.Until == 0) {
			t.Errorf("%+v", i)
		}
	}
	// An envelope of TAXII, and objects in a list, are read the same way.
	inner := stixBundle[strings.IndexByte(stixBundle, '['):]
	loaded(t, "taxii.json", `{"more": false, "objects": `+inner, "domain c2.example.net (A CERT)", "address 198.51.100.7 (A CERT)",
		"hash e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (taxii)")
}

func TestMISP(t *testing.T) {
	event := `{"Event": {"info": "phish", "threat_level_id": 1, "Orgc": {"name": "A sector"}, "Tag": [{"name": "tlp:green"}], "Attribute": [
 {"type": "ip-dst|port", "value": "198.51.100.7|8443", "to_ids": true, "timestamp": "1767225600"},
 {"type": "filename|sha1", "value": "a.exe|da39a3ee5e6b4b0d3255bfef95601890afd80709", "to_ids": true},
 {"type": "domain|ip", "value": "c2.example.net|203.0.113.9", "to_ids": false},
 {"type": "comment", "value": "see above"}, {"type": "btc", "value": "1x"}, {"type": "domain", "value": "gone.example.net", "deleted": true}],
 "Object": [{"name": "file", "Attribute": [{"type": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e", "to_ids": true}]}]}}`
	set, report := loaded(t, "event.json", event, "address 198.51.100.7 (A sector)", "file a.exe (A sector)", "hash da39a3ee5e6b4b0d3255bfef95601890afd80709 (A sector)",
		"domain c2.example.net (A sector)", "address 203.0.113.9 (A sector)", "hash d41d8cd98f00b204e9800998ecf8427e (A sector)")
	if report.Refused != 1 {
		t.Errorf("%+v", report)
	}
	for i := range set.All {
		if i.Marking != "green" || i.Value == "198.51.100.7" && (i.Port != 8443 || i.Seen.End == 0) || i.Value == "c2.example.net" && i.Weight != None {
			t.Errorf("%+v", i)
		}
	}
	loaded(t, "many.json", `{"response": [`+event+`, `+event+`]}`, append(values(set), values(set)...)...)
}

func TestOpenIOC(t *testing.T) {
	_, report := loaded(t, "a.ioc", `<?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc"><short_description>x</short_description><authored_by>somebody</authored_by><definition>
<Indicator operator="OR"><IndicatorItem condition="is"><Context document="FileItem" search="FileItem/Md5sum"/><Content type="md5">d41d8cd98f00b204e9800998ecf8427e</Content></IndicatorItem>
<IndicatorItem condition="contains"><Context search="Network/DNS"/><Content>c2.example.net</Content></IndicatorItem>
<Indicator operator="AND"><IndicatorItem condition="is"><Context search="FileItem/FileName"/><Content>a.exe</Content></IndicatorItem><IndicatorItem><Context search="FileItem/SizeInBytes"/><Content>5</Content></IndicatorItem></Indicator>
</Indicator></definition></ioc>`, "hash d41d8cd98f00b204e9800998ecf8427e (somebody)", "domain c2.example.net (somebody)")
	if report.Rows != 4 || report.Refused != 2 {
		t.Errorf("%+v", report)
	}
	if set, report := load(t, map[string]string{"page.xml": "<html><body/></html>"}); set.Len() != 0 || len(report.Reasons) != 1 {
		t.Errorf("%+v", report)
	}
}

// TestZone: names and addresses as the draft writes them (section 4).
func TestZone(t *testing.T) {
	loaded(t, "bad.rpz", `$TTL 300
@ IN SOA localhost. root.localhost. 1 3600 600 86400 300
  IN NS localhost.
bad.example.net CNAME . ; phishing
*.bad.example.net 60 IN CNAME .
good.example.net CNAME rpz-passthru.
24.0.2.0.192.rpz-ip CNAME .
128.57.zz.1.0.db8.2001.rpz-ip CNAME .
`, "domain bad.example.net (bad)", "domain bad.example.net (bad)", "subnet 192.0.2.0/24 (bad)", "subnet 2001:db8:0:1::57/128 (bad)")
}

func TestContext(t *testing.T) {
	set, _ := loaded(t, "kev.json", `{"title": "CISA", "count": 1, "vulnerabilities": [{"cveID": "CVE-2025-48384", "vendorProject": "Git", "product": "Git", "vulnerabilityName": "Link following", "dateAdded": "2025-08-25", "dueDate": "2025-09-15"}]}`,
		"vulnerability CVE-2025-48384 (CISA KEV)")
	if got := set.Lookup("cve-2025-48384"); len(got) != 1 || !strings.Contains(got[0].Desc, "Git") {
		t.Errorf("%+v", got)
	}
	loaded(t, "drivers.json", `[{"Category": "vulnerable driver", "Tags": ["x.sys"], "KnownVulnerableSamples": [{"Filename": "x.sys", "MD5": "d41d8cd98f00b204e9800998ecf8427e", "SHA256": "-"}]}]`,
		"hash d41d8cd98f00b204e9800998ecf8427e (LOLDrivers)")
	set, _ = loaded(t, "lolbas.json", `[{"Name": "Certutil.exe", "Commands": [{"Category": "Download", "MitreID": "T1105"}, {"Category": "Download", "MitreID": "T1105"}]}]`, "tool certutil.exe (LOLBAS)")
	if got := set.Lookup("certutil.exe"); len(got) != 1 || strings.Count(got[0].Desc, "T1105") != 1 {
		t.Errorf("%+v", got)
	}
}

// TestBenign: a list takes the weight from a match, says so, and takes nothing
// from the set; each type of list matches as MISP says.
func TestBenign(t *testing.T) {
	const lists = `[{"name": "resolvers", "type": "cidr", "list": ["198.18.0.0/15", "2001:db8::/32", "not a net"]},
 {"name": "one net", "type": "cidr", "list": ["198.18.5.0/24"]},
 {"name": "sites", "type": "hostname", "list": [".example.com"]}, {"name": "words", "type": "substring", "list": ["telemetry"]}, {"name": "shapes", "type": "regex", "list": ["/^cdn[0-9]+\\./"]},
 {"name": "digests", "type": "string", "list": ["D41D8CD98F00B204E9800998ECF8427E"]}]`
	feed := zeekFile("www.example.com\tIntel::DOMAIN\tS\tF\td", "bad.example.net\tIntel::DOMAIN\tS\tF\td")
	feed["lists.json"] = lists
	set, report := load(t, feed)
	if set.Len() != 2 || report.Refused != 1 {
		t.Fatalf("%d indicators, %+v", set.Len(), report)
	}
	for value, want := range map[string]string{
		"198.19.1.1": "resolvers", "198.18.5.1": "one net", "2001:db8:5::1": "resolvers", "198.20.0.1": "", "example.com": "sites", "a.b.example.com.": "sites", "notexample.com": "",
		"https://www.example.com/x": "sites", "someone@example.com": "sites", "x.telemetry.example.org": "words", "cdn7.example.org": "shapes", "d41d8cd98f00b204e9800998ecf8427e": "digests",
	} {
		if got, _ := set.Benign(value); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	got := matches(set, &lookup{Query: "www.example.com"})
	before := fmt.Sprint(got)
	NewLate(set, nil).Weigh(&got[0], netip.Addr.IsPrivate)
	if len(got) != 1 || got[0].Severity != finding.Info || !strings.Contains(strings.Join(got[0].Why, " "), `"sites": without that, it would be medium`) {
		t.Errorf("%+v", got)
	}
	if NewLate(nil, nil).Weigh(&got[0], netip.Addr.IsPrivate); fmt.Sprint(got) != before {
		t.Errorf("without the list it is %+v, was %s", got, before)
	}
	if got := matches(set, &lookup{Query: "bad.example.net"}); len(got) != 1 || got[0].Severity != finding.Medium {
		t.Errorf("%+v", got)
	}
}

// TestAge: an address that nobody has seen for a half-life is worth half, a
// digest and a window that the source gave are not touched.
func TestAge(t *testing.T) {
	set, _ := load(t, map[string]string{"a.csv": "type,value,confidence,last_seen,valid_until\nip,9.9.9.9,80,2026-01-01,\nmd5,d41d8cd98f00b204e9800998ecf8427e,80,2026-01-01,\ndomain,x.example.net,80,2026-01-01,2027-01-01\n"})
	at := func(days int, r lookup) uint8 {
		r.TS = record.TimeOf(time.Date(2026, 1, 1+days, 0, 0, 0, 0, time.UTC))
		got := matches(set, &r)
		if len(got) != 1 {
			t.Fatalf("%d findings", len(got))
		}
		return got[0].Confidence
	}
	address := lookup{Conn: record.Conn{RespH: netip.MustParseAddr("9.9.9.9")}}
	for days, want := range map[int]uint8{0: 80, 30: 40, 60: 20} {
		if got := at(days, address); got != want && set.Len() > 0 {
			t.Errorf("after %d days %d, want %d", days, got, want)
		}
	}
	if got := at(300, lookup{Digest: "d41d8cd98f00b204e9800998ecf8427e"}); got != 80 {
		t.Errorf("a digest is worth %d", got)
	}
	if got := at(300, lookup{Query: "x.example.net"}); got != 80 {
		t.Errorf("within its window %d", got)
	}
}

// TestPublicLists: every row of the lists that come with the corpora is loaded
// or has a reason.
func TestPublicLists(t *testing.T) {
	const root = "../../../shared/corpora/intel"
	if _, err := os.Stat(root); err != nil {
		t.Skip("no corpora beside the project")
	}
	set, report := Load(Path(root + "/misp-warninglists"))
	lists := 0
	for _, f := range report.Files {
		if f.Format == "warning list" {
			lists++
		}
		if f.Loaded+f.Refused < f.Rows {
			t.Errorf("%s: %d rows, %d loaded, %d refused", f.Path, f.Rows, f.Loaded, f.Refused)
		}
	}
	if lists != 110 || report.Refused > 5 || set.Len() != 0 {
		t.Errorf("%d lists, %d refused: %v", lists, report.Refused, report.Reasons)
	}
	_, report = Load(Path(root + "/kev"))
	if report.Loaded != 1404 || report.Refused != 0 {
		t.Errorf("KEV: %d loaded, %d refused", report.Loaded, report.Refused)
	}
	_, report = Load(Path(root + "/fingerprints"))
	t.Logf("fingerprints: %d loaded, %d refused", report.Loaded, report.Refused)
	_, report = Load(Path(root + "/loldrivers"))
	if report.Loaded != 2108 {
		t.Errorf("drivers: %d loaded, %+v", report.Loaded, report.Reasons)
	}
}
