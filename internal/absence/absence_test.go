package absence

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"longwatch/internal/campaign"
	"longwatch/internal/coverage"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

func profile(status campaign.Status) *campaign.Profile {
	return &campaign.Profile{ID: "x", Name: "X", Status: status, MaxConfidence: 95, Traits: []campaign.Trait{
		{ID: "a", Group: campaign.Command, Weight: 3, When: campaign.Condition{All: []campaign.Condition{{Dossier: []string{"VT-10"}}, {Dossier: []string{"VT-23"}}}}},
		{ID: "b", Group: campaign.Tool, Weight: 1, When: campaign.Condition{Dossier: []string{"VT-22"}}},
		{ID: "c", Group: campaign.Victimology, Weight: 9, When: campaign.Condition{Dossier: []string{"VT-30"}}},
	}, Against: []campaign.Trait{{ID: "d", Weight: -3, When: campaign.Condition{Dossier: []string{"TG-03"}}}}}
}

var detections = []coverage.Detection{
	{ID: "ntds", Title: "copy", Dossier: []string{"VT-10"}, Types: []string{"database"}},
	{ID: "proxy", Title: "proxy", Dossier: []string{"VT-23"}, Types: []string{"process"}},
	{ID: "names", Title: "names", Dossier: []string{"VT-22"}, Types: []string{"file"}},
	{ID: "lure", Title: "lure", Dossier: []string{"TG-03"}, Types: []string{"mail"}},
}

func evidence(types ...string) *coverage.Report {
	r := &coverage.Report{}
	for _, t := range types {
		r.Sources = append(r.Sources, coverage.Source{Name: t, Records: 5, Start: coverage.When(record.Time(1e18)), End: coverage.When(record.Time(2e18))})
	}
	return r
}

// TestVerdicts: the share is that of the weight whose detections could fire,
// victimology left out; a pair needs both of its halves.
func TestVerdicts(t *testing.T) {
	hit := &finding.Finding{ID: "f-1", Severity: finding.High, Dossier: []string{"VT-23"}}
	other := &finding.Finding{ID: "f-2", Severity: finding.High, Dossier: []string{"TG-03"}}
	lead := &finding.Incident{ID: "i-1", Findings: []*finding.Finding{hit}, Attribution: []finding.Attribution{{Profile: "x"}}}
	cleared := evidence("database", "process", "file")
	cleared.Limits = []coverage.Limit{{Kind: coverage.Cleared, Host: "h", Why: "cleared"}}
	for _, c := range []struct {
		name    string
		in      Case
		verdict string
		support string
		share   float64
	}{
		{"all there", Case{Report: evidence("database", "process", "file")}, NotFound, Strong, 1},
		{"a log was cleared", Case{Report: cleared}, NotFound, Moderate, 1},
		{"half of the pair", Case{Report: evidence("process", "file")}, NotFound, Weak, 0.25},
		{"little", Case{Report: evidence("process")}, CannotSay, None, 0},
		{"nothing", Case{Report: evidence("conn")}, CannotSay, None, 0},
		{"fired", Case{Report: evidence("database", "process", "file"), Findings: []*finding.Finding{hit}}, Traces, Strong, 1},
		{"of another campaign", Case{Report: evidence("database", "process", "file"), Findings: []*finding.Finding{other}}, NotFound, Strong, 1},
		{"attributed", Case{Report: evidence("database", "process", "file"), Findings: []*finding.Finding{hit}, Incidents: []*finding.Incident{lead}}, Found, Strong, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Profile, c.in.Detections = profile(campaign.Sourced), detections
			got := Issue(&c.in)
			if got.Verdict != c.verdict || got.Support != c.support || got.Share != c.share {
				t.Errorf("%s, support %s, share %v; want %s, %s, %v: %s", got.Verdict, got.Support, got.Share, c.verdict, c.support, c.share, got.Statement)
			}
			if n := len(got.Could) + len(got.CouldNot); n != 3 {
				t.Errorf("%d detections, want the three that speak for the profile", n)
			}
			for _, l := range got.CouldNot {
				if len(l.Reach.Without) == 0 {
					t.Errorf("%s could not fire, but why is not said", l.ID)
				}
			}
			if !strings.Contains(got.Statement, "within this evidence") {
				t.Errorf("the statement is not bounded: %s", got.Statement)
			}
		})
	}
}

// TestDigest: a certificate that was changed by a byte is told from one that
// was not, and what it says of itself survives JSON.
func TestDigest(t *testing.T) {
	c := Issue(&Case{Profile: profile(campaign.Unverified), Detections: detections, Report: evidence("process", "file"), Files: []File{{Path: "a|b`c\x1b[2J<script>", SHA256: "00", Size: 3, Whole: true}}})
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	if got, err := Check(bytes.NewReader(b.Bytes())); err != nil || got.Digest != c.Digest {
		t.Fatalf("%v", err)
	}
	forged := bytes.Replace(b.Bytes(), []byte(`"verdict": "not found"`), []byte(`"verdict": "found"`), 1)
	if bytes.Equal(forged, b.Bytes()) {
		t.Fatal("nothing to forge")
	}
	if _, err := Check(bytes.NewReader(forged)); !errors.Is(err, ErrAltered) {
		t.Errorf("a forged verdict gives %v", err)
	}
	if _, err := Check(strings.NewReader(`{"profile":"x","extra":1}`)); err == nil {
		t.Error("unknown fields pass")
	}
	var md strings.Builder
	if err := c.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(md.String(), "\x1b<>") {
		t.Error("evidence can write markup or control characters")
	}
}

// FuzzCheck: no bytes but those that were issued pass as a certificate, and
// none make it fail otherwise than by an error.
func FuzzCheck(f *testing.F) {
	c := Issue(&Case{Profile: profile(campaign.Sourced), Detections: detections, Report: evidence("process", "file")})
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"digest":"00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Check(bytes.NewReader(data))
		if err == nil && digest(got) != got.Digest {
			t.Error("a digest that is not that of the content passes")
		}
	})
}
