package sigma

import (
	"fmt"
	nethttp "net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
)

const plainRule = "title: %s\nid: %s\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n"

// TestTrees: every document is a rule or is refused with its file and line,
// whatever stands beside it.
func TestTrees(t *testing.T) {
	rule := func(id string) string { return fmt.Sprintf(plainRule, id, id) }
	e, refused := Compile(fstest.MapFS{
		"a.yml":              {Data: []byte(rule("a"))},
		"many.yaml":          {Data: []byte("# one file\n---\n" + rule("b") + "---\ntitle: {\n---\n" + rule("c") + "...\n" + rule("d") + "---\n")},
		"bom.yml":            {Data: []byte("\xef\xbb\xbf" + rule("e"))},
		"windows.yml":        {Data: []byte(strings.ReplaceAll(rule("f"), "\n", "\r\n"))},
		".git/HEAD.yml":      {Data: []byte("not: ours")},
		".github/ci.yml":     {Data: []byte("not: ours")},
		"other/workflow.yml": {Data: []byte("on: push\n")},
		"list.yml":           {Data: []byte("- a\n- b\n")},
		"empty.yml":          {Data: []byte("\n# nothing\n")},
		"README.md":          {Data: []byte("title: no")},
		"large.yml":          {Data: []byte(strings.Repeat("#", maxFile+1))},
		"bomb.yml":           {Data: []byte(bomb(12))},
	})
	var ids []string
	for _, r := range e.Rules {
		ids = append(ids, fmt.Sprintf("%s %s:%d", r.ID, r.File, r.Line))
	}
	if want := []string{"a a.yml:1", "e bom.yml:1", "b many.yaml:3", "c many.yaml:10", "d many.yaml:15", "f windows.yml:1"}; !slices.Equal(ids, want) {
		t.Errorf("rules %q, want %q", ids, want)
	}
	var why []string
	for _, r := range refused {
		why = append(why, r.String())
	}
	for i, want := range []string{"bomb.yml", "large.yml: larger", "list.yml:1: it is no Sigma", "many.yaml:7: ", "other/workflow.yml:1: it is no Sigma"} {
		if i >= len(why) || !strings.HasPrefix(why[i], want) {
			t.Fatalf("refused %q, want %q at %d", why, want, i)
		}
	}
}

// bomb is a rule whose aliases would write out to 9 to the power of n values.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("title: b\nid: bomb\nlogsource: {product: windows}\nx0: &x0 [{}]\n")
	for i := range n {
		fmt.Fprintf(&b, "x%d: &x%d [*x%d, *x%d, *x%d, *x%d, *x%d, *x%d, *x%d, *x%d, *x%d]\n", i+1, i+1, i, i, i, i, i, i, i, i, i)
	}
	fmt.Fprintf(&b, "detection: {s: *x%d, condition: s}\n", n)
	return b.String()
}

// TestTreesKnowEachOther: a filter and a correlation of one tree are for rules
// of another, and the rule that was there first keeps its id.
func TestTreesKnowEachOther(t *testing.T) {
	first := fstest.MapFS{"a.yml": {Data: fmt.Appendf(nil, plainRule, "first", "a")}}
	second := fstest.MapFS{
		"a.yml": {Data: fmt.Appendf(nil, plainRule, "second", "a")},
		"c.yml": {Data: []byte("title: many\nid: c\ncorrelation: {type: event_count, rules: [a], timespan: 1h, condition: {gte: 2}}\n")},
		"f.yml": {Data: []byte("title: not b\nlogsource: {product: windows}\nfilter: {rules: [a], s: {B: 1}, condition: not s}\n")},
	}
	e, refused := Compile(first, second)
	if len(refused) != 1 || refused[0].Tree != 1 || refused[0].Reason != errTwice.Error() {
		t.Errorf("refused %v", refused)
	}
	if len(e.Rules) != 2 || e.Rules[0].Title != "first" || !slices.Equal(e.Rules[0].Filters, []string{"not b"}) || !e.Rules[0].quiet || len(e.Filters) != 1 {
		t.Errorf("rules %+v", e.Rules[0])
	}
}

