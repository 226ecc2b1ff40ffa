package respond

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/incident"
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

// Look asks the records below dir, as store.Find lists them, which machine has
// which address, which machines give out tickets and who speaks industrial
// protocols with whom. types are all types of records by name. It holds counts
// of machines and pairs, never records.
func Look(ctx context.Context, dir string, home []netip.Prefix, types map[string]*record.Type) (Seen, error) {
	files, _, err := store.Find(dir)
	if err != nil {
		return Seen{}, err
	}
	l := &looker{controllers: map[string]bool{}, talks: map[Conversation]int64{}, aliases: incident.NewAliases(home)}
	for i := range files {
		if err := l.read(ctx, &files[i], types[files[i].Type]); err != nil {
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
func (l *looker) read(ctx context.Context, f *store.File, t *record.Type) error {
	put, opt := l.aliases.Learn, store.Options{}
	switch {
	case t == nil:
		return nil
	case t == network.ConnType: // connections name nobody
		put = l.conn
		opt.Want = func(f *record.Field) bool {
			return slices.Contains([]string{"id.orig_h", "id.resp_h", "service"}, f.Name)
		}
	case t == kerberos.Type:
		put = func(r record.Record) { l.exchange(r); l.aliases.Learn(r) }
	case t == host.TicketType:
		put = func(r record.Record) { l.ticket(r); l.aliases.Learn(r) }
	case t == host.ProcessType || !incident.Wants(t): // processes say who works where, not what a machine is called
		return nil
	}
	if stats, err := f.Read(ctx, t, opt, put); err != nil || stats.Damaged > 0 {
		l.bad = append(l.bad, f.Name)
	}
	return ctx.Err()
}

type looker struct {
	aliases     *incident.Aliases
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
	s := Seen{Name: func(a netip.Addr, at record.Time) string { return l.aliases.Host(a, at) }}
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
