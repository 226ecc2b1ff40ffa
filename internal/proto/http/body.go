package http

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wirefile"
)

const (
	headLen       = 4096     // decoded bytes that entropy and traits look at
	shownLen      = 64       // of these, kept in the record
	maxCompressed = 4 << 20  // of a body that has to be unpacked as a whole
	maxUnpacked   = 64 << 20 // what it may unpack to
	tailLen       = 16
)

// body follows one message's body: to the file record, and to what the
// framing gives away.
type body struct {
	h      *half
	file   *wirefile.File
	n      uint64 // decoded
	packed []byte // compressed so far
	unpack bool
	head   []byte // reused
	base64 bool   // nothing but Base64 characters so far
	tail   [tailLen]byte
}

func (b *body) begin(h *half) {
	*b = body{h: h, head: b.head[:0], base64: true}
	switch h.encoding {
	case "gzip", "x-gzip", "deflate":
		b.unpack = true
	}
}

// write takes body bytes as they are on the wire.
func (b *body) write(p []byte) {
	if len(p) == 0 {
		return
	}
	if b.unpack {
		if len(b.packed)+len(p) <= maxCompressed {
			b.packed = append(b.packed, p...)
			return
		}
		b.h.p.c.Weird("http_compressed_body_too_large", "")
		b.decode()
		b.unpack = false
		return
	}
	b.decoded(p)
}

