// Package mailqueue makes mail records of what mail servers write to a system
// log. Postfix, Sendmail and Exim log a message in several lines that share the
// id of its place in the queue; Queues joins them into one record:
//
//	var q mailqueue.Queues
//	for each message { for _, m := range q.Take(s) { … } }
//	for _, m := range q.Rest() { … }
package mailqueue

import (
	"container/list"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
)

const (
	maxOpen       = 1 << 14        // queue ids that are followed at once; the oldest is finished first
	maxAge        = 24 * time.Hour // after which one that nothing more is heard of is finished
	maxRecipients = 256
)

// Queues follows the queues of all servers of one log. The zero value is ready
// for use.
type Queues struct {
	open  map[string]*list.Element
	order list.List // of *entry, the oldest first
}

type entry struct {
	key string
	m   *mail.Message
}

// Take takes one line. It returns the messages that the line finishes: those
// that leave the queue, those that are refused, and those too old to wait for.
func (q *Queues) Take(s *host.Syslog) []*mail.Message {
	var out []*mail.Message
	for e := q.order.Front(); e != nil && (q.order.Len() > maxOpen || s.TS.Sub(e.Value.(*entry).m.TS) > maxAge); e = q.order.Front() {
		out = append(out, q.close(e))
	}
	app := strings.ToLower(s.App)
	switch {
	case strings.HasPrefix(app, "postfix"):
		return append(out, q.postfix(s)...)
	case app == "sendmail" || app == "sm-mta" || app == "sm-msp-queue":
		return append(out, q.sendmail(s)...)
	case app == "exim" || app == "exim4":
		return append(out, q.Exim(s.Head.Head, s.Host, s.Message)...)
	}
	return out
}

// Rest returns what is still open, in the order in which it began.
func (q *Queues) Rest() []*mail.Message {
	var out []*mail.Message
	for e := q.order.Front(); e != nil; e = q.order.Front() {
		out = append(out, q.close(e))
	}
	return out
}

func (q *Queues) close(e *list.Element) *mail.Message {
	en := e.Value.(*entry)
	q.order.Remove(e)
	delete(q.open, en.key)
	if en.m.Event == "" {
		en.m.Event = mail.Received
	}
	return en.m
}

// at is the message with that id on that server; a new one if there is none.
func (q *Queues) at(head record.Head, server, id string) *mail.Message {
	key := server + "\x00" + id
	if e := q.open[key]; e != nil {
		return e.Value.(*entry).m
	}
	if q.open == nil {
		q.open = map[string]*list.Element{}
	}
	en := &entry{key: key, m: &mail.Message{Head: head, Host: server, QueueID: id}}
	q.open[key] = q.order.PushBack(en)
	return en.m
}

func (q *Queues) done(server, id string) []*mail.Message {
	if e := q.open[server+"\x00"+id]; e != nil {
		return []*mail.Message{q.close(e)}
	}
	return nil
}

// rank orders outcomes: the message's is the best of its recipients', so that
// one mailbox that is full does not hide that others have it.
var rank = map[string]int{"": 0, mail.Received: 1, mail.Rejected: 2, mail.Deferred: 3, mail.Bounced: 4, mail.Relayed: 5, mail.Delivered: 6}

func outcome(m *mail.Message, event, status string) {
	if rank[event] >= rank[m.Event] {
		m.Event = event
		m.Status = status[:min(len(status), 256)]
	}
}

func rcpt(m *mail.Message, address string) {
	if a := bare(address); a != "" && !slices.Contains(m.RcptTo, a) && len(m.RcptTo) < maxRecipients {
		m.RcptTo = append(m.RcptTo, a)
		m.To = m.RcptTo
	}
}

// bare is an address without brackets, lower case.
func bare(s string) string { return strings.ToLower(strings.Trim(strings.TrimSpace(s), "<>")) }

var (
	postfixLine = regexp.MustCompile(`^([0-9A-F]{6,16}|[0-9A-Za-z]{10,20}): (.*)$`)
	client      = regexp.MustCompile(`([^\s\[\],=<]*)\[([0-9a-fA-F:.]+)\]`)
	pair        = regexp.MustCompile(`(?:^|[ ,;])([a-z_-]+)=(<[^>]*>|[^,; ]*)`)
	statusWords = regexp.MustCompile(`status=(\w+)(?: \((.*)\))?`)
	refused     = regexp.MustCompile(`^(?:NOQUEUE|[0-9A-Za-z]+): (?:milter-)?reject: \w+ from ([^\[]*)\[([^\]]*)\](?::\d+)?: (.*?);? from=<([^>]*)>(?: to=<([^>]*)>)?`)
)

