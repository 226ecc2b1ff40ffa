package http

import (
	"bytes"
	"strconv"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
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
	mid     bool // lost within a line

	framing
	body body
	tail []byte         // beginning of a line of a body that is read by lines
	last *wirefile.File // of the message before, and what follows it is missing
	rest *wirefile.File // that, once bytes are missing
}

// framing is what the headers of one message say about its body.
type framing struct {
	length   record.Opt[uint64] // Content-Length
	chunked  bool
	encoding string  // Content-Encoding that we decode
	kind     string  // Content-Type with its parameters
	name     string  // file name of Content-Disposition or Content-Type
	fold     *string // value that a folded line continues
	ranged   record.Opt[byteRange]
	interim  bool // a 1xx reply
	drop     bool // the rest of the body cannot be decoded
}

func (h *half) init(p *parser, d proto.Dir) { h.p, h.d = p, d }

// parse consumes what it can of b.
func (h *half) parse(b []byte) (used, need int) {
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
			h.toEnd(rest)
			used += len(rest)
		case lost:
			n, found := h.nextStart(rest)
			used += n
			if !found {
				return used, len(rest) - n + 1
			}
			h.state = atStart
		default:
			if h.d == proto.Resp && h.p.http09 {
				h.rawReply()
				continue
			}
			nl := bytes.IndexByte(rest, '\n')
			if nl > maxLine || nl < 0 && len(rest) > maxLine {
				h.giveUp("http_line_too_long", nil)
				h.mid = true
				continue
			}
			if nl < 0 {
				return used, len(rest) + 1
			}
			h.line(bytes.TrimRight(rest[:nl], "\r"))
			used += nl + 1
		}
		if h.p.tunnel != nil {
			return used, 0
		}
	}
	return used, 0
}

// giveUp ends a message that breaks the protocol: the direction waits for the
// next start line.
func (h *half) giveUp(weird string, seen []byte) {
	h.p.c.Weird(weird, string(seen[:min(len(seen), shownLen)]))
	if h.state == inHeaders {
		h.body.begin(h)
		h.finish()
	}
	h.end()
	h.state, h.mid = lost, false
}

// line handles one line outside of body data.
func (h *half) line(line []byte) {
	switch h.state {
	case atStart:
		h.startLine(line)
	case inHeaders:
		if len(line) == 0 {
			h.beginBody()
			return
		}
		if h.headers++; h.headers > maxHeaders {
			h.giveUp("http_too_many_headers", nil)
			return
		}
		h.header(line)
	case atChunk:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 62)
		if err != nil {
			h.giveUp("HTTP_bad_chunk_size", line)
			return
		}
		h.left, h.state = n, inChunk
		if n == 0 {
			h.state = trailers
		}
	case afterData:
		h.state = atChunk
		if len(line) > 0 {
			h.giveUp("HTTP_bad_chunk_size", line)
		}
	case trailers:
		if len(line) == 0 {
			h.finish()
		}
	case inBody, toEnd, inChunk, lost: // parse handles these
	}
}

func (h *half) startLine(line []byte) {
	if len(line) == 0 {
		if h.empty++; h.empty > maxEmpty {
			h.giveUp("http_blank_lines", nil)
		}
		return
	}
	h.empty, h.headers, h.left, h.framing = 0, 0, 0, framing{}
	if h.d == proto.Orig {
		method, uri, version, ok := requestLine(line)
		if !ok {
			h.giveUp("bad_HTTP_request", line)
			return
		}
		text, odd := unescape(uri)
		if odd != "" {
			h.p.c.Weird(odd, text)
		}
		h.x = h.p.request(string(method), text)
		h.p.http09 = h.p.http09 || version == "0.9"
	} else {
		version, code, reason, ok := statusLine(line)
		if !ok {
			h.giveUp("bad_HTTP_reply", line)
			return
		}
		h.x = h.p.reply()
		h.status(version, code, reason)
	}
	h.p.c.Confirm()
	h.state = inHeaders
}

// status fills in what a status line says.
func (h *half) status(version string, code uint64, reason string) {
	r := h.x.rec
	r.Version, r.StatusCode, r.StatusMsg = version, record.Some(code), reason
	if code/100 == 1 {
		h.interim = code != 101
		r.InfoCode, r.InfoMsg = record.Some(code), reason
	}
}

// statusPrefix tells whether b may begin a status line.
func statusPrefix(b []byte) bool {
	n := min(len(b), 5)
	return hasFold([]byte("HTTP/")[:n], string(b[:n]))
}

// rawReply begins a reply of HTTP/0.9: nothing but a body. As in Zeek, the first
// request without a version decides about all that the server sends.
func (h *half) rawReply() {
	h.end()
	h.framing = framing{}
	h.x = h.p.reply()
	h.status("0.9", 0, "<empty>") // as Zeek says it
	h.body.begin(h)
	h.state = toEnd
}

