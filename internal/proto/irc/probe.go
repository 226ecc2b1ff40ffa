package irc

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/wireline"
)

// maxLines is how many lines a probe looks at.
const maxLines = 16

// probe looks for what a client says first, or for a message of a server.
func probe(d proto.Dir, b []byte) proto.Verdict {
	maybe := false
	for range maxLines {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		switch v := verdict(d, bytes.TrimRight(line, "\r"), whole); {
		case v == proto.Yes:
			return v
		case v == proto.No:
			return v
		case v == proto.Maybe && len(line) > 0:
			maybe = true
		}
		if !whole || len(rest) == 0 {
			break
		}
		b = rest
	}
	if maybe {
		return proto.Maybe
	}
	return proto.No
}

// verdict judges one line.
func verdict(d proto.Dir, line []byte, whole bool) proto.Verdict {
	if len(line) == 0 {
		return proto.Maybe
	}
	if c := line[0]; c < ' ' || c > '~' || !whole && len(line) > 2*maxLine {
		return proto.No
	}
	prefixed := line[0] == ':'
	if prefixed || line[0] == '@' {
		_, rest, ok := bytes.Cut(line, []byte(" "))
		if !ok {
			if whole {
				return proto.No
			}
			return proto.Maybe
		}
		line = rest
	}
	word, arg := wireline.Word(line)
	name := strings.ToUpper(string(word[:min(len(word), 16)]))
	if !whole {
		if len(arg) > 0 && !commands[name] && wireline.Code(word) < 0 {
			return proto.No
		}
		return proto.Maybe
	}
	n := len(bytes.Fields(arg))
	switch {
	case prefixed && len(word) == 3 && wireline.Code(word) > 0 && n > 1:
		return proto.Yes // :server 001 nick :Welcome
	case prefixed && commands[name] && n > 0 && d == proto.Resp:
		return proto.Yes // :server NOTICE AUTH :...
	case name == "NOTICE" && d == proto.Resp && (bytes.HasPrefix(arg, []byte("AUTH :")) || bytes.HasPrefix(arg, []byte("* :"))):
		return proto.Yes
	case d == proto.Resp:
		if commands[name] {
			return proto.Maybe
		}
		return proto.No
	case name == "USER" && n >= 4:
		return proto.Yes
	case name == "CAP" && (bytes.HasPrefix(arg, []byte("LS")) || bytes.HasPrefix(arg, []byte("REQ")) || bytes.HasPrefix(arg, []byte("END"))):
		return proto.Yes
	case name == "JOIN" && n > 0 && bytes.ContainsAny(arg[:1], "#&:+!"), name == "PRIVMSG" && n > 1:
		return proto.Yes
	case commands[name]:
		return proto.Maybe
	}
	return proto.No
}
