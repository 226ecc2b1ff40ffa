package respond

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/proto/kerberos"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
	"longwatch/internal/store"
)

// NoRecords says what a plan cannot know of a case without records.
const NoRecords = "records: the case has none, so addresses and roles of machines and industrial conversations are not known"

// Bounds of what is kept of records: a site has fewer of both.
const (
	maxControllers = 1 << 12
	maxTalks       = 1 << 14
)

// plantServices are industrial protocols as the service of a connection begins.
var plantServices = []string{
	"modbus", "dnp3", "s7comm", "enip", "cip", "bacnet", "opcua", "iec104", "mms", "ads", "fox", "hart", "fins", "profinet", "genisys", "roc_plus", "synchrophasor", "tristation",
}

// Look asks the records of a case which machines give out tickets and who speaks
// industrial protocols with whom. It holds counts of machines and pairs, never
// records.
func Look(ctx context.Context, files []store.File) (Seen, error) {
	l := &looker{controllers: map[string]bool{}, talks: map[Conversation]int64{}}
	for i := range files {
		if err := l.read(ctx, &files[i]); err != nil {
			return Seen{}, err
		}
	}
	s := l.seen()
	switch {
	case len(files) == 0:
		s.Without = NoRecords
	case len(l.bad) > 0:
		s.Without = fmt.Sprintf("records: %s could not be read whole, so addresses, roles of machines and industrial conversations may be missing", strings.Join(l.bad, ", "))
	case l.full:
		s.Without = "records: more pairs of machines speak industrial protocols than are kept; some conversations are not listed"
	}
	return s, nil
}

// read takes what is wanted out of one file. Only an end of the work is an error.
func (l *looker) read(ctx context.Context, f *store.File) error {
	var typ *record.Type
	var put func(record.Record)
	var fields []string
	switch f.Type {
	case network.ConnType.Name:
		typ, put, fields = network.ConnType, l.conn, []string{"id.orig_h", "id.resp_h", "service"}
	case kerberos.Type.Name:
		typ, put, fields = kerberos.Type, l.exchange, []string{"id.resp_h", "request_type", "success"}
	case host.TicketType.Name:
		typ, put, fields = host.TicketType, l.ticket, []string{"host"}
	default:
		return nil
	}
	want := func(f *record.Field) bool { return slices.Contains(fields, f.Name) }
	if stats, err := f.Read(ctx, typ, store.Options{Want: want}, put); err != nil || stats.Damaged > 0 {
		l.bad = append(l.bad, f.Name)
	}
	return ctx.Err()
}

type looker struct {
	controllers map[string]bool
	talks       map[Conversation]int64 // without count
	bad         []string
	full        bool
}

// exchange: who answers requests for tickets is a domain controller.
func (l *looker) exchange(r record.Record) {
	if x, ok := r.(*kerberos.Exchange); ok && (x.RequestType == "AS" || x.RequestType == "TGS") && x.Success.Set {
		l.controller(x.RespH)
	}
}

func (l *looker) controller(a netip.Addr) {
	if len(l.controllers) < maxControllers && a.IsValid() {
		l.controllers[a.String()] = true
	}
}

// ticket: domain controllers log the tickets that they give out.
func (l *looker) ticket(r record.Record) {
	if t, ok := r.(*host.Ticket); ok && t.Host != "" && len(l.controllers) < maxControllers {
		l.controllers[t.Host] = true
	}
}

func (l *looker) conn(r record.Record) {
	c, ok := r.(*network.Conn)
	if !ok || c.Service == "" {
		return
	}
	for s := range strings.SplitSeq(c.Service, ",") {
		if !slices.ContainsFunc(plantServices, func(p string) bool { return strings.HasPrefix(s, p) }) {
			continue
		}
		t := Conversation{From: c.OrigH.String(), To: c.RespH.String(), Service: s}
		if _, known := l.talks[t]; !known && len(l.talks) == maxTalks {
			l.full = true
			return
		}
		l.talks[t]++
		return
	}
}

func (l *looker) seen() Seen {
	var s Seen
	for c := range l.controllers {
		s.Controllers = append(s.Controllers, c)
	}
	slices.Sort(s.Controllers)
	for t, n := range l.talks {
		t.Count = n
		s.Talks = append(s.Talks, t)
	}
	slices.SortFunc(s.Talks, func(a, b Conversation) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Service, b.Service))
	})
	return s
}