// TestNetworkRecords sends records of captures to rules of the taxonomy's
// network categories.
func TestNetworkRecords(t *testing.T) {
	conn := record.Conn{OrigH: netip.MustParseAddr("10.0.0.1"), OrigP: 1024, RespH: netip.MustParseAddr("192.0.2.1"), RespP: 80}
	request := &http.Request{Conn: conn, Method: nethttp.MethodGet, Host: "h.example", URI: "/a/b.php?c=d", UserAgent: "ua", StatusCode: record.Some(uint64(200))}
	query := &dns.Message{Conn: conn, Query: "x.example", QTypeName: "TXT", Answers: []string{"y"}}
	tests := []struct {
		source, detection string
		r                 record.Record
		want              bool
	}{
		{"{category: proxy}", `{c-uri: 'http://h.example/a/b.php?c=d', c-uri-extension: php, c-uri-query: c=d, cs-host: h.example, r-dns: h.example, c-useragent: ua, cs-method: GET, sc-status: 200}`, request, true},
		{"{category: webserver}", `{cs-uri: '/a/b.php?c=d', cs-uri-stem: /a/b.php, cs-uri-query: c=d, cs-user-agent: ua, c-ip: 10.0.0.1, s-port: 80}`, request, true},
		{"{category: webserver, product: apache}", `{cs-uri-stem: /a/b.php}`, request, false},
		{"{product: zeek, service: http}", `{uri|contains: b.php, id.resp_h: 192.0.2.1}`, request, true},
		{"{product: zeek, service: dns}", `{query: x.example}`, request, false},
		{"{category: dns}", `{query|endswith: .example, record_type: TXT, answer: y, src_ip|cidr: 10.0.0.0/8}`, query, true},
		{"{category: network, service: dns}", `{dns.question.name: x.example, source.ip: 10.0.0.1, destination.port: 80}`, query, true},
		{"{category: network}", `{source.ip: 10.0.0.1}`, query, true},
		{"{category: network, service: connection}", `{source.ip: 10.0.0.1}`, query, false},
		{"{category: proxy}", `['b.php']`, request, true},
	}
	for _, tt := range tests {
		e, refused := compileText(t, fmt.Sprintf("title: t\nid: x\nlogsource: %s\ndetection:\n  s: %s\n  condition: s\n", tt.source, tt.detection))
		if len(refused) > 0 {
			t.Fatal(refused)
		}
		n := 0
		e.NewMatcher().Match(tt.r, func(*Firing) { n++ })
		if (n == 1) != tt.want {
			t.Errorf("%s %s: fired %d times, want %v", tt.source, tt.detection, n, tt.want)
		}
	}
}

func TestExplain(t *testing.T) {
	e, refused := compileText(t, `
title: Odd
id: odd-1
name: odd
status: test
description: |
  Two
  lines
author: Ann
tags: [attack.t1059]
related: [{id: odd-2, type: similar}]
logsource: {product: windows, category: registry_add}
detection:
  s: {TargetObject|endswith: ['\a', '\bcd'], User|re: 'x+', N|gt: 3, Z: null}
  k: [needle]
  condition: s and not k
---
title: Many
id: odd-2
correlation: {type: value_count, rules: [odd], group-by: [User], timespan: 90m, condition: {field: N, gte: 3}}
`)
	if len(refused) > 0 {
		t.Fatal(refused)
	}
	for i, want := range [][]string{{
		"Odd (odd-1)",
		"file         r.yml:2",
		"level        medium, status test, confidence 60",
		"author       Ann",
		"about        Two lines",
		"techniques   T1059",
		`related      similar odd-2 "Many"`,
		`reports      only through "Many" (odd-2), which does not say generate: true`,
		`log source   windows/registry_add/*: Windows event log "Microsoft-Windows-Sysmon/Operational", events 12; Windows event log "Security", events 4657`,
		"condition    s and not k",
		"  s:",
		"    all of",
		`      TargetObject|endswith: "*\\a", "*\\bcd"`,
		"      User|re: /x+/",
		"      N|gt: 3",
		"      Z is empty or not there",
		"  k:",
		`    keyword: "*needle*"`,
		"looked for   every event of the log source",
	}, {
		"Many (odd-2)",
		"file         r.yml:18",
		"level        medium, status not given, confidence 60",
		"techniques   T1059",
		`correlation  value_count of "Odd" (odd-1)`,
		"timespan     90m",
		"group by     User",
		"values of    N",
		"asks for     at least 3",
		"judged       with each event",
		"looked for   hits of its rules",
	}} {
		got := e.Explain(e.Rules[i])
		if got = got[:len(got)-1]; !slices.Equal(got, want) {
			t.Errorf("explained\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// FuzzTree: every document of a file is a rule or is refused, and what
// compiles can be matched and correlated.
func FuzzTree(f *testing.F) {
	f.Add(fmt.Sprintf(plainRule, "a", "a") + "---\ntitle: c\ncorrelation: {type: temporal, rules: [a], timespan: 1m, condition: a and not a}\n")
	f.Add("action: global\ntitle: t\nlogsource: {product: windows}\n---\ndetection: {s: {A: 1}, condition: 's | count(A) by B > 1'}\n")
	f.Add("title: f\nlogsource: {product: windows}\nfilter: {rules: any, s: {A: 1}, condition: s}\n---\n" + fmt.Sprintf(plainRule, "b", "b"))
	f.Add("title: n\nid: n\nlogsource: {product: windows}\ndetection: {s: {A: 1}, t: {B: 2}, timeframe: 5s, condition: s | near t and not s}\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, _ := compileText(t, text)
		events := readCase(t, "00:00:00 3x1s 1 A=1 B=2\n00:00:01 2x1s 2 A=2 B=2\n")
		correlate(e, events)
		for _, r := range e.Rules {
			e.Explain(r)
		}
		e.Test()
	})
}
