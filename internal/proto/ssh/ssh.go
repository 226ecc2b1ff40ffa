// Package ssh reads the open part of SSH connections, version lines and key
// exchange (RFC 4253, and the SSH 1.5 that came before), and makes one ssh
// record of each, with HASSH fingerprints. Whether a login succeeded it infers
// from the sizes of the first encrypted packets, as Zeek does.
package ssh

import (
	"bytes"
	"errors"
	"fmt"

	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// Protocol is SSH.
var Protocol = proto.Spec{
	Name:      "ssh",
	Transport: proto.TCP,
	Ports:     []uint16{22},
	Probe:     probe,
	New:       func(c *proto.Conn) proto.Parser { return &parser{c: c} },
	Emits:     []*record.Type{Type},
}

const (
	// maxLine bounds a version line; RFC 4253 section 4.2 allows 255.
	maxLine = 1024
	// maxBanner bounds what a server may say before its version line.
	maxBanner = 64 << 10
	// maxPacket bounds a packet of the key exchange. RFC 4253 section 6.1
	// asks for 35000; Classic McEliece keys are the largest in sight.
	maxPacket = 1 << 19
)

var (
	errLine   = errors.New("ssh: no version line")
	errPacket = errors.New("ssh: packet length out of bounds")
)

// A stage is how far one direction has got.
type stage uint8

const (
	stageVersion stage = iota
	stageKeys
	stageEncrypted
)

// parser follows one connection until the login has succeeded.
type parser struct {
	c      *proto.Conn
	rec    *Record
	logged bool
	done   bool
	stage  [2]stage
	banner int // bytes the server sent before its version line

	version uint8 // 1, 2, or 0 when unknown
	offers  [2]offer
	kex     kexKind
	login   login
	seg     segment
}

// probe looks for a version line, the server's possibly after a banner.
func probe(d proto.Dir, b []byte) proto.Verdict {
	const start = "SSH-x."
	if d == proto.Resp && !foldPrefix(b) {
		for _, line := range []string{"\nSSH-2.0-", "\nSSH-1."} {
			if bytes.Contains(b, []byte(line)) {
				return proto.Yes
			}
		}
	}
	switch {
	case !foldPrefix(b):
		return proto.No
	case len(b) < len(start):
		return proto.Maybe
	case (b[4] == '1' || b[4] == '2') && b[5] == '.':
		return proto.Yes
	}
	return proto.No
}

// foldPrefix tells whether b begins with SSH- in any case, as far as it goes.
func foldPrefix(b []byte) bool {
	n := min(len(b), 4)
	return bytes.EqualFold(b[:n], []byte("SSH-")[:n])
}

func (p *parser) Parse(d proto.Dir, b []byte) (proto.Step, error) {
	used := 0
	for !p.done && used < len(b) {
		rest := b[used:]
		var n, need int
		var err error
		switch p.stage[d] {
		case stageVersion:
			n, need, err = p.line(d, rest)
		case stageKeys:
			n, need, err = p.packet(d, rest)
		default:
			n = len(rest)
			p.encrypted(d, n)
		}
		if err != nil {
			p.finish()
			return proto.Step{Used: used}, err
		}
		if n == 0 {
			return proto.Step{Used: used, Need: need}, nil
		}
		used += n
	}
	return proto.Step{Used: len(b)}, nil
}

// open returns the record, begun at the first call.
func (p *parser) open() *Record {
	if p.rec == nil {
		p.rec = &Record{Conn: p.c.Head()}
		from, to := p.c.Engine.Local(p.rec.OrigH), p.c.Engine.Local(p.rec.RespH)
		switch {
		case from && !to:
			p.rec.Direction = "OUTBOUND"
		case to && !from:
			p.rec.Direction = "INBOUND"
		}
	}
	return p.rec
}

// line reads one line before the key exchange. A server may send others before
// its version line, a client may not.
func (p *parser) line(d proto.Dir, b []byte) (n, need int, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > maxLine {
			return 0, 0, fmt.Errorf("%w in %d bytes", errLine, len(b))
		}
		return 0, 0, nil
	}
	text := bytes.TrimSuffix(b[:end], []byte("\r"))
	if !bytes.HasPrefix(text, []byte("SSH-")) {
		p.banner += end + 1
		if d == proto.Orig && p.stage[proto.Resp] > stageVersion {
			p.c.Confirm() // by the server: somebody asks by hand who is there
			p.done = true
			return end + 1, 0, nil
		}
		if d == proto.Orig || p.banner > maxBanner {
			return 0, 0, errLine
		}
		return end + 1, 0, nil
	}
	if len(text) > maxLine {
		p.c.Weird("ssh_version_line_too_long", fmt.Sprint(len(text)))
		text = text[:maxLine]
	}
	r := p.open()
	if d == proto.Orig {
		r.Client = string(text)
	} else {
		r.Server = string(text)
	}
	p.stage[d] = stageKeys
	p.agree()
	return end + 1, 0, nil
}

// packet reads one packet before encryption.
func (p *parser) packet(d proto.Dir, b []byte) (n, need int, err error) {
	if p.version == 1 {
		return p.oldPacket(d, b)
	}
	c := wire.At(b)
	length := int(c.U32())
	if !c.OK() {
		return 0, 4, nil
	}
	if length < 2 || length > maxPacket {
		return 0, 0, fmt.Errorf("%w: %d", errPacket, length)
	}
	body := c.Take(length)
	if !c.OK() {
		return 0, 4 + length, nil
	}
	m := wire.At(body)
	padding, kind := int(m.U8()), m.U8()
	p.message(d, kind, m.Take(length-2-padding))
	return 4 + length, 0, nil
}

// Gap ends the reading: packets cannot be found again.
func (p *parser) Gap(proto.Dir, int) error {
	p.judge()
	p.done = true
	return nil
}

// Close emits what was seen.
func (p *parser) Close() {
	p.judge()
	p.finish()
}

func (p *parser) finish() {
	p.done = true
	if p.rec != nil && !p.logged {
		p.logged = true
		p.c.Emit(p.rec)
	}
}
