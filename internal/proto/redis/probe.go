package redis

import (
	"bytes"
	"strconv"

	"longwatch/internal/proto"
)

// probe takes a command as an array of strings, an inline command that is
// surely of Redis, or a reply to one.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	if d == proto.Resp {
		return probeReply(b)
	}
	if b[0] != '*' {
		return probeInline(b)
	}
	n, rest, verdict := count(b[1:])
	if verdict != proto.Yes {
		return verdict
	}
	if n < 1 || len(rest) > 0 && rest[0] != '$' {
		return proto.No
	}
	if len(rest) == 0 {
		return proto.Maybe
	}
	size, rest, verdict := count(rest[1:])
	if verdict != proto.Yes {
		return verdict
	}
	if size < 1 || size > 64 {
		return proto.No
	}
	for _, ch := range rest[:min(len(rest), size)] {
		if (ch < 'A' || ch > 'Z') && (ch < 'a' || ch > 'z') && ch != '_' && ch != '.' && (ch < '0' || ch > '9') {
			return proto.No
		}
	}
	if len(rest) < size {
		return proto.Maybe
	}
	return proto.Yes
}

// count reads the number of a line.
func count(b []byte) (n int, rest []byte, v proto.Verdict) {
	line, rest, ok := bytes.Cut(b, []byte("\r\n"))
	if len(line) > 7 || bytes.IndexFunc(bytes.TrimSuffix(line, []byte("\r")), func(r rune) bool { return r < '0' || r > '9' }) >= 0 {
		return 0, nil, proto.No
	}
	if !ok {
		return 0, nil, proto.Maybe
	}
	n, err := strconv.Atoi(string(line))
	if err != nil {
		return 0, nil, proto.No
	}
	return n, rest, proto.Yes
}

// inlineWords are inline commands that other protocols do not begin with: those
// of scanners and of hand.
var inlineWords = [][]byte{
	[]byte("info"), []byte("config get "), []byte("config set "), []byte("flushall"), []byte("slaveof "), []byte("replicaof "),
	[]byte("dbsize"), []byte("client list"), []byte("keys *"),
}

func probeInline(b []byte) proto.Verdict {
	line, _, ok := bytes.Cut(b, []byte("\n"))
	line = bytes.ToLower(bytes.TrimSuffix(line[:min(len(line), 64)], []byte("\r")))
	for _, w := range inlineWords {
		switch {
		case ok && (bytes.Equal(line, w) || w[len(w)-1] == ' ' && bytes.HasPrefix(line, w) || string(w) == "info" && bytes.HasPrefix(line, []byte("info "))):
			return proto.Yes
		case !ok && len(line) < len(w) && bytes.HasPrefix(w, line):
			return proto.Maybe
		}
	}
	word, _, _ := bytes.Cut(line, []byte(" "))
	if _, known := shapes[string(word)]; known || others[string(word)] || plain[string(word)] {
		return proto.Maybe
	}
	return proto.No
}

// plain are further commands that may be inline: whether they are of Redis, the
// port has to tell.
var plain = map[string]bool{
	"ping": true, "echo": true, "select": true, "publish": true, "subscribe": true, "psubscribe": true, "command": true,
	"monitor": true, "config": true, "save": true, "bgsave": true, "flushdb": true, "lpush": true, "rpush": true,
	"zadd": true, "sadd": true, "eval": true, "scan": true,
}

// probeReply takes replies whose form is telling: errors with Redis' own words,
// aggregates of RESP. Others may be one.
func probeReply(b []byte) proto.Verdict {
	for _, s := range []string{"-NOAUTH ", "-WRONGTYPE ", "-ERR ", "-DENIED Redis ", "-MOVED ", "-LOADING Redis", "+PONG\r\n"} {
		if n := min(len(b), len(s)); string(b[:n]) == s[:n] {
			if n < len(s) {
				return proto.Maybe
			}
			if s == "-ERR " { // POP3 says the like
				return maybeReply(b, bytes.Contains(b, []byte("unknown command")) || bytes.Contains(b, []byte("wrong number of arguments")))
			}
			return proto.Yes
		}
	}
	if b[0] == '*' || b[0] == '%' || b[0] == '~' || b[0] == '>' {
		n, rest, verdict := count(b[1:])
		if verdict != proto.Yes || n == 0 || len(rest) == 0 {
			return verdict
		}
		if bytes.IndexByte([]byte("$:*+%"), rest[0]) < 0 {
			return proto.No
		}
		if _, _, verdict = count(rest[1:]); verdict == proto.No && rest[0] != '+' {
			return proto.No
		}
		return verdict
	}
	if bytes.IndexByte([]byte("+-:$_#,("), b[0]) >= 0 {
		return maybeReply(b, false)
	}
	return proto.No
}

func maybeReply(b []byte, sure bool) proto.Verdict {
	switch {
	case sure:
		return proto.Yes
	case len(b) < 256:
		return proto.Maybe
	}
	return proto.No
}
