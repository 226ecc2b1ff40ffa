package incident

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

var t0 = record.TimeOf(time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC))

// claim builds a sealed finding. Entities are "kind value" or "kind value role".
func claim(title string, sev finding.Severity, at time.Duration, technique attack.ID, entities ...string) finding.Finding {
	f := finding.Finding{
		Detector: "test", Title: title, Severity: sev, Confidence: 70, Start: t0.Add(at), End: t0.Add(at),
		Techniques: []attack.ID{technique}, Why: []string{"because"},
		Refs: []record.Ref{{File: "log", Kind: record.RefLine, Pos: int64(at)}},
	}
	for _, e := range entities {
		p := strings.SplitN(e, " ", 3)
		ent := record.Entity{Kind: p[0], Value: p[1]}
		if len(p) == 3 {
			ent.Role = p[2]
		}
		f.Entities = append(f.Entities, ent)
	}
	f.Seal()
	return f
}

func titles(incs []finding.Incident) [][]string {
	var out [][]string
	for _, i := range incs {
		var ts []string
		for _, f := range i.Findings {
			ts = append(ts, f.Title)
		}
		out = append(out, ts)
	}
	return out
}

// The domain controller answers everybody and SYSTEM is everywhere: neither
// makes one intrusion of two.
func TestTwoIntrusionsWithOneDomainController(t *testing.T) {
	al := NewAliases(nil)
	for i := range 5 {
		c := &network.Conn{}
		c.OrigH, c.RespH = netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 20)}), netip.MustParseAddr("10.0.0.1")
		al.Learn(c)
	}
	got := Build([]finding.Finding{
		claim("shell", finding.High, 0, "T1505.003", "host web1", `user NT_AUTHORITY\SYSTEM`),
		claim("roasting", finding.High, time.Hour, "T1558.003", "host web1 originator", "address 10.0.0.1 responder"),
		claim("loader", finding.High, 30*time.Minute, "T1204.002", "host ws7", `user NT_AUTHORITY\SYSTEM`),
		claim("replication", finding.High, 2*time.Hour, "T1003.006", "host ws7 originator", "address 10.0.0.1 responder"),
	}, Options{Aliases: al})
	want := [][]string{{"shell", "roasting"}, {"loader", "replication"}}
	if diff := cmp.Diff(want, titles(got)); diff != "" {
		t.Error(diff)
	}
}

func TestPathAcrossHostsAndNames(t *testing.T) {
	al := NewAliases(nil)
	l := &host.Logon{Source: netip.MustParseAddr("10.0.0.7"), SourceHost: "WS7"}
	l.TS = t0
	al.Learn(l)
	got := Build([]finding.Finding{
		claim("lure", finding.Medium, 0, "T1566.002", "email boss@evil.example sender", "email jane.doe@ministry.example recipient"),
		claim("loader", finding.High, time.Hour, "T1204.002", "host WS7.corp.example", `user CORP\jane.doe`),
		claim("share write", finding.High, 2*time.Hour, "T1021.002", "address 10.0.0.7 originator", "host fs1 responder"),
		claim("log cleared", finding.High, 26*time.Hour, "T1070.001", "host fs1"),
	}, Options{Aliases: al})
	if len(got) != 1 {
		t.Fatalf("want one incident, got %v", titles(got))
	}
	inc := got[0]
	if inc.Entry == nil || inc.Entry.Finding != inc.Findings[0].ID || inc.Entry.Entity.Kind != "email" {
		t.Errorf("entry is %+v, want the lure", inc.Entry)
	}
	want := []attack.Tactic{"initial-access", "execution", "defense-evasion", "lateral-movement"}
	if diff := cmp.Diff(want, inc.Tactics); diff != "" {
		t.Error(diff)
	}
	if inc.Severity != finding.Critical {
		t.Errorf("severity is %v, want critical: four tactics on two hosts", inc.Severity)
	}
	var moved bool
	for _, e := range inc.Edges {
		moved = moved || (e.From.Value == "ws7" && e.To.Value == "fs1" && len(e.Findings) == 1)
	}
	if !moved {
		t.Errorf("no edge from ws7 to fs1 in %+v", inc.Edges)
	}
}

