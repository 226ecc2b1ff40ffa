package train

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// visit is a page in a real browser, with all that it asked of the network and
// all that it complained about.
type visit struct {
	t   *testing.T
	ctx context.Context
	dir string // where downloads go

	mu         sync.Mutex
	asked      []string
	complaints []string
}

// open shows a page of ours in Chromium; the test is skipped without one.
func open(t *testing.T, html []byte) *visit {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here")
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, html, 0o600); err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	v := &visit{t: t, ctx: ctx, dir: filepath.Join(dir, "saved")}
	if err := os.Mkdir(v.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx); err != nil {
		t.Skipf("chromium does not start here: %v", err)
	}
	if err := chromedp.Listen(ctx, v.note); err != nil {
		t.Fatal(err)
	}
	call(v, network.Enable, network.EnableParams{})
	call(v, cdplog.Enable, cdp.Empty{}) //nolint:forbidigo // the browser's log, not ours
	call(v, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: v.dir})
	v.run(chromedp.Navigate("file://" + file))
	return v
}

// call sends a command of the protocol.
func call[P, R any](v *visit, cmd cdp.Command[P, R], params P) R {
	v.t.Helper()
	r, err := chromedp.Call(v.ctx, cmd, params)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func (v *visit) note(ev any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file://") || !strings.HasSuffix(e.Request.URL, "/page.html") {
			v.asked = append(v.asked, e.Request.URL)
		}
	case *network.EventWebSocketCreated:
		v.asked = append(v.asked, e.URL)
	case *cdplog.EventEntryAdded: //nolint:forbidigo // the browser's log, not ours
		v.complaints = append(v.complaints, e.Entry.Text) //nolint:forbidigo // the browser's log, not ours
	case *runtime.EventExceptionThrown:
		v.complaints = append(v.complaints, e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		v.complaints = append(v.complaints, "dialog: "+e.Message)
	}
}

func (v *visit) run(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, actions...); err != nil {
		v.t.Fatal(err)
	}
}

// press presses keys one after the other, as fingers do.
func (v *visit) press(keys ...string) {
	v.t.Helper()
	for _, k := range keys {
		v.run(chromedp.KeyEvent(k))
	}
}

// ask evaluates a script and returns its value.
func ask[T any](v *visit, script string) T {
	v.t.Helper()
	return get(v, chromedp.Evaluate[T](script))
}

// get runs an action and returns its value.
func get[T any](v *visit, a chromedp.Action[T]) T {
	v.t.Helper()
	out, err := chromedp.Run(v.ctx, a)
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

// focus is what has the focus, in a few words.
func (v *visit) focus() string {
	return ask[string](v, `(()=>{const e=document.activeElement;return e.tagName.toLowerCase()+(e.id?'#'+e.id:'')+(e.name?'['+e.name+'='+e.value+']':'')+(e.className?'.'+e.className:'')})()`)
}

// tabTo presses Tab until the focus is where it is wanted.
func (v *visit) tabTo(want string) {
	v.t.Helper()
	for range 40 {
		if strings.HasPrefix(v.focus(), want) {
			return
		}
		v.press(kb.Tab)
	}
	v.t.Fatalf("Tab does not lead to %s; the focus is on %s", want, v.focus())
}

// size makes the window that wide.
func (v *visit) size(width, height int64) {
	v.t.Helper()
	v.run(chromedp.EmulateViewport(width, height))
}

// quietly says whether nothing was asked of the network and nothing complained.
func (v *visit) quietly() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, url := range v.asked {
		if !strings.HasPrefix(url, "blob:") {
			v.t.Errorf("the page asks for %s", url)
		}
	}
	if len(v.complaints) > 0 {
		v.t.Errorf("the browser complains: %q", v.complaints)
	}
}

// picture keeps a picture where LONGWATCH_SCREENSHOT names a folder.
func (v *visit) picture(name string) {
	to := os.Getenv("LONGWATCH_SCREENSHOT")
	if to == "" {
		return
	}
	png := get(v, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(to, name+".png"), png, 0o600); err != nil {
		v.t.Error(err)
	}
}

