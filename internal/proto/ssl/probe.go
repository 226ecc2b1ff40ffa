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

// probe looks for a hello, in a direction's first record, or for records in the
// middle of a connection.
func probe(d proto.Dir, b []byte) proto.Verdict {
	if v := probeMiddle(b); v != proto.No {
		return v
	}
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

const (
	// An encrypted record has a nonce, a tag or a MAC, which make an alert of two
	// bytes longer than 16 and shorter than 128, whatever the cipher.
	minEncrypted      = 17
	maxEncryptedAlert = 128
	// maxRecord is the longest record (RFC 5246 section 6.2.3).
	maxRecord = 1<<14 + 2048
	// middleEnough is where a record that goes on beyond it is taken for one:
	// what a probe gets to see at most.
	middleEnough = 4 << 10
)

// probeMiddle takes a capture that begins when both sides encrypt already: a
// direction that starts with the head of a record of data, or of an encrypted
// alert, and goes on for as long as it says, up to the head of the next.
func probeMiddle(b []byte) proto.Verdict {
	if len(b) == 0 || b[0] != contentData && b[0] != contentAlert {
		return proto.No
	}
	if len(b) < recordHead {
		if couldBe(b[1:], 3) && (len(b) < 3 || b[2] <= 3) {
			return proto.Maybe
		}
		return proto.No
	}
	n, ok := middleRecord(b)
	switch {
	case !ok:
		return proto.No
	case len(b) < n && len(b) >= middleEnough:
		return proto.Yes
	case len(b) < n:
		return proto.Maybe
	case len(b) == n || len(b)-n < recordHead && b[n] >= contentCipher && b[n] <= contentData:
		return proto.Yes
	}
	if _, ok = middleRecord(b[n:]); ok && b[n+1] == b[1] && b[n+2] == b[2] {
		return proto.Yes
	}
	return proto.No
}

// middleRecord is the length of the encrypted record that b begins with.
func middleRecord(b []byte) (int, bool) {
	c := wire.At(b)
	kind, major, minor, n := c.U8(), c.U8(), c.U8(), int(c.U16())
	if !c.OK() || major != 3 || minor > 3 || n < minEncrypted || n > maxRecord {
		return 0, false
	}
	return recordHead + n, kind == contentData || kind == contentAlert && n < maxEncryptedAlert
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
