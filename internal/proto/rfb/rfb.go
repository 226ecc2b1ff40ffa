// Package rfb reads the handshake of the Remote Framebuffer Protocol of VNC
// (RFC 6143; Apple's and other security types:
// https://github.com/rfbproto/rfbproto) and makes one rfb record of each
// connection, as Zeek does. What goes over the screen is not looked at.
package rfb

import (
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is RFB.
var Protocol = proto.Spec{
	Name:      "rfb",
	Transport: proto.TCP,
	Ports:     []uint16{5900, 5901, 5902, 5903, 5800, 5500},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	versionLength = 12
	// maxText bounds the desktop's name and the reason of a refusal.
	maxText = 64 << 10
	// keptText is how much of them is written.
	keptText = 4096
)

var errMessage = errors.New("rfb: malformed message")

// stage is what a direction sends next.
type stage uint8

const (
	atVersion   stage = iota
	atWait            // nothing, before the other side has spoken
	atOffer           // server: security types, from version 3.7 on
	atOrder           // server: the security type, before
	atChoice          // client: security type
	atChallenge       // VNC authentication, of either side
	atApple           // key exchange of Apple's authentication, of either side
	atVeNCrypt        // server: versions and subtypes; client: likewise
	atSubtype         // client: choice of a subtype; server: its answer
	atResult          // server: result of the authentication
	atReason          // server: why it refuses
	atInit            // client: sharing; server: the desktop
	atTLS             // what follows is TLS
	atEnd             // nothing that would be read
)

// The security types that are read.
const (
	securityNone     = 1
	securityVNC      = 2
	securityTLS      = 18
	securityVeNCrypt = 19
	securityApple    = 30
)

// parser follows one connection.
type parser struct {
	c      *proto.Conn
	stage  [2]stage
	rec    *Session
	minor  int // of the client's version
	key    int // length of Apple's keys
	tls    *proto.Stream
	logged bool
}

// Parse implements proto.Parser.
func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		switch p.stage[d] {
		case atTLS:
			if p.tls != nil {
				_ = p.tls.Feed(d, rest) // its end is not ours
			}
			return proto.Step{Used: len(b)}, nil
		case atEnd:
			return proto.Step{Used: len(b)}, nil
		case atWait:
			if len(rest) > maxText {
				p.finish()
				return proto.Step{Used: used}, errMessage
			}
			return proto.Step{Used: used, Need: len(rest) + 1}, nil
		}
		c := wire.At(rest)
		if err := p.message(d, &c); err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if !c.OK() {
			return proto.Step{Used: used, Need: len(rest) + 1}, nil
		}
		used += c.Off()
	}
	return proto.Step{Used: len(b)}, nil
}

// message reads what the direction sends next. Nothing is noted unless it is
// all there.
func (p *parser) message(d proto.Dir, c *wire.Cursor) error {
	switch p.stage[d] {
	case atVersion:
		return p.versionOf(d, c)
	case atOffer:
		return p.offer(c)
	case atOrder:
		if kind := c.U32(); c.OK() {
			p.choose(kind)
		}
	case atChoice:
		if kind := c.U8(); c.OK() {
			p.choose(uint32(kind))
		}
	case atChallenge:
		if c.Skip(16); c.OK() {
			p.answered(d)
		}
	case atApple:
		p.apple(d, c)
	case atVeNCrypt:
		p.vencrypt(d, c)
	case atSubtype:
		p.subtype(d, c)
	case atResult:
		p.result(c)
	case atReason:
		text, err := text(c)
		if err == nil && c.OK() {
			p.rec.Reason = text
			p.stage[proto.Resp] = atEnd
		}
		return err
	case atInit:
		return p.init(d, c)
	case atWait, atTLS, atEnd:
	}
	return nil
}

