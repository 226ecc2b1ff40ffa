package letter

import (
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"longwatch/internal/domain"
	"longwatch/internal/record"
)

// hop is one Received header (RFC 5321 section 4.4): who handed the message to
// whom. What the from clause says first is the client's own word; the name and
// the address in the comment are what the server saw.
type hop struct {
	at       int    // index of the header
	helo     string // what the client called itself
	rdns     string // its name by reverse look-up
	ip       netip.Addr
	by       string
	rcpt     string // for clause
	time     time.Time
	exchange bool // written by Exchange, which knows no reverse look-up
}

const maxHops = 64

var (
	byClause  = regexp.MustCompile(`(?i)(?:^|\s)by\s+([^\s;()]+)`)
	forClause = regexp.MustCompile(`(?i)\sfor\s+<?([^\s<>;()]+@[^\s<>;()]+)>?`)
	bracketed = regexp.MustCompile(`\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]`)
	inParens  = regexp.MustCompile(`\((?:IPv6:)?([0-9A-Fa-f:.]+)\)`)
	heloWord  = regexp.MustCompile(`(?i)\bhelo[= ]\[?([^\s\])]+)`)
)

// parseHop reads the value of a Received header. Servers agree on little but
// the order of its clauses.
func parseHop(at int, v string) hop {
	h := hop{at: at}
	v = strings.Join(strings.Fields(v[:min(len(v), 4<<10)]), " ")
	if front, date, ok := cutLast(v, ";"); ok {
		if t, err := mail.ParseDate(strings.TrimSpace(date)); err == nil {
			h.time = t
		}
		v = front
	}
	from, rest := "", v
	if m := fromClause.FindStringSubmatchIndex(v); m != nil {
		from, rest = v[m[2]:m[3]], v[m[3]:]
	}
	if m := byClause.FindStringSubmatch(rest); m != nil {
		h.by = domain.Clean(m[1])
	}
	if m := forClause.FindStringSubmatch(rest); m != nil {
		h.rcpt = strings.ToLower(m[1])
	}
	h.exchange = strings.Contains(rest, "Microsoft SMTP Server") || strings.Contains(rest, "HTTPS via Frontend Transport")
	h.client(from)
	return h
}

// client reads the from clause: `helo (rdns [ip])` of Postfix and Sendmail,
// `rdns ([ip] helo=helo)` of Exim, `helo (ip)` of Exchange, `unknown (HELO helo)
// (ip)` of qmail.
func (h *hop) client(from string) {
	if from == "" {
		return
	}
	first, comment, _ := strings.Cut(from, " ")
	first = strings.Trim(first, "[]")
	for _, re := range []*regexp.Regexp{bracketed, inParens} {
		if m := re.FindStringSubmatch(comment); m != nil && !h.ip.IsValid() {
			h.ip, _ = netip.ParseAddr(m[1])
		}
	}
	if !h.ip.IsValid() {
		h.ip, _ = netip.ParseAddr(first)
	}
	h.ip = h.ip.Unmap().WithZone("")
	inner := strings.TrimPrefix(comment, "(")
	switch m := heloWord.FindStringSubmatch(comment); {
	case m != nil: // Exim and qmail: the name in front is what the server found
		h.helo = domain.Clean(m[1])
		if _, err := netip.ParseAddr(first); err != nil && !strings.EqualFold(first, "unknown") {
			h.rdns = domain.Clean(first)
		}
	case strings.HasPrefix(inner, "["): // Exim when both names agree
		h.helo = domain.Clean(first)
		h.rdns = h.helo
	default:
		h.helo = domain.Clean(first)
		name, _, _ := strings.Cut(inner, " ")
		if name = domain.Clean(name); name != "unknown" && strings.Contains(name, ".") {
			if _, err := netip.ParseAddr(strings.Trim(name, "()[]")); err != nil {
				h.rdns = name
			}
		}
	}
}

// name is what the client is called, the server's word before its own.
func (h *hop) name() string {
	if h.rdns != "" {
		return h.rdns
	}
	return h.helo
}

// gateways are services that take mail for others and hand it on: what they say
// of a message is said for the receiver.
var gateways = []string{"pphosted.com", "mimecast.com", "messagelabs.com", "barracudanetworks.com", "iphmx.com", "trendmicro.eu", "trendmicro.com", "hornetsecurity.com", "antispamcloud.com", "fireeyecloud.com", "mailcontrol.com"}

// outside tells whether the client is none of own, which are registrable names.
func (h *hop) outside(own []string) bool {
	ours := func(name string) bool {
		r := domain.Registrable(name)
		return slices.Contains(own, r) || slices.Contains(gateways, r)
	}
	switch {
	case h.helo == "" && !h.ip.IsValid():
		return false // no from clause: it began here, or moved within one host
	case h.ip.IsValid() && (h.ip.IsPrivate() || h.ip.IsLoopback() || h.ip.IsLinkLocalUnicast()):
		return false
	case !h.ip.IsValid():
		return strings.Contains(h.helo, ".") && !ours(h.helo)
	case h.rdns != "":
		return !ours(h.rdns)
	}
	// Only the client's own word is there. Exchange hands on within itself
	// that way; its outer door is told by its name.
	return !h.exchange || !ours(h.helo) || strings.HasSuffix(h.by, "mail.protection.outlook.com") && h.ip.Is4()
}

// trace is the way a message took, newest hop first.
type trace struct {
	hops   []hop
	own    []string // registrable names of the receiving side
	border int      // index of the hop that took the message from outside; -1: none
}

// follow walks the hops from the mailbox outwards.
func follow(hops []hop, own []string) trace {
	t := trace{hops: hops, own: own, border: -1}
	for i := range hops {
		if r := domain.Registrable(hops[i].by); strings.Contains(r, ".") && !slices.Contains(t.own, r) {
			t.own = append(t.own, r)
		}
		if hops[i].outside(t.own) {
			t.border = i
			return t
		}
	}
	return t
}

// zone is the index of the first header that the receiving side did not write;
// trusted is up to where it wrote all.
func (t *trace) zone() (trusted, until int) {
	const all = 1 << 30
	switch {
	case len(t.hops) == 0:
		return 0, all
	case t.border < 0:
		return all, all
	case t.border+1 < len(t.hops):
		return t.hops[t.border].at, t.hops[t.border+1].at
	}
	return t.hops[t.border].at, all
}

// slack is how far the clocks of two servers may be apart before the order of
// their times is odd.
const slack = time.Hour

// times are the seconds between the oldest and the newest time, and whether a
// hop says that it took the message well before the one that handed it in.
func (t *trace) times() (record.Opt[float64], bool) {
	var newest, oldest time.Time
	odd, n := false, 0
	for _, h := range t.hops {
		if h.time.IsZero() {
			continue
		}
		n++
		odd = odd || n > 1 && h.time.After(oldest.Add(slack))
		if newest.IsZero() {
			newest = h.time
		}
		oldest = h.time
	}
	if n < 2 {
		return record.Opt[float64]{}, odd
	}
	return record.Some(newest.Sub(oldest).Seconds()), odd
}
