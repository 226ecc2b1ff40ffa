package pop3

import (
	"bytes"
	"strings"

	"longwatch/internal/proto"
	"longwatch/internal/wireline"
)

// probe looks for a greeting or for a command that only POP3 has.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.No
	}
	if d == proto.Resp {
		return probeReply(b)
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	word, arg := wireline.Word(line)
	if len(word) > 7 || len(word) == 0 {
		return proto.No
	}
	name := strings.ToUpper(string(word))
	number := len(arg) > 0 && len(bytes.Trim(arg, "0123456789 \r")) == 0
	_, known := commands[name]
	switch {
	case !whole:
		for k := range commands {
			if strings.HasPrefix(k, name) && len(line) < 512 {
				return proto.Maybe
			}
		}
		return proto.No
	case !known:
		return proto.No
	case name == "CAPA" || name == "STLS" || name == "UIDL" || name == "APOP" && len(arg) > 0:
		return proto.Yes
	case (name == "RETR" || name == "DELE" || name == "TOP") && number:
		return proto.Yes
	case name == "RETR" || name == "DELE" || name == "TOP" || name == "NOOP" && len(arg) > 0:
		return proto.No
	case name == "USER" && len(arg) > 0 && !bytes.ContainsAny(bytes.TrimSpace(arg), " "):
		if _, next, _ := bytes.Cut(b, []byte("\n")); len(next) >= 5 && bytes.EqualFold(next[:5], []byte("PASS ")) {
			return proto.Yes // as FTP: the port or the greeting decides
		}
		return proto.Maybe
	}
	return proto.Maybe
}

func probeReply(b []byte) proto.Verdict {
	n := min(len(b), 4)
	switch {
	case bytes.EqualFold(b[:n], []byte("+OK ")[:n]):
		if line, _, whole := bytes.Cut(b, []byte("\n")); whole && len(line) > 5 {
			return proto.Yes
		}
		return proto.Maybe
	case bytes.EqualFold(b[:n], []byte("+OK\r")[:n]), bytes.EqualFold(b[:n], []byte("-ERR")[:n]):
		return proto.Maybe // as other servers answer too
	}
	return proto.No
}
