package incident

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// logonEdge is one line of who went from where to where.
func logonEdge(from, to, user string, at time.Duration, how string) *host.LogonEdge {
	return &host.LogonEdge{
		Head: record.Head{TS: t0.Add(at), Ref: record.Ref{File: "security", Kind: record.RefRecord, Pos: int64(at)}},
		From: from, To: to, User: user, Types: []string{how}, Success: 1, Last: t0.Add(at),
	}
}

// whole is an intrusion by way of a VPN that no detector called odd: jump host,
// application server, domain controller.
func whole(t *testing.T) finding.Incident {
	t.Helper()
	al := NewAliases(nil)
	vpn := &host.Logon{Outcome: "success", Target: "da.rossi", Source: netip.MustParseAddr("203.0.113.9"), Assigned: netip.MustParseAddr("10.9.0.90")}
	vpn.Host, vpn.TS = "fw1", t0.Add(-10*time.Minute)
	al.Learn(vpn)
	al.Learn(&host.Syslog{Head: host.Head{Host: "fw1", Head: record.Head{TS: t0}}, Product: "fortios"})
	al.Learn(&host.Ticket{Head: host.Head{Host: "dc1", Head: record.Head{TS: t0}}})
	dump := claim("memory of LSASS read", finding.High, 40*time.Minute, "T1003.001", "host app1", `user CORP\da.rossi`)
	got := Build([]finding.Finding{
		claim("survey", finding.Medium, 0, "T1082", "host jmp1", `user CORP\da.rossi`),
		claim("run through WMI", finding.High, 30*time.Minute, "T1047", "host jmp1 originator", "host app1 responder", `user CORP\da.rossi`),
		dump,
		claim("replication", finding.Critical, 50*time.Minute, "T1003.006", "host jmp1 originator", "host dc1 responder"),
	}, Options{
		Aliases: al, End: t0.Add(2 * time.Hour), Files: map[string]record.Span{"log": {Start: t0.Add(-time.Minute), End: t0.Add(time.Hour)}},
		Logons: []*host.LogonEdge{
			logonEdge("203.0.113.9", "fw1", "da.rossi", -10*time.Minute, "vpn"),
			logonEdge("10.9.0.90", "jmp1", `CORP\da.rossi`, -time.Minute, "remote-desktop"),
			logonEdge("jmp1", "fs1", `CORP\da.rossi`, 45*time.Minute, "network"),
			logonEdge("ws4", "sql1", `CORP\da.rossi`, -30*time.Hour, "network"),
			logonEdge("ws9", "app1", `CORP\bo`, -3*time.Hour, "network"),
			logonEdge("ws9", "elsewhere", `OTHER\da.rossi`, 10*time.Minute, "network"),
		},
	})
	if len(got) != 1 {
		t.Fatalf("want one incident, got %v", titles(got))
	}
	return got[0]
}

func TestPathBeginsWhereNobodyLooked(t *testing.T) {
	inc := whole(t)
	if e := inc.Entry; e == nil || e.Entity != (record.Entity{Kind: "device", Value: "fw1"}) || e.Confidence < 50 {
		t.Errorf("entry is %+v, want the appliance", e)
	}
	if len(inc.Alternatives) == 0 || inc.Alternatives[0].Entity.Value != "jmp1" || inc.Alternatives[0].Confidence >= inc.Entry.Confidence {
		t.Errorf("alternatives are %+v", inc.Alternatives)
	}
	var steps []string
	for _, m := range inc.Path {
		steps = append(steps, m.From.Value+" > "+m.To.Value)
		if m.Why == "" || len(m.Refs) == 0 {
			t.Errorf("no reason or evidence: %+v", m)
		}
	}
	if want := []string{"203.0.113.9 > fw1", "fw1 > jmp1", "jmp1 > app1"}; !slices.Equal(steps, want) {
		t.Errorf("path is %q, want %q", steps, want)
	}
	if m := inc.Path[1]; m.Account != "da.rossi" || m.Technique != "T1021.001" || m.Kind != finding.LoggedOn {
		t.Errorf("second step is %+v", m)
	}
}

