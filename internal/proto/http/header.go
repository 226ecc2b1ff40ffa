package http

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

const (
	maxName    = 32 // longest header name that matters
	maxProxied = 16 // headers of proxies that are kept
	maxServer  = 200
)

// header handles one header line.
func (h *half) header(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		h.p.c.Weird("HTTP_obsolete_line_folding", "")
		if h.fold != nil && len(*h.fold) < maxLine {
			*h.fold += " " + string(bytes.TrimSpace(line))
		}
		return
	}
	h.fold = nil
	name, value, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) > maxName {
		return
	}
	value = bytes.TrimSpace(value)
	var lower [maxName]byte
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	low := lower[:len(name)]
	switch {
	case h.frame(low, value), h.x.upgradeHeader(h.d, low, value):
	case string(low) == "x-havoc", string(low) == "x-havoc-agent":
		addTrait(h.x.rec, TraitHavocHeader)
	case h.d == proto.Orig:
		h.request(low, value)
	case string(low) == "server":
		h.x.rec.Server = string(value[:min(len(value), maxServer)])
	case string(low) == "proxy-agent" && bytes.HasPrefix(value, []byte("gost/")):
		addTrait(h.x.rec, TraitRelayAgent)
	case string(low) == "www-authenticate", string(low) == "proxy-authenticate":
		h.logon(value)
	}
}

// frame handles headers that describe the body; it tells whether it knew one.
func (h *half) frame(name, value []byte) bool {
	switch string(name) {
	case "content-length":
		n, ok := number(string(value))
		if !ok {
			h.p.c.Weird("HTTP_bad_content_length", string(value[:min(len(value), shownLen)]))
		}
		if h.length.Set && h.length.V != n {
			h.p.c.Weird("HTTP_content_lengths_differ", "")
		}
		h.length = record.Some(n)
	case "transfer-encoding":
		h.chunked = h.chunked || containsFold(value, "chunked")
	case "content-encoding":
		h.encoding = strings.ToLower(string(value))
	case "connection":
		if token, _, _ := bytes.Cut(value, []byte(",")); h.d == proto.Resp && strings.EqualFold(string(bytes.TrimSpace(token)), "close") {
			h.p.closing = true
		}
	case "content-type":
		h.kind = string(value)
		kind, _, _ := strings.Cut(h.kind, ";")
		if h.d == proto.Orig {
			h.x.rec.ReqType = strings.TrimSpace(kind)
			management(h.x.rec, h.kind)
		} else {
			h.x.rec.RespType = strings.TrimSpace(kind)
		}
		if h.name == "" && !hasFold(value, "multipart/") {
			h.name = parameterName(h.kind, "name")
		}
	case "content-disposition":
		if f := parameterName(string(value), "filename"); f != "" {
			h.name = f
		}
	case "content-range":
		if r, ok := parseRange(string(value)); ok {
			h.ranged = record.Some(r)
		} else {
			h.p.c.Weird("HTTP_content_range_cannot_parse", string(value[:min(len(value), shownLen)]))
		}
	default:
		return false
	}
	return true
}

func containsFold(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		if hasFold(b[i:], word) {
			return true
		}
	}
	return false
}

// request keeps the request headers that the record has a place for.
func (h *half) request(name, value []byte) {
	r := h.x.rec
	var field *string
	switch string(name) {
	case "host":
		field = &r.Host
	case "referer":
		field = &r.Referrer
	case "user-agent":
		field = &r.UserAgent
	case "origin":
		field = &r.Origin
	case "range":
		h.x.ranged = true
	case "authorization", "proxy-authorization":
		if user, ok := basic(string(value)); ok {
			r.Username = user
		}
		h.logon(value)
	case "forwarded", "x-forwarded-for", "x-forwarded-from", "client-ip", "via", "xroxy-connection", "proxy-connection":
		if p := strings.ToUpper(string(name)) + " -> " + string(value); len(r.Proxied) < maxProxied && !slices.Contains(r.Proxied, p) {
			r.Proxied = append(r.Proxied, p)
		}
	case "cookie":
		if keyBlock(value) {
			addTrait(r, TraitKeyCookie)
		}
	case "x-cmd":
		addTrait(r, TraitTunnelCommand)
	}
	if field != nil {
		*field = string(value)
		h.fold = field
	}
}

// basic returns the user of RFC 7617; the password is not looked at.
func basic(value string) (user string, ok bool) {
	if len(value) < 6 || !strings.EqualFold(value[:6], "basic ") {
		return "", false
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value[6:]))
	if user, _, ok := strings.Cut(string(plain), ":"); ok && err == nil {
		return user, true
	}
	return "<problem-decoding> (" + value + ")", true
}
