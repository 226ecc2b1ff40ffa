// Package arpabuse finds misuse of address resolution inside a network: a host
// that asks for many addresses, one that asks for addresses that cannot be
// there, unasked answers to everybody, and an address that another host takes.
package arpabuse

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// Detector follows who asks for whom and who answers.
var Detector = detect.Spec{
	ID:         "arp-abuse",
	Title:      "Scan by address resolution",
	Techniques: []attack.ID{"T1018"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, config: defaults, askers: recent.New[sender, asking](defaults.Pause, 1<<12), owners: recent.New[netip.Addr, owner](defaults.Fight, 1<<14),
			answered: map[sender]int{}, odd: map[oddKey]*odd{},
		}
	},
}

// Config are the thresholds.
type Config struct {
	Pause   time.Duration // after which the next request begins another count
	Targets int           // addresses asked for: a busy server knows its neighbours after some
	Share   int           // percent that nobody answered, as far as answers are in the capture
	Fight   time.Duration // in which an address has one owner
	Flips   int           // changes of an address's owner: one is a new network card
}

var defaults = Config{Pause: time.Minute, Targets: 25, Share: 50, Fight: 10 * time.Minute, Flips: 2}

const (
	maxTargets = 512
	maxRefs    = 12
	maxDone    = 1 << 12
	everybody  = "ff:ff:ff:ff:ff:ff"
)

// detector remembers, for a minute, whom each host asks for and, for ten, who
// owns each address; to the end, what was too much.
type detector struct {
	env      detect.Env
	config   Config
	askers   *recent.Map[sender, asking]
	owners   *recent.Map[netip.Addr, owner]
	answered map[sender]int // replies a host got, up to maxDone hosts
	done     []*asking
	odd      map[oddKey]*odd
}

type sender struct {
	hw string
	ip netip.Addr
}

type asking struct {
	who     sender
	trail   detect.Trail
	targets []netip.Addr
	end     record.Time
	done    *asking
}

type owner struct {
	hw    []string // the last one behind
	last  string
	flips int
	trail detect.Trail
	told  bool
}

type oddKey struct {
	who  sender
	kind string
}

type odd struct {
	trail   detect.Trail
	targets []netip.Addr
	count   int
}

// Handlers subscribes to address resolution.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(a *network.ARP) bool { return a.OrigHW != "" && a.OrigH.IsValid() && a.RespH.IsValid() }, d.message), detect.AtEnd(d.judge)}
}

func (d *detector) message(a *network.ARP, out detect.Reporter) {
	who := sender{a.OrigHW, a.OrigH}
	switch {
	case a.Operation == "request" && a.OrigH != a.RespH && !a.OrigH.IsUnspecified():
		d.ask(a, who)
		if foreign(a.OrigH, a.RespH) {
			d.strange(a, who, "outside")
		}
	case a.Operation == "reply" && a.OrigH != a.RespH && (a.DstMAC == everybody || a.RespHW == everybody):
		d.strange(a, who, "unasked")
	case a.Operation == "reply" && len(d.answered) < maxDone:
		d.answered[sender{a.RespHW, a.RespH}]++
	}
	if !a.OrigH.IsUnspecified() && !a.OrigH.IsLinkLocalUnicast() && !shared(a.OrigHW) {
		d.own(a, out)
	}
}

