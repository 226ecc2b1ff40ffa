package intel

import (
	"net/netip"
	"testing"
	"time"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

func at(seconds int) record.Time {
	return record.TimeOf(time.Date(2026, 1, 5, 0, 0, seconds, 0, time.UTC))
}

// TestPatterns: what a pattern demands together is found together, over records
// of several kinds and whichever goroutine saw them.
func TestPatterns(t *testing.T) {
	indicator := func(n, pattern string) string {
		return `{"type": "indicator", "id": "indicator--` + n + `1111111-1111-4111-8111-111111111111", "name": "` + n + `", "confidence": 90, "pattern_type": "stix", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-02-01T00:00:00Z", "pattern": "` + pattern + `"}`
	}
	text := `{"type": "bundle", "id": "bundle--1", "objects": [` +
		indicator("1", `([process:command_line LIKE '%vssadmin%create%' AND process:image_ref.name = 'vssadmin.exe'] FOLLOWEDBY [network-traffic:dst_ref.value ISSUBSET '203.0.113.0/24' AND network-traffic:dst_port = 8443]) WITHIN 60 SECONDS`) + `,` +
		indicator("2", `[windows-registry-key:key LIKE '%PortProxy%']`) + `,` +
		indicator("3", `[process:parent_ref.image_ref.name = 'w3wp.exe' AND process:command_line MATCHES '^cmd']`) + `,` +
		indicator("4", `[process:command_line LIKE '%vssadmin%'] REPEATS 3 TIMES`) + `]}`
	process := func(second int, line, image, parent string) *host.Process {
		p := &host.Process{}
		p.TS, p.CommandLine, p.Image, p.ParentImage = at(second), line, image, parent
		p.Ref = record.Ref{File: "a.evtx", Kind: record.RefRecord, Pos: int64(second)}
		return p
	}
	traffic := func(second int, port uint16) *lookup {
		r := &lookup{Conn: record.Conn{OrigH: netip.MustParseAddr("10.0.0.1"), RespH: netip.MustParseAddr("203.0.113.9"), RespP: port}}
		r.TS, r.Ref = at(second), record.Ref{File: "a.pcap", Kind: record.RefOffset, Pos: int64(second)}
		return r
	}
	run := func(records ...record.Record) map[string]finding.Finding {
		set, report := load(t, map[string]string{"feed.json": text})
		if len(set.Patterns()) != 4 {
			t.Fatalf("%+v", report)
		}
		one, two := set.Observer(), set.Observer()
		for i, r := range records {
			if i%2 == 0 {
				one.Observe(r)
			} else {
				two.Observe(r)
			}
		}
		one.Join(two)
		found, gaps := one.Finish()
		if len(gaps) > 0 {
			t.Errorf("gaps %q", gaps)
		}
		out := map[string]finding.Finding{}
		for _, f := range found {
			out[f.Why[1]] = f
		}
		return out
	}
	shadow := process(1, `vssadmin create shadow /for=c:`, `C:\Windows\System32\vssadmin.exe`, `C:\Windows\System32\cmd.exe`)
	got := run(traffic(50, 8443), shadow)
	if len(got) != 1 {
		t.Fatalf("%d findings: %v", len(got), got)
	}
	for _, f := range got {
		if f.Severity != finding.High || f.Start != at(1) || f.End != at(50) || len(f.Refs) != 2 || f.Detector != "intel:feed" {
			t.Errorf("%+v", f)
		}
	}
	for name, records := range map[string][]record.Record{
		"another port": {shadow, traffic(50, 443)}, "too late": {shadow, traffic(90, 8443)}, "the other way round": {traffic(0, 8443), shadow}, "nothing": nil,
	} {
		if got := run(records...); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := run(process(5, "cmd.exe /c whoami", `C:\Windows\System32\cmd.exe`, `c:\windows\system32\inetsrv\w3wp.exe`)); len(got) != 1 {
		t.Errorf("a child of w3wp: %v", got)
	}
	expired := process(1, "cmd.exe /c whoami", "cmd.exe", "w3wp.exe")
	expired.TS = record.TimeOf(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	if got := run(expired); len(got) != 0 {
		t.Errorf("after its window: %v", got)
	}
	if (&Set{}).Observer() != nil {
		t.Error("a set without patterns observes")
	}
}
