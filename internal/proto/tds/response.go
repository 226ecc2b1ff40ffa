package tds

import (
	"bytes"

	"longwatch/internal/record"
	"longwatch/internal/wire"
)

// The tokens of a response that are read (MS-TDS 2.2.7).
const (
	tokError      = 0xaa
	tokInfo       = 0xab
	tokLoginAck   = 0xad
	tokEnv        = 0xe3
	tokSSPI       = 0xed
	tokOrder      = 0xa9
	tokStatus     = 0x79
	tokFeatureAck = 0xae
	tokFedAuth    = 0xee
	tokDone       = 0xfd
	tokDoneProc   = 0xfe
	tokDoneInProc = 0xff
)

// doneLength is what follows the token of a DONE in TDS 7.2 and later;
// doneOld before.
const (
	doneLength = 12
	doneOld    = 8
)

// Bits of a DONE's status.
const (
	doneError = 0x2
	doneCount = 0x10
	doneAttn  = 0x20
)

// tokens reads a response as far as its tokens are of kinds whose length is
// known; rows are not read. How it ended, the last DONE tells, wherever it is.
func (p *parser) tokens(b []byte) {
	c := wire.At(b)
	done := false
	for c.Len() > 0 && !done {
		switch c.U8() {
		case tokError:
			v := c.Sub(int(c.L16()))
			p.failed(&v)
		case tokLoginAck:
			v := c.Sub(int(c.L16()))
			v.Skip(1 + 4) // interface, version
			n := int(v.U8())
			if r := p.open(); !p.written {
				r.Success = record.Some(true)
				r.Program = text(v.Take(2 * n))
			}
			p.c.Confirm()
		case tokInfo, tokEnv, tokSSPI, tokOrder:
			c.Skip(int(c.L16()))
		case tokFedAuth:
			c.Skip(int(min(c.L32(), maxMessage))) // #nosec G115 -- bounded
		case tokStatus:
			c.Skip(4)
		case tokDone, tokDoneProc, tokDoneInProc:
			c.Skip(min(doneLength, c.Len()))
		default:
			done = true
		}
	}
	p.outcome(b)
}

// failed reads an ERROR.
func (p *parser) failed(c *wire.Cursor) {
	number := int32(c.L32()) // #nosec G115 -- signed on the wire
	c.Skip(1 + 1)            // state, class
	message := text(c.Take(2 * int(c.L16())))
	if !c.OK() {
		return
	}
	p.c.Confirm()
	if r := p.request; r != nil {
		if !r.Error.Set {
			r.Error, r.Message = record.Some(number), message
		}
		return
	}
	if r := p.open(); !p.written && !r.Success.Set {
		r.Error, r.Message, r.Success = record.Some(number), message, record.Some(false)
	}
}

// outcome takes the last DONE of a response, which ends it.
func (p *parser) outcome(b []byte) {
	if p.request == nil {
		if p.session != nil && p.session.Success.Set {
			p.write()
		}
		return
	}
	for _, n := range []int{doneLength, doneOld} {
		if len(b) <= n {
			continue
		}
		last := b[len(b)-n-1:]
		if last[0] < tokDone || n == doneLength && !bytes.Equal(last[9:], make([]byte, 4)) {
			continue
		}
		c := wire.At(last[1:])
		status := c.L16()
		c.Skip(2)
		rows := uint64(c.L32())
		if status > 0x1ff {
			continue
		}
		r := p.request
		r.Success = record.Some(status&(doneError|doneAttn) == 0 && !r.Error.Set)
		if status&doneCount != 0 {
			r.Rows = record.Some(rows)
		}
		break
	}
	if p.request.Error.Set && !p.request.Success.Set {
		p.request.Success = record.Some(false)
	}
	p.end()
}