// saved waits for a file and returns it.
func (v *visit) saved(name string) []byte {
	v.t.Helper()
	for range 600 {
		if data, err := os.ReadFile(filepath.Join(v.dir, name)); err == nil && len(data) > 0 {
			return data
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.t.Fatalf("%s was not saved", name)
	return nil
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
	v := open(t, html)
	v.picture("start")
	v.tabTo("a.skip")
	v.tabTo("input#code")
	v.press("!", kb.Enter)
	if got := ask[string](v, `document.getElementById('code-error').textContent`); got == "" || v.focus() != "input#code[code=!]" {
		t.Errorf("a code that is none is taken: %q, focus on %s", got, v.focus())
	}
	v.press(kb.Backspace, "A", "-", "7", kb.Enter)

	var want []Answer
	sures := []int{50, 70, 85, 99}
	for n := range d.Items {
		id := ask[string](v, `document.querySelector('.item:not([hidden])').dataset.id`)
		item := d.item(id)
		if got := v.focus(); got != "h2.kind" {
			t.Fatalf("a new item does not take the focus: %s", got)
		}
		a := Answer{Item: id, Topic: item.Topic, Attack: item.Attack, Said: []string{"suspicious", "ordinary"}[n%2], Sure: sures[n%4]}
		a.Right = a.Attack == (a.Said == "suspicious")
		hidden := ask[bool](v, `!!document.querySelector('.item:not([hidden]) .looker')`)
		a.Looked = hidden && n%3 == 0
		if n < 4 {
			v.judgeByTab(&a)
		} else {
			v.judgeByLetter(&a, n%4)
		}
		if n == 1 || n == 2 {
			v.picture(fmt.Sprintf("judged-%d", n))
		}
		verdict := ask[string](v, `document.activeElement.textContent`)
		if !strings.HasPrefix(verdict, map[bool]string{true: "Right: ", false: "Not this time: "}[a.Right]) || ask[string](v, `document.getElementById('said').textContent`) != verdict {
			t.Errorf("%s: after the judgement the reader hears %q", id, verdict)
		}
		if marks := ask[int](v, `document.querySelectorAll('.judged:not([hidden]) .frame .sign, .judged:not([hidden]) .scene .sign').length`); marks < len(item.Signs) {
			t.Errorf("%s: %d marks for %d signs", id, marks, len(item.Signs))
		}
		want = append(want, a)
		if n%2 == 0 {
			v.press("n")
		} else {
			v.tabTo("button#next")
			v.press(kb.Enter)
		}
	}
	if got := v.focus(); got != "h2#results-title" {
		t.Errorf("the results do not take the focus: %s", got)
	}
	v.picture("results")
	v.tabTo("button#save-json")
	v.press(kb.Enter)
	v.tabTo("button#save-csv")
	v.press(" ")
	checkSaved(t, d, want, v.saved("drill-A-7.json"), v.saved("drill-A-7.csv"))
	v.quietly()
}

// judgeByTab judges with Tab, arrows and space.
func (v *visit) judgeByTab(a *Answer) {
	v.t.Helper()
	if a.Looked {
		v.tabTo("button.looker")
		v.press(" ")
	}
	v.tabTo("input[verdict=")
	v.press(" ")
	if a.Said == "ordinary" {
		v.press(kb.ArrowDown)
	}
	v.tabTo("input[sure=")
	v.press(" ")
	for range slices.Index(Sures, a.Sure) {
		v.press(kb.ArrowRight)
	}
	v.tabTo("button.main")
	v.press(kb.Enter)
}

// judgeByLetter judges with the letters.
func (v *visit) judgeByLetter(a *Answer, sure int) {
	v.t.Helper()
	if a.Looked {
		v.press("l")
	}
	v.press(kb.Enter)
	if got := ask[string](v, `document.getElementById('judge-error').textContent`); got == "" {
		v.t.Error("an item without a judgement is taken")
	}
	v.press(a.Said[:1], fmt.Sprint(sure+1), kb.Enter)
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
func (v *visit) judgeAll(code string, each func(n int)) {
	v.t.Helper()
	v.tabTo("input#code")
	v.press(strings.Split(code, "")...)
	v.press(kb.Enter)
	for n := 0; !ask[bool](v, `document.getElementById('drill').hidden`); n++ {
		if each != nil {
			each(n)
		}
		v.press("s", "3", kb.Enter)
		if each != nil {
			each(n)
		}
		v.press("n")
	}
	// Whoever saves is not asked whether to leave.
	ask[bool](v, `document.getElementById('save-csv').click(), true`)
}

// TestPhone: on the narrowest telephones nothing reaches beyond the edge, and
// what is pressed is large enough for a thumb.
func TestPhone(t *testing.T) {
	_, html := drillPage(t, Staff, 12)
	v := open(t, html)
	for _, width := range []int64{320, 390} {
		v.size(width, 800)
		v.run(chromedp.Reload())
		check := func(where string) {
			t.Helper()
			if wide := ask[int64](v, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("%d pixels wide, %s: the page is %d pixels wide: %s", width, where, wide,
					ask[string](v, `Array.from(document.querySelectorAll('*')).filter(e=>e.getBoundingClientRect().right>innerWidth+1).map(e=>e.tagName+'.'+e.className).join(' ').slice(0,200)`))
			}
			small := ask[string](v, `Array.from(document.querySelectorAll('button,fieldset label,summary')).filter(e=>e.offsetParent&&e.getBoundingClientRect().height<40).map(e=>e.tagName+' '+e.textContent).join('; ')`)
			if small != "" {
				t.Errorf("%d pixels wide, %s: too small for a thumb: %s", width, where, small)
			}
		}
		check("start")
		v.judgeAll("p1", func(n int) {
			check(fmt.Sprintf("item %d", n+1))
			if width == 320 && n < 3 {
				v.picture(fmt.Sprintf("phone-item-%d", n))
			}
		})
		check("results")
		v.picture(fmt.Sprintf("phone-%d-results", width))
		ask[bool](v, `document.querySelectorAll('details').forEach(d=>{d.open=true}), true`)
		check("review")
	}
	v.quietly()
}

// TestOrder: the same code gives the same order, another one another.
func TestOrder(t *testing.T) {
	_, html := drillPage(t, Staff, 12)
	v := open(t, html)
	order := func(code string) string {
		v.run(chromedp.Reload())
		var ids []string
		v.judgeAll(code, func(int) {
			if id := ask[string](v, `document.querySelector('.item:not([hidden])').dataset.id`); !slices.Contains(ids, id) {
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
	v := open(t, html)
	for _, scheme := range []string{"light", "dark"} {
		call(v, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		v.run(chromedp.Reload())
		check := func(where string) {
			for _, poor := range ask[[]string](v, poorContrast) {
				t.Errorf("%s, %s: %s", scheme, where, poor)
			}
		}
		check("start")
		v.picture(scheme + "-start")
		v.judgeAll("c", func(n int) {
			check(fmt.Sprintf("item %d", n+1))
			if n < 4 {
				v.picture(fmt.Sprintf("%s-item-%d", scheme, n))
			}
		})
		check("results")
		v.picture(scheme + "-results")
		if moving := ask[int](v, `Array.from(document.querySelectorAll('*')).filter(e=>parseFloat(getComputedStyle(e).transitionDuration)>0||getComputedStyle(e).animationName!=='none').length`); moving > 0 {
			t.Errorf("%s: %d elements move for somebody who asked for no motion", scheme, moving)
		}
	}
	v.quietly()
}

// poorContrast lists visible texts whose contrast is too low.
const poorContrast = `(()=>{
const parse=c=>{const m=c.match(/[\d.]+/g).map(Number);return m.length<4?[...m,1]:m};
const lum=([r,g,b])=>{const f=x=>{x/=255;return x<=.03928?x/12.92:((x+.055)/1.055)**2.4};return .2126*f(r)+.7152*f(g)+.0722*f(b)};
const ground=e=>{let acc=[0,0,0,0];for(;e;e=e.parentElement){const s=getComputedStyle(e);if(s.backgroundImage!=='none'){const cs=s.backgroundImage.match(/rgba?\([^)]*\)/g);if(cs)return parse(cs[cs.length-1])}const c=parse(s.backgroundColor);const a=acc[3]+c[3]*(1-acc[3]);if(a>0)acc=[0,1,2].map(i=>(acc[i]*acc[3]+c[i]*c[3]*(1-acc[3]))/a).concat(a);if(acc[3]>.999)break}return acc};
const out=[];const walk=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);
while(walk.nextNode()){const n=walk.currentNode,e=n.parentElement;if(!n.textContent.trim()||!e.offsetParent||e.closest('svg,.quietly,script,style,.skip'))continue;
const s=getComputedStyle(e);const c=parse(s.color),b=ground(e);let o=1;for(let p=e;p;p=p.parentElement)o*=parseFloat(getComputedStyle(p).opacity);
const mixed=[0,1,2].map(i=>c[i]*o+b[i]*(1-o));const x=lum(mixed),y=lum(b);const ratio=(Math.max(x,y)+.05)/(Math.min(x,y)+.05);
const size=parseFloat(s.fontSize),large=size>=24||size>=18.66&&parseInt(s.fontWeight)>=700;
if(ratio<(large?3:4.5))out.push(ratio.toFixed(2)+' '+e.tagName+'.'+e.className+': '+n.textContent.trim().slice(0,40))}
return [...new Set(out)]})()`

// TestHostilePage: whatever a case holds, the drill and the script stay our own
// pages: they run in the browser and nothing but them does.
func TestHostilePage(t *testing.T) {
	d, table := hostile(t)
	var b bytes.Buffer
	if err := d.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	v := open(t, b.Bytes())
	v.judgeAll("h", nil)
	if title := ask[string](v, `document.title`); !strings.HasPrefix(title, "Drill: ") {
		t.Errorf("the title became %q", title)
	}
	v.quietly()
	b.Reset()
	if err := table.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	v = open(t, b.Bytes())
	if got := ask[int](v, `document.querySelectorAll('script,img,iframe,object,form').length`); got != 0 {
		t.Errorf("the script holds %d elements that are not ours", got)
	}
	for _, width := range []int64{320, 390, 1200} {
		v.size(width, 900)
		if wide := ask[int64](v, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("%d pixels wide, the script needs %d", width, wide)
		}
		v.picture(fmt.Sprintf("tabletop-%d", width))
	}
	v.quietly()
}

// TestPrint: drill and script fit on paper.
func TestPrint(t *testing.T) {
	_, html := drillPage(t, Staff, 8)
	v := open(t, html)
	v.judgeAll("p", nil)
	pdf := get(v, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
	if pages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); pages < 1 || pages > 4 {
		t.Errorf("the results take %d pages", pages)
	}
	if to := os.Getenv("LONGWATCH_SCREENSHOT"); to != "" {
		if err := os.WriteFile(filepath.Join(to, "results.pdf"), pdf, 0o600); err != nil {
			t.Error(err)
		}
	}
}
