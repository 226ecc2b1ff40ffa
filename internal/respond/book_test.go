package respond

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"longwatch/content"
)

// TestBookAnswersDossiers: every numbered line of the dossiers' sections on
// scoping, containment and recovery is answered by a step. How many lines each
// section has is counted in the dossiers.
func TestBookAnswersDossiers(t *testing.T) {
	b, err := LoadBook(content.Response, content.Campaigns)
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for _, s := range b.steps {
		for _, a := range s.Answers {
			answered[a] = true
		}
	}
	for _, section := range []struct {
		profile string
		number  int
		lines   int
	}{
		{"volt-typhoon", 7, 6},
		{"volt-typhoon", 8, 8},
		{"op-512", 7, 6},
		{"op-512", 8, 9},
		{"tgr-sta-1030", 7, 6},
		{"tgr-sta-1030", 8, 9},
		{"th12", 6, 6},
		{"th12", 7, 9},
	} {
		for n := 1; n <= section.lines; n++ {
			line := fmt.Sprintf("%s %d.%d", section.profile, section.number, n)
			if !answered[line] {
				t.Errorf("no step answers %s", line)
			}
			delete(answered, line)
		}
	}
	for line := range answered {
		t.Errorf("a step answers %s, which no dossier has", line)
	}
}

const text = `
facts:
  - {id: was-there, says: somebody was there, any: {always: true}, door: a door}
steps:
  - id: step-one
    phase: contain
    when: [was-there]
    title: Do it
    do: [this]
    because: It is needed.
    owner: somebody
    risk: None.
    breaks: Nothing.
    undo: Undo it.
    proof: {says: It is done.}
    answers: [volt-typhoon 8.1]
`

// TestMistakes: what is wrong in a page is said, with its file.
func TestMistakes(t *testing.T) {
	load := func(page string) error {
		_, err := LoadBook(fstest.MapFS{"response/a.yaml": {Data: []byte(page)}}, fstest.MapFS{})
		return err
	}
	if err := load(text); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string][2]string{
		"unknown field":     {"    owner:", "    owned:"},
		"unknown phase":     {"phase: contain", "phase: panic"},
		"unknown fact":      {"when: [was-there]", "when: [was-here]"},
		"no reason":         {"because: It is needed.", "because: ''"},
		"undo and no undo":  {"undo: Undo it.", "{undo: a, no_undo: b}"},
		"neither undo":      {"    undo: Undo it.\n", ""},
		"unknown selector":  {"    owner:", "    on: [hosts.all]\n    owner:"},
		"unknown cut":       {"    owner:", "    cuts: cables\n    owner:"},
		"after nothing":     {"    owner:", "    after: [step-two]\n    owner:"},
		"after itself":      {"    owner:", "    after: [step-one]\n    owner:"},
		"bad answer":        {"volt-typhoon 8.1", "8.1"},
		"fact without sign": {"{always: true}", "{}"},
		"unknown severity":  {"door: a door", "least: dire"},
	} {
		if err := load(strings.Replace(text, edit[0], edit[1], 1)); err == nil || name != "unknown fact" && name != "after nothing" && name != "after itself" && !strings.Contains(err.Error(), "response/a.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOrder: steps come in the order of phases, within one as written, but none
// before what it waits for.
func TestOrder(t *testing.T) {
	list := []*Recipe{
		{ID: "close", Phase: Close}, {ID: "late", Phase: Contain, After: []string{"early", "absent"}}, {ID: "scope", Phase: Scope},
		{ID: "early", Phase: Contain}, {ID: "keep", Phase: Preserve}, {ID: "last", Phase: Contain, After: []string{"late"}},
	}
	var got []string
	for _, r := range order(list) {
		got = append(got, r.ID)
	}
	if want := []string{"keep", "scope", "early", "late", "last", "close"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
}
