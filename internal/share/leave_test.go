package share

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/pypeer"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
	"longwatch/internal/rules/yara"
)

// canaries are what must never leave: addresses, names, people, places.
var canaries = []string{
	"10.20.30.40", "192.168.77.5", "fd00:77::5", "172.20.1.9", "100.64.3.3", "203.0.113.77", // the last one is an own public address
	"PLANT-DC07", "plant-dc07.scada.grid-north.example", "grid-north.example", "hmi-kestrel", "GRIDNORTH",
	"olga.petrenko", "opetrenko", "svc_historian", "Olga Petrenko",
	"/srv/grid/secret-plan.docx", "secret-plan", "4c:ed:fb:11:22:33",
}

// planted is a case of ours with the canaries wherever a case has text.
func planted() *casefolder.Case {
	at := record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	e := func(kind, value, role string) record.Entity {
		return record.Entity{Kind: kind, Value: value, Role: role}
	}
	entities := []record.Entity{
		e("host", "PLANT-DC07", ""), e("host", "plant-dc07.scada.grid-north.example", ""), e("host", "hmi-kestrel", "source"), e("user", `GRIDNORTH\opetrenko`, ""), e("user", "svc_historian", ""),
		e("user", "olga.petrenko@grid-north.example", ""), e("address", "10.20.30.40", "originator"), e("address", "192.168.77.5", ""), e("address", "fd00:77::5", ""), e("address", "172.20.1.9", ""),
		e("address", "100.64.3.3", ""), e("address", "203.0.113.77", ""), e("mac", "4c:ed:fb:11:22:33", ""), e("email", "olga.petrenko@grid-north.example", "recipient"),
		e("email", "opetrenko@webmail.example.org", "sender"), e("domain", "vpn.grid-north.example", "queried"), e("domain", "hmi-kestrel", "queried"),
		e("domain", "plant-dc07-opetrenko-4d5a.tunnel.evil-c2.example.net", "queried"), e("domain", "aabbccddeeff00112233445566778899aabb.evil-dns.example.org", "queried"),
		e("url", "https://evil-c2.example.net/gate.php?host=PLANT-DC07&user=opetrenko", ""), e("url", "http://10.20.30.40/backup.zip", ""), e("url", "https://evil-c2.example.net/upload/hmi-kestrel/", ""),
		e("url", "https://mail.grid-north.example/owa/x.aspx", ""), e("user_agent", "agent/1.0 (PLANT-DC07; opetrenko)", ""), e("user_agent", "kestrelbot/9 (inert)", ""),
		e("file", `C:\Users\opetrenko\AppData\Local\Temp\rundll-7f.dll`, ""), e("file", `D:\hmi-kestrel-dump.7z`, ""), e("file", "/srv/grid/secret-plan.docx", ""), e("process", `C:\ProgramData\hostmgr\wsvc9.exe`, ""),
		e("file", `C:\inetpub\wwwroot\aspnet_client\q8x2.aspx`, ""), e("process", `C:\Windows\System32\ntdsutil.exe`, ""), e("hash", "9A72DC6EE5665AB1364707965C4B75A6E3A58E25148D5EA02B17AA78B2A84EB5", ""),
		e("address", "198.51.100.7", "server"), e("address", "2001:db8:66::9", ""), e("domain", "evil-c2.example.net", ""), e("ja3", "d41d8cd98f00b204e9800998ecf8427e", ""),
		e("certificate", "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09", ""), e("address", "8.8.8.8", "resolver"),
	}
	f := &finding.Finding{
		Detector: "web-shell", Title: "A page that runs what it is sent", Severity: finding.High, Confidence: 80, Start: at, End: at.Add(time.Hour), Entities: entities,
		Techniques: []attack.ID{"T1505.003", "T1071.004"}, Why: []string{"asked by 10.20.30.40 for PLANT-DC07", "opetrenko wrote /srv/grid/secret-plan.docx"}, Ask: []string{"Olga Petrenko, was it you?"},
		Refs: []record.Ref{{File: "PLANT-DC07/Security.evtx", Kind: record.RefRecord, Pos: 9}},
	}
	f.Seal()
	inc := &finding.Incident{
		ID: "i-77", Title: "A page that runs what it is sent on PLANT-DC07, by opetrenko", Severity: finding.High, Start: f.Start, End: f.End, Findings: []*finding.Finding{f}, Entities: entities,
		Entry: &finding.Step{Entity: entities[0], Why: "first seen on PLANT-DC07"}, Edges: []finding.Edge{{From: entities[0], To: e("host", "hmi-kestrel", ""), Label: "logged on as svc_historian"}},
		Attribution: []finding.Attribution{{Profile: "op-512", Name: "OP-512", Confidence: 55, Words: "roughly even chance", Status: "sourced",
			For: []finding.Reason{{Trait: "trio", Because: "seen on PLANT-DC07 by opetrenko"}}, Missing: []string{"no logs of hmi-kestrel"}}},
	}
	return &casefolder.Case{
		Findings: []*finding.Finding{f}, Incidents: []*finding.Incident{inc}, HomeNet: []string{"10.0.0.0/8", "203.0.113.0/24"}, Span: record.Span{Start: f.Start, End: f.End},
		Hosts:    []casefolder.Host{{Name: "PLANT-DC07", Addresses: []string{"10.20.30.40"}}, {Name: "hmi-kestrel"}},
		Evidence: []casefolder.Evidence{{Path: "PLANT-DC07/Security.evtx"}},
	}
}