func values(text string) map[string]string {
	out := map[string]string{}
	for _, m := range pair.FindAllStringSubmatch(text, 64) {
		if _, twice := out[m[1]]; !twice {
			out[m[1]] = strings.Trim(m[2], "<>")
		}
	}
	return out
}

// origin takes name and address of a client, as `name[address]`.
func origin(m *mail.Message, text string) {
	c := client.FindStringSubmatch(text)
	if c == nil || m.Origin.IsValid() {
		return
	}
	ip, err := netip.ParseAddr(strings.TrimPrefix(c[2], "IPv6:"))
	if err != nil || ip.IsLoopback() {
		return
	}
	m.Origin = ip.WithZone("")
	if c[1] != "unknown" {
		m.OriginHost = strings.ToLower(c[1])
	}
}

// postfix reads the lines of smtpd, cleanup, qmgr and the delivery agents (the
// formats stand in its source; there is no specification).
func (q *Queues) postfix(s *host.Syslog) []*mail.Message {
	if r := refused.FindStringSubmatch(s.Message); r != nil {
		m := &mail.Message{Head: s.Head.Head, Host: s.Host, Event: mail.Rejected, MailFrom: bare(r[4]), Status: r[3][:min(len(r[3]), 256)]}
		origin(m, r[1]+"["+r[2]+"]")
		rcpt(m, r[5])
		return []*mail.Message{m}
	}
	l := postfixLine.FindStringSubmatch(s.Message)
	if l == nil {
		return nil
	}
	id, text := l[1], l[2]
	v := values(text)
	_, agent, _ := strings.Cut(s.App, "/")
	for strings.Contains(agent, "/") { // postfix/submission/smtpd
		_, agent, _ = strings.Cut(agent, "/")
	}
	switch {
	case text == "removed":
		return q.done(s.Host, id)
	case strings.HasPrefix(text, "client="):
		m := q.at(s.Head.Head, s.Host, id)
		origin(m, text)
		m.User = v["sasl_username"]
		if m.User != "" {
			m.Action = "authenticated submission"
		}
	case strings.HasPrefix(text, "message-id="):
		q.at(s.Head.Head, s.Host, id).MessageID = strings.Trim(strings.TrimPrefix(text, "message-id="), "<>")
	case strings.HasPrefix(text, "uid="):
		m := q.at(s.Head.Head, s.Host, id)
		m.User, m.Action = "uid "+v["uid"], "submitted on the server itself"
	case agent == "qmgr" && strings.HasPrefix(text, "from="):
		m := q.at(s.Head.Head, s.Host, id)
		m.MailFrom = bare(v["from"])
		if n, err := strconv.ParseUint(v["size"], 10, 64); err == nil {
			m.Size = record.Some(n)
		}
	case strings.HasPrefix(text, "to="):
		m := q.at(s.Head.Head, s.Host, id)
		rcpt(m, v["to"])
		st := statusWords.FindStringSubmatch(text)
		if st == nil {
			return nil
		}
		switch st[1] {
		case "sent":
			event := mail.Relayed
			if agent == "local" || agent == "virtual" || agent == "lmtp" || agent == "pipe" {
				event = mail.Delivered
			}
			outcome(m, event, st[2])
		case "deferred":
			outcome(m, mail.Deferred, st[2])
		case "bounced", "expired":
			outcome(m, mail.Bounced, st[2])
		}
	case strings.HasPrefix(text, "warning: header Subject: "):
		sub, _, _ := strings.Cut(strings.TrimPrefix(text, "warning: header Subject: "), " from ")
		q.at(s.Head.Head, s.Host, id).Subject = sub
	}
	return nil
}

var sendmailLine = regexp.MustCompile(`^([0-9A-Za-z]{8,20}): (.*)$`)