// foreign tells whether a host with a private address asks for a public one:
// that is behind the router, whom one asks for instead.
func foreign(from, target netip.Addr) bool {
	return from.IsPrivate() && target.IsGlobalUnicast() && !target.IsPrivate() && target != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// shared tells whether hardware stands for several machines by design: VRRP,
// HSRP and the like (RFC 5798).
func shared(hw string) bool {
	return strings.HasPrefix(hw, "00:00:5e:00:") || strings.HasPrefix(hw, "00:00:0c:07:ac:") || strings.HasPrefix(hw, "02:bf:") || strings.HasPrefix(hw, "03:bf:") || hw == "00:00:00:00:00:00"
}

func (d *detector) ask(a *network.ARP, who sender) {
	s := d.askers.At(who, a.TS)
	s.who, s.end = who, a.TS
	if len(s.targets) < maxTargets && !slices.Contains(s.targets, a.RespH) {
		s.targets = append(s.targets, a.RespH)
		if len(s.trail.Refs) < maxRefs {
			s.trail.Add(a)
		}
	}
	if s.done == nil && len(s.targets) >= d.config.Targets && len(d.done) < maxDone {
		s.done = &asking{}
		d.done = append(d.done, s.done)
	}
	if s.done != nil {
		*s.done = *s
	}
}

func (d *detector) strange(a *network.ARP, who sender, kind string) {
	k := oddKey{who, kind}
	o := d.odd[k]
	if o == nil {
		if len(d.odd) >= maxDone {
			return
		}
		o = &odd{}
		d.odd[k] = o
	}
	if !o.trail.Add(a) {
		return
	}
	o.count++
	if len(o.targets) < 16 && !slices.Contains(o.targets, a.RespH) {
		o.targets = append(o.targets, a.RespH)
	}
}

// own follows to whom an address belongs. Two that both claim it in turn fight
// for it: one of them listens in, or somebody gave an address twice.
func (d *detector) own(a *network.ARP, out detect.Reporter) {
	o := d.owners.At(a.OrigH, a.TS)
	switch {
	case o.last == "" || o.last == a.OrigHW:
		o.last = a.OrigHW
		if len(o.hw) == 0 {
			o.hw = append(o.hw, a.OrigHW)
			o.trail.Add(a)
		}
		return
	case !slices.Contains(o.hw, a.OrigHW):
		if len(o.hw) >= 8 {
			return
		}
		o.hw = append(o.hw, a.OrigHW)
	}
	o.last = a.OrigHW
	o.flips++
	o.trail.Add(a)
	if o.told || o.flips < d.config.Flips {
		return
	}
	o.told = true
	f := o.trail.Finding(finding.Medium, 50,
		finding.Because("%v was claimed in turn by the hardware %s within %v", a.OrigH, strings.Join(o.hw, " and "), d.config.Fight),
		"either an address was given twice, or one of them makes others send it what is for the other")
	f.Title, f.Techniques = "Address claimed by two hosts in turn", []attack.ID{"T1557.002"}
	out.Report(f)
}

func (d *detector) judge(out detect.Reporter) {
	slices.SortStableFunc(d.done, func(a, b *asking) int {
		return cmp.Or(cmp.Compare(a.who.hw, b.who.hw), a.who.ip.Compare(b.who.ip), cmp.Compare(a.trail.Span.Start, b.trail.Span.Start))
	})
	for i := 0; i < len(d.done); {
		s, n := *d.done[i], 1
		for i+n < len(d.done) && d.done[i+n].who == s.who {
			s.trail.Join(&d.done[i+n].trail)
			n++
		}
		i += n
		d.reportScan(&s, n, out)
	}
	for k, o := range d.odd {
		d.reportOdd(k, o, out)
	}
}

func (d *detector) reportScan(s *asking, times int, out detect.Reporter) {
	severity, confidence := finding.Low, uint8(55)
	if d.answered[s.who]*100 > (100-d.config.Share)*len(s.targets) && times == 1 {
		return // they are there: a server that wakes up
	}
	why := []string{finding.Because("%v (%s) asked for the hardware of %d addresses, %v to %v, within %v", s.who.ip, s.who.hw, len(s.targets), slices.MinFunc(s.targets, netip.Addr.Compare), slices.MaxFunc(s.targets, netip.Addr.Compare), s.end.Sub(s.trail.Span.Start).Round(time.Second))}
	if last := s.who.ip.As16()[15]; last == 1 || last == 254 {
		confidence = 35
		why = append(why, "it may be the router, which asks for whomever strangers look for")
	}
	if times > 1 {
		why = append(why, finding.Because("it did so %d times", times))
	}
	out.Report(s.trail.Finding(severity, confidence, why...))
}

func (d *detector) reportOdd(k oddKey, o *odd, out detect.Reporter) {
	var f finding.Finding
	switch k.kind {
	case "outside":
		f = o.trail.Finding(finding.Low, 45, finding.Because("%v (%s) asked on its own network for the hardware of %v, which lies outside it, %d times", k.who.ip, k.who.hw, o.targets, o.count))
		f.Title = "Address outside the network asked for by address resolution"
	default:
		f = o.trail.Finding(finding.Low, 40, finding.Because("%v (%s) told everybody where it is without being asked, as an answer to %v, %d times", k.who.ip, k.who.hw, o.targets, o.count),
			"whoever believes it sends it what is for that address")
		f.Title, f.Techniques = "Unasked answer of address resolution to everybody", []attack.ID{"T1557.002"}
	}
	out.Report(f)
}
