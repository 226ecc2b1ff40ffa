package tds

import (
	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// probe takes a packet whose head and beginning fit its type: a prelogin or a
// login, or where the capture begins later a batch or a call.
func probe(d proto.Dir, b []byte) proto.Verdict {
	c := wire.At(b)
	kind, status, length := c.U8(), c.U8(), int(c.U16())
	process := c.U16()
	c.Skip(1) // number of the packet: some count, some do not
	window := c.U8()
	if !c.OK() {
		if len(b) > 0 && !known(b[0]) || len(b) > 1 && b[1]&^0x1f != 0 {
			return proto.No
		}
		return proto.Maybe
	}
	if status&^0x1f != 0 || window != 0 || length <= head || length > maxPacket || status&endOfMessage != 0 && len(b) > length {
		return proto.No
	}
	body := c.Rest()
	body = body[:min(len(body), length-head)]
	if kind == typeResponse {
		return probeAnswer(body, length-head)
	}
	if d == proto.Resp && kind != typeRPC && kind != typeBatch { // these may be a client's whose connection is taken the wrong way round
		return proto.No
	}
	if process != 0 {
		return proto.No
	}
	switch kind {
	case typePrelogin:
		return probePrelogin(body, length-head)
	case typeLogin:
		v := wire.At(body)
		total, version := int64(v.L32()), v.L32()
		if v.OK() && version>>24 >= 0x70 && version>>24 <= 0x74 && total >= 36 && total <= 128<<10 {
			return proto.Yes
		}
	case typeBatch:
		return probeText(afterHeaders(body))
	case typeRPC:
		return probeCall(body)
	}
	return proto.No
}

func probePrelogin(b []byte, length int) proto.Verdict {
	c := wire.At(b)
	kind, off, n := c.U8(), int(c.U16()), int(c.U16())
	switch {
	case !c.OK():
		return proto.Maybe
	case kind == optVersion && n == 6 && off >= 6 && off%5 == 1 && off+n <= length:
		return proto.Yes
	}
	return proto.No
}

// probeText takes UTF-16 of Latin letters: a statement.
func probeText(b []byte) proto.Verdict {
	const enough = 8
	if len(b) < 2*enough {
		return proto.No
	}
	for i := 0; i+1 < min(len(b), 4*enough); i += 2 {
		if b[i+1] != 0 || b[i] > '~' || b[i] < ' ' && b[i] != '\n' && b[i] != '\r' && b[i] != '\t' {
			return proto.No
		}
	}
	return proto.Yes
}

// probeCall takes a call of a procedure by a number, or by a name in Latin
// letters.
func probeCall(b []byte) proto.Verdict {
	c := wire.At(afterHeaders(b))
	n := c.L16()
	if n == 0xffff {
		id := c.L16()
		options := c.L16()
		if c.OK() && id >= 1 && int(id) < len(procedures) && options < 8 {
			return proto.Yes
		}
		return proto.No
	}
	if n < 3 || n > 512 {
		return proto.No
	}
	name := c.Take(min(2*int(n), 32))
	if !c.OK() {
		return proto.No
	}
	for i := 0; i+1 < len(name); i += 2 {
		if name[i+1] != 0 || name[i] <= ' ' || name[i] > '~' {
			return proto.No
		}
	}
	return proto.Yes
}

// probeAnswer takes a prelogin, or tokens that begin a response.
func probeAnswer(b []byte, length int) proto.Verdict {
	c := wire.At(b)
	switch c.U8() {
	case optVersion:
		return probePrelogin(b, length)
	case tokEnv, tokLoginAck, tokError, tokInfo:
		if n := int(c.L16()); c.OK() && n >= 3 && n < length {
			return proto.Yes
		}
	case tokDone, tokDoneProc, tokDoneInProc:
		if status := c.L16(); length == 1+doneLength && c.OK() && status < 0x200 {
			return proto.Yes
		}
	}
	return proto.No
}
