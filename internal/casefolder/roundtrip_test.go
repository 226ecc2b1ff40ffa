package casefolder_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
)

// A case that is read back tells the same story: later commands judge, share
// and draw it without the evidence.
func TestStoryIsReadBack(t *testing.T) {
	c := casetest.Plausible()
	dir := t.TempDir()
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := casefolder.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Incidents[0].Path) == 0 || len(c.Incidents[0].Reach) == 0 || len(c.Incidents[0].Joins) == 0 || len(c.Clocks) == 0 {
		t.Fatal("the case of the test has no story to lose")
	}
	for i, want := range c.Incidents {
		if diff := cmp.Diff(want, got.Incidents[i], cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(c.Clocks, got.Clocks); diff != "" {
		t.Error(diff)
	}
	if s := got.Summary().Incidents[0]; s.Touched != 1 || s.Accessed != 1 || s.Possibly != 1 || s.DwellDays != 2 {
		t.Errorf("summary counts %+v", s)
	}
}

// Of many joins the JSON of an incident names those on which it hangs.
func TestWeakestJoinsAreNamed(t *testing.T) {
	c := casetest.Plausible()
	inc := c.Incidents[0]
	inc.Joins = nil
	for i := range 500 {
		inc.Joins = append(inc.Joins, finding.Join{Finding: inc.Findings[1].ID, With: inc.Findings[0].ID, Probability: 0.5 + float64(i%250)/1000})
	}
	var incidents []struct {
		Weakest []struct{ Probability float64 } `json:"weakest_joins"`
	}
	if err := json.Unmarshal(write(t, c)["incidents.json"], &incidents); err != nil {
		t.Fatal(err)
	}
	list := incidents[0].Weakest
	if len(list) != 100 {
		t.Fatalf("%d joins are named, want 100", len(list))
	}
	for _, x := range list {
		if x.Probability > 0.55 {
			t.Errorf("a join of %v is named before weaker ones", x.Probability)
		}
	}
}