// sendmail reads "from=" and "to=" lines (Sendmail Installation and Operation
// Guide, section 2.1.1). A message is done when all recipients of its from line
// have been told of.
func (q *Queues) sendmail(s *host.Syslog) []*mail.Message {
	l := sendmailLine.FindStringSubmatch(s.Message)
	if l == nil {
		return nil
	}
	id, text := l[1], l[2]
	v := values(text)
	switch {
	case strings.HasPrefix(text, "from="):
		m := q.at(s.Head.Head, s.Host, id)
		m.MailFrom, m.MessageID = bare(v["from"]), v["msgid"]
		if n, err := strconv.ParseUint(v["size"], 10, 64); err == nil {
			m.Size = record.Some(n)
		}
		if _, relay, ok := strings.Cut(text, "relay="); ok {
			origin(m, strings.Replace(relay, " [", "[", 1))
		}
	case strings.HasPrefix(text, "to="):
		m := q.at(s.Head.Head, s.Host, id)
		list, _, _ := strings.Cut(strings.TrimPrefix(text, "to="), ", ")
		for to := range strings.SplitSeq(list, ",") {
			if strings.Contains(to, "@") || !strings.Contains(to, "=") {
				rcpt(m, to)
			}
		}
		_, stat, _ := strings.Cut(text, "stat=")
		switch low := strings.ToLower(stat); {
		case strings.HasPrefix(low, "sent"):
			event := mail.Relayed
			if v["mailer"] == "local" || v["mailer"] == "lmtp" || v["mailer"] == "cyrusv2" || v["mailer"] == "prog" {
				event = mail.Delivered
			}
			outcome(m, event, stat)
			return q.done(s.Host, id)
		case strings.HasPrefix(low, "deferred"), strings.HasPrefix(low, "queued"):
			outcome(m, mail.Deferred, stat)
		case stat != "":
			outcome(m, mail.Bounced, stat)
			return q.done(s.Host, id)
		}
	}
	return nil
}

var (
	eximLine = regexp.MustCompile(`^([0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4}) (<=|=>|->|>>|\*>|\*\*|==|Completed)(?: (.*))?$`)
	eximHost = regexp.MustCompile(`\bH=(?:([^\s(\[]\S*) )?(?:\((\S+)\) )?\[([0-9a-fA-F:.]+)\]`)
	eximRef  = regexp.MustCompile(`^H=(?:([^\s(\[]\S*) )?(?:\((\S+)\) )?\[([0-9a-fA-F:.]+)\].* F=<([^>]*)> (?:temporarily )?rejected (?:RCPT <([^>]*)>)?:?\s*(.*)$`)
	eximID   = regexp.MustCompile(`\bid=(\S+)`)
	eximSub  = regexp.MustCompile(`\bT="((?:[^"\\]|\\.)*)"`)
	eximSize = regexp.MustCompile(`\bS=(\d+)`)
	eximAuth = regexp.MustCompile(`\bA=\w+:(\S+)`)
	eximFor  = regexp.MustCompile(` for ((?:\S+@\S+ ?)+)$`)
)

// IsExim tells whether a line of a main log, without its time, is one that Exim
// reads.
func IsExim(text string) bool { return eximLine.MatchString(text) || eximRef.MatchString(text) }

// Exim reads a line of Exim's main log without its time (Exim specification,
// chapter 52).
func (q *Queues) Exim(head record.Head, server, text string) []*mail.Message {
	if r := eximRef.FindStringSubmatch(text); r != nil {
		m := &mail.Message{Head: head, Host: server, Event: mail.Rejected, MailFrom: bare(r[4]), Status: r[6][:min(len(r[6]), 256)]}
		m.OriginHost = strings.ToLower(r[1])
		m.Origin, _ = netip.ParseAddr(r[3])
		rcpt(m, r[5])
		return []*mail.Message{m}
	}
	l := eximLine.FindStringSubmatch(text)
	if l == nil {
		return nil
	}
	id, rest := l[1], l[3]
	who, more, _ := strings.Cut(rest, " ")
	switch l[2] {
	case "Completed":
		return q.done(server, id)
	case "<=":
		m := q.at(head, server, id)
		m.MailFrom = bare(who)
		if h := eximHost.FindStringSubmatch(more); h != nil {
			m.OriginHost = strings.ToLower(h[1])
			m.Origin, _ = netip.ParseAddr(h[3])
		}
		for re, dst := range map[*regexp.Regexp]*string{eximID: &m.MessageID, eximSub: &m.Subject, eximAuth: &m.User} {
			if x := re.FindStringSubmatch(more); x != nil {
				*dst = x[1]
			}
		}
		if x := eximSize.FindStringSubmatch(more); x != nil {
			if n, err := strconv.ParseUint(x[1], 10, 64); err == nil {
				m.Size = record.Some(n)
			}
		}
		if x := eximFor.FindStringSubmatch(rest); x != nil {
			for to := range strings.FieldsSeq(x[1]) {
				rcpt(m, to)
			}
		}
	default:
		m := q.at(head, server, id)
		if whole, ok := strings.CutPrefix(more, "<"); ok { // a local part, then the address that it stands for
			who, _, _ = strings.Cut(whole, ">")
		}
		if strings.Contains(who, "@") {
			rcpt(m, who)
		}
		switch l[2] {
		case "**":
			outcome(m, mail.Bounced, more)
		case "==":
			outcome(m, mail.Deferred, more)
		default:
			event := mail.Relayed
			if !strings.Contains(more, "H=") {
				event = mail.Delivered
			}
			outcome(m, event, more)
		}
	}
	return nil
}
