package outlookmsg

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"mime"
	"net/mail"
	"strings"

	"longwatch/internal/ole"
)

const (
	maxDepth       = 8 // messages within messages
	maxAttachments = 256
	maxRecipients  = 1024
	maxOdd         = 16
)

// converter writes one file anew.
type converter struct {
	f    *ole.File
	left int64 // bytes that may still be read
	odd  []string
}

func (c *converter) note(why string) {
	if len(c.odd) < maxOdd {
		c.odd = append(c.odd, why)
	}
}

// boundary delimits the parts; depth makes it unlike that of a message within.
func boundary(depth int) string { return fmt.Sprintf("----longwatch-part-%d", depth) }

// message writes the message of a storage.
func (c *converter) message(at *ole.Entry, depth int) []byte {
	header := 32
	if depth > 0 {
		header = 24
	}
	p := c.open(at, header, "")
	var b bytes.Buffer
	c.header(&b, p)
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", boundary(depth))
	part := func(kind, extra string, data []byte) {
		fmt.Fprintf(&b, "--%s\r\nContent-Type: %s\r\n%sContent-Transfer-Encoding: base64\r\n\r\n", boundary(depth), kind, extra)
		w := base64.StdEncoding.EncodeToString(data)
		for ; len(w) > 76; w = w[76:] {
			b.WriteString(w[:76] + "\r\n")
		}
		b.WriteString(w + "\r\n")
	}
	text := p.text(propBody)
	page, set := c.data(p.stream(propHTML, typeBinary)), cmp.Or(p.page, "utf-8")
	if s := p.text(propHTML); page == nil && s != "" {
		page, set = []byte(s), "utf-8"
	}
	if page == nil {
		if rtf := c.data(p.stream(propRTF, typeBinary)); rtf != nil {
			plain, err := unpackRTF(rtf)
			if err != nil {
				c.note(err.Error())
			}
			page, set = []byte(pageOf(plain)), "utf-8"
		}
	}
	if text != "" {
		part("text/plain; charset=utf-8", "", []byte(text))
	}
	if len(page) > 0 {
		part("text/html; charset="+set, "", page)
	}
	n := 0
	for _, e := range c.f.Children(at) {
		if !strings.HasPrefix(e.Name, "__attach_version1.0_") || e.Stream() {
			continue
		}
		if n++; n > maxAttachments {
			c.note(fmt.Sprintf("more than %d attachments", maxAttachments))
			break
		}
		a := c.open(e, 8, p.page)
		if inner := a.stream(propData, typeObject); inner != nil && !inner.Stream() {
			if depth+1 >= maxDepth {
				c.note(fmt.Sprintf("more than %d messages within each other", maxDepth))
				continue
			}
			fmt.Fprintf(&b, "--%s\r\nContent-Type: message/rfc822\r\n\r\n", boundary(depth))
			b.Write(c.message(inner, depth+1))
			b.WriteString("\r\n")
			continue
		}
		name := a.first(propLongName, propShortName, propName)
		kind := a.text(propMIME)
		if !strings.Contains(kind, "/") || strings.ContainsAny(kind, "\r\n;") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
			kind = "application/octet-stream"
		}
		extra := "Content-Disposition: " + mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(flat(name), "unnamed")}) + "\r\n"
		part(kind, extra, c.data(a.stream(propData, typeBinary)))
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary(depth))
	return b.Bytes()
}

// flat is a text without line ends, which a header cannot have.
func flat(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s))
}

// header writes the headers that the message came with, but those about its
// parts; without them, what the properties say. What is not in the headers,
// as in sent mail, is added.
func (c *converter) header(b *bytes.Buffer, p *bag) {
	have := map[string]bool{}
	skip := false
	for line := range strings.Lines(p.text(propHeaders)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			if len(have) > 0 {
				break
			}
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, ok := strings.Cut(line, ":")
			name = strings.ToLower(strings.TrimSpace(name))
			skip = !ok || strings.HasPrefix(name, "content-") || name == "mime-version"
			if !skip {
				have[name] = true
			}
		}
		if !skip {
			b.WriteString(line + "\r\n")
		}
	}
	add := func(name, value string) {
		if value = flat(value); value != "" && !have[strings.ToLower(name)] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	add("From", address(p.first(propSentName, propSenderName), p.smtp(propSentSMTP, propSentAddress, propSenderSMTP, propSender)))
	if s, f := p.smtp(propSenderSMTP, propSender), p.smtp(propSentSMTP, propSentAddress); s != "" && f != "" && !strings.EqualFold(s, f) {
		add("Sender", address(p.text(propSenderName), s))
	}
	to, cc := c.recipients(p)
	add("To", strings.Join(to, ", "))
	add("Cc", strings.Join(cc, ", "))
	add("Subject", mime.QEncoding.Encode("utf-8", flat(p.text(propSubject))))
	add("Message-ID", p.text(propMessageID))
	add("In-Reply-To", p.text(propInReplyTo))
	add("References", p.text(propReferences))
	for _, id := range []uint32{propSubmitTime, propDelivery} {
		if t := p.time(id); !t.IsZero() && !have["date"] {
			add("Date", t.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
			have["date"] = true
		}
	}
}

// smtp is the first property that holds a mail address; Exchange keeps its own
// kind of address in some of them.
func (b *bag) smtp(ids ...uint32) string {
	for _, id := range ids {
		if s := b.text(id); strings.Contains(s, "@") {
			return s
		}
	}
	return ""
}

func address(name, at string) string {
	at = flat(at)
	if at == "" || strings.ContainsAny(at, "<> ") {
		return ""
	}
	if name = flat(name); name == at {
		name = ""
	}
	return (&mail.Address{Name: name, Address: at}).String()
}

func (c *converter) recipients(p *bag) (to, cc []string) {
	for _, e := range c.f.Children(p.at) {
		if !strings.HasPrefix(e.Name, "__recip_version1.0_") || e.Stream() || len(to)+len(cc) >= maxRecipients {
			continue
		}
		r := c.open(e, 8, p.page)
		a := address(r.text(propName), r.smtp(propSMTP, propAddress))
		if a == "" {
			continue
		}
		if r.number(propRcptType) == 2 { // 1 is To, 2 Cc, 3 Bcc (MS-OXOMSG 2.2.3.1.2)
			cc = append(cc, a)
		} else {
			to = append(to, a)
		}
	}
	return to, cc
}
