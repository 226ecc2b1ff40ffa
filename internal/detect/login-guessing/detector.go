// Package loginguessing finds passwords being guessed: many refused logins of
// one client at one service, or the names of many accounts tried by one client,
// over any protocol whose logins can be seen, and in the logs of hosts.
package loginguessing

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Detector counts refused logins.
var Detector = detect.Spec{
	ID:         "login-guessing",
	Title:      "Passwords guessed",
	Techniques: []attack.ID{"T1110.001"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			env: env, config: defaults,
			doors: recent.New[door, knocks](defaults.Pause, 1<<13), clients: recent.New[client, names](defaults.Pause, 1<<13),
			shells: recent.New[string, bool](time.Minute, 1<<13),
		}
	},
}

// Config are the thresholds.
type Config struct {
	Pause    time.Duration // after which the next attempt begins a new count
	Attempts int           // refused, of one client at one service: Zeek asks for 20 of FTP and 30 of SSH
	Refused  int           // percent of all attempts: a proxy that logs in for many people fails now and then
	Fast     time.Duration // mean gap below which no person types and no service retries
	Accounts int           // names tried by one client at a directory
	Each     int           // attempts per name that locks no account
}

var defaults = Config{Pause: 10 * time.Minute, Attempts: 20, Refused: 80, Fast: 10 * time.Second, Accounts: 15, Each: 4}

const (
	maxNames = 512     // remembered per client
	maxRefs  = 16      // records cited
	maxDone  = 1 << 12 // guesses kept; later ones are not reported
)

// detector remembers, for ten minutes after the last attempt, what each client
// tried at each service and which names, the longest untouched first to go; and
// to the end what was many enough to be guessing.
type detector struct {
	env     detect.Env
	config  Config
	doors   *recent.Map[door, knocks]
	clients *recent.Map[client, names]
	shells  *recent.Map[string, bool] // uids of SSH connections too small to be of use
	done    []*guess
}

type door struct{ source, target, service string }

type client struct{ source, service string }

// knocks are the attempts of one client at one service.
type knocks struct {
	failed, unclear, good int
	users                 []string
	trail                 detect.Trail
	seen                  recentRefs
	guess                 *guess
}

// names are the accounts that a client tried.
type names struct {
	failed map[string]int
	good   map[string]bool
	trail  detect.Trail
	seen   recentRefs
	guess  *guess
}

// recentRefs are the records counted last, so that one that comes twice in a
// row counts once.
type recentRefs [4]record.Ref

func (s *recentRefs) add(r record.Ref) bool {
	if slices.Contains(s[:], r) {
		return false
	}
	copy(s[1:], s[:3])
	s[0] = r
	return true
}

// guess is what reached the threshold. It grows with the attempts.
type guess struct {
	door    door
	spray   bool
	trail   detect.Trail
	end     record.Time
	failed  int
	unclear int
	users   int
	user    string // the only one
	in      record.Record
	inUser  string
}

// attempt is one login, or what looks like one.
type attempt struct {
	rec                     record.Record
	source, target, service string
	user                    string
	failed, unclear         int
	good                    bool
	directory               bool // the service knows everybody's accounts
}

func (d *detector) note(a attempt) {
	if a.source == "" || a.source == a.target {
		return
	}
	ts := a.rec.Base().TS
	d.knock(a, ts)
	if a.directory && a.user != "" && !strings.HasSuffix(a.user, "$") {
		d.name(a, ts)
	}
}

func (d *detector) knock(a attempt, ts record.Time) {
	dk := door{a.source, a.target, a.service}
	k := d.doors.Peek(dk, ts)
	if k == nil && a.failed+a.unclear == 0 {
		return
	}
	k = d.doors.At(dk, ts)
	if !k.seen.add(a.rec.Base().Ref) {
		return
	}
	k.failed += a.failed
	k.unclear += a.unclear
	if a.user != "" && len(k.users) < maxNames && !slices.Contains(k.users, strings.ToLower(a.user)) {
		k.users = append(k.users, strings.ToLower(a.user))
	}
	if a.failed+a.unclear > 0 && len(k.trail.Refs) < maxRefs {
		k.trail.Add(a.rec)
	}
	k.trail.Span.Grow(ts)
	if a.good {
		k.good++
		if k.guess != nil && k.guess.in == nil {
			k.guess.in, k.guess.inUser = a.rec, a.user
		}
		return
	}
	n := k.failed + k.unclear
	if k.guess == nil && n >= d.config.Attempts && n*100 >= d.config.Refused*(n+k.good) {
		k.guess = d.begin(&guess{door: dk})
	}
	if g := k.guess; g != nil {
		g.trail, g.end, g.failed, g.unclear, g.users = k.trail, ts, k.failed, k.unclear, len(k.users)
		g.user = ""
		if len(k.users) == 1 {
			g.user = k.users[0]
		}
	}
}

