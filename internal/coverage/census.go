package coverage

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"longwatch/internal/proto/smb"
	"longwatch/internal/proto/ssl"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Bounds of a lane and of a census; what is beyond them is counted, not lost
// silently.
const (
	maxRows    = 1 << 15 // hosts times logs
	maxDays    = 1 << 12 // of one row: eleven years
	maxEvents  = 1 << 10 // event numbers of one row
	maxTamper  = 1 << 12 // clears, gaps and files of logs
	leastOdds  = 10      // of a hole, for it to be a limit; a finding needs more
	shareFloor = 0.0005  // of bytes or messages, below which nothing is said
)

// key names a row.
type key struct {
	host, name string
	log        bool
}

// tally is one row as it grows.
type tally struct {
	records int64
	span    record.Span
	day     int32 // of the last record
	days    map[int32]struct{}
	events  map[uint32]int64
}

// Census counts what goes by. Lanes are for one goroutine each; Report may be
// called when they rest.
type Census struct {
	mu    sync.Mutex
	lanes []*Lane
	notes []Limit
}

// NewCensus returns an empty census.
func NewCensus() *Census { return &Census{} }

// Note adds a limit that somebody else knows of.
func (c *Census) Note(l Limit) {
	c.mu.Lock()
	c.notes = append(c.notes, l)
	c.mu.Unlock()
}

// Lane returns a counter for one goroutine.
func (c *Census) Lane() *Lane {
	l := &Lane{rows: map[key]*tally{}, commands: map[string]*[2]int64{}, named: map[string]struct{}{}}
	c.mu.Lock()
	c.lanes = append(c.lanes, l)
	c.mu.Unlock()
	return l
}

// Lane counts records of one goroutine.
type Lane struct {
	rows    map[key]*tally
	last    key
	lastRow *tally
	beyond  int64 // records whose row did not fit

	clears []*host.LogClear
	gaps   []*host.LogGap
	files  []*host.LogFile
	more   int64               // of these, not kept
	named  map[string]struct{} // own hosts that somebody spoke to or of, at most maxRows

	payload, missed uint64               // bytes of connections; in gaps
	gappy           int64                // connections with a gap
	smb, smbHidden  uint64               // messages read; encrypted
	sealed          int64                // connections with an encrypted message
	tls, tlsHidden  int64                // connections set up; whose certificate TLS 1.3 hides
	commands        map[string]*[2]int64 // program starts by host: all, without command line
}

// located are host records, which know their host.
type located interface{ OfHost() string }

// Put counts one record.
func (l *Lane) Put(r record.Record) {
	t := r.RecordType()
	ts := r.Base().TS
	if AtRest(t) {
		ts = 0
	}
	switch x := r.(type) {
	case *host.Event:
		row := l.row(key{x.Host, x.Channel, true})
		if row == nil {
			l.beyond++
			return
		}
		row.add(ts)
		if _, ok := row.events[x.EventID]; ok || len(row.events) < maxEvents {
			row.events[x.EventID]++
		}
		return
	case *host.LogGap:
		l.gaps = keep(l, l.gaps, x)
		l.count(key{host: x.Host, name: t.Name}, ts)
		return
	case *host.LogFile:
		l.files = keep(l, l.files, x)
		l.count(key{host: x.Host, name: t.Name}, ts)
		return
	case *host.RecoveredEvent:
		return
	case *host.LogClear:
		l.clears = keep(l, l.clears, x)
	case *network.Conn:
		l.conn(x)
	case *smb.Session:
		l.smb += x.Plain
		l.smbHidden += x.Encrypted
		if x.Encrypted > 0 {
			l.sealed++
		}
	case *ssl.Record:
		if x.Established {
			l.tls++
			if x.Version == "TLSv13" && len(x.CertChain) == 0 {
				l.tlsHidden++
			}
		}
	case *host.Process:
		l.command(x)
	default:
		l.names(r)
	}
	k := key{name: t.Name}
	switch x := r.(type) {
	case located:
		k.host = x.OfHost()
	case *web.Access:
		k.host = x.Server
	}
	l.count(k, ts)
}

// count adds a record to its row.
func (l *Lane) count(k key, ts record.Time) {
	if row := l.row(k); row != nil {
		row.add(ts)
		return
	}
	l.beyond++
}

func keep[T any](l *Lane, list []T, x T) []T {
	if len(list) == maxTamper {
		l.more++
		return list
	}
	return append(list, x)
}

func (l *Lane) conn(x *network.Conn) {
	l.payload += x.OrigBytes.V + x.RespBytes.V
	if x.MissedBytes > 0 {
		l.missed += x.MissedBytes
		l.gappy++
	}
}

