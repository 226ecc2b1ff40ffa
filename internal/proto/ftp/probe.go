package ftp

import (
	"bytes"
	"slices"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/wireline"
)

// probe looks for a user or a command that no other protocol has, or for a
// reply of that kind. 220 alone may be mail's.
func probe(d proto.Dir, b []byte) proto.Verdict {
	b = bytes.TrimLeft(b, "\r\n ")
	if len(b) == 0 || b[0] >= 0x80 {
		return proto.No
	}
	if d == proto.Orig {
		return probeCommand(b)
	}
	return probeReply(b)
}

// common are commands of FTP that other protocols have as well.
var common = []string{"QUIT", "NOOP", "HELP", "LIST", "STAT", "PASS", "AUTH", "USER", "MODE", "SITE", "RETR", "DELE", "ABOR", "REIN", "HOST"}

func probeCommand(b []byte) proto.Verdict {
	line, whole := firstLine(b)
	word, arg := wireline.Word(line)
	if len(word) == 0 || len(word) > 8 {
		return proto.No
	}
	name := strings.ToUpper(string(word))
	switch {
	case !whole:
		if len(line) > maxLine || !verb(name) {
			return proto.No
		}
		return proto.Maybe
	case name == "USER":
		// IRC gives more than a name.
		if len(arg) == 0 || bytes.ContainsAny(bytes.TrimSpace(arg), " ") {
			return proto.No
		}
		// So does POP3; the greeting or the port decides.
		if _, next, _ := bytes.Cut(b, []byte("\n")); len(next) > 0 {
			return probeSecond(next)
		}
		return proto.Maybe
	case name == "AUTH":
		switch strings.ToUpper(string(bytes.TrimSpace(arg))) {
		case "TLS", "SSL", "TLS-C", "TLS-P", "GSSAPI":
			return proto.Yes
		}
		return proto.No
	case slices.Contains(common, name):
		return proto.Maybe
	case answers[name] != nil:
		return proto.Yes
	}
	return proto.No
}

// probeSecond judges what follows USER: IRC goes on with NICK.
func probeSecond(b []byte) proto.Verdict {
	line, whole := firstLine(b)
	word, _ := wireline.Word(line)
	switch name := strings.ToUpper(string(word[:min(len(word), 8)])); {
	case !whole && verb(name):
		return proto.Maybe
	case name == "PASS", answers[name] != nil && !slices.Contains(common, name):
		return proto.Yes
	case slices.Contains(common, name):
		return proto.Maybe
	}
	return proto.No
}

// verb tells whether a command may begin with s.
func verb(s string) bool {
	for name := range answers {
		if strings.HasPrefix(name, s) {
			return true
		}
	}
	return slices.ContainsFunc(common, func(name string) bool { return strings.HasPrefix(name, s) })
}

func firstLine(b []byte) (line []byte, whole bool) {
	line, _, whole = bytes.Cut(b, []byte("\n"))
	return bytes.TrimRight(line, "\r"), whole
}

func probeReply(b []byte) proto.Verdict {
	n := min(len(b), 3)
	for _, c := range b[:n] {
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
	line, whole := firstLine(b)
	fits := false
	switch code := wireline.Code(b); code {
	case 120, 220:
		upper := bytes.ToUpper(b)
		if bytes.Contains(upper, []byte("SMTP")) {
			return proto.No
		}
		fits = bytes.Contains(upper, []byte("FTP"))
	case 227:
		_, _, fits = passive(string(line[4:]))
	case 229:
		fits = bytes.Contains(line, []byte("(|||"))
	case 331:
		fits = bytes.Contains(bytes.ToLower(line), []byte("password"))
	case 150, 125:
		fits = bytes.Contains(bytes.ToLower(line), []byte("data connection"))
	case 226, 230, 257, 350, 200, 202, 211, 213, 215, 221, 234, 250, 332, 425, 426, 450, 500, 501, 502, 503, 530, 550:
	default:
		return proto.No
	}
	if fits && whole {
		return proto.Yes
	}
	return proto.Maybe
}
