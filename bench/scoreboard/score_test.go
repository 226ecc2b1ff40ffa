package main

import (
	"slices"
	"testing"

	"longwatch/internal/attack"
)

func TestScore(t *testing.T) {
	clear := found{Detector: "logs-cleared", Severity: "high", Techniques: []attack.ID{"T1070.001"}}
	minidump := found{Detector: "sigma:x", Severity: "high", Techniques: []attack.ID{"T1003.001"}}
	faint := found{Detector: "sigma:y", Severity: "low", Techniques: []attack.ID{"T1003.006"}}
	for name, c := range map[string]struct {
		label               label
		findings            []found
		found, named, exact bool
		agrees              bool
	}{
		"the very technique": {label{techniques: []attack.ID{"T1003.001"}, group: "credential_access"}, []found{minidump}, true, true, true, true},
		"a sibling":          {label{techniques: []attack.ID{"T1003.006"}, group: "Credential Access"}, []found{minidump}, true, true, false, true},
		"too faint":          {label{techniques: []attack.ID{"T1003.006"}, group: "Credential Access"}, []found{faint}, false, false, false, false},
		"another":            {label{techniques: []attack.ID{"T1047"}, group: "Lateral Movement"}, []found{minidump}, true, false, false, false},
		"only the clearing":  {label{techniques: []attack.ID{"T1036"}, group: "Defense Evasion"}, []found{clear}, false, false, false, false},
		"clearing asked for": {label{file: "DE/1102_cleared.evtx", group: "Defense Evasion"}, []found{clear}, true, false, false, true},
		"nothing":            {label{techniques: []attack.ID{"T1047"}, group: "Other"}, nil, false, false, false, false},
	} {
		r := result{label: c.label, findings: c.findings}
		if r.found() != c.found || r.named() != c.named || r.exactly() != c.exact || r.agrees() != c.agrees {
			t.Errorf("%s: found %v, named %v, exactly %v, tactic %v", name, r.found(), r.named(), r.exactly(), r.agrees())
		}
	}
}

func TestSaid(t *testing.T) {
	scan := found{Severity: "low", Techniques: []attack.ID{"T1018"}}
	alerts := found{Severity: "medium"}
	for truth, c := range map[string]struct {
		findings []found
		want     bool
	}{
		"horizontal port scan to 81/tcp": {[]found{scan}, true},
		"ARP scan":                       {[]found{scan}, true},
		"SSH brute force":                {[]found{scan}, false},
		"malicious EVE log":              {[]found{alerts}, true},
		"malicious log":                  {[]found{scan}, false},
		"something never said before":    {[]found{scan, alerts}, false},
	} {
		if got := (result{label: label{group: truth}, findings: c.findings}).said(); got != c.want {
			t.Errorf("%q said: %v, want %v", truth, got, c.want)
		}
	}
}

func TestGroups(t *testing.T) {
	var rs []result
	for _, g := range []string{"Other", "lateral_movement", "Execution", "Automated"} {
		rs = append(rs, result{label: label{group: g}})
	}
	if got, want := groups(rs), []string{"Execution", "lateral_movement", "Automated", "Other"}; !slices.Equal(got, want) {
		t.Errorf("groups in the order %v, want %v", got, want)
	}
	if got, want := count(rs).silent, 4; len(got) != want {
		t.Errorf("silent: %v", got)
	}
}
