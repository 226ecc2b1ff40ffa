package xmpp

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
)

// maxTag bounds a tag with its attributes: a longer one is passed over.
const maxTag = 8 << 10

// token reads a tag, or text up to the next one. XMPP has no comments and no
// processing instructions but the declaration (RFC 6120 section 11.1).
func (p *parser) token(d proto.Dir, b []byte) (n, need int, err error) {
	h := &p.half[d]
	if h.inTag {
		end := tagEnd(b, &h.quote)
		if end < 0 {
			return len(b), 0, nil
		}
		h.inTag = false
		return end, 0, nil
	}
	if b[0] != '<' {
		n = bytes.IndexByte(b, '<')
		if n < 0 {
			n = len(b)
		}
		if h.element != "" && len(h.text) < maxValue {
			h.text = append(h.text, b[:min(n, maxValue-len(h.text))]...)
		}
		if bytes.IndexByte(b[:n], 0) >= 0 {
			return 0, 0, errTag
		}
		return n, 0, nil
	}
	// b begins where it began when it was too short: go on behind what was seen.
	end := tagEnd(b[min(h.seen, len(b)):], &h.quote)
	if end < 0 {
		if h.seen = len(b); len(b) <= maxTag {
			return 0, len(b) + 1, nil
		}
		h.inTag, h.seen, h.element = true, 0, ""
		return len(b), 0, nil
	}
	end += h.seen
	h.seen = 0
	if end <= maxTag {
		p.tag(d, b[1:end-1])
	} else {
		h.element = ""
	}
	return end, 0, nil
}

// tagEnd is where the tag that b is in ends, behind its >; -1 when it does
// not end in b. quote is the quotation mark that is open.
func tagEnd(b []byte, quote *byte) int {
	for i, ch := range b {
		switch {
		case *quote != 0:
			if ch == *quote {
				*quote = 0
			}
		case ch == '"' || ch == '\'':
			*quote = ch
		case ch == '>':
			return i + 1
		}
	}
	return -1
}

// tag takes what is between < and >.
func (p *parser) tag(d proto.Dir, b []byte) {
	h := &p.half[d]
	end := bytes.IndexAny(b, " \t\r\n")
	if end < 0 {
		end = len(b)
	}
	name, attrs := b[:end], b[end:]
	closed := len(b) > 0 && b[len(b)-1] == '/'
	name = bytes.TrimSuffix(name, []byte("/"))
	if len(name) == 0 || len(name) > 64 || name[0] == '?' || name[0] == '!' {
		return
	}
	plain := string(name)
	if slash := strings.TrimPrefix(plain, "/"); !strings.HasPrefix(slash, "stream:") {
		if _, local, ok := strings.Cut(slash, ":"); ok && local != "" {
			plain = plain[:len(plain)-len(slash)] + local
		}
	}
	if plain[0] == '/' && plain[1:] == h.element {
		p.ended(d, h.element, h.text)
	}
	h.element, h.text = "", h.text[:0]
	if len(plain) > 1 || plain[0] != '/' {
		p.element(d, plain, attrs)
	}
	if plain[0] != '/' && !closed {
		h.element = plain
	}
}

// attribute finds the value of an attribute; empty when there is none.
func attribute(b []byte, name string) string {
	for len(b) > 0 {
		b = bytes.TrimLeft(b, " \t\r\n/")
		key, rest, ok := bytes.Cut(b, []byte("="))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !ok || len(rest) < 2 || rest[0] != '"' && rest[0] != '\'' {
			return ""
		}
		value, after, ok := bytes.Cut(rest[1:], rest[:1])
		if !ok {
			return ""
		}
		if string(bytes.TrimSpace(key)) == name {
			return unescape(value[:min(len(value), maxValue)])
		}
		b = after
	}
	return ""
}

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&apos;", "'", "&quot;", `"`, "&amp;", "&")

func unescape(b []byte) string {
	if bytes.IndexByte(b, '&') < 0 {
		return string(b)
	}
	return entities.Replace(string(b))
}
