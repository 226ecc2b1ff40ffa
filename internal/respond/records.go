package respond

import (
	"cmp"
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
type Look struct {
	controllers map[string]bool
	talks       map[Conversation]int64 // without count
	full        bool
}

// NewLook has seen nothing yet.
func NewLook() *Look { return &Look{controllers: map[string]bool{}, talks: map[Conversation]int64{}} }

// Take is a store.Taker.
func (l *Look) Take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	switch t {
	case network.ConnType:
		return l.conn, store.Fields("id.orig_h", "id.resp_h", "service")
	case kerberos.Type:
		return l.exchange, store.Fields("id.resp_h", "request_type", "success")
	case host.TicketType:
		return l.ticket, store.Fields("host")
	}
	return nil, nil
}

// Seen is what was seen in so many files of the case; damaged are those that
// could not be read whole.
func (l *Look) Seen(files int, damaged []string) Seen {
	s := l.seen()
	switch {
	case files == 0:
		s.Without = NoRecords
	case len(damaged) > 0:
		s.Without = fmt.Sprintf("records: %s could not be read whole, so addresses, roles of machines and industrial conversations may be missing", strings.Join(damaged, ", "))
	case l.full:
		s.Without = "records: more pairs of machines speak industrial protocols than are kept; some conversations are not listed"
	}
	return s
}

// exchange: who answers requests for tickets is a domain controller.
func (l *Look) exchange(r record.Record) {
	if x, ok := r.(*kerberos.Exchange); ok && (x.RequestType == "AS" || x.RequestType == "TGS") && x.Success.Set {
		l.controller(x.RespH)
	}
}

func (l *Look) controller(a netip.Addr) {
	if len(l.controllers) < maxControllers && a.IsValid() {
		l.controllers[a.String()] = true
	}
}

// ticket: domain controllers log the tickets that they give out.
func (l *Look) ticket(r record.Record) {
	if t, ok := r.(*host.Ticket); ok && t.Host != "" && len(l.controllers) < maxControllers {
		l.controllers[t.Host] = true
	}
}

func (l *Look) conn(r record.Record) {
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

func (l *Look) seen() Seen {
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
