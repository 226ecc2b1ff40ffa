package http

import (
	"bytes"
	"strings"
	"sync"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

const (
	headLen    = 4096     // decoded bytes that traits look at
	shownLen   = 64       // of these, kept in the record
	entropyLen = 64 << 10 // decoded bytes whose entropy is told
	tailLen    = 16
	maxFiles   = 15 // file ids in one record, as in Zeek; the files records themselves are all written
)

// body follows one message's body: through decompression and the parts of
// multipart, to file records, and to what the framing gives away.
type body struct {
	h      *half
	n      uint64 // decoded bytes, those in gaps included
	zip    *inflater
	unpack bool
	multi  bool // parts, or one message with headers of its own
	parts  multipart
	frozen bool // Zeek would not have read on

	byLines bool // Zeek reads it line by line
	ended   bool // what is not a whole line was the end all the same
	torn    bool // what is unpacked now lies behind a hole: no more than its length is said
	last    byte // decoded
	count   lineCount
	entity  entity // what is being written now

	base64 bool    // nothing but Base64 characters so far
	sample *sample // of the decoded bytes; nil: none yet
}

// sample is what traits are made of: most messages have no body, and those that
// are over leave theirs to others.
type sample struct {
	head   []byte // first decoded bytes
	counts [256]uint32
	tail   [tailLen]byte
}

var spareSamples = sync.Pool{New: func() any { return &sample{head: make([]byte, 0, headLen)} }}

// head is the first decoded bytes.
func (b *body) head() []byte {
	if b.sample == nil {
		return nil
	}
	return b.sample.head
}

// free leaves what only a message that goes on needs to others.
func (b *body) free() {
	if x := b.sample; x != nil {
		b.sample = nil
		x.head, x.counts, x.tail = x.head[:0], [256]uint32{}, [tailLen]byte{}
		spareSamples.Put(x)
	}
	if z := b.zip; z != nil {
		b.zip, b.unpack = nil, false
		z.out, z.src = nil, nil
		spareInflaters.Put(z)
	}
}

// entity is one file within a body: all of it, or a part of multipart.
type entity struct {
	name   string
	length record.Opt[uint64] // that its own headers announce
	ranged record.Opt[byteRange]
	file   *wirefile.File
	key    string // of a file that several replies bring in ranges
	known  bool   // its type was known before this message
	count  lineCount
}

// byteRange is Content-Range (RFC 9110 section 14.4).
type byteRange struct{ first, last, total uint64 }

// begin starts a body by the message's headers.
func (b *body) begin(h *half) {
	b.h, b.n, b.unpack, b.multi, b.base64 = h, 0, false, false, true
	b.free()
	b.entity = entity{name: h.name, ranged: h.ranged}
	b.frozen, b.byLines, b.ended, b.torn, b.last, b.count = false, false, false, false, 0, lineCount{}
	switch h.encoding {
	case "gzip", "x-gzip", "deflate":
		b.unpack = true
		b.zip = spareInflaters.Get().(*inflater)
		b.zip.reset(h.encoding != "deflate", b.decoded)
	default:
		if !h.chunked {
			b.entity.length = h.length
		}
	}
	if boundary, ok := multipartBoundary(h.kind); ok {
		b.multi, b.entity = true, entity{}
		b.parts.begin(b, boundary)
	} else if hasFold([]byte(h.kind), "message/") {
		b.multi, b.byLines, b.entity = true, b.h.p.source == "HTTP" && !b.unpack, entity{}
		b.parts.begin(b, "")
	}
}

// write takes body bytes as they are on the wire.
func (b *body) write(p []byte) {
	switch {
	case b.h.drop:
		return
	case !b.unpack:
		b.decoded(p)
		return
	}
	if err := b.zip.write(p); err != nil {
		b.h.p.c.Weird("inflate_failed", err.Error())
		b.unpack = false
		if plain, _ := b.zip.rest(); plain != nil { // not compressed at all, whatever the header says
			b.decoded(plain)
		} else {
			b.h.drop = true
			b.cut()
		}
	}
}

// decoded takes body bytes after decompression.
func (b *body) decoded(p []byte) {
	if len(p) == 0 {
		return
	}
	b.last = p[len(p)-1]
	if b.torn {
		b.base64 = false
	} else {
		b.learn(p)
	}
	if !b.frozen {
		b.n += uint64(len(p))
	}
	if b.byLines {
		b.n += uint64(b.count.add(p)) // #nosec G115 -- never below zero in all
	}
	if b.multi {
		b.n -= uint64(b.parts.write(p)) // #nosec G115 -- a length
		return
	}
	b.content(p)
}

// learn keeps what traits are made of.
func (b *body) learn(p []byte) {
	x := b.sample
	if x == nil {
		x = spareSamples.Get().(*sample)
		b.sample = x
	}
	if room := entropyLen - int(min(b.n, entropyLen)); room > 0 {
		for _, c := range p[:min(room, len(p))] {
			x.counts[c]++
		}
	}
	if room := headLen - len(x.head); room > 0 {
		x.head = append(x.head, p[:min(room, len(p))]...)
	}
	if b.base64 {
		b.base64 = allBase64(p)
		if n := len(p); n >= tailLen {
			copy(x.tail[:], p[n-tailLen:])
		} else {
			copy(x.tail[:], x.tail[n:])
			copy(x.tail[tailLen-n:], p)
		}
	}
}

// lineCount tells what Zeek counts beyond the bytes that came where it reads
// lines: a CR or LF that stands alone is two bytes for it, as the pair is.
type lineCount struct{ cr bool }

func (l *lineCount) add(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	n := bytes.Count(p, []byte{'\n'}) + bytes.Count(p, []byte{'\r'}) - 2*bytes.Count(p, []byte("\r\n"))
	if l.cr && p[0] == '\n' {
		n -= 2
	}
	l.cr = p[len(p)-1] == '\r'
	return n
}

// endLine counts the line end that Zeek adds where a body ends without.
func (b *body) endLine() {
	if b.last == '\n' || b.n == 0 {
		return
	}
	b.n += 2
	if e := &b.entity; e.file != nil && b.byLines {
		e.file.Pad(2)
	}
}

// content writes to the present entity's file.
func (b *body) content(p []byte) {
	e := &b.entity
	if e.file == nil {
		b.open()
	}
	if e.ranged.Set {
		e.file.WriteAt(e.ranged.V.first, p)
		e.ranged.V.first += uint64(len(p))
		return
	}
	e.file.Write(p)
	if b.byLines {
		e.file.Pad(e.count.add(p))
	}
}

// open starts the present entity's file record with its first bytes, or goes
// on with the file that earlier replies brought parts of.
func (b *body) open() {
	h, e := b.h, &b.entity
	var shared *rangedFiles
	if e.ranged.Set && h.x.ranged && h.d == proto.Resp {
		e.key = h.x.url
		shared = h.p.ranges()
		if e.file = shared.find(e.key, h.p.c.Now()); e.file != nil {
			e.known = e.file.Sniffed()
			e.file.Over(h.p.c)
		}
	}
	if e.file == nil {
		e.file = wirefile.New(h.p.c, h.p.source, h.d)
		if h.p.beyond(h.d) {
			e.file.Partial()
		}
		if shared != nil {
			shared.keep(e.key, e.file)
		}
	}
	switch {
	case e.ranged.Set && e.ranged.V.total > 0:
		e.file.SetTotal(e.ranged.V.total)
	case e.length.Set && e.length.V > 0:
		e.file.SetTotal(e.length.V)
	}
	if e.name != "" {
		e.file.SetName(e.name)
	}
	r := b.rec()
	if h.d == proto.Orig {
		r.OrigFUIDs, r.OrigNames = appendSome(r.OrigFUIDs, e.file.FUID()), appendSome(r.OrigNames, e.name)
	} else {
		r.RespFUIDs, r.RespNames = appendSome(r.RespFUIDs, e.file.FUID()), appendSome(r.RespNames, e.name)
	}
}

// endEntity ends the present entity's file; one that comes in ranges ends only
// when it is complete.
func (b *body) endEntity() {
	e := &b.entity
	if e.file == nil {
		return
	}
	whole := e.file.Complete()
	switch r := b.rec(); {
	case e.key != "" && (e.known || !whole && !e.file.Sniffed()):
	case b.h.d == proto.Orig:
		r.OrigMIME = appendSome(r.OrigMIME, e.file.MIME())
	default:
		r.RespMIME = appendSome(r.RespMIME, e.file.MIME())
	}
	switch {
	case e.key != "" && !whole:
		e.file = nil
		return
	case e.key != "":
		b.h.p.ranges().drop(e.key)
	case e.ranged.Set && !whole:
		e.file.Quiet()
	}
	if !b.multi && !b.h.p.beyond(b.h.d) {
		b.h.last = e.file
	}
	e.file.Close()
	e.file = nil
}

func appendSome(list []string, s string) []string {
	if s == "" || len(list) >= maxFiles {
		return list
	}
	return append(list, s)
}

// rec is the record to fill; a throw-away one when it has been written already.
func (b *body) rec() *Request {
	if b.h.x.emitted {
		return &Request{}
	}
	return b.h.x.rec
}

// gap steps over n bytes that were never captured; inside says that they are
// all of this body. What is compressed goes on as well as it can, as in Zeek.
func (b *body) gap(n uint64, inside bool) {
	b.base64, b.torn = false, b.torn || b.unpack
	if b.n == 0 {
		return
	}
	switch e := &b.entity; {
	case b.multi:
		b.parts.gap(n)
	case e.file == nil:
	case e.ranged.Set:
		e.ranged.V.first += n
	default:
		e.file.Gap(n)
	}
	if inside {
		b.n += n
	}
}

// freeze says that Zeek would not read on here.
func (b *body) freeze() {
	b.frozen, b.byLines = true, false
	if b.entity.file != nil {
		b.entity.file.Freeze()
	}
}

// cut says that the body ends before its framing does.
func (b *body) cut() {
	if b.entity.file != nil {
		b.entity.file.Cut()
	}
}

// finish ends the body: files, lengths, types, traits.
func (b *body) finish() {
	if b.unpack && b.zip.stage != ended {
		b.cut()
	}
	if b.ended && b.byLines || b.multi && b.h.p.source == "HTTP" && !b.unpack && b.h.left == 0 && !b.h.chunked && b.parts.state != epilogue {
		b.endLine()
	}
	if b.multi {
		b.parts.end()
	}
	b.endEntity()
	r := b.rec()
	head := b.head()
	shown := string(head[:min(len(head), shownLen)])
	var bits record.Opt[float64]
	if len(head) > 0 {
		bits = record.Some(entropyOf(&b.sample.counts))
	}
	if b.h.d == proto.Orig {
		r.ReqBodyLen, r.ReqBodyHead, r.ReqEntropy = b.n, shown, bits
		b.requestTraits(r)
	} else {
		r.RespBodyLen, r.RespBodyHead, r.RespEntropy = b.n, shown, bits
		b.replyTraits(r)
	}
	b.free()
}

// parseRange reads "bytes first-last/total".
func parseRange(v string) (byteRange, bool) {
	unit, rest, ok := strings.Cut(strings.TrimSpace(v), " ")
	if !ok || unit != "bytes" {
		return byteRange{}, false
	}
	span, total, ok := strings.Cut(strings.ReplaceAll(rest, " ", ""), "/")
	if !ok {
		return byteRange{}, false
	}
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return byteRange{}, false
	}
	var r byteRange
	var ok1, ok2, ok3 bool
	r.first, ok1 = number(from)
	r.last, ok2 = number(to)
	r.total, ok3 = number(total)
	if total == "*" {
		r.total, ok3 = 0, true
	}
	return r, ok1 && ok2 && ok3 && r.first <= r.last
}
