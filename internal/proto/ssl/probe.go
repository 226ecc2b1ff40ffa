package ssl

import (
	"bytes"

	"longwatch/internal/proto"
	"longwatch/internal/tlshello"
	"longwatch/internal/wire"
)

// helloHead is how much of a hello the probe has to see: the heads of record
// and message and the version.
const helloHead = recordHead + messageHead + 2

// probe looks for a hello, in a direction's first record.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if d == proto.Resp {
		return probeServer(b)
	}
	if len(b) > 0 && b[0] == frpByte {
		b = b[1:]
		if len(b) == 0 {
			return proto.Maybe
		}
		if b[0] != contentHandshake {
			return proto.No
		}
	}
	if len(b) > 0 && b[0]&0x80 != 0 {
		return probeOld(b)
	}
	if len(b) > 0 && b[0] == contentCipher {
		return probeCipher(b)
	}
	return probeHello(b, msgClientHello)
}

// probeServer takes a server hello, or an alert and a server hello.
func probeServer(b []byte) proto.Verdict {
	const alert = recordHead + 2
	if len(b) > 0 && b[0] == contentAlert {
		if !couldBe(b, contentAlert, 3) {
			return proto.No
		}
		if len(b) <= alert {
			return proto.Maybe
		}
		if b[3] != 0 || b[4] != 2 {
			return proto.No
		}
		b = b[alert:]
	}
	return probeHello(b, msgServerHello)
}

// probeHello takes a record of SSL 3.0 or later with a hello in it.
func probeHello(b []byte, kind byte) proto.Verdict {
	if !couldBe(b, contentHandshake, 3) {
		return proto.No
	}
	if len(b) > 2 && b[2] > 3 || len(b) > recordHead && b[recordHead] != kind {
		return proto.No
	}
	if len(b) < helloHead {
		return proto.Maybe
	}
	c := wire.At(b[recordHead+1:])
	n, version := c.U24(), c.U16()
	switch {
	case n < 34 || n > maxMessage:
		return proto.No
	case version >= tlshello.SSL3 && version <= tlshello.TLS13, kind == msgServerHello && tlshello.IsDraft13(version):
		return proto.Yes
	}
	return proto.No
}

// probeCipher takes a ChangeCipherSpec and the head of an encrypted record: a
// client that resumes where nobody saw it begin, or pretends to.
func probeCipher(b []byte) proto.Verdict {
	const cipher = recordHead + 1
	if !couldBe(b, contentCipher, 3) || len(b) > 2 && (b[2] > 3 || !couldBe(b[3:], 0, 1, 1)) {
		return proto.No
	}
	if len(b) < cipher+3 {
		return proto.Maybe
	}
	next := b[cipher:]
	if (next[0] == contentHandshake || next[0] == contentData) && next[1] == 3 && next[2] <= 3 {
		return proto.Yes
	}
	return proto.No
}

// couldBe tells whether b begins with these bytes, as far as it goes.
func couldBe(b []byte, want ...byte) bool {
	n := min(len(b), len(want))
	return bytes.Equal(b[:n], want[:n])
}

// probeOld takes a client hello of SSL 2.0 whose lengths add up.
func probeOld(b []byte) proto.Verdict {
	const head = 11
	if len(b) < head {
		if len(b) > 2 && b[2] != v2ClientHello {
			return proto.No
		}
		return proto.Maybe
	}
	c := wire.At(b)
	total := int(c.U16() & 0x7fff)
	kind, version := c.U8(), c.U16()
	suites, id, challenge := int(c.U16()), int(c.U16()), int(c.U16())
	if kind != v2ClientHello || (version != tlshello.SSL2 && (version < tlshello.SSL3 || version > tlshello.TLS12)) ||
		suites == 0 || suites%3 != 0 || (id != 0 && id != 16) || challenge < 16 || challenge > 32 ||
		total != head-2+suites+id+challenge {
		return proto.No
	}
	return proto.Yes
}
