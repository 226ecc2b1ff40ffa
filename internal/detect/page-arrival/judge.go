package pagearrival

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/winpath"
)

const (
	mostClients  = 3                // dossier OP-12
	leastPosts   = 2                // fewer are a form that was tried
	postShare    = 80               // percent
	otherClients = 5                // that use the site: where nobody does every page has few
	newAfter     = 24 * time.Hour   // of log before the page came, else it may be as old as the site
	soon         = 24 * time.Hour   // from its coming to the first request
	together     = 10 * time.Minute // what comes within it is one deployment
	aloneMost    = 4                // scripts that come with it: a framework has three
	suspect      = 4                // structural score
	shell        = 8                // likewise, by the scale of OP-21
	enough       = 5                // weight that makes a finding
	plenty       = 7                // and one of high severity
)

// life is what the evidence holds about one page.
type life struct {
	*page
	key      key
	log      record.Time // when the log begins
	clients0 int         // clients of the site
	script   *web.Script
	event    *host.FileEvent
	times    *host.FileTimes
	compiled *web.Compiled
	gone     bool // compiled, and the source is not where it should be
	lone     bool // compiled by itself, long after its neighbours
	born     record.Time
	alone    bool
	linked   bool
	children []child
	warnings []warning
	report   *report
}

func (d *detector) judge(out detect.Reporter) {
	d.wire()
	slices.Sort(d.born)
	keys := make([]key, 0, len(d.pages))
	for k := range d.pages {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.path, b.path)) })
	hosts := map[string]bool{}
	for _, c := range d.children {
		hosts[c.host] = true
	}
	for _, k := range keys {
		l := d.life(k)
		d.started(l, hosts)
		if w := l.weigh(); w.fires() {
			out.Report(l.finding(w))
		}
	}
}

// wire drops what was seen on the wire of pages that a log has as well.
func (d *detector) wire() {
	logged := map[string][]*page{}
	for k, p := range d.pages {
		if !strings.HasPrefix(k.server, "wire ") {
			logged[k.path] = append(logged[k.path], p)
		}
	}
	for k, p := range d.pages {
		if list := logged[k.path]; len(list) > 0 && strings.HasPrefix(k.server, "wire ") {
			for _, l := range list {
				l.onWire += p.posts + p.gets
			}
			delete(d.pages, k)
		}
	}
}

func (d *detector) life(k key) *life {
	p := d.pages[k]
	s := d.sites[k.server]
	l := &life{page: p, key: k, log: s.span.Start, clients0: len(s.clients), linked: d.linked[k]}
	if at := d.rest.Find(p.asked); at != "" {
		l.script = d.scripts[at]
	}
	if at := d.events.Find(p.asked); at != "" {
		l.event = d.written[at]
	}
	if at := d.listed.Find(p.asked); at != "" {
		l.times = d.times[at]
	}
	switch {
	case l.event != nil:
		l.born = l.event.TS
	case l.times != nil:
		l.born = made(l.times)
	case l.script != nil:
		l.born = came(l.script)
	}
	l.alone = l.born != 0 && d.near(l.born) <= aloneMost
	if l.compiled = d.compiled.First(d.machineOf(l), k.path); l.compiled != nil {
		l.gone = l.script == nil && l.times == nil && d.rest.HasFolder(p.asked)
		l.lone = d.compiled.Lone(l.compiled, newAfter) != 0
	}
	l.warnings = d.warnings[k.path]
	if r, ok := d.reports[k.path]; ok {
		l.report = &r
	}
	return l
}

// machineOf is the machine that the page's file is on, empty when no file is known.
func (d *detector) machineOf(l *life) string {
	switch {
	case l.event != nil:
		return l.event.Host
	case l.times != nil:
		return l.times.Host
	case l.script != nil:
		return l.script.Host
	}
	return d.rest.Machine(l.key.server)
}

// near counts scripts that came at about t.
func (d *detector) near(t record.Time) int {
	i, _ := slices.BinarySearch(d.born, t.Add(-together))
	j, _ := slices.BinarySearch(d.born, t.Add(together)+1)
	return j - i
}

