package ordered

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// note has every kind of value a record can have.
type note struct {
	record.Conn
	Text   string                    `rec:"text"`
	Flag   bool                      `rec:"flag"`
	N      record.Opt[uint64]        `rec:"n"`
	For    record.Opt[time.Duration] `rec:"for"`
	Net    netip.Prefix              `rec:"net"`
	Addrs  []netip.Addr              `rec:"addrs"`
	Names  []string                  `rec:"names"`
	Score  float64                   `rec:"score"`
	Fields []record.KV               `rec:"fields"`
	Maybe  []record.Opt[string]      `rec:"maybe"`
}

var noteType = record.Of[note]("note")

// RecordType is the schema.
func (*note) RecordType() *record.Type { return noteType }

type tick struct{ record.Head }

var tickType = record.Of[tick]("tick")

// RecordType is the schema.
func (*tick) RecordType() *record.Type { return tickType }

func types() map[string]*record.Type {
	return map[string]*record.Type{"note": noteType, "tick": tickType}
}

func sample(n int, pad string) []record.Record {
	r := rand.New(rand.NewPCG(3, 4))
	var out []record.Record
	for i := range n {
		head := record.Head{TS: record.Time(r.IntN(n / 4)), Ref: record.Ref{File: fmt.Sprintf("f%d", r.IntN(3)), Kind: record.RefLine, Pos: int64(r.IntN(5))}}
		if i%4 == 0 {
			out = append(out, &tick{head})
			continue
		}
		x := &note{Text: fmt.Sprint(i, pad), Flag: i%2 == 0, Score: float64(i) / 3}
		x.Head, x.UID, x.OrigH = head, "C1", netip.MustParseAddr("2001:db8::1")
		if i%3 == 0 {
			x.N, x.For = record.Some(uint64(0)), record.Some(time.Duration(i))
			x.Net, x.Addrs = netip.MustParsePrefix("10.0.0.0/8"), []netip.Addr{x.OrigH, netip.MustParseAddr("192.0.2.1")}
			x.Names, x.Fields = []string{"", "b"}, []record.KV{{Name: "a", Value: "\x00\xff"}}
			x.Maybe = []record.Opt[string]{record.Some(""), {}}
		}
		out = append(out, x)
	}
	return out
}

// replay sends records through lanes goroutines and returns what came out, and
// the greatest number of files in the spool.
func replay(t *testing.T, records []record.Record, memory int64, lanes int) ([]record.Record, int) {
	t.Helper()
	spool := filepath.Join(t.TempDir(), "spool")
	b := New(spool, memory)
	b.fan = 16
	var wg sync.WaitGroup
	for n := range lanes {
		l := b.Lane()
		wg.Go(func() {
			for i := n; i < len(records); i += lanes {
				l.Put(records[i])
			}
		})
	}
	wg.Wait()
	spilled, _ := os.ReadDir(spool)
	var out []record.Record
	if err := b.Replay(types(), func(r record.Record) { out = append(out, r) }); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(spool); len(left) > 0 {
		t.Errorf("%d run files were left in the spool", len(left))
	}
	return out, len(spilled)
}

// TestReplay: records come in the order of time and whole, whether they were
// kept in memory or went through files, whatever the number of goroutines.
func TestReplay(t *testing.T) {
	records := sample(8_000, strings.Repeat("p", 600))
	want := slices.Clone(records)
	slices.SortFunc(want, Compare)
	for _, lanes := range []int{1, 4} {
		for _, memory := range []int64{1 << 30, 1} {
			got, runs := replay(t, records, memory, lanes)
			if (memory == 1) != (runs > 0) {
				t.Errorf("%d lanes, %d bytes of memory: %d runs", lanes, memory, runs)
			}
			if len(got) != len(want) {
				t.Fatalf("%d lanes, %d bytes of memory: %d records of %d", lanes, memory, len(got), len(want))
			}
			for i := range got {
				if diff := cmp.Diff(want[i], got[i], cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
					t.Fatalf("%d lanes, %d bytes of memory: record %d (-want +got):\n%s", lanes, memory, i, diff)
				}
			}
		}
	}
}

// TestManyRuns: more runs than may be open at once are merged in rounds.
func TestManyRuns(t *testing.T) {
	records := sample(16*3, strings.Repeat("q", minShare)) // three of four fill a share
	got, runs := replay(t, records, 1, 1)
	if runs <= 2*16 {
		t.Fatalf("%d runs are too few to try this", runs)
	}
	if len(got) != len(records) || !slices.IsSortedFunc(got, Compare) {
		t.Errorf("%d records of %d, in order: %v", len(got), len(records), slices.IsSortedFunc(got, Compare))
	}
}

// TestUnknownType: a run that cannot be read back is an error, not silence.
func TestUnknownType(t *testing.T) {
	b := New(t.TempDir(), 1)
	l := b.Lane()
	for range 2 {
		l.Put(&note{Text: strings.Repeat("r", minShare)})
	}
	if err := b.Replay(map[string]*record.Type{}, func(record.Record) {}); err == nil {
		t.Error("no error")
	}
}

// TestDamagedRun: a run cut short or overwritten is an error that names the
// file, never fewer records without a word.
func TestDamagedRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.run")
	if err := writeRun(path, &source{records: sample(40, "")}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	count := func(b []byte) (n int, err error) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openRun(path, types())
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		for {
			r, err := s.next()
			if r == nil || err != nil {
				return n, err
			}
			n++
		}
	}
	if n, err := count(whole); n != 40 || err != nil {
		t.Fatalf("whole: %d records, %v", n, err)
	}
	errors := 0
	for cut := 1; cut < len(whole); cut++ {
		n, err := count(whole[:cut])
		if err == nil && n == 40 {
			t.Fatalf("cut at %d of %d: all records", cut, len(whole))
		}
		if err != nil {
			errors++
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("cut at %d: the error names no file: %v", cut, err)
			}
		}
	}
	if errors < len(whole)-41 {
		t.Errorf("%d of %d cuts are errors; only those between records may pass", errors, len(whole))
	}
	if _, err := count(append(slices.Clone(whole), 99)); err == nil {
		t.Error("a type number that was never given is no error")
	}
}

// BenchmarkSpill writes and reads a run.
func BenchmarkSpill(b *testing.B) {
	records := sample(10_000, "some text of a usual length")
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := writeRun(path, &source{records: records}); err != nil {
			b.Fatal(err)
		}
		s, err := openRun(path, types())
		if err != nil {
			b.Fatal(err)
		}
		for range records {
			if r, err := s.next(); r == nil || err != nil {
				b.Fatal(err)
			}
		}
		s.close()
		_ = os.Remove(path)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
}