func (l *Lane) command(x *host.Process) {
	c := l.commands[x.Host]
	if c == nil {
		if len(l.commands) >= maxRows {
			return
		}
		c = &[2]int64{}
		l.commands[x.Host] = c
	}
	c[0]++
	if x.CommandLine == "" {
		c[1]++
	}
}

// row finds or makes a row, nil when there are too many.
func (l *Lane) row(k key) *tally {
	if l.lastRow != nil && k == l.last {
		return l.lastRow
	}
	row := l.rows[k]
	if row == nil {
		if len(l.rows) >= maxRows {
			return nil
		}
		row = &tally{day: -1, days: map[int32]struct{}{}}
		if k.log {
			row.events = map[uint32]int64{}
		}
		l.rows[k] = row
	}
	l.last, l.lastRow = k, row
	return row
}

func (t *tally) add(ts record.Time) {
	t.records++
	if ts == 0 {
		return
	}
	t.span.Grow(ts)
	if d := int32(int64(ts) / int64(24*time.Hour)); d != t.day {
		t.day = d
		if len(t.days) < maxDays {
			t.days[d] = struct{}{}
		}
	}
}

// into adds t to o.
func (t *tally) into(o *tally) {
	o.records += t.records
	o.span.Grow(t.span.Start)
	o.span.Grow(t.span.End)
	for d := range t.days {
		o.days[d] = struct{}{}
	}
	for id, n := range t.events {
		o.events[id] += n
	}
}

// Days are the days (UTC, from 1970-01-01) with a record of any kind.
func (c *Census) Days() map[int32]struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[int32]struct{}{}
	for _, l := range c.lanes {
		for _, t := range l.rows {
			for d := range t.days {
				out[d] = struct{}{}
			}
		}
	}
	return out
}

// Report joins the lanes. What it says does not depend on how records were
// spread over them.
func (c *Census) Report(w Window) *Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := &Lane{rows: map[key]*tally{}, commands: map[string]*[2]int64{}, named: map[string]struct{}{}}
	for _, l := range c.lanes {
		all.join(l)
	}
	r := &Report{Since: When(w.Since), Until: When(w.Until), Sources: []Source{}, Limits: []Limit{}}
	for k, t := range all.rows {
		s := Source{Host: k.host, Name: k.name, Log: k.log, Records: t.records, Start: When(t.span.Start), End: When(t.span.End), Days: len(t.days), Events: t.events}
		if len(t.days) > 0 {
			first := int64(t.span.Start) / int64(24*time.Hour)
			last := int64(t.span.End) / int64(24*time.Hour)
			s.Silent = max(0, int(last-first)+1-len(t.days))
		}
		r.Sources = append(r.Sources, s)
	}
	slices.SortFunc(r.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Name, b.Name), -cmp.Compare(b2i(a.Log), b2i(b.Log)))
	})
	r.packets(w.Wire)
	r.Limits = append(slices.Clone(c.notes), all.limits(r)...)
	r.unlogged(all.named)
	r.sort()
	return r
}

// sort orders the limits and drops those that are there twice.
func (r *Report) sort() {
	slices.SortStableFunc(r.Limits, func(a, b Limit) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Why, b.Why))
	})
	r.Limits = slices.CompactFunc(r.Limits, func(a, b Limit) bool {
		return a.Kind == b.Kind && a.Host == b.Host && a.Name == b.Name && a.Why == b.Why
	})
}

// packets keeps which types of record packets would have given, when there were
// any: connections, and content of some that a flow log does not have.
func (r *Report) packets(wire []string) {
	content := func(s Source) bool { return !s.Log && s.Name != "conn" && slices.Contains(wire, s.Name) }
	if r.Has("conn") && slices.ContainsFunc(r.Sources, content) {
		r.OnWire = slices.Sorted(slices.Values(wire))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// join adds what o counted.
func (l *Lane) join(o *Lane) {
	for k, t := range o.rows {
		k.host = strings.ToLower(k.host)
		row := l.rows[k]
		if row == nil {
			row = &tally{days: map[int32]struct{}{}}
			if k.log {
				row.events = map[uint32]int64{}
			}
			l.rows[k] = row
		}
		t.into(row)
	}
	for h, n := range o.commands {
		c := l.commands[strings.ToLower(h)]
		if c == nil {
			c = &[2]int64{}
			l.commands[strings.ToLower(h)] = c
		}
		c[0] += n[0]
		c[1] += n[1]
	}
	l.clears, l.gaps, l.files = append(l.clears, o.clears...), append(l.gaps, o.gaps...), append(l.files, o.files...)
	for n := range o.named {
		l.named[n] = struct{}{}
	}
	l.more += o.more
	l.beyond += o.beyond
	l.payload += o.payload
	l.missed += o.missed
	l.gappy += o.gappy
	l.smb += o.smb
	l.smbHidden += o.smbHidden
	l.sealed += o.sealed
	l.tls += o.tls
	l.tlsHidden += o.tlsHidden
}
