package deceptivemail

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// side is what a sign says something of.
type side uint8

const (
	who  side = iota // who the message says it is from
	what             // what it holds, or wants to be done
)

// claim is one sign of one message, in words.
type claim struct {
	side      side
	weight    int
	title     string // of the finding, if this sign weighs most
	why       string
	ask       string
	technique attack.ID
}

// world is what is known once all mail is.
type world struct {
	own     []string
	people  map[string]string
	pairs   map[[2]string]record.Time
	regular *neighbours     // domains of correspondents that wrote often or were written to
	steady  map[string]bool // domains that wrote for long, by the end
	cache   map[string]near
}

// isOwn tells whether an address is one of the organisation's.
func (w *world) isOwn(address string) bool {
	return slices.Contains(w.own, domain.Registrable(domain.Of(address)))
}

// established tells whether the sender was a correspondent before the message:
// somebody of ours wrote there, or five messages came over a week or more.
func (w *world) established(k *kept) bool {
	reg := domain.Registrable(domain.Of(sender(k.m)))
	for _, o := range w.own {
		if t, ok := w.pairs[[2]string{o, reg}]; ok && t < k.m.TS && reg != o {
			return true
		}
	}
	return k.domain.n >= leastMails && k.m.TS.Sub(k.domain.first) >= leastPast
}

// authentic tells whether the receiving side found the sender's domain to be
// true: by DMARC, or by a signature or SPF of that domain itself.
func authentic(m *mail.Message) bool {
	from := domain.Registrable(domain.Of(m.From))
	if m.DMARC == "pass" {
		return true
	}
	if m.SPF == "pass" && domain.Registrable(m.SPFDomain) == from {
		return true
	}
	return slices.ContainsFunc(m.DKIMDomains, func(d string) bool { return domain.Registrable(d) == from })
}

// weigh lists the signs of a message.
func (w *world) weigh(k *kept) []claim {
	var out []claim
	add := func(c claim) {
		if c.weight > 0 {
			out = append(out, c)
		}
	}
	m := k.m
	if w.isOwn(m.From) && (!m.Origin.IsValid() || authentic(m)) {
		return nil // inside the house everything is sent, programs too
	}
	if m.Event == "" {
		w.authentication(m, add)
		w.answersTo(m, add)
		w.called(k, add)
		links(m, w, add)
		attached(m, add)
	}
	w.resembles(k, add)
	w.newcomer(k, add)
	return out
}

func (w *world) authentication(m *mail.Message, add func(claim)) {
	from := domain.Of(m.From)
	lists := m.List != "" && m.List != "bulk"
	sure := authentic(m)
	ask := finding.Because("Ask the supposed sender %q, by telephone or in person: did you send a mail with the subject %q?", m.From, m.Subject)
	switch {
	case w.isOwn(m.From) && m.Origin.IsValid() && !sure && !lists:
		c := claim{who, 30, "Mail in the own name from outside", finding.Because("it says that it is from %q, and %v (%q) brought it from outside", m.From, m.Origin, m.OriginHost), ask, "T1672"}
		if m.DMARC == "fail" || m.SPF == "fail" {
			c.weight = 50
			c.why += finding.Because("; the own server found it false (SPF %s, DKIM %s, DMARC %s)", said(m.SPF), said(m.DKIM), said(m.DMARC))
		}
		add(c)
	case sure || m.AuthServer == "":
	case m.DMARC == "fail", m.SPF == "fail" && m.DKIM != "pass", m.DKIM == "fail" && m.SPF != "pass", m.SPF == "softfail" && m.DKIM != "pass":
		c := claim{who, 25, "Mail that fails authentication", finding.Because("%s found that it is not from %q (SPF %s, DKIM %s, DMARC %s)", m.AuthServer, from, said(m.SPF), said(m.DKIM), said(m.DMARC)), ask, "T1672"}
		switch {
		case lists || m.ARC == "pass":
			c.weight, c.why = 5, c.why+"; lists and forwarding break signatures, too"
		case m.DMARC != "fail" && m.SPF != "fail":
			c.weight = 15
		}
		add(c)
	}
	if has(m, "auth-results-forged") {
		add(claim{who, 45, "Forged authentication results", "it carries authentication results in the name of a receiving host that this host did not write", ask, "T1672"})
	}
	if has(m, "many-from") {
		add(claim{who, 20, "More than one sender", "it names more than one sender, of which programs show different ones", ask, "T1672"})
	}
	if has(m, "received-times-odd") {
		add(claim{who, 5, "Way that cannot be", "the hosts on its way say times that do not follow each other", "", "T1672"})
	}
}