// versionOf reads "RFB 003.008\n".
func (p *parser) versionOf(d proto.Dir, c *wire.Cursor) error {
	b := c.Take(versionLength)
	if !c.OK() {
		return nil
	}
	if !isVersion(b) {
		return fmt.Errorf("%w: version %q", errMessage, b)
	}
	if p.rec == nil {
		p.rec = &Session{Conn: p.c.Head()}
	}
	major, minor := string(b[4:7]), string(b[8:11])
	if d == proto.Resp {
		p.rec.ServerMajor, p.rec.ServerMinor = major, minor
		if p.stage[d] = atWait; p.rec.ClientMajor != "" {
			p.security()
		}
		return nil
	}
	p.rec.ClientMajor, p.rec.ClientMinor = major, minor
	p.c.Confirm()
	p.minor = int(b[8]-'0')*100 + int(b[9]-'0')*10 + int(b[10]-'0')
	if p.stage[d] = atWait; p.stage[proto.Resp] == atWait {
		p.security()
	}
	return nil
}

// security begins what follows the versions. Apple says 3.889 and means 3.7.
func (p *parser) security() {
	p.stage = [2]stage{atWait, atOrder}
	if p.minor >= 7 {
		p.stage = [2]stage{atChoice, atOffer}
	}
}

// offer reads the server's security types; none is a refusal.
func (p *parser) offer(c *wire.Cursor) error {
	types := c.Take(int(c.U8()))
	if !c.OK() {
		return nil
	}
	for _, t := range types {
		p.rec.Offered = append(p.rec.Offered, methodName(uint32(t)))
	}
	if p.stage[proto.Resp] = atWait; len(types) == 0 {
		p.stage[proto.Resp] = atReason
	}
	return nil
}

// choose begins the authentication that was chosen.
func (p *parser) choose(kind uint32) {
	p.rec.Method = methodName(kind)
	switch {
	case kind == 0:
		p.stage = [2]stage{atInit, atReason}
	case kind == securityNone && p.minor > 7:
		p.stage = [2]stage{atInit, atResult}
	case kind == securityNone:
		p.stage = [2]stage{atInit, atInit}
	case kind == securityVNC:
		p.stage = [2]stage{atChallenge, atChallenge}
	case kind == securityApple:
		p.stage = [2]stage{atWait, atApple}
	case kind == securityVeNCrypt:
		p.stage = [2]stage{atVeNCrypt, atVeNCrypt}
	case kind == securityTLS:
		p.startTLS()
	default:
		p.stage = [2]stage{atEnd, atEnd}
	}
}

// answered ends a direction's part of an authentication.
func (p *parser) answered(d proto.Dir) {
	if p.stage[d] = atInit; d == proto.Resp {
		p.stage[d] = atResult
	}
}

// apple reads a key exchange of Apple's: generator, length, prime, the server's
// key; then the encrypted name and password, and the client's key.
func (p *parser) apple(d proto.Dir, c *wire.Cursor) {
	if d == proto.Orig {
		if c.Skip(128 + p.key); c.OK() {
			p.answered(d)
		}
		return
	}
	c.Skip(2)
	key := int(c.U16())
	if c.Skip(2 * key); c.OK() {
		p.key = key
		p.answered(d)
		p.stage[proto.Orig] = atApple
	}
}

// vencrypt reads versions and the server's subtypes.
func (p *parser) vencrypt(d proto.Dir, c *wire.Cursor) {
	c.Skip(2) // version
	if d == proto.Resp {
		c.Skip(1) // taken or not
		c.Skip(4 * int(c.U8()))
	}
	if c.OK() {
		p.stage[d] = atSubtype
	}
}

// subtype reads the client's choice, and the server's consent: then TLS begins.
func (p *parser) subtype(d proto.Dir, c *wire.Cursor) {
	if d == proto.Orig {
		if c.Skip(4); c.OK() {
			p.stage[d] = atTLS
		}
		return
	}
	ok := c.U8()
	if !c.OK() {
		return
	}
	if ok != 1 {
		p.stage = [2]stage{atEnd, atEnd}
		return
	}
	p.startTLS()
}

