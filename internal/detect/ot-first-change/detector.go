// Package otfirstchange finds a client that changes an industrial device for
// the first time: writes a point, operates an output, changes the configuration
// or the program, after the device was watched long enough to know who does.
package otfirstchange

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/otops"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/ot"
)

// Detector learns who changes what on which device.
var Detector = detect.Spec{
	ID:         "ot-first-change",
	Title:      "Industrial device changed by a client for the first time",
	Techniques: []attack.ID{"T0855", "T0836"},
	Dossier:    []string{"TH-22"},
	Also:       []string{"TH-23"},
	New: func(detect.Env) detect.Detector {
		return &detector{
			config: defaults, devices: map[device]*otops.Watch{}, clients: map[client]*habit{},
			masters: map[master]class{}, found: map[group]*change{},
		}
	},
}

// Config are the thresholds.
type Config struct {
	Learn  time.Duration // of traffic of the device before a first change means anything
	Sure   time.Duration // after which it means much: a day has every shift and every batch
	Reader time.Duration // a client that spoke to the device for as long before is no new client
}

var defaults = Config{Learn: time.Hour, Sure: 24 * time.Hour, Reader: time.Hour}

const (
	maxDevices = 1 << 14
	maxClients = 1 << 16
	maxFound   = 1 << 12
)

// class groups operations by what they cost.
type class uint8

const (
	operates   class = 1 << iota // values and outputs
	configures                   // how the device works
	programs                     // what it runs, and whether it runs
)

func classOf(op otops.Op) class {
	switch {
	case op.Access == ot.Program, op.Halts():
		return programs
	case op.Access == ot.Config:
		return configures
	}
	return operates
}

// detector keeps, to the end, for how long each device was watched and who
// talks to it and changes it; once full, further devices and clients are not
// learned and so not judged.
type detector struct {
	config  Config
	devices map[device]*otops.Watch
	clients map[client]*habit
	masters map[master]class
	found   map[group]*change
}

type device struct {
	addr     netip.Addr
	protocol string
}

type client struct {
	addr netip.Addr
	of   device
}

type master struct {
	addr     netip.Addr
	protocol string
}

// habit is what a client does to a device.
type habit struct {
	first record.Time
	done  class
}

// group is what one finding tells of.
type group struct {
	client   netip.Addr
	protocol string
	class    class
	known    bool // a baseline says that it is the first time
}

type change struct {
	trail   detect.Trail
	devices []string
	what    []string
	count   int
	watched time.Duration
	reader  bool // it spoke to the device before, without changing it
	elder   bool // it changes other devices in this way
}

// Handlers subscribes to industrial connections and to operations.
func (d *detector) Handlers() []detect.Handler {
	return append(otops.Handlers(d.op), detect.OnIf(func(c *network.Conn) bool { return otops.Speaks(c) != "" }, d.conn), detect.AtEnd(d.judge))
}

func (d *detector) conn(c *network.Conn, _ detect.Reporter) {
	dev := device{c.RespH, otops.Speaks(c)}
	w := d.devices[dev]
	if w == nil {
		if len(d.devices) >= maxDevices {
			return
		}
		w = &otops.Watch{}
		d.devices[dev] = w
	}
	w.See(c)
	d.habit(client{c.OrigH, dev}, c.TS)
}

func (d *detector) habit(k client, ts record.Time) *habit {
	h := d.clients[k]
	if h == nil {
		if len(d.clients) >= maxClients {
			return nil
		}
		h = &habit{first: ts}
		d.clients[k] = h
	}
	return h
}

func (d *detector) op(op otops.Op, rec record.Record, _ detect.Reporter) {
	dev, cl := device{op.Device, op.Protocol}, classOf(op)
	ts := rec.Base().TS
	h := d.habit(client{op.Client, dev}, ts)
	if h == nil {
		return
	}
	var watched time.Duration
	if w := d.devices[dev]; w != nil {
		watched = w.Watched(ts)
	}
	g := group{op.Client, op.Protocol, cl, watched >= d.config.Learn}
	if f := d.found[g]; f != nil && slices.Contains(f.devices, op.Device.String()) {
		f.more(op, rec)
	}
	if h.done&cl != 0 {
		return
	}
	h.done |= cl
	m := master{op.Client, op.Protocol}
	elder := d.masters[m]&cl != 0 && d.found[g] == nil
	d.masters[m] |= cl
	if !g.known && !op.Halts() {
		return
	}
	f := d.found[g]
	if f == nil {
		if len(d.found) >= maxFound {
			return
		}
		f = &change{watched: watched, elder: elder, reader: ts.Sub(h.first) >= d.config.Reader}
		d.found[g] = f
	}
	f.watched = min(f.watched, watched)
	if len(f.devices) < 64 {
		f.devices = append(f.devices, op.Device.String())
	}
	f.more(op, rec)
}

func (f *change) more(op otops.Op, rec record.Record) {
	if !f.trail.Add(rec) {
		return
	}
	f.count++
	if len(f.what) < 6 && !slices.Contains(f.what, op.What) {
		f.what = append(f.what, op.What)
	}
}

func (d *detector) judge(out detect.Reporter) {
	for g, f := range d.found {
		d.report(g, f, out)
	}
}

func (d *detector) report(g group, f *change, out detect.Reporter) {
	slices.Sort(f.devices)
	shown := f.devices[:min(8, len(f.devices))]
	verb := map[class]string{operates: "wrote to or operated", configures: "changed the configuration of", programs: "stopped, started or programmed"}[g.class]
	why := []string{finding.Because("%v %s %d device(s) over %s: %s (%s)", g.client, verb, len(f.devices), g.protocol, strings.Join(shown, ", "), quoted(f.what))}
	severity, confidence := finding.Medium, uint8(50)
	switch {
	case !g.known:
		severity, confidence = finding.Low, 35
		why = append(why, finding.Because("the evidence shows the device for %v only before that, too little to tell whether this client always does", f.watched.Round(time.Second)))
	case f.elder:
		severity, confidence = finding.Low, 40
		why = append(why, finding.Because("it did so to other devices before, but not to these in the %v in which they were watched", f.watched.Round(time.Minute)))
	default:
		who := "it never spoke to the device before"
		if f.reader {
			who = "it only read from the device before"
		}
		why = append(why, finding.Because("%s; the device was watched for %v until then", who, f.watched.Round(time.Minute)))
		if f.watched >= d.config.Sure {
			confidence = 60
			if g.class == programs || !f.reader {
				severity, confidence = finding.High, 65
			}
		}
	}
	fi := f.trail.Finding(severity, confidence, why...)
	switch g.class {
	case programs:
		fi.Title, fi.Techniques = "Controller stopped, started or programmed", []attack.ID{"T0843", "T0858"}
		if g.known {
			fi.Title = "Controller stopped, started or programmed by a client for the first time"
		}
		fi.Dossier = []string{"TH-22", "TH-23"}
	case configures:
		fi.Techniques = []attack.ID{"T0836"}
	}
	out.Report(fi)
}

func quoted(words []string) string {
	slices.SortFunc(words, cmp.Compare[string])
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = finding.Because("%q", w)
	}
	return strings.Join(out, ", ")
}
