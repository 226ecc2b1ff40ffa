package postgresql

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe takes a startup message, a request for encryption, or where the capture
// begins later a query or what ends its answer.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	if d == proto.Resp {
		return probeServer(b)
	}
	if b[0] == 'Q' {
		return probeQuery(b)
	}
	if b[0] != 0 {
		return proto.No
	}
	c := wire.At(b)
	length, code := int64(c.U32()), c.U32()
	switch {
	case !c.OK():
		return proto.Maybe
	case length == 8 && (code == codeSSL || code == codeGSS), length >= 12 && length <= 272 && code == codeCancel:
		return proto.Yes
	case length < 16 || length > maxStartup || code>>16 != 3 || code&0xffff > 9999:
		return proto.No
	}
	body := c.Rest()
	switch {
	case bytes.HasPrefix(body, []byte("user\x00")) || bytes.Contains(body, []byte("\x00user\x00")):
		return proto.Yes
	case int64(len(b)) < length:
		return proto.Maybe
	}
	return proto.No
}

// probeServer takes an authentication request, or an error.
func probeServer(b []byte) proto.Verdict {
	switch b[0] {
	case 'N', 'S', 'G':
		if len(b) == 1 {
			return proto.Maybe
		}
	case 'R':
		c := wire.At(b[1:])
		length, code := c.U32(), c.U32()
		if !c.OK() {
			return short(b)
		}
		if length >= 8 && length < 4096 && code <= 12 {
			return proto.Yes
		}
	case 'E':
		c := wire.At(b[1:])
		length := c.U32()
		if !c.OK() {
			return short(b)
		}
		if length > 20 && length < 64<<10 && bytes.HasPrefix(c.Rest(), []byte("S")) && bytes.Contains(c.Rest(), []byte("\x00C")) {
			return proto.Yes
		}
	}
	return proto.No
}

// short waits for more of a head whose length begins with zeros.
func short(b []byte) proto.Verdict {
	if len(b) > 1 && b[1] != 0 || len(b) > 2 && b[2] != 0 {
		return proto.No
	}
	return proto.Maybe
}

// probeQuery takes a query that fills the message and ends with NUL.
func probeQuery(b []byte) proto.Verdict {
	c := wire.At(b[1:])
	length := int64(c.U32())
	if !c.OK() {
		return short(b)
	}
	if length < 8 || length > 1<<20 || int64(len(b)) > length+1 {
		return proto.No
	}
	query := c.Rest()
	whole := int64(len(b)) == length+1
	if whole && query[len(query)-1] != 0 {
		return proto.No
	}
	query = bytes.TrimSuffix(query, []byte{0})
	for _, ch := range query[:min(len(query), 64)] {
		if ch < ' ' && ch != '\n' && ch != '\r' && ch != '\t' || ch > '~' {
			return proto.No
		}
	}
	if whole {
		return proto.Yes
	}
	return proto.Maybe
}
