package socks

import (
	"strconv"

	"longwatch/internal/proto"
)

// The methods of version 5 that are read.
const (
	methodGSS      = 1
	methodPassword = 2
)

var methodNames = map[uint8]string{
	0: "No Authentication Required", 1: "GSSAPI", 2: "Username/Password", 3: "Challenge-Handshake Authentication Protocol",
	5: "Challenge-Response Authentication Method", 6: "Secure Sockets Layer", 7: "NDS Authentication",
	8: "Multi-Authentication Framework", 255: "No Acceptable Methods",
}

func methodName(m uint8) string {
	if s := methodNames[m]; s != "" {
		return s
	}
	return unknown(m)
}

func unknown(code uint8) string { return "unknown-" + strconv.Itoa(int(code)) }

// names5 are the replies of version 5, as Zeek words them.
var names5 = [...]string{
	"succeeded", "general SOCKS server failure", "connection not allowed by ruleset", "Network unreachable", "Host unreachable",
	"Connection refused", "TTL expired", "Command not supported", "Address type not supported",
}

func name5(code uint8) string {
	if int(code) < len(names5) {
		return names5[code]
	}
	return unknown(code)
}

func name4(code uint8) string {
	switch code {
	case 0x5a:
		return names5[0]
	case 0x5b:
		return names5[1]
	case 0x5c:
		return "request failed because client is not running identd"
	case 0x5d:
		return "request failed because client's identd could not confirm the user ID string in the request"
	}
	return unknown(code)
}

func commandName(c uint8) string {
	switch c {
	case 1:
		return "connect"
	case 2:
		return "bind"
	case 3:
		return "udp associate"
	case 0xf0: // Tor's
		return "resolve"
	case 0xf1:
		return "resolve ptr"
	}
	return unknown(c)
}

// probe takes the client's first message. The proxy's is too short to be told
// from others: it only may be one.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	if d == proto.Resp {
		return probeProxy(b)
	}
	switch b[0] {
	case 5:
		return probe5(b)
	case 4:
		return probe4(b)
	}
	if len(b) <= maxPreface && b[0] < ' ' {
		return proto.Maybe // of a proxy that dialled out: the responder asks
	}
	return proto.No
}

// probeProxy leaves open what may be a proxy's answer.
func probeProxy(b []byte) proto.Verdict {
	switch {
	case reverseHello(b):
		return proto.Yes
	case len(b) == 1 && (b[0] == 5 || b[0] == 0):
	case len(b) == 2 && b[0] == 5 && (b[1] < 10 || b[1] == 0xff):
	case b[0] == 0 && b[1] >= 0x5a && b[1] <= 0x5d && len(b) == 8:
	default:
		return proto.No
	}
	return proto.Maybe
}

// reverseHello takes the hello of a client that is the responder: one or two of
// the common methods, and nothing after them. Two bytes are a proxy's answer.
func reverseHello(b []byte) bool {
	switch len(b) {
	case 3:
		return b[0] == 5 && b[1] == 1 && (b[2] == 0 || b[2] == methodPassword)
	case 4:
		return b[0] == 5 && b[1] == 2 && b[2] == 0 && (b[3] == methodPassword || b[3] == methodGSS)
	case 5:
		return b[0] == 5 && b[1] == 3 && b[2] == 0 && b[3] == methodGSS && b[4] == methodPassword
	}
	return false
}

// probe5 takes methods that fill the message, each at most once.
func probe5(b []byte) proto.Verdict {
	if len(b) < 2 {
		return proto.Maybe
	}
	n := int(b[1])
	if n == 0 || n > 16 {
		return proto.No
	}
	if len(b) < 2+n {
		return proto.Maybe
	}
	// A client that knows the proxy sends its request at once.
	methods, rest := b[2:2+n], b[2+n:]
	if len(rest) > 0 && rest[0] != 5 && rest[0] != 1 {
		return proto.No
	}
	seen := [256]bool{}
	for _, m := range methods {
		if seen[m] || m > 9 && m < 0x80 || m == 0xff {
			return proto.No
		}
		seen[m] = true
	}
	return proto.Yes
}

// probe4 takes a request whose strings fill the message.
func probe4(b []byte) proto.Verdict {
	const fixed = 8
	if len(b) > 1 && b[1] != 1 && b[1] != 2 {
		return proto.No
	}
	if len(b) <= fixed {
		return proto.Maybe
	}
	strings := 1
	if b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 {
		strings = 2
	}
	for i, ch := range b[fixed:] {
		switch {
		case ch == 0:
			if strings--; strings == 0 {
				if fixed+i+1 == len(b) && (b[2] != 0 || b[3] != 0) {
					return proto.Yes
				}
				return proto.No
			}
		case ch < ' ' || ch > '~' || i > 2*maxName:
			return proto.No
		}
	}
	return proto.Maybe
}
