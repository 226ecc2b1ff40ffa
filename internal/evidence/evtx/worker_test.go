package evtx

import (
	"slices"
	"testing"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
)

// TestJobs: however many goroutines read a log, the same comes out, damage and
// records of former use included.
func TestJobs(t *testing.T) {
	data := processLog(t, 12000)
	if len(data) < 2*minParallel {
		t.Fatalf("a log of %d bytes is read by one goroutine", len(data))
	}
	for at := 3 * chunkSize; at < len(data); at += 7 * chunkSize {
		data[at+1234] ^= 0xff
		clear(data[at+blockSize+40000 : at+blockSize+41000])
	}
	read := func(jobs int) (lines []string, problems []string) {
		env := evidencetest.Env(Format)
		env.Jobs = jobs
		records, found, err := evidencetest.ReadEnv(t, Format, "log.evtx", data, env)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			lines = append(lines, r.RecordType().Name+string(r.RecordType().AppendJSON(nil, r)))
		}
		for _, p := range found {
			problems = append(problems, problemLine(p))
		}
		slices.Sort(lines)
		slices.Sort(problems)
		return lines, problems
	}
	lines, problems := read(1)
	for _, jobs := range []int{2, 5} {
		l, p := read(jobs)
		if !slices.Equal(l, lines) {
			t.Errorf("%d jobs: %d records, one job: %d", jobs, len(l), len(lines))
		}
		if !slices.Equal(p, problems) {
			t.Errorf("%d jobs: problems\n%q\none job:\n%q", jobs, p, problems)
		}
	}
}

func problemLine(p evidence.Problem) string { return p.Name + " " + p.Why }