// decoded takes body bytes after decompression.
func (b *body) decoded(p []byte) {
	if b.file == nil {
		if !b.open() {
			return
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
	b.file.Write(p)
}

// open starts the file record with the body's first bytes.
func (b *body) open() bool {
	h := b.h
	if h.x == nil {
		return false
	}
	b.file = wirefile.New(h.p.c, "HTTP", h.d)
	r := b.rec()
	if h.name != "" {
		b.file.SetName(h.name)
	}
	if h.length.Set && !b.unpack && h.encoding == "" && !h.chunked {
		b.file.SetTotal(h.length.V)
	}
	if h.d == proto.Orig {
		r.OrigFUIDs = append(r.OrigFUIDs, b.file.FUID())
		if h.name != "" {
			r.OrigNames = append(r.OrigNames, h.name)
		}
	} else {
		r.RespFUIDs = append(r.RespFUIDs, b.file.FUID())
		if h.name != "" {
			r.RespNames = append(r.RespNames, h.name)
		}
	}
	return true
}

// rec is the record to fill; a throw-away one when it has been written already.
func (b *body) rec() *Request {
	if b.h.x.emitted {
		return &Request{}
	}
	return b.h.x.rec
}

// decode unpacks what was kept.
func (b *body) decode() {
	packed := b.packed
	b.packed = nil
	var r io.Reader
	if b.h.encoding == "deflate" {
		if len(packed) > 2 && packed[0]&15 == 8 && (int(packed[0])<<8|int(packed[1]))%31 == 0 {
			packed = packed[2:] // zlib (RFC 1950), as the standard says; many send bare deflate
		}
		r = flate.NewReader(bytes.NewReader(packed))
	} else {
		gz, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			b.h.p.c.Weird("illegal_%_gzip", err.Error())
			b.decoded(packed)
			return
		}
		r = gz
	}
	var buf [16 << 10]byte
	for total := 0; total < maxUnpacked; {
		n, err := r.Read(buf[:])
		b.decoded(buf[:n])
		total += n
		if err != nil {
			return
		}
	}
	b.h.p.c.Weird("http_body_expands_too_far", "")
}

func (b *body) gap(n uint64) {
	b.base64 = false
	if b.unpack {
		b.decode()
		b.unpack = false
	}
	if b.file != nil {
		b.file.Gap(n)
	}
}

// finish ends the body: file record, lengths, type, traits.
func (b *body) finish() {
	if b.unpack && len(b.packed) > 0 {
		b.decode()
	}
	r := b.rec()
	if b.file != nil {
		mime := b.file.MIME()
		b.file.Close()
		if b.h.d == proto.Orig {
			r.OrigMIME = appendSome(r.OrigMIME, mime)
		} else {
			r.RespMIME = appendSome(r.RespMIME, mime)
		}
	}
	if b.h.d == proto.Orig {
		r.ReqBodyLen = b.n
		r.ReqBodyHead = string(b.head[:min(len(b.head), shownLen)])
		if len(b.head) > 0 {
			r.ReqEntropy = record.Some(entropy(b.head))
		}
		b.requestTraits(r)
	} else {
		r.RespBodyLen = b.n
		r.RespBodyHead = string(b.head[:min(len(b.head), shownLen)])
		if len(b.head) > 0 {
			r.RespEntropy = record.Some(entropy(b.head))
		}
		b.replyTraits(r)
	}
	b.file = nil
}

func appendSome(list []string, s string) []string {
	if s == "" {
		return list
	}
	return append(list, s)
}

// randomEnough tells whether n bytes of this entropy look encrypted: short
// samples of random bytes cannot reach 8 bits, so the bar rises with n.
func randomEnough(b []byte, bar float64) bool {
	n := float64(len(b))
	most := math.Min(8, math.Log2(n))
	return entropy(b) >= math.Min(bar, most-0.25*8/most)
}

func (b *body) requestTraits(r *Request) {
	if query, ok := cutQuery(r.URI); ok && tunnelQuery(query) {
		addTrait(r, TraitTunnelCommand)
	}
	if len(b.head) == 0 {
		return
	}
	if bytes.Contains(b.head, []byte("d2hvYW1p")) || bytes.Contains(b.head, []byte("dwBoAG8AYQBtAGkA")) {
		addTrait(r, TraitBase64Whoami)
	}
	if b.base64 && b.n >= 256 && b.n%4 == 0 {
		if plain, err := base64.StdEncoding.DecodeString(string(b.head[:len(b.head)/4*4])); err == nil && randomEnough(plain, 7.2) {
			addTrait(r, TraitBase64Token)
		}
	}
	if !b.base64 && b.n >= 64 && b.n%16 == 0 && randomEnough(b.head, 7.5) {
		addTrait(r, TraitAESBlocks)
	}
}

func (b *body) replyTraits(r *Request) {
	if len(b.head) < 32 {
		return
	}
	if b.base64 && b.n > 36 && upperHex(b.head[:16]) && upperHex(b.tail[:]) {
		addTrait(r, TraitGodzillaReply)
	}
	if r.RespType == "text/html" || r.RespType == "application/octet-stream" {
		switch b.head[0] {
		case '<', '{', '[', '\n', '\r', ' ':
		default:
			known := b.head
			if b.base64 && b.n%4 == 0 {
				if plain, err := base64.StdEncoding.DecodeString(string(b.head[:len(b.head)/4*4])); err == nil {
					known = plain
				}
			}
			if len(known) >= 256 && randomEnough(known, 7.2) && (r.RespType == "text/html" || len(r.RespMIME) == 0) {
				addTrait(r, TraitEncryptedReply)
			}
		}
	}
}

func addTrait(r *Request, t string) {
	if !slices.Contains(r.BodyTraits, t) {
		r.BodyTraits = append(r.BodyTraits, t)
	}
}

func cutQuery(uri string) (string, bool) {
	_, q, ok := strings.Cut(uri, "?")
	return strings.ToLower(q), ok
}

// tunnelQuery recognises the commands of reGeorg's query (dossier OP-29).
func tunnelQuery(q string) bool {
	for _, c := range []string{"cmd=connect", "cmd=read", "cmd=forward", "cmd=disconnect", "connect&target="} {
		if q == c || strings.HasPrefix(q, c+"&") || strings.Contains(q, "&"+c) || c == "connect&target=" && strings.HasPrefix(q, c) {
			return true
		}
	}
	return false
}

func upperHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// base64Chars marks the alphabet of RFC 4648 section 4 and its padding.
var base64Chars = func() (t [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" {
		t[c] = true
	}
	return t
}()

func allBase64(b []byte) bool {
	for _, c := range b {
		if !base64Chars[c] {
			return false
		}
	}
	return true
}

// entropy is Shannon's, in bits per byte.
func entropy(b []byte) float64 {
	var counts [256]int
	for _, c := range b {
		counts[c]++
	}
	h, n := 0.0, float64(len(b))
	for _, k := range counts {
		if k > 0 {
			f := float64(k) / n
			h -= f * math.Log2(f)
		}
	}
	return h
}
