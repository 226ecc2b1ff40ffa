package respond

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"longwatch/internal/casefolder/casetest"
)

// markup is what a page must not hold but for its own: what runs, and what loads
// from elsewhere.
var markup = regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|link|base|form|svg)\b|\son[a-z]+\s*=|(src|href)\s*=\s*["']?(https?:|javascript:|//)|@import|url\(`)

// TestHostileNames: names that an intruder chose stay text in every output.
func TestHostileNames(t *testing.T) {
	for _, s := range casetest.Hostile {
		p := planFor(t, casetest.Case(s))
		if len(p.Sections) == 0 || len(p.Sections[0].Steps) < 10 {
			t.Fatalf("%q: the plan has hardly any steps, so nothing is tested", s)
		}
		var page, text, list bytes.Buffer
		for _, out := range []struct {
			w     io.Writer
			write func(io.Writer) error
		}{{&page, p.Page}, {&list, p.Markdown}, {&text, func(w io.Writer) error { return p.Text(w, s) }}} {
			if err := out.write(out.w); err != nil {
				t.Fatal(err)
			}
		}
		tags := regexp.MustCompile(`<[^>]*>`).FindAllString(page.String(), -1)
		if bad := markup.FindString(strings.Join(tags, "\n")); bad != "" {
			t.Errorf("%q: the page has %q", s, bad)
		}
		for name, out := range map[string]string{"page": page.String(), "terminal": text.String(), "checklist": list.String()} {
			for _, r := range out {
				if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
					t.Errorf("%q: the %s has the character %U", s, name, r)
					break
				}
			}
		}
		for line := range strings.Lines(list.String()) {
			if strings.Contains(line, "<") || strings.Contains(line, "](") {
				t.Errorf("%q: the checklist has markup: %q", s, line)
				break
			}
		}
	}
}

// TestPageStandsAlone: the page has no script, loads nothing and forbids both.
func TestPageStandsAlone(t *testing.T) {
	var b bytes.Buffer
	if err := planFor(t, casetest.Plausible()).Page(&b); err != nil {
		t.Fatal(err)
	}
	if bad := markup.FindString(b.String()); bad != "" {
		t.Errorf("the page has %q", bad)
	}
	if !strings.Contains(b.String(), `content="default-src 'none'; style-src 'unsafe-inline'"`) {
		t.Error("the page does not forbid loading")
	}
}
