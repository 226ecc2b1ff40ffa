package incident

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// A bond passes the threshold at its window, and values that do not depend on
// each other add up: one minus the product of what each leaves open.
func TestBond(t *testing.T) {
	for _, b := range []bond{{0.97, longStay}, {0.6, oneLogin}, {0.9, hubStay}} {
		if got := b.at(b.window); math.Abs(got-threshold) > 1e-9 {
			t.Errorf("%+v at its window is %v, want the threshold", b, got)
		}
		if b.at(0) != b.strength || b.at(b.window/2) <= threshold || b.at(2*b.window) >= threshold {
			t.Errorf("%+v does not fall with time", b)
		}
	}
	var k kinship
	k.add(place, shared{p: 0.4}, 0)
	k.add(place, shared{p: 0.3}, 1) // the same thing twice
	k.add(who, shared{p: 0.5}, 0)
	if got := k.p(); math.Abs(got-0.7) > 1e-9 {
		t.Errorf("0.4 and 0.5 make %v, want 0.7", got)
	}
}

// Each finding of an incident but the first is tied to an earlier one, in words
// that a person can check.
func TestJoinsExplainTheIncident(t *testing.T) {
	got := Build([]finding.Finding{
		claim("loader", finding.High, 0, "T1204.002", "host ws7", `user CORP\jane.doe`),
		claim("share write", finding.High, time.Hour, "T1021.002", "host ws7 originator", "host fs1 responder"),
		claim("log cleared", finding.High, 26*time.Hour, "T1070.001", "host fs1"),
		claim("odd", finding.Low, 27*time.Hour, "T1059", "host fs1"),
	}, Options{})
	if len(got) != 1 {
		t.Fatalf("want one incident, got %v", titles(got))
	}
	inc := got[0]
	tied := map[string]finding.Join{}
	for _, j := range inc.Joins {
		tied[j.Finding] = j
	}
	before := map[string]bool{}
	for i, f := range inc.Findings {
		j, ok := tied[f.ID]
		if (i > 0) != ok || ok && !before[j.With] {
			t.Errorf("%s is tied by %+v", f.Title, j)
		}
		before[f.ID] = true
	}
	if j := tied[inc.Findings[2].ID]; !strings.Contains(j.Because, `"fs1" was reached (logged-on) and then acts itself, 25 hours apart`) || j.Probability < 0.8 || j.Shared[0].Value != "fs1" {
		t.Errorf("the clearing is tied by %+v", j)
	}
	if len(inc.Why) < 2 || !strings.Contains(strings.Join(inc.Why, "\n"), "the weakest tie") {
		t.Errorf("why one incident: %q", inc.Why)
	}
}

// Unsure findings on one machine a month apart are accidents; sure ones are a
// return.
func TestSurenessShortensMemory(t *testing.T) {
	build := func(conf uint8) int {
		a, b := claim("one", finding.Medium, 0, "T1059", "host ws7"), claim("two", finding.Medium, 40*day, "T1059", "host ws7")
		a.Confidence, b.Confidence = conf, conf
		return len(Build([]finding.Finding{a, b}, Options{}))
	}
	if build(80) != 1 || build(30) != 2 {
		t.Errorf("sure ones become %d, unsure ones %d incidents; want 1 and 2", build(80), build(30))
	}
}

// A session ties what no account can: two people at work on one domain
// controller are told apart by who they are.
func TestStrangersOnOneController(t *testing.T) {
	al := NewAliases(nil)
	al.Learn(&host.Ticket{Head: host.Head{Head: record.Head{TS: t0}, Host: "dc1"}})
	on := func(title string, at time.Duration, user string) finding.Finding {
		return claim(title, finding.High, at, "T1059", "host dc1", "user CORP\\"+user)
	}
	got := Build([]finding.Finding{on("a1", 0, "ann"), on("b1", time.Minute, "bob"), on("a2", 2*time.Minute, "ann"), on("b2", 3*time.Minute, "bob")}, Options{Aliases: al})
	for _, inc := range got {
		for _, f := range inc.Findings[1:] {
			if f.Title[0] != inc.Findings[0].Title[0] {
				t.Errorf("ann and bob are one: %v", titles(got))
			}
		}
	}
	if len(got) != 2 {
		t.Errorf("%d incidents, want two: %v", len(got), titles(got))
	}
}

func TestWitnessTellsSessions(t *testing.T) {
	w := NewWitness()
	p := &host.Process{Head: host.Head{Host: "dc1.corp.example", LogonID: "0x3f2a1", Head: record.Head{TS: t0, Ref: record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 7}}}}
	w.Learn(p)
	sys := &host.Process{Head: host.Head{Host: "dc1", LogonID: "0x3e7", Head: record.Head{Ref: record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 8}}}}
	w.Learn(sys)
	if got := w.sessions([]record.Ref{p.Ref, sys.Ref}); !slices.Equal(got, []node{{"session", "0x3f2a1 on dc1"}}) {
		t.Errorf("got %v: SYSTEM's session is nobody's", got)
	}
}

// A resolver passes on the questions of every intruder's page, and is on nobody's
// path by it.
func TestResolverPassesOnQuestions(t *testing.T) {
	al := NewAliases(nil)
	al.Learn(&host.Ticket{Head: host.Head{Head: record.Head{TS: t0}, Host: "dc1"}})
	got := Build([]finding.Finding{
		claim("page reports itself", finding.High, 0, "T1071.004", "host dc1 originator", "address 203.0.113.5 responder", "domain c.evil.example queried"),
		claim("page", finding.High, 0, "T1505.003", "host web1", "domain c.evil.example"),
		claim("command over WMI", finding.High, time.Hour, "T1047", "host dc1", `user CORP\ann`),
	}, Options{Aliases: al})
	if len(got) != 2 {
		t.Errorf("the resolver makes one of two: %v", titles(got))
	}
}

// Two intruders who visit one public site by its name, on two servers behind it,
// have no more in common than all its visitors.
func TestOwnSiteTiesNothing(t *testing.T) {
	got := Build([]finding.Finding{
		claim("handler", finding.High, 0, "T1505.003", "address 203.0.113.5 originator", "host web1 responder", "domain www.acme.example"),
		claim("web shell", finding.High, time.Hour, "T1505.003", "address 198.51.100.5 originator", "host web2 responder", "domain www.acme.example"),
	}, Options{})
	if len(got) != 2 {
		t.Errorf("the own site makes one of two: %v", titles(got))
	}
}

// The address behind a name ties what is done with it, although the name was
// asked for: only who answered the question ties nothing.
func TestAddressBehindAName(t *testing.T) {
	al := NewAliases(nil)
	for name, want := range map[string]int{"203.0.113.5": 1, "192.0.2.53": 2} {
		if want == 2 {
			q := &dns.Message{}
			q.OrigH, q.RespH = netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr(name)
			al.Learn(q)
		}
		got := Build([]finding.Finding{
			claim("beacon", finding.High, 0, "T1071.001", "host ws7 originator", "address "+name+" responder", "domain a.evil.example queried"),
			claim("tunnel", finding.High, time.Hour, "T1572", "host srv2 originator", "address "+name+" responder", "domain b.other.example queried"),
		}, Options{Aliases: al})
		if len(got) != want {
			t.Errorf("%s: %d incidents, want %d: %v", name, len(got), want, titles(got))
		}
	}
}
