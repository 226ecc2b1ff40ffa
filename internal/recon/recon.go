// Package recon tells who has been looking at the own networks from outside:
// scans and probes, by country and network of their origin, by own target and by
// day.
//
//	s := recon.New(home, networks)
//	s.Learn(record)          // every record that Wants says, in order of time
//	seen := s.Finish(found)  // nil when nobody looked
//
// A source counts when it tried at least three own services in vain, or asked a
// web server at least five times for what it does not give and little else.
// Memory is bounded: 65,536 sources; later ones are counted, not told apart.
package recon

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/asn"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

const (
	maxSources = 1 << 16
	maxTargets = 24 // told apart for each source
	maxDays    = 64 // likewise
	keptRefs   = 3

	leastTargets = 3 // services tried in vain
	leastAsked   = 5 // requests that were not answered with what they asked for
	mostGood     = 5 // a visitor gets one thing in five or more of what they ask for
)

// Scout gathers what outside sources tried.
type Scout struct {
	home     func(netip.Addr) bool
	networks *asn.Table
	sources  map[netip.Addr]*source
	beyond   int // attempts of sources that were too many
}

// source is one address outside.
type source struct {
	span    record.Span
	tried   int // in vain
	good    int // answered with what was asked for
	web     int // of tried, requests
	more    int // attempts on targets that were too many
	targets []hit
	days    []dayHits
	refs    []record.Ref
}

type hit struct {
	host, service string
	n             int
}

type dayHits struct {
	day int32 // since 1970
	n   int
}

// New makes a Scout for the own networks.
func New(home func(netip.Addr) bool, networks *asn.Table) *Scout {
	return &Scout{home: home, networks: networks, sources: map[netip.Addr]*source{}}
}

// Wants tells whether r comes from outside to the own networks. It is pure.
func (s *Scout) Wants(r record.Record) bool {
	switch r := r.(type) {
	case *network.Conn:
		return s.outside(r.OrigH) && s.home(r.RespH) && r.Proto != "icmp"
	case *web.Access:
		return s.outside(r.ClientIP) && r.Status != 0
	}
	return false
}

func (s *Scout) outside(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !s.home(a)
}

// Learn takes the next record for which Wants says yes.
func (s *Scout) Learn(r record.Record) {
	switch r := r.(type) {
	case *network.Conn:
		s.note(r.OrigH, &r.Head, r.RespH.String(), r.Proto+"/"+strconv.Itoa(int(r.RespP)), vain(r), false)
	case *web.Access:
		host := r.Server
		if host == "" && r.ServerIP.IsValid() {
			host = r.ServerIP.String()
		}
		if host == "" {
			host = "web server"
		}
		s.note(r.ClientIP, &r.Head, host, "web "+area(r.Stem), refused(r.Status), true)
	}
}

// vain tells a connection that nobody took, or that was given up before anything
// was said.
func vain(c *network.Conn) bool {
	switch c.State {
	case "S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR":
		return true
	}
	return c.State != "" && c.OrigBytes.V == 0 && c.RespBytes.V == 0 && c.Proto == "tcp"
}

// refused tells a request that was not answered with what it asked for. One
// that asks for a password says that the page is there.
func refused(status uint16) bool {
	return status >= 400 && status < 500 && status != 401 && status != 407
}

// families are parts of the paths of products that are looked for from outside,
// with what they stand for: administration, remote access, mail, and office
// systems of East Asia. From the products' documents.
var families = []struct{ part, name string }{
	{"/remote/", "remote access"}, {"/dana-na", "remote access"}, {"/global-protect", "remote access"}, {"/vpn", "remote access"}, {"/+cscoe+", "remote access"}, {"/sslvpn", "remote access"}, {"/logon/logonpoint", "remote access"},
	{"/owa", "mail"}, {"/ecp", "mail"}, {"/ews", "mail"}, {"/autodiscover", "mail"}, {"/zimbra", "mail"}, {"/roundcube", "mail"},
	{"/seeyon", "office system"}, {"/weaver", "office system"}, {"/ecology", "office system"}, {"/yyoa", "office system"}, {"/nc/servlet", "office system"},
	{"/manager/html", "administration"}, {"/admin", "administration"}, {"/phpmyadmin", "administration"}, {"/wp-login", "administration"}, {"/wp-admin", "administration"}, {"/webui", "administration"}, {"/mgmt", "administration"},
	{"/crowd", "administration"}, {"/commandcenter", "administration"}, {"/actuator", "administration"}, {"/console", "administration"}, {"/solr", "administration"}, {"/jenkins", "administration"},
	{"/.env", "secrets left behind"}, {"/.git", "secrets left behind"}, {"/.aws", "secrets left behind"}, {"/backup", "secrets left behind"},
}

// area is the family that a path belongs to, or "other pages".
func area(stem string) string {
	low := strings.ToLower(stem[:min(len(stem), 256)])
	for _, f := range families {
		if strings.Contains(low, f.part) {
			return f.name
		}
	}
	return "other pages"
}

func (s *Scout) note(from netip.Addr, head *record.Head, host, service string, inVain, request bool) {
	from = from.Unmap()
	src := s.sources[from]
	if src == nil {
		if len(s.sources) >= maxSources {
			s.beyond++
			return
		}
		src = &source{}
		s.sources[from] = src
	}
	if !inVain {
		src.good++
		return
	}
	if src.tried > 0 && slices.Contains(src.refs, head.Ref) {
		return
	}
	src.tried++
	if request {
		src.web++
	}
	src.span.Grow(head.TS)
	if len(src.refs) < keptRefs {
		src.refs = append(src.refs, head.Ref)
	}
	src.hit(strings.Clone(host), service)
	src.on(int32(head.TS.Std().Truncate(24*time.Hour).Unix() / 86400))
}

func (s *source) hit(host, service string) {
	for i := range s.targets {
		if t := &s.targets[i]; t.host == host && t.service == service {
			t.n++
			return
		}
	}
	if len(s.targets) >= maxTargets {
		s.more++
		return
	}
	s.targets = append(s.targets, hit{host, service, 1})
}

func (s *source) on(day int32) {
	if n := len(s.days); n > 0 && (s.days[n-1].day == day || n >= maxDays) {
		s.days[n-1].n++
		return
	}
	s.days = append(s.days, dayHits{day, 1})
}

// looks tells whether what the source did is looking around.
func (s *source) looks() bool {
	services := len(s.targets) + s.more
	byConn := services >= leastTargets && s.tried-s.web >= leastTargets && s.tried-s.web > s.good
	byWeb := s.web >= leastAsked && s.good*mostGood <= s.web*(mostGood-1)
	return byConn || byWeb
}
