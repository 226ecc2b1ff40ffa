package tds

import (
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// The options of a prelogin (MS-TDS 2.2.6.5).
const (
	optVersion    = 0
	optEncryption = 1
	optInstance   = 2
	optEnd        = 0xff
	// maxOptions bounds the options that are looked at.
	maxOptions = 32
)

// What an option says of encryption.
const (
	encryptOff = iota
	encryptOn
	encryptNotSupported
	encryptRequired
)

var encryptNames = [...]string{"off", "on", "not supported", "required"}

// looksPrelogin tells whether a message begins with the version option.
func looksPrelogin(b []byte) bool {
	c := wire.At(b)
	kind, off, n := c.U8(), int(c.U16()), int(c.U16())
	return c.OK() && kind == optVersion && n == 6 && off >= 6 && off+n <= len(b)
}

// prelogin reads a PRELOGIN message of either side.
func (p *parser) prelogin(d proto.Dir, b []byte) {
	if len(b) > 0 && outer(b[0]) {
		return
	}
	c := wire.At(b)
	r := p.open()
	for range maxOptions {
		kind := c.U8()
		if kind == optEnd || !c.OK() {
			break
		}
		v := wire.At(b)
		off, n := int(c.U16()), int(c.U16())
		if !c.OK() {
			break
		}
		v.Seek(off)
		v = v.Sub(n)
		switch kind {
		case optVersion:
			major, minor, build := v.U8(), v.U8(), v.U16()
			if !v.OK() || major == 0 && minor == 0 && build == 0 {
				continue
			}
			version := fmt.Sprintf("%d.%d.%d", major, minor, build)
			if d == proto.Orig {
				r.Client = version
			} else {
				r.ServerVersion = version
			}
		case optEncryption:
			how := v.U8()
			if v.OK() {
				p.encryption(d, how)
			}
		case optInstance:
			name := v.Rest()
			for i, ch := range name {
				if ch == 0 {
					name = name[:i]
					break
				}
			}
			if d == proto.Orig && len(name) > 0 && len(name) <= 255 {
				r.Instance = string(name)
			}
		}
	}
	if d == proto.Resp {
		p.c.Confirm()
	}
}

// encryption decides whether TLS follows: only off on one side, and off or not
// supported on the other, leaves the whole connection in the clear; off on
// both encrypts the login alone.
func (p *parser) encryption(d proto.Dir, how uint8) {
	how &= 0x3f
	if int(how) >= len(encryptNames) {
		return
	}
	if d == proto.Orig {
		p.wanted = how
		return
	}
	p.session.Encryption = encryptNames[how]
	if how != encryptNotSupported && p.wanted != encryptNotSupported {
		p.half[0].encrypt, p.half[1].encrypt = true, true
	}
}

// login reads LOGIN7 (MS-TDS 2.2.6.4): fixed fields, then where each string is.
func (p *parser) login(b []byte) {
	c := wire.At(b)
	r := p.open()
	c.Skip(4) // length
	version := c.L32()
	c.Skip(4 + 4 + 4 + 4) // packet size, program, process, connection
	c.Skip(1)
	flags2 := c.U8()
	c.Skip(2 + 4 + 4) // flags, time zone, collation
	if !c.OK() {
		p.c.Weird("tds_malformed_login", "")
		return
	}
	r.Version = versionName(version)
	r.Integrated = record.Some(flags2&0x80 != 0)
	field := func() string {
		off, n := int(c.L16()), int(c.L16())
		v := wire.At(b)
		v.Seek(off)
		return text(v.Take(2 * n))
	}
	r.Host = field()
	r.User = field()
	c.Skip(4) // the password stays where it is
	r.Application = field()
	r.Server = field()
	c.Skip(4) // extension
	r.Library = field()
	c.Skip(4) // language
	r.Database = field()
	p.user = r.User
}

// versionName is a version of TDS as people call it.
func versionName(v uint32) string {
	switch {
	case v == 0x08000000:
		return "8.0"
	case v>>24 == 0x70:
		return "7.0"
	case v>>24 == 0x71:
		return "7.1"
	case v>>24 == 0x72:
		return "7.2"
	case v>>24 == 0x73:
		return "7.3"
	case v>>24 == 0x74:
		return "7.4"
	}
	return fmt.Sprintf("%08x", v)
}
