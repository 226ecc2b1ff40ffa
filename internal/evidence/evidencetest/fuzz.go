package evidencetest

import (
	"encoding/json"
	"slices"
	"testing"

	"longwatch/internal/evidence"
)

// maxProblems is how many problems a file of fuzzing size may raise before
// the reader counts as unbounded, beside one per byte.
const maxProblems = 1000

// Fuzz starts from the inputs of the golden cases and checks what holds for
// any bytes: no panic, records of declared types that cite the file and are
// valid JSON, named problems with a reason, the same answer twice, and errors
// that are about the evidence.
func Fuzz(f *testing.F, format evidence.Format, more ...[]byte) {
	for _, g := range goldens(f, format) {
		f.Add(g.input)
	}
	for _, m := range more {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		format.Sniff(format.Name, data[:min(len(data), evidence.SniffLen)])
		records, problems, err := Read(t, format, format.Name, data)
		first := lines(records)
		for _, line := range first {
			if !json.Valid([]byte(line)) {
				t.Fatalf("not JSON: %s", line)
			}
		}
		if len(problems) > len(data)+maxProblems {
			t.Fatalf("%d problems in %d bytes", len(problems), len(data))
		}
		for _, p := range problems {
			if p.Name == "" || p.Why == "" || p.Bytes < 0 {
				t.Fatalf("problem without name, reason or with a negative size: %+v", p)
			}
		}
		again, _, errAgain := Read(t, format, format.Name, data)
		if !slices.Equal(first, lines(again)) || (err == nil) != (errAgain == nil) {
			t.Fatal("reading twice gives different answers")
		}
	})
}
