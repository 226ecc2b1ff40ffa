package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 200_000)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	return map[string][]byte{
		"empty": nil, "one": []byte("x"), "text": []byte(strings.Repeat("the quick brown fox jumps over the lazy dog\n", 5000)),
		"random": random, "zeros": make([]byte, 300_000), "mixed": append(bytes.Repeat([]byte("abc"), 40_000), random...),
	}
}

func pack(t testing.TB, kind string, level int, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch kind {
	case "gzip":
		g, err := gzip.NewWriterLevel(&out, level)
		if err != nil {
			t.Fatal(err)
		}
		g.Name, g.Comment, g.Extra = "name", "comment", []byte{1, 2, 3}
		w = g
	case "zlib":
		w, _ = zlib.NewWriterLevel(&out, level)
	default:
		w, _ = flate.NewWriter(&out, level)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack feeds packed in pieces of n bytes.
func unpack(packed []byte, gzip bool, n int) ([]byte, error) {
	var z inflater
	var got []byte
	z.reset(gzip, func(p []byte) { got = append(got, p...) })
	for len(packed) > 0 {
		k := min(n, len(packed))
		if err := z.write(packed[:k]); err != nil {
			return got, err
		}
		packed = packed[k:]
	}
	return got, nil
}

// TestInflate: what the standard library packs comes out, however it is cut,
// and a truncated stream gives a prefix.
func TestInflate(t *testing.T) {
	for name, want := range samples() {
		for _, kind := range []string{"gzip", "zlib", "deflate"} {
			for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.BestCompression, flate.HuffmanOnly} {
				packed := pack(t, kind, level, want)
				for _, n := range []int{1, 13, 1460, 1 << 20} {
					if n == 1 && len(packed) > 5000 {
						continue
					}
					got, err := unpack(packed, kind == "gzip", n)
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%s, %s, level %d, %d at a time: %d bytes of %d, %v", name, kind, level, n, len(got), len(want), err)
					}
				}
				got, err := unpack(packed[:len(packed)/2], kind == "gzip", 100)
				if err != nil || !bytes.HasPrefix(want, got) {
					t.Errorf("%s, %s, level %d, cut: %v, a prefix: %v", name, kind, level, err, bytes.HasPrefix(want, got))
				}
			}
		}
	}
}

func TestInflateBomb(t *testing.T) {
	packed := pack(t, "gzip", flate.BestCompression, make([]byte, 64<<20))
	got, err := unpack(packed, true, 1460)
	if err == nil || len(got) > bombFrom+maxRatio*2*1460*8 {
		t.Errorf("%d bytes of zeros out of %d, error %v", len(got), len(packed), err)
	}
}

// FuzzInflate compares with the standard library.
func FuzzInflate(f *testing.F) {
	for _, s := range []string{"", "hello hello hello hello"} {
		f.Add(pack(f, "deflate", 9, []byte(s)), uint8(3))
	}
	f.Fuzz(func(t *testing.T, packed []byte, n uint8) {
		if len(packed) > 1<<14 || len(packed) > 1 && packed[0]&15 == 8 && packed[0]>>4 <= 7 && (int(packed[0])<<8|int(packed[1]))%31 == 0 {
			return
		}
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), bombFrom))
		got, err := unpack(packed, false, int(n)+1)
		if wantErr == nil && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%d bytes and %v, the standard library has %d", len(got), err, len(want))
		}
		if len(got) >= len(want) && !bytes.Equal(got[:len(want)], want) {
			t.Errorf("other bytes than the standard library")
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	want := samples()["text"]
	want = append(want, samples()["random"][:50_000]...)
	packed := pack(b, "gzip", 6, want)
	var z inflater
	b.SetBytes(int64(len(want)))
	b.ReportAllocs()
	for b.Loop() {
		z.reset(true, func([]byte) {})
		for p := packed; len(p) > 0; {
			n := min(1460, len(p))
			if err := z.write(p[:n]); err != nil {
				b.Fatal(err)
			}
			p = p[n:]
		}
	}
}
