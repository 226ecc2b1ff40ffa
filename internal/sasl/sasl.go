// Package sasl reads from the lines of an authentication exchange (RFC 4422)
// who it is for, and nothing else: passwords and digests are forgotten.
//
//	sasl.Identity("PLAIN", 1, []byte("AHRpbQB0YW5zdGFhZg==")) // tim
package sasl

import (
	"bytes"
	"encoding/base64"
)

// maxIdentity bounds a name.
const maxIdentity = 256

// Identity is the user that line number step of the client names, counted from
// 1: PLAIN (RFC 4616) has it between two NUL, CRAM-MD5 (RFC 2195) before the
// digest, LOGIN sends it alone. It is empty when the line names nobody.
func Identity(mechanism string, step int, line []byte) string {
	if step != 1 {
		return ""
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(b, bytes.TrimSpace(line))
	if err != nil {
		return ""
	}
	who := b[:n]
	switch mechanism {
	case "LOGIN":
	case "PLAIN":
		parts := bytes.Split(who, []byte{0})
		if len(parts) != 3 {
			return ""
		}
		who = parts[1]
	case "CRAM-MD5":
		i := bytes.LastIndexByte(who, ' ')
		if i < 0 {
			return ""
		}
		who = who[:i]
	default:
		return ""
	}
	return string(who[:min(len(who), maxIdentity)])
}
