package pattern

import (
	"regexp"
	"strings"
	"testing"
)

func TestRefused(t *testing.T) {
	for src, want := range map[string]string{
		`a**`: "nothing to repeat", `(a`: "missing closing", `a)`: "unexpected", `[a`: "missing terminating", `a{3,1}`: "bad repeat",
		`a{0}`: "bad repeat", `a{99999}`: "too large", `\1`: "backreferences", `a\`: "illegal escape", `[z-a]`: "bad character range",
		`(|a)`: "empty group", `a.*b.+?c`: "can't be mixed", `((a{100}){100}){100}`: "too large",
	} {
		if _, err := Regex(src, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", src, err, want)
		}
	}
	for src, want := range map[string]string{
		"": "expecting a byte", "4": "uneven", "4 1": "uneven", "[2] 41": "cannot start", "41 [2]": "expecting a byte", "41 [3-2] 42": "invalid jump range",
		"41 [0] 42": "invalid jump length", "( 41 | 42": "missing closing", "( 41 [-] 43 | 42 )": "not allowed inside", "41 ) 42": "unexpected",
		"~?? 41": "negated", "41 [x] 42": "invalid jump length",
	} {
		if _, err := Hex(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("{%s}: got %v, want %q", src, err, want)
		}
	}
}

func TestHexNegation(t *testing.T) {
	links, err := Hex("41 ~42 43 ~?4 [1-2] 41")
	if err != nil {
		t.Fatal(err)
	}
	var m Machine
	for text, want := range map[string]int{"AxCx.A": 6, "ABCx.A": -1, "AxCd.A": -1} {
		m.Work = 1000
		if got := m.Forward(links[0].Pattern, []byte(text), 0, Place{}, false); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}

// TestCatastrophe: time is bounded by the text and the pattern, not by the ways
// in which one can match the other.
func TestCatastrophe(t *testing.T) {
	p, err := Regex(`(a*)*(a|a)*(a?){40}(a+)+b`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("a", 4000))
	m := Machine{Work: 10_000_000}
	if m.Search(p, text) {
		t.Error("matches without a b")
	}
	if used := 10_000_000 - m.Work; used > 3_000_000 {
		t.Errorf("took %d steps", used)
	}
	m.Work = 500
	if m.Search(p, append(text, 'b')) || m.Work > 0 {
		t.Error("goes on when its work is used up")
	}
}

// TestAtoms: wherever a pattern matches, one of its atoms is, at its place.
func TestAtoms(t *testing.T) {
	text := []byte("the quick brown fox; 10.20.30.40, http://a.example/x?y=1 aaabbb ABAB")
	for _, src := range [...]string{`qu[a-z]+k`, `b(r|l)own`, `\d+\.\d+`, `(http|ftp)s?:`, `a{2,}b`, `[A-Z]{4}`, `f.x`, `(qu|br)(i|o)(c|w)`} {
		p, err := Regex(src, Options{})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		m := Machine{Work: 1 << 30}
		for pos := range text {
			for _, a := range p.Atoms() {
				if pos+a.Len > len(text) || !strings.EqualFold(string(text[pos:pos+a.Len]), string(a.Bytes[:a.Len])) {
					continue
				}
				if m.Forward(p, text, pos, a.Place, false) >= 0 && len(m.Backward(p, text, pos, a.Place, false, nil)) > 0 {
					found = true
				}
			}
		}
		if len(p.Atoms()) > 0 && !found {
			t.Errorf("%s: no match from any atom", src)
		}
	}
}

// FuzzRegex: what the standard library's expressions find this finds too, and
// atoms and programs agree with each other.
func FuzzRegex(f *testing.F) {
	f.Add(`a(b|c)+d{2,3}`, "xabcbddd")
	f.Add(`\bfoo[^x-z]*$`, "a foo bar")
	f.Add(`^(a?b*){3}.`, "abbab\n")
	f.Fuzz(func(t *testing.T, src, text string) {
		if len(src) > 60 || len(text) > 200 {
			return
		}
		p, err := Regex(src, Options{Mixed: true})
		if err != nil {
			return
		}
		m := Machine{Work: 5_000_000}
		got := m.Search(p, []byte(text))
		if m.Work <= 0 || text == "" || !plain(src) || !plain(text) {
			return
		}
		std, err := regexp.Compile(src)
		if err != nil {
			return
		}
		// An empty match at the very end is none here.
		want := std.FindStringIndex(text) != nil
		if want && !got && std.FindStringIndex(text)[0] == len(text) {
			return
		}
		if got != want {
			t.Errorf("%q on %q: got %v, the standard library says %v", src, text, got, want)
		}
	})
}

// plain tells whether the languages of both libraries agree on a text.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || strings.IndexByte(`\{}[]^$`, s[i]) >= 0 {
			return false
		}
	}
	return true
}

func FuzzHex(f *testing.F) {
	f.Add("41 42 [2-4] ( 43 | ?4 [1-2] 45 ) [300-] ~46", []byte("AB12CDEF"))
	f.Fuzz(func(t *testing.T, src string, data []byte) {
		links, err := Hex(src)
		if err != nil {
			return
		}
		m := Machine{Work: 1_000_000}
		for _, l := range links {
			if l.Plain() {
				continue
			}
			for pos := range data {
				if n := m.Forward(l.Pattern, data, pos, Place{}, false); n > len(data)-pos {
					t.Fatalf("match of %d bytes at %d of %d", n, pos, len(data))
				}
			}
		}
	})
}
