// Package pagearrival tells the life of one page of a web server from all that
// the evidence holds: when its file came and who wrote it, when ASP.NET compiled
// it, who asked for it first and how, which errors it made, which programs the
// server's worker started in the meantime, and whether it reported itself. A
// page that came alone, is used by few and does things is a web shell, whatever
// it is called and whatever its code looks like.
package pagearrival

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/hexname"
	"longwatch/internal/detect/webroot"
	"longwatch/internal/finding"
	"longwatch/internal/proto/dns"
	"longwatch/internal/proto/http"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector joins everything about pages, at the end.
var Detector = detect.Spec{
	ID:         "page-arrival",
	Title:      "Page that came alone, and what was done with it",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-12"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, pages: map[key]*page{}, sites: map[string]*site{}, linked: map[key]bool{}, scripts: map[string]*web.Script{}, written: map[string]*host.FileEvent{}, times: map[string]*host.FileTimes{},
			warnings: map[string][]warning{}, reports: map[string]report{},
		}
	},
}

// Bounds of what is kept, to the end. What comes later is not judged.
const (
	maxPages    = 1 << 16
	maxScripts  = 1 << 17
	maxWritten  = 1 << 14 // files that were created, by events
	maxChildren = 1 << 12 // programs that workers started
	maxWarnings = 1 << 12
	maxReports  = 1 << 12
	maxHits     = 512 // requests kept of a page, to compare with children
	maxRefs     = 8   // cited of a page's requests
)

// detector keeps pages with their requests, scripts at rest, and what hosts
// said about workers, to the end.
type detector struct {
	env      detect.Env
	pages    map[key]*page
	linked   map[key]bool // named as where a request came from by requests for others
	sites    map[string]*site
	rest     webroot.Map
	scripts  map[string]*web.Script // by path
	events   webroot.Map
	written  map[string]*host.FileEvent // by path as the event has it
	listed   webroot.Map
	times    map[string]*host.FileTimes // of scripts, from lists of times, by path
	born     []record.Time              // when scripts came, to tell who came alone
	compiled webroot.Compilations
	children []child
	warnings map[string][]warning // by URL
	reports  map[string]report    // by URL
}

type key struct {
	server string // lower case; "wire" and the address for what was only seen on the wire
	path   string
}

// page is what was asked of a page.
type page struct {
	asked       webroot.Asked
	first, last record.Time
	clients     []netip.Addr // at most mostClients and one more
	posts, gets int
	good        int
	referer     bool // a request came from a page
	library     string
	tricks      []string
	hits        []hit
	trail       detect.Trail
	onWire      int // requests that were seen on the wire too
}

type hit struct {
	from, to record.Time // when it can have been worked on
	ref      record.Ref
}

type site struct {
	span    record.Span
	clients map[netip.Addr]bool
}

// child is a program that a worker started, its end by an error, or a change of
// the server's configuration.
type child struct {
	ts    record.Time
	host  string
	what  string // in words
	crash bool
	// program tells that a program was started.
	program bool
	rec     record.Record
}

type warning struct {
	ts  record.Time
	id  uint32
	rec record.Record
}

type report struct {
	ts   record.Time
	text string
	zone string
	id   string // dossier: OP-06 for the form of OP-512, OP-07 for any other
	rec  record.Record
}

// Handlers subscribes to files at rest, requests, and what hosts say.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(s *web.Script) bool { return webroot.Executable(strings.ToLower(s.Path)) }, d.script),
		detect.On(func(s *web.Site, _ detect.Reporter) { d.rest.Site(s); d.events.Site(s); d.listed.Site(s) }),
		detect.OnIf(func(t *host.FileTimes) bool { return !t.Deleted && webroot.Executable(winpath.Base(t.Path)) }, d.list),
		detect.On(func(c *web.Compiled, _ detect.Reporter) { d.compiled.Add(c) }),
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && webroot.Executable(winpath.Base(f.Path)) }, d.file),
		detect.On(d.access),
		detect.On(d.request),
		detect.OnIf(func(p *host.Process) bool { return worker(p.ParentImage) && !ordinary[winpath.Base(p.Image)] }, d.process),
		detect.OnIf(func(e *host.Event) bool {
			return strings.HasPrefix(e.Provider, "ASP.NET") || e.Provider == ".NET Runtime" || e.Provider == configProvider
		}, d.event),
		detect.OnIf(func(q *dns.Message) bool { return says(q.Query) }, func(q *dns.Message, _ detect.Reporter) { d.report(q.Query, q) }),
		detect.OnIf(func(q *host.DNSQuery) bool { return says(q.Query) }, func(q *host.DNSQuery, _ detect.Reporter) { d.report(q.Query, q) }),
		detect.AtEnd(d.judge),
	}
}

func says(name string) bool {
	r, ok := hexname.Decode(name)
	return ok && r.Page() != ""
}

