package webroot

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlain: a path that is taken as it is, is what taking it apart makes of it.
func TestPlain(t *testing.T) {
	pieces := []string{"/", "/", "a", "Up", "x.aspx", ".", "..", "index.PHP", ";x", "%2e", "~", "_", "-", "9", "é", " ", "\\", "(S(x))", "::$data", "a.b.c", "://"}
	r := rand.New(rand.NewPCG(7, 8))
	taken := 0
	for range 200_000 {
		var b strings.Builder
		for range r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		s := b.String()
		if !plain(s) {
			continue
		}
		taken++
		if diff := cmp.Diff(apart(s), PageOf(s)); diff != "" {
			t.Fatalf("%q (-apart +PageOf):\n%s", s, diff)
		}
	}
	if taken < 1000 || !plain("/") || !plain("/wp-content/Themes/a_b/style.css") || plain("/a.aspx/x") || plain("/a/../b") || plain("//a") {
		t.Errorf("%d paths were plain", taken)
	}
}
