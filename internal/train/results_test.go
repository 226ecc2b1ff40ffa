package train

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/casefolder/casetest"
)

func answer(item string, topic Topic, attack bool, said string, sure int, seconds float64) Answer {
	return Answer{Item: item, Topic: topic, Attack: attack, Said: said, Right: attack == (said == "suspicious"), Sure: sure, Seconds: seconds}
}

func result(who, started string, answers ...Answer) *Results {
	return &Results{Format: resultFormat, Version: 1, Drill: "d-0123456789abcdef", Role: Staff, Seed: "1", Participant: who, Started: started, Answers: answers}
}

// TestSum adds up three results by hand: two of anna, of which the later counts.
func TestSum(t *testing.T) {
	first := result("anna", "2026-03-11T09:00:00Z", answer("a-lure", "mail", true, "ordinary", 99, 5), answer("a-plain", "mail", false, "ordinary", 50, 5))
	again := result("Anna", "2026-03-12T09:00:00Z", answer("a-lure", "mail", true, "suspicious", 70, 10), answer("a-plain", "mail", false, "suspicious", 50, 20))
	other := result("bert", "2026-03-11T09:00:00Z", answer("a-lure", "mail", true, "ordinary", 99, 30), answer("a-call", "calls", true, "suspicious", 85, 8))
	g := Sum([]*Results{first, again, other})
	reverse := Sum([]*Results{other, again, first})
	if diff := cmp.Diff(asJSON(t, g), asJSON(t, reverse)); diff != "" {
		t.Error("the order of files makes a difference: " + diff)
	}
	if g.Participants != 2 || g.Replaced != 1 || len(g.Odd) != 0 {
		t.Errorf("%+v", g)
	}
	mail := g.Topics[0]
	// Mail: anna right and alarmed, bert missed. 1 of 3 right; seconds 10, 20, 30; sure 70, 50, 99.
	want := Tally{Attacks: 2, Missed: 1, Ordinary: 1, Alarms: 1, Seconds: 20, Sure: 73}
	mail.seconds, mail.sure = nil, 0
	if mail.Topic != "mail" || mail.Name != "Mail with links and files" || asJSON(t, mail.Tally) != asJSON(t, want) || mail.Right() != 1 || mail.Share() != 33.3 {
		t.Errorf("mail: %+v", mail)
	}
	if diff := cmp.Diff([]BySure{{50, 1, 0}, {70, 1, 1}, {85, 1, 1}, {99, 1, 0}}, g.Sures); diff != "" {
		t.Error(diff)
	}
	if g.Items[0].Item != "a-plain" || g.Items[1].Item != "a-lure" || g.Items[2].Item != "a-call" {
		t.Errorf("hardest first: %+v", g.Items)
	}
	var b bytes.Buffer
	if err := g.CSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 1+1+2+3 || strings.Join(rows[2], ",") != "topic,mail,Mail with links and files,3,1,33.3,2,1,1,1,20.0,73.0,0" {
		t.Errorf("%v %v", rows, err)
	}
	b.Reset()
	if err := g.Text(&b); err != nil || !strings.Contains(b.String(), "2 participants, 1 drill: 2 of 4 judgements right") || !strings.Contains(b.String(), "1 of 2") {
		t.Errorf("%v\n%s", err, b.String())
	}
	other.Answers[0] = answer("a-lure", "mail", false, "ordinary", 99, 30)
	if g := Sum([]*Results{again, other}); len(g.Odd) != 1 || g.Odd[0] != "a-lure" {
		t.Errorf("an item that is an attack in one file only: %v", g.Odd)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestResultsRefused: of a file that somebody else wrote nothing is believed
// that the page would not write.
func TestResultsRefused(t *testing.T) {
	good := result("anna", "2026-03-11T09:00:00Z", answer("a-lure", "mail", true, "ordinary", 99, 5))
	text := asJSON(t, good)
	if _, err := ParseResults(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"empty": "", "half": text[:len(text)/2], "more": text + "{}", "list": "[]",
		"right that is wrong": strings.Replace(text, `"right":false`, `"right":true`, 1),
		"another field":       strings.Replace(text, `"seed"`, `"extra":1,"seed"`, 1),
		"certainty":           strings.Replace(text, `"sure":99`, `"sure":100`, 1),
		"time":                strings.Replace(text, `"seconds":5`, `"seconds":-1`, 1),
		"time without end":    strings.Replace(text, `"seconds":5`, `"seconds":1e300`, 1),
		"topic":               strings.Replace(text, `"topic":"mail"`, `"topic":"=cmd"`, 1),
		"start":               strings.Replace(text, "2026-03-11T09:00:00Z", "yesterday", 1),
		"large":               strings.Repeat(" ", maxResultFile) + text,
		"deep":                strings.Repeat("[", 100000),
	}
	for _, s := range casetest.Hostile {
		r := *good
		r.Participant = s
		bad["participant "+s] = asJSON(t, r)
	}
	twice := *good
	twice.Answers = append(twice.Answers, twice.Answers[0])
	bad["judged twice"] = asJSON(t, twice)
	for name, text := range bad {
		if r, err := ParseResults(strings.NewReader(text)); !errors.Is(err, ErrResults) || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

// FuzzParseResults: what is taken has only values of the page's own, comes out
// the same when it is written and read again, and can be summed and shown.
func FuzzParseResults(f *testing.F) {
	f.Add([]byte(asJSON(f, result("anna", "2026-03-11T09:00:00Z", answer("a-lure", "mail", true, "ordinary", 99, 5), answer("a-call", "calls", false, "suspicious", 50, 0.1)))))
	f.Add([]byte(`{"format":"longwatch-drill-results","version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseResults(bytes.NewReader(data))
		if err != nil {
			if r != nil || !errors.Is(err, ErrResults) {
				t.Fatalf("%v, %v", r, err)
			}
			return
		}
		again, err := ParseResults(strings.NewReader(asJSON(t, r)))
		if err != nil || cmp.Diff(r, again) != "" {
			t.Fatalf("read again: %v", err)
		}
		g := Sum([]*Results{r, again})
		if g.Total.All() != len(r.Answers) || g.Replaced != 1 || g.Participants != 1 {
			t.Fatalf("%d answers, sum %+v", len(r.Answers), g)
		}
		var b bytes.Buffer
		if err := errors.Join(g.Text(&b), g.CSV(&b), g.JSON(&b)); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Bytes() {
			if c < ' ' && c != '\n' || c == 0x7f {
				t.Fatalf("a control character %#x is shown", c)
			}
		}
	})
}
