// Package appliancechange finds administration of a network appliance that
// looks like an intruder's: accounts added, the configuration copied out, logs
// cleared or switched off, a shell or guest system opened, traffic mirrored,
// programs installed. Each is done by administrators too; what counts is that
// several come together, or that they are done from outside.
package appliancechange

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Detector gathers what one administrator did to one appliance.
var Detector = detect.Spec{
	ID:         "appliance-change",
	Title:      "Appliance administered as an intruder does",
	Techniques: []attack.ID{"T1136", "T1562", "T1602.002", "T1059.008", "T1040"},
	Dossier:    []string{"TH-02"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, open: map[key]*session{}}
	},
}

const (
	pause       = 2 * time.Hour // a longer one ends a session
	maxSessions = 1 << 12       // open at a time; the oldest is judged early
	maxShown    = 6             // commands quoted
)

// detector keeps, until two hours have passed without another, what each
// administrator did to each appliance.
type detector struct {
	env  detect.Env
	open map[key]*session
}

type key struct{ host, user string }

type session struct {
	trail   detect.Trail
	kinds   []string
	shown   []string
	outside netip.Addr // where it was done from, if from outside
	last    record.Time
	product string
}

// Handlers subscribes to changes.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(c *host.ConfigChange) bool { return kind(c) != "" && c.Outcome != "failure" }, d.change),
		detect.Every(time.Hour, d.sweep), detect.AtEnd(d.end),
	}
}

func (d *detector) change(c *host.ConfigChange, out detect.Reporter) {
	k := key{c.Host, c.User}
	s := d.open[k]
	if s != nil && c.TS.Sub(s.last) > pause {
		d.judge(k, s, out)
		s = nil
	}
	if s == nil {
		if len(d.open) >= maxSessions {
			d.oldest(out)
		}
		s = &session{product: c.Product}
		d.open[k] = s
	}
	if !s.trail.Add(c) {
		return
	}
	s.last = c.TS
	if n := kind(c); !slices.Contains(s.kinds, n) {
		s.kinds = append(s.kinds, n)
	}
	if c.Source.IsValid() && !c.Source.IsLoopback() && !c.Source.IsPrivate() && !d.env.Home(c.Source) {
		s.outside = c.Source
	}
	if text := words(c); len(s.shown) < maxShown && !slices.Contains(s.shown, text) {
		s.shown = append(s.shown, text)
	}
}

// words is a change as the evidence has it.
func words(c *host.ConfigChange) string {
	text := strings.TrimSpace(c.Object + " " + c.Name)
	if c.Command != "" && (c.Action == "executed" || text == "") {
		text = c.Command
	}
	if len(text) > 160 {
		text = text[:160]
	}
	return text
}

func (d *detector) sweep(now record.Time, out detect.Reporter) {
	for _, k := range d.sorted() {
		if s := d.open[k]; now.Sub(s.last) > pause {
			d.judge(k, s, out)
		}
	}
}

func (d *detector) end(out detect.Reporter) {
	for _, k := range d.sorted() {
		d.judge(k, d.open[k], out)
	}
}

func (d *detector) oldest(out detect.Reporter) {
	var first key
	for k, s := range d.open {
		if o := d.open[first]; o == nil || s.last < o.last || s.last == o.last && k.host+k.user < first.host+first.user {
			first = k
		}
	}
	d.judge(first, d.open[first], out)
}

// sorted are the sessions in an order that does not depend on the map.
func (d *detector) sorted() []key {
	keys := make([]key, 0, len(d.open))
	for k := range d.open {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.host+"\x00"+a.user, b.host+"\x00"+b.user) })
	return keys
}

// judge reports a session by how many kinds came together and where from.
func (d *detector) judge(k key, s *session, out detect.Reporter) {
	delete(d.open, k)
	severity, confidence := grade(s.kinds, s.outside.IsValid())
	why := []string{finding.Because("on %s (%s) the account %q did what intruders do there: %s", k.host, s.product, k.user, strings.Join(s.kinds, ", "))}
	if s.outside.IsValid() {
		why = append(why, finding.Because("it was done from %v, outside the own networks", s.outside))
	}
	why = append(why, finding.Because("as the appliance has it: %q", s.shown), "ask whether a change window covers it")
	out.Report(s.trail.Finding(severity, confidence, why...))
}
