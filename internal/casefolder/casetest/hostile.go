// Package casetest makes cases for the tests of everything that shows or
// passes on a case.
//
//	for _, s := range casetest.Hostile { … casetest.Case(s) … }
package casetest

import (
	"net/netip"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Hostile are strings that evidence can hold and that must stay text wherever
// a case is shown: markup, script addresses, terminal sequences, marks that
// turn text around, formulas, broken encoding.
var Hostile = []string{
	`<script>document.title="owned"</script>`,
	`"><img src=x onerror=document.title="owned">`,
	`javascript:document.title="owned"`,
	`</title></style></svg><script src=https://203.0.113.9/x.js></script>`,
	"\x1b]0;owned\x07\x1b[2J\x1b[31mred",
	"invoice\u202efdp.exe and \u2066isolated\u2069 \u200f\u061c",
	`=HYPERLINK("https://203.0.113.9/","open")`,
	"@SUM(1+1)*cmd|' /C calc'!A0",
	"line one\nline two\r\n\ttab\x00zero\x7f",
	"bad \xff\xfe\xc0 encoding",
	"{{.Case}} {{call .}} ${x} `id`",
	"url(https://203.0.113.9/y.css) expression(alert(1)) *{display:none}",
	"\u2028line\u2029paragraph\u0085next",
}

// start is when everything in these cases begins.
var start = record.TimeOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// Case is a case with every field of text set to s.
func Case(s string) *casefolder.Case {
	return build(func(string) string { return s })
}

// Plausible is the same case with ordinary words.
func Plausible() *casefolder.Case { return build(func(usual string) string { return usual }) }

func build(text func(usual string) string) *casefolder.Case {
	ref := func(pos int64, kind record.RefKind) record.Ref {
		return record.Ref{File: text("dc01/Security.evtx"), Kind: kind, Pos: pos}
	}
	entity := func(kind, usual string) record.Entity {
		return record.Entity{Kind: kind, Value: text(usual), Role: text("target")}
	}
	kinds := []record.Entity{
		entity("host", "DC01"), entity("address", "10.0.0.5"), entity("user", `CORP\alice`), entity("domain", "c.example.com"),
		entity("url", "https://c.example.com/a?b=c"), entity("file", `C:\Windows\Temp\a.dit`), entity("process", `C:\Windows\System32\ntdsutil.exe`),
		entity("hash", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), entity("email", "someone@example.com"),
		entity("certificate", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), entity("ja3", "d41d8cd98f00b204e9800998ecf8427e"), entity("user_agent", "check/1.0"),
		{Kind: "address", Value: "198.51.100.7"}, {Kind: "address", Value: netip.MustParseAddr("2001:db8::7").String()},
	}
	var findings []*finding.Finding
	for i, sev := range []finding.Severity{finding.Info, finding.Low, finding.Medium, finding.High, finding.Critical} {
		f := &finding.Finding{
			Detector: text("ntds-copy"), Title: text("Directory database copied"), Severity: sev, Confidence: uint8(20 * i),
			Start: start + record.Time(i)*record.Time(time.Hour), End: start + record.Time(i+1)*record.Time(time.Hour),
			Entities: append([]record.Entity(nil), kinds...), Techniques: []attack.ID{"T1003.003", "T1505.003", "T1090"}, Dossier: []string{text("VT-09")},
			Why:  []string{text("ntdsutil wrote a copy of the directory database"), text("at an hour at which nobody works")},
			Ask:  []string{text("Did you copy the directory database at that hour?")},
			Refs: []record.Ref{ref(int64(4711+i), record.RefRecord), ref(9, record.RefLine), ref(1<<20, record.RefOffset), ref(0, record.RefFile)},
		}
		f.Seal()
		findings = append(findings, f)
	}
	attribution := func(profile, status string, confidence uint8) finding.Attribution {
		return finding.Attribution{
			Profile: profile, Name: text("Volt Typhoon"), Confidence: confidence, Words: text("likely"), Status: status,
			For:     []finding.Reason{{Trait: text("ntds-ifm"), Group: text("command"), Weight: 2.5, Because: text("the directory database was copied as the advisory shows"), Source: text("CISA AA24-038A"), Findings: []string{findings[4].ID}}},
			Against: []finding.Reason{{Trait: text("malware"), Group: text("tool"), Weight: -1, Because: text("a program of its own was used")}},
			Missing: []string{text("no flow logs")}, Pivot: text("flows of the edge router"), RunnerUp: text("another"), Margin: 12,
		}
	}
	var edges []finding.Edge
	for i := 1; i < len(kinds); i++ {
		edges = append(edges, finding.Edge{From: kinds[0], To: kinds[i], Kind: finding.LoggedOn, Label: text("logged on to"), Probability: 0.9, Start: start, End: start, Findings: []string{findings[i%5].ID}})
	}
	clocks := []finding.Clock{{Source: text("host dc01"), Against: text("net/core.pcap"), Offset: 192 * time.Second, Spread: 2 * time.Second, Pairs: 41, Of: 44, Zone: text("UTC+2"), Why: text("ahead")}}
	incidents := []*finding.Incident{
		{
			ID: "i-0001", Title: text("Directory theft"), Severity: finding.Critical, Start: start, End: start + record.Time(50*time.Hour),
			Entry: &finding.Step{Entity: kinds[0], Time: start, Finding: findings[1].ID, Why: text("first seen here"), Confidence: 70}, Findings: findings[1:], Entities: kinds, Edges: edges,
			Alternatives: []finding.Step{{Entity: kinds[8], Time: start, Finding: findings[2].ID, Why: text("a message came before"), Confidence: 30}},
			Path: []finding.Move{{
				From: kinds[12], To: kinds[0], Kind: finding.LoggedOn, Account: text(`CORP\alice`), Technique: "T1021.001", Time: start, Confidence: 80,
				Why: text("logged on from outside"), Findings: []string{findings[1].ID}, Refs: []record.Ref{ref(4711, record.RefRecord)},
			}},
			Reach: []finding.Reach{
				{Entity: kinds[0], Grade: finding.Touched, Why: text("its directory was copied"), First: start, Last: start + record.Time(time.Hour), LogsFrom: start, Findings: []string{findings[1].ID}, Refs: []record.Ref{ref(4711, record.RefRecord)}},
				{Entity: kinds[1], Grade: finding.Accessed, Why: text("logged on to"), First: start, Last: start, Findings: []string{findings[2].ID}},
				{Entity: kinds[2], Grade: finding.Possibly, Why: text("was logged on there")},
			},
			Dwell: finding.Dwell{First: start, Last: start + record.Time(50*time.Hour), AtLeast: 50 * time.Hour, Why: []string{text("the log begins late")}},
			Joins: []finding.Join{{Finding: findings[2].ID, With: findings[1].ID, Shared: kinds[:1], Probability: 0.75, Because: text("both are about DC01")}},
			Why:   []string{text("all findings are about DC01")}, Clocks: clocks,
			Tactics: []attack.Tactic{"credential-access", "command-and-control"}, Attribution: []finding.Attribution{attribution("volt-typhoon", "sourced", 61), attribution("unattributed", "sourced", 30)},
		},
		{ID: "i-0002", Title: text("Tunnel"), Severity: finding.Low, Findings: findings[:1], Attribution: []finding.Attribution{attribution("th12", "unverified", 20)}},
	}
	return &casefolder.Case{
		Tool: casefolder.Tool{Version: "test", Go: "go1.26", Attack: "18.1"}, Command: []string{text("hunt")},
		Evidence: []casefolder.Evidence{
			{Path: text("dc01/Security.evtx"), SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Size: 69632, Format: "evtx", Start: start.String(), Records: map[string]int64{"process": 450}, Whole: true},
			{Path: text("net/core.pcap"), Format: "pcap", Problems: []casefolder.Problem{{Name: "ended-early", Count: 1, Bytes: 12, First: text("the capture ends in a packet")}}, Lost: 12},
		},
		Skipped:  []casefolder.Skipped{{Path: text("shut.log"), Why: text("cannot be read: permission denied"), Size: 5, Lost: true}},
		Records:  []casefolder.RecordFile{{Type: "process", File: "records/process.jsonl", Rows: 450}},
		Rules:    []casefolder.RuleSet{{Name: text("built-in"), Rules: 3, Refused: []string{text("broken.yml: no condition")}}},
		Intel:    []casefolder.IntelSource{{Name: text("feed.csv"), Loaded: 2, Refused: []string{text("feed.csv:3: no type")}}},
		Span:     record.Span{Start: start, End: start + record.Time(50*time.Hour)},
		Findings: findings, Incidents: incidents, HomeNet: []string{"10.0.0.0/8"},
		Clocks:   clocks,
		Coverage: []casefolder.Coverage{{Name: text("no mail"), Why: text("phishing cannot be seen")}},
		Hosts:    []casefolder.Host{{Name: text("DC01"), Addresses: []string{text("10.0.0.5")}, Findings: 5, Worst: "critical"}},
	}
}
