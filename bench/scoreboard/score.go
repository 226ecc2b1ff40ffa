package main

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
)

// strong are the severities that an analyst is called for.
var strong = []string{"medium", "high", "critical"}

// cleared is the technique that many authors of a log left in it themselves: they
// cleared the log before they recorded. It must not count as the attack.
const cleared = attack.ID("T1070.001")

// calls are the findings of medium or above.
func (r result) calls() []found {
	var out []found
	for _, f := range r.findings {
		if slices.Contains(strong, f.Severity) {
			out = append(out, f)
		}
	}
	return out
}

// found tells whether a finding of medium or above is about more than the log
// having been cleared, unless that is what the label asks for.
func (r result) found() bool {
	for _, f := range r.calls() {
		if r.asksCleared() || !onlyCleared(f) {
			return true
		}
	}
	return false
}

// asksCleared tells whether the log is about a cleared log: by its technique, or,
// where the corpus names none, by its name.
func (r result) asksCleared() bool {
	return slices.Contains(r.techniques, cleared) || strings.Contains(strings.ToLower(r.file), "cleared")
}

func onlyCleared(f found) bool {
	return len(f.Techniques) == 1 && f.Techniques[0] == cleared
}

// named tells whether a technique of the label, its parent or a sibling is one of
// a finding of medium or above.
func (r result) named() bool {
	return r.names(r.calls(), r.techniques...)
}

func (r result) names(of []found, wanted ...attack.ID) bool {
	for _, f := range of {
		for _, have := range f.Techniques {
			for _, want := range wanted {
				if have.Parent() == want.Parent() {
					return true
				}
			}
		}
	}
	return false
}

// exactly tells whether the very technique of the label is named.
func (r result) exactly() bool {
	for _, f := range r.calls() {
		for _, t := range r.techniques {
			if slices.Contains(f.Techniques, t) {
				return true
			}
		}
	}
	return false
}

// agrees tells whether a finding of medium or above has a technique of the tactic
// that the log's folder is named after.
func (r result) agrees() bool {
	for _, f := range r.calls() {
		if onlyCleared(f) && !r.asksCleared() {
			continue
		}
		for _, t := range f.Techniques {
			if slices.Contains(attack.TacticsOf(t), tacticOf(r.group)) {
				return true
			}
		}
	}
	return false
}

// tacticOf is the tactic that a folder is named after: "Lateral Movement",
// "lateral_movement". It is empty when it is none.
func tacticOf(folder string) attack.Tactic {
	t := attack.Tactic(strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(folder)))
	if slices.Contains(attack.Tactics, t) {
		return t
	}
	return ""
}

// truths says which technique stands for a phrase in which the behaviour corpus
// tells what there is to be said. "malicious" asks for any finding.
var truths = []struct {
	phrase string
	want   []attack.ID
}{
	{"arp", []attack.ID{"T1018", "T1557.002"}},
	{"brute force", []attack.ID{"T1110"}},
	{"password", []attack.ID{"T1110"}},
	{"scan", []attack.ID{"T1046", "T1018", "T1595"}},
	{"command", []attack.ID{"T1071", "T1571", "T1572", "T1573"}},
	{"c&c", []attack.ID{"T1071", "T1571", "T1572", "T1573"}},
	{"dns", []attack.ID{"T1071.004", "T1568"}},
	{"dga", []attack.ID{"T1568"}},
	{"malicious", nil},
}

// said tells whether any finding, of whatever severity, says the truth.
func (r result) said() bool {
	for _, t := range truths {
		if strings.Contains(strings.ToLower(r.group), t.phrase) {
			return t.want == nil && len(r.calls()) > 0 || r.names(r.findings, t.want...)
		}
	}
	return false
}

// tally is what is counted over a group of logs.
type tally struct {
	logs, found, named, exact, agree, failed int
	silent                                   []string
	findings                                 []int
}

func count(rs []result) tally {
	var t tally
	for _, r := range rs {
		t.logs++
		t.found += one(r.found())
		t.named += one(r.named())
		t.exact += one(r.exactly())
		t.agree += one(r.agrees())
		t.failed += one(r.failed)
		if !r.found() {
			t.silent = append(t.silent, r.file)
		}
		t.findings = append(t.findings, len(r.findings))
	}
	return t
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// groups are the groups of results, in the order of ATT&CK's tactics, others last
// by name.
func groups(rs []result) []string {
	var out []string
	for _, r := range rs {
		if !slices.Contains(out, r.group) {
			out = append(out, r.group)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return out
}

func order(group string) int {
	if t := tacticOf(group); t != "" {
		return attack.Order(t)
	}
	return len(attack.Tactics)
}