// workers run pages.
var workers = []string{"w3wp.exe", "umworkerprocess.exe", "iisexpress.exe", "php-cgi.exe", "php-cgi", "php-fpm", "httpd.exe", "httpd", "apache2", "nginx.exe", "nginx", "java.exe", "java", "javaw.exe"}

func worker(image string) bool {
	base := winpath.Base(image)
	return slices.Contains(workers, base) || strings.HasPrefix(base, "tomcat") || strings.HasPrefix(base, "php-fpm")
}

// ordinary are programs that workers start by themselves: compilers, crash
// reports, the console behind a program.
var ordinary = map[string]bool{
	"csc.exe": true, "vbc.exe": true, "jsc.exe": true, "vbcscompiler.exe": true, "cvtres.exe": true, "al.exe": true, "werfault.exe": true, "dw20.exe": true, "conhost.exe": true, "w3wp.exe": true,
	"ngentask.exe": true, "mscorsvw.exe": true, "dotnet.exe": true, "node.exe": true, "php-cgi.exe": true, "php-fpm": true, "httpd": true, "httpd.exe": true, "apache2": true, "nginx": true, "nginx.exe": true, "java": true, "java.exe": true,
}

func (d *detector) script(s *web.Script, _ detect.Reporter) {
	if _, known := d.scripts[s.Path]; known || len(d.scripts) >= maxScripts {
		return
	}
	d.scripts[s.Path] = s
	d.rest.File(s.Host, s.Path)
	if t := came(s); t != 0 {
		d.born = append(d.born, t)
	}
}

// came is when a script at rest came to where it lies: its creation, else its
// last change.
func came(s *web.Script) record.Time {
	if s.Created != 0 {
		return s.Created
	}
	return s.Modified
}

func (d *detector) file(f *host.FileEvent, _ detect.Reporter) {
	if _, known := d.written[f.Path]; known || len(d.written) >= maxWritten {
		return
	}
	d.written[f.Path] = f
	d.events.File(f.Host, f.Path)
	d.born = append(d.born, f.TS)
}

func (d *detector) list(t *host.FileTimes, _ detect.Reporter) {
	if _, known := d.times[t.Path]; known || len(d.times) >= maxScripts || made(t) == 0 {
		return
	}
	d.times[t.Path] = t
	d.listed.File(t.Host, t.Path)
	d.born = append(d.born, made(t))
}

// made is when a file came, by what programs cannot set where it is kept.
func made(t *host.FileTimes) record.Time {
	if t.NameCreated != 0 {
		return t.NameCreated
	}
	return t.Created
}

func (d *detector) site(server string) *site {
	s := d.sites[server]
	if s == nil {
		s = &site{clients: map[netip.Addr]bool{}}
		d.sites[server] = s
	}
	return s
}

// access takes a request from a log. What the log says to have gone wrong
// before any page ran is no use of the page.
func (d *detector) access(a *web.Access, _ detect.Reporter) {
	server := strings.ToLower(a.Server)
	d.use(use{
		rec: a, server: server, client: a.ClientIP, method: a.Method, agent: a.UserAgent, referer: a.Referer, status: a.Status, stem: a.Stem,
		asked: webroot.Asked{Server: a.Server, Site: a.Site, Host: a.Host, Port: a.ServerPort}, took: a.TimeTaken,
	})
}

// request takes a request off the wire.
func (d *detector) request(r *http.Request, _ detect.Reporter) {
	d.use(use{
		rec: r, server: "wire " + r.RespH.String(), client: r.OrigH, method: r.Method, agent: r.UserAgent, referer: r.Referrer, status: uint16(min(r.StatusCode.V, 999)), stem: r.URI,
		asked: webroot.Asked{Host: r.Host, Port: r.RespP}, took: record.Some(time.Duration(0)),
	})
}

// use is one request, wherever it was seen.
type use struct {
	rec                                  record.Record
	server, method, agent, referer, stem string
	client                               netip.Addr
	status                               uint16
	asked                                webroot.Asked
	took                                 record.Opt[time.Duration]
}

func (d *detector) use(u use) {
	ts := u.rec.Base().TS
	s := d.site(u.server)
	s.span.Grow(ts)
	if len(s.clients) < 64 {
		s.clients[u.client] = true
	}
	at := webroot.PageOf(u.stem)
	from := key{u.server, refererPath(u.referer)}
	if from.path != "" && from.path != at.Path && len(d.linked) < maxPages {
		d.linked[from] = true
	}
	if !webroot.Executable(at.Path) || u.status == 404 {
		return
	}
	k := key{u.server, at.Path}
	p := d.pages[k]
	if p == nil {
		if len(d.pages) >= maxPages {
			return
		}
		p = &page{asked: u.asked, first: ts}
		p.asked.Path = at.Path
		d.pages[k] = p
	}
	p.note(u, at)
}

func refererPath(r string) string {
	if _, rest, ok := strings.Cut(r, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return webroot.PageOf(rest[i:]).Path
		}
	}
	return ""
}

