package letter

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // teaches go-message the world's character sets

	"longwatch/internal/record"
	lwmail "longwatch/internal/record/mail"
)

// headers fills what the header says; every value is the sender's.
func headers(m *lwmail.Message, h *message.Header) {
	m.MessageID = strings.Trim(h.Get("Message-Id"), "<> ")
	if t, err := mail.ParseDate(h.Get("Date")); err == nil {
		m.TS = record.TimeOf(t)
	}
	m.Subject = text(h, "Subject")
	if list := addresses(h, "From"); len(list) > 0 {
		m.From, m.FromName = strings.ToLower(list[0].Address), list[0].Name
	}
	if list := addresses(h, "Reply-To"); len(list) > 0 {
		m.ReplyTo = strings.ToLower(list[0].Address)
	}
	for _, name := range []string{"To", "Cc", "Bcc", "Delivered-To"} {
		for _, a := range addresses(h, name) {
			if s := strings.ToLower(a.Address); !slices.Contains(m.To, s) && len(m.To) < maxParts {
				m.To = append(m.To, s)
			}
		}
	}
	f := h.FieldsByKey("Received")
	for f.Next() && len(m.Received) < 64 {
		m.Received = append(m.Received, hop(f.Value()))
		if m.TS == 0 {
			if _, date, ok := cutLast(f.Value(), ";"); ok {
				if t, err := mail.ParseDate(strings.TrimSpace(date)); err == nil {
					m.TS = record.TimeOf(t)
				}
			}
		}
	}
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

var fromClause = regexp.MustCompile(`(?is)^\s*from\s+(.*?)\s+by\s`)

// hop is the "from" clause of a Received header, in one line.
func hop(v string) string {
	v = strings.Join(strings.Fields(v), " ")
	if m := fromClause.FindStringSubmatch(v); m != nil {
		v = m[1]
	}
	return v[:min(len(v), 256)]
}

// text is a header with encoded words (RFC 2047) decoded, or raw when they are wrong.
func text(h *message.Header, name string) string {
	s, err := h.Text(name)
	if err != nil {
		return h.Get(name)
	}
	return s
}

func addresses(h *message.Header, name string) []*mail.Address {
	v := h.Get(name)
	if v == "" {
		return nil
	}
	list, err := (&mail.AddressParser{WordDecoder: words}).ParseList(v)
	if err == nil {
		return list
	}
	// Broken display names are common in the mails that matter.
	if i, j := strings.LastIndexByte(v, '<'), strings.LastIndexByte(v, '>'); i >= 0 && j > i {
		return []*mail.Address{{Name: strings.Trim(v[:i], "\" "), Address: v[i+1 : j]}}
	}
	if strings.Contains(v, "@") && !strings.ContainsAny(v, " ,") {
		return []*mail.Address{{Address: v}}
	}
	return nil
}
