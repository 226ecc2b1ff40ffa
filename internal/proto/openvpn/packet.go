package openvpn

import "longwatch/internal/wire"

// The opcodes, in the upper five bits of a packet's first byte (RFC draft
// section 2.1; ssl_pkt.h).
const (
	clientResetV1 = 1
	serverResetV1 = 2
	softReset     = 3
	control       = 4
	ack           = 5
	dataV1        = 6
	clientResetV2 = 7
	serverResetV2 = 8
	dataV2        = 9
	clientResetV3 = 10
	controlWKC    = 11
)

const (
	sessionSize = 8
	headSize    = 1 + sessionSize // opcode and key, session
	replaySize  = 4 + 4           // packet number, time
	cryptTag    = 32              // HMAC of tls-crypt
	tailSize    = 1 + 4           // no acknowledgement, message number 0
	// maxACKs is how many acknowledgements a packet carries (RELIABLE_ACK_SIZE).
	maxACKs = 8
	// maxReplay bounds the packet number of a packet that opens a session.
	maxReplay = 16
	// early marks packet numbers where the client does early negotiation.
	early = 0x0f000000
)

// hmacSizes are the digests of tls-auth: none, MD5, SHA-1, SHA-224, SHA-256,
// SHA-384, SHA-512.
var hmacSizes = [...]int{0, 16, 20, 28, 32, 48, 64}

// protection is how the control channel is protected.
type protection struct {
	name string
	hmac int
}

// opening tells whether b is the packet that opens a session, from client or
// server, and how it is protected. Every byte that has one value is checked.
func opening(b []byte) (protection, bool) {
	switch b[0] {
	case clientResetV1 << 3, clientResetV2 << 3:
		return plain(b, false)
	case serverResetV1 << 3, serverResetV2 << 3:
		return plain(b, true)
	case clientResetV3 << 3:
		return wrapped(b)
	}
	return protection{}, false
}

// plain reads a reset in the clear, or the outside of one under tls-crypt. The
// server's acknowledges the client's and repeats its session.
func plain(b []byte, server bool) (protection, bool) {
	tail := tailSize
	if server {
		tail += 4 + sessionSize
	}
	for _, n := range hmacSizes {
		if p, ok := authenticated(b, n, tail, server); ok {
			return p, true
		}
	}
	if len(b) == headSize+replaySize+cryptTag+tail && replayed(b[headSize:]) {
		return protection{name: "tls-crypt"}, true
	}
	return protection{}, false
}

// authenticated reads a reset whose HMAC has n bytes.
func authenticated(b []byte, n, tail int, server bool) (protection, bool) {
	p := protection{name: "none"}
	at := headSize
	if n > 0 {
		p = protection{name: "tls-auth", hmac: n}
		at += n + replaySize
	}
	if len(b) != at+tail || n > 0 && !replayed(b[headSize+n:]) {
		return p, false
	}
	c := wire.At(b[at:])
	acks := c.U8()
	if !server {
		return p, acks == 0 && c.U32() == 0
	}
	acked := c.U32()
	c.Skip(sessionSize)
	return p, acks == 1 && acked == 0 && c.U32() == 0
}

// wrapped reads the client's reset of tls-crypt-v2: its key follows, wrapped for
// the server, with its own length at the end.
func wrapped(b []byte) (protection, bool) {
	const before = headSize + replaySize + cryptTag + tailSize
	const least = cryptTag + 2
	if len(b) < before+least {
		return protection{}, false
	}
	c := wire.At(b[len(b)-2:])
	return protection{name: "tls-crypt-v2"}, int(c.U16()) == len(b)-before
}

// replayed tells whether b begins with the packet number of a new session and
// a time that is one.
func replayed(b []byte) bool {
	const y2001, y2100 = 0x3a4fc880, 0xf48657ff
	c := wire.At(b)
	n, t := c.U32(), c.U32()
	return c.OK() && n&^early >= 1 && n&^early <= maxReplay && t >= y2001 && t <= y2100
}

// hello tells whether b is a packet of the control channel that holds the
// beginning of a TLS handshake: a session entered where its reset was missed.
func hello(b []byte) bool {
	if b[0]>>3 != control {
		return false
	}
	for _, n := range hmacSizes {
		c := wire.At(b[1:])
		c.Skip(sessionSize)
		if n > 0 {
			c.Skip(n + replaySize)
		}
		acks := int(c.U8())
		if acks > maxACKs {
			continue
		}
		if acks > 0 {
			c.Skip(4*acks + sessionSize)
		}
		message := c.U32()
		if kind, major, minor := c.U8(), c.U8(), c.U8(); c.OK() && message < maxReplay && kind == 22 && major == 3 && minor <= 3 {
			c.Skip(2)
			if msg := c.U8(); c.OK() && (msg == 1 || msg == 2) {
				return true
			}
		}
	}
	return false
}
