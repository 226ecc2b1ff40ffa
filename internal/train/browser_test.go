package train

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"longwatch/internal/browsertest"
)

// visitor does a drill.
type visitor struct {
	*browsertest.Page
	t *testing.T
}

func show(t *testing.T, html []byte) *visitor {
	t.Helper()
	return &visitor{browsertest.Open(t, html), t}
}

func drillPage(t *testing.T, role Role, count int) (*Drill, []byte) {
	t.Helper()
	d, err := library(t).Drill(FromProfile("tgr-sta-1030", Options{Names: Pseudonyms}), Choice{For: role, Count: count, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	return d, b.Bytes()
}

func (d *Drill) item(id string) *Item {
	for _, i := range d.Items {
		if i.ID == id {
			return i.Item
		}
	}
	return nil
}

// TestKeyboard: somebody without a mouse does a whole drill, with Tab and
// arrows or with letters, and saves what was answered; nothing leaves the page.
func TestKeyboard(t *testing.T) {
	d, html := drillPage(t, Staff, 8)
	v := show(t, html)
	v.Picture("start")
	v.TabTo("a.skip")
	v.TabTo("input#code")
	v.Press("!", kb.Enter)
	if got := browsertest.Ask[string](v.Page, `document.getElementById('code-error').textContent`); got == "" || v.Focus() != "input#code[code=!]" {
		t.Errorf("a code that is none is taken: %q, focus on %s", got, v.Focus())
	}
	v.Press(kb.Backspace, "A", "-", "7", kb.Enter)

	var want []Answer
	sures := []int{50, 70, 85, 99}
	for n := range d.Items {
		id := browsertest.Ask[string](v.Page, `document.querySelector('.item:not([hidden])').dataset.id`)
		item := d.item(id)
		if got := v.Focus(); got != "h2.kind" {
			t.Fatalf("a new item does not take the focus: %s", got)
		}
		a := Answer{Item: id, Topic: item.Topic, Attack: item.Attack, Said: []string{"suspicious", "ordinary"}[n%2], Sure: sures[n%4]}
		a.Right = a.Attack == (a.Said == "suspicious")
		hidden := browsertest.Ask[bool](v.Page, `!!document.querySelector('.item:not([hidden]) .looker')`)
		a.Looked = hidden && n%3 == 0
		if n < 4 {
			v.judgeByTab(&a)
		} else {
			v.judgeByLetter(&a, n%4)
		}
		if n == 1 || n == 2 {
			v.Picture(fmt.Sprintf("judged-%d", n))
		}
		verdict := browsertest.Ask[string](v.Page, `document.activeElement.textContent`)
		if !strings.HasPrefix(verdict, map[bool]string{true: "Right: ", false: "Not this time: "}[a.Right]) || browsertest.Ask[string](v.Page, `document.getElementById('said').textContent`) != verdict {
			t.Errorf("%s: after the judgement the reader hears %q", id, verdict)
		}
		if marks := browsertest.Ask[int](v.Page, `document.querySelectorAll('.judged:not([hidden]) .frame .sign, .judged:not([hidden]) .scene .sign').length`); marks < len(item.Signs) {
			t.Errorf("%s: %d marks for %d signs", id, marks, len(item.Signs))
		}
		want = append(want, a)
		if n%2 == 0 {
			v.Press("n")
		} else {
			v.TabTo("button#next")
			v.Press(kb.Enter)
		}
	}
	if got := v.Focus(); got != "h2#results-title" {
		t.Errorf("the results do not take the focus: %s", got)
	}
	v.Picture("results")
	v.TabTo("button#save-json")
	v.Press(kb.Enter)
	v.TabTo("button#save-csv")
	v.Press(" ")
	checkSaved(t, d, want, v.Saved("drill-A-7.json"), v.Saved("drill-A-7.csv"))
	v.Quiet()
}

// judgeByTab judges with Tab, arrows and space.
func (v *visitor) judgeByTab(a *Answer) {
	v.t.Helper()
	if a.Looked {
		v.TabTo("button.looker")
		v.Press(" ")
	}
	v.TabTo("input[verdict=")
	v.Press(" ")
	if a.Said == "ordinary" {
		v.Press(kb.ArrowDown)
	}
	v.TabTo("input[sure=")
	v.Press(" ")
	for range slices.Index(Sures, a.Sure) {
		v.Press(kb.ArrowRight)
	}
	v.TabTo("button.main")
	v.Press(kb.Enter)
}

// judgeByLetter judges with the letters.
func (v *visitor) judgeByLetter(a *Answer, sure int) {
	v.t.Helper()
	if a.Looked {
		v.Press("l")
	}
	v.Press(kb.Enter)
	if got := browsertest.Ask[string](v.Page, `document.getElementById('judge-error').textContent`); got == "" {
		v.t.Error("an item without a judgement is taken")
	}
	v.Press(a.Said[:1], fmt.Sprint(sure+1), kb.Enter)
}

// checkSaved: what is saved is what was answered, in both forms.
func checkSaved(t *testing.T, d *Drill, want []Answer, asJSON, asCSV []byte) {
	t.Helper()
	r, err := ParseResults(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatalf("%v\n%s", err, asJSON)
	}
	if r.Drill != d.ID || r.Participant != "A-7" || r.Role != Staff || r.Seed != "3" {
		t.Errorf("saved as %+v", r)
	}
	rows, err := csv.NewReader(bytes.NewReader(asCSV)).ReadAll()
	if err != nil || len(rows) != len(want)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for n, a := range r.Answers {
		if a.Seconds < 0 || a.Seconds > 3600 {
			t.Errorf("item %d took %v seconds", n+1, a.Seconds)
		}
		secs := a.Seconds
		a.Seconds = 0
		if a != want[n] {
			t.Errorf("saved %+v, answered %+v", a, want[n])
		}
		truth := map[bool]string{true: "attack", false: "ordinary"}[a.Attack]
		row := []string{"A-7", "staff", d.ID, r.Started, fmt.Sprint(n + 1), a.Item, string(a.Topic), truth, a.Said, fmt.Sprint(a.Right), fmt.Sprint(a.Sure), fmt.Sprint(secs), fmt.Sprint(a.Looked)}
		if !slices.Equal(rows[n+1], row) {
			t.Errorf("row %q, want %q", rows[n+1], row)
		}
	}
}

// judgeAll does the drill by letters, calling everything an attack.
func (v *visitor) judgeAll(code string, each func(n int)) {
	v.t.Helper()
	v.TabTo("input#code")
	v.Press(strings.Split(code, "")...)
	v.Press(kb.Enter)
	for n := 0; !browsertest.Ask[bool](v.Page, `document.getElementById('drill').hidden`); n++ {
		if each != nil {
			each(n)
		}
		v.Press("s", "3", kb.Enter)
		if each != nil {
			each(n)
		}
		v.Press("n")
	}
	// Whoever saves is not asked whether to leave.
	browsertest.Ask[bool](v.Page, `document.getElementById('save-csv').click(), true`)
}

// TestPhone: on the narrowest telephones nothing reaches beyond the edge, and
// what is pressed is large enough for a thumb.
func TestPhone(t *testing.T) {
	_, html := drillPage(t, Staff, 12)
	v := show(t, html)
	for _, width := range []int64{320, 390} {
		v.Size(width, 800)
		v.Do(chromedp.Reload())
		check := func(where string) {
			t.Helper()
			if wide := browsertest.Ask[int64](v.Page, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("%d pixels wide, %s: the page is %d pixels wide: %s", width, where, wide,
					browsertest.Ask[string](v.Page, `Array.from(document.querySelectorAll('*')).filter(e=>e.getBoundingClientRect().right>innerWidth+1).map(e=>e.tagName+'.'+e.className).join(' ').slice(0,200)`))
			}
			small := browsertest.Ask[string](v.Page, `Array.from(document.querySelectorAll('button,fieldset label,summary')).filter(e=>e.offsetParent&&e.getBoundingClientRect().height<40).map(e=>e.tagName+' '+e.textContent).join('; ')`)
			if small != "" {
				t.Errorf("%d pixels wide, %s: too small for a thumb: %s", width, where, small)
			}
		}
		check("start")
		v.judgeAll("p1", func(n int) {
			check(fmt.Sprintf("item %d", n+1))
			if width == 320 && n < 3 {
				v.Picture(fmt.Sprintf("phone-item-%d", n))
			}
		})
		check("results")
		v.Picture(fmt.Sprintf("phone-%d-results", width))
		browsertest.Ask[bool](v.Page, `document.querySelectorAll('details').forEach(d=>{d.open=true}), true`)
		check("review")
	}
	v.Quiet()
}

// TestOrder: the same code gives the same order, another one another.
func TestOrder(t *testing.T) {
	_, html := drillPage(t, Staff, 12)
	v := show(t, html)
	order := func(code string) string {
		v.Do(chromedp.Reload())
		var ids []string
		v.judgeAll(code, func(int) {
			if id := browsertest.Ask[string](v.Page, `document.querySelector('.item:not([hidden])').dataset.id`); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		})
		if len(ids) != 12 {
			t.Errorf("%d of 12 items are shown", len(ids))
		}
		return strings.Join(ids, " ")
	}
	first := order("anna")
	if again := order("ANNA"); again != first {
		t.Errorf("the same code gives %s, then %s", first, again)
	}
	if other := order("bert"); other == first {
		t.Error("another code gives the same order")
	}
}

// TestContrast: in light and in dark, every text stands out from its ground as
// WCAG 2.2 asks (1.4.3: 4.5 to 1, large text 3 to 1), and motion is off for who
// asked for that.
func TestContrast(t *testing.T) {
	_, html := drillPage(t, Operators, 12)
	v := show(t, html)
	for _, scheme := range []string{"light", "dark"} {
		browsertest.Call(v.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		v.Do(chromedp.Reload())
		check := func(where string) {
			for _, poor := range v.Contrast() {
				t.Errorf("%s, %s: %s", scheme, where, poor)
			}
		}
		check("start")
		v.Picture(scheme + "-start")
		v.judgeAll("c", func(n int) {
			check(fmt.Sprintf("item %d", n+1))
			if n < 4 {
				v.Picture(fmt.Sprintf("%s-item-%d", scheme, n))
			}
		})
		check("results")
		v.Picture(scheme + "-results")
		if moving := browsertest.Ask[int](v.Page, `Array.from(document.querySelectorAll('*')).filter(e=>parseFloat(getComputedStyle(e).transitionDuration)>0||getComputedStyle(e).animationName!=='none').length`); moving > 0 {
			t.Errorf("%s: %d elements move for somebody who asked for no motion", scheme, moving)
		}
	}
	v.Quiet()
}

// TestHostilePage: whatever a case holds, the drill and the script stay our own
// pages: they run in the browser and nothing but them does.
func TestHostilePage(t *testing.T) {
	d, table := hostile(t)
	var b bytes.Buffer
	if err := d.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	v := show(t, b.Bytes())
	v.judgeAll("h", nil)
	if title := browsertest.Ask[string](v.Page, `document.title`); !strings.HasPrefix(title, "Drill: ") {
		t.Errorf("the title became %q", title)
	}
	v.Quiet()
	b.Reset()
	if err := table.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	v = show(t, b.Bytes())
	if got := browsertest.Ask[int](v.Page, `document.querySelectorAll('script,img,iframe,object,form').length`); got != 0 {
		t.Errorf("the script holds %d elements that are not ours", got)
	}
	for _, width := range []int64{320, 390, 1200} {
		v.Size(width, 900)
		if wide := browsertest.Ask[int64](v.Page, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("%d pixels wide, the script needs %d", width, wide)
		}
		v.Picture(fmt.Sprintf("tabletop-%d", width))
	}
	v.Quiet()
}

// TestPrint: drill and script fit on paper.
func TestPrint(t *testing.T) {
	_, html := drillPage(t, Staff, 8)
	v := show(t, html)
	v.judgeAll("p", nil)
	pdf := browsertest.Get(v.Page, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	if pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); pages < 1 || pages > 4 {
		t.Errorf("the results take %d pages", pages)
	}
	if to := os.Getenv("LONGWATCH_SCREENSHOT"); to != "" {
		if err := os.WriteFile(filepath.Join(to, "results.pdf"), pdf, 0o600); err != nil {
			t.Error(err)
		}
	}
}
