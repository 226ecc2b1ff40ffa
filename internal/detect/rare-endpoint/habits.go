package rareendpoint

import (
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"longwatch/internal/baseline"
	"longwatch/internal/finding"
)

const (
	manyHabits   = 3              // that make a page suspect though the log begins with it
	soon         = 24 * time.Hour // from a file's coming to the first request
	leastReplies = 6              // whose sizes mean anything
	spread       = 50             // largest reply by the smallest: output of commands, files
	tiny         = 400            // bytes of a reply with its headers: it says next to nothing
	tinyBody     = 64             // likewise without headers, on the wire
	failures     = 5              // 500 before the first success: somebody tried
	windowsShare = 50             // percent of good replies that ended with an error of Windows
)

// habits are what else web shells have, each a sentence. None of them is proof:
// an interface for one partner has some as well.
func (d *detector) habits(k key, p *page, rare map[key]*page) []string {
	s := d.sites[k.server]
	var out []string
	say := func(format string, args ...any) { out = append(out, finding.Because(format, args...)) }
	p.asked.Path = k.path
	if at := d.files.Find(p.asked); at != "" {
		if gap := p.first.Sub(d.born[at]); gap > -time.Minute && gap <= soon && d.born[at].Sub(s.span.Start) > 0 {
			say("it was first asked for %v after its file %q came, at %v", gap.Round(time.Second), at, d.born[at])
		}
	}
	alone := func(asked []string) bool {
		return len(asked) > 0 && len(asked) <= mostPaths && !slices.ContainsFunc(asked, func(at string) bool { return rare[key{k.server, at}] == nil })
	}
	if all(p.clients, func(i int) bool { return alone(s.clients[p.clients[i]]) }) {
		say("its client(s) asked for nothing of the site but pages like it, no picture and no style")
	}
	if all(p.agents, func(i int) bool { return p.agents[i] != "" && alone(s.agents[p.agents[i]]) }) {
		say("nobody else uses its client's user agent, %q", p.agents[0])
	}
	if len(p.sizes) >= leastReplies {
		lo, hi := slices.Min(p.sizes), slices.Max(p.sizes)
		small := uint64(tiny)
		if strings.HasPrefix(k.server, onWire) {
			small = tinyBody
		}
		switch {
		case hi <= small:
			say("all %d good replies are tiny, of %d to %d bytes", len(p.sizes), lo, hi)
		case lo == hi:
			say("all %d good replies have the same size, %d bytes", len(p.sizes), lo)
		case hi >= spread*max(lo, 1) && hi >= 64<<10:
			say("its replies have from %d to %d bytes: a page has one size or few", lo, hi)
		}
	}
	if p.windows*100 >= windowsShare*p.good && p.windows >= leastPosts && s.windows*10 < s.good {
		say("%d of its %d good replies ended with an error of Windows, which others seldom do: the client went away", p.windows, p.good)
	}
	if p.failed >= failures {
		say("%d requests failed before the first that did not: somebody tried until it worked", p.failed)
	}
	if len(p.tricks) > 0 {
		say("its path was written in ways that links are not: %s", strings.Join(p.tricks, ", "))
	}
	if q := pair(k, p, rare); q != "" {
		say("%q is used by the same client and lies beside it: handlers of one framework come in pairs", q)
	}
	return out
}

// all tells whether every element of a list that is not empty passes.
func all[E any](list []E, ok func(i int) bool) bool {
	for i := range list {
		if !ok(i) {
			return false
		}
	}
	return len(list) > 0
}

// pair is another rare handler of the same folder that a client shares.
func pair(k key, p *page, rare map[key]*page) string {
	if path.Ext(k.path) != ".ashx" {
		return ""
	}
	var found []string
	for o, q := range rare {
		if o.server == k.server && o.path != k.path && path.Ext(o.path) == ".ashx" && path.Dir(o.path) == path.Dir(k.path) &&
			slices.ContainsFunc(p.clients, func(c netip.Addr) bool { return slices.Contains(q.clients, c) }) {
			found = append(found, o.path)
		}
	}
	if len(found) != 1 {
		return "" // more are an interface of several handlers
	}
	return found[0]
}

// fresh tells whether a page came in mid-log, or after hunts had watched the
// site for weeks, and says how that is known.
func (d *detector) fresh(k key, p *page, s *site) (bool, string) {
	server := baseline.Server(k.server)
	if since, knew := d.env.Past.Knew(baseline.Page, server, k.path, p.first); knew {
		return false, finding.Because("it is asked for since %v, as hunts before have seen", since)
	}
	if d.env.Past.Settled(server, p.first) {
		span, _ := d.env.Past.Memory().Span(server)
		return true, finding.Because("it was first asked for at %v, though hunts have watched the site since %v", p.first, span.First)
	}
	if p.first.Sub(s.span.Start) >= newAfter {
		return true, finding.Because("it was first asked for at %v, though the log begins at %v", p.first, s.span.Start)
	}
	return false, ""
}
