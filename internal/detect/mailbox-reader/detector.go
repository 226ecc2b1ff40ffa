// Package mailboxreader finds one account or one client that reads the mail of
// many people: by the audit log of Exchange Online (MailItemsAccessed and its
// like), by the pages of Outlook on the web that name the mailbox, and by web
// services that a mail server asks of itself in bursts, as a web shell on it
// does.
package mailboxreader

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/web"
)

// Detector counts the mailboxes that each session reads.
var Detector = detect.Spec{
	ID:         "mailbox-reader",
	Title:      "One session reads many mailboxes",
	Techniques: []attack.ID{"T1114.002"},
	Dossier:    []string{"TG-25"},
	New: func(env detect.Env) detect.Detector {
		return &detector{env: env, sessions: recent.New[session, reading](window, 1<<12), own: recent.New[server, burst](burstWindow, 1<<10), past: map[session]record.Time{}}
	},
}

const (
	window      = time.Hour
	least       = 8              // mailboxes that are not the reader's
	many        = 25             // and from so many on nobody does it by hand
	maxBoxes    = 1 << 10        // mailboxes remembered of a session
	routine     = 48 * time.Hour // a reader who did the same so long before does it every day
	maxPast     = 1 << 12
	burstWindow = 10 * time.Minute
	leastBurst  = 100 // requests of a server to its own web services
)

// detector remembers, for an hour, whose mail each session read, and for ten
// minutes how often a server asked itself; to the end, when a session first
// read that of many.
type detector struct {
	env      detect.Env
	sessions *recent.Map[session, reading]
	own      *recent.Map[server, burst]
	past     map[session]record.Time
}

// session is who reads from where.
type session struct {
	user string
	from netip.Addr
}

type reading struct {
	trail detect.Trail
	boxes []string
	told  int // mailboxes when it was last told; 0: never
}

type server struct {
	addr netip.Addr
	user string
}

type burst struct {
	trail detect.Trail
	n     int
	told  bool
}

// Handlers subscribes to reading of mail and to requests of Exchange's pages.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(m *mail.Message) bool { return m.Event == mail.Accessed && m.User != "" }, func(m *mail.Message, out detect.Reporter) {
			for _, box := range m.RcptTo {
				d.read(m, session{strings.ToLower(m.User), m.Origin}, strings.ToLower(box), out)
			}
		}),
		detect.OnIf(func(a *web.Access) bool { return a.Status == 200 && exchange(a.Stem) }, d.access),
	}
}

// exchange tells whether a path is one of Exchange's that mail is read by.
func exchange(stem string) bool {
	stem = strings.ToLower(stem)
	return strings.HasPrefix(stem, "/owa/") || strings.HasPrefix(stem, "/ews/exchange.asmx") || strings.HasPrefix(stem, "/mapi/emsmdb")
}

func (d *detector) access(a *web.Access, out detect.Reporter) {
	user := strings.ToLower(a.User)
	if healthy(user) {
		return
	}
	if box := mailbox(a); box != "" && user != "" {
		d.read(a, session{user, a.ClientIP}, box, out)
	}
	if strings.HasPrefix(strings.ToLower(a.Stem), "/ews/") && (a.ClientIP.IsLoopback() || a.ClientIP.IsValid() && a.ClientIP == a.ServerIP) {
		d.self(a, user, out)
	}
}

// healthy tells whether an account is one of those by which Exchange watches
// itself.
func healthy(user string) bool {
	if i := strings.LastIndexAny(user, `\/`); i >= 0 {
		user = user[i+1:]
	}
	return strings.HasPrefix(user, "healthmailbox") || strings.HasPrefix(user, "extest_") || strings.HasSuffix(user, "$")
}

// mailbox is the one that a request names: /owa/ann@example.org/, or
// MailboxId=GUID@example.org.
func mailbox(a *web.Access) string {
	for part := range strings.SplitSeq(strings.ToLower(a.Stem), "/") {
		if at := strings.IndexByte(part, '@'); at > 0 && strings.Contains(part[at:], ".") {
			return part
		}
	}
	query := strings.ToLower(a.Query)
	if _, rest, ok := strings.Cut(query, "mailboxid="); ok {
		box, _, _ := strings.Cut(rest, "&")
		return box
	}
	return ""
}

// mine tells whether a mailbox is that of the account: the same name before
// the domain.
func mine(user, box string) bool {
	if i := strings.LastIndexAny(user, `\/`); i >= 0 {
		user = user[i+1:]
	}
	user, _, _ = strings.Cut(user, "@")
	box, _, _ = strings.Cut(box, "@")
	return user == box
}

// read notes that a session read something of a mailbox.
func (d *detector) read(r record.Record, s session, box string, out detect.Reporter) {
	if mine(s.user, box) || healthy(s.user) {
		return
	}
	at := r.Base().TS
	x := d.sessions.At(s, at)
	if slices.Contains(x.boxes, box) || len(x.boxes) >= maxBoxes {
		return
	}
	x.trail.Add(r)
	x.boxes = append(x.boxes, box)
	n := len(x.boxes)
	if n != least && n != many || x.told >= n {
		return
	}
	x.told = n
	first, before := d.past[s]
	if !before && len(d.past) < maxPast {
		d.past[s] = at
	}
	if before && at.Sub(first) > routine {
		return
	}
	severity, confidence := finding.Medium, uint8(60)
	if n >= many {
		severity, confidence = finding.High, 70
	}
	from := ""
	if s.from.IsValid() {
		from = finding.Because(" from %v", s.from)
	}
	f := x.trail.Finding(severity, confidence,
		finding.Because("%q read the mail of %d others within an hour%s: %s", s.user, n, from, strings.Join(x.boxes[:min(n, 5)], ", ")),
		"could also be: a program for archives, search or migration, which does so every day under an account of its own")
	f.Ask = []string{"Does the account belong to a program that reads all mail? If not, who gave it the right, and when?"}
	out.Report(f)
}

// self counts what a mail server asks of its own web services.
func (d *detector) self(a *web.Access, user string, out detect.Reporter) {
	b := d.own.At(server{a.ServerIP, user}, a.TS)
	b.trail.Add(a)
	if b.n++; b.n < leastBurst || b.told {
		return
	}
	b.told = true
	f := b.trail.Finding(finding.Medium, 55,
		finding.Because("the mail server %s%v asked its own web services %d times within ten minutes as %q", prefix(a.Server), a.ServerIP, b.n, user),
		"its own watchers use accounts of theirs, which do not count here; a web shell on the server reads mail so",
		"could also be: a program for archives or journals that runs on the server")
	f.Title = "Mail server asks itself for mail"
	out.Report(f)
}

func prefix(name string) string {
	if name == "" {
		return ""
	}
	return name + " "
}