func TestReachHasThreeGrades(t *testing.T) {
	inc := whole(t)
	grades := map[string]finding.Grade{}
	for _, r := range inc.Reach {
		grades[r.Entity.Kind+" "+r.Entity.Value] = r.Grade
		if r.Why == "" {
			t.Errorf("%v without a reason", r.Entity)
		}
	}
	want := map[string]finding.Grade{
		"host jmp1": finding.Touched, "host app1": finding.Touched, "user da.rossi": finding.Touched,
		"host dc1": finding.Accessed, "host fs1": finding.Accessed,
		"host sql1": finding.Possibly, "user bo": finding.Possibly, "directory dc1": finding.Possibly,
	}
	for name, g := range want {
		if got, ok := grades[name]; !ok || got != g {
			t.Errorf("%s is %v (%v), want %v", name, got, ok, g)
		}
	}
	if _, ok := grades["host elsewhere"]; ok {
		t.Error("an account of the same name in another domain opened a machine")
	}
}

func TestDwellSaysWhatLimitsIt(t *testing.T) {
	inc := whole(t)
	if inc.Dwell.AtLeast != time.Hour || inc.Dwell.First != t0.Add(-10*time.Minute) { // from the logon at the appliance on
		t.Errorf("dwell is %+v", inc.Dwell)
	}
	text := strings.Join(inc.Dwell.Why, "\n")
	for _, want := range []string{"at least 60 min", "the evidence of jmp1 begins only at 2024-05-01 07:59, 60 s before its first trace", "may still be there"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not said in\n%s", want, text)
		}
	}
}

// The graph names sessions, programs and appliances, and says of each edge what
// it is, when, how sure and where the evidence says so.
func TestGraphIsTyped(t *testing.T) {
	f := claim("command over WMI", finding.High, 0, "T1047", "host jmp1 originator", "host app1 responder", `user CORP\da.rossi`, `process C:\Windows\System32\wbem\WMIC.exe`)
	f.Refs[0] = record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 7}
	f.Seal()
	g := claim("the same in packets", finding.High, time.Minute, "T1047", "host jmp1 originator", "host app1 responder")
	g.Refs[0] = record.Ref{File: "b.pcap", Kind: record.RefOffset, Pos: 9}
	g.Seal()
	w := NewWitness()
	w.Learn(&host.Process{Head: host.Head{Host: "jmp1", LogonID: "0x3f2a1", Head: record.Head{TS: t0, Ref: f.Refs[0]}}})
	inc := Build([]finding.Finding{f, g}, Options{Witness: w})[0]
	kinds := map[string]finding.Edge{}
	for _, e := range inc.Edges {
		kinds[e.From.Kind+" "+string(e.Kind)+" "+e.To.Kind] = e
	}
	for _, want := range []string{"host ran host", "user held session", "session logged-on host", "host ran process"} {
		if _, ok := kinds[want]; !ok {
			t.Errorf("no edge %q in %+v", want, inc.Edges)
		}
	}
	e := kinds["host ran host"]
	if e.Probability < 0.9 || e.Probability > 0.92 || len(e.Findings) != 2 || len(e.Refs) != 2 || e.Start != t0 || e.End != t0.Add(time.Minute) {
		t.Errorf("two sources of 0.7 each make %+v, want 0.91 over a minute", e)
	}
}

// A clock that is ahead is put right before findings are put in order; their own
// times stay.
func TestClocksAreCorrectedInOrder(t *testing.T) {
	reach := claim("share write", finding.High, time.Minute, "T1021.002", "host ws7 originator", "host fs1 responder")
	act := claim("service", finding.High, 4*time.Minute, "T1543.003", "host ws7")
	act.Refs[0].File = "ahead"
	act.Seal()
	ahead := &finding.Clock{Source: "host ws7", Offset: 5 * time.Minute, Pairs: 40}
	inc := Build([]finding.Finding{reach, act}, Options{Clock: func(f *finding.Finding) *finding.Clock {
		if f.Refs[0].File == "ahead" {
			return ahead
		}
		return nil
	}})[0]
	if inc.Findings[0].Title != "service" || inc.Findings[0].Start != t0.Add(4*time.Minute) {
		t.Errorf("order is %v, first at %v", titles([]finding.Incident{inc}), inc.Findings[0].Start)
	}
	if inc.Start != t0.Add(-time.Minute) || len(inc.Clocks) != 1 || inc.Clocks[0].Source != "host ws7" {
		t.Errorf("incident begins %v with clocks %+v", inc.Start, inc.Clocks)
	}
}
