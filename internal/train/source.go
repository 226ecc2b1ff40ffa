package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/store"
)

// Source is where a drill comes from: an incident, or a profile alone.
type Source struct {
	Campaign string // profile whose folder comes first; empty: none
	Title    string // of the incident, fit for all; empty for a profile
	Known    facts  // what replaces the facts of every item

	told  []told // of an incident
	quiet *quiet
	mails map[record.Ref]*mail.Message // that findings cite
	from  string                       // what the drill's number is made from
}

// told is one finding with the facts that it gives, once they were asked for.
type told struct {
	*finding.Finding
	facts facts
}

// facts are those of the nth finding told.
func (s *Source) facts(n int) facts {
	t := &s.told[n]
	if t.facts == nil {
		t.facts = s.quiet.facts(t.Finding, s.mails)
	}
	return t.facts
}

// match is the first finding that f speaks of, in the order of time. A weak
// claim stands back, since it may be ordinary work that only looks alike, and so
// does one without a time.
func (s *Source) match(f *From) *told {
	best := -1
	for n := range s.told {
		t := &s.told[n]
		if !f.matches(t.Finding) {
			continue
		}
		strong := t.Severity >= finding.Medium && t.Start != 0
		if strong || best < 0 {
			best = n
		}
		if strong {
			break
		}
	}
	if best < 0 {
		return nil
	}
	s.facts(best)
	return &s.told[best]
}

// Options say how a source is made.
type Options struct {
	Incident string   // number from 1, or id; empty: the first, which is the worst
	Names    Names    // what becomes of names
	Redact   []string // words that are blacked out
	Org      string   // name of the organisation; empty: none is named
	Own      string   // its domain; empty: learnt from the recipients of the mails
	Tell     string   // whom staff tell
}

func (o *Options) known() facts {
	f, q := facts{}, newQuiet(Keep, o.Own, nil)
	if o.Org != "" {
		f["org"] = q.text(o.Org)
	}
	if o.Own != "" {
		f["own"] = q.domain(o.Own)
	}
	if o.Tell != "" {
		f["tell"] = q.text(o.Tell)
	}
	return f
}

// FromProfile is a source without an incident.
func FromProfile(campaign string, opt Options) *Source {
	return &Source{Campaign: campaign, Known: opt.known(), from: campaign}
}

// ErrNoIncident is wrapped when a case lacks the incident that is asked for.
var ErrNoIncident = errors.New("no such incident")

// FromCase is the source of one incident of a case. mails are messages of the
// case's records that the incident's findings cite: see Mails.
func FromCase(c *casefolder.Case, mails []*mail.Message, opt Options) (*Source, error) {
	i, err := Incident(c, opt.Incident)
	if err != nil {
		return nil, err
	}
	own := opt.Own
	if own == "" {
		own = ownDomain(i)
	}
	q := newQuiet(opt.Names, own, opt.Redact)
	q.learn(c.Hosts, i)
	s := &Source{Title: q.text(i.Title), Known: opt.known(), from: i.ID}
	if own != "" {
		s.Known["own"] = q.domain(own)
	}
	if len(i.Attribution) > 0 {
		s.Campaign = i.Attribution[0].Profile
	}
	s.quiet, s.mails = q, map[record.Ref]*mail.Message{}
	for _, m := range mails {
		s.mails[m.Ref] = m
	}
	if out := lookalike(i, q); out != "" {
		s.Known["outside"] = out
	}
	for _, f := range i.Findings {
		s.told = append(s.told, told{Finding: f})
	}
	slices.SortStableFunc(s.told, func(a, b told) int { return finding.Compare(a.Finding, b.Finding) })
	s.worst()
	return s, nil
}

// worst makes host and account of the worst finding that has them those of
// whatever speaks of the incident without retelling a finding.
func (s *Source) worst() {
	order := make([]int, len(s.told))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.told[b].Severity, s.told[a].Severity) })
	for _, key := range []string{"host", "account"} {
		for _, n := range order[:min(len(order), maxWorst)] {
			if v := s.facts(n)[key]; v != "" {
				s.Known[key] = v
				break
			}
		}
	}
}

// maxWorst is how many findings are asked for a host and an account.
const maxWorst = 256

// Incident is the one that is asked for by number or id.
func Incident(c *casefolder.Case, which string) (*finding.Incident, error) {
	for n, i := range c.Incidents {
		if which == i.ID || which == fmt.Sprint(n+1) || which == "" {
			return i, nil
		}
	}
	if len(c.Incidents) == 0 {
		return nil, fmt.Errorf("train: %w: the case holds none; --profile makes a drill without one", ErrNoIncident)
	}
	return nil, fmt.Errorf("train: %w: %q; the case has 1 to %d", ErrNoIncident, which, len(c.Incidents))
}