// started finds the programs that workers started while the page was asked
// for: not by chance, which is likely where the page is always asked for, and
// not where another page fits as well and more often.
func (d *detector) started(l *life, hosts map[string]bool) {
	machine := d.machine(l, hosts)
	if machine == "" || len(l.hits) == 0 {
		return
	}
	span := d.sites[l.key.server].span
	total := max(span.End.Sub(span.Start), time.Hour)
	var busy time.Duration
	var end record.Time
	for _, h := range l.hits {
		if from := max(h.from, end); from < h.to {
			busy += h.to.Sub(from)
			end = h.to
		}
	}
	seen := 0
	for _, c := range d.children {
		if c.host != machine {
			continue
		}
		seen++
		for _, h := range l.hits {
			if c.ts >= h.from && c.ts <= h.to {
				l.children = append(l.children, c)
				break
			}
		}
	}
	const chance = 0.1 // programs that fit by chance, for one that does
	if expected := float64(seen) * float64(busy) / float64(total); expected > chance*float64(len(l.children)) {
		l.children = nil
	}
}

// machine is the host whose workers ran the page.
func (d *detector) machine(l *life, hosts map[string]bool) string {
	names := []string{short(l.key.server)}
	if l.event != nil {
		names = append(names, short(l.event.Host))
	}
	if l.script != nil {
		names = append(names, short(l.script.Host))
	}
	for _, n := range names {
		if n != "" && hosts[n] {
			return n
		}
	}
	if len(hosts) == 1 && names[len(names)-1] != "" && len(d.sites) == 1 {
		for h := range hosts {
			return h
		}
	}
	return ""
}

// weight is what speaks against a page.
type weight struct {
	sum     int
	letters string // one for each kind of reason
}

func (w *weight) add(letter string, n int) {
	w.sum += n
	w.letters += letter
}

func (w weight) has(letters string) bool {
	for _, r := range letters {
		if !strings.ContainsRune(w.letters, r) {
			return false
		}
	}
	return true
}

// The kinds of reason.
const (
	came0    = "a" // it came while the log ran, and alone
	asked0   = "b" // and was asked for soon
	few0     = "c" // by few, who post, from nowhere
	written0 = "d" // a worker wrote it
	started0 = "e" // workers started programs while it was asked for
	source0  = "f" // its source is gone, or it was compiled by itself
	built0   = "g" // its structure
	warned0  = "h" // ASP.NET complained of it
	told0    = "i" // it reported itself
)

func (l *life) weigh() weight {
	var w weight
	if l.born != 0 && l.alone && l.born.Sub(l.log) >= newAfter {
		w.add(came0, 2)
		if gap := l.first.Sub(l.born); gap > -time.Minute && gap <= soon {
			w.add(asked0, 1)
		}
	}
	if len(l.clients) <= mostClients && l.posts >= leastPosts && l.good > 0 && !l.referer && !l.linked && l.posts*100 >= postShare*(l.posts+l.gets) {
		n := 2
		if l.clients0 < otherClients {
			n = 1
		}
		w.add(few0, n)
	}
	if l.event != nil && worker(l.event.Image) {
		w.add(written0, 3)
	}
	if slices.ContainsFunc(l.children, func(c child) bool { return !c.crash }) {
		w.add(started0, 3)
	}
	switch {
	case l.gone:
		w.add(source0, 2)
	case l.lone:
		w.add(source0, 1)
	}
	if l.script != nil && l.script.Score >= suspect {
		n := 2
		if l.script.Score >= shell {
			n = 4
		}
		w.add(built0, n)
	}
	if len(l.warnings) > 0 {
		w.add(warned0, 1)
	}
	if l.report != nil {
		w.add(told0, 4)
	}
	return w
}

// fires asks for several kinds of reason, one of which is what was done with
// the page or what it can do: a page that an editor wrote is new and alone too.
func (w weight) fires() bool {
	used := w.has(few0) || w.has(started0) || w.has(built0) || w.has(told0)
	return used && w.sum >= enough && (len(w.letters) >= 3 || w.has(few0+started0) || w.has(few0+written0) || w.has(few0+told0))
}

func (l *life) finding(w weight) finding.Finding {
	f := l.trail.Finding(finding.Medium, uint8(min(95, 45+6*w.sum)))
	if w.sum >= plenty && len(w.letters) >= 3 {
		f.Severity = finding.High
	}
	var about []record.Record
	if l.event != nil {
		about = append(about, l.event)
	}
	if l.times != nil {
		about = append(about, l.times)
	}
	if l.script != nil {
		about = append(about, l.script)
	}
	if l.compiled != nil {
		about = append(about, l.compiled)
	}
	for _, c := range l.children[:min(len(l.children), maxRefs)] {
		about = append(about, c.rec)
	}
	for _, x := range l.warnings {
		about = append(about, x.rec)
	}
	if l.report != nil {
		about = append(about, l.report.rec)
	}
	var rest detect.Trail
	for _, r := range about {
		rest.Add(r)
	}
	f.Refs = append(f.Refs, rest.Refs...)
	for _, e := range append(rest.Entities, record.Entity{Kind: "file", Value: l.key.path}) {
		if !slices.Contains(f.Entities, e) && e.Kind != "hash" && e.Kind != "user_agent" {
			f.Entities = append(f.Entities, e)
		}
	}
	f.Entities = slices.DeleteFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "user_agent" })
	f.Start, f.End = l.first, l.last
	if l.born != 0 && l.event != nil {
		f.Start = min(f.Start, l.born)
	}
	f.Dossier = l.dossier(w)
	f.Why = l.words(w)
	return f
}

