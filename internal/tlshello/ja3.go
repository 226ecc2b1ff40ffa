package tlshello

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// JA3 is the JA3 fingerprint of a client hello: the MD5 of version, cipher
// suites, extensions, groups and point formats in decimal, without GREASE
// (https://github.com/salesforce/ja3).
func (h *Client) JA3() string {
	var buf [1024]byte
	s := strconv.AppendUint(buf[:0], uint64(h.Version), 10)
	s = appendNumbers(append(s, ','), h.Ciphers)
	s = appendExtensions(append(s, ','), h.Extensions)
	s = appendNumbers(append(s, ','), h.Groups)
	s = append(s, ',')
	for i, p := range h.Points {
		if i > 0 {
			s = append(s, '-')
		}
		s = strconv.AppendUint(s, uint64(p), 10)
	}
	return md5Hex(s)
}

// JA3S is the JA3S fingerprint of a server hello: the MD5 of version, cipher
// suite and extensions in decimal.
func (h *Server) JA3S() string {
	var buf [256]byte
	s := strconv.AppendUint(buf[:0], uint64(h.Version), 10)
	s = strconv.AppendUint(append(s, ','), uint64(h.Cipher), 10)
	s = appendExtensions(append(s, ','), h.Extensions)
	return md5Hex(s)
}

func appendNumbers(s []byte, n Numbers) []byte {
	first := true
	for i := range n.Len() {
		s, first = appendNumber(s, n.At(i), first)
	}
	return s
}

func appendExtensions(s, extensions []byte) []byte {
	first := true
	eachExtension(extensions, func(kind uint16, _ []byte) { s, first = appendNumber(s, kind, first) })
	return s
}

func appendNumber(s []byte, n uint16, first bool) ([]byte, bool) {
	if IsGREASE(n) {
		return s, first
	}
	if !first {
		s = append(s, '-')
	}
	return strconv.AppendUint(s, uint64(n), 10), false
}

func md5Hex(s []byte) string {
	sum := md5.Sum(s)
	return hex.EncodeToString(sum[:])
}
