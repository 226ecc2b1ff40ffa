package smtp

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/wireline"
)

// probe looks for HELO or EHLO, a transaction, or a greeting that says SMTP.
// 220 alone may be FTP's.
func probe(d proto.Dir, b []byte) proto.Verdict {
	b = bytes.TrimLeft(b, "\r\n ")
	if len(b) == 0 {
		return proto.No
	}
	if d == proto.Orig {
		return probeCommand(b)
	}
	return probeReply(b)
}

func probeCommand(b []byte) proto.Verdict {
	if b[0] < 'A' || b[0] > 'z' {
		return proto.No
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	word, arg := wireline.Word(line)
	if len(word) > 8 {
		return proto.No
	}
	name := strings.ToUpper(string(word))
	switch {
	case !whole:
		for k := range known {
			if strings.HasPrefix(k, name) && len(line) < 2048 {
				return proto.Maybe
			}
		}
		return proto.No
	case name == "EHLO" || name == "HELO":
		return proto.Yes
	case name == "MAIL" && hasPrefixFold(string(arg), "FROM:"), name == "RCPT" && hasPrefixFold(string(arg), "TO:"):
		return proto.Yes
	case known[name]:
		return proto.Maybe
	}
	return proto.No
}

func probeReply(b []byte) proto.Verdict {
	for _, c := range b[:min(len(b), 3)] {
		if c < '0' || c > '9' {
			return proto.No
		}
	}
	if len(b) < 4 {
		return proto.Maybe
	}
	if b[3] != ' ' && b[3] != '-' {
		return proto.No
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	upper := bytes.ToUpper(line)
	switch wireline.Code(b) {
	case 220:
		if whole && bytes.Contains(upper, []byte("SMTP")) {
			return proto.Yes
		}
		if bytes.Contains(upper, []byte("FTP")) {
			return proto.No
		}
		return proto.Maybe
	case 250:
		if whole && (bytes.Contains(upper, []byte("PIPELINING")) || bytes.Contains(upper, []byte("8BITMIME"))) {
			return proto.Yes
		}
		return proto.Maybe
	case 354:
		if whole && bytes.Contains(upper, []byte("<CRLF>")) {
			return proto.Yes
		}
		return proto.Maybe
	case 211, 214, 221, 235, 251, 252, 334, 421, 450, 451, 452, 454, 500, 501, 502, 503, 504, 521, 530, 535, 550, 551, 552, 553, 554, 555:
		return proto.Maybe
	}
	return proto.No
}
