package deceptivemail

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

const (
	leastMails = 5                  // of a domain, to be a correspondent: a shorter acquaintance is soon made up
	leastPast  = 7 * 24 * time.Hour // and over how long
	leastKnown = 20                 // messages of any sender, before a new one says something
	maxRegular = 1 << 13            // correspondents whose names are minded
	maxSide    = 80                 // what one side of the balance can weigh: many small signs are no proof
	leastSum   = 20                 // below it nothing is said
	maxWhy     = 8
	maxAsk     = 4
	maxShown   = 20 // recipients named
)

// judge weighs all messages kept, and reports those that weigh enough; messages
// of one wave are one finding.
func (d *detector) judge(out detect.Reporter) {
	w := &world{own: d.owns(), people: d.people, pairs: d.pairs, steady: map[string]bool{}, cache: map[string]near{}}
	w.regular = d.correspondents(w.own)
	d.domains.All(func(r string, p *past) {
		w.steady[r] = p.n >= 2*leastMails && p.last.Sub(p.first) >= leastPast
	})
	waves := map[string]*wave{}
	var order []string
	for _, k := range slices.Concat(d.signed, d.firsts) {
		claims := w.weigh(k)
		slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.weight, a.weight) })
		sum := weights(claims)
		if sum.total < leastSum && !sum.first(claims) {
			continue
		}
		key := strings.Join([]string{claims[0].title, domain.Registrable(domain.Of(sender(k.m))), subject(k.m.Subject)}, "\x00")
		v := waves[key]
		if v == nil {
			v = &wave{claims: claims, sum: sum, first: k, start: k.m.TS, end: k.m.TS}
			waves[key] = v
			order = append(order, key)
		}
		v.add(k)
	}
	for _, key := range order {
		out.Report(waves[key].finding())
	}
	if d.lost > 0 {
		out.Report(finding.Finding{Title: "More mail than is judged", Severity: finding.Info, Confidence: 100, Why: []string{finding.Because("%d messages with signs of deceit were left out: hunt fewer at a time, with --since and --until", d.lost)}})
	}
}

// correspondents are domains that wrote often, or that the own people wrote to.
func (d *detector) correspondents(own []string) *neighbours {
	out := newNeighbours()
	take := func(r string, since record.Time) {
		if r != "" && out.since[r] == 0 && len(out.since) < maxRegular && !slices.Contains(own, r) && !slices.Contains(freeMail, r) {
			out.add(r, since)
		}
	}
	d.domains.All(func(r string, p *past) {
		if p.n >= leastMails {
			take(r, p.first)
		}
	})
	for _, p := range slices.SortedFunc(maps.Keys(d.pairs), func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }) {
		if slices.Contains(own, p[0]) {
			if v := d.votes[p[1]]; v != nil && v.addressed+v.delivered >= 2 {
				take(p[1], d.pairs[p])
			}
		}
	}
	return out
}

// sum is what the claims of a message weigh.
type sum struct{ who, what, total, most int }

func weights(claims []claim) sum {
	var s sum
	for _, c := range claims {
		s.most = max(s.most, c.weight)
		if c.side == who {
			s.who += c.weight
		} else {
			s.what += c.weight
		}
	}
	s.who, s.what = min(s.who, maxSide), min(s.what, maxSide)
	s.total = s.who + s.what
	return s
}

// first tells whether a new sender wants something to be opened: that is worth
// a line for information, even if it weighs little.
func (s sum) first(claims []claim) bool {
	return s.what >= 8 && slices.ContainsFunc(claims, func(c claim) bool { return c.title == "Sender seen for the first time" })
}

// grade turns weights into severity and confidence. One side alone is at most
// medium: who fails authentication may be badly set up, who sends a program may
// be a colleague of the maker.
func (s sum) grade() (finding.Severity, uint8) {
	confidence := uint8(min(95, 25+s.total/2))
	switch {
	case s.total < leastSum:
		return finding.Info, confidence
	case s.who >= 20 && s.what >= 20 && s.total >= 70:
		return finding.High, confidence
	case s.total >= 45 && s.most >= 20:
		return finding.Medium, confidence
	}
	return finding.Low, confidence
}

// wave is messages of one sender with one subject and one leading sign.
type wave struct {
	claims     []claim
	sum        sum
	first      *kept
	n          int
	start, end record.Time
	recipients []string
	refs       []record.Ref
}

func (v *wave) add(k *kept) {
	v.n++
	v.start, v.end = min(v.start, k.m.TS), max(v.end, k.m.TS)
	for _, to := range k.recipients {
		if !slices.Contains(v.recipients, to) && len(v.recipients) < 1024 {
			v.recipients = append(v.recipients, to)
		}
	}
	for _, r := range k.refs {
		if !slices.Contains(v.refs, r) && len(v.refs) < 64 {
			v.refs = append(v.refs, r)
		}
	}
}

func (v *wave) finding() finding.Finding {
	m := v.first.m
	f := finding.Finding{Title: v.claims[0].title, Start: v.start, End: v.end, Refs: v.refs}
	f.Severity, f.Confidence = v.sum.grade()
	name := finding.Because("%q", sender(m))
	if m.FromName != "" {
		name = finding.Because("%q <%s>", m.FromName, plain(sender(m)))
	}
	f.Why = append(f.Why, finding.Because("mail from %s with the subject %q to %s", name, m.Subject, crowd(v.recipients)))
	if v.n > 1 {
		f.Why[0] += finding.Because(", %d messages", v.n)
	}
	for _, c := range v.claims {
		if len(f.Why) < maxWhy {
			f.Why = append(f.Why, c.why)
		}
		if c.ask != "" && len(f.Ask) < maxAsk && !slices.Contains(f.Ask, c.ask) {
			f.Ask = append(f.Ask, c.ask)
		}
		if attack.Name(c.technique) != "" {
			f.Techniques = append(f.Techniques, c.technique)
		}
	}
	f.Entities = []record.Entity{{Kind: "email", Value: sender(m), Role: "sender"}}
	if d := domain.Of(sender(m)); d != "" && v.sum.who >= 40 {
		f.Entities = append(f.Entities, record.Entity{Kind: "domain", Value: d})
	}
	if m.Origin.IsValid() {
		f.Entities = append(f.Entities, record.Entity{Kind: "address", Value: m.Origin.String(), Role: "originator"})
	}
	for _, to := range v.recipients[:min(len(v.recipients), maxShown)] {
		f.Entities = append(f.Entities, record.Entity{Kind: "email", Value: to, Role: "recipient"})
	}
	if v.sum.what >= 20 {
		for _, x := range m.Deceptions {
			_, to, _ := strings.Cut(x, " -> ")
			f.Entities = append(f.Entities, record.Entity{Kind: "domain", Value: to})
		}
		for _, a := range m.Attachments[:min(len(m.Attachments), 4)] {
			f.Entities = append(f.Entities, record.Entity{Kind: "file", Value: a})
		}
	}
	return f
}

// plain is an address without what could end its brackets.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, s)
}

func crowd(list []string) string {
	switch len(list) {
	case 0:
		return "nobody named"
	case 1, 2, 3:
		return finding.Because("%q", strings.Join(list, ", "))
	}
	return finding.Because("%q and %d more", strings.Join(list[:2], ", "), len(list)-2)
}

// subject is one without the marks of answers, case and numbers, which waves
// change from message to message.
func subject(s string) string {
	s = strings.ToLower(s)
	for {
		head, rest, ok := strings.Cut(s, ":")
		if !ok || len(head) > 4 {
			break
		}
		s = rest
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < 'a' }), " ")
}
