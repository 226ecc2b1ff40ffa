package textline

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/evidence"
)

type problems []evidence.Problem

func (p *problems) Problem(x evidence.Problem) { *p = append(*p, x) }

// read returns the lines of r as "number:text".
func read(r io.Reader) (lines []string, ps problems, err error) {
	l := New(r, &evidence.File{Path: "a.log", Name: "a.log"}, &ps)
	for l.Next() {
		if l.Ref().Pos != l.Number() || l.Ref().File != "a.log" {
			panic("a line cites another place")
		}
		lines = append(lines, string(l.Bytes()))
	}
	return lines, ps, l.Err()
}

func wide(s string, bigEndian bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		if bigEndian {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 300<<10) // more than the buffer
	tests := []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"no newline at the end", "a\nb", []string{"a", "b"}},
		{"windows", "a\r\nb\r\n", []string{"a", "b"}},
		{"empty lines keep their number", "a\n\nb\n", []string{"a", "", "b"}},
		{"UTF-8 mark", "\ufeffa\nb\n", []string{"a", "b"}},
		{"UTF-16 little-endian", wide("grün\r\nb", false), []string{"grün", "b"}},
		{"UTF-16 big-endian", wide("grün\nb\n", true), []string{"grün", "b"}},
		{"longer than the buffer", "a\n" + long + "\nb\n", []string{"a", long, "b"}},
		{"longer than the buffer and unfinished", "a\n" + long, []string{"a", long}},
		{"not text", "\x00\x01\n\xff", []string{"\x00\x01", "\xff"}},
	}
	for _, tt := range tests {
		for how, r := range map[string]io.Reader{"at once": strings.NewReader(tt.in), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.in))} {
			got, ps, err := read(r)
			if diff := cmp.Diff(tt.want, got); diff != "" || len(ps) > 0 || err != nil {
				t.Errorf("%s, %s: problems %v, error %v, lines (-want +got):\n%s", tt.name, how, ps, err, diff)
			}
		}
	}
}

// zeros is a reader of n times 'x'.
type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.n)
	for i := range n {
		p[i] = 'x'
	}
	z.n -= n
	return n, nil
}

// TestEndlessLine: a line of 100 MB is passed over without being kept; what
// stands before and behind it is read, with the right numbers.
func TestEndlessLine(t *testing.T) {
	const n = 100 << 20
	var ps problems
	l := New(io.MultiReader(strings.NewReader("a\n"), &zeros{n}, strings.NewReader("\nb\n")), &evidence.File{Path: "f", Name: "f"}, &ps)
	var got []string
	var numbers []int64
	for l.Next() {
		got, numbers = append(got, string(l.Bytes())), append(numbers, l.Number())
		if cap(l.buf) > MaxLine {
			t.Fatalf("%d bytes are kept", cap(l.buf))
		}
	}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || numbers[1] != 3 {
		t.Errorf("lines %v, numbers %v", diff, numbers)
	}
	if len(ps) != 1 || ps[0].Name != "line-too-long" || ps[0].Ref.Pos != 2 || ps[0].Bytes != n+1 {
		t.Errorf("problems %+v", ps)
	}
	ps = nil
	l = New(&zeros{n}, &evidence.File{}, &ps)
	if l.Next() || l.Err() != nil || len(ps) != 1 || ps[0].Bytes != n {
		t.Errorf("a file that is one endless line: %+v, %v", ps, l.Err())
	}
}

// TestReadError: an error in the middle is truncation, and the lines before it stay.
func TestReadError(t *testing.T) {
	broken := errors.New("bad sector")
	got, _, err := read(io.MultiReader(strings.NewReader("a\nhalf"), iotest.ErrReader(broken)))
	if !errors.Is(err, evidence.ErrTruncated) || !errors.Is(err, broken) || len(got) == 0 || got[0] != "a" {
		t.Errorf("lines %q, error %v", got, err)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]bool{"plain\ttext\r\n": true, "": true, "MZ\x90\x00": false, "a\x01\x02\x03": false, "\x1b[1mcolour": true, "grün": true} {
		if Text([]byte(in)) != want {
			t.Errorf("Text(%q) is %v", in, !want)
		}
	}
}

func TestHead(t *testing.T) {
	for in, want := range map[string]string{"a\r\nb\nhal": "a|b", "only": "only", "\ufeffx\n": "x"} {
		if got := string(bytes.Join(Head([]byte(in)), []byte("|"))); got != want {
			t.Errorf("Head(%q) is %q, want %q", in, got, want)
		}
	}
}

// FuzzLines: lines and problems together are all of the input, whatever it is.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\n\nc"))
	f.Add([]byte(wide("a\nb", false)))
	f.Add([]byte("a\x00b\x00\n\n")) // UTF-16 by its shape, without a mark
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, err := read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if _, wide := utf16Order(b); wide {
			return // decoding changes the bytes
		}
		b = bytes.TrimPrefix(b, []byte("\ufeff"))
		want := bytes.Count(b, []byte("\n"))
		if len(b) > 0 && b[len(b)-1] != '\n' {
			want++
		}
		if len(got) != want {
			t.Errorf("%d lines, want %d", len(got), want)
		}
	})
}
