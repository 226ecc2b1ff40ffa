package intel

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Matcher compares records with a Set. It has no state of its own and may be
// used by many goroutines at once.
type Matcher struct {
	set *Set
	// AsOf, when set, is the time of judgement: an indicator that expired
	// before it counts half, even for events inside its window. Zero judges
	// by the time of the event alone.
	AsOf record.Time
}

// Matcher returns a matcher for s.
func (s *Set) Matcher() Matcher { return Matcher{set: s} }

// Match compares every entity of r with the set and emits a finding, sealed,
// for each source that lists one of them.
func (m *Matcher) Match(r record.Record, emit func(finding.Finding)) {
	if m.set.has == ([kinds]int{}) {
		return
	}
	t := r.RecordType()
	for _, i := range t.Matched() {
		f := &t.Fields[i]
		for n := range f.Len(r) {
			if a, ok := f.AddrAt(r, n); ok {
				if m.strange(a) {
					m.address(a, func(e ref) { m.found(r, f, a.String(), e, emit) })
				}
				continue
			}
			if s, ok := f.StringAt(r, n); ok {
				m.value(f.Match, s, r.Base().TS, func(e ref) { m.found(r, f, s, e, emit) })
			}
		}
	}
	m.objects(r, t, emit)
	if m.set.has[URL] > 0 {
		m.request(r, t, emit)
	}
}

// strange tells whether a can be looked up at all.
func (m *Matcher) strange(a netip.Addr) bool { return a.IsValid() && !a.IsUnspecified() }

// requests are the fields of host, path and query in records of HTTP requests.
var requests = [...][3]string{{"host", "uri", ""}, {"cs_host", "cs_uri_stem", "cs_uri_query"}}

// asking are the columns of a type that say what was asked for: host and path,
// and the query where it is apart, else nil.
type asking struct{ host, stem, query *record.Field }

// askings are those of each type that was seen, *asking by *record.Type; nil of
// types that are no requests.
var askings sync.Map

func askingOf(t *record.Type) *asking {
	if known, ok := askings.Load(t); ok {
		return known.(*asking)
	}
	var out *asking
	for _, names := range requests {
		host, ok1 := t.Field(names[0])
		stem, ok2 := t.Field(names[1])
		if ok1 && ok2 {
			out = &asking{host: host, stem: stem}
			out.query, _ = t.Field(names[2])
			break
		}
	}
	askings.Store(t, out)
	return out
}

// request joins host and path of an HTTP request, whoever logged it, and looks
// the URL up.
func (m *Matcher) request(r record.Record, t *record.Type, emit func(finding.Finding)) {
	by := askingOf(t)
	if by == nil || by.host.Len(r) == 0 || by.stem.Len(r) == 0 {
		return
	}
	host, ok1 := by.host.StringAt(r, 0)
	path, ok2 := by.stem.StringAt(r, 0)
	if !ok1 || !ok2 {
		return
	}
	u := path
	if !strings.Contains(path, "://") { // a request to a proxy names the whole URL
		u = host + path
	}
	if by.query != nil && by.query.Len(r) > 0 {
		if s, ok := by.query.StringAt(r, 0); ok {
			u += "?" + s
		}
	}
	m.url(u, r.Base().TS, func(e ref) {
		if m.set.kind(e) == URL {
			m.found(r, by.stem, u, e, emit)
		}
	})
}

// found emits the findings for the rows that begin with first.
func (m *Matcher) found(r record.Record, f *record.Field, value string, first ref, emit func(finding.Finding)) {
	rows := m.set.rows(first)
	for len(rows) > 0 {
		name := rows[0].feed()
		same := rows[:0:0]
		var rest []Indicator
		for _, ind := range rows {
			switch {
			case ind.feed() != name:
				rest = append(rest, ind)
			case ind.applies(r, f):
				same = append(same, ind)
			}
		}
		if len(same) > 0 {
			emit(m.claim(r, f, value, same))
		}
		rows = rest
	}
}

// feed names what a finding is attributed to.
func (i *Indicator) feed() string {
	if i.Profile != "" {
		return i.Profile
	}
	if i.Source != "" {
		return i.Source
	}
	return listName(i.File)
}

// applies tells whether role, place and port of the indicator fit the record.
func (i *Indicator) applies(r record.Record, f *record.Field) bool {
	if i.In != "" && !seenAt(i.In, r.RecordType().Name, f.Name) {
		return false
	}
	if i.Role != "" && f.Role != "" && f.Role != i.Role {
		return false
	}
	if i.Port != 0 {
		if p, ok := r.RecordType().Field("id.resp_p"); ok {
			text := p.Text(r)
			return len(text) == 0 || text[0] == fmt.Sprint(i.Port)
		}
	}
	return true
}

var titles = [kinds]string{
	"", "Listed address", "Address in a listed network", "Listed domain", "Listed URL", "Listed software", "Listed e-mail address",
	"Listed account", "Listed file hash", "Listed file name", "Listed certificate", "Listed public key", "Listed JA3 fingerprint",
	"Listed JA4 fingerprint", "Listed user agent", "Listed HASSH fingerprint", "Listed certificate serial number", "Listed pipe", "Listed registry key", "Listed mutex",
	"Listed piece of a command line", "Listed vulnerability", "Listed program",
}

// maxRows is how many rows of one feed a finding quotes.
const maxRows = 4

