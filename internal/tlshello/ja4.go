package tlshello

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

const (
	ja4Hash  = 12             // hex digits kept of each SHA-256
	ja4Empty = "000000000000" // in place of the hash of nothing
	hexLower = "0123456789abcdef"
)

// JA4 is the JA4 fingerprint of a client hello, from FoxIO's technical
// description (https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md).
// carrier is 't' for TCP, 'q' for QUIC and 'd' for DTLS. GREASE counts nowhere.
func (h *Client) JA4(carrier byte) string {
	var suiteRoom, extRoom [64]uint16
	suites, exts := suiteRoom[:0], extRoom[:0]
	for i := range h.Ciphers.Len() {
		if n := h.Ciphers.At(i); !IsGREASE(n) {
			suites = append(suites, n)
		}
	}
	shown := 0
	eachExtension(h.Extensions, func(kind uint16, _ []byte) {
		if IsGREASE(kind) {
			return
		}
		shown++
		if kind != extServerName && kind != extALPN {
			exts = append(exts, kind)
		}
	})
	sni := byte('i')
	if h.HasServerName {
		sni = 'd'
	}
	var buf [40]byte
	out := append(buf[:0], carrier)
	out = append(out, ja4Version(h.highest())...)
	out = append(out, sni)
	out = appendTwoDigits(out, len(suites))
	out = appendTwoDigits(out, shown)
	out = appendALPN(out, h.Protocol)

	slices.Sort(suites)
	slices.Sort(exts)
	var listRoom [512]byte
	list := appendHexList(listRoom[:0], suites)
	out = appendHash(append(out, '_'), list)
	list = appendHexList(list[:0], exts)
	if len(exts) > 0 {
		for i := range h.Signatures.Len() {
			sep := byte(',')
			if i == 0 {
				sep = '_'
			}
			list = appendHex(append(list, sep), h.Signatures.At(i))
		}
	}
	return string(appendHash(append(out, '_'), list))
}

// highest is the highest version that the client offers.
func (h *Client) highest() uint16 {
	best, found := h.Version, false
	for i := range h.Versions.Len() {
		if v := h.Versions.At(i); !IsGREASE(v) && (!found || newer(v, best)) {
			best, found = v, true
		}
	}
	return best
}

// newer tells whether version a came after b. DTLS counts downwards.
func newer(a, b uint16) bool {
	if a >= DTLS13 && b >= DTLS13 {
		return a < b
	}
	return a > b
}

func ja4Version(v uint16) string {
	switch v {
	case TLS13:
		return "13"
	case TLS12:
		return "12"
	case TLS11:
		return "11"
	case TLS10:
		return "10"
	case SSL3:
		return "s3"
	case SSL2:
		return "s2"
	case DTLS10:
		return "d1"
	case DTLS12:
		return "d2"
	case DTLS13:
		return "d3"
	}
	return "00"
}

func appendTwoDigits(dst []byte, n int) []byte {
	n = min(n, 99)
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

// appendALPN writes the first and last character of the protocol, or, where
// one of them is neither letter nor digit, the first and last digit of its hex.
func appendALPN(dst, protocol []byte) []byte {
	if len(protocol) == 0 {
		return append(dst, '0', '0')
	}
	first, last := protocol[0], protocol[len(protocol)-1]
	if alnum(first) && alnum(last) {
		return append(dst, first, last)
	}
	return append(dst, hexLower[first>>4], hexLower[last&15])
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func appendHexList(dst []byte, list []uint16) []byte {
	for i, n := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendHex(dst, n)
	}
	return dst
}

func appendHex(dst []byte, n uint16) []byte {
	return append(dst, hexLower[n>>12], hexLower[n>>8&15], hexLower[n>>4&15], hexLower[n&15])
}

func appendHash(dst, list []byte) []byte {
	if len(list) == 0 {
		return append(dst, ja4Empty...)
	}
	sum := sha256.Sum256(list)
	return hex.AppendEncode(dst, sum[:ja4Hash/2])
}
