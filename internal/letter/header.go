package letter

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // teaches go-message the world's character sets

	"longwatch/internal/domain"
	"longwatch/internal/record"
)

const (
	maxFields  = 2048 // headers of a message looked at
	maxThreads = 32   // ids of In-Reply-To and References
)

// headers fills what the header says; every value is the sender's.
func (r *reader) headers(h *message.Header) []field {
	m := r.m
	var fields []field
	for f := h.Fields(); f.Next() && len(fields) < maxFields; {
		fields = append(fields, field{f.Key(), f.Value()})
	}
	m.MessageID = strings.Trim(h.Get("Message-Id"), "<> ")
	m.Subject = text(h, "Subject")
	if list := addresses(h, "From"); len(list) > 0 {
		m.From, m.FromName = strings.ToLower(list[0].Address), list[0].Name
	}
	m.Sender, m.ReplyTo, m.MailFrom = one(h, "Sender"), one(h, "Reply-To"), one(h, "Return-Path")
	for _, name := range []string{"To", "Cc", "Bcc", "Delivered-To"} {
		for _, a := range addresses(h, name) {
			if s := strings.ToLower(a.Address); !slices.Contains(m.To, s) && len(m.To) < maxParts {
				m.To = append(m.To, s)
			}
		}
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Ms-Exchange-Organization-Recipient"} {
		for _, a := range addresses(h, name) {
			r.rcpt(a.Address)
		}
	}
	if m.Mailer = text(h, "X-Mailer"); m.Mailer == "" {
		m.Mailer = text(h, "User-Agent")
	}
	r.threads(h)
	r.list(h)
	r.way(h, fields)
	return fields
}

func (r *reader) rcpt(address string) {
	if s := strings.ToLower(address); strings.Contains(s, "@") && !slices.Contains(r.m.RcptTo, s) && len(r.m.RcptTo) < maxParts {
		r.m.RcptTo = append(r.m.RcptTo, s)
	}
}

var messageID = regexp.MustCompile(`<([^<>\s]{1,512})>`)

// threads keeps the ids of the messages that this one answers.
func (r *reader) threads(h *message.Header) {
	for _, name := range []string{"In-Reply-To", "References"} {
		v := h.Get(name)
		for _, id := range messageID.FindAllStringSubmatch(v[:min(len(v), maxField)], maxThreads) {
			if len(r.m.InReplyTo) < maxThreads && !slices.Contains(r.m.InReplyTo, id[1]) {
				r.m.InReplyTo = append(r.m.InReplyTo, id[1])
			}
		}
	}
}

// list tells mail to many from mail to one (RFC 2919, RFC 2369, RFC 3834).
func (r *reader) list(h *message.Header) {
	m := r.m
	v := text(h, "List-Id")
	if id := messageID.FindStringSubmatch(v); id != nil {
		v = id[1]
	}
	m.List = strings.TrimSpace(v[:min(len(v), 256)])
	leave := h.Get("List-Unsubscribe")
	for _, u := range urlInText.FindAllString(leave, 4) {
		_, rest, _ := strings.Cut(u, "://")
		host, _, _ := strings.Cut(rest, "/")
		r.unsubscribe = append(r.unsubscribe, domain.Clean(strings.TrimRight(host, ">,")))
	}
	for _, name := range []string{"X-BeenThere", "X-Mailing-List", "Mailing-List", "List-Post"} {
		if v := h.Get(name); v != "" && m.List == "" {
			m.List = strings.Trim(v[:min(len(v), 256)], "<> ")
		}
	}
	precedence := strings.ToLower(strings.TrimSpace(h.Get("Precedence")))
	if m.List == "" && (leave != "" || precedence == "bulk" || precedence == "list") {
		m.List = "bulk"
	}
}