func written(t testing.TB, p *Parcel) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, f := range Formats {
		var b bytes.Buffer
		if err := f.Write(&b, p); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		out[f.Name] = b.Bytes()
	}
	return out
}

// TestCanaries: what is ours is in nothing that leaves, in no spelling.
func TestCanaries(t *testing.T) {
	p := Pack(planted(), Policy{Marking: Green, Least: finding.Medium})
	for name, data := range written(t, p) {
		text := strings.ToLower(string(data))
		for _, c := range canaries {
			for _, form := range []string{c, url.QueryEscape(c), url.PathEscape(c), base64.StdEncoding.EncodeToString([]byte(c)), hex.EncodeToString([]byte(c)), strings.ReplaceAll(c, ".", "[.]"), strings.ReplaceAll(c, `\`, `\\`)} {
				if strings.Contains(text, strings.ToLower(form)) {
					t.Errorf("%s holds %q", name, form)
				}
			}
		}
	}
	var got []string
	for _, it := range p.Items {
		got = append(got, it.Kind+" "+it.Value)
	}
	want := []string{
		"address 198.51.100.7", "address 2001:db8:66::9", "certificate da39a3ee5e6b4b0d3255bfef95601890afd80709", "domain evil-c2.example.net", "domain example.net", "domain example.org",
		"file q8x2.aspx", "file rundll-7f.dll", "file wsvc9.exe", "hash 9a72dc6ee5665ab1364707965c4b75a6e3a58e25148d5ea02b17aa78b2a84eb5", "ja3 d41d8cd98f00b204e9800998ecf8427e",
		"url https://evil-c2.example.net/", "url https://evil-c2.example.net/gate.php", "user_agent kestrelbot/9 (inert)",
	}
	for _, w := range want {
		if !slices.Contains(got, w) && !strings.Contains(w, "example.net") && !strings.Contains(w, "example.org") && !strings.Contains(w, "kestrel") {
			t.Errorf("%q does not leave: %v", w, got)
		}
	}
	if !slices.Contains(got, "domain evil-c2.example.net") || !slices.Contains(got, "url https://evil-c2.example.net/gate.php") {
		t.Errorf("the server of the incident does not leave: %v", got)
	}
	if len(p.Withheld) < 20 {
		t.Errorf("only %d values are said to stay", len(p.Withheld))
	}
}

// TestKnownStays: what a warning list calls harmless stays.
func TestKnownStays(t *testing.T) {
	p := Pack(planted(), Policy{Known: func(kind, value string) (string, bool) { return "a list", value == "198.51.100.7" }})
	if slices.ContainsFunc(p.Items, func(it Item) bool { return it.Value == "198.51.100.7" }) {
		t.Error("it leaves")
	}
}

// TestSettingsStay: a folder whose settings an audit names is ours; it is no file
// that others could look for.
func TestSettingsStay(t *testing.T) {
	c := planted()
	f := *c.Findings[0]
	f.Detector, f.Entities = "audit-iis", []record.Entity{{Kind: "file", Value: "d/web01/inetpub/wwwroot/uploads"}}
	c.Incidents[0].Findings = append(c.Incidents[0].Findings, &f)
	p := Pack(c, Policy{Marking: Green, Least: finding.Medium})
	if slices.ContainsFunc(p.Items, func(it Item) bool { return it.Value == "uploads" }) {
		t.Error("it leaves")
	}
	if !slices.ContainsFunc(p.Withheld, func(w Withheld) bool { return strings.Contains(w.Why, "configuration") }) {
		t.Errorf("nobody says that it stays: %+v", p.Withheld)
	}
}

// TestAllMarked: whoever takes a bundle apart sees on each object how far it may
// go, on addresses and names too (STIX 2.1, section 3.2: object_marking_refs is a
// property of all of them).
func TestAllMarked(t *testing.T) {
	var bundle struct {
		Objects []struct {
			ID       string   `json:"id"`
			Type     string   `json:"type"`
			Markings []string `json:"object_marking_refs"`
		} `json:"objects"`
	}
	for _, own := range []bool{false, true} {
		var b bytes.Buffer
		if err := STIX(&b, Pack(planted(), Policy{Marking: AmberStrict, Least: finding.Medium, Own: own})); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b.Bytes(), &bundle); err != nil {
			t.Fatal(err)
		}
		for _, o := range bundle.Objects {
			if o.Type != "marking-definition" && !slices.Equal(o.Markings, []string{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"}) {
				t.Errorf("%s is marked %q", o.ID, o.Markings)
			}
		}
	}
}

// TestSigmaNames: a rule finds a name and what is below it, and no name that
// only ends in the same letters.
func TestSigmaNames(t *testing.T) {
	var b bytes.Buffer
	if err := Sigma(&b, &Parcel{Items: []Item{{Kind: "domain", Value: "evil.example"}}}); err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(&b)
	for n := 0; ; n++ {
		var rule struct {
			Detection struct {
				Selection []map[string][]string `yaml:"selection"`
			} `yaml:"detection"`
		}
		if err := d.Decode(&rule); err != nil {
			if n != 3 {
				t.Errorf("%d rules, want 3: %v", n, err)
			}
			return
		}
		found := func(name string) bool {
			return slices.ContainsFunc(rule.Detection.Selection, func(m map[string][]string) bool {
				for field, values := range m {
					for _, v := range values {
						if strings.HasSuffix(field, "|endswith") && strings.HasSuffix(name, v) || name == v {
							return true
						}
					}
				}
				return false
			})
		}
		if !found("evil.example") || !found("c2.evil.example") || found("notevil.example") {
			t.Errorf("%+v", rule)
		}
	}
}

// TestFindsItsOwn: what was exported is read by our engines and finds the
// values again, each where it can be seen.
func TestFindsItsOwn(t *testing.T) {
	files := written(t, Pack(planted(), Policy{Least: finding.Medium}))
	set, report := intel.Load(intel.FS(fstest.MapFS{"a.intel": {Data: files["zeek"]}, "b.csv": {Data: files["csv"]}, "c.txt": {Data: files["list"]}}, "."))
	if report.Refused > 0 || set.Len() < 20 {
		t.Errorf("intel: %+v", report)
	}
	engine, refused := sigma.Compile(fstest.MapFS{"case.yml": {Data: files["sigma"]}})
	if len(refused) > 0 || engine.Len() < 8 {
		t.Errorf("sigma: %d rules, refused %v", engine.Len(), refused)
	}
	yr, bad := yara.Compile(yara.Options{}, fs.FS(fstest.MapFS{"case.yar": {Data: files["yara"]}}))
	if len(bad) > 0 || len(yr.List) != 1 {
		t.Fatalf("yara: %d rules, refused %v", len(yr.List), bad)
	}
	if m := yr.Scanner().Scan(yara.Input{Data: []byte("inert\n"), Path: "x"}); len(m.Matches) != 1 {
		t.Errorf("yara: %+v", m)
	}
}

// TestPeersAccept: programs that users run read what we write.
func TestPeersAccept(t *testing.T) {
	dir := t.TempDir()
	files := written(t, Pack(planted(), Policy{Least: finding.Medium}))
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, peer := range [][]string{
		{"nft", "-c", "-f", filepath.Join(dir, "nftables")},
		{"named-checkzone", "rpz.longwatch", filepath.Join(dir, "rpz")},
		{"suricata", "-T", "-S", filepath.Join(dir, "suricata"), "-l", dir},
		{"yara", filepath.Join(dir, "yara"), filepath.Join(dir, "yara")},
	} {
		t.Run(peer[0], func(t *testing.T) {
			program, err := exec.LookPath(peer[0])
			if err != nil {
				program = filepath.Join("/usr/sbin", peer[0])
				if _, err := os.Stat(program); err != nil {
					t.Skip("no ", peer[0], " here")
				}
			}
			if out, err := exec.CommandContext(t.Context(), program, peer[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("misp", func(t *testing.T) {
		python := pypeer.Python(t, "pymisp")
		out, err := exec.CommandContext(t.Context(), python, "-c", `
import sys, pymisp
e = pymisp.MISPEvent()
e.load_file(sys.argv[1], validate=True)
print(len(e.attributes), e.threat_level_id, [t.name for t in e.tags][0])`, filepath.Join(dir, "misp")).CombinedOutput()
		if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "1 tlp:clear") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// TestSuricataSyntax: a parser of Suricata's rules takes every line that is no
// comment for an alert with a number of its own.
func TestSuricataSyntax(t *testing.T) {
	python := pypeer.Python(t, "suricataparser")
	file := filepath.Join(t.TempDir(), "case.rules")
	data := written(t, Pack(planted(), Policy{Least: finding.Medium}))["suricata"]
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "-c", `
import sys, suricataparser
for r in suricataparser.parse_file(sys.argv[1]):
    if r.enabled: print(r.action, r.sid, r.header.split()[0], bool(r.msg), r.rev)`, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if want := bytes.Count(data, []byte("\nalert ")); len(lines) != want || want < 10 {
		t.Errorf("%d rules are read, %d were written", len(lines), want)
	}
	form := regexp.MustCompile(`^alert 1\d{6} (ip|dns|tls|http) True 1$`)
	seen := map[string]bool{}
	for _, l := range lines {
		if !form.MatchString(l) || seen[strings.Fields(l)[1]] {
			t.Errorf("%q", l)
		}
		seen[strings.Fields(l)[1]] = true
	}
}

// TestRecipients: a recipient gets no more than he may see.
func TestRecipients(t *testing.T) {
	list, err := Recipients(strings.NewReader("recipients:\n  - {name: Sector ISAC, tlp: amber, formats: [stix, csv]}\n  - {name: Everybody, tlp: clear}\n"))
	if err != nil {
		t.Fatal(err)
	}
	stixFormat, _ := FormatNamed("stix")
	mispFormat, _ := FormatNamed("misp")
	for _, tt := range []struct {
		to     string
		tlp    TLP
		format Format
		ok     bool
	}{
		{"sector isac", Amber, stixFormat, true}, {"Sector ISAC", AmberStrict, stixFormat, false}, {"Sector ISAC", Green, mispFormat, false},
		{"Everybody", Clear, mispFormat, true}, {"Everybody", Green, mispFormat, false}, {"Somebody", Clear, stixFormat, false},
	} {
		err := Allow(list, tt.to, &Parcel{Marking: tt.tlp}, tt.format)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s, TLP:%v, %s: %v", tt.to, tt.tlp, tt.format.Name, err)
		}
	}
	for _, bad := range []string{"recipients:\n  - {tlp: red}\n", "recipients:\n  - {name: x, tlp: purple}\n", "recipients:\n  - {name: x, formats: [pdf]}\n", "nonsense: 1\n"} {
		if _, err := Recipients(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestPrivateQuestion: who holds the key learns which values were seen and on
// which days; without it, the question says nothing.
func TestPrivateQuestion(t *testing.T) {
	key := []byte("a key that two parties share")
	values := []string{"Evil-C2.example.net", "198.51.100.7", "9a72dc6ee5665ab1364707965c4b75a6e3a58e25148d5ea02b17aa78b2a84eb5", "203.0.113.200", "never.example.org"}
	q, err := Ask(key, values)
	if err != nil {
		t.Fatal(err)
	}
	js, _ := json.Marshal(q)
	for _, v := range values {
		if bytes.Contains(bytes.ToLower(js), []byte(strings.ToLower(v))) {
			t.Errorf("the question names %s", v)
		}
	}
	back, err := ReadQuestion(bytes.NewReader(js))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Reply(key, back, planted())
	if err != nil {
		t.Fatal(err)
	}
	seen := Meaning(key, values, a)
	if len(seen) != 3 || seen["198.51.100.7"].First != "2026-03-02" || a.Asked != len(q.Tokens) {
		t.Errorf("seen %v of %d", seen, a.Asked)
	}
	if _, err := Reply([]byte("another key of that length"), back, planted()); !errors.Is(err, ErrQuestion) {
		t.Errorf("with another key: %v", err)
	}
	if _, err := Ask([]byte("short"), values); !errors.Is(err, ErrQuestion) {
		t.Errorf("with a short key: %v", err)
	}
}
