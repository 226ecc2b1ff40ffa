package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"longwatch/internal/casefolder"
	"longwatch/internal/casefolder/casetest"
	"longwatch/internal/finding"
)

// render is the first page.
func render(t testing.TB, c *casefolder.Case) string {
	t.Helper()
	return renderAll(t, c)["report.html"]
}

// renderAll is every page by its name.
func renderAll(t testing.TB, c *casefolder.Case) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := write(c, func(name string, fill func(io.Writer) error) error {
		var b bytes.Buffer
		err := fill(&b)
		all[name] = b.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	tag       = regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
	attribute = regexp.MustCompile(`\s([a-zA-Z-]+)=("[^"]*"|'[^']*'|[^\s>]+)`)
	quoted    = regexp.MustCompile(`"[^"]*"`)
)

// allowed are the elements that the page is made of.
var allowed = strings.Fields("html head meta title style body header nav main section footer div p h1 h2 h3 h4 b i span a br ul ol li dl dt dd table thead tr th td details summary svg line text circle path g rect")

// TestHostilePage: whatever a case holds, the page has only its own elements,
// no handler, no address but those of MITRE and its own marks.
func TestHostilePage(t *testing.T) {
	for _, s := range append(casetest.Hostile, "plain") {
		html := render(t, casetest.Case(s))
		body := html[strings.Index(html, "</style>"):]
		for _, el := range tag.FindAllString(body, -1) {
			name := strings.ToLower(strings.Trim(strings.FieldsFunc(el, func(r rune) bool { return unicode.IsSpace(r) || r == '>' })[0], "</"))
			if !slices.Contains(allowed, name) {
				t.Errorf("%q: element %.80s", s, el)
			}
			for _, a := range attribute.FindAllStringSubmatch(el, -1) {
				key, value := strings.ToLower(a[1]), strings.Trim(a[2], `"'`)
				if strings.HasPrefix(key, "on") || key == "src" || key == "srcset" || key == "xlink:href" {
					if !strings.Contains(quoted.FindString(el), a[0][1:]) {
						t.Errorf("%q: attribute %s in %.80s", s, a[0], el)
					}
				}
				if key == "href" && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "https://attack.mitre.org/techniques/") {
					t.Errorf("%q: leads to %s", s, value)
				}
			}
		}
		if strings.Contains(strings.ToLower(html), "<script") || strings.Contains(html, "@import") {
			t.Errorf("%q: the page holds a script or an import", s)
		}
		if !utf8.ValidString(html) {
			t.Errorf("%q: the page is not UTF-8", s)
		}
		for _, r := range html {
			if r != '\n' && r != '\t' && unseen(r) {
				t.Errorf("%q: the page holds %U", s, r)
				break
			}
		}
	}
	if !strings.Contains(render(t, casetest.Case("a\u202eb")), "a⟦U+202E⟧b") {
		t.Error("a mark that turns text around is not shown")
	}
}

// TestHostileTerminal: the summary holds no control character but newlines.
func TestHostileTerminal(t *testing.T) {
	for _, s := range casetest.Hostile {
		var b bytes.Buffer
		if err := Text(&b, casetest.Case(s), s); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
				t.Errorf("%q: the summary holds %U", s, r)
				break
			}
		}
	}
}

// TestBrowser: a real browser renders the page, runs nothing and finds every
// section. Set LONGWATCH_SCREENSHOT to keep a picture there.
func TestBrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	all := strings.Join(casetest.Hostile, " ")
	for name, c := range map[string]*casefolder.Case{"hostile": casetest.Case(all), "plausible": casetest.Plausible(), "empty": {}} {
		dir := t.TempDir()
		file := filepath.Join(dir, name+".html")
		if err := os.WriteFile(file, []byte(render(t, c)), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + filepath.Join(dir, "profile"), "--virtual-time-budget=2000"}
		dom, err := exec.CommandContext(ctx, browser, append(args, "--dump-dom", "file://"+file)...).Output()
		if err != nil || len(dom) == 0 {
			t.Skipf("chromium does not start here: %v", err)
		}
		got := string(dom)
		if !strings.Contains(got, "<title>Longwatch report</title>") || strings.Contains(got, "<script") || strings.Contains(got, "<img") {
			t.Errorf("%s: the browser built another page: %.300s", name, got)
		}
		want := []string{`id="summary"`, `id="coverage"`, `id="evidence"`, "</footer>"}
		if name != "empty" {
			want = append(want, `id="i1"`, `class="timeline"`, `class="graph"`, `id="attack"`)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: the browser shows no %s", name, w)
			}
		}
		if to := os.Getenv("LONGWATCH_SCREENSHOT"); to != "" {
			shot := append(args, "--window-size=1200,3200", "--screenshot="+filepath.Join(to, name+".png"), "file://"+file)
			if out, err := exec.CommandContext(ctx, browser, shot...).CombinedOutput(); err != nil {
				t.Errorf("screenshot: %v\n%s", err, out)
			}
		}
	}
}

// TestStory: repeats of a claim are told once, with their number, and what does
// not fit is counted.
func TestStory(t *testing.T) {
	c := casetest.Plausible()
	steps, more := story(c.Incidents[0], 60)
	if len(steps) != 1 || steps[0].Count != 4 || steps[0].Severity != finding.Critical || more != 0 {
		t.Errorf("%d steps, the first told %d times, %d more", len(steps), steps[0].Count, more)
	}
	for i, f := range c.Incidents[0].Findings {
		f.Title = fmt.Sprint("claim ", i)
	}
	if steps, more := story(c.Incidents[0], 3); len(steps) != 3 || more != 1 {
		t.Errorf("%d steps and %d more", len(steps), more)
	}
}

// TestAsk: what to ask stands on the page and in the terminal.
func TestAsk(t *testing.T) {
	c := casetest.Plausible()
	var page, text strings.Builder
	if _, err := page.WriteString(render(t, c)); err != nil {
		t.Fatal(err)
	}
	if err := Text(&text, c, "case"); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"page": page.String(), "terminal": text.String()} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), "Did you copy the directory database at that hour?") {
			t.Errorf("the %s does not ask", name)
		}
	}
}

// TestShellWord: a folder's name is one word to a shell (POSIX, XCU 2.2.2).
func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"case": "case", "/a/b-1.x": "/a/b-1.x", "my case": "'my case'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "": "''"} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: %s; want %s", in, got, want)
		}
	}
}
