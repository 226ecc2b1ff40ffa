package main

import (
	"net/netip"
	"testing"

	"longwatch/internal/finding"
)

// TestQuietMonths: three months in which people come, go, travel and change
// machines, servers are added and programs renewed, give no finding above low
// from any detector; and few below.
func TestQuietMonths(t *testing.T) {
	const people, days = 40, 91
	found, records := hunts(newOffice(3, people), days, nil)
	if records < 50_000 {
		t.Fatalf("%d records are no office", records)
	}
	for i := range found {
		if found[i].Severity > finding.Low {
			t.Errorf("%v %s: %q", found[i].Severity, found[i].Detector, found[i].Why)
		}
	}
	if most := people * days * 25 / 1000; len(found) > most {
		t.Errorf("%d findings of low and below, at most %d are bearable", len(found), most)
	}
}

// TestPresence: in the same months a patient intruder is found by each of the
// things that he does once.
func TestPresence(t *testing.T) {
	odd := netip.MustParseAddr("203.0.113.77")
	story := func(o *office) {
		switch o.day {
		case 70: // the backup's account, from a clerk's machine, at three in the afternoon
			o.logon(domainName+"svc_backup", "lap-9", o.address["lap-9"], "dc1", 15.2)
			o.logon(domainName+"svc_backup", "lap-9", o.address["lap-9"], "db1", 15.3)
		case 71: // a tool that talks to its owner
			o.run("app1", `C:\Users\Public\svhlp.exe`, 3.1)
			o.visit(o.address["app1"], 71_234, "t13d_odd", 4000, 3.2)
		case 75: // and two gigabytes out of the file server
			o.conn(o.address["fs1"], odd, 443, "ssl", 2<<30, 1<<20, 2.3)
		}
		o.visit(o.address["fs1"], 3, "t13d_update", 300_000, 12) // it asks for updates every day
	}
	found, _ := hunts(newOffice(3, 40), 91, story)
	got := map[string]finding.Severity{}
	for i := range found {
		got[found[i].Detector] = max(got[found[i].Detector], found[i].Severity)
	}
	for _, d := range []string{"account-new-place", "transfer-out"} {
		if got[d] != finding.Medium {
			t.Errorf("%s: %v", d, got[d])
		}
	}
	if got["new-and-rare"] == finding.Info {
		t.Errorf("the tool is not found: %v", got)
	}
}
