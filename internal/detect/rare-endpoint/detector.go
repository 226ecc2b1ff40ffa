// Package rareendpoint finds pages that only one or two clients post to, that
// nothing links to and that appear in mid-log: how a web shell looks in the log
// of its web server, or on the wire before it. Which other habits of shells the
// page has is told with it.
package rareendpoint

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/webroot"
	"longwatch/internal/finding"
	wire "longwatch/internal/proto/http"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

// Detector judges every executable page of a log at its end.
var Detector = detect.Spec{
	ID:         "rare-endpoint",
	Title:      "Page that only one client posts to",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-12"},
	Also:       []string{"OP-13"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pages: map[key]*page{}, sites: map[string]*site{}, born: map[string]record.Time{}}
	},
}

const (
	mostClients  = 3              // dossier OP-12
	leastPosts   = 3              // fewer say nothing
	postShare    = 80             // percent
	siteClients  = 5              // others that use the site: without them every page is rare
	siteRequests = 50             //
	newAfter     = 24 * time.Hour // into the log: before, the page may be as old as the site
	maxPages     = 1 << 17        // later ones are not judged
	maxNames     = 1 << 16        // clients and user agents of a site; later ones are not told apart
	maxFiles     = 1 << 17        // whose coming is known
	maxRefs      = 16
	maxSizes     = 256 // sizes of replies kept of a page
)

// detector keeps counts per page and per site, and when scripts came, to the end.
type detector struct {
	env   detect.Env
	pages map[key]*page
	sites map[string]*site
	files webroot.Map
	born  map[string]record.Time // by path
}

type key struct{ server, path string }

type page struct {
	asked       webroot.Asked
	first, last record.Time
	clients     []netip.Addr
	agents      []string
	gets, posts int
	good        int
	referer     bool // a request came from a page
	linked      bool // another page's request names it as where it came from
	library     bool // a client is a programming library
	tricks      []string
	sizes       []uint64 // of good replies
	windows     int      // good replies with an error of Windows
	failed      int      // answered 500 before the first good one
	refs        []record.Ref
	entities    []record.Entity
}

type site struct {
	span     record.Span
	requests int
	good     int
	windows  int
	clients  map[netip.Addr][]string // what a client asked for, at most mostPaths and one more
	agents   map[string][]string     // likewise of user agents
}

// Handlers subscribes to requests, in logs and on the wire, and to what tells
// when scripts came.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.On(d.access),
		detect.On(d.request),
		detect.OnIf(func(s *web.Script) bool { return webroot.Executable(strings.ToLower(s.Path)) }, func(s *web.Script, _ detect.Reporter) {
			came := s.Modified
			if s.Created != 0 {
				came = s.Created
			}
			d.file(s.Host, s.Path, came)
		}),
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && webroot.Executable(winpath.Base(f.Path)) }, func(f *host.FileEvent, _ detect.Reporter) { d.file(f.Host, f.Path, f.TS) }),
		detect.On(func(s *web.Site, _ detect.Reporter) { d.files.Site(s) }),
		detect.AtEnd(d.judge),
	}
}

func (d *detector) file(machine, name string, came record.Time) {
	if _, known := d.born[name]; known || came == 0 || len(d.born) >= maxFiles {
		return
	}
	d.born[name] = came
	d.files.File(machine, name)
}

// use is one request, wherever it was seen.
type use struct {
	rec                            record.Record
	server, method, agent, referer string
	client                         netip.Addr
	status                         uint16
	win32                          uint32
	sent                           record.Opt[uint64]
	stem                           string
	asked                          webroot.Asked
}

func (d *detector) access(a *web.Access, _ detect.Reporter) {
	d.use(use{
		rec: a, server: strings.ToLower(a.Server), method: a.Method, agent: a.UserAgent, referer: a.Referer, client: a.ClientIP, status: a.Status, win32: a.Win32, sent: a.SentBytes, stem: a.Stem,
		asked: webroot.Asked{Server: a.Server, Site: a.Site, Host: a.Host, Port: a.ServerPort},
	})
}

// onWire begins the names of servers that were only seen on the wire.
const onWire = "wire "

func (d *detector) request(r *wire.Request, _ detect.Reporter) {
	d.use(use{
		rec: r, server: onWire + r.RespH.String(), method: r.Method, agent: r.UserAgent, referer: r.Referrer, client: r.OrigH, status: uint16(min(r.StatusCode.V, 999)), sent: record.Some(r.RespBodyLen), stem: r.URI,
		asked: webroot.Asked{Host: r.Host, Port: r.RespP},
	})
}

func (d *detector) site(server string) *site {
	s := d.sites[server]
	if s == nil {
		s = &site{clients: map[netip.Addr][]string{}, agents: map[string][]string{}}
		d.sites[server] = s
	}
	return s
}

