// Package learn watches records in the order of event time and learns from them
// what is ordinary; what departs from it becomes a record of package habit:
//
//	l := learn.New(past, 64<<20, env.Home, engine.Feed)
//	l.Observe(rec) // each, in order
//	l.Finish()
//
// A record is compared with what was kept from hunts before and with what came
// earlier in this hunt, on days before its own. So a hunt over the same evidence
// says the same again, though it was learned meanwhile.
package learn

import (
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/detect/lease"
	"longwatch/internal/detect/recent"
	"longwatch/internal/detect/webroot"
	"longwatch/internal/proto/dhcp"
	"longwatch/internal/proto/http"
	"longwatch/internal/proto/quic"
	"longwatch/internal/proto/ssh"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

const (
	wait     = 3 * 24 * time.Hour // for others to have the same: a roll-out, a new server
	maxWait  = 1 << 16            // novelties that wait; when more do, the first goes early
	maxNames = 1 << 16            // addresses whose names are remembered
	keepName = 7 * 24 * time.Hour // since a request
	maxText  = 512                // bytes of a value that are looked at
	memo     = 1 << 16            // pairs met today that need no second look
	hostBits = 11
)

// named is an address as text, and who is called so.
type named struct {
	addr    netip.Addr
	text    string
	subject baseline.Subject
}

// Learner learns. It belongs to one goroutine.
type Learner struct {
	past   *baseline.Past
	now    *baseline.Memory
	home   func(netip.Addr) bool
	emit   func(record.Record)
	leases lease.Names
	sites  *recent.Map[netip.Addr, string] // what was asked for at outside addresses
	queue  []waiting
	day    baseline.Day
	sent   map[baseline.Subject]*sentDay
	told   map[told]uint64
	early  uint64 // novelties that went before others could have the same

	machines map[string]baseline.Subject // hashes of names, which are met over and over
	hosts    [1 << hostBits]named        // addresses met lately
	seed     maphash.Seed
	met      [memo]uint64
}

// New makes a Learner that compares with past, learns into at most memory bytes
// and hands what departs from habit to emit.
func New(past *baseline.Past, memory int64, home func(netip.Addr) bool, emit func(record.Record)) *Learner {
	return &Learner{
		past: past, now: baseline.New(memory), home: home, emit: emit,
		sites: recent.New[netip.Addr, string](keepName, maxNames),
		sent:  map[baseline.Subject]*sentDay{}, told: map[told]uint64{}, seed: maphash.MakeSeed(), machines: map[string]baseline.Subject{},
	}
}

// Wants tells whether there is anything to learn from a type of record.
func Wants(t *record.Type) bool {
	switch t {
	case host.LogonType, host.ProcessType, host.SocketType, network.ConnType, ssl.Type, quic.Type, http.Type, ssh.Type, dhcp.Type, web.AccessType:
		return true
	}
	return false
}

// Learned is what this hunt has taught so far.
func (l *Learner) Learned() *baseline.Memory { return l.now }

// Observe learns from a record.
func (l *Learner) Observe(r record.Record) {
	ts := r.Base().TS
	day := baseline.DayOf(ts)
	if day == 0 {
		return
	}
	if day != l.day {
		l.roll()
		l.day = day
	}
	l.release(ts)
	switch r := r.(type) {
	case *host.Logon:
		l.logon(r)
	case *host.Process:
		l.process(r)
	case *host.Socket:
		l.socket(r)
	case *network.Conn:
		l.conn(r)
	case *ssl.Record:
		l.tls(r, &r.Conn, r.ServerName, r.JA4)
		if len(r.CertChain) > 0 && l.home(r.OrigH) {
			l.host(r, r.OrigH, baseline.Certificate, r.CertChain[0])
		}
	case *quic.Record:
		l.tls(r, &r.Conn, r.ServerName, r.JA4)
	case *http.Request:
		l.request(r)
		if l.home(r.RespH) && r.StatusCode.V < badRequest {
			l.page(r, "wire "+r.RespH.String(), r.URI)
		}
	case *web.Access:
		if l.home(r.ClientIP) {
			l.proxied(r, r.ClientIP, r.Method, r.Stem)
		}
		if r.Status < badRequest {
			l.page(r, strings.ToLower(r.Server), r.Stem)
		}
	case *ssh.Record:
		if l.home(r.OrigH) && r.Client != "" {
			l.host(r, r.OrigH, baseline.SSHClient, r.Client)
		}
	case *dhcp.Record:
		l.leases.Learn(r)
	}
}

// Finish judges what still waits. Call it once, after the last record.
func (l *Learner) Finish() {
	l.roll()
	for len(l.queue) > 0 {
		l.pop()
	}
}

// name is what an own host is called, or its address.
func (l *Learner) name(a netip.Addr, now record.Time) string {
	if name, ok := l.leases.Lease(a, now); ok {
		return name
	}
	return l.addr(a).text
}

// who is name, and the subject of that host.
func (l *Learner) who(a netip.Addr, now record.Time) (string, baseline.Subject) {
	if name, ok := l.leases.Lease(a, now); ok {
		return name, l.machine(name)
	}
	n := l.addr(a)
	return n.text, n.subject
}

// addr is an address as text, which costs more than to look for it here.
func (l *Learner) addr(a netip.Addr) *named {
	b := a.As16()
	h := (binary.LittleEndian.Uint64(b[8:]) ^ binary.LittleEndian.Uint64(b[:])<<1) * 0x9e3779b97f4a7c15
	n := &l.hosts[h>>(64-hostBits)]
	if n.addr != a || n.text == "" {
		text := a.String()
		*n = named{a, text, baseline.Host(text)}
	}
	return n
}

// machine is the subject of a host.
func (l *Learner) machine(name string) baseline.Subject {
	s, ok := l.machines[name]
	if !ok {
		if len(l.machines) >= maxNames {
			clear(l.machines)
		}
		s = baseline.Host(name)
		l.machines[name] = s
	}
	return s
}

// fresh tells whether a pair comes for the first time on this day, as far as is
// remembered; it only saves work.
func (l *Learner) fresh(k baseline.Kind, subject, value string) bool {
	var h maphash.Hash
	h.SetSeed(l.seed)
	_, _ = h.WriteString(subject)
	_ = h.WriteByte(byte(k))
	_, _ = h.WriteString(value)
	_ = h.WriteByte(byte(l.day))
	_ = h.WriteByte(byte(l.day >> 8))
	sum := h.Sum64()
	slot := &l.met[sum%memo]
	if *slot == sum {
		return false
	}
	*slot = sum
	return true
}

func cut(s string) string { return s[:min(len(s), maxText)] }

func (l *Learner) conn(c *network.Conn) {
	if !l.home(c.OrigH) || c.RespH.IsMulticast() || c.OrigH == c.RespH || !c.RespH.IsValid() {
		return
	}
	name, machine := l.who(c.OrigH, c.TS)
	l.now.Active(machine, c.TS)
	site := l.sites.Peek(c.RespH, c.TS)
	l.count(c, name, machine, site)
	if c.RespBytes.V == 0 {
		return
	}
	switch {
	case l.home(c.RespH):
		if c.RespP < ephemeral && c.Proto != "icmp" {
			l.note(c, baseline.Service, machine, name, baseline.At(c.RespH, c.RespP))
			l.note(c, baseline.Service, machine, name, baseline.AnyHost(c.RespP))
		}
	case site == nil:
		l.learn(c, baseline.Peer, name, "", l.addr(c.RespH).text)
	default: // its site is what is new or not
		l.note(c, baseline.Peer, machine, name, l.addr(c.RespH).text)
	}
}

// ephemeral are ports from which on a port is seldom a service.
const ephemeral = 10000

func (l *Learner) tls(r record.Record, c *record.Conn, site, ja4 string) {
	if !l.home(c.OrigH) {
		return
	}
	if ja4 != "" {
		l.host(r, c.OrigH, baseline.Hello, ja4)
	}
	if site != "" && !l.home(c.RespH) {
		*l.sites.At(c.RespH, c.TS) = baseline.Normal(baseline.Site, cut(site))
		l.host(r, c.OrigH, baseline.Site, site)
	}
}

func (l *Learner) request(r *http.Request) {
	if !l.home(r.OrigH) {
		return
	}
	if r.UserAgent != "" {
		l.host(r, r.OrigH, baseline.Agent, r.UserAgent)
	}
	if r.Host != "" && !l.home(r.RespH) {
		*l.sites.At(r.RespH, r.TS) = baseline.Normal(baseline.Site, cut(r.Host))
		l.host(r, r.OrigH, baseline.Site, r.Host)
	}
	if l.home(r.RespH) {
		l.proxied(r, r.OrigH, r.Method, r.URI)
	}
}

// proxied notes the site that a client asked a proxy of ours for.
func (l *Learner) proxied(r record.Record, client netip.Addr, method, target string) {
	_, site, absolute := strings.Cut(target, "://")
	switch {
	case absolute:
		site, _, _ = strings.Cut(site, "/")
	case method == "CONNECT":
		site = target
	default:
		return
	}
	if i := strings.LastIndexByte(site, ':'); i > 0 && !strings.HasSuffix(site, "]") {
		site = site[:i]
	}
	kind := baseline.Site
	if a, err := netip.ParseAddr(strings.Trim(site, "[]")); err == nil {
		kind, site = baseline.Peer, a.String()
	}
	name, ts := l.name(client, r.Base().TS), r.Base().TS
	l.now.Active(l.machine(name), ts)
	l.note(r, kind, l.machine(name), name, baseline.Normal(kind, cut(site)))
}

func (l *Learner) socket(s *host.Socket) {
	if s.Host == "" || !s.Initiated || !s.RespH.IsValid() || l.home(s.RespH) || s.Action == "blocked" {
		return
	}
	l.now.Active(l.machine(s.Host), s.TS)
	if s.RespName != "" {
		l.learn(s, baseline.Site, s.Host, "", s.RespName)
	} else {
		l.learn(s, baseline.Peer, s.Host, "", s.RespH.String())
	}
}

func (l *Learner) process(p *host.Process) {
	if p.Host == "" || p.Image == "" {
		return
	}
	l.now.Active(l.machine(p.Host), p.TS)
	l.learn(p, baseline.Software, p.Host, "", p.Image)
	best := ""
	for _, h := range p.Hashes {
		if len(h) > len(best) {
			best = h
		}
	}
	if best != "" {
		l.note(p, baseline.Digest, l.machine(p.Host), p.Host, best)
	}
}

// host learns something of the own host with an address.
func (l *Learner) host(r record.Record, a netip.Addr, k baseline.Kind, value string) {
	name, machine := l.who(a, r.Base().TS)
	l.now.Active(machine, r.Base().TS)
	l.learn(r, k, name, "", value)
}

// logonTypes are those by which somebody gets at a host: 2 at its keyboard, 3
// over the network, 4 as a batch job, 7 unlocked, 8 with a password in the clear,
// 10 a remote desktop, 11 with kept credentials; 0 is not said.
const logonTypes = 1<<0 | 1<<2 | 1<<3 | 1<<4 | 1<<7 | 1<<8 | 1<<10 | 1<<11

func (l *Learner) logon(r *host.Logon) {
	account := strings.ToLower(r.Target)
	if r.Outcome != "success" || r.Privileged || r.Code == "4776" || r.LogonType < 0 || r.LogonType > 11 || logonTypes&(1<<r.LogonType) == 0 || !person(account) {
		return
	}
	source := l.source(r)
	l.now.Active(baseline.Account(account), r.TS)
	l.learn(r, baseline.Source, account, source, source)
	if a := r.Source; a.IsValid() && !a.IsLoopback() && !a.IsUnspecified() {
		l.learn(r, baseline.Network, account, source, network24(a))
	}
	if r.Host == "" {
		return
	}
	l.learn(r, baseline.Target, account, source, r.Host)
	if source != r.Host {
		l.learn(r, baseline.Route, account, source, source+" > "+r.Host)
	}
}

// person tells whether an account is one that somebody uses, rather than a
// machine's or one of the system's.
func person(account string) bool {
	domain, name, ok := strings.Cut(account, `\`)
	if !ok {
		name, domain = account, ""
	}
	switch domain {
	case "nt authority", "window manager", "font driver host", "nt service", "iis apppool":
		return false
	}
	switch name {
	case "", "-", "system", "anonymous logon", "local service", "network service", "anonymous":
		return false
	}
	return !strings.HasSuffix(name, "$")
}

// source is the host that a logon came from: by the name that its client gives,
// by that of its address, or by its address; the host itself when there is none.
func (l *Learner) source(r *host.Logon) string {
	if n := strings.ToLower(strings.TrimLeft(r.SourceHost, `\`)); n != "" && n != "-" {
		return n
	}
	if a := r.Source; a.IsValid() && !a.IsLoopback() && !a.IsUnspecified() {
		return l.name(a, r.TS)
	}
	return r.Host
}

// network24 is the neighbourhood of an address: 256 of them, or a /64.
func network24(a netip.Addr) string {
	bits := 24
	if a.Is6() && !a.Is4In6() {
		bits = 64
	}
	p, err := a.Unmap().Prefix(bits)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// badRequest is the first status of HTTP that says that there was no such page,
// or that it may not be had.
const badRequest = 400

// page learns that a server has a page with code.
func (l *Learner) page(r record.Record, server, stem string) {
	at := webroot.PageOf(stem)
	if !webroot.Executable(at.Path) {
		return
	}
	l.now.Active(baseline.Server(server), r.Base().TS)
	l.note(r, baseline.Page, baseline.Server(server), server, at.Path)
}
