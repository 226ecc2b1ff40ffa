package http

import (
	"bytes"
	"encoding/base64"
	"math"
	"slices"
	"strings"
)

// Entropy bars of the dossier (OP-10, OP-11, OP-27), in bits per byte.
const (
	encryptedBar = 7.2
	aesBar       = 7.5
	minToken     = 256 // OP-10: shortest Base64 body
	minBlocks    = 64  // shortest run of AES blocks whose entropy says anything
	minFrame     = 36  // OP-26: two halves of an MD5 and something between
)

// randomEnough tells whether bytes look encrypted: short samples of random
// bytes cannot reach 8 bits, so the bar bends for them. The expected entropy
// of n random bytes is at least log2(n) less a quarter bit for n up to 256.
func randomEnough(b []byte, bar float64) bool {
	if len(b) == 0 {
		return false
	}
	most := math.Min(8, math.Log2(float64(len(b))))
	return entropy(b) >= math.Min(bar, most-2/most)
}

func (b *body) requestTraits(r *Request) {
	if query, ok := cutQuery(r.URI); ok && tunnelQuery(query) {
		addTrait(r, TraitTunnelCommand)
	}
	if len(b.head()) == 0 {
		return
	}
	if bytes.Contains(b.head(), []byte("d2hvYW1p")) || bytes.Contains(b.head(), []byte("dwBoAG8AYQBtAGkA")) {
		addTrait(r, TraitBase64Whoami)
	}
	if b.base64 && b.n >= minToken && b.n%4 == 0 {
		if plain, ok := b.plain(); ok && randomEnough(plain, encryptedBar) {
			addTrait(r, TraitBase64Token)
		}
	}
	if !b.base64 && b.n >= minBlocks && b.n%16 == 0 && randomEnough(b.head(), aesBar) {
		addTrait(r, TraitAESBlocks)
	}
}

// plain decodes the beginning of a body that is Base64.
func (b *body) plain() ([]byte, bool) {
	plain, err := base64.StdEncoding.DecodeString(string(b.head()[:len(b.head())/4*4]))
	return plain, err == nil
}

func (b *body) replyTraits(r *Request) {
	if len(b.head()) < minFrame {
		return
	}
	if b.base64 && (b.n-2*tailLen)%4 == 0 && digestHalf(b.head()[:tailLen]) && digestHalf(b.sample.tail[:]) {
		addTrait(r, TraitGodzillaReply)
	}
	kind := strings.ToLower(r.RespType)
	if kind != "text/html" && kind != "application/octet-stream" || len(r.RespMIME) > 0 && r.RespMIME[0] != "text/plain" {
		return // a type of its own explains the bytes: an image, an archive, a program
	}
	switch b.head()[0] {
	case '<', '{', '[', '\n', '\r', ' ', '\t', 0xef:
		return
	}
	known := b.head()
	if b.base64 && b.n%4 == 0 {
		if plain, ok := b.plain(); ok {
			known = plain
		}
	}
	if len(known) >= minToken/4*3 && randomEnough(known, encryptedBar) {
		addTrait(r, TraitEncryptedReply)
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
	for _, c := range []string{"cmd=connect", "cmd=read", "cmd=forward", "cmd=disconnect"} {
		if q == c || strings.HasPrefix(q, c+"&") || strings.Contains(q, "&"+c) {
			return true
		}
	}
	return strings.HasPrefix(q, "connect&target=")
}

// keyBlock tells whether a cookie is nothing but the Base64 of 128 or 256 bytes.
// Base64 of so many ends in one "=" and two; a cookie with a name has it elsewhere.
func keyBlock(cookie []byte) bool {
	if n := len(cookie); n != 172 && n != 344 {
		return false
	}
	body := bytes.TrimRight(cookie, "=")
	if n := len(cookie) - len(body); n != 1 && n != 2 || bytes.IndexByte(body, '=') >= 0 || !allBase64(body) {
		return false
	}
	plain, err := base64.StdEncoding.DecodeString(string(cookie))
	return err == nil && (len(plain) == 128 || len(plain) == 256) && randomEnough(plain, encryptedBar)
}

// digestHalf tells whether b is upper-case hexadecimal with at least six
// different digits: of 16 at random all but one in 30,000 have so many, and a
// body of one letter has one.
func digestHalf(b []byte) bool {
	seen, different := [256]bool{}, 0
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return false
		}
		if !seen[c] {
			seen[c] = true
			different++
		}
	}
	return different >= 6
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
	var counts [256]uint32
	for _, c := range b {
		counts[c]++
	}
	return entropyOf(&counts)
}

func entropyOf(counts *[256]uint32) float64 {
	n := 0.0
	for _, k := range counts {
		n += float64(k)
	}
	h := 0.0
	for _, k := range counts {
		if k > 0 {
			f := float64(k) / n
			h -= f * math.Log2(f)
		}
	}
	return h
}
