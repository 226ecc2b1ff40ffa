package http

import (
	"bytes"
	"strconv"
	"strings"

	"longwatch/internal/proto"
)

// tokenChars marks the characters of a method (RFC 9110 section 5.6.2).
var tokenChars = func() (t [256]bool) {
	for c := byte('!'); c < 0x7f; c++ {
		t[c] = !strings.ContainsRune(`()<>@,;:\"/[]?={}`, rune(c))
	}
	return t
}()

// requestLine splits METHOD TARGET [HTTP/x.y]. Without a version it is a
// request of HTTP/0.9.
func requestLine(line []byte) (method, uri []byte, version string, ok bool) {
	n := 0
	for n < len(line) && tokenChars[line[n]] {
		n++
	}
	rest := bytes.TrimLeft(line[n:], " \t")
	if n == 0 || len(rest) == len(line)-n {
		return nil, nil, "", false
	}
	uri = rest
	if i := lastFold(rest, "http/"); i == 0 {
		uri, version = nil, string(bytes.TrimSpace(rest[5:]))
	} else if i > 0 && (rest[i-1] == ' ' || rest[i-1] == '\t') {
		uri, version = bytes.TrimRight(rest[:i], " \t"), string(bytes.TrimSpace(rest[i+5:]))
	} else {
		version = "0.9"
		if n < 3 || len(uri) == 0 {
			return nil, nil, "", false
		}
	}
	return line[:n], uri, version, true
}

// lastFold is the last place of sub, which is in lower case, in b, in any case.
func lastFold(b []byte, sub string) int {
	for i := len(b) - len(sub); i >= 0; i-- {
		if b[i]|0x20 == sub[0] && strings.EqualFold(string(b[i:i+len(sub)]), sub) {
			return i
		}
	}
	return -1
}

// statusLine splits HTTP/x.y CODE [REASON].
func statusLine(line []byte) (version string, code uint64, reason string, ok bool) {
	if !hasFold(line, "HTTP/") {
		return "", 0, "", false
	}
	v, rest, ok := bytes.Cut(line[5:], []byte(" "))
	rest = bytes.TrimLeft(rest, " \t")
	if !ok || len(rest) < 3 || len(v) > 8 || len(v) < 3 || !digit(v[0]) || v[1] != '.' || !digit(v[2]) {
		return "", 0, "", false
	}
	for _, c := range rest[:3] {
		if !digit(c) {
			return "", 0, "", false
		}
		code = code*10 + uint64(c-'0')
	}
	_, text, _ := bytes.Cut(rest, []byte(" "))
	return string(v), code, string(bytes.TrimSpace(text)), true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func hasFold(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(string(s[:len(prefix)]), prefix)
}

// number reads a decimal number without sign.
func number(s string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 62)
	return n, err == nil
}

// unescape decodes %XX and the %uXXXX of old clients, as Zeek writes a URI;
// odd names escapes that are none. A URI without escapes is only copied.
func unescape(uri []byte) (text, odd string) {
	if bytes.IndexByte(uri, '%') < 0 {
		return string(uri), ""
	}
	out := make([]byte, 0, len(uri))
	for i := 0; i < len(uri); i++ {
		if uri[i] != '%' {
			out = append(out, uri[i])
			continue
		}
		switch rest := uri[i+1:]; {
		case len(rest) == 0:
			out, odd = append(out, '%'), "illegal_%_at_end_of_URI"
		case len(rest) == 1:
			out, odd = append(out, '%', rest[0]), "partial_escape_at_end_of_URI"
			i++
		case rest[0] == '%':
			odd = "double_%_in_URI"
		case hexPair(rest):
			out = append(out, unhex(rest[0])<<4|unhex(rest[1]))
			i += 2
		case rest[0] == 'u' && len(rest) >= 5 && hexPair(rest[1:]) && hexPair(rest[3:]):
			if hi := unhex(rest[1])<<4 | unhex(rest[2]); hi != 0 {
				out = append(out, hi)
			}
			out = append(out, unhex(rest[3])<<4|unhex(rest[4]))
			i += 5
		default:
			out, odd = append(out, '%', rest[0]), "unescaped_%_in_URI"
			i++
		}
	}
	return string(out), odd
}

