// Package tlshello reads the hellos of SSL 3.0 and TLS (RFC 8446 section 4.1)
// and makes the JA3, JA3S and JA4 fingerprints of them, for every protocol that
// carries one: TLS itself, DTLS and QUIC.
package tlshello

import "longwatch/internal/wire"

// The versions, as Numbers on the wire.
const (
	SSL2   = 0x0002
	SSL3   = 0x0300
	TLS10  = 0x0301
	TLS11  = 0x0302
	TLS12  = 0x0303
	TLS13  = 0x0304
	DTLS09 = 0x0100 // before RFC 4347; what Cisco's AnyConnect still speaks
	DTLS10 = 0xfeff
	DTLS12 = 0xfefd
	DTLS13 = 0xfefc
)

// IsDraft13 tells the versions of the drafts of TLS 1.3.
func IsDraft13(v uint16) bool { return v>>8 == 0x7f }

// Known tells whether a hello may have this version.
func Known(v uint16) bool {
	switch v {
	case SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, DTLS09, DTLS10, DTLS12, DTLS13:
		return true
	}
	return IsDraft13(v)
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

// IsGREASE tells the values that RFC 8701 reserves for nonsense.
func IsGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// A Numbers is a run of big-endian 16-bit numbers, borrowed.
type Numbers []byte

// Len is how many there are.
func (n Numbers) Len() int { return len(n) / 2 }

// At is the i-th, from 0.
func (n Numbers) At(i int) uint16 { return uint16(n[2*i])<<8 | uint16(n[2*i+1]) }

// A Client is the body of a client hello (RFC 8446 section 4.1.2). Every
// slice is borrowed. What could not be read is empty.
type Client struct {
	Version    uint16
	Session    []byte
	Ciphers    Numbers
	Extensions []byte // whole
	ServerName []byte
	Protocol   []byte // first of ALPN
	Versions   Numbers
	Groups     Numbers
	Points     []byte
	Signatures Numbers

	HasExtensions, HasServerName bool
	HasTicket                    bool // a session ticket that is not empty
	HasPSK                       bool
}

// ParseClient reads a client hello. datagram says that the cookie of DTLS
// is there. ok is false when the hello ends early; what was read until then is
// set. bad is the number of extensions that contradict themselves.
func ParseClient(b []byte, datagram bool) (h Client, bad int, ok bool) {
	c := wire.At(b)
	h.Version = c.U16()
	c.Skip(32) // random
	h.Session = c.Take(int(c.U8()))
	if datagram {
		c.Skip(int(c.U8()))
	}
	h.Ciphers = c.Take(int(c.U16()) &^ 1)
	c.Skip(int(c.U8())) // compression
	if !c.OK() {
		return h, 0, false
	}
	if c.Len() < 2 {
		return h, 0, true
	}
	c.Skip(2) // length: the rest of the message, whatever it says
	h.HasExtensions = true
	h.Extensions = c.Rest()
	ok = eachExtension(h.Extensions, func(kind uint16, v []byte) {
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

func (h *Client) extension(kind uint16, v []byte) bool {
	c := wire.At(v)
	switch kind {
	case extServerName:
		h.HasServerName = true
		list := c.Sub(int(c.U16()))
		for list.Len() > 0 {
			if list.U8() != 0 {
				break // no other type was ever defined, so none can be passed over
			}
			if name := list.Take(int(list.U16())); list.OK() && h.ServerName == nil {
				h.ServerName = name
			}
		}
		return len(v) == 0 || (c.OK() && list.OK())
	case extGroups:
		h.Groups = c.Take(int(c.U16()) &^ 1)
	case extPointFormats:
		h.Points = c.Take(int(c.U8()))
	case extSignatures:
		h.Signatures = c.Take(int(c.U16()) &^ 1)
	case extALPN:
		list := c.Sub(int(c.U16()))
		if list.Len() > 0 {
			h.Protocol = list.Take(int(list.U8()))
		}
		return c.OK() && list.OK()
	case extTicket:
		h.HasTicket = len(v) > 0
	case extPreSharedKey:
		h.HasPSK = true
	case extVersions:
		h.Versions = c.Take(int(c.U8()) &^ 1)
	}
	return c.OK()
}

// A Server is the body of a server hello (RFC 8446 section 4.1.3), also
// in the shape of the early drafts of TLS 1.3. Slices are borrowed.
type Server struct {
	Version    uint16
	Random     []byte
	Session    []byte
	Cipher     uint16
	Extensions []byte
	Selected   uint16 // of supported_versions, or 0
	Group      uint16
	Protocol   []byte

	HasGroup, HasPSK bool
}

// ParseServer reads a server hello; ok is false when it ends early.
func ParseServer(b []byte) (h Server, ok bool) {
	c := wire.At(b)
	h.Version = c.U16()
	h.Random = c.Take(32)
	if h.Version == TLS13 || IsDraft13(h.Version) {
		h.Cipher = c.U16()
	} else {
		h.Session = c.Take(int(c.U8()))
		h.Cipher = c.U16()
		c.Skip(1) // compression
	}
	if !c.OK() {
		return h, false
	}
	if c.Len() < 2 {
		return h, true
	}
	c.Skip(2)
	h.Extensions = c.Rest()
	ok = eachExtension(h.Extensions, func(kind uint16, v []byte) {
		e := wire.At(v)
		switch kind {
		case extVersions:
			h.Selected = e.U16()
		case extKeyShare, extKeyShareOld:
			h.Group = e.U16()
			h.HasGroup = e.OK()
		case extPreSharedKey:
			h.HasPSK = true
		case extALPN:
			list := e.Sub(int(e.U16()))
			h.Protocol = list.Take(int(list.U8()))
		}
	})
	return h, ok
}

// Retry tells whether h is a HelloRetryRequest: its random is the SHA-256 of
// that word (RFC 8446 section 4.1.3).
func (h *Server) Retry() bool {
	return string(h.Random) == "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"+
		"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
}