// way reads the Received chain, and from it whose word on authentication counts
// and when the message came.
func (r *reader) way(h *message.Header, fields []field) {
	m := r.m
	var hops []hop
	for i, f := range fields {
		if !strings.EqualFold(f.name, "Received") || len(hops) == maxHops {
			continue
		}
		p := parseHop(i, f.value)
		hops = append(hops, p)
		m.Received = append(m.Received, hopText(f.value))
		if p.ip.IsValid() {
			m.Path = append(m.Path, p.ip)
		}
	}
	if len(hops) > 0 && len(m.RcptTo) == 0 {
		for i := range hops {
			if hops[i].rcpt != "" {
				r.rcpt(hops[i].rcpt)
				break
			}
		}
	}
	var own []string
	for _, a := range m.Recipients() {
		if d := domain.Registrable(domain.Of(a)); d != "" && !slices.Contains(own, d) && len(own) < 16 {
			own = append(own, d)
		}
	}
	t := follow(hops, own)
	if t.border >= 0 {
		b := &t.hops[t.border]
		m.Origin, m.OriginHost = b.ip, b.name()
	}
	var odd bool
	if m.TransitTime, odd = t.times(); odd {
		sign(m, SignTimesBackward)
	}
	authenticate(m, fields, &t)
	r.date(h, hops)
}

// date is when the receiving host took the message, and without its word, when
// the sender says.
func (r *reader) date(h *message.Header, hops []hop) {
	m := r.m
	sent, err := mail.ParseDate(h.Get("Date"))
	if err == nil {
		m.TS = record.TimeOf(sent)
	}
	for _, p := range hops {
		if p.time.IsZero() {
			continue
		}
		if m.TS = record.TimeOf(p.time); err == nil && p.time.Sub(sent).Abs() > 48*time.Hour {
			sign(m, SignDateFar)
		}
		return
	}
}

var asAddress = regexp.MustCompile(`[\w.+-]{1,64}@([\w-]+(?:\.[\w-]+)+)`)

// names judges what the reader sees of the sender.
func (r *reader) names(fields []field) {
	m := r.m
	if found := asAddress.FindStringSubmatch(m.FromName); found != nil && domain.Registrable(found[1]) != domain.Registrable(domain.Of(m.From)) {
		sign(m, SignNameAddress)
	}
	hides := func(c rune) bool {
		return c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 || c == 0x200b || c == 0x2060 || c == 0xad
	}
	if strings.ContainsFunc(m.FromName, hides) || strings.ContainsFunc(m.Subject, func(c rune) bool { return c >= 0x202a && c <= 0x202e || c == 0x200b || c == 0xad }) {
		sign(m, SignNameHidden)
	}
	from := 0
	for _, f := range fields {
		if strings.EqualFold(f.name, "From") {
			from++
			if list, err := (&mail.AddressParser{WordDecoder: words}).ParseList(f.value); err == nil && len(list) > 1 && m.Sender == "" {
				from++
			}
		}
	}
	if from > 1 {
		sign(m, SignManyFrom)
	}
	if len(m.InReplyTo) == 0 && answers(m.Subject) {
		sign(m, SignReplyUnthreaded)
	}
}

// prefixes of answers, in the languages of mail programs.
var prefixes = []string{"re:", "aw:", "sv:", "antw:", "odp:", "vs:", "res:", "rif:", "ynt:", "atb:", "отв:", "回复:", "回覆:", "답장:"}

// answers tells whether a subject says that the message is an answer.
func answers(subject string) bool {
	s := strings.ToLower(strings.TrimSpace(subject[:min(len(subject), 64)]))
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

var fromClause = regexp.MustCompile(`(?is)^\s*from\s+(.*?)(?:\s+by\s|$)`)

// hopText is the "from" clause of a Received header, in one line.
func hopText(v string) string {
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

// one is the first address of a header, lower case.
func one(h *message.Header, name string) string {
	if list := addresses(h, name); len(list) > 0 {
		return strings.ToLower(list[0].Address)
	}
	return ""
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
		shown := strings.Trim(v[:i], "\" ")
		if dec, err := words.DecodeHeader(shown); err == nil {
			shown = dec
		}
		return []*mail.Address{{Name: shown, Address: v[i+1 : j]}}
	}
	if strings.Contains(v, "@") && !strings.ContainsAny(v, " ,") {
		return []*mail.Address{{Address: v}}
	}
	return nil
}
