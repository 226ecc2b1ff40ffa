package train

import (
	"regexp"
	"testing"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// TestQuiet: what a case says comes out without names, secrets and addresses
// that could be followed.
func TestQuiet(t *testing.T) {
	inc := &finding.Incident{Findings: []*finding.Finding{{Entities: []record.Entity{
		{Kind: "user", Value: `PLANT\anna.kovacs`}, {Kind: "host", Value: "srv-dc-1.plant.test"}, {Kind: "email", Value: "bert@plant.test", Role: "recipient"}, {Kind: "email", Value: "bert@elsewhere.test", Role: "sender"},
	}}}}
	hosts := []casefolder.Host{{Name: "srv-dc-1", Addresses: []string{"10.0.0.5"}}}
	hidden, kept := newQuiet(Pseudonyms, "plant.test", []string{"Heron"}), newQuiet(Keep, "plant.test", []string{"Heron"})
	hidden.learn(hosts, inc)
	kept.learn(hosts, inc)
	for _, c := range []struct{ in, hidden, kept string }{
		{"for Anna.Kovacs on SRV-DC-1", "for account-1 on host-1", "for Anna.Kovacs on SRV-DC-1"},
		{"annaXkovacs stays, srv-dc-10 too", "annaXkovacs stays, srv-dc-10 too", "annaXkovacs stays, srv-dc-10 too"},
		{"write to bert@plant.test", "write to account-2@plant[.]test", "write to bert@plant[.]test"},
		{"write to j.doe@partner.test", "write to first.last@outside-office[.]example", "write to j.doe@partner[.]test"},
		{"see https://user:pw@plant-portal.test:8443/a?token=x#y now", "see hxxps://plant-portal[.]example/… now", "see hxxps://plant-portal[.]test/… now"},
		{"see www.plant.test", "see www[.]plant[.]test", "see www[.]plant[.]test"},
		{"see www.partner.test/x", "see outside-office[.]example/x", "see www[.]partner[.]test/x"},
		{"from 10.0.0.5 and 198.51.100.9", "from host-1 and 203[.]0[.]113[.]11", "from srv-dc-1 and 198[.]51[.]100[.]9"},
		{"password: hunter2 and PIN=1234", "password: ▇▇▇ and PIN=▇▇▇", "password: ▇▇▇ and PIN=▇▇▇"},
		{"key AKIAIOSFODNN7EXAMPLEKEY1", "key ▇▇▇", "key ▇▇▇"},
		{"project heron, HERON", "project ▇▇▇, ▇▇▇", "project ▇▇▇, ▇▇▇"},
		{"a\u202eb\x1b[2J\nc", "ab [2J c", "ab [2J c"},
	} {
		if got := hidden.text(c.in); got != c.hidden {
			t.Errorf("%q becomes %q, want %q", c.in, got, c.hidden)
		}
		if got := kept.text(c.in); got != c.kept {
			t.Errorf("with names kept, %q becomes %q, want %q", c.in, got, c.kept)
		}
	}
	for in, want := range map[string]string{"hr.department@plant-info.test": "hr.department@plant-info[.]example", "anna.k@partner.test": "first.last@outside-office[.]example", "bert@plant.test": "account-2@plant[.]test"} {
		if got := hidden.mailbox(in); got != want {
			t.Errorf("sender %s becomes %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"Ministry Secretariat": "Ministry Secretariat", "Jane Roe": "First Last"} {
		if got := hidden.person(in); got != want {
			t.Errorf("name %s becomes %s, want %s", in, got, want)
		}
	}
}

// FuzzQuiet: whatever a case says, what comes out is one short line that no
// program takes for an address, and holds no word that was to be blacked out.
func FuzzQuiet(f *testing.F) {
	for _, s := range append(casetest.Hostile, "see www.plant.test and https://www.plant.test/heron", "bert@plant.test 10.0.0.5 password=heron") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, names := range []Names{Pseudonyms, Keep} {
			q := newQuiet(names, "plant.test", []string{"heron"})
			got := q.text(s)
			if len([]rune(got)) > maxFact {
				t.Fatalf("%d characters", len([]rune(got)))
			}
			for _, live := range []*regexp.Regexp{anyMail, anyWWW, anyIPv4, regexp.MustCompile(`(?i)\bhttps?://[^\s<>"']`), regexp.MustCompile(`(?i)heron`), regexp.MustCompile(`[[:cntrl:]]`)} {
				if m := live.FindString(got); m != "" {
					t.Fatalf("%q becomes %q, which holds %q", s, got, m)
				}
			}
		}
	})
}
