package session

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// at is a head so many seconds into the story.
func at(seconds int, hostName, logonID string) host.Head {
	return host.Head{
		Head: record.Head{TS: record.Time(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).UnixNano()) + record.Time(seconds)*1e9, Ref: record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: int64(seconds)}},
		Host: hostName, User: `CORP\bob`, LogonID: logonID,
	}
}

// play learns records and returns what came out, as type and JSON.
func play(records ...record.Record) (lines []string, t *Tracker) {
	t = New(func(r record.Record) {
		line := r.RecordType().Name + " " + string(r.RecordType().AppendJSON(nil, r))
		lines = append(lines, line)
	})
	for _, r := range records {
		if Wants(r.RecordType()) {
			t.Learn(r)
		}
	}
	t.Finish(func(a netip.Addr, _ record.Time) string {
		if a == netip.MustParseAddr("10.0.0.7") {
			return "ws7"
		}
		return ""
	})
	return lines, t
}

func find(t *testing.T, lines []string, parts ...string) {
	t.Helper()
	if !slices.ContainsFunc(lines, func(l string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(l, p) })
	}) {
		t.Errorf("no line with %q in\n%s", parts, strings.Join(lines, "\n"))
	}
}

func TestSession(t *testing.T) {
	from := netip.MustParseAddr("10.0.0.7")
	lines, _ := play(
		&host.Logon{Head: at(0, "fs1", "0x4af"), Outcome: "success", LogonType: 3, Package: "NTLM", Target: `CORP\alice`, Source: from},
		&host.Logon{Head: at(0, "fs1", "0x4af"), Outcome: "success", Privileged: true, Target: `CORP\alice`},
		&host.ShareAccess{Head: at(1, "fs1", "0x4af"), Share: `\\*\ADMIN$`, Source: from},
		&host.ShareAccess{Head: at(2, "fs1", "0x4af"), Share: `\\*\ADMIN$`, Source: from},
		&host.Process{Head: at(3, "fs1", "0x4af"), PID: 10, Image: `C:\x\A.exe`},
		&host.Process{Head: at(3, "fs1", "0x3e7"), PID: 11, Image: `C:\x\svchost.exe`}, // SYSTEM has no session worth telling
		&host.Logoff{Head: at(9, "fs1", "0x4af"), LogonType: 3},
		&host.Process{Head: at(20, "fs1", "0x4b0"), PID: 12, Image: "b.exe"}, // the logon was before the log begins
		&host.Logon{Head: at(21, "fs1", "0x4b0"), Target: `CORP\da`, TargetHost: "dc1"},
	)
	find(t, lines, "logon_session", `"user":"CORP\\alice"`, `"source_ip":"10.0.0.7"`, `"begun":true,"ended":true,"privileged":true,"processes":1,"images":["a.exe"],"shares":["\\\\*\\ADMIN$"]`)
	find(t, lines, "logon_session", `"logon_id":"0x4b0"`, `"begun":false,"ended":false`, `"explicit":["CORP\\da"]`)
	find(t, lines, "logon_graph", `"from":"ws7","to":"fs1","user":"CORP\\alice","logon_types":["network"],"successes":1,"failures":0`)
	find(t, lines, "logon_graph", `"from":"fs1","to":"dc1","user":"CORP\\da"`, `"explicit":1`)
	if n := strings.Count(strings.Join(lines, "\n"), "logon_session"); n != 2 {
		t.Errorf("%d sessions, want 2", n)
	}
}

