package http

import (
	"strings"

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
	multi  bool
	parts  multipart
	entity entity // what is being written now

	head   []byte // first decoded bytes; the memory is used again
	counts [256]uint32
	base64 bool // nothing but Base64 characters so far
	tail   [tailLen]byte
}

// entity is one file within a body: all of it, or a part of multipart.
type entity struct {
	name   string
	length record.Opt[uint64] // that its own headers announce
	ranged record.Opt[byteRange]
	file   *wirefile.File
	key    string // of a file that several replies bring in ranges
}

// byteRange is Content-Range (RFC 9110 section 14.4).
type byteRange struct{ first, last, total uint64 }

// begin starts a body by the message's headers.
func (b *body) begin(h *half) {
	b.h, b.n, b.unpack, b.multi, b.base64 = h, 0, false, false, true
	b.head, b.counts, b.tail = b.head[:0], [256]uint32{}, [tailLen]byte{}
	b.entity = entity{name: h.name, ranged: h.ranged}
	switch h.encoding {
	case "gzip", "x-gzip", "deflate":
		b.unpack = true
		if b.zip == nil {
			b.zip = &inflater{}
		}
		b.zip.reset(h.encoding != "deflate", b.decoded)
	default:
		if !h.chunked {
			b.entity.length = h.length
		}
	}
	if boundary, ok := multipartBoundary(h.kind); ok {
		b.multi = true
		b.parts.begin(b, boundary)
	}
}

// write takes body bytes as they are on the wire.
func (b *body) write(p []byte) {
	switch {
	case b.h.drop:
		b.missing(uint64(len(p)))
		return
	case !b.unpack:
		b.decoded(p)
		return
	}
	if err := b.zip.write(p); err != nil {
		b.h.p.c.Weird("inflate_failed", err.Error())
		b.unpack = false
		if plain, n := b.zip.rest(); plain != nil { // not compressed at all, whatever the header says
			b.decoded(plain)
		} else {
			b.h.drop = true
			b.missing(uint64(n))
		}
	}
}

// decoded takes body bytes after decompression.
func (b *body) decoded(p []byte) {
	if len(p) == 0 {
		return
	}
	if room := entropyLen - int(min(b.n, entropyLen)); room > 0 {
		for _, c := range p[:min(room, len(p))] {
			b.counts[c]++
		}
	}
	b.n += uint64(len(p))
	if room := headLen - len(b.head); room > 0 {
		b.head = append(b.head, p[:min(room, len(p))]...)
	}
	if b.base64 {
		b.base64 = allBase64(p)
		if n := len(p); n >= tailLen {
			copy(b.tail[:], p[n-tailLen:])
		} else {
			copy(b.tail[:], b.tail[n:])
			copy(b.tail[tailLen-n:], p)
		}
	}
	if b.multi {
		b.parts.write(p)
		return
	}
	b.content(p)
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
}

// open starts the present entity's file record with its first bytes, or goes
// on with the file that earlier replies brought parts of.
func (b *body) open() {
	h, e := b.h, &b.entity
	if e.ranged.Set && h.x.ranged && h.d == proto.Resp {
		e.key = h.x.url
		e.file = h.p.ranges.find(e.key)
	}
	if e.file == nil {
		e.file = wirefile.New(h.p.c, "HTTP", h.d)
		if e.key != "" {
			h.p.ranges.keep(e.key, e.file)
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
	if r := b.rec(); b.h.d == proto.Orig {
		r.OrigMIME = appendSome(r.OrigMIME, e.file.MIME())
	} else {
		r.RespMIME = appendSome(r.RespMIME, e.file.MIME())
	}
	switch {
	case e.key != "" && !e.file.Complete():
	case e.key != "":
		b.h.p.ranges.drop(e.key)
		e.file.Close()
	default:
		if e.ranged.Set && !e.file.Complete() {
			e.file.Quiet()
		}
		e.file.Close()
	}
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

// gap steps over n bytes that were never captured. What is compressed cannot
// be unpacked behind a hole.
func (b *body) gap(n uint64) {
	if b.unpack {
		b.unpack, b.h.drop = false, true
	}
	b.missing(n)
}

// missing counts n bytes of the body, packed ones if it is compressed, that
// cannot be had: the file has no hash then.
func (b *body) missing(n uint64) {
	b.base64 = false
	b.n += n
	switch e := &b.entity; {
	case b.multi:
		b.parts.gap(n)
	case e.file == nil:
	case e.ranged.Set:
		e.ranged.V.first += n
	default:
		e.file.Gap(n)
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
	if b.multi {
		b.parts.end()
	}
	b.endEntity()
	r := b.rec()
	shown := string(b.head[:min(len(b.head), shownLen)])
	var bits record.Opt[float64]
	if len(b.head) > 0 {
		bits = record.Some(entropyOf(&b.counts))
	}
	if b.h.d == proto.Orig {
		r.ReqBodyLen, r.ReqBodyHead, r.ReqEntropy = b.n, shown, bits
		b.requestTraits(r)
	} else {
		r.RespBodyLen, r.RespBodyHead, r.RespEntropy = b.n, shown, bits
		b.replyTraits(r)
	}
}

// rangedFiles are the files of a connection that come in ranges, oldest first.
type rangedFiles []rangedFile

type rangedFile struct {
	key  string
	file *wirefile.File
}

// maxRanged bounds the files that wait for more ranges, per connection.
const maxRanged = 32

func (l rangedFiles) find(key string) *wirefile.File {
	for _, f := range l {
		if f.key == key {
			return f.file
		}
	}
	return nil
}

func (l *rangedFiles) keep(key string, f *wirefile.File) {
	if len(*l) == maxRanged {
		l.quiet(1)
	}
	*l = append(*l, rangedFile{key, f})
}

func (l *rangedFiles) drop(key string) {
	for i, f := range *l {
		if f.key == key {
			*l = append((*l)[:i], (*l)[i+1:]...)
			return
		}
	}
}

// quiet ends the n oldest files: nothing more of them came.
func (l *rangedFiles) quiet(n int) {
	for _, f := range (*l)[:n] {
		f.file.Quiet()
		f.file.Close()
	}
	*l = append((*l)[:0], (*l)[n:]...)
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
