package ssl

import "longwatch/internal/wire"

// The versions, as numbers on the wire.
const (
	ssl2   = 0x0002
	ssl3   = 0x0300
	tls10  = 0x0301
	tls11  = 0x0302
	tls12  = 0x0303
	tls13  = 0x0304
	dtls10 = 0xfeff
	dtls12 = 0xfefd
	dtls13 = 0xfefc
)

// isDraft13 tells the versions of the drafts of TLS 1.3.
func isDraft13(v uint16) bool { return v>>8 == 0x7f }

// knownVersion tells whether a hello may have this version.
func knownVersion(v uint16) bool {
	switch v {
	case ssl2, ssl3, tls10, tls11, tls12, tls13, dtls10, dtls12, dtls13:
		return true
	}
	return isDraft13(v)
}

// The extensions that are looked into (IANA, TLS ExtensionType Values).
const (
	extServerName   = 0
	extGroups       = 10
	extPointFormats = 11
	extSignatures   = 13
	extALPN         = 16
	extTicket       = 35
	extKeyShareOld  = 40
	extPreSharedKey = 41
	extVersions     = 43
	extKeyShare     = 51
)

// isGREASE tells the values that RFC 8701 reserves for nonsense.
func isGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// A numbers is a run of big-endian 16-bit numbers, borrowed.
type numbers []byte

func (n numbers) len() int        { return len(n) / 2 }
func (n numbers) at(i int) uint16 { return uint16(n[2*i])<<8 | uint16(n[2*i+1]) }

// A clientHello is the body of a client hello (RFC 8446 section 4.1.2). Every
// slice is borrowed. What could not be read is empty.
type clientHello struct {
	version    uint16
	session    []byte
	ciphers    numbers
	extensions []byte // whole
	serverName []byte
	protocol   []byte // first of ALPN
	versions   numbers
	groups     numbers
	points     []byte
	signatures numbers

	hasExtensions, hasServerName bool
	hasTicket                    bool // a session ticket that is not empty
	hasPSK                       bool
}

// parseClientHello reads a client hello. datagram says that the cookie of DTLS
// is there. ok is false when the hello ends early; what was read until then is
// set. bad is the number of extensions that contradict themselves.
func parseClientHello(b []byte, datagram bool) (h clientHello, bad int, ok bool) {
	c := wire.At(b)
	h.version = c.U16()
	c.Skip(32) // random
	h.session = c.Take(int(c.U8()))
	if datagram {
		c.Skip(int(c.U8()))
	}
	h.ciphers = c.Take(int(c.U16()) &^ 1)
	c.Skip(int(c.U8())) // compression
	if !c.OK() {
		return h, 0, false
	}
	if c.Len() < 2 {
		return h, 0, true
	}
	c.Skip(2) // length: the rest of the message, whatever it says
	h.hasExtensions = true
	h.extensions = c.Rest()
	ok = eachExtension(h.extensions, func(kind uint16, v []byte) {
		if !h.extension(kind, v) {
			bad++
		}
	})
	return h, bad, ok
}

// eachExtension calls f for every whole extension. It is false when the last
// one is cut off.
func eachExtension(b []byte, f func(kind uint16, v []byte)) bool {
	c := wire.At(b)
	for c.Len() > 0 {
		kind := c.U16()
		v := c.Take(int(c.U16()))
		if !c.OK() {
			return false
		}
		f(kind, v)
	}
	return true
}

func (h *clientHello) extension(kind uint16, v []byte) bool {
	c := wire.At(v)
	switch kind {
	case extServerName:
		h.hasServerName = true
		list := c.Sub(int(c.U16()))
		for list.Len() > 0 {
			if list.U8() != 0 {
				break // no other type was ever defined, so none can be passed over
			}
			if name := list.Take(int(list.U16())); list.OK() && h.serverName == nil {
				h.serverName = name
			}
		}
		return len(v) == 0 || (c.OK() && list.OK())
	case extGroups:
		h.groups = c.Take(int(c.U16()) &^ 1)
	case extPointFormats:
		h.points = c.Take(int(c.U8()))
	case extSignatures:
		h.signatures = c.Take(int(c.U16()) &^ 1)
	case extALPN:
		list := c.Sub(int(c.U16()))
		if list.Len() > 0 {
			h.protocol = list.Take(int(list.U8()))
		}
		return c.OK() && list.OK()
	case extTicket:
		h.hasTicket = len(v) > 0
	case extPreSharedKey:
		h.hasPSK = true
	case extVersions:
		h.versions = c.Take(int(c.U8()) &^ 1)
	}
	return c.OK()
}

// A serverHello is the body of a server hello (RFC 8446 section 4.1.3), also
// in the shape of the early drafts of TLS 1.3. Slices are borrowed.
type serverHello struct {
	version    uint16
	random     []byte
	session    []byte
	cipher     uint16
	extensions []byte
	selected   uint16 // of supported_versions, or 0
	group      uint16
	protocol   []byte

	hasGroup, hasPSK bool
}

// parseServerHello reads a server hello; ok is false when it ends early.
func parseServerHello(b []byte) (h serverHello, ok bool) {
	c := wire.At(b)
	h.version = c.U16()
	h.random = c.Take(32)
	if h.version == tls13 || isDraft13(h.version) {
		h.cipher = c.U16()
	} else {
		h.session = c.Take(int(c.U8()))
		h.cipher = c.U16()
		c.Skip(1) // compression
	}
	if !c.OK() {
		return h, false
	}
	if c.Len() < 2 {
		return h, true
	}
	c.Skip(2)
	h.extensions = c.Rest()
	ok = eachExtension(h.extensions, func(kind uint16, v []byte) {
		e := wire.At(v)
		switch kind {
		case extVersions:
			h.selected = e.U16()
		case extKeyShare, extKeyShareOld:
			h.group = e.U16()
			h.hasGroup = e.OK()
		case extPreSharedKey:
			h.hasPSK = true
		case extALPN:
			list := e.Sub(int(e.U16()))
			h.protocol = list.Take(int(list.U8()))
		}
	})
	return h, ok
}

// retry tells whether h is a HelloRetryRequest: its random is the SHA-256 of
// that word (RFC 8446 section 4.1.3).
func (h *serverHello) retry() bool {
	return string(h.random) == "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"+
		"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
}
