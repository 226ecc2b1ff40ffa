package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/truth"
)

// kindOf is the kind of a file of a site, by where it lies.
func kindOf(name string) Kind {
	for prefix, k := range map[string]Kind{"network/": Captures, "hosts/": Hosts, "logs/iis/": Web, "logs/nginx/": Web, "logs/httperr/": Web, "logs/edge/": Edge, "logs/syslog/": Syslog, "logs/audit/": Audit, "mail/": Mail, "disk/": Disk} {
		if strings.HasPrefix(name, prefix) {
			return k
		}
	}
	return Disk
}

// keep is what of a site's evidence is there. cs are the intrusions at the site.
func (o *Options) keep(s *estate.Site, cs []*truth.Campaign) estate.Keep {
	half := map[string]bool{}
	for i, h := range chance.Some(s.R.Sub("half"), s.Hosts, len(s.Hosts)) {
		half[h.Name] = i%2 == 0
	}
	k := estate.Keep{File: func(name string) bool {
		kind := kindOf(name)
		if kind == Hosts && slices.Contains(o.Drop, Half) && half[strings.Split(name, "/")[1]] {
			return false
		}
		return (len(o.Keep) == 0 || slices.Contains(o.Keep, kind)) && !slices.Contains(o.Drop, kind)
	}}
	first, last := acted(s, cs)
	part := func(percent int) time.Time { return first.Add(last.Sub(first) / 100 * time.Duration(percent)) }
	if o.From > 0 {
		k.Since = part(o.From)
	}
	if o.To < 100 {
		k.Until = part(o.To)
	}
	if slices.Contains(o.Drop, Entry) {
		k.From = rolledOver(s, cs)
	}
	return k
}

// acted is the time from the first to the last act of the intrusions at a site, or
// the site's own time where there are none.
func acted(s *estate.Site, cs []*truth.Campaign) (first, last time.Time) {
	for _, c := range cs {
		if first.IsZero() || c.Start.Before(first) {
			first = c.Start
		}
		if c.End.After(last) {
			last = c.End
		}
	}
	if len(cs) == 0 {
		return s.Start, s.End()
	}
	return first, last
}

// rolledOver gives each file that shows a way in the time from which it goes on:
// just after the last step of it.
func rolledOver(s *estate.Site, cs []*truth.Campaign) map[string]time.Time {
	from := map[string]time.Time{}
	for _, c := range cs {
		for _, step := range c.Steps {
			if !step.Entry {
				continue
			}
			for _, f := range step.Files {
				name := strings.TrimPrefix(f, s.Key+"/")
				if at := step.Time.Add(2 * time.Minute); at.After(from[name]) {
					from[name] = at
				}
			}
		}
	}
	return from
}

// settle completes the account of the intrusions at a site when it is known what
// of the evidence is there.
func settle(s *estate.Site, cs []*truth.Campaign, keep estate.Keep, w *estate.Written) {
	there := map[string]bool{}
	for _, p := range w.Paths {
		there[p] = true
	}
	for i, c := range cs {
		for j := range c.Steps {
			step := &c.Steps[j]
			step.Gone = !slices.ContainsFunc(step.Files, func(f string) bool { return shows(s, keep, there, f, step.Time) })
		}
		c.Evidence = map[string]string{}
		for file, marks := range w.Marks {
			if list := marks[i+1]; len(list) > 0 {
				c.Evidence[file] = ranges(list)
			}
		}
	}
}

// shows tells whether a file, or a folder, still shows what happened at a time.
func shows(s *estate.Site, keep estate.Keep, there map[string]bool, file string, at time.Time) bool {
	name := strings.TrimPrefix(file, s.Key+"/")
	if kindOf(name) == Disk {
		for p := range there {
			if strings.HasPrefix(p, file) {
				return true
			}
		}
		return false
	}
	return there[file] && keep.Within(name, at)
}

// ranges writes positions as "5-8,11".
func ranges(list [][2]int64) string {
	var b strings.Builder
	for i, r := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if r[0] == r[1] {
			fmt.Fprint(&b, r[0])
		} else {
			fmt.Fprintf(&b, "%d-%d", r[0], r[1])
		}
	}
	return b.String()
}