func said(s string) string {
	if s == "" {
		return "not told"
	}
	return s
}

func has(m *mail.Message, sign string) bool { return slices.Contains(m.Signs, sign) }

// replies is the address that answers go to, when it is of another party than
// the sender.
func replies(m *mail.Message) string {
	if m.ReplyTo == "" || m.List != "" {
		return ""
	}
	to := domain.Registrable(domain.Of(m.ReplyTo))
	for _, a := range []string{m.From, m.Sender} {
		if a != "" && domain.Registrable(domain.Of(a)) == to {
			return ""
		}
	}
	return m.ReplyTo
}

func (w *world) answersTo(m *mail.Message, add func(claim)) {
	to := replies(m)
	if to == "" || w.isOwn(to) || slices.Contains(m.To, to) || slices.Contains(m.RcptTo, to) {
		return // systems that write for others have answers come back to us
	}
	reg := domain.Registrable(domain.Of(to))
	c := claim{who, 10, "Answers go to a stranger", finding.Because("answers go to %q, not to %q", to, m.From),
		finding.Because("Ask the receiver: did you answer, and to which address? Answers went to %q, not to %q.", to, m.From), "T1656"}
	switch {
	case domain.Compare(reg, domain.Registrable(domain.Of(m.From))).Kind != domain.None:
		c.weight = 40
		c.why += finding.Because(", whose domain it resembles: %s", domain.Compare(reg, domain.Registrable(domain.Of(m.From))).Why)
	case slices.Contains(freeMail, reg) && !slices.Contains(freeMail, domain.Registrable(domain.Of(m.From))):
		c.weight = 25
		c.why += ", and that is a mailbox which anyone can have"
	case slices.Contains(m.DKIMDomains, reg) || domain.Registrable(domain.Of(m.MailFrom)) == reg:
		c.weight = 0 // a service that signs for what it is
	}
	add(c)
}

// called judges the display name.
func (w *world) called(k *kept, add func(claim)) {
	m := k.m
	if m.FromName == "" || w.isOwn(m.From) || m.List != "" && m.List != "bulk" {
		return
	}
	ask := finding.Because("Ask the person named in %q, not by answering the mail: did you write it, and is %q an address of yours?", m.FromName, m.From)
	if has(m, "name-holds-address") {
		c := claim{who, 15, "Name that holds another address", finding.Because("the name shown, %q, holds another address than the true one, %q", m.FromName, m.From), ask, "T1656"}
		for _, o := range w.own {
			if strings.Contains(strings.ToLower(m.FromName), "@"+o) || strings.Contains(strings.ToLower(m.FromName), "."+o) {
				c.weight = 35
			}
		}
		add(c)
	}
	if has(m, "name-hides-characters") {
		add(claim{who, 15, "Name with hidden characters", finding.Because("name %q or subject %q has characters that hide or turn text", m.FromName, m.Subject), ask, "T1656"})
	}
	if home, known := w.people[person(m.FromName)]; known && slices.Contains(w.own, home) {
		c := claim{who, 30, "Mail in the name of a colleague", finding.Because("%q is the name of somebody who writes from %q, this is from %q", m.FromName, home, m.From), ask, "T1656"}
		if w.established(k) {
			c.weight = 5
		}
		add(c)
		return
	}
	name := strings.ToLower(m.FromName)
	for _, o := range w.own {
		label, _ := domain.Split(o)
		if len(label) >= 4 && strings.Contains(name, label) && !strings.Contains(domain.Of(m.From), label) && !w.established(k) {
			add(claim{who, 20, "Mail in the name of the own organisation", finding.Because("the name shown, %q, names the own organisation %q, the address %q does not", m.FromName, label, m.From), ask, "T1656"})
			return
		}
	}
}

// weights of the ways in which a sender's domain resembles an own one.
var likeness = map[domain.Kind]int{domain.Homoglyph: 70, domain.Embedded: 60, domain.Typo: 55, domain.Combined: 40, domain.Accent: 30, domain.Suffix: 25}

// near is what a name resembles most.
type near struct {
	like   domain.Likeness
	weight int
}