// A page in a copy of a web root has no host and a forged time; its name and
// the requests for it belong together.
func TestPageAtRestJoinsItsRequests(t *testing.T) {
	page := claim("web shell", finding.High, -5*365*24*time.Hour, "T1505.003", "file webroot/uploads/help3.ashx")
	page.Refs = []record.Ref{{File: "webroot/uploads/help3.ashx"}}
	page.Seal()
	got := Build([]finding.Finding{
		page,
		claim("rare endpoint", finding.Medium, 0, "T1505.003", "host iis1", "address 203.0.113.9 originator", "file /uploads/help3.ashx"),
	}, Options{})
	if len(got) != 1 || got[0].Start != t0 {
		t.Errorf("got %v, want one incident that starts with the request", titles(got))
	}
}

func TestReturnAfterAQuarter(t *testing.T) {
	got := Build([]finding.Finding{
		claim("look-up", finding.High, 0, "T1071.004", "host iis1"),
		claim("shell", finding.High, 75*24*time.Hour, "T1505.003", "host iis1"),
		claim("other", finding.High, 300*24*time.Hour, "T1505.003", "host iis1"),
	}, Options{})
	if diff := cmp.Diff([][]string{{"look-up", "shell"}, {"other"}}, titles(got)); diff != "" {
		t.Error(diff)
	}
}

func TestLowFindings(t *testing.T) {
	low := claim("odd", finding.Low, time.Hour, "T1059", "host ws7")
	if got := Build([]finding.Finding{low}, Options{}); len(got) != 0 {
		t.Errorf("a low finding alone makes an incident: %v", titles(got))
	}
	got := Build([]finding.Finding{low,
		claim("later odd", finding.Low, 900*time.Hour, "T1059", "host ws7"),
		claim("loader", finding.High, 0, "T1204.002", "host ws7"),
	}, Options{})
	if diff := cmp.Diff([][]string{{"loader", "odd"}}, titles(got)); diff != "" {
		t.Error(diff)
	}
}

func TestTenThousandFindingsOfOneIntrusion(t *testing.T) {
	var fs []finding.Finding
	for i := range 10000 {
		at := time.Duration(i) * time.Minute
		from, to := fmt.Sprintf("host srv%d originator", i%40), fmt.Sprintf("host srv%d responder", (i+1)%40)
		fs = append(fs, claim("share write", finding.Medium, at, "T1021.002", from, to))
	}
	if got := Build(fs, Options{}); len(got) > 5 {
		t.Errorf("%d incidents, want at most 5", len(got))
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	var fs []finding.Finding
	for i := range 60 {
		e := []string{fmt.Sprintf("host h%d", i%7), fmt.Sprintf("address 203.0.113.%d responder", i%5), fmt.Sprintf("user CORP\\u%d", i%11)}
		fs = append(fs, claim(fmt.Sprint("f", i), finding.Severity(i%5), time.Duration(i)*20*time.Hour, "T1059", e...))
	}
	want := Build(slices.Clone(fs), Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rng.Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
		if diff := cmp.Diff(want, Build(fs, Options{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestAliasesFollowTime(t *testing.T) {
	al := NewAliases(nil)
	ip := netip.MustParseAddr("10.0.0.50")
	for i, name := range []string{"ws1", "ws2"} {
		s := &host.Socket{Initiated: true, OrigH: ip}
		s.Host, s.TS = name, t0.Add(time.Duration(i)*48*time.Hour)
		al.Learn(s)
	}
	tests := []struct {
		at   time.Duration
		want string
	}{{time.Hour, "ws1"}, {47 * time.Hour, "ws2"}, {24 * time.Hour, ""}, {60 * 24 * time.Hour, ""}}
	for _, tt := range tests {
		if got := al.Host(ip, t0.Add(tt.at)); got != tt.want {
			t.Errorf("after %v the address is %q's, want %q", tt.at, got, tt.want)
		}
	}
}

func TestHostName(t *testing.T) {
	for in, want := range map[string]string{
		"DC1.corp.example": "dc1", `\\FS1`: "fs1", "www.ministry.example": "www.ministry.example", "-": "", "W3SVC2": "", "10.0.0.1": "", "localhost": "",
	} {
		if got := HostName(in); got != want {
			t.Errorf("HostName(%q) = %q, want %q", in, got, want)
		}
	}
}
