package sigma

import (
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
)

// compileText compiles rules written as text.
func compileText(t testing.TB, text string) (*Engine, []Refused) {
	t.Helper()
	return Compile(fstest.MapFS{"r.yml": {Data: []byte(text)}})
}

// fires tells whether a process_creation rule with that detection is true of
// an event with those fields.
func fires(t *testing.T, detection string, fields ...record.KV) bool {
	t.Helper()
	e, refused := compileText(t, "title: t\nid: x\nlogsource: {product: windows, category: process_creation}\ndetection:\n"+detection)
	if len(refused) > 0 {
		t.Fatalf("refused: %v", refused)
	}
	n := 0
	e.NewMatcher().Match(&host.Event{Channel: sysmonLog, Provider: "Microsoft-Windows-Sysmon", EventID: 1, Fields: fields}, func(*Firing) { n++ })
	return n == 1
}

func kv(pairs ...string) (out []record.KV) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, record.KV{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

// TestValues holds strings to the specification's rules for wildcards,
// escapes and modifiers; the Base64 forms are pySigma's.
func TestValues(t *testing.T) {
	tests := []struct {
		item, value string
		want        bool
	}{
		{`F: 'abc'`, `ABC`, true},
		{`F: 'abc'`, `abcd`, false},
		{`F: 'a*c'`, `a--c`, true},
		{`F: 'a*c'`, `ac`, true},
		{`F: 'a?c'`, `ac`, false},
		{`F: 'a?c'`, `aéc`, true},
		{`F: '*a?b*c'`, `xxaab-a1bxc`, true},
		{`F: 'a\*c'`, `a*c`, true},
		{`F: 'a\*c'`, `axc`, false},
		{`F: 'a\\*c'`, `a\xc`, true},
		{`F: 'a\\\*c'`, `a\*c`, true},
		{`F: 'a\bc'`, `a\bc`, true},
		{`F: 'a\\bc'`, `a\bc`, true},
		{`F: '\\\\srv\x'`, `\\srv\x`, true},
		{`F: 'ÄB'`, `äb`, true},
		{`F|contains: 'b'`, `abc`, true},
		{`F|startswith: 'ab'`, `ABc`, true},
		{`F|endswith: '\x.exe'`, `C:\X.EXE`, true},
		{`F|endswith: 'a*b'`, `xxaxxb`, true},
		{`F|contains|all: ['a', 'c']`, `abc`, true},
		{`F|contains|all: ['a', 'd']`, `abc`, false},
		{`F|contains|cased: 'AbC'`, `xAbCx`, true},
		{`F|contains|cased: 'AbC'`, `xabcx`, false},
		{`F|re: 'a.c$'`, `xxabc`, true},
		{`F|re: 'A.c$'`, `xxabc`, false},
		{`F|re|i: 'A.c$'`, `xxabc`, true},
		{`F|re|i|s: 'A.c'`, "a\nc", true},
		{`F|re|m: '^b$'`, "a\nb", true},
		{`F|cidr: '10.0.0.0/8'`, `10.255.0.1`, true},
		{`F|cidr: '10.0.0.0/8'`, `11.0.0.1`, false},
		{`F|cidr: 'fe80::/10'`, `fe80::1%3`, true},
		{`F|cidr: '10.0.0.0/8'`, `host`, false},
		{`F|lt: 10`, `9.5`, true},
		{`F|gte: 10`, `10`, true},
		{`F|gt: 10`, `0x0b`, true},
		{`F|lte: 10`, `eleven`, false},
		{`F: 4688`, `4688`, true},
		{`F: [1, 2]`, `2`, true},
		{`F: true`, `True`, true},
		{`F: ''`, ``, true},
		{`F: null`, ``, true},
		{`F: null`, `x`, false},
		{`Missing: null`, `x`, true},
		{`F|exists: true`, ``, true},
		{`F|exists: false`, `x`, false},
		{`Missing|exists: false`, `x`, true},
		{`F|neq: 'x'`, `y`, true},
		{`F|windash|contains: ' -d '`, `x /d y`, true},
		{`F|windash|contains: ' -d '`, "x \u2014d y", true},
		{`F|windash|contains: '-a-b'`, `x /a-b`, true},
		{`F|windash|contains: '-a-b'`, `x -a/b`, false},
		{`F|base64: 'foobar'`, `Zm9vYmFy`, true},
		{`F|base64offset|contains: 'foobar'`, `eHhmb29iYXI=`, true},
		{`F|base64offset: 'foobar'`, `eHhmb29iYXI=`, false},
		{`F|base64offset: 'foobar'`, `Zm9vYmFy`, true},
		{`F|base64offset|contains: 'http://'`, `xxodHRwOi8vxx`, true},
		{`F|base64offset|contains: 'http://'`, `xxHRwOi8vxx`, false},
		{`F|base64offset|contains: 'http://'`, `xxaHR0cDovLxx`, true},
		{`F|wide|base64offset|contains: 'whoami'`, `dwBoAG8AYQBtAGkA`, true},
		{`F|utf16be|base64: 'a'`, `AGE=`, true},
		{`F|utf16|base64: 'a'`, `//5hAA==`, true},
		{`F|wide|contains: 'a*b'`, "xa\x00--b\x00x", true},
		{`F|utf16be: 'ab'`, "\x00a\x00b", true},
		{`F|windash|base64offset|contains: ' -enc'`, `IC9lbmM`, true},
		{`F|re: '.{5,}'`, "abcd\nefgh", false},
		{`F|re: '.{5,}'`, "abcde", true},
		{`F|re: '(?s).{5,}'`, "ab\ncd", true},
		{`F|re: '[x-z]+'`, "abyc", true},
		{`F|fieldref: G`, `same`, true},
		{`F|fieldref|startswith: G`, `same and more`, true},
		{`F|fieldref: G`, `other`, false},
		{`F|hour: 3`, `2026-01-02 03:04:05.678`, true},
	}
	for _, tt := range tests {
		t.Run(tt.item+" on "+tt.value, func(t *testing.T) {
			if got := fires(t, "  s:\n    "+tt.item+"\n  condition: s\n", kv("F", tt.value, "G", "SAME")...); got != tt.want {
				t.Errorf("fires = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	const selections = "  a: {A: 1}\n  b: {B: 1}\n  c: {C: 1}\n  sel_1: {A: 1}\n  sel_2: {B: 1}\n  _hidden: {C: 1}\n  key: ['needle', 'other']\n  lists:\n    - {A: 1, B: 1}\n    - {C: 1}\n"
	tests := []struct {
		condition, hold string // letters of the fields that are 1
		want            bool
	}{
		{"a", "A", true},
		{"not a", "A", false},
		{"not not a", "A", true},
		{"a or b and c", "A", true},
		{"(a or b) and c", "A", false},
		{"not a and b", "B", true},
		{"not (a and b)", "A", true},
		{"A or b", "", false},
		{"1 of sel_*", "B", true},
		{"all of sel_*", "B", false},
		{"all of sel_*", "AB", true},
		{"any of sel_*", "A", true},
		{"not 1 of sel_*", "C", true},
		{"2 of sel_*", "AB", true},
		{"2 of sel_*", "A", false},
		{"1 of _*", "C", true},
		{"a AND NOT b", "A", true},
		{"lists", "C", true},
		{"lists", "A", false},
		{"key", "N", true},
		{"1 of them", "", false},
		{"1 of s*_2", "B", true},
	}
	for _, tt := range tests {
		t.Run(tt.condition+" "+tt.hold, func(t *testing.T) {
			if strings.HasPrefix(tt.condition, "A ") {
				if _, refused := compileText(t, "title: t\nlogsource: {product: windows}\ndetection:\n"+selections+"  condition: "+tt.condition+"\n"); len(refused) != 1 {
					t.Error("a selection that is not there was accepted")
				}
				return
			}
			fields := kv("X", "x")
			for _, l := range tt.hold {
				if l == 'N' {
					fields = append(fields, kv("T", "a NEEDLE here")...)
				}
				fields = append(fields, kv(string(l), "1")...)
			}
			if got := fires(t, selections+"  condition: "+tt.condition+"\n", fields...); got != tt.want {
				t.Errorf("fires = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRefusalsHaveReasons(t *testing.T) {
	head := "title: t\nlogsource: {product: windows}\ndetection:\n  s: {A: 1}\n"
	tests := []struct{ text, reason string }{
		{head + "  condition: s | count(A) over B > 3\n", "aggregation"},
		{head + "  condition: s | near t\n", "no selection"},
		{head + "  condition: s | count() > 3\n  timeframe: soon\n", "timespan"},
		{head + "  condition: s and\n", "ends where"},
		{head + "  condition: (s\n", "parenthesis"},
		{head + "  condition: 1 of x*\n", "named like"},
		{head, "no condition"},
		{"title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|odd: 1}\n  condition: s\n", "unknown modifier"},
		{"title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|re: '(?!x)y'}\n  condition: s\n", "regular expression"},
		{"title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|expand: '%users%'}\n  condition: s\n", "%users% is not defined"},
		{"title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|cidr: 'x'}\n  condition: s\n", "x"},
		{"title: t\ncorrelation: {type: event_count}\n", "names no rules"},
		{"title: t\ncorrelation: {type: event_count, rules: x, timespan: 1h, condition: {gte: 2}}\n", "no rule \"x\""},
		{"title: t\nname: x\ncorrelation: {type: temporal, rules: [x], timespan: 1h}\n", "itself"},
		{"title: t\nlogsource: {product: windows}\nfilter: {rules: [x], s: {A: 1}, condition: s}\n", "none of the rules"},
		{"title: t\nlogsource: {product: windows}\nfilter: {s: {A: 1}, condition: s}\n", "which rules"},
		{"jobs: {build: x}\n", "no Sigma document"},
		{"title: t\ntaxonomy: ecs\nlogsource: {product: windows}\ndetection:\n  s: {A: 1}\n  condition: s\n", "pipeline"},
		{"title: t\ndetection:\n  s: {A: 1}\n  condition: s\n", "log source"},
		{"title: t\nlogsource: {product: macos}\ndetection:\n  s: {A: 1}\n  condition: s\n", "no evidence"},
		{"title: t\nlogsource: {product: windows\n", ""},
	}
	for _, tt := range tests {
		e, refused := compileText(t, tt.text)
		if e.Len() != 0 || len(refused) != 1 || !strings.Contains(refused[0].Reason, tt.reason) || refused[0].File != "r.yml" {
			t.Errorf("%q: refused %v", tt.text, refused)
		}
	}
	good := "title: g\nid: one\nlogsource: {product: windows}\ndetection:\n  s: {A: 1}\n  condition: s\n"
	if e, refused := compileText(t, good+"---\n"+"title: t\nlogsource: {product: windows}\ndetection: {\n"+"---\n"+good); e.Len() != 1 || len(refused) != 2 || refused[1].Reason != errTwice.Error() {
		t.Errorf("documents of one file: %d rules, refused %v", e.Len(), refused)
	}
	if _, refused := CompileWith(Options{Placeholders: map[string][]string{"users": {"bob"}}, Trees: []fs.FS{fstest.MapFS{"r.yml": {Data: []byte("title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|expand: '%users%'}\n  condition: s\n")}}}}); len(refused) != 0 {
		t.Errorf("a placeholder that is defined: %v", refused)
	}
}

// TestLogSources sends a record of each kind to a rule for its log source.
func TestLogSources(t *testing.T) {
	ev := func(channel string, id uint32, fields ...string) *host.Event {
		return &host.Event{Channel: channel, EventID: id, Fields: kv(fields...)}
	}
	access := &web.Access{Product: "iis", Method: "POST", Stem: "/a.aspx", Query: "x=1", Status: 200, ClientIP: netip.MustParseAddr("192.0.2.1"), UserAgent: "ua"}
	tests := []struct {
		name, source, detection string
		r                       record.Record
		want                    bool
	}{
		{"4688 as process creation", "{product: windows, category: process_creation}", `{Image|endswith: '\a.exe', ParentImage|endswith: '\b.exe', ParentProcessId: '0x2'}`,
			ev("Security", 4688, "NewProcessName", `C:\a.exe`, "ParentProcessName", `C:\b.exe`, "ProcessId", "0x2"), true},
		{"Sysmon 1 as process creation", "{category: process_creation}", `{Image|endswith: '\a.exe'}`, ev(sysmonLog, 1, "Image", `C:\a.exe`), true},
		{"Sysmon 3 is none", "{category: process_creation}", `{Image|endswith: '\a.exe'}`, ev(sysmonLog, 3, "Image", `C:\a.exe`), false},
		{"channel in other case", "{product: windows, service: security}", `{EventID: 1102}`, ev("SECURITY", 1102), true},
		{"other service", "{product: windows, service: system}", `{EventID: 1102}`, ev("Security", 1102), false},
		{"registry value of 4657", "{category: registry_set, product: windows}", `{TargetObject: 'HKLM\SOFTWARE\k\v', Details: 'x'}`,
			ev("Security", 4657, "ObjectName", `\REGISTRY\MACHINE\SOFTWARE\k`, "ObjectValueName", "v", "NewValue", "x"), true},
		{"default value of 4657", "{category: registry_set, product: windows}", `{TargetObject: 'HKU\S-1\k\(Default)'}`,
			ev("Security", 4657, "ObjectName", `\REGISTRY\USER\S-1\k`, "ObjectValueName", ""), true},
		{"4657 that deletes sets nothing", "{category: registry_set, product: windows}", `{NewValue: 'x'}`, ev("Security", 4657, "OperationType", "%%1906", "NewValue", "x"), false},
		{"4657 that deletes", "{category: registry_delete, product: windows}", `{ObjectValueName: 'v'}`, ev("Security", 4657, "OperationType", "%%1906", "ObjectValueName", "v"), true},
		{"4657 that adds", "{category: registry_add, product: windows}", `{ObjectValueName: 'v'}`, ev("Security", 4657, "OperationType", "%%1904", "ObjectValueName", "v"), true},
		{"4657 that changes adds nothing", "{category: registry_add, product: windows}", `{ObjectValueName: 'v'}`, ev("Security", 4657, "OperationType", "%%1905", "ObjectValueName", "v"), false},
		{"Sysmon 13", "{category: registry_event, product: windows}", `{TargetObject|endswith: '\v'}`, ev(sysmonLog, 13, "TargetObject", `HKLM\v`), true},
		{"Sysmon 18", "{category: pipe_created, product: windows}", `{PipeName: '\x'}`, ev(sysmonLog, 18, "PipeName", `\x`), true},
		{"script block", "{category: ps_script, product: windows}", `{ScriptBlockText|contains: 'x'}`, ev(powershellLog, 4104, "ScriptBlockText", "axb"), true},
		{"positional data", "{product: windows, service: application}", `{Provider_Name: 'ESENT', Data|contains: 'ntds.dit'}`,
			&host.Event{Channel: "Application", Provider: "ESENT", EventID: 325, Fields: kv("Data", "lsass", "Data", `C:\t\ntds.dit`)}, true},
		{"recovered event", "{product: windows, service: security}", `{EventID: 1102}`, &host.RecoveredEvent{Event: *ev("Security", 1102)}, true},
		{"IIS request", "{category: webserver}", `{c-uri: '/a.aspx?x=1', cs-method: POST, sc-status: 200, c-ip|cidr: '192.0.2.0/24'}`, access, true},
		{"IIS by product", "{category: webserver, product: iis}", `{cs-uri-query: 'x=1'}`, access, true},
		{"nginx rule on IIS", "{category: webserver, product: nginx}", `{cs-uri-query: 'x=1'}`, access, false},
		{"Linux process", "{category: process_creation, product: linux}", `{Image|endswith: '/id', CommandLine|contains: '-u'}`,
			&host.Process{Head: host.Head{Provider: "auditd"}, Image: "/usr/bin/id", CommandLine: "id -u"}, true},
		{"process record of Windows is matched as its event only", "{category: process_creation}", `{Image|endswith: '/id'}`,
			&host.Process{Head: host.Head{Provider: "Microsoft-Windows-Sysmon"}, Image: "/usr/bin/id"}, false},
		{"auditd arguments", "{product: linux, service: auditd}", `{type: EXECVE, a0: 'id', a1: '-u'}`,
			&host.Process{Head: host.Head{Provider: "auditd"}, Args: []string{"id", "-u"}}, true},
		{"auditd call", "{product: linux, service: auditd}", `{type: SYSCALL, SYSCALL: kill, a1: '384'}`, &host.Syscall{Syscall: "kill", Args: []string{"1", "384"}}, true},
		{"auditd path", "{product: linux, service: auditd}", `{type: PATH, name: '/etc/shadow'}`, &host.Syscall{Syscall: "openat", Paths: []string{"/etc/shadow"}}, true},
		{"program of syslog", "{product: linux, service: sshd}", `['Accepted password']`, &host.Syslog{App: "sshd", Message: "Accepted password for root"}, true},
		{"other program", "{product: linux, service: sshd}", `['Accepted password']`, &host.Syslog{App: "cron", Message: "Accepted password for root"}, false},
		{"any program", "{product: linux, service: syslog}", `['exploit']`, &host.Syslog{App: "appd", Message: "an exploit"}, true},
		{"Cisco by its mnemonic", "{product: cisco, service: aaa}", `['no logging']`, &host.Syslog{Message: "%PARSER-5-CFGLOG_LOGGEDCMD: no logging"}, true},
		{"FortiGate fields", "{product: fortios, service: event}", `{action: Add, cfgpath: system.admin}`,
			&host.Syslog{Message: "x", Fields: kv("devid", "FG1", "action", "Add", "cfgpath", "system.admin")}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, refused := compileText(t, fmt.Sprintf("title: t\nid: x\nlogsource: %s\ndetection:\n  s: %s\n  condition: s\n", tt.source, tt.detection))
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			n := 0
			e.NewMatcher().Match(tt.r, func(*Firing) { n++ })
			if (n == 1) != tt.want {
				t.Errorf("fired %d times, want %v", n, tt.want)
			}
		})
	}
}

func TestFinding(t *testing.T) {
	e, _ := compileText(t, `
title: Odd program
id: 9f0e1a3c-0000-4000-8000-000000000001
author: [Ann, Bob]
status: stable
level: high
tags: [attack.execution, attack.t1059.001, dossier.vt-09]
falsepositives: [Unknown, Nightly job]
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\a.exe'
    CommandLine|contains: [x, y]
  filter: {User: nobody}
  condition: selection and not filter
`)
	ev := &host.Event{Head: record.Head{TS: 5e9, Ref: record.Ref{File: "log", Kind: record.RefRecord, Pos: 7}}, Host: "pc1", Channel: sysmonLog, EventID: 1,
		Fields: kv("Image", `C:\A.exe`, "CommandLine", "run Y now", "User", `CORP\eve`)}
	var got []finding.Finding
	e.NewMatcher().Match(ev, func(f *Firing) { got = append(got, f.Finding()) })
	if len(got) != 1 {
		t.Fatalf("%d findings", len(got))
	}
	f := got[0]
	if f.Detector != "sigma:9f0e1a3c-0000-4000-8000-000000000001" || f.Severity != finding.High || f.Confidence != 75 || f.Start != 5e9 || f.ID == "" {
		t.Errorf("finding = %+v", f)
	}
	if fmt.Sprint(f.Techniques) != "[T1059.001]" || fmt.Sprint(f.Dossier) != "[VT-09]" {
		t.Errorf("techniques %v, dossier %v", f.Techniques, f.Dossier)
	}
	want := []string{
		`selection: Image|endswith matches "C:\\A.exe"`,
		`selection: CommandLine|contains matches "run Y now"`,
		`could also be: Nightly job`,
		`Sigma rule "Odd program" by Ann, Bob`,
	}
	if !slices.Equal(f.Why, want) {
		t.Errorf("why = %q", f.Why)
	}
	if !slices.Contains(f.Entities, record.Entity{Kind: "user", Value: `CORP\eve`}) || !slices.Contains(f.Entities, record.Entity{Kind: "process", Value: `C:\A.exe`}) {
		t.Errorf("entities = %v", f.Entities)
	}
}

func TestTestsOfARule(t *testing.T) {
	e, refused := compileText(t, `
title: t
id: x
logsource: {product: windows, service: security}
detection:
  s: {EventID: 5145, Name|startswith: ab}
  condition: s
tests:
  fires:
    - {EventID: 5145, Name: abc}
    - {EventID: 5145, Name: xyz}
  quiet:
    - {EventID: 5145, Name: [x, abc]}
    - {EventID: 1}
`)
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	var got []string
	for _, f := range e.Test() {
		got = append(got, fmt.Sprint(f.Line, " ", f.Why))
	}
	if want := []string{"11 should fire and is quiet", "13 should be quiet and fires"}; !slices.Equal(got, want) {
		t.Errorf("failures = %q, want %q", got, want)
	}
}

func TestMatchingAllocatesNothing(t *testing.T) {
	e, _ := compileText(t, `
title: t
id: x
logsource: {product: windows, category: process_creation}
detection:
  a: {CommandLine|contains: 'mimikatz'}
  b: {CommandLine|re: 'a[bc]+d$'}
  c: {ParentProcessId|gt: 100000}
  d: ['lsadump']
  condition: a or b or c or d
`)
	ev := &host.Event{Channel: sysmonLog, EventID: 1, Fields: kv("Image", `C:\Windows\System32\cmd.exe`, "CommandLine", `cmd /c dir Ä:\`, "ParentProcessId", "77")}
	m := e.NewMatcher()
	emit := func(*Firing) { t.Fatal("fired") }
	m.Match(ev, emit)
	if n := testing.AllocsPerRun(200, func() { m.Match(ev, emit) }); n != 0 {
		t.Errorf("%v allocations for an event that no rule describes", n)
	}
}

// FuzzRule compiles any text; what compiles must find by index what it finds
// by evaluation.
func FuzzRule(f *testing.F) {
	f.Add("  s: {A|contains: 'abcd*e?'}\n  k: ['key']\n  condition: s or not k", "xabcdzez")
	f.Add("  s: {A|re|i: '(foo|bar)+x'}\n  condition: s", "FOOx")
	f.Add("  s: [{A: 'abc'}, {B|windash|contains: '-x'}]\n  condition: 1 of s*", "abc")
	f.Add("  s: {A|base64offset|wide|contains: 'whoami'}\n  condition: all of them", "dwBoAG8AYQBtAGkA")
	f.Fuzz(func(t *testing.T, detection, value string) {
		e, refused := compileText(t, "title: t\nid: x\nlogsource: {product: windows, category: process_creation}\ndetection:\n"+detection+"\n")
		if e.Len()+len(refused) == 0 {
			return // no document at all
		}
		ev := &host.Event{Channel: sysmonLog, EventID: 1, Fields: kv("A", value, "B", "-x")}
		route, _ := e.routes.of(ev)
		if route == nil {
			return
		}
		v := newView(len(e.fields.names))
		v.begin(route)
		v.fill(ev)
		want, _ := e.Rules[0].holds(v)
		got := false
		e.NewMatcher().Match(ev, func(*Firing) { got = true })
		if got != want {
			t.Fatalf("index %v, evaluation %v for %q on %q", got, want, detection, value)
		}
	})
}