// closest finds what a name resembles most, among own domains and then among
// those of correspondents that were known before it, which weigh less. What
// wrote for long may have a name that only has ours in it.
func (w *world) closest(host string, since record.Time) (best domain.Likeness, weight int) {
	if c, known := w.cache[host]; known {
		return c.like, c.weight
	}
	reg := domain.Registrable(host)
	for _, o := range w.own {
		l := domain.Compare(host, o)
		if w.steady[reg] && l.Kind >= domain.Accent && l.Kind != domain.Typo && l.Kind != domain.Embedded {
			continue
		}
		if likeness[l.Kind] > weight {
			best, weight = l, likeness[l.Kind]
		}
	}
	if weight == 0 && !w.steady[reg] {
		for _, r := range w.regular.of(host) {
			if r == reg || w.regular.since[r] >= since {
				continue
			}
			l := domain.Compare(host, r)
			if n := likeness[l.Kind] - 15; n > weight && l.Kind != domain.Suffix && l.Kind != domain.Combined {
				best, weight = l, n
			}
		}
	}
	if len(w.cache) < maxPairs {
		w.cache[host] = near{best, weight}
	}
	return best, weight
}

// since is when the sender's domain wrote first.
func (k *kept) since() record.Time {
	if k.domain.n > 0 {
		return k.domain.first
	}
	return k.m.TS
}

func (w *world) resembles(k *kept, add func(claim)) {
	m := k.m
	host := domain.Of(sender(m))
	reg := domain.Registrable(host)
	if slices.Contains(w.own, reg) || slices.Contains(freeMail, reg) {
		return
	}
	shown := domain.Unicode(host)
	ask := finding.Because("Ask the receiver: did you take %q for an address that you know, and did you write or send anything there since?", sender(m))
	if l, n := w.closest(host, k.since()); n > 0 && !w.established(k) {
		add(claim{who, n, "Sender whose domain looks like a known one", finding.Because("its domain %q resembles %q: %s", shown, l.Other, l.Why), ask, "T1583.001"})
	} else if label := domain.Mixed(host); label != "" {
		add(claim{who, 45, "Sender whose domain mixes scripts", finding.Because("its domain %q (%q) mixes the letters of %s", shown, host, strings.Join(domain.Scripts(label), " and ")), ask, "T1583.001"})
	} else if label := domain.WholeScript(host); label != "" {
		add(claim{who, 25, "Sender whose domain looks Latin and is not", finding.Because("its domain %q (%q) is written in %s letters that look like Latin ones", shown, host, strings.Join(domain.Scripts(label), ", ")), ask, "T1583.001"})
	}
	if m.Event != "" {
		return
	}
	links := 0
	for _, d := range m.LinkDomains {
		if r := domain.Registrable(d); r == reg || slices.Contains(w.own, r) || w.regular.since[r] != 0 && w.regular.since[r] < m.TS || links > 0 {
			continue
		}
		l, n := w.closest(d, m.TS)
		if l.Kind == domain.Homoglyph || l.Kind == domain.Typo || l.Kind == domain.Embedded {
			links++
			add(claim{what, n * 2 / 3, "Link to a domain that looks like a known one", finding.Because("it leads to %q, which resembles %q: %s", domain.Unicode(d), l.Other, l.Why),
				finding.Because("Ask the receiver: did you follow the link to %q, and did you type anything there?", d), "T1566.002"})
		}
	}
}

// newcomer judges what the past says of the sender.
func (w *world) newcomer(k *kept, add func(claim)) {
	m := k.m
	if w.isOwn(sender(m)) {
		return
	}
	if k.stranger && !w.established(k) {
		add(claim{who, 20, "Answer of somebody who had no part", finding.Because("it answers a thread in which nobody of %q had a part", domain.Of(sender(m))),
			finding.Because("Ask the others of the thread %q: do you know %q, and did you bring them in?", m.Subject, sender(m)), "T1656"})
	} else if has(m, "reply-without-thread") && k.sender.n == 0 && m.List == "" {
		add(claim{who, 8, "Answer to nothing", finding.Because("the subject %q says that it is an answer, no header says to what, and %q never wrote before", m.Subject, sender(m)),
			finding.Because("Ask the receiver: did you write to %q before about %q?", sender(m), m.Subject), "T1656"})
	}
	if k.here.n == 0 && k.known() {
		add(claim{who, 10, "Sender seen for the first time", finding.Because("nobody of %q wrote to %q before, in the %d messages since %s that the evidence has", domain.Of(sender(m)), k.org, k.before.n, day(k.before.first)),
			finding.Because("Ask the receiver: do you know %q, and did you expect a mail from there?", sender(m)), "T1566"})
	}
}

// known tells whether enough past is known that a new sender says something.
func (k *kept) known() bool {
	return k.before.n >= leastKnown && k.m.TS.Sub(k.before.first) >= leastPast
}

func day(t record.Time) string { return t.Std().UTC().Format("2006-01-02") }