// TestReused: Windows gives the number of a session out again after a restart.
func TestReused(t *testing.T) {
	lines, _ := play(
		&host.Logon{Head: at(0, "fs1", "0x4af"), Outcome: "success", LogonType: 2, Target: "a"},
		&host.Logon{Head: at(0, "fs1", "0x4af"), Outcome: "success", LogonType: 2, Target: "a"}, // a second copy of the log
		&host.Logon{Head: at(100, "fs1", "0x4af"), Outcome: "success", LogonType: 2, Target: "b"},
	)
	if len(lines) != 2 {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}

// TestPrivilegesFirst: Windows tells the privileges of a logon (4672) before the
// logon (4624); they are one session.
func TestPrivilegesFirst(t *testing.T) {
	from := netip.MustParseAddr("10.0.0.7")
	lines, _ := play(
		&host.Logon{Head: at(0, "dc1", "0x4af"), Outcome: "success", Privileged: true, Target: `CORP\da`},
		&host.Logon{Head: at(0, "dc1", "0x4af"), Outcome: "success", LogonType: 3, Target: `CORP\da`, Source: from},
		&host.Logoff{Head: at(9, "dc1", "0x4af")},
	)
	find(t, lines, "logon_session", `"user":"CORP\\da"`, `"logon_type":3,"source_ip":"10.0.0.7"`, `"begun":true,"ended":true,"privileged":true`)
	if n := strings.Count(strings.Join(lines, "\n"), "logon_session"); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

// TestAddresses: a host of two addresses is one place in the graph, and a
// password that a domain controller checked for another host is no way there.
func TestAddresses(t *testing.T) {
	var lines []string
	tr := New(func(r record.Record) { lines = append(lines, string(r.RecordType().AppendJSON(nil, r))) })
	for i, a := range []string{"10.0.0.7", "fe80::7"} {
		tr.Learn(&host.Logon{Head: at(i, "fs1", ""), Outcome: "success", LogonType: 3, Target: "da", Source: netip.MustParseAddr(a)})
	}
	checked := &host.Logon{Head: at(5, "dc1", ""), Outcome: "success", Target: "da", SourceHost: "ws7"}
	checked.Code = "4776"
	tr.Learn(checked)
	edges := tr.Finish(func(netip.Addr, record.Time) string { return "ws7" })
	if len(edges) != 1 || edges[0].Success != 2 || edges[0].From != "ws7" || edges[0].Ref.Pos != 0 {
		t.Errorf("got %q", lines)
	}
}

func TestTree(t *testing.T) {
	lines, tr := play(
		&host.Process{Head: at(0, "ws7", ""), PID: 1, GUID: "{1}", Image: `C:\Windows\explorer.exe`, ParentImage: `C:\Windows\System32\userinit.exe`},
		&host.Process{Head: at(1, "ws7", ""), PID: 2, GUID: "{2}", Image: `C:\a\WINWORD.EXE`, ParentPID: 1, ParentGUID: "{1}", ParentImage: `C:\Windows\explorer.exe`},
		&host.Process{Head: at(2, "ws7", ""), PID: 3, Image: "cmd.exe", ParentPID: 2, ParentImage: `C:\a\winword.exe`}, // Security has numbers only
		&host.Process{Head: at(3, "ws8", ""), PID: 3, Image: "cmd.exe", ParentPID: 2},                                  // another host
		&host.Process{Head: at(4, "ws7", ""), PID: 9, Image: "cmd.exe", ParentPID: 2, ParentImage: `C:\b\other.exe`},   // the number was given out again
	)
	find(t, lines, "process_tree", `"pid":3,"image":"cmd.exe","depth":3,"chain":["userinit.exe","explorer.exe","winword.exe","cmd.exe"]`)
	find(t, lines, "process_tree", `"host":"ws8"`, `"depth":0,"chain":["cmd.exe"]`)
	find(t, lines, "process_tree", `"pid":9`, `"chain":["other.exe","cmd.exe"]`)
	if got := tr.Chain(record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 2}); len(got) != 4 {
		t.Errorf("chain is %q", got)
	}
	if got := tr.Chain(record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: 3}); got != nil {
		t.Errorf("a chain of one: %q", got)
	}
}

// TestBounded: endless chains, sessions and pairs of hosts hold no more than
// they may.
func TestBounded(t *testing.T) {
	n := 0
	tr := New(func(record.Record) { n++ })
	for i := range 2*maxSessions + 10 {
		h := at(i, "fs1", fmt.Sprintf("0x%x", i+0x1000))
		tr.Learn(&host.Logon{Head: h, Outcome: "success", LogonType: 3, Target: "a", SourceHost: fmt.Sprintf("ws%d", i)})
		tr.Learn(&host.Process{Head: h, PID: int64(i + 1), Image: "a.exe", ParentPID: int64(i)})
	}
	if len(tr.sessions) > maxSessions || len(tr.graph.edges) > maxEdges {
		t.Errorf("%d sessions, %d pairs", len(tr.sessions), len(tr.graph.edges))
	}
	deep := tr.tree.byPID[pidKey{"fs1", 2*maxSessions + 10}]
	depth := 0
	for m := deep; m != nil; m = m.parent {
		depth++
	}
	if depth != maxDepth+1 {
		t.Errorf("a chain of %d is held", depth)
	}
	edges := tr.Finish(func(netip.Addr, record.Time) string { return "" })
	if len(edges) > 2*maxEdges || n == 0 {
		t.Errorf("%d pairs are told", len(edges))
	}
}
