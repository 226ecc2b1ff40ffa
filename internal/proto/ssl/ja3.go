package ssl

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
)

// ja3 is the JA3 fingerprint of a client hello: the MD5 of version, cipher
// suites, extensions, groups and point formats in decimal, without GREASE
// (https://github.com/salesforce/ja3).
func (h *clientHello) ja3() string {
	var buf [1024]byte
	s := strconv.AppendUint(buf[:0], uint64(h.version), 10)
	s = appendNumbers(append(s, ','), h.ciphers)
	s = appendExtensions(append(s, ','), h.extensions)
	s = appendNumbers(append(s, ','), h.groups)
	s = append(s, ',')
	for i, p := range h.points {
		if i > 0 {
			s = append(s, '-')
		}
		s = strconv.AppendUint(s, uint64(p), 10)
	}
	return md5Hex(s)
}

// ja3s is the JA3S fingerprint of a server hello: the MD5 of version, cipher
// suite and extensions in decimal.
func (h *serverHello) ja3s() string {
	var buf [256]byte
	s := strconv.AppendUint(buf[:0], uint64(h.version), 10)
	s = strconv.AppendUint(append(s, ','), uint64(h.cipher), 10)
	s = appendExtensions(append(s, ','), h.extensions)
	return md5Hex(s)
}

func appendNumbers(s []byte, n numbers) []byte {
	first := true
	for i := range n.len() {
		s, first = appendNumber(s, n.at(i), first)
	}
	return s
}

func appendExtensions(s, extensions []byte) []byte {
	first := true
	eachExtension(extensions, func(kind uint16, _ []byte) { s, first = appendNumber(s, kind, first) })
	return s
}

func appendNumber(s []byte, n uint16, first bool) ([]byte, bool) {
	if isGREASE(n) {
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
