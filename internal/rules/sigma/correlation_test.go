package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// newYear is when the cases begin.
var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// TestCorrelationCases plays the cases that were worked out by hand. An event
// line is time, how many times and how far apart, event number, fields; the
// time is since the start of 2026 and may go beyond a day.
func TestCorrelationCases(t *testing.T) {
	files, err := filepath.Glob("testdata/correlation/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range txtar.Parse(data).Files {
				parts[f.Name] = string(f.Data)
			}
			e, refused := compileText(t, parts["rules.yml"])
			if len(refused) > 0 {
				t.Fatal(refused)
			}
			found := correlate(e, readCase(t, parts["events"]))
			var got []string
			for _, f := range found {
				first, _, _ := strings.Cut(f.Why[0], " from ")
				got = append(got, fmt.Sprintf("%s to %s %s %q: %s", sinceNewYear(f.Start), sinceNewYear(f.End), f.Severity, f.Title, first))
			}
			slices.Sort(got)
			if d := cmp.Diff(strings.TrimSpace(parts["want"]), strings.Join(got, "\n")); d != "" {
				t.Error("findings, want - got +:\n", d)
			}
		})
	}
}

func sinceNewYear(t record.Time) string {
	s := int64(t-record.Time(newYear.UnixNano())) / int64(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// correlate takes events through matcher and correlator, as a hunt does.
func correlate(e *Engine, events []*host.Event) []finding.Finding {
	var hits []*Hit
	var found []finding.Finding
	m := e.NewMatcher()
	m.Hits = func(h *Hit) { hits = append(hits, h) }
	for _, ev := range events {
		m.Match(ev, func(f *Firing) { found = append(found, f.Finding()) })
	}
	slices.SortStableFunc(hits, func(a, b *Hit) int { return int(min(max(a.TS-b.TS, -1), 1)) })
	c := e.NewCorrelator()
	for _, h := range hits {
		c.Hit(h)
	}
	return append(found, c.Finish()...)
}

func readCase(t *testing.T, text string) []*host.Event {
	t.Helper()
	var out []*host.Event
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 {
			t.Fatalf("event %q", line)
		}
		clock, err := time.ParseDuration(strings.NewReplacer(":", "h").Replace(words[0][:len(words[0])-3]) + "m" + words[0][len(words[0])-2:] + "s")
		times, apart, _ := strings.Cut(words[1], "x")
		n, err2 := strconv.Atoi(times)
		step, err3 := time.ParseDuration(apart)
		id, err4 := strconv.ParseUint(words[2], 10, 32)
		if err != nil || err2 != nil || err3 != nil || err4 != nil {
			t.Fatalf("event %q: %v %v %v %v", line, err, err2, err3, err4)
		}
		var fields []record.KV
		computer := ""
		for _, w := range words[3:] {
			k, v, _ := strings.Cut(w, "=")
			if k == "Computer" {
				computer = v
				continue
			}
			fields = append(fields, record.KV{Name: k, Value: v})
		}
		for i := range n {
			at := newYear.Add(clock + time.Duration(i)*step)
			out = append(out, &host.Event{
				Head: record.Head{TS: record.Time(at.UnixNano()), Ref: record.Ref{File: "log", Kind: record.RefRecord, Pos: int64(len(out) + 1)}},
				Host: computer, Channel: "Security", EventID: uint32(id), Fields: fields,
			})
		}
	}
	return out
}
