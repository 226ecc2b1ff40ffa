package exchange

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/mail"
)

// columns finds values by the names that the several exports have for them,
// without case and signs.
type columns struct{ at map[string]int }

func newColumns(names []string) *columns {
	c := &columns{at: map[string]int{}}
	for i, n := range names[:min(len(names), maxColumns)] {
		if k := key(n); k != "" {
			if _, twice := c.at[k]; !twice {
				c.at[k] = i
			}
		}
	}
	return c
}

func key(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, s)
}

// mail tells whether the columns are those of a log of mail.
func (c *columns) mail() bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { _, ok := c.at[n]; return ok })
	}
	return has("auditdata") && has("operation", "operations", "recordtype") ||
		has("senderaddress", "sender") && has("recipientaddress", "recipientstatus", "recipients", "recipient") && has("messageid", "messagesubject", "subject", "messagetraceid") &&
			has("datetime", "origintimestamputc", "datetimeutc", "received", "date", "receiveddate")
}

// get is the first of the named values that is there.
func (c *columns) get(row []string, names ...string) string {
	for _, n := range names {
		if i, ok := c.at[n]; ok && i < len(row) && row[i] != "" {
			return strings.TrimSpace(row[i])
		}
	}
	return ""
}

// events are the words of tracking logs and traces.
var events = map[string]string{
	"receive": mail.Received, "deliver": mail.Delivered, "delivered": mail.Delivered, "send": mail.Relayed, "sendexternal": mail.Relayed, "submit": mail.Sent, "defer": mail.Deferred,
	"pending": mail.Deferred, "fail": mail.Bounced, "failed": mail.Bounced, "badmail": mail.Bounced, "dsn": mail.Bounced, "drop": mail.Rejected, "quarantined": mail.Quarantined,
	"filteredasspam": mail.Quarantined, "quarantine": mail.Quarantined,
}

// messages makes the records of a row: one, for all its recipients, or where
// these fared differently one for each way.
func (c *columns) messages(row []string) []*mail.Message {
	word := c.get(row, "eventid", "status", "deliverystatus")
	m := mail.Message{
		Head: record.Head{TS: timeOf(c.get(row, "datetime", "datetimeutc", "origintimestamputc", "received", "receiveddate", "date"))}, Action: word, Host: strings.ToLower(c.get(row, "serverhostname")),
		QueueID: c.get(row, "networkmessageid", "messagetraceid", "internalmessageid"), MessageID: strings.Trim(c.get(row, "messageid"), "<> "),
		MailFrom: address(c.get(row, "returnpath", "senderaddress", "sender")), Subject: c.get(row, "messagesubject", "subject"), OriginHost: strings.ToLower(c.get(row, "clienthostname")),
	}
	m.From = address(c.get(row, "senderaddress", "sender"))
	for _, n := range []string{"originalclientip", "fromip", "clientip"} {
		if ip := addr(c.get(row, n)); ip.IsValid() && !m.Origin.IsValid() {
			m.Origin = ip
		}
	}
	if n, err := strconv.ParseUint(c.get(row, "totalbytes", "size", "messagesize"), 10, 64); err == nil {
		m.Size = record.Some(n)
	}
	list := c.get(row, "recipientaddress", "recipients", "recipient")
	status := c.get(row, "recipientstatus")
	if list == "" && strings.Contains(status, "##") { // a@example.org##Receive, Deliver;b@…
		return perRecipient(&m, status)
	}
	m.Status = status[:min(len(status), 256)]
	if m.Status == "" {
		m.Status = c.get(row, "detail", "sourcecontext")
		m.Status = m.Status[:min(len(m.Status), 256)]
	}
	m.Event = event(word)
	for a := range strings.SplitSeq(list, ";") {
		if a = address(a); a != "" && len(m.RcptTo) < 1024 {
			m.RcptTo = append(m.RcptTo, a)
		}
	}
	m.To = m.RcptTo
	return []*mail.Message{&m}
}

func event(word string) string {
	if word == "" {
		return mail.Other
	}
	if e, ok := events[key(word)]; ok {
		return e
	}
	return mail.Other
}

// perRecipient splits a row by how its recipients fared.
func perRecipient(m *mail.Message, status string) []*mail.Message {
	var out []*mail.Message
	for part := range strings.SplitSeq(status, ";") {
		who, how, _ := strings.Cut(part, "##")
		words := strings.Split(how, ",")
		last := strings.TrimSpace(words[len(words)-1])
		i := slices.IndexFunc(out, func(o *mail.Message) bool { return o.Action == last })
		if i < 0 {
			if len(out) == 32 {
				continue
			}
			c := *m
			c.Action, c.Event, c.Status = last, event(last), how[:min(len(how), 256)]
			i = len(out)
			out = append(out, &c)
		}
		if a := address(who); a != "" && len(out[i].RcptTo) < 1024 {
			out[i].RcptTo = append(out[i].RcptTo, a)
			out[i].To = out[i].RcptTo
		}
	}
	return out
}

// address is a mail address in lower case; "<>" of notices is none.
func address(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "<>"))
	if !strings.Contains(s, "@") {
		return ""
	}
	return s
}

// addr reads an address with or without a port and brackets.
func addr(s string) netip.Addr {
	s = strings.TrimSpace(s)
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return ip.Unmap().WithZone("")
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// layouts of times, which are UTC; PowerShell writes them as its user's country
// does, of which the American way is read.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "1/2/2006 3:04:05 PM", "1/2/2006 15:04:05", "2006-01-02 15:04:05Z07:00",
}

func timeOf(s string) record.Time {
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return record.TimeOf(t)
		}
	}
	return 0
}
