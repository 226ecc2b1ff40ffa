package http

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// state is where a direction is within its message.
type state uint8

const (
	atStart   state = iota // before a start line
	inHeaders              // between the start line and the blank one
	inBody                 // left bytes to go
	toEnd                  // a body that ends with the connection
	atChunk                // before a chunk size
	inChunk                // left bytes of a chunk to go
	afterData              // before the line end behind a chunk
	trailers               // behind the last chunk
	lost                   // behind a gap: waiting for a start line
)

// half is one direction of the connection.
type half struct {
	p       *parser
	d       proto.Dir
	state   state
	x       *exchange // the message being read belongs to
	left    uint64
	headers int
	empty   int

	length   record.Opt[uint64] // Content-Length
	chunked  bool
	encoding string // Content-Encoding that we decode
	name     string // Content-Disposition filename
	interim  bool   // a 1xx reply
	body     body
}

func (h *half) init(p *parser, d proto.Dir) { h.p, h.d = p, d }

// parse consumes what it can of b.
func (h *half) parse(b []byte) (used, need int, err error) {
	for used < len(b) {
		rest := b[used:]
		switch h.state {
		case inBody, inChunk:
			n := len(rest)
			if uint64(n) > h.left {
				n = int(h.left)
			}
			h.body.write(rest[:n])
			h.left -= uint64(n)
			used += n
			if h.left == 0 {
				if h.state == inBody {
					h.finish()
				} else {
					h.state = afterData
				}
			}
		case toEnd:
			h.body.write(rest)
			used += len(rest)
		case lost:
			n, found := nextStart(rest, h.d)
			used += n
			if !found {
				return used, 0, nil
			}
			h.state = atStart
		default:
			nl := bytes.IndexByte(rest, '\n')
			if nl < 0 {
				if len(rest) > maxLine {
					return used, 0, errLine
				}
				return used, len(rest) + 1, nil
			}
			if nl > maxLine {
				return used, 0, errLine
			}
			if err := h.line(bytes.TrimRight(rest[:nl], "\r")); err != nil {
				return used, 0, err
			}
			used += nl + 1
		}
		if h.p.blind || h.p.inner != nil {
			return used, 0, nil
		}
	}
	return used, 0, nil
}

// line handles one line outside of body data.
func (h *half) line(line []byte) error {
	switch h.state {
	case atStart:
		return h.startLine(line)
	case inHeaders:
		if len(line) == 0 {
			h.beginBody()
			return nil
		}
		h.headers++
		if h.headers > maxHeaders {
			return errHeaders
		}
		h.header(line)
	case atChunk:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 62)
		if err != nil {
			return errChunk
		}
		h.left, h.state = n, inChunk
		if n == 0 {
			h.state = trailers
		}
	case afterData:
		h.state = atChunk
		if len(line) > 0 {
			return errChunk
		}
	case trailers:
		if len(line) == 0 {
			h.finish()
		}
	case inBody, toEnd, inChunk, lost: // parse handles these
	}
	return nil
}

func (h *half) startLine(line []byte) error {
	if len(line) == 0 {
		if h.empty++; h.empty > maxEmpty {
			return errStart
		}
		return nil
	}
	h.empty, h.headers, h.left = 0, 0, 0
	h.length, h.chunked, h.encoding, h.name, h.interim = record.Opt[uint64]{}, false, "", "", false
	if h.d == proto.Orig {
		method, uri, _, ok := requestLine(line)
		if !ok {
			return errStart
		}
		h.x = h.p.request(method, uri)
	} else {
		version, code, reason, ok := statusLine(line)
		if !ok {
			return errStart
		}
		h.x = h.p.reply()
		r := h.x.rec
		r.Version, r.StatusCode, r.StatusMsg = version, record.Some(code), reason
		if code/100 == 1 {
			h.interim = code != 101
			r.InfoCode, r.InfoMsg = record.Some(code), reason
		}
	}
	h.p.c.Confirm()
	h.state = inHeaders
	return nil
}

// header handles one header line; folded lines are passed over.
func (h *half) header(line []byte) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || line[0] == ' ' || line[0] == '\t' {
		return
	}
	value = bytes.TrimSpace(value)
	r := h.x.rec
	var low [32]byte
	if len(name) > len(low) {
		return
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	switch string(low[:len(name)]) {
	case "content-length":
		if n, err := strconv.ParseUint(string(value), 10, 62); err == nil {
			h.length = record.Some(n)
		}
	case "transfer-encoding":
		h.chunked = h.chunked || bytes.Contains(bytes.ToLower(value), []byte("chunked"))
	case "content-encoding":
		h.encoding = strings.ToLower(string(value))
	case "content-type":
		kind, _, _ := strings.Cut(string(value), ";")
		if h.d == proto.Orig {
			r.ReqType = strings.TrimSpace(kind)
		} else {
			r.RespType = strings.TrimSpace(kind)
		}
	case "content-disposition":
		h.name = dispositionName(string(value))
	default:
		if h.d == proto.Orig {
			requestHeader(r, string(low[:len(name)]), value)
		}
	}
}

