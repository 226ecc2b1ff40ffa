package campaign

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/finding"
)

const chain = `{"dossier":["VT-10"],"severity":"high","at":"0h"}
{"dossier":["VT-23"],"severity":"high","at":"1h"}
{"dossier":["VT-29"],"severity":"high","at":"2h"}
`

const signsOf512 = `{"detector":"intel:op-512","confidence":90,"entity":"domain","dossier":["OP-IOC"],"severity":"high","at":"3h"}
`

func judge(t *testing.T, text string, o Options) []finding.Attribution {
	t.Helper()
	return Judge(&finding.Incident{Findings: readFindings(t, []byte(text))}, loadAll(t), o)
}

// TestSensitivity: what is told for each part that is left out is what judging
// without it gives.
func TestSensitivity(t *testing.T) {
	a := judge(t, chain, Options{})[0]
	if a.Profile != "volt-typhoon" {
		t.Fatal(a.Profile)
	}
	by := map[string]finding.Without{}
	for _, w := range a.Sensitivity {
		by[w.Group+w.Trait] = w
	}
	// Without the cleared logs, only the pair is left: as if it had never been seen.
	pair := strings.Join(strings.SplitAfter(chain, "\n")[:2], "")
	want := judge(t, pair, Options{})
	i := slices.IndexFunc(want, func(a finding.Attribution) bool { return a.Profile == "volt-typhoon" })
	if got := by["log-tamper"]; got.Confidence != want[i].Confidence || got.First != want[0].Profile {
		t.Errorf("without log-tamper: %+v, judged anew %d and %s first", got, want[i].Confidence, want[0].Profile)
	}
	// Without its commands, the findings name nobody.
	if got := by["command"]; got.First != Unattributed || got.Confidence >= a.Confidence || !strings.Contains(got.Says, "unattributed comes first") {
		t.Errorf("without commands: %+v", got)
	}
	if got := by["ntds-and-portproxy"]; got.Confidence > a.Confidence || got.Says == "" {
		t.Errorf("without its heaviest trait: %+v", got)
	}
}

// TestPlantedSigns: copied signs of another lower the confidence, say so, and
// the more an actor is known by signs alone the less they weigh.
func TestPlantedSigns(t *testing.T) {
	plain, mixed := judge(t, chain, Options{}), judge(t, chain+signsOf512, Options{})
	if mixed[0].Profile != "volt-typhoon" || mixed[0].Confidence >= plain[0].Confidence {
		t.Errorf("with signs of another: %s at %d, without %d", mixed[0].Profile, mixed[0].Confidence, plain[0].Confidence)
	}
	if !slices.ContainsFunc(mixed[0].Notes, func(s string) bool { return strings.Contains(s, "OP-512") && strings.Contains(s, "planted") }) {
		t.Errorf("notes %q do not speak of planted signs", mixed[0].Notes)
	}
	shared := judge(t, chain+`{"dossier":["VT-24","TG-15"],"severity":"high","at":"5h"}
`, Options{})[0]
	if len(shared.Notes) > 0 || shared.Confidence < plain[0].Confidence {
		t.Errorf("behaviour that two campaigns share is taken for a planted sign: %d, %q", shared.Confidence, shared.Notes)
	}
	alone := judge(t, signsOf512+strings.ReplaceAll(signsOf512, "3h", "4h"), Options{})
	if alone[0].Profile != Unattributed || !strings.Contains(alone[0].For[0].Because, "OP-512") {
		t.Errorf("signs alone give %+v", alone[0])
	}
	i := slices.IndexFunc(alone, func(a finding.Attribution) bool { return a.Profile == "op-512" })
	if i < 0 || !slices.ContainsFunc(alone[i].Notes, func(s string) bool { return strings.Contains(s, "cheap to imitate") }) {
		t.Errorf("that the only link is cheap is not said: %+v", alone[i])
	}
}

// TestSignsNeverLead: whatever imitable traits are met, alone or with weak
// behaviour of anybody, no sourced profile comes first.
func TestSignsNeverLead(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, p := range loadAll(t) {
		var cheap []Trait
		for _, x := range p.Traits {
			if x.Imitable {
				cheap = append(cheap, x)
			}
		}
		for range 300 {
			q := *p
			q.Traits = nil
			var fs []*finding.Finding
			for _, x := range cheap {
				if r.IntN(2) == 0 {
					continue
				}
				f := &finding.Finding{Detector: "d-" + x.ID, Severity: finding.High}
				f.Seal()
				x.When = Condition{Finding: []string{f.Detector}}
				q.Traits, fs = append(q.Traits, x), append(fs, f)
			}
			if a := Judge(&finding.Incident{Findings: fs}, []*Profile{&q}, Options{})[0]; a.Profile != Unattributed {
				t.Fatalf("%s leads at %d by what anybody can copy: %+v", a.Profile, a.Confidence, a.For)
			}
		}
	}
}

