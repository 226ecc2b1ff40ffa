// Package deceptivemail finds mail that pretends: to come from somebody else, to
// lead somewhere else, to hold something else. One message shows many small
// signs; each has a weight, those of who it says it is and those of what it
// wants are added up apart, and only both together make a finding severe.
//
// Whom a message may pretend to be is learned from the mail itself, unless the
// user says: the own domains are those that mail is delivered to, the own people
// those who write from there, the correspondents those who wrote often or were
// written to. All that is judged when the last message is known, by what was
// known at the time of each.
package deceptivemail

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/domain"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// Detector weighs the signs of messages.
var Detector = detect.Spec{
	ID:         "deceptive-mail",
	Title:      "Mail that pretends",
	Techniques: []attack.ID{"T1566"},
	New: func(env detect.Env) detect.Detector {
		return &detector{
			own: env.OwnDomains, votes: map[string]*vote{}, pairs: map[[2]string]record.Time{}, people: map[string]string{},
			senders: recent.New[string, past](2*365*24*time.Hour, 1<<16), domains: recent.New[string, past](2*365*24*time.Hour, 1<<16), heres: recent.New[[2]string, past](2*365*24*time.Hour, 1<<16),
			all:  map[string]*past{},
			seen: recent.New[string, int](365*24*time.Hour, 1<<17), threads: recent.New[string, []string](365*24*time.Hour, 1<<16),
		}
	},
}

const (
	maxKept   = 1 << 15 // messages kept for the end, of each of two sorts
	maxPairs  = 1 << 16 // who wrote to whom, as domains
	maxPeople = 1 << 14
	maxVotes  = 1 << 14
	maxNew    = 32 // messages of a domain that are kept though nothing is odd about them but, perhaps, its name
)

// past is how often somebody wrote, and since when.
type past struct {
	n           int
	first, last record.Time
}

// vote counts messages that went to a domain.
type vote struct{ delivered, addressed int }

// kept is a message with what was known of its sender when it came.
type kept struct {
	m          *mail.Message
	sender     past // of the address, before this message
	domain     past // of the registered domain
	here       past // of the same, to the recipient's organisation
	before     past // of all mail to that organisation
	org        string
	stranger   bool // answers a thread in which its domain had no part
	recipients []string
	refs       []record.Ref
}

// detector remembers senders, domains, threads and pairs for a year or two,
// each up to a bound, the longest untouched forgotten first.
type detector struct {
	own     []string
	votes   map[string]*vote
	pairs   map[[2]string]record.Time // domains of sender and recipient: first time
	people  map[string]string         // display name: domain it wrote from first
	senders *recent.Map[string, past]
	domains *recent.Map[string, past]
	heres   *recent.Map[[2]string, past]  // recipient's organisation, sender's domain
	seen    *recent.Map[string, int]      // message: 1 + its index in signed, or 0
	threads *recent.Map[string, []string] // message id: domains of those who had it
	all     map[string]*past              // by recipient's organisation
	signed  []*kept                       // with a sign of its own
	firsts  []*kept                       // among the first of its domain
	lost    int                           // not kept
}

// Handlers subscribes to all mail.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.On(d.message), detect.AtEnd(d.judge)}
}

func (d *detector) message(m *mail.Message, _ detect.Reporter) {
	if m.From == "" && m.MailFrom == "" || m.Event == mail.Rule || m.Event == mail.Accessed || m.Event == mail.Moved {
		return
	}
	key := identity(m)
	if i := d.seen.Peek(key, m.TS); i != nil { // in another mailbox, on the wire, in a log: one message
		if *i > 0 {
			d.signed[*i-1].also(m)
		}
		return
	}
	at := d.seen.At(key, m.TS)
	k := d.learn(m)
	switch {
	case m.Event != "" && m.Event != mail.Received && m.Event != mail.Delivered:
	case len(m.Signs) > 0 || risky(m) || k.stranger || m.AuthServer != "" && !authentic(m) || replies(m) != "" || domain.Mixed(domain.Of(m.From)) != "":
		if len(d.signed) < maxKept {
			d.signed = append(d.signed, k)
			*at = len(d.signed)
		} else {
			d.lost++
		}
	case k.domain.n < maxNew && len(d.firsts) < maxKept:
		d.firsts = append(d.firsts, k)
	}
}

// identity is the same for copies of one message. Its id alone is the sender's
// to choose: one that repeats an earlier one with other content is another.
func identity(m *mail.Message) string {
	if m.MessageID == "" {
		return m.Ref.File + "\x00" + strconv.FormatInt(m.Ref.Pos, 10)
	}
	return strings.Join(slices.Concat([]string{m.MessageID, sender(m), m.Subject, strings.Join(m.Signs, ",")}, m.Hashes), "\x00")
}