// requestHeader keeps the headers that the record has a place for.
func requestHeader(r *Request, name string, value []byte) {
	switch name {
	case "host":
		r.Host = string(value)
	case "referer":
		r.Referrer = string(value)
	case "user-agent":
		r.UserAgent = string(value)
	case "origin":
		r.Origin = string(value)
	case "authorization":
		scheme, secret, ok := strings.Cut(string(value), " ")
		if ok && strings.EqualFold(scheme, "basic") {
			if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret)); err == nil {
				r.Username, _, _ = strings.Cut(string(plain), ":")
			}
		}
	case "forwarded", "x-forwarded-for", "x-forwarded-from", "client-ip", "via", "xroxy-connection", "proxy-connection":
		if len(r.Proxied) < maxEmpty {
			r.Proxied = append(r.Proxied, strings.ToUpper(name)+" -> "+string(value))
		}
	case "x-cmd":
		r.BodyTraits = append(r.BodyTraits, TraitTunnelCommand)
	}
}

// dispositionName is the filename parameter of RFC 6266.
func dispositionName(v string) string {
	_, rest, ok := strings.Cut(v, "filename=")
	if !ok {
		return ""
	}
	if strings.HasPrefix(rest, `"`) {
		name, _, _ := strings.Cut(rest[1:], `"`)
		return name
	}
	name, _, _ := strings.Cut(rest, ";")
	return strings.TrimSpace(name)
}

// beginBody decides by RFC 9112 section 6.3 whether and how a body follows.
func (h *half) beginBody() {
	r := h.x.rec
	if h.interim {
		h.state = atStart // the final reply is still to come
		return
	}
	none := false
	if h.d == proto.Resp {
		none = h.x.head || r.StatusCode.V == 204 || r.StatusCode.V == 304 || r.StatusCode.V == 101 || h.x.connect && r.StatusCode.V/100 == 2
	} else {
		none = h.x.connect || !h.chunked && !h.length.Set
	}
	h.body.begin(h)
	switch {
	case none:
		h.finish()
	case h.chunked:
		h.state = atChunk
	case h.length.Set:
		h.left, h.state = h.length.V, inBody
		if h.left == 0 {
			h.finish()
		}
	default:
		h.state = toEnd
	}
}

// finish ends the message.
func (h *half) finish() {
	h.state = atStart
	x := h.x
	if x == nil {
		return
	}
	h.body.finish()
	h.x = nil
	if h.d == proto.Orig {
		h.p.requested(x)
		return
	}
	h.p.replied(x)
}

// gap steps over n missing bytes.
func (h *half) gap(n uint64) {
	switch {
	case h.state == toEnd:
		h.body.gap(n)
	case (h.state == inBody || h.state == inChunk) && n <= h.left:
		h.body.gap(n)
		h.left -= n
		if h.left == 0 {
			if h.state == inBody {
				h.finish()
			} else {
				h.state = afterData
			}
		}
	default:
		h.end()
		h.state = lost
	}
}

// end finishes what the connection's end cuts off.
func (h *half) end() {
	switch h.state {
	case inBody, toEnd, atChunk, inChunk, afterData, trailers:
		h.finish()
	case atStart, inHeaders, lost:
	}
}

// nextStart looks for a start line at the beginning of a line.
func nextStart(b []byte, d proto.Dir) (skip int, found bool) {
	for at := 0; at < len(b); {
		line := b[at:]
		nl := bytes.IndexByte(line, '\n')
		if nl < 0 {
			if len(line) > maxLine {
				return len(b), false
			}
			if d == proto.Resp && bytes.HasPrefix([]byte("HTTP/"), line[:min(len(line), 5)]) || d == proto.Orig && upper(line[:min(len(line), 3)]) {
				return at, false
			}
			return len(b), false
		}
		text := bytes.TrimRight(line[:nl], "\r")
		if d == proto.Orig {
			if _, _, v, ok := requestLine(text); ok && v != "0.9" {
				return at, true
			}
		} else if _, _, _, ok := statusLine(text); ok {
			return at, true
		}
		at += nl + 1
	}
	return len(b), false
}