// beginBody decides by RFC 9112 section 6.3 whether and how a body follows.
func (h *half) beginBody() {
	r := h.x.rec
	h.fold = nil
	if h.interim {
		h.state = atStart // the final reply is still to come
		return
	}
	none := false
	h.last = nil
	if h.d == proto.Resp {
		code := r.StatusCode.V
		none = h.x.head || code == 204 || code == 304 || code == 101 || h.x.connect && code/100 == 2
		if code != 206 {
			h.ranged.Set = false
		}
	} else {
		h.x.url = h.p.fileKey(r)
		h.ranged.Set = false
		none = h.x.connect || !h.chunked && !h.length.Set
	}
	if h.chunked && h.length.Set {
		h.p.c.Weird("HTTP_content_length_and_chunked", "")
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
		h.body.byLines = h.body.byLines || !h.body.unpack && !h.p.closing
	}
}

// toEnd takes bytes of a body that ends with the connection. Zeek reads it line
// by line, unless it was announced: the rest of a line waits.
func (h *half) toEnd(b []byte) {
	if !h.body.byLines || h.body.multi {
		h.body.write(b)
		return
	}
	n := 1 + max(bytes.LastIndexByte(b, '\n'), bytes.LastIndexByte(b, '\r'))
	if n > 0 && len(h.tail) > 0 {
		h.tail = append(h.tail, b[:n]...)
		h.body.write(h.tail)
		h.tail, b = h.tail[:0], b[n:]
	} else if n > 0 {
		h.body.write(b[:n])
		b = b[n:]
	}
	h.tail = append(h.tail, b...)
	if len(h.tail) > maxLine {
		h.body.write(h.tail)
		h.tail = h.tail[:0]
	}
}

// finish ends the message.
func (h *half) finish() {
	h.state = atStart
	x := h.x
	if x == nil {
		return
	}
	if len(h.tail) > 0 {
		h.body.write(h.tail)
		h.tail = h.tail[:0]
	}
	h.body.finish()
	h.x = nil
	if h.d == proto.Orig {
		h.p.requested(x)
		return
	}
	h.p.replied(x)
}

// gap steps over n missing bytes: within a body they are counted, anywhere
// else the message ends and the direction waits for the next start line.
func (h *half) gap(n uint64) {
	inside := n <= h.left
	switch {
	case h.state == toEnd:
		if len(h.tail) > 0 {
			h.body.write(h.tail)
			h.tail = h.tail[:0]
		}
		h.body.gap(n, false)
		h.body.freeze()
		h.p.holed[h.d] = true
		return
	case (h.state == inBody || h.state == inChunk) && inside:
		h.body.gap(n, true)
		h.left -= n
		if h.left > 0 {
			return
		}
		if h.state == inBody {
			h.finish()
		} else {
			h.state = afterData
		}
		return
	case h.state == inBody, h.state == inChunk, h.state == atChunk, h.state == afterData:
		h.body.gap(n, false) // sizes and line ends of chunks are in it, too
	case h.state == inHeaders:
		h.body.begin(h)
		h.finish()
	default:
		h.missing(n)
	}
	h.end()
	h.state, h.mid = lost, false
	h.p.holed[h.d] = true
}

// missing notes n bytes that are missing between messages. As in Zeek, which
// stops reading here, they are taken for more of the file before them.
func (h *half) missing(n uint64) {
	if h.rest == nil {
		if h.last == nil {
			return
		}
		h.rest = h.last.Rest()
	}
	h.rest.Gap(n)
}

func (h *half) closeRest() {
	if h.rest != nil {
		h.rest.Close()
	}
	h.rest, h.last = nil, nil
}

// end finishes what the connection's end cuts off.
func (h *half) end() {
	switch h.state {
	case inBody, inChunk, atChunk, afterData:
		h.body.cut()
		h.finish()
	case toEnd, trailers:
		h.body.ended = !h.p.closed
		h.finish()
	case atStart, inHeaders, lost:
	}
}

// nextStart looks for a start line at the beginning of a line, and tells how
// many bytes are before it.
func (h *half) nextStart(b []byte) (skip int, found bool) {
	for at := 0; at < len(b); {
		line := b[at:]
		nl := bytes.IndexByte(line, '\n')
		if nl < 0 {
			if !h.mid && len(line) <= maxLine && (h.d == proto.Resp && statusPrefix(line) || h.d == proto.Orig && tokenChars[line[0]]) {
				return at, false
			}
			h.mid = true
			return len(b), false
		}
		if !h.mid && h.starts(bytes.TrimRight(line[:nl], "\r")) {
			return at, true
		}
		h.mid = false
		at += nl + 1
	}
	return len(b), false
}

// starts tells whether a line is surely a start line.
func (h *half) starts(line []byte) bool {
	if h.d == proto.Resp {
		_, _, _, ok := statusLine(line)
		return ok
	}
	method, _, version, ok := requestLine(line)
	return ok && version != "0.9" && methods[string(method)]
}