// claim makes the finding for rows of one feed that list the same value.
func (m *Matcher) claim(r record.Record, f *record.Field, value string, rows []Indicator) finding.Finding {
	head := r.Base()
	best, grade := rows[0], m.grade(&rows[0], r)
	for _, ind := range rows[1:] {
		if g := m.grade(&ind, r); g.beats(grade) {
			best, grade = ind, g
		}
	}
	out := finding.Finding{
		Detector: "intel:" + best.feed(), Title: titles[best.Kind], Severity: grade.severity, Confidence: grade.confidence,
		Start: head.TS, End: head.TS, Dossier: slices.Clone(best.Dossier), Refs: []record.Ref{head.Ref},
		Entities: parties(r, f, value, best), Listed: finding.Listing{Kind: best.Kind.String(), Value: value, Indicator: best.Value},
	}
	if best.Title != "" {
		out.Title = best.Title
	}
	out.Why = append(out.Why, finding.Because("%s %q (%s of a %s record) %s the %s indicator %q", first(f.Match, best.Kind.String()), short(around(value, best)), f.Name, r.RecordType().Name, best.Kind.verb(), best.Kind, short(best.Value)))
	for i, ind := range rows {
		if i == maxRows {
			out.Why = append(out.Why, finding.Because("and %d more rows of the same feed", len(rows)-maxRows))
			break
		}
		out.Why = append(out.Why, ind.says())
	}
	if grade.because != "" {
		out.Why = append(out.Why, grade.because)
	}
	out.Seal()
	return out
}

// says is the sentence that cites one row.
func (i *Indicator) says() string {
	s := finding.Because("%s line %d: listed by %q", i.File, i.Line, short(i.Source))
	if i.Desc != "" {
		s += finding.Because(" as %q", short(i.Desc))
	}
	if w := timeRange(i.From, i.Until); w != "" {
		s += ", valid " + w
	}
	if i.Weight != Unrated {
		s += ", weight " + i.Weight.String()
	}
	if i.URL != "" {
		s += finding.Because(", see %q", short(i.URL))
	}
	return s
}

// grade is what a row is worth for one record.
type grade struct {
	severity   finding.Severity
	confidence uint8
	because    string
}

func (g grade) beats(o grade) bool {
	return g.severity > o.severity || g.severity == o.severity && g.confidence > o.confidence
}

// HighConfidence is from where a feed's own confidence makes a finding high.
const HighConfidence = 80

func (m *Matcher) grade(i *Indicator, r record.Record) grade {
	g := grade{severity: i.Severity, confidence: i.Confidence}
	at := r.Base().TS
	switch {
	case i.Reserved:
		if i.Kind == RegistryKey {
			return grade{finding.Info, 0, "many programs use this key, so the listing says nothing about this host"}
		}
		return grade{finding.Info, 0, "the address is in space that anybody may use, so the listing says nothing about this host"}
	case i.Weight == None:
		return grade{finding.Info, 0, "the indicator is context only: it has no weight"}
	case !i.Within(at):
		return grade{finding.Info, 0, finding.Because("the event (%v) is outside the indicator's window, so it has no weight", at)}
	case m.AsOf != 0 && i.Until != 0 && m.AsOf > i.Until:
		g.confidence /= 2
		g.because = "the indicator has expired since: it counts half"
		g.severity = min(g.severity, finding.Medium)
	case !i.Rated && i.Confidence >= HighConfidence:
		g.severity = finding.High
	}
	if left := i.aged(at); left < 1 {
		g.confidence = uint8(float64(g.confidence) * left)
		if left < 0.5 && g.severity > finding.Low {
			g.severity = finding.Low
			g.because = finding.Because("it was last seen on %s: one of its kind is worth %d %% of its confidence by then", max(i.Seen.End, i.Seen.Start).Std().UTC().Format("2006-01-02"), int(left*100))
		}
	}
	if i.Kind == Address || i.Kind == Subnet {
		if state := unanswered(r); state != "" && g.severity > finding.Low {
			g.severity = finding.Low
			g.because = finding.Because("nothing was exchanged (conn_state %s)", state)
		}
	}
	return g
}

// unanswered is the state of a connection that carried nothing, else "".
func unanswered(r record.Record) string {
	f, ok := r.RecordType().Field("conn_state")
	if !ok || f.Len(r) == 0 {
		return ""
	}
	switch s, _ := f.StringAt(r, 0); s {
	case "S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR":
		return s
	}
	return ""
}

// parties are the hosts of the record and the listed value: with the detector
// and the title they are what findings are merged by.
func parties(r record.Record, f *record.Field, value string, ind Indicator) []record.Entity {
	var out []record.Entity
	for _, e := range r.RecordType().Entities(r) {
		if e.Kind != "address" && e.Kind != "host" {
			continue
		}
		if e.Kind == f.Kind && e.Value == value && e.Role == f.Role {
			e.Role = "listed"
		}
		out = append(out, e)
	}
	if f.Kind != "address" && f.Kind != "host" {
		kind := f.Match
		switch ind.Kind {
		case URL:
			kind = "url"
		case Domain:
			kind = "domain"
		case Pipe, Mutex, RegistryKey:
			kind = ind.Kind.String()
		case CommandLine: // one claim for all command lines with that piece
			kind, value = ind.Kind.String(), ind.Value
		}
		out = append(out, record.Entity{Kind: kind, Value: short(value), Role: f.Role})
	}
	return out
}

// Key is equal for findings that are one claim: the same source, kind of
// indicator, value and hosts. Whoever merges them keeps the earliest first.
func Key(f *finding.Finding) string {
	var b strings.Builder
	b.WriteString(f.Detector + "\x00" + f.Title)
	for _, e := range f.Entities {
		b.WriteString("\x00" + e.Kind + "\x00" + e.Value + "\x00" + e.Role)
	}
	return b.String()
}