func (d *detector) use(u use) {
	ts := u.rec.Base().TS
	s := d.site(u.server)
	s.span.Grow(ts)
	s.requests++
	at := webroot.PageOf(u.stem)
	paths(s.clients, u.client, at.Path)
	paths(s.agents, u.agent, at.Path)
	if u.status < 400 {
		s.good++
		if u.win32 != 0 {
			s.windows++
		}
	}
	from := refererPath(u.referer)
	if p := d.pages[key{u.server, from}]; p != nil && from != at.Path {
		p.linked = true
	}
	if !webroot.Executable(at.Path) {
		return
	}
	k := key{u.server, at.Path}
	p := d.pages[k]
	if p == nil {
		if len(d.pages) >= maxPages {
			return
		}
		p = &page{asked: u.asked}
		p.asked.Path = at.Path
		d.pages[k] = p
	}
	p.note(u, at)
}

// mostPaths are as many as a framework has.
const mostPaths = 3

// paths notes what somebody asked for.
func paths[K comparable](m map[K][]string, k K, at string) {
	was, known := m[k]
	if (known || len(m) < maxNames) && len(was) <= mostPaths && !slices.Contains(was, at) {
		m[k] = append(was, at)
	}
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
	if slices.Contains(p.refs, head.Ref) {
		return
	}
	if p.first == 0 {
		p.first = head.TS
	}
	p.last = max(p.last, head.TS)
	if len(p.clients) <= mostClients && !slices.Contains(p.clients, u.client) {
		p.clients = append(p.clients, u.client)
	}
	if len(p.agents) <= mostClients && !slices.Contains(p.agents, u.agent) {
		p.agents = append(p.agents, u.agent)
	}
	if u.method == http.MethodPost {
		p.posts++
	} else {
		p.gets++
	}
	switch {
	case u.status >= 200 && u.status < 300:
		p.good++
		if u.win32 != 0 {
			p.windows++
		}
		if u.sent.Set && len(p.sizes) < maxSizes {
			p.sizes = append(p.sizes, u.sent.V)
		}
	case u.status >= 500 && p.good == 0:
		p.failed++
	}
	p.referer = p.referer || (u.referer != "" && u.referer != "-")
	low := strings.ToLower(u.agent)
	p.library = p.library || strings.HasPrefix(low, "python-") || strings.HasPrefix(low, "go-http") || strings.HasPrefix(low, "curl/")
	for _, t := range at.Tricks {
		if !slices.Contains(p.tricks, t) {
			p.tricks = append(p.tricks, t)
		}
	}
	if len(p.refs) < maxRefs {
		p.refs = append(p.refs, head.Ref)
	}
	for _, e := range u.rec.RecordType().Entities(u.rec) {
		if len(p.entities) < maxRefs && !slices.Contains(p.entities, e) && e.Kind != "user_agent" {
			p.entities = append(p.entities, e)
		}
	}
}

func (d *detector) judge(out detect.Reporter) {
	logged := map[string]bool{}
	for k := range d.pages {
		if !strings.HasPrefix(k.server, onWire) {
			logged[k.path] = true
		}
	}
	rare := map[key]*page{}
	for k, p := range d.pages {
		s := d.sites[k.server]
		seen := strings.HasPrefix(k.server, onWire) && logged[k.path]
		if p.rare() && !seen && s.requests >= siteRequests && len(s.clients) >= siteClients {
			rare[k] = p
		}
	}
	for k, p := range rare {
		out.Report(d.finding(k, p, d.habits(k, p, rare)))
	}
}

func (p *page) rare() bool {
	return len(p.clients) <= mostClients && p.posts >= leastPosts && p.good > 0 && !p.referer && !p.linked &&
		p.posts*100 >= postShare*(p.posts+p.gets)
}

func (d *detector) finding(k key, p *page, habits []string) finding.Finding {
	s := d.sites[k.server]
	f := finding.Finding{Severity: finding.Low, Confidence: 40, Start: p.first, End: p.last, Refs: p.refs}
	f.Entities = append(slices.Clone(p.entities), record.Entity{Kind: "file", Value: k.path})
	f.Why = []string{
		finding.Because("%q had %d POST and %d other requests from %d client(s), while %d or more clients use the site", k.path, p.posts, p.gets, len(p.clients), min(len(s.clients), siteClients+mostClients)),
		"no request came from a page and no page links to it",
	}
	outside := slices.ContainsFunc(p.clients, func(c netip.Addr) bool { return !d.env.Home(c) })
	if fresh, why := d.fresh(k, p, s); why != "" {
		f.Why = append(f.Why, why)
		if fresh && outside {
			f.Severity, f.Confidence = finding.Medium, 55
		}
	}
	if p.library {
		f.Confidence += 10
		f.Dossier = []string{"OP-12", "OP-13"}
		f.Why = append(f.Why, "a client is a programming library, not a browser")
	}
	f.Why = append(f.Why, habits...)
	f.Confidence = uint8(min(90, int(f.Confidence)+5*len(habits)))
	if len(habits) >= manyHabits && outside {
		f.Severity = finding.Medium
	}
	return f
}
