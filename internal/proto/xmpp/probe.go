package xmpp

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/wire"
)

// The first bytes of the binary form that the push service of Huawei's phones
// speaks in XMPP's place, on its port 5223: type, length of the whole message.
const (
	pushHello   = 0x25
	pushWelcome = 0x26
	pushHead    = 3
	// maxPush bounds the first message of each side.
	maxPush = 1024
)

// starts are how a stream, or where the capture begins later a stanza, begins.
// What follows them has to speak of XMPP, too.
var starts = [][]byte{
	[]byte("<stream:stream"), []byte("<iq "), []byte("<message "), []byte("<presence"), []byte("<open "),
	[]byte("<stream:features>"), []byte("<starttls "),
}

var hints = [][]byte{
	[]byte("jabber"), []byte("xmlns:stream="), []byte("urn:ietf:params:xml:ns:xmpp-"), []byte("urn:xmpp:"),
	[]byte(" to='"), []byte(` to="`), []byte(" from='"), []byte(` from="`), []byte(" type='"), []byte(` type="`),
}

// probe takes the head of a stream, or a stanza.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if len(b) == 0 {
		return proto.Maybe
	}
	if b[0] == pushHello && d == proto.Orig {
		return probePush(b)
	}
	b = bytes.TrimLeft(b, " \r\n\t")
	if len(b) > 0 && b[0] != '<' {
		return proto.No
	}
	if bytes.HasPrefix(b, []byte("<?xml")) {
		_, rest, ok := bytes.Cut(b, []byte("?>"))
		if !ok {
			return short(b, 256)
		}
		b = bytes.TrimLeft(rest, " \r\n\t")
	}
	if bytes.HasPrefix(b, []byte("</stream:stream>")) {
		return proto.Yes
	}
	for _, s := range starts {
		if n := min(len(b), len(s)); bytes.Equal(b[:n], s[:n]) {
			if n < len(s) {
				return proto.Maybe
			}
			return probeHints(b)
		}
	}
	if bytes.HasPrefix([]byte("</stream:stream>"), b) {
		return proto.Maybe
	}
	return proto.No
}

// probeHints looks for what an XMPP tag has and other XML has not.
func probeHints(b []byte) proto.Verdict {
	var quote byte
	end := tagEnd(b, &quote)
	tag := b
	if end >= 0 {
		tag = b[:end]
	}
	if bytes.HasPrefix(tag, []byte("<stream:features>")) || string(tag) == "<presence/>" {
		return proto.Yes
	}
	for _, h := range hints {
		if bytes.Contains(tag, h) {
			return proto.Yes
		}
	}
	if end < 0 {
		return short(b, 2048)
	}
	return proto.No
}

// short asks for more, up to a bound.
func short(b []byte, bound int) proto.Verdict {
	if len(b) < bound {
		return proto.Maybe
	}
	return proto.No
}

// probePush takes the first message of a push client.
func probePush(b []byte) proto.Verdict {
	c := wire.At(b[1:])
	length, kind, version := int(c.U16()), c.U8(), c.U8()
	switch {
	case !c.OK():
		return proto.Maybe
	case kind != 0x14 || version != 4 || length < 32 || length > maxPush || len(b) > length:
		return proto.No
	case len(b) < length:
		return proto.Maybe
	}
	return proto.Yes
}

// push checks the first message of each side of the binary form. The rest is
// encrypted.
func (p *parser) push(d proto.Dir, b []byte) (proto.Step, error) {
	c := wire.At(b)
	kind, length := c.U8(), int(c.U16())
	if !c.OK() {
		return proto.Step{Need: pushHead}, nil
	}
	if d == proto.Orig && kind != pushHello || d == proto.Resp && kind != pushWelcome || length < pushHead || length > maxPush {
		if p.pushed && d == proto.Orig && length > 0 {
			return proto.Step{Used: len(b)}, nil
		}
		return proto.Step{}, errTag
	}
	if len(b) < length {
		return proto.Step{Need: length}, nil
	}
	p.pushed = p.pushed || d == proto.Orig
	if d == proto.Resp {
		p.c.Confirm()
		p.done = true
	}
	return proto.Step{Used: length}, nil
}
