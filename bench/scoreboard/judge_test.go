package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A site with two intrusions: one through the edge, one by mail.
const twoIntruders = `{"sites": [{"folder": "s", "hosts": [{"name": "FW1", "address": "10.1.1.1"}, {"name": "APP1", "address": "10.1.20.7"}, {"name": "PC1", "address": "10.1.10.9"}]}],
"campaigns": [
 {"profile": "th12", "site": "s", "entries": ["FW1"], "hosts": ["FW1", "APP1"], "evidence": {"s/logs/edge/FW1.log": "10-12,20", "s/hosts/APP1/Security.evtx": "500-540"},
  "steps": [{"time": "2026-03-03T10:00:00Z", "host": "FW1", "entry": true, "files": ["s/logs/edge/FW1.log"]}, {"time": "2026-03-03T11:00:00Z", "host": "APP1", "files": ["s/hosts/APP1/Security.evtx"]}, {"time": "2026-03-03T12:00:00Z", "host": "APP1", "files": ["s/hosts/APP1/Security.evtx"]}]},
 {"profile": "unknown-actor", "posed": "op-512", "site": "s", "entries": ["PC1"], "evidence": {"s/hosts/PC1/Security.evtx": "7"},
  "steps": [{"time": "2026-03-03T09:00:00Z", "host": "PC1", "entry": true, "gone": true}, {"time": "2026-03-03T10:30:00Z", "host": "PC1"}, {"time": "2026-03-03T12:30:00Z", "host": "APP1"}, {"time": "2026-03-03T12:40:00Z", "host": "APP1"}]}]}`

const findingsOfTwo = `{"id": "f1", "severity": "high", "refs": [{"file": "/x/s/logs/edge/fw1.log", "line": 11}]}
{"id": "f2", "severity": "high", "refs": [{"file": "/x/s/hosts/APP1/Security.evtx", "record": 540}, {"file": "/x/s/hosts/PC1/Security.evtx", "record": 6}]}
{"id": "f3", "severity": "medium", "refs": [{"file": "/x/s/hosts/PC1/Security.evtx", "record": 7}]}
{"id": "f4", "severity": "medium", "refs": [{"file": "/x/s/logs/edge/FW1.log", "line": 13}]}
{"id": "f5", "severity": "medium", "refs": [{"file": "/x/s/hosts/PC1"}]}
`

func verdictOf(t *testing.T, incidents string) verdict {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"truth.json": twoIntruders, "findings.jsonl": findingsOfTwo, "incidents.json": incidents} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := readSheet(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := readCase(dir)
	if err != nil {
		t.Fatal(err)
	}
	return judge(s, r, "/x")
}

func TestJudge(t *testing.T) {
	const (
		edge    = `{"id": "i1", "severity": "critical", "findings": ["f1", "f2"], "entry": {"entity": {"kind": "address", "value": "10.1.1.1"}}, "attribution": [{"profile": "th12", "confidence": 30}, {"profile": "unattributed", "confidence": 70}]}`
		mail    = `{"id": "i2", "severity": "high", "findings": ["f3"], "entry": {"entity": {"kind": "host", "value": "pc1.corp.example"}}, "attribution": [{"profile": "unattributed", "confidence": 90}]}`
		nobody  = `{"id": "i3", "severity": "medium", "title": "backup", "findings": ["f4"], "attribution": []}`
		merged  = `{"id": "i1", "severity": "critical", "findings": ["f1", "f2", "f3", "f5"], "entry": {"entity": {"kind": "host", "value": "app1"}}, "attribution": [{"profile": "op-512", "confidence": 80}]}`
		fooling = `{"id": "i2", "severity": "high", "findings": ["f3"], "entry": {"entity": {"kind": "user", "value": "S\\anna"}}, "attribution": [{"profile": "op-512", "confidence": 60}, {"profile": "unattributed", "confidence": 40}]}`
	)
	for name, c := range map[string]struct {
		incidents string
		misses    []string // words of each, in order
		brier     float64
	}{
		"all right": {edge + "," + mail, nil, (2*0.7*0.7 + 0) / 2},
		"backup":    {edge + "," + mail + "," + nobody, []string{"ordinary life"}, 0.49},
		"merged":    {merged, []string{"entry point app1", "was called op-512", "2 findings of unknown-actor are in", "unknown-actor was not seen"}, 2},
		"fooled":    {edge + "," + fooling, []string{"entry point anna", "posing as op-512 was believed"}, (0.98 + 2*0.36) / 2},
	} {
		t.Run(name, func(t *testing.T) {
			v := verdictOf(t, "["+c.incidents+"]")
			if len(v.misses) != len(c.misses) {
				t.Fatalf("misses: %q", v.misses)
			}
			for i, m := range v.misses {
				if !strings.Contains(m, c.misses[i]) {
					t.Errorf("miss %d is %q, want %q in it", i, m, c.misses[i])
				}
			}
			s := sum([]outcome{{scenario: mix(1), ablation: ablations[0], verdict: v}})
			if math.Abs(s.brier()-c.brier) > 1e-9 {
				t.Errorf("Brier score %v, want %v", s.brier(), c.brier)
			}
		})
	}
}

// Every kind of scenario comes up in ten seeds, a seed is always the same, and
// an actor never poses as himself.
func TestMix(t *testing.T) {
	seen := map[string]bool{}
	for seed := 1; seed <= 100; seed++ {
		x := mix(seed)
		seen[x.kind] = true
		if again := mix(seed); again.command(ablations[0]) != x.command(ablations[0]) {
			t.Errorf("seed %d changes", seed)
		}
		if i := slices.Index(x.options, "--false-flag"); i >= 0 && x.options[i+1] == x.profile {
			t.Errorf("seed %d: %s poses as himself", seed, x.profile)
		}
		if a, b, two := strings.Cut(x.profile, "+"); two && a == b {
			t.Errorf("seed %d: %s twice", seed, a)
		}
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("no scenario %q in a hundred seeds", k)
		}
	}
}

func TestReplacedKeepsTheRest(t *testing.T) {
	page := "# Scoreboard\n\n| set | asked | result |\n|---|---|---|\n| event logs | found | 3 |\n| | named | 2 |\n\n## Event logs\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
	once := replaced(page, "| mixed exercises | entry | 1 |\n| | fair | 2 |", "\n"+beginExercises+"\n## Mixed\nold\n"+endExercises+"\n")
	twice := replaced(once, "| mixed exercises | entry | 9 |\n| | fair | 8 |", "\n"+beginExercises+"\n## Mixed\nnew\n"+endExercises+"\n")
	want := strings.Replace(page, "| | named | 2 |\n", "| | named | 2 |\n| mixed exercises | entry | 9 |\n| | fair | 8 |\n", 1) + "\n" + beginExercises + "\n## Mixed\nnew\n" + endExercises + "\n"
	if twice != want {
		t.Errorf("got\n%s\nwant\n%s", twice, want)
	}
}
