// Package rareendpoint finds pages that only one or two clients post to, that
// nothing links to and that appear in mid-log: how a web shell looks in the
// log of its web server.
package rareendpoint

import (
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/web"
)

// Detector judges every executable page of a log at its end.
var Detector = detect.Spec{
	ID:         "rare-endpoint",
	Title:      "Page that only one client posts to",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-12"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, pages: map[key]*page{}, sites: map[string]*site{}}
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
	maxRefs      = 16
)

// executable are the extensions of pages that run on the server.
var executable = []string{".aspx", ".ashx", ".asmx", ".asp", ".php", ".jsp", ".jspx", ".cfm"}

// detector keeps counts per page and per site, to the end.
type detector struct {
	env   detect.Env
	pages map[key]*page
	sites map[string]*site
}

type key struct{ server, stem string }

type page struct {
	first, last record.Time
	clients     []netip.Addr
	gets, posts int
	good        int
	referer     bool // a request came from a page
	linked      bool // another page's request names it as where it came from
	library     bool // a client is a programming library
	refs        []record.Ref
	entities    []record.Entity
}

type site struct {
	span     record.Span
	requests int
	clients  map[netip.Addr]bool
}

// Handlers subscribes to requests.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.request), detect.AtEnd(d.judge)}
}

func (d *detector) request(a *web.Access, _ detect.Reporter) {
	server := strings.ToLower(a.Server)
	s := d.sites[server]
	if s == nil {
		s = &site{clients: map[netip.Addr]bool{}}
		d.sites[server] = s
	}
	s.span.Grow(a.TS)
	s.requests++
	if len(s.clients) < siteClients+mostClients {
		s.clients[a.ClientIP] = true
	}
	if p := d.page(key{server, refererPath(a.Referer)}, false); p != nil {
		p.linked = true
	}
	stem := strings.ToLower(a.Stem)
	if !slices.Contains(executable, path.Ext(stem)) {
		return
	}
	if p := d.page(key{server, stem}, true); p != nil {
		p.note(a)
	}
}

func refererPath(r string) string {
	if _, rest, ok := strings.Cut(r, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			p, _, _ := strings.Cut(strings.ToLower(rest[i:]), "?")
			return p
		}
	}
	return ""
}

func (d *detector) page(k key, create bool) *page {
	p := d.pages[k]
	if p == nil && create && len(d.pages) < maxPages {
		p = &page{}
		d.pages[k] = p
	}
	return p
}

func (p *page) note(a *web.Access) {
	if slices.Contains(p.refs, a.Ref) {
		return
	}
	if p.first == 0 {
		p.first = a.TS
	}
	p.last = max(p.last, a.TS)
	if len(p.clients) <= mostClients && !slices.Contains(p.clients, a.ClientIP) {
		p.clients = append(p.clients, a.ClientIP)
	}
	if a.Method == http.MethodPost {
		p.posts++
	} else {
		p.gets++
	}
	if a.Status >= 200 && a.Status < 300 {
		p.good++
	}
	p.referer = p.referer || (a.Referer != "" && a.Referer != "-")
	ua := strings.ToLower(a.UserAgent)
	p.library = p.library || strings.HasPrefix(ua, "python-") || strings.HasPrefix(ua, "go-http") || strings.HasPrefix(ua, "curl/")
	if len(p.refs) < maxRefs {
		p.refs = append(p.refs, a.Ref)
	}
	for _, e := range a.RecordType().Entities(a) {
		if len(p.entities) < maxRefs && !slices.Contains(p.entities, e) && e.Kind != "user_agent" {
			p.entities = append(p.entities, e)
		}
	}
}

func (d *detector) judge(out detect.Reporter) {
	for k, p := range d.pages {
		s := d.sites[k.server]
		if !p.rare() || s.requests < siteRequests || len(s.clients) < siteClients {
			continue
		}
		f := finding.Finding{Severity: finding.Low, Confidence: 40, Start: p.first, End: p.last, Refs: p.refs}
		f.Entities = append(slices.Clone(p.entities), record.Entity{Kind: "file", Value: k.stem})
		f.Why = []string{finding.Because("%q had %d POST and %d other requests from %d client(s), while %d or more clients use the site", k.stem, p.posts, p.gets, len(p.clients), len(s.clients)),
			"no request came from a page and no page links to it"}
		outside := slices.ContainsFunc(p.clients, func(c netip.Addr) bool { return !d.env.Home(c) })
		if fresh := p.first.Sub(s.span.Start) >= newAfter; fresh && outside {
			f.Severity, f.Confidence = finding.Medium, 55
			f.Why = append(f.Why, finding.Because("it was first asked for at %v, though the log begins at %v", p.first, s.span.Start))
		}
		if p.library {
			f.Confidence += 10
			f.Dossier = []string{"OP-12", "OP-13"}
			f.Why = append(f.Why, "a client is a programming library, not a browser")
		}
		out.Report(f)
	}
}

func (p *page) rare() bool {
	return len(p.clients) <= mostClients && p.posts >= leastPosts && p.good > 0 && !p.referer && !p.linked &&
		p.posts*100 >= postShare*(p.posts+p.gets)
}
