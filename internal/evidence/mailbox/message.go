package mailbox

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // teaches go-message the world's character sets

	"longwatch/internal/content"
	"longwatch/internal/record"
	lwmail "longwatch/internal/record/mail"
)

const (
	maxParts      = 256
	maxDepth      = 16
	maxAttachment = 64 << 20
	maxURLs       = 256
	maxText       = 4 << 10
	maxScan       = 1 << 20 // of a text part, searched for links
)

// parse reads one message. A damaged one gives what could be read and an error.
func parse(raw []byte) (*lwmail.Message, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: 1 << 20})
	if e == nil {
		return nil, fmt.Errorf("mailbox: not a message: %w", err)
	}
	m := &lwmail.Message{}
	headers(m, &e.Header)
	w := &walker{m: m}
	werr := w.part(e, 0)
	if m.From == "" && m.MessageID == "" && m.Subject == "" && len(m.To) == 0 {
		return nil, errors.New("mailbox: no header of a message")
	}
	return m, werr
}

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

// walker goes through the parts of one message.
type walker struct {
	m     *lwmail.Message
	parts int
}

func (w *walker) part(e *message.Entity, depth int) error {
	if w.parts++; w.parts > maxParts || depth > maxDepth {
		return fmt.Errorf("mailbox: more than %d parts or %d levels", maxParts, maxDepth)
	}
	if mr := e.MultipartReader(); mr != nil {
		for {
			p, err := mr.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if p == nil {
				return fmt.Errorf("mailbox: part %d: %w", w.parts, err)
			}
			if err := w.part(p, depth+1); err != nil {
				return err
			}
		}
	}
	kind, params, _ := e.Header.ContentType()
	disposition, dparams, _ := e.Header.ContentDisposition()
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	switch {
	case kind == "message/rfc822" && name == "":
		inner, err := message.Read(e.Body)
		if inner == nil {
			return fmt.Errorf("mailbox: forwarded message: %w", err)
		}
		return w.part(inner, depth+1)
	case name == "" && disposition != "attachment" && strings.HasPrefix(kind, "text/"):
		return w.readable(e.Body, kind == "text/html")
	case name != "" || disposition == "attachment":
		return w.attachment(e.Body, name)
	}
	return nil
}

// attachment learns what the part is, whatever it is called.
func (w *walker) attachment(body io.Reader, name string) error {
	data, err := io.ReadAll(io.LimitReader(body, maxAttachment))
	s := content.Inspect(name, data)
	if name == "" {
		name = "unnamed"
	}
	w.m.Attachments = append(w.m.Attachments, name)
	w.m.Hashes = append(w.m.Hashes, s.SHA256)
	for _, t := range s.Traits {
		if !slices.Contains(w.m.Traits, t) {
			w.m.Traits = append(w.m.Traits, t)
		}
	}
	slices.Sort(w.m.Traits)
	if err != nil {
		return fmt.Errorf("mailbox: attachment %q: %w", name, err)
	}
	return nil
}

var (
	urlInText = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"'\x60]{3,1000}`)
	hrefs     = regexp.MustCompile(`(?i)\b(?:href|src|action)\s*=\s*["']?\s*(https?://[^\s"'<>]{3,1000})`)
	htmlTags  = regexp.MustCompile(`(?s)<style.*?</style>|<script.*?</script>|<[^>]*>`)
)

// readable keeps links and the beginning of the text.
func (w *walker) readable(body io.Reader, isHTML bool) error {
	data, err := io.ReadAll(io.LimitReader(body, maxScan))
	s := strings.ToValidUTF8(string(data), "\uFFFD")
	if isHTML {
		for _, m := range hrefs.FindAllStringSubmatch(s, maxURLs) {
			w.link(html.UnescapeString(m[1]))
		}
		s = html.UnescapeString(htmlTags.ReplaceAllString(s, " "))
	}
	for _, u := range urlInText.FindAllString(s, maxURLs) {
		w.link(strings.TrimRight(u, ".,;:!?)]}"))
	}
	if room := maxText - len(w.m.Text); room > 0 {
		s = strings.Join(strings.Fields(s), " ")
		if w.m.Text != "" {
			s = "\n" + s
		}
		w.m.Text += strings.ToValidUTF8(s[:min(len(s), room)], "")
	}
	if err != nil {
		return fmt.Errorf("mailbox: text part: %w", err)
	}
	return nil
}

func (w *walker) link(u string) {
	if len(w.m.URLs) == maxURLs || slices.Contains(w.m.URLs, u) {
		return
	}
	w.m.URLs = append(w.m.URLs, u)
	if p, err := url.Parse(u); err == nil && p.Hostname() != "" {
		if host := strings.ToLower(p.Hostname()); !slices.Contains(w.m.LinkDomains, host) {
			w.m.LinkDomains = append(w.m.LinkDomains, host)
		}
	}
}
