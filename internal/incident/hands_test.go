package incident

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// annAndBob demands two incidents, each of the acts of one of them.
func annAndBob(t *testing.T, got []finding.Incident) {
	t.Helper()
	if len(got) != 2 {
		t.Fatalf("%d incidents, want two: %v", len(got), titles(got))
	}
	for _, inc := range got {
		for _, f := range inc.Findings[1:] {
			if f.Title[:3] != inc.Findings[0].Title[:3] {
				t.Errorf("ann and bob are one: %v", titles(got))
			}
		}
	}
}

// Two intruders with accounts of their own take the same two machines within
// hours. What one of them does there is his; what names nobody is of whoever was
// there last.
func TestTwoIntrudersOnTheSameMachines(t *testing.T) {
	got := Build([]finding.Finding{
		claim("ann tickets", finding.High, 0, "T1558.003", "host app1 originator", "host dc1 responder"),
		claim("ann moves on", finding.High, 10*time.Minute, "T1021.002", "host app1 originator", "host fs1 responder", `user CORP\svc.ann`),
		claim("bob survey", finding.Medium, 20*time.Minute, "T1082", "host jmp1", `user CORP\bob`),
		claim("bob reaches", finding.High, 90*time.Minute, "T1047", "host jmp1 originator", "host app1 responder", `user CORP\bob`),
		claim("bob without a name", finding.High, 91*time.Minute, "T1003.001", "host app1"),
		claim("bob on the share", finding.High, 2*time.Hour, "T1021.002", "host jmp1 originator", "host fs1 responder", `user CORP\bob`),
		claim("ann again", finding.High, 3*time.Hour, "T1053.005", "host fs1", `user CORP\svc.ann`),
	}, Options{})
	annAndBob(t, got)
}

// Whoever sweeps the machines of a network reaches those that another holds, too,
// and the finding of it names no account. He is not the other for that; what he
// does next under a name must not find itself with him.
func TestSweepOverAnothersMachines(t *testing.T) {
	got := Build([]finding.Finding{
		claim("ann survey", finding.Medium, 0, "T1082", "host jmp1", `user CORP\ann`),
		claim("ann reads hives", finding.High, 10*time.Minute, "T1003.002", "host jmp1", `user CORP\ann`),
		claim("bob sweeps", finding.High, 25*time.Minute, "T1021.002", "host edge1 originator", "host app1 responder", "host fs1 responder", "host jmp1 responder"),
		claim("bob runs a service", finding.High, 40*time.Minute, "T1569.002", "host edge1 originator", "host fs1 responder", `user CORP\bob`),
		claim("bob replicates", finding.Critical, 55*time.Minute, "T1003.006", "host edge1 originator", "host dc1 responder", `user CORP\bob`),
		claim("ann clears the log", finding.High, 80*time.Minute, "T1070.001", "host jmp1", `user CORP\ann`),
	}, Options{})
	annAndBob(t, got)
}

// One intruder who takes another account on a machine that is his goes on from
// there: the second account has no beginning of its own.
func TestOneIntruderWithTwoAccounts(t *testing.T) {
	got := Build([]finding.Finding{
		claim("loader", finding.High, 0, "T1204.002", "host ws7", `user CORP\jane`),
		claim("memory of LSASS read", finding.High, time.Hour, "T1003.001", "host ws7", `user CORP\jane`),
		claim("run through WMI", finding.High, 2*time.Hour, "T1047", "host ws7 originator", "host app1 responder", `user CORP\adm.lee`),
		claim("log cleared", finding.High, 3*time.Hour, "T1070.001", "host app1", `user CORP\adm.lee`),
	}, Options{})
	if len(got) != 1 {
		t.Errorf("%d incidents, want one: %v", len(got), titles(got))
	}
}

// A resolver that asks outside for the name of an intruder's server does so for
// who asked it, whatever the finding calls it.
func TestResolverAsksForAnother(t *testing.T) {
	al := NewAliases(nil)
	q := &dns.Message{}
	q.TS, q.OrigH, q.RespH = t0, netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("10.0.0.2")
	al.Learn(q)
	got := Build([]finding.Finding{
		claim("name on a list", finding.High, 0, "", "address 10.0.0.2 originator", "address 192.0.2.53 responder", "domain c2.example queried"),
		claim("beacon", finding.High, 0, "T1071.001", "host ws7 originator", "address 203.0.113.5 responder", "domain c2.example"),
		claim("directory replication", finding.Critical, 5*time.Hour, "T1003.006", "host fw1 originator", "address 10.0.0.2 responder"),
		claim("replication rights used", finding.High, 5*time.Hour, "T1003.006", "address 10.0.0.2", `user CORP\ann`),
	}, Options{Aliases: al})
	if len(got) != 2 {
		t.Fatalf("%d incidents, want two: %v", len(got), titles(got))
	}
	for _, inc := range got {
		if inc.Findings[0].Title == "name on a list" && len(inc.Findings) != 2 || inc.Entry == nil {
			t.Errorf("%v, entry %+v", titles(got), inc.Entry)
		}
	}
}

