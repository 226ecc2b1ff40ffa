// Package otfirstclient finds a host that speaks to industrial devices for the
// first time, and one that for the first time opens an administration session
// into a network in which such devices stand.
package otfirstclient

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/baseline"
	"longwatch/internal/detect"
	"longwatch/internal/detect/otops"
	"longwatch/internal/detect/roles"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector learns who speaks industrial protocols.
var Detector = detect.Spec{
	ID:         "ot-first-client",
	Title:      "Host speaks an industrial protocol for the first time",
	Techniques: []attack.ID{"T0886", "T0888"},
	Dossier:    []string{"TH-21"},
	Also:       []string{"VT-30"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, config: defaults, devices: map[netip.Addr]*otops.Watch{}, nets: map[netip.Prefix]*otops.Watch{},
			speakers: map[speaker]record.Time{}, visitors: map[visitor]bool{}, office: map[netip.Addr]string{}, found: map[group]*news{},
		}
	},
}

// Config are the thresholds.
type Config struct {
	Learn time.Duration // of traffic of the device before a first time means anything
	Sure  time.Duration // after which it means more
}

var defaults = Config{Learn: time.Hour, Sure: 24 * time.Hour}

const (
	maxKnown = 1 << 16 // devices, speakers and visitors each; further ones are not learned and so not judged
	maxFound = 1 << 12
)

// remote are the ports through which hosts are administered.
var remote = []uint16{22, 23, 135, 139, 445, 3389, 5900, 5985, 5986}

// detector keeps, to the end, who speaks which protocol, who opens sessions
// into which network, and which hosts do the work of an office.
type detector struct {
	env      detect.Env
	config   Config
	devices  map[netip.Addr]*otops.Watch
	nets     map[netip.Prefix]*otops.Watch
	speakers map[speaker]record.Time // since when
	visitors map[visitor]bool
	office   map[netip.Addr]string // what a host was seen to do
	roles    roles.Servers
	found    map[group]*news
}

type speaker struct {
	addr     netip.Addr
	protocol string
}

type visitor struct {
	addr netip.Addr
	to   netip.Prefix
	port uint16
}

// group is what one finding tells of.
type group struct {
	addr netip.Addr
	what string // protocol, or network
	net  bool
}

type news struct {
	trail   detect.Trail
	devices []netip.Addr
	ports   []uint16
	watched time.Duration
}

// Handlers subscribes to connections that tell who speaks what.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(answered, d.conn), detect.AtEnd(d.judge)}
}

func answered(c *network.Conn) bool {
	return c.RespBytes.V > 0 && c.OrigH != c.RespH && !c.RespH.IsMulticast() && !c.OrigH.IsLoopback()
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	if roles.Serves(c) {
		d.roles.Learn(c)
	}
	d.learnOffice(c)
	protocol := otops.Speaks(c)
	if protocol == "" {
		d.visit(c)
		return
	}
	w := d.devices[c.RespH]
	if w == nil {
		if len(d.devices) >= maxKnown {
			return
		}
		w = &otops.Watch{}
		d.devices[c.RespH] = w
	}
	watched := d.watched(w, c)
	w.See(c)
	if d.env.Home(c.RespH) {
		d.see(network24(c.RespH), c)
	}
	k := speaker{c.OrigH, protocol}
	g := group{addr: c.OrigH, what: protocol}
	since, known := d.speakers[k]
	if !known {
		if len(d.speakers) >= maxKnown {
			return
		}
		since = c.TS
		if day, knew := d.env.Past.Knew(baseline.Service, baseline.Host(c.OrigH.String()), baseline.AnyHost(c.RespP), c.TS); knew {
			since = day.Time()
		}
		d.speakers[k] = since
	}
	// A newcomer may try devices first that nobody talks to.
	d.add(g, c, watched, watched >= d.config.Learn && c.TS.Sub(since) < d.config.Learn)
}

// watched is for how long a device was watched before, in this evidence or in
// hunts before.
func (d *detector) watched(w *otops.Watch, c *network.Conn) time.Duration {
	watched := w.Watched(c.TS)
	if d.env.Past.Watched(c.TS) == 0 {
		return watched
	}
	s, _, _, known := d.env.Past.Memory().Value(baseline.Service, baseline.At(c.RespH, c.RespP))
	if known && s.First < baseline.DayOf(c.TS) {
		watched = max(watched, c.TS.Sub(s.First.Time()))
	}
	return watched
}

func (d *detector) see(p netip.Prefix, c *network.Conn) {
	w := d.nets[p]
	if w == nil {
		if len(d.nets) >= maxKnown {
			return
		}
		w = &otops.Watch{}
		d.nets[p] = w
	}
	w.See(c)
}

