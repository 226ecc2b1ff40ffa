package syslog

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evidencetest"
	"longwatch/internal/record"
)

// TestYears: a log that was last changed in March 2026 and passes two new years
// began in 2024. A line that came late does not count as a year.
func TestYears(t *testing.T) {
	const text = `Nov 30 10:00:00 web1 app: first
Dec 31 23:59:59 web1 app: old year
Dec 31 23:59:58 web1 app: came late
Jan  1 00:00:01 web1 app: new year
Jun 15 12:00:00 web1 app: summer
Jan  5 00:00:00 web1 app: next
Mar  2 10:00:00 web1 app: last
`
	changed := record.TimeOf(time.Date(2026, 3, 2, 10, 0, 1, 0, time.UTC))
	open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	read := func(f *evidence.File) (got []string) {
		f.Path, f.Name, f.Size, f.Modified, f.Open = "messages", "messages", int64(len(text)), changed, open
		out := &kept{}
		if err := Format.New(f, evidencetest.Env(Format)).Read(context.Background(), out); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.records {
			got = append(got, r.Base().TS.Std().Format("2006-01-02"))
		}
		if out.counts["lines_with_inferred_year"] != 7 {
			t.Errorf("counted %v", out.counts)
		}
		return got
	}
	want := []string{"2024-11-30", "2024-12-31", "2024-12-31", "2025-01-01", "2025-06-15", "2026-01-05", "2026-03-02"}
	if diff := cmp.Diff(want, read(&evidence.File{Reopen: open})); diff != "" {
		t.Errorf("a file that can be read twice (-want +got):\n%s", diff)
	}
	want = []string{"2025-11-30", "2025-12-31", "2025-12-31", "2026-01-01", "2025-06-15", "2026-01-05", "2026-03-02"}
	if diff := cmp.Diff(want, read(&evidence.File{})); diff != "" {
		t.Errorf("a member of an archive (-want +got):\n%s", diff)
	}
}

type kept struct {
	records []record.Record
	counts  map[string]int64
}

func (k *kept) Lane() record.Sink {
	return record.SinkFunc(func(r record.Record) { k.records = append(k.records, r) })
}
func (*kept) Problem(evidence.Problem)        {}
func (k *kept) Count(_, name string, n int64) { k.counts = map[string]int64{name: n} }