// A person who works through the VPN at his own machine did not bring the
// intruder in by it, unless a logon leads from there.
func TestVPNOfWhoSitsThere(t *testing.T) {
	for name, c := range map[string]struct {
		more []*host.LogonEdge
		want record.Entity
	}{
		"at home": {nil, record.Entity{Kind: "host", Value: "ws7"}},
		"led in":  {[]*host.LogonEdge{logonEdge("10.9.0.90", "ws7", `CORP\jane`, -time.Minute, "remote-desktop")}, record.Entity{Kind: "device", Value: "fw1"}},
	} {
		al := NewAliases(nil)
		vpn := &host.Logon{Outcome: "success", Target: "jane", Source: netip.MustParseAddr("203.0.113.9"), Assigned: netip.MustParseAddr("10.9.0.90")}
		vpn.Host, vpn.TS = "fw1", t0.Add(-2*time.Hour)
		al.Learn(vpn)
		al.Learn(&host.Syslog{Head: host.Head{Host: "fw1", Head: record.Head{TS: t0}}, Product: "fortios"})
		got := Build([]finding.Finding{
			claim("loader", finding.High, 0, "T1204.002", "host ws7", `user CORP\jane`),
			claim("beacon", finding.High, time.Minute, "T1071.001", "host ws7 originator", "address 198.51.100.5 responder"),
		}, Options{Aliases: al, Logons: append([]*host.LogonEdge{logonEdge("203.0.113.9", "fw1", "jane", -2*time.Hour, "vpn")}, c.more...)})
		if len(got) != 1 || got[0].Entry == nil || got[0].Entry.Entity != c.want {
			t.Errorf("%s: entry %+v, want %v", name, got[0].Entry, c.want)
		}
	}
}

// The log of the machine that was worked on from the VPN is gone; the wire still
// tells that the session's address opened a remote desktop there.
func TestVPNSeenOnTheWireOnly(t *testing.T) {
	inside, jump := netip.MustParseAddr("10.9.0.90"), netip.MustParseAddr("10.0.0.8")
	for name, c := range map[string]struct {
		port uint16
		ago  time.Duration
		want record.Entity
	}{
		"remote desktop":  {3389, 20 * time.Minute, record.Entity{Kind: "device", Value: "fw1"}},
		"hours before":    {3389, 5 * time.Hour, record.Entity{Kind: "address", Value: "10.0.0.8"}},
		"some other port": {8443, 20 * time.Minute, record.Entity{Kind: "address", Value: "10.0.0.8"}},
	} {
		al := NewAliases(nil)
		vpn := &host.Logon{Outcome: "success", Target: "jane", Source: netip.MustParseAddr("203.0.113.9"), Assigned: inside}
		vpn.Host, vpn.TS = "fw1", t0.Add(-6*time.Hour)
		al.Learn(vpn)
		al.Learn(&host.Syslog{Head: host.Head{Host: "fw1", Head: record.Head{TS: t0.Add(-6 * time.Hour)}}, Product: "fortios"})
		conn := &network.Conn{}
		conn.TS, conn.OrigH, conn.RespH, conn.RespP, conn.Ref = t0.Add(-c.ago), inside, jump, c.port, record.Ref{File: "wire", Kind: record.RefOffset, Pos: 7}
		al.Learn(conn)
		got := Build([]finding.Finding{
			claim("run through WMI", finding.High, 0, "T1047", "address 10.0.0.8 originator", "address 10.0.0.9 responder"),
		}, Options{Aliases: al})
		if len(got) != 1 || got[0].Entry == nil || got[0].Entry.Entity != c.want {
			t.Errorf("%s: entry %+v, want %v", name, got[0].Entry, c.want)
		}
	}
}

// An account that half of the house sees ties nothing by its daily use. An odd
// login from outside under it, minutes before it acts, does.
func TestOddLoginOfAWidelyUsedAccount(t *testing.T) {
	for name, want := range map[string]int{"T1133": 1, "T1070.001": 2} {
		al := NewAliases(nil)
		for i := range widelyUsed {
			l := &host.Logon{Outcome: "success", Target: `CORP\da.lee`, Source: netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})}
			l.Host, l.TS = fmt.Sprintf("srv%d", i), t0.Add(-30*day)
			al.Learn(l)
		}
		got := Build([]finding.Finding{
			claim("login from outside", finding.Medium, 0, attack.ID(name), "address 203.0.113.9 originator", "host fw1", `user CORP\da.lee`),
			claim("survey", finding.Medium, 12*time.Minute, "T1082", "host jmp1", `user CORP\da.lee`),
		}, Options{Aliases: al})
		if len(got) != want {
			t.Errorf("%s: %d incidents, want %d: %v", name, len(got), want, titles(got))
		}
	}
}