// ownDomain is that of most recipients of the mails that an incident speaks of.
func ownDomain(i *finding.Incident) string {
	count := map[string]int{}
	for _, f := range i.Findings {
		for _, e := range f.Entities {
			if d := domain.Of(e.Value); e.Kind == "email" && e.Role == "recipient" && d != "" {
				count[d]++
			}
		}
	}
	best := ""
	for d, n := range count {
		if best == "" || n > count[best] || n == count[best] && d < best {
			best = d
		}
	}
	return best
}

// lookalike is the domain of a sender of the incident, if it looks like the own one.
func lookalike(i *finding.Incident, q *quiet) string {
	for _, f := range i.Findings {
		for _, e := range f.Entities {
			if e.Kind == "email" && e.Role == "sender" && domain.Compare(domain.Of(e.Value), q.own).Kind != domain.None {
				return q.domain(domain.Of(e.Value))
			}
		}
	}
	return ""
}

// maxMails is how many mails of an incident are looked up.
const maxMails = 64

// Mails reads the messages that an incident's findings cite from the records of
// a case. A case without records has none.
func Mails(ctx context.Context, dir string, i *finding.Incident) ([]*mail.Message, error) {
	want := map[record.Ref]bool{}
	for _, f := range i.Findings {
		for _, r := range f.Refs {
			if len(want) < maxMails && slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "email" }) {
				want[r] = true
			}
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	files, _, err := store.Find(filepath.Join(dir, "records"))
	if err != nil {
		return nil, nil //nolint:nilerr // a case need not have records: then the lure has the profile's words
	}
	var out []*mail.Message
	for _, f := range files {
		if f.Type != mail.Type.Name {
			continue
		}
		_, err := f.Read(ctx, mail.Type, store.Options{}, func(r record.Record) {
			m, ok := r.(*mail.Message)
			if ok && want[m.Ref] && len(out) < maxMails {
				out = append(out, m)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b *mail.Message) int { return cmp.Compare(a.TS, b.TS) })
	return out, nil
}

var archives = []string{".zip", ".rar", ".7z", ".iso", ".img", ".cab", ".tar", ".gz", ".tgz"}

// facts are what a finding gives to an item, made quiet.
func (q *quiet) facts(f *finding.Finding, mails map[record.Ref]*mail.Message) facts {
	out := facts{}
	from, to := "", ""
	set := func(key, value string) {
		if _, there := out[key]; !there && value != "" && value != "." {
			out[key] = value
		}
	}
	if f.Start != 0 {
		t := f.Start.Std().UTC()
		set("time", t.Format("15:04"))
		set("date", t.Format("Monday 2 January"))
	}
	for _, e := range f.Entities {
		switch {
		case e.Kind == "host" || e.Kind == "device":
			set("host", q.host(e.Value))
		case e.Kind == "user":
			set("account", q.account(e.Value))
		case e.Kind == "address" && e.Role == "originator":
			from = cmp.Or(from, q.address(e.Value))
		case e.Kind == "address" && e.Role == "responder":
			to = cmp.Or(to, q.address(e.Value))
		case e.Kind == "email" && e.Role == "sender":
			set("sender", q.mailbox(e.Value))
		case e.Kind == "process":
			set("program", q.file(e.Value))
		case e.Kind == "url":
			set("linkhost", q.domain(hostOf(e.Value)))
		}
		if e.Kind == "file" || e.Kind == "process" {
			if archive := archiveOf(e.Value); archive != "" {
				set("archive", q.file(archive))
				set("inside", q.file(strings.TrimSuffix(archive, filepath.Ext(archive))))
			}
		}
	}
	// Who of two hosts did something to the other; alone, a host is both.
	set("peer", from)
	set("target", to)
	set("target", out["host"])
	set("host", from)
	for _, r := range f.Refs {
		m := mails[r]
		if m == nil {
			continue
		}
		set("subject", q.text(m.Subject))
		set("sender", q.mailbox(m.From))
		set("sender_name", q.person(m.FromName))
		for _, a := range m.Attachments {
			set("attachment", q.file(a))
		}
	}
	return out
}

// archiveOf is the archive that a path is, or a program's folder of the same
// name came out of.
func archiveOf(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	lower := strings.ToLower(path)
	for _, ext := range archives {
		if strings.HasSuffix(lower, ext) {
			return path[strings.LastIndexByte(path, '/')+1:]
		}
	}
	return ""
}

// day and clock are how a script tells time: the incident's own, in UTC.
func day(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.Std().UTC().Format("Mon 2 Jan 2006, 15:04 UTC")
}

// since is how long after the first trace something came.
func since(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "at the start"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes in", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours in", int(d.Hours()))
	}
	return fmt.Sprintf("%d days in", int(d.Hours()/24))
}
