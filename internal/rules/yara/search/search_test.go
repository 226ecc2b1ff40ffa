package search

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestScan compares with a search for each row alone.
func TestScan(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letters := []byte("abAB @`\x00\x20\xff")
	text := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return b
	}
	for round := range 200 {
		var b Builder
		var rows [][]byte
		for range 1 + r.IntN(30) {
			row := text(1 + r.IntN(4))
			if b.Add(row, Check{}) != int32(len(rows)) {
				t.Fatal("numbers do not count from zero")
			}
			rows = append(rows, row)
		}
		data := text(r.IntN(200))
		got := map[string]bool{}
		last := 0
		b.Build().Scan(data, func(id int32, pos int) bool {
			if pos < last {
				t.Fatal("not in order")
			}
			last = pos
			key := strconv.Itoa(int(id)) + " " + strconv.Itoa(pos)
			if got[key] {
				t.Fatal("twice: ", key)
			}
			got[key] = true
			return true
		})
		n := 0
		for id, row := range rows {
			for pos := 0; pos+len(row) <= len(data); pos++ {
				if !bytes.Equal(folded(row), folded(data[pos:pos+len(row)])) {
					continue
				}
				n++
				if !got[strconv.Itoa(id)+" "+strconv.Itoa(pos)] {
					t.Fatalf("round %d: %q at %d of %q not found", round, row, pos, data)
				}
			}
		}
		if n != len(got) {
			t.Fatalf("round %d: %d found, %d are there", round, len(got), n)
		}
	}
}

func folded(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if c&0x40 != 0 {
			out[i] |= 0x20
		}
	}
	return out
}

func TestCheck(t *testing.T) {
	for _, c := range [...]struct {
		check Check
		data  string
		want  int
	}{
		{Check{At: 4, Value: 0x31, Mask: 0xff}, "evil1 evil2 evil", 1},
		{Check{At: -1, Value: 0x20, Mask: 0xff}, "evil1 evil2 evil", 2},
		{Check{At: 4, Value: 0, Mask: 0xff}, "evil", 0}, // behind the end is no zero
		{Check{At: 2, Value: 0x6c69, Mask: 0xffff}, "evil", 1},
		{Check{At: 9, Mask: 0xff000000}, "evil", 0},
	} {
		var b Builder
		b.Add([]byte("evil"), c.check)
		n := 0
		b.Build().Scan([]byte(c.data), func(int32, int) bool { n++; return true })
		if n != c.want {
			t.Errorf("%+v in %q: %d hits, want %d", c.check, c.data, n, c.want)
		}
	}
}

func TestScanStops(t *testing.T) {
	var b Builder
	b.Add([]byte("aaaa"), Check{})
	b.Add([]byte("b"), Check{})
	for _, data := range [...]string{"aaaaaaaa", "bbbb", "xxb"} {
		n := 0
		b.Build().Scan([]byte(data), func(int32, int) bool { n++; return false })
		if n != 1 {
			t.Errorf("%s: %d hits after the first", data, n-1)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for _, rows := range [...]int{100, 10_000, 100_000} {
		b.Run(strconv.Itoa(rows), func(b *testing.B) {
			var x Builder
			for range rows {
				x.Add([]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}, Check{})
			}
			s := x.Build()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s.Scan(data, func(int32, int) bool { return true })
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("evil"), []byte("bc"), []byte("xEVILbcB"))
	f.Fuzz(func(t *testing.T, long, short, data []byte) {
		if len(long) < 4 || len(short) == 0 {
			return
		}
		long, short = long[:4], short[:min(len(short), 3)]
		var b Builder
		b.Add(long, Check{})
		b.Add(short, Check{})
		n := 0
		b.Build().Scan(data, func(id int32, pos int) bool {
			row := [][]byte{long, short}[id]
			if !bytes.Equal(folded(row), folded(data[pos:pos+len(row)])) {
				t.Errorf("%q is not at %d", row, pos)
			}
			n++
			return true
		})
		for pos := range data {
			for _, row := range [][]byte{long, short} {
				if pos+len(row) <= len(data) && bytes.Equal(folded(row), folded(data[pos:pos+len(row)])) {
					n--
				}
			}
		}
		if n != 0 {
			t.Errorf("%d too many found", n)
		}
	})
}