func (d *detector) name(a attempt, ts record.Time) {
	ck := client{a.source, a.service}
	n := d.clients.Peek(ck, ts)
	if n == nil && a.failed == 0 {
		return
	}
	n = d.clients.At(ck, ts)
	if !n.seen.add(a.rec.Base().Ref) {
		return
	}
	if n.failed == nil {
		n.failed, n.good = map[string]int{}, map[string]bool{}
	}
	user := strings.ToLower(a.user)
	switch {
	case a.good:
		if len(n.good) < maxNames {
			n.good[user] = true
		}
		if n.guess != nil && n.guess.in == nil && n.failed[user] == 0 {
			n.guess.in, n.guess.inUser = a.rec, a.user
		}
		return
	case a.failed == 0:
		return
	case n.failed[user] > 0 || len(n.failed) < maxNames:
		n.failed[user] += a.failed
	}
	if len(n.trail.Refs) < maxRefs {
		n.trail.Add(a.rec)
	}
	n.trail.Span.Grow(ts)
	if n.guess == nil && d.sprays(n) {
		n.guess = d.begin(&guess{door: door{a.source, a.target, a.service}, spray: true})
	}
	if g := n.guess; g != nil {
		g.trail, g.end, g.users, g.failed = n.trail, ts, len(n.failed), total(n.failed)
	}
}

// sprays tells whether many names failed a few times each.
func (d *detector) sprays(n *names) bool {
	all := len(n.failed)
	for user := range n.good {
		if n.failed[user] == 0 {
			all++
		}
	}
	return len(n.failed) >= d.config.Accounts && len(n.failed)*100 >= d.config.Refused*all && total(n.failed) <= d.config.Each*len(n.failed)
}

func total(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func (d *detector) begin(g *guess) *guess {
	if len(d.done) < maxDone {
		d.done = append(d.done, g)
	}
	return g
}

// judge makes one finding of all counts about one client, service and target.
func (d *detector) judge(out detect.Reporter) {
	slices.SortStableFunc(d.done, func(a, b *guess) int {
		return cmp.Or(cmp.Compare(a.door.source, b.door.source), cmp.Compare(a.door.target, b.door.target), cmp.Compare(a.door.service, b.door.service), cmp.Compare(a.trail.Span.Start, b.trail.Span.Start))
	})
	sprays := map[client]bool{}
	for _, g := range d.done {
		if g.spray {
			sprays[client{g.door.source, g.door.service}] = true
		}
	}
	for i := 0; i < len(d.done); {
		g := *d.done[i]
		n := 1
		for i+n < len(d.done) && d.done[i+n].door == g.door && d.done[i+n].spray == g.spray {
			g.join(d.done[i+n])
			n++
		}
		i += n
		if g.spray || !sprays[client{g.door.source, g.door.service}] || g.failed > d.config.Each*g.users {
			d.report(&g, n, out)
		}
	}
}

func (g *guess) join(o *guess) {
	g.trail.Join(&o.trail)
	g.end = max(g.end, o.end)
	g.failed, g.unclear, g.users = g.failed+o.failed, g.unclear+o.unclear, max(g.users, o.users)
	if g.user != o.user {
		g.user = ""
	}
	if g.in == nil {
		g.in, g.inUser = o.in, o.inUser
	}
}

func (d *detector) report(g *guess, counts int, out detect.Reporter) {
	took := g.end.Sub(g.trail.Span.Start)
	tries := g.failed + g.unclear
	fast := took <= time.Duration(tries)*d.config.Fast
	stranger := !inHome(d.env, g.door.source) && (g.spray || inHome(d.env, g.door.target))
	if g.unclear > g.failed && !fast && g.in == nil {
		return // a monitor that looks in every few minutes
	}
	severity, confidence := finding.Low, uint8(45)
	var why []string
	switch {
	case g.spray:
		severity, confidence = finding.Medium, 65
		why = append(why, finding.Because("%s failed to log in as %d accounts within %v, %d times in all, over %s", g.door.source, g.users, took.Round(time.Second), tries, g.door.service),
			"a few times each, so that no account is locked")
	case g.unclear > g.failed:
		why = append(why, finding.Because("%s opened %d sessions of %s at %s within %v that ended before anything could be done in them, as after a wrong password", g.door.source, tries, g.door.service, g.door.target, took.Round(time.Second)))
		if fast {
			severity, confidence = finding.Medium, 55
		}
	default:
		why = append(why, finding.Because("%s was refused %d logins by %s of %s within %v", g.door.source, tries, g.door.service, g.door.target, took.Round(time.Second)))
		switch {
		case fast || g.users > 2:
			severity, confidence = finding.Medium, 70
		default:
			why = append(why, "slowly and with the same name, as a program does whose password has expired")
		}
	}
	switch {
	case g.user != "":
		why = append(why, finding.Because("the account was %q", g.user))
	case g.users > 1 && !g.spray:
		why = append(why, finding.Because("%d accounts were tried", g.users))
	}
	if counts > 1 {
		why = append(why, finding.Because("it came back %d times", counts))
	}
	if stranger && g.in == nil && severity > finding.Low {
		severity = finding.Low
		why = append(why, "it comes from outside, where guessing never stops; no login of it succeeded")
	}
	if g.in != nil {
		why = append(why, finding.Because("then a login succeeded (account %q)", g.inUser))
		if severity == finding.Medium {
			severity, confidence = finding.High, confidence+10
		}
		g.trail.Add(g.in)
	}
	g.trail.Span.Grow(g.end)
	f := g.trail.Finding(severity, confidence, why...)
	if g.spray {
		f.Title, f.Techniques = "Accounts tried one after the other", []attack.ID{"T1110.003"}
	}
	out.Report(f)
}