// visit takes note of a session from another network into one with devices.
func (d *detector) visit(c *network.Conn) {
	if c.Proto != "tcp" || !slices.Contains(remote, c.RespP) || !d.env.Home(c.RespH) {
		return
	}
	to := network24(c.RespH)
	w := d.nets[to]
	if w == nil || to.Contains(c.OrigH) {
		return
	}
	watched := w.Watched(c.TS)
	k := visitor{c.OrigH, to, c.RespP}
	g := group{addr: c.OrigH, what: to.String(), net: true}
	if d.visitors[k] {
		d.add(g, c, 0, false)
		return
	}
	if len(d.visitors) >= maxKnown {
		return
	}
	d.visitors[k] = true
	if _, knew := d.env.Past.Knew(baseline.Service, baseline.Host(c.OrigH.String()), baseline.At(c.RespH, c.RespP), c.TS); knew {
		return
	}
	d.add(g, c, watched, watched >= d.config.Sure)
}

// add notes a connection of a first time: one that begins it, or one more.
func (d *detector) add(g group, c *network.Conn, watched time.Duration, first bool) {
	f := d.found[g]
	if f == nil {
		if !first || len(d.found) >= maxFound {
			return
		}
		f = &news{watched: watched}
		d.found[g] = f
	}
	f.trail.Add(c)
	if len(f.devices) < 64 && !slices.Contains(f.devices, c.RespH) {
		f.devices = append(f.devices, c.RespH)
	}
	if len(f.ports) < 16 && !slices.Contains(f.ports, c.RespP) {
		f.ports = append(f.ports, c.RespP)
	}
}

// learnOffice notes what hosts of an office do and controllers' stations
// seldom: log on to a domain, open files, read the web.
func (d *detector) learnOffice(c *network.Conn) {
	if !d.env.Home(c.OrigH) || d.office[c.OrigH] != "" || len(d.office) >= maxKnown {
		return
	}
	switch {
	case strings.Contains(c.Service, "krb"):
		d.office[c.OrigH] = "logs on to a domain"
	case !d.env.Home(c.RespH) && !c.RespH.IsPrivate() && (strings.Contains(c.Service, "ssl") || strings.Contains(c.Service, "http")):
		d.office[c.OrigH] = "uses the web"
	}
}

func (d *detector) judge(out detect.Reporter) {
	for g, f := range d.found {
		if g.net {
			d.reportVisit(g, f, out)
		} else {
			d.reportSpeaker(g, f, out)
		}
	}
}

func (d *detector) reportSpeaker(g group, f *news, out detect.Reporter) {
	severity, confidence := finding.Low, uint8(40)
	why := []string{finding.Because("%v spoke %s for the first time, to %s", g.addr, g.what, list(f.devices)),
		finding.Because("that device was watched for %v until then", f.watched.Round(time.Minute))}
	switch office := d.office[g.addr]; {
	case !d.env.Home(g.addr) && d.env.Home(f.devices[0]):
		severity, confidence = finding.High, 60
		why = append(why, "it is an outside address, and the device answered")
	case office != "":
		if f.watched >= d.config.Sure {
			severity, confidence = finding.Medium, 55
		}
		why = append(why, finding.Because("it is no host of the process: it %s", office))
	case d.roles.Is(g.addr):
		if f.watched >= d.config.Sure {
			severity, confidence = finding.Medium, 50
		}
		why = append(why, "it is a server that several other hosts use")
	}
	if len(f.devices) >= 5 {
		why = append(why, finding.Because("it went for %d devices", len(f.devices)))
		confidence += 10
	}
	out.Report(f.trail.Finding(severity, confidence, why...))
}

func (d *detector) reportVisit(g group, f *news, out detect.Reporter) {
	severity, confidence := finding.Low, uint8(45)
	why := []string{finding.Because("%v opened sessions on ports %v into %s, where industrial devices stand, for the first time: to %s", g.addr, f.ports, g.what, list(f.devices)),
		finding.Because("that network was watched for %v until then", f.watched.Round(time.Minute))}
	if d.roles.Is(g.addr) || !d.env.Home(g.addr) {
		severity, confidence = finding.Medium, 50
		why = append(why, "it is a server that others use, or an outside address: neither has business there")
	}
	fi := f.trail.Finding(severity, confidence, why...)
	fi.Title, fi.Techniques, fi.Dossier = "First session of a host into a network of controllers", []attack.ID{"T0886"}, []string{"VT-30"}
	fi.Entities = append(fi.Entities, record.Entity{Kind: "address", Value: g.addr.String(), Role: "originator"})
	out.Report(fi)
}

func list(addrs []netip.Addr) string {
	var s []string
	for _, a := range addrs[:min(8, len(addrs))] {
		s = append(s, a.String())
	}
	if len(addrs) > len(s) {
		s = append(s, "and others")
	}
	return strings.Join(s, ", ")
}

// network24 is the neighbourhood of an address: 256 of them, or a /64.
func network24(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