func hexPair(b []byte) bool { return len(b) >= 2 && isHex(b[0]) && isHex(b[1]) }

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// parameterName is the file name in a header: the filename parameter of
// Content-Disposition (RFC 6266), the name parameter of Content-Type.
func parameterName(v, parameter string) string {
	i := strings.LastIndex(strings.ToLower(v), parameter)
	if i < 0 {
		return ""
	}
	rest := strings.TrimLeft(v[i+len(parameter):], " \t")
	extended := strings.HasPrefix(rest, "*")
	rest, ok := strings.CutPrefix(strings.TrimPrefix(rest, "*"), "=")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, " \t")
	if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
		rest, _, _ = strings.Cut(quoted, `"`)
	} else {
		rest, _, _ = strings.Cut(rest, ";")
	}
	if extended { // charset'language'value, RFC 8187
		if parts := strings.SplitN(rest, "'", 3); len(parts) == 3 {
			rest = parts[2]
		}
	}
	text, _ := unescape([]byte(strings.TrimSpace(rest)))
	return text
}

// methods of RFC 9110, WebDAV (RFC 4918), RPC over HTTP and others in use. A
// request in one of them needs no version to be known for HTTP.
var methods = map[string]bool{
	"GET": true, "POST": true, "HEAD": true, "PUT": true, "DELETE": true, "OPTIONS": true, "TRACE": true, "CONNECT": true, "PATCH": true,
	"PROPFIND": true, "PROPPATCH": true, "MKCOL": true, "COPY": true, "MOVE": true, "LOCK": true, "UNLOCK": true, "SEARCH": true, "REPORT": true,
	"CHECKOUT": true, "CHECKIN": true, "MERGE": true, "MKACTIVITY": true, "VERSION-CONTROL": true, "SUBSCRIBE": true, "UNSUBSCRIBE": true,
	"NOTIFY": true, "POLL": true, "BMOVE": true, "BCOPY": true, "BDELETE": true, "BPROPFIND": true, "BPROPPATCH": true, "RPC_IN_DATA": true,
	"RPC_OUT_DATA": true, "RPC_CONNECT": true, "M-SEARCH": true, "DEBUG": true, "CCM_POST": true, "SMS_POST": true, "BITS_POST": true,
	"PURGE": true, "LINK": true, "UNLINK": true, "QUERY": true,
}

// probe judges the first line of a direction. SIP, RTSP and ICAP use the same
// verbs with versions of their own, and HTTP/2 opens with a request of its own.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	b = bytes.TrimLeft(b[:min(len(b), 2048)], "\r\n")
	if len(b) == 0 {
		return proto.Maybe
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	if bytes.HasPrefix(b, []byte("HTTP/")) || len(b) < 5 && bytes.HasPrefix([]byte("HTTP/"), b) {
		if !whole {
			return proto.Maybe
		}
		if v, _, _, ok := statusLine(line); ok && len(v) == 3 {
			return proto.Yes
		}
		return proto.No
	}
	n := 0
	for n < len(b) && n < 24 && (b[n] >= 'A' && b[n] <= 'Z' || b[n] == '-' || b[n] == '_') {
		n++
	}
	if n == len(b) && n < 24 {
		return proto.Maybe
	}
	if whole {
		return probeLine(line, n)
	}
	if n < 3 || n >= 24 || b[n] != ' ' || string(b[:n]) == "PRI" || len(b) == 2048 {
		return proto.No
	}
	target := b[n+1:]
	if methods[string(b[:n])] && len(b) > 64 && (target[0] == '/' || hasFold(target, "http")) && bytes.IndexByte(target, ' ') < 0 {
		return proto.Yes // a long target
	}
	return proto.Maybe
}

// probeLine judges a whole request line that begins with n capitals.
func probeLine(line []byte, n int) proto.Verdict {
	known := methods[string(line[:n])]
	word := n >= 3 && n < 24 && len(line) > n && line[n] == ' ' && string(line[:n]) != "PRI"
	_, uri, version, ok := requestLine(line)
	switch {
	case !printable(line), bytes.Contains(line, []byte("SIP/2")), bytes.Contains(line, []byte("RTSP/")), bytes.Contains(line, []byte("ICAP/")):
		return proto.No
	case ok && word && (version == "1.1" || version == "1.0"):
		return proto.Yes
	case ok && word && known && version == "0.9" && (plainTarget(uri) || bytes.HasSuffix(line, []byte("HTTP/0.9"))):
		return proto.Yes
	case known && (ok && word || n == len(line)), bytes.Contains(line, []byte("HTTP/1.")):
		return proto.Maybe // a broken request: the reply tells
	}
	return proto.No
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// plainTarget tells whether a target without a version behind it looks like
// one: a path or a URL, printable, and with no other protocol's version.
func plainTarget(uri []byte) bool {
	if uri[0] != '/' && !hasFold(uri, "http://") {
		return false
	}
	for _, c := range uri {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
