package sink

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"longwatch/internal/record"
)

// TestSort: lines come by time and then by their bytes, whatever the times are.
func TestSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const day = 24 * 3600 * 1_000_000_000
	for name, at := range map[string]func(i int) record.Time{
		"no time":         func(int) record.Time { return 0 },
		"in order":        func(i int) record.Time { return record.Time(1_700_000_000_000_000_000 + i) },
		"nearly in order": func(i int) record.Time { return record.Time(1_700_000_000_000_000_000 + i*1000 + rng.IntN(50_000)) },
		"a day":           func(int) record.Time { return record.Time(1_700_000_000_000_000_000 + rng.Int64N(day)) },
		"many at once":    func(int) record.Time { return record.Time(1_700_000_000_000_000_000 + rng.Int64N(7)) },
		"some without": func(int) record.Time {
			return record.Time(1_700_000_000_000_000_000+rng.Int64N(day)) * record.Time(rng.IntN(2))
		},
		"before 1970":       func(int) record.Time { return record.Time(rng.IntN(5)-4) * day },
		"as far as it goes": func(int) record.Time { return record.Time(rng.Uint64()) },
		"one far away": func(i int) record.Time {
			if i == 7 {
				return math.MinInt64
			}
			return record.Time(1_700_000_000_000_000_000 + rng.Int64N(day))
		},
	} {
		for _, n := range []int{0, 1, 2, 100, 5000} {
			var b batch
			var s store
			want := make([]item, n)
			for i := range want {
				want[i] = item{ts: at(i), line: strconv.AppendInt(nil, rng.Int64N(20), 3)}
				chunk := b.room(&s)
				off := len(*chunk)
				*chunk = append(*chunk, want[i].line...)
				b.add(entry{ts: want[i].ts, chunk: uint32(len(b.arena) - 1), off: uint32(off), len: uint32(len(*chunk) - off)}, &s)
			}
			slices.SortStableFunc(want, func(x, y item) int {
				if x.ts != y.ts {
					if x.ts < y.ts {
						return -1
					}
					return 1
				}
				return bytes.Compare(x.line, y.line)
			})
			b.sort()
			m := &memorySource{b: &b}
			for i := range want {
				got, ok, err := m.next()
				if !ok || err != nil || got.ts != want[i].ts || !bytes.Equal(got.line, want[i].line) {
					t.Fatalf("%s, %d lines: %d is %d %s, not %d %s", name, n, i, got.ts, got.line, want[i].ts, want[i].line)
				}
			}
			if _, ok, _ := m.next(); ok {
				t.Errorf("%s, %d lines: there are more", name, n)
			}
		}
	}
}