func (p *page) note(u use, at webroot.Page) {
	head := u.rec.Base()
	if n := len(p.hits); n > 0 && (p.hits[n-1].ref == head.Ref || n < 64 && slices.ContainsFunc(p.hits, func(h hit) bool { return h.ref == head.Ref })) {
		return
	}
	p.last = max(p.last, head.TS)
	if len(p.clients) <= mostClients && !slices.Contains(p.clients, u.client) {
		p.clients = append(p.clients, u.client)
	}
	if u.method == "POST" {
		p.posts++
	} else {
		p.gets++
	}
	if u.status < 400 {
		p.good++
	}
	p.referer = p.referer || (u.referer != "" && u.referer != "-")
	if l := library(u.agent); l != "" {
		p.library = l
	}
	for _, t := range at.Tricks {
		if !slices.Contains(p.tricks, t) {
			p.tricks = append(p.tricks, t)
		}
	}
	if len(p.hits) < maxHits {
		took := 30 * time.Second // where the log does not say how long it worked
		if u.took.Set {
			took = min(u.took.V, time.Hour)
		}
		p.hits = append(p.hits, hit{head.TS.Add(-took - 2*time.Second), head.TS.Add(afterReply), head.Ref})
	}
	if len(p.trail.Refs) < maxRefs {
		p.trail.Add(u.rec)
	}
}

// afterReply is how long behind its reply a request may still start programs:
// logs tell whole seconds, and clocks of two logs of one machine agree.
const afterReply = 5 * time.Second

// library is the name of a programming library among user agents.
func library(agent string) string {
	low := strings.ToLower(agent)
	for _, l := range []string{"python-requests", "python-urllib", "python-httpx", "aiohttp", "go-http-client", "curl/", "wget/", "java/", "okhttp", "libwww-perl", "powershell", "ruby"} {
		if strings.Contains(low, l) {
			return strings.TrimSuffix(l, "/")
		}
	}
	return ""
}

func (d *detector) process(p *host.Process, _ detect.Reporter) {
	what := winpath.Base(p.ParentImage) + " started " + winpath.Base(p.Image)
	if p.CommandLine != "" {
		what = finding.Because("%s started %q", winpath.Base(p.ParentImage), cut(p.CommandLine))
	}
	d.child(child{ts: p.TS, host: short(p.Host), what: what, program: true, rec: p})
}

func (d *detector) child(c child) {
	if len(d.children) < maxChildren && !slices.ContainsFunc(d.children[max(0, len(d.children)-64):], func(o child) bool { return o.rec.Base().Ref == c.rec.Base().Ref }) {
		d.children = append(d.children, c)
	}
}

func (d *detector) event(e *host.Event, _ detect.Reporter) {
	if e.Provider == ".NET Runtime" {
		for _, kv := range e.Fields {
			if e.EventID == 1026 && strings.Contains(strings.ToLower(kv.Value), "w3wp.exe") {
				d.child(child{ts: e.TS, host: short(e.Host), what: "the .NET runtime ended w3wp.exe by an exception that nobody caught", crash: true, rec: e})
				return
			}
		}
		return
	}
	if e.Provider == configProvider {
		if setting := e.Get("Configuration"); e.EventID == 29 && setting != "" {
			d.child(child{ts: e.TS, host: short(e.Host), what: finding.Because("the configuration of IIS was changed: %q", cut(setting+" "+e.Get("NewValue"))), rec: e})
		}
		return
	}
	p := warned(e)
	if p == "" || len(d.warnings) >= maxWarnings || len(d.warnings[p]) >= maxRefs || slices.ContainsFunc(d.warnings[p], func(w warning) bool { return w.rec.Base().Ref == e.Ref }) {
		return
	}
	d.warnings[p] = append(d.warnings[p], warning{e.TS, e.EventID, e})
}

// configProvider logs changes of the configuration of IIS: 29 is one setting.
const configProvider = "Microsoft-Windows-IIS-Configuration"

// warned is the page that a web event of ASP.NET names: its values have no
// names, the request's URL is the one with a scheme.
func warned(e *host.Event) string {
	for _, kv := range e.Fields {
		if low := strings.ToLower(kv.Value); strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") {
			return webroot.PageOf(kv.Value).Path
		}
	}
	return ""
}

func (d *detector) report(name string, rec record.Record) {
	r, ok := hexname.Decode(name)
	if !ok {
		return
	}
	p, id := webroot.PageOf(r.Page()).Path, "OP-07"
	if r.Framed {
		id = "OP-06"
	}
	if _, known := d.reports[p]; !known && len(d.reports) < maxReports {
		d.reports[p] = report{rec.Base().TS, r.Text, r.Zone, id, rec}
	}
}

func short(name string) string {
	s, _, _ := strings.Cut(strings.ToLower(name), ".")
	return s
}

// cut shortens a command for a sentence.
func cut(s string) string {
	const most = 120
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
