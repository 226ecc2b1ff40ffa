package cert

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// three.der was made by openssl ocsp 3.0; the values are those it prints.
func TestParseOCSP(t *testing.T) {
	der, err := os.ReadFile("testdata/ocsp/three.der")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseOCSP(der)
	if err != nil {
		t.Fatal(err)
	}
	at := func(y int, m time.Month, d, hh, mm, ss int) record.Time {
		return record.TimeOf(time.Date(y, m, d, hh, mm, ss, 0, time.UTC))
	}
	common := Answer{
		HashAlgorithm: "sha1",
		IssuerName:    "4F9C839D6CDE8ED6B6F65EECE765D388D81BD6FE",
		IssuerKey:     "AFBC113A9FB1D2C81023FDF9AD31B5CCB43ABADC",
		This:          at(2026, 11, 24, 0, 59, 57),
		NextTime:      at(2026, 12, 1, 0, 59, 57),
	}
	want := []Answer{common, common, common}
	want[0].Serial, want[0].Status = "AB12", "good"
	want[1].Serial, want[1].Status = "CD34", "revoked"
	want[1].RevokeTime, want[1].RevokeReason = at(2025, 1, 2, 3, 4, 5), "keyCompromise"
	want[2].Serial, want[2].Status = "EF56", "unknown"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for n := range der {
		if _, err := ParseOCSP(der[:n]); err == nil {
			t.Fatalf("%d of %d bytes pass for a response", n, len(der))
		}
	}
}

func FuzzParseOCSP(f *testing.F) {
	if der, err := os.ReadFile("testdata/ocsp/three.der"); err == nil {
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		answers, _ := ParseOCSP(der)
		if len(answers) > maxAnswers {
			t.Errorf("%d answers", len(answers))
		}
		for _, a := range answers {
			if a.Status != "good" && a.Status != "revoked" && a.Status != "unknown" {
				t.Errorf("status %q", a.Status)
			}
		}
	})
}