// dossier names what was seen, no more: profiles rest on it.
func (l *life) dossier(w weight) []string {
	out := []string{}
	for _, x := range []struct {
		seen bool
		id   string
	}{
		{w.has(few0), "OP-12"}, {w.has(written0), "OP-02"}, {slices.ContainsFunc(l.children, func(c child) bool { return c.program }), "OP-14"}, {l.gone, "OP-18"},
		{l.script != nil && l.script.Score >= shell, "OP-21"},
	} {
		if x.seen {
			out = append(out, x.id)
		}
	}
	if l.report != nil {
		out = append(out, l.report.id)
	}
	return out
}

// words is the life in one sentence, then what else is known.
func (l *life) words(w weight) []string {
	s := fmt.Sprintf("%q:", l.key.path)
	switch {
	case l.event != nil:
		s += finding.Because(" %q came at %v, written by %s;", l.event.Path, l.born, cmp.Or(winpath.Base(l.event.Image), "an unknown program"))
	case l.times != nil && l.times.NameCreated != 0:
		s += finding.Because(" the name of %q was made at %v;", l.times.Path, l.born)
	case l.times != nil:
		s += finding.Because(" %q came at %v;", l.times.Path, l.born)
	case l.script != nil && l.script.Created != 0:
		s += finding.Because(" %q came at %v;", l.script.Path, l.born)
	case l.script != nil && l.born != 0:
		s += finding.Because(" %q was last written at %v;", l.script.Path, l.born)
	case l.gone:
		s += " its file is gone;"
	}
	if l.compiled != nil && l.compiled.TS != 0 {
		s += finding.Because(" it was compiled at %v;", l.compiled.TS)
	}
	s += finding.Because(" it was first asked for at %v", l.first)
	if l.born != 0 && l.first >= l.born {
		s += ", " + after(l.first.Sub(l.born)) + " after it came"
	}
	if n := len(l.clients); n <= mostClients {
		names := make([]string, n)
		for i, c := range l.clients {
			names[i] = c.String()
		}
		s += finding.Because(", by %d address(es) (%s)", n, strings.Join(names, ", "))
	} else {
		s += finding.Because(", by more than %d addresses", mostClients)
	}
	if l.gets == 0 {
		s += finding.Because(", by POST only (%d)", l.posts)
	} else {
		s += finding.Because(", by %d POST and %d other requests", l.posts, l.gets)
	}
	if len(l.children) > 0 {
		s += finding.Because("; in the time of a request %s", l.children[0].what)
	}
	out := []string{s}
	if n := len(l.children); n > 1 {
		out = append(out, finding.Because("%d times the worker started programs, or its configuration was changed, while the page was asked for: too often for chance", n))
	}
	if w.has(came0) {
		out = append(out, finding.Because("it came alone, though the log goes back to %v", l.log))
	}
	if w.has(few0) {
		out = append(out, "no request came from a page and no page links to it")
	}
	if l.library != "" {
		out = append(out, finding.Because("a client is a programming library, %s", l.library))
	}
	if len(l.tricks) > 0 {
		out = append(out, "its path was written in ways that links are not: "+strings.Join(l.tricks, ", "))
	}
	switch {
	case l.gone:
		out = append(out, finding.Because("it was compiled (%q), and its source is no longer in its folder", l.compiled.Assembly))
	case l.lone:
		out = append(out, "it was compiled by itself, long after the other pages of its folder")
	}
	if w.has(built0) {
		out = append(out, finding.Because("its structure scores %d: %s", l.script.Score, strings.Join(l.script.Why, "; ")))
	}
	for _, x := range l.warnings[:min(len(l.warnings), 2)] {
		out = append(out, finding.Because("ASP.NET logged event %d about it at %v", x.id, x.ts))
	}
	if l.report != nil {
		out = append(out, finding.Because("it reported itself in a look-up below %q at %v: %q; do not open it", l.report.zone, l.report.ts, l.report.text))
	}
	if l.onWire > 0 {
		out = append(out, finding.Because("%d of its requests were seen on the wire as well", l.onWire))
	}
	return out
}

// after is a duration as people say it.
func after(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return d.Round(time.Second).String()
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
