package wireline

import (
	"bytes"
	"testing"
)

// lines splits data that comes in pieces of at most cut bytes.
func lines(data []byte, cut, most int) (out []string) {
	s := Splitter{Max: most}
	var kept []byte
	for len(data) > 0 {
		n := min(cut, len(data))
		kept, data = append(kept, data[:n]...), data[n:]
		for {
			line, n := s.Next(kept)
			if n == 0 {
				break
			}
			if line != nil {
				out = append(out, string(line))
			}
			kept = kept[n:]
		}
	}
	return out
}

func TestNext(t *testing.T) {
	got := lines([]byte("one\r\ntwo\n\nfar too long\r\nlast\r\nno end"), 64, 6)
	want := []string{"one", "two", "", "far to", "last"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestWord(t *testing.T) {
	for in, want := range map[string][2]string{
		"": {"", ""}, "QUIT": {"QUIT", ""}, " RETR  a b ": {"RETR", "a b "}, "A\tb": {"A", "b"},
	} {
		w, r := Word([]byte(in))
		if string(w) != want[0] || string(r) != want[1] {
			t.Errorf("Word(%q) is %q, %q", in, w, r)
		}
	}
}

// FuzzNext: however the stream is cut, the lines are the same.
func FuzzNext(f *testing.F) {
	f.Add([]byte("one\r\ntwo\nand a long one\r\n"), 3)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole, cutUp := lines(data, len(data)+1, 8), lines(data, max(1, cut%7), 8)
		if len(whole) != len(cutUp) {
			t.Fatalf("%q whole, %q in pieces", whole, cutUp)
		}
		for i := range whole {
			if whole[i] != cutUp[i] {
				t.Fatalf("%q whole, %q in pieces", whole, cutUp)
			}
			if bytes.ContainsRune([]byte(whole[i]), '\n') {
				t.Fatalf("%q holds an end of line", whole[i])
			}
		}
	})
}