// learn takes note of a message and tells what was known before it.
func (d *detector) learn(m *mail.Message) *kept {
	from := sender(m)
	reg := domain.Registrable(domain.Of(from))
	org := organisation(m)
	s, dom, here := d.senders.At(from, m.TS), d.domains.At(reg, m.TS), d.heres.At([2]string{org, reg}, m.TS)
	all := d.all[org]
	if all == nil {
		all = &past{}
		if len(d.all) < maxVotes {
			d.all[org] = all
		}
	}
	k := &kept{m: slim(m), sender: *s, domain: *dom, here: *here, before: *all, org: org, recipients: m.Recipients(), refs: []record.Ref{m.Ref}}
	for _, p := range []*past{s, dom, here, all} {
		if m.TS == 0 && p == all {
			continue // what has no time says nothing of how long the past is
		}
		if p.n == 0 {
			p.first = m.TS
		}
		p.n++
		p.last = m.TS
	}
	var parties []string
	for i, list := range [][]string{m.RcptTo, m.To} {
		for _, to := range list[:min(len(list), 64)] {
			r := domain.Registrable(domain.Of(to))
			if r == "" {
				continue
			}
			if !slices.Contains(parties, r) {
				parties = append(parties, r)
			}
			v := d.votes[r]
			if v == nil && len(d.votes) < maxVotes {
				v = &vote{}
				d.votes[r] = v
			}
			if v != nil && i == 0 && m.Event != mail.Relayed && m.Event != mail.Sent {
				v.delivered++
			} else if v != nil {
				v.addressed++
			}
			if p := [2]string{reg, r}; len(d.pairs) < maxPairs {
				if _, known := d.pairs[p]; !known {
					d.pairs[p] = m.TS
				}
			}
		}
	}
	if name := person(m.FromName); name != "" && len(d.people) < maxPeople {
		if _, known := d.people[name]; !known {
			d.people[name] = reg
		}
	}
	known := false
	for _, id := range m.InReplyTo {
		if t := d.threads.Peek(id, m.TS); t != nil {
			known = true
			if slices.Contains(*t, reg) {
				known = false
				break
			}
		}
	}
	k.stranger = known && m.List == "" && !tagged.MatchString(m.Subject) && m.TS.Sub(dom.first) < leastPast && k.known()
	if m.MessageID != "" {
		*d.threads.At(m.MessageID, m.TS) = append(parties, reg)
	}
	return k
}

// tagged is a subject as mailing lists mark it: "Re: [dev] Release". Archives of
// lists keep no other trace of them.
var tagged = regexp.MustCompile(`^(?:\pL{1,4}: *)*\[[\w.@-]+\]`)

// slim is a copy without what is long and not judged.
func slim(m *mail.Message) *mail.Message {
	c := *m
	c.Text, c.Received, c.Hashes, c.URLs = "", nil, nil, c.URLs[:min(len(c.URLs), 4)]
	return &c
}

// also adds the recipients and the place of another copy.
func (k *kept) also(m *mail.Message) {
	for _, to := range m.Recipients() {
		if !slices.Contains(k.recipients, to) && len(k.recipients) < 256 {
			k.recipients = append(slices.Clone(k.recipients), to)
		}
	}
	if !slices.Contains(k.refs, m.Ref) && len(k.refs) < 16 {
		k.refs = append(k.refs, m.Ref)
	}
}

// organisation is the registered domain of the first recipient: whose past
// counts when a sender is new.
func organisation(m *mail.Message) string {
	for _, to := range m.Recipients() {
		if r := domain.Registrable(domain.Of(to)); r != "" {
			return r
		}
	}
	return ""
}

func sender(m *mail.Message) string {
	if m.From != "" {
		return m.From
	}
	return m.MailFrom
}

// person is a display name that may be a person's: two words or more.
func person(name string) string {
	name = strings.ToLower(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '"' || r == '\'' }), " "))
	if len(name) < 5 || len(name) > 64 || !strings.Contains(name, " ") || strings.Contains(name, "@") {
		return ""
	}
	words := strings.Fields(name)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(offices, w) }) {
		return ""
	}
	slices.Sort(words) // "Doe, Jane" is Jane Doe
	return strings.Join(words, " ")
}

// offices are words of names that no person has, and many senders share.
var offices = []string{
	"mail", "mailer", "delivery", "daemon", "subsystem", "system", "administrator", "admin", "support", "team", "service", "services", "desk", "help", "helpdesk", "office", "news",
	"newsletter", "notification", "notifications", "noreply", "no-reply", "info", "sales", "postmaster", "customer", "account", "accounts", "security", "alert", "alerts", "via",
}

// owns infers the own domains: those that mail is delivered to, and where no
// message says that, those that it is addressed to most. Domains where anyone
// has a mailbox are nobody's own.
func (d *detector) owns() []string {
	if len(d.own) > 0 {
		var out []string
		for _, o := range d.own {
			out = append(out, domain.Registrable(o))
		}
		return out
	}
	delivered, addressed := 0, 0
	for _, v := range d.votes {
		delivered, addressed = delivered+v.delivered, max(addressed, v.addressed)
	}
	var out []string
	for name, v := range d.votes {
		if slices.Contains(freeMail, name) {
			continue
		}
		if delivered > 0 && 10*v.delivered >= delivered || delivered == 0 && 2*v.addressed >= addressed {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// freeMail are domains where anyone has a mailbox.
var freeMail = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "aol.com", "icloud.com",
	"me.com", "mac.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.ru", "yandex.ru", "yandex.com", "rambler.ru", "bk.ru", "list.ru", "inbox.ru",
	"protonmail.com", "proton.me", "pm.me", "tutanota.com", "tuta.io", "zoho.com", "mail.com", "email.com", "orange.fr", "wanadoo.fr", "laposte.net", "free.fr", "libero.it", "virgilio.it",
	"seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "qq.com", "163.com", "126.com", "sina.com", "naver.com", "daum.net", "hanmail.net", "rediffmail.com", "uol.com.br",
	"bol.com.br", "terra.com.br", "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "btinternet.com", "mail.ee", "inbox.lv", "abv.bg", "ukr.net", "i.ua", "cock.li", "fastmail.com",
}
