// Package browsertest shows pages of ours in a real browser, for tests of what
// only a browser can tell: what the keyboard reaches, what is wider than a
// telephone, what a page asks of the network.
//
//	p := browsertest.Open(t, html)      // skips the test without Chromium
//	p.Size(320, 800)
//	p.TabTo("button#next")
//	p.Press(kb.Enter)
//	title := browsertest.Ask[string](p, `document.title`)
//	p.Quiet()                            // asked nobody for anything
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Page is a page in a real browser, with all that it asked of the network and
// all that it complained about.
type Page struct {
	t   *testing.T
	ctx context.Context
	dir string // where downloads go

	mu         sync.Mutex
	asked      []string
	complaints []string
}

// Open shows a page of ours in Chromium; the test is skipped without one.
func Open(t *testing.T, html []byte) *Page {
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
	v := &Page{t: t, ctx: ctx, dir: filepath.Join(dir, "saved")}
	if err := os.Mkdir(v.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx); err != nil {
		t.Skipf("chromium does not start here: %v", err)
	}
	if err := chromedp.Listen(ctx, v.note); err != nil {
		t.Fatal(err)
	}
	Call(v, network.Enable, network.EnableParams{})
	Call(v, cdplog.Enable, cdp.Empty{}) //nolint:forbidigo // the browser's log, not ours
	Call(v, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: v.dir})
	v.Do(chromedp.Navigate("file://" + file))
	return v
}

// Call sends a command of the protocol.
func Call[P, R any](v *Page, cmd cdp.Command[P, R], params P) R {
	v.t.Helper()
	r, err := chromedp.Call(v.ctx, cmd, params)
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

func (v *Page) note(ev any) {
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

// Do runs actions one after the other.
func (v *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, actions...); err != nil {
		v.t.Fatal(err)
	}
}

// Press presses keys one after the other, as fingers do.
func (v *Page) Press(keys ...string) {
	v.t.Helper()
	for _, k := range keys {
		v.Do(chromedp.KeyEvent(k))
	}
}

// Ask evaluates a script and returns its value.
func Ask[T any](v *Page, script string) T {
	v.t.Helper()
	return Get(v, chromedp.Evaluate[T](script))
}

// Get runs an action and returns its value.
func Get[T any](v *Page, a chromedp.Action[T]) T {
	v.t.Helper()
	out, err := chromedp.Run(v.ctx, a)
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

// Focus is what has the focus, in a few words.
func (v *Page) Focus() string {
	return Ask[string](v, `(()=>{const e=document.activeElement;return e.tagName.toLowerCase()+(e.id?'#'+e.id:'')+(e.name?'['+e.name+'='+e.value+']':'')+(e.className?'.'+e.className:'')})()`)
}

// TabTo presses Tab until the focus is where it is wanted.
func (v *Page) TabTo(want string) {
	v.t.Helper()
	for range 40 {
		if strings.HasPrefix(v.Focus(), want) {
			return
		}
		v.Press(kb.Tab)
	}
	v.t.Fatalf("Tab does not lead to %s; the focus is on %s", want, v.Focus())
}

// Size makes the window that wide.
func (v *Page) Size(width, height int64) {
	v.t.Helper()
	v.Do(chromedp.EmulateViewport(width, height))
}

// Quiet says whether nothing was asked of the network and nothing complained.
func (v *Page) Quiet() {
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

// Picture keeps a picture where LONGWATCH_SCREENSHOT names a folder.
func (v *Page) Picture(name string) {
	to := os.Getenv("LONGWATCH_SCREENSHOT")
	if to == "" {
		return
	}
	png := Get(v, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(to, name+".png"), png, 0o600); err != nil { //nolint:gosec // where whoever runs the test says
		v.t.Error(err)
	}
}

// Saved waits for a file and returns it.
func (v *Page) Saved(name string) []byte {
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

// Contrast lists the visible texts that do not stand out from their ground as
// WCAG 2.2 asks (1.4.3: 4.5 to 1, large text 3 to 1).
func (v *Page) Contrast() []string {
	v.t.Helper()
	return Ask[[]string](v, poorContrast)
}

// Wide says what makes the page wider than the window; empty when nothing does.
// What scrolls in a box of its own does not.
func (v *Page) Wide() string {
	v.t.Helper()
	return Ask[string](v, wider)
}

const wider = `(()=>{const w=innerWidth,d=document.documentElement;if(d.scrollWidth<=d.clientWidth)return '';
const out=Array.from(document.querySelectorAll('body *')).filter(e=>e.scrollWidth>e.clientWidth+1&&e.clientWidth>1&&getComputedStyle(e).overflowX==='visible'&&!e.closest('svg'));
return d.scrollWidth+' instead of '+d.clientWidth+': '+out.slice(-3).map(e=>e.tagName+'.'+e.className+' '+e.textContent.trim().slice(0,60)).join('; ')})()`

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