// TestMatrix: evidence of one campaign speaks against the profile that lists it
// as a contradiction; what all share is not diagnostic and comes last.
func TestMatrix(t *testing.T) {
	m := Matrix(&finding.Incident{Findings: readFindings(t, []byte(chain+`{"dossier":["OP-06"],"severity":"high","at":"4h"}
`))}, loadAll(t))
	if m == nil || m.Hypotheses[len(m.Hypotheses)-1] != Unattributed {
		t.Fatalf("%+v", m)
	}
	col := func(id string) int { return slices.Index(m.Hypotheses, id) }
	row := func(word string) finding.Row {
		i := slices.IndexFunc(m.Rows, func(r finding.Row) bool { return strings.Contains(r.Evidence, word) })
		if i < 0 {
			t.Fatalf("no row says %q: %+v", word, m.Rows)
		}
		return m.Rows[i]
	}
	self := row("hexadecimal")
	if self.Cells[col("op-512")] != finding.Consistent || self.Cells[col("volt-typhoon")] != finding.Inconsistent || !self.Diagnostic {
		t.Errorf("the self-report is %+v", self)
	}
	if self.Cells[col(Unattributed)] != finding.Inconsistent {
		t.Error("what only one campaign is known to do speaks against somebody unknown")
	}
	pair := row("signature chain")
	if pair.Cells[col("volt-typhoon")] != finding.Consistent || pair.Cells[col("op-512")] != finding.Inconsistent {
		t.Errorf("the pair is %+v", pair)
	}
	cleared := row("cleared")
	if cleared.Cells[col("volt-typhoon")] != finding.Consistent || cleared.Cells[col("op-512")] != finding.Neutral || cleared.Cells[col(Unattributed)] != finding.Consistent {
		t.Errorf("cleared logs are %+v", cleared)
	}
	for i := 1; i < len(m.Rows); i++ {
		if m.Rows[i].Diagnostic && !m.Rows[i-1].Diagnostic {
			t.Error("what tells hypotheses apart does not come first")
		}
	}
	for i := range m.Hypotheses {
		n := 0
		for _, r := range m.Rows {
			if len(r.Cells) != len(m.Hypotheses) {
				t.Fatalf("row %q has %d cells", r.Evidence, len(r.Cells))
			}
			if r.Cells[i] == finding.Inconsistent {
				n++
			}
		}
		if n != m.Inconsistent[i] {
			t.Errorf("%s: %d pieces speak against it, told %d", m.Hypotheses[i], n, m.Inconsistent[i])
		}
	}
	if Matrix(&finding.Incident{Findings: readFindings(t, []byte(`{"detector":"x","severity":"high","at":"0h"}`))}, loadAll(t)) != nil {
		t.Error("a matrix of nothing")
	}
}

// TestCalibrate: the map rises, keeps 0 and stays within 0 and 1, so that it
// changes no order.
func TestCalibrate(t *testing.T) {
	last := -1.0
	for i := range 1001 {
		got := calibrate(float64(i) / 1000)
		if got < 0 || got > 1 || got < last || (i > 0 && i < 1000 && got == last) {
			t.Fatalf("calibrate(%v) = %v after %v", float64(i)/1000, got, last)
		}
		last = got
	}
	if calibrate(0) != 0 {
		t.Error("no chance is none")
	}
}

// TestFeatures: an unknown actor is described by how it worked.
func TestFeatures(t *testing.T) {
	a := judge(t, `{"dossier":["OP-26","TG-10"],"severity":"high","at":"0h"}
{"dossier":["TH-08"],"severity":"high","at":"4h"}
{"dossier":["TH-09"],"severity":"high","at":"4h"}
{"dossier":["VT-29"],"severity":"low","at":"4h"}
`, Options{})[0]
	want := []string{"web shells (one finding)", "remote execution over administrative shares (2 findings)"}
	if a.Profile != Unattributed || !slices.Equal(a.Features, want) {
		t.Errorf("%s: %q, want %q", a.Profile, a.Features, want)
	}
}

// TestPrior: the calendar moves a score by half a point at most, either way.
func TestPrior(t *testing.T) {
	base := judge(t, chain, Options{})[0].Confidence
	up := judge(t, chain, Options{Prior: map[string]float64{"volt-typhoon": 9}})[0]
	down := judge(t, chain, Options{Prior: map[string]float64{"volt-typhoon": -9}})[0]
	if up.Confidence < base || down.Confidence > base {
		t.Errorf("prior: %d, %d, %d", down.Confidence, base, up.Confidence)
	}
	half := judge(t, chain, Options{Prior: map[string]float64{"volt-typhoon": victimologyCap}})[0]
	if half.Confidence != up.Confidence {
		t.Errorf("a prior of 9 gives %d, one of the cap %d", up.Confidence, half.Confidence)
	}
	if !slices.ContainsFunc(up.Notes, func(s string) bool { return strings.Contains(s, "a prior, no evidence") }) {
		t.Errorf("notes %q", up.Notes)
	}
}

// TestTwoCampaignsInOneIncident: the behaviour of two campaigns on findings of
// their own names neither, and says so; signs of a second one do not.
func TestTwoCampaignsInOneIncident(t *testing.T) {
	const other = `{"dossier":["TG-07"],"severity":"critical","at":"30h"}
{"dossier":["TG-09"],"severity":"high","at":"31h"}
{"dossier":["TG-12"],"severity":"high","at":"32h"}
{"dossier":["TG-13"],"severity":"high","at":"33h"}
`
	one, two := judge(t, chain, Options{}), judge(t, other, Options{})
	if one[0].Profile != "volt-typhoon" || two[0].Profile != "tgr-sta-1030" {
		t.Fatalf("alone they are %s and %s", one[0].Profile, two[0].Profile)
	}
	both := judge(t, chain+other, Options{})
	if both[0].Profile != Unattributed || !strings.Contains(both[0].For[0].Because, "two intrusions in one incident") {
		t.Errorf("together they are %s at %d: %v", both[0].Profile, both[0].Confidence, both[0].For)
	}
	sum := 0
	for _, a := range both {
		if sum += int(a.Confidence); a.Profile != Unattributed && a.Confidence > ceilings[consistent] {
			t.Errorf("%s still stands at %d", a.Profile, a.Confidence)
		}
	}
	if sum > 100 {
		t.Errorf("all together %d", sum)
	}
}