func (p *parser) startTLS() {
	p.rec.TLS = true
	p.finish()
	p.stage = [2]stage{atTLS, atTLS}
	p.tls = p.c.Inner("ssl")
}

// result reads how the authentication ended.
func (p *parser) result(c *wire.Cursor) {
	result := c.U32()
	if !c.OK() {
		return
	}
	p.rec.Auth = record.Some(result == 0)
	switch {
	case result == 0:
		p.stage[proto.Resp] = atInit
	case p.minor >= 8:
		p.stage[proto.Resp] = atReason
	default:
		p.stage[proto.Resp] = atEnd
	}
}

// init reads whether the desktop is shared, and what it is like.
func (p *parser) init(d proto.Dir, c *wire.Cursor) error {
	if d == proto.Orig {
		share := c.U8()
		if c.OK() {
			p.rec.Share = record.Some(share != 0)
			p.stage[d] = atEnd
		}
		return nil
	}
	width, height := c.U16(), c.U16()
	c.Skip(16) // pixel format
	name, err := text(c)
	if err != nil || !c.OK() {
		return err
	}
	p.rec.Width, p.rec.Height, p.rec.Desktop = record.Some(uint64(width)), record.Some(uint64(height)), name
	p.stage[d] = atEnd
	if p.stage[proto.Orig] == atEnd {
		p.finish()
	}
	return nil
}

// text reads a text with its length in front.
func text(c *wire.Cursor) (string, error) {
	n := c.U32()
	if n > maxText {
		return "", fmt.Errorf("%w: text of %d bytes", errMessage, n)
	}
	b := c.Take(int(n))
	return string(b[:min(len(b), keptText)]), nil
}

// Gap implements proto.Parser: the handshake cannot be read on.
func (p *parser) Gap(d proto.Dir, n int) error {
	switch p.stage[d] {
	case atTLS:
		if p.tls != nil {
			_ = p.tls.Gap(d, n)
		}
	case atEnd:
	default:
		p.finish()
		p.stage = [2]stage{atEnd, atEnd}
	}
	return nil
}

// End implements proto.Ender.
func (p *parser) End(d proto.Dir) {
	if p.tls != nil {
		p.tls.End(d)
	}
}

// Close writes the record.
func (p *parser) Close() {
	if p.tls != nil {
		p.tls.Close()
	}
	p.finish()
}

func (p *parser) finish() {
	if p.rec != nil && !p.logged {
		p.logged = true
		p.c.Emit(p.rec)
	}
}

// methodName is a security type as Zeek names it.
func methodName(kind uint32) string {
	switch kind {
	case 0:
		return "Invalid"
	case securityNone:
		return "None"
	case securityVNC:
		return "VNC"
	case 16:
		return "Tight"
	case 17:
		return "Ultra"
	case securityTLS:
		return "TLS"
	case securityVeNCrypt:
		return "VeNCrypt"
	case 20:
		return "GTK-VNC SASL"
	case 21:
		return "MD5 hash authentication"
	case 22:
		return "Colin Dean xvp"
	case securityApple:
		return "Apple Remote Desktop"
	}
	return "RealVNC"
}

// isVersion tells whether b, as far as it goes, is a version.
func isVersion(b []byte) bool {
	const form = "RFB ddd.ddd\n"
	for i := range min(len(b), len(form)) {
		if form[i] == 'd' && (b[i] < '0' || b[i] > '9') || form[i] != 'd' && b[i] != form[i] {
			return false
		}
	}
	return true
}

// probe takes a version, which is the first message of both sides.
func probe(_ proto.Dir, b []byte) proto.Verdict {
	switch {
	case !isVersion(b):
		return proto.No
	case len(b) < versionLength:
		return proto.Maybe
	}
	return proto.Yes
}
