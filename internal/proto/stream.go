package proto

import (
	"errors"
	"fmt"
)

// MaxUnused bounds the bytes that a Stream keeps for its parser, per
// direction. A message larger than this has to be consumed in parts.
const MaxUnused = 1 << 20

// ErrUnused is returned when a parser asks for more than MaxUnused.
var ErrUnused = errors.New("proto: message larger than the reassembly bound")

// ErrStep is returned when a parser claims more bytes than it was given.
var ErrStep = errors.New("proto: parser used bytes that were not there")

// A Stream feeds one Parser from two byte streams. Bytes are passed where they
// lie; only what the parser leaves unused is copied. After the first error the
// parser gets nothing more but Close.
type Stream struct {
	parser Parser
	holder Holder     // the same, or nil
	unused [2]*buffer // nil: none
	need   [2]int
	err    error
	closed bool
	busy   bool // the parser is looking at an unused buffer
}

// NewStream wraps p.
func NewStream(p Parser) *Stream {
	h, _ := p.(Holder)
	return &Stream{parser: p, holder: h}
}

// Err is the error that ended parsing, or nil.
func (s *Stream) Err() error { return s.err }

// Buffered is the number of bytes that wait for more.
func (s *Stream) Buffered() int { return s.unused[0].len() + s.unused[1].len() }

// Held is about how many bytes the stream and its parser keep; a nil Stream
// keeps none.
func (s *Stream) Held() int {
	if s == nil || s.closed {
		return 0
	}
	n := s.unused[0].cap() + s.unused[1].cap()
	if s.holder != nil {
		n += s.holder.Held()
	}
	return n
}

// Feed passes the next bytes of direction d.
func (s *Stream) Feed(d Dir, b []byte) error {
	if s.err != nil || len(b) == 0 || s.closed {
		return s.err
	}
	x := s.unused[d]
	if x != nil {
		if len(x.b)+len(b) > MaxUnused {
			return s.fail(ErrUnused)
		}
		x = x.add(b)
		s.unused[d], b = x, x.b
	}
	s.busy = true
	rest, err := s.parse(d, b)
	s.busy = false
	if err != nil {
		return s.fail(err)
	}
	switch {
	case s.closed || s.err != nil: // by what the parser did
	case len(rest) == 0:
		s.release(d)
	case x != nil:
		x.b = x.b[:copy(x.b, rest)]
	case len(rest) > MaxUnused:
		return s.fail(ErrUnused)
	default:
		s.unused[d] = s.unused[d].add(rest)
	}
	return nil
}

// parse gives the parser b and returns what it leaves.
func (s *Stream) parse(d Dir, b []byte) ([]byte, error) {
	for len(b) > 0 && len(b) >= s.need[d] {
		step, err := s.parser.Parse(d, b)
		if err != nil {
			return nil, err
		}
		if step.Used < 0 || step.Used > len(b) {
			return nil, fmt.Errorf("%w: %d of %d", ErrStep, step.Used, len(b))
		}
		b = b[step.Used:]
		s.need[d] = step.Need
		if step.Need > MaxUnused {
			return nil, ErrUnused
		}
		if step.Used == 0 {
			if s.need[d] <= len(b) {
				s.need[d] = len(b) + 1
			}
			break
		}
	}
	return b, nil
}

// release gives back the buffer of a direction.
func (s *Stream) release(d Dir) {
	x := s.unused[d]
	s.unused[d] = nil
	if x != nil && !s.busy {
		x.free()
	}
}

// Gap passes on that n bytes of d are missing.
func (s *Stream) Gap(d Dir, n int) error {
	if s.err != nil || s.closed {
		return s.err
	}
	s.release(d)
	s.need[d] = 0
	if err := s.parser.Gap(d, n); err != nil {
		return s.fail(err)
	}
	return nil
}

// End passes on that d has ended.
func (s *Stream) End(d Dir) {
	if e, ok := s.parser.(Ender); ok && s.err == nil && !s.closed {
		e.End(d)
	}
}

// Authority is who says how an authentication ended.
type Authority uint8

// The authorities.
const (
	Around     Authority = iota // the protocol that carried it, by its status or by going on
	Negotiated                  // the negotiation of GSS-API
)

// An Authenticator is a parser of an authentication exchange, as NTLM, that
// cannot see how the exchange ended: only what is around it says.
type Authenticator interface {
	Authenticated(ok bool, by Authority)
}

// Authenticated passes on that the exchange was accepted or refused.
func (s *Stream) Authenticated(ok bool, by Authority) {
	if a, is := s.parser.(Authenticator); is && s.err == nil && !s.closed {
		a.Authenticated(ok, by)
	}
}

// Close ends the parser. Further calls do nothing.
func (s *Stream) Close() {
	if !s.closed {
		s.closed = true
		s.release(Orig)
		s.release(Resp)
		s.parser.Close()
	}
}

func (s *Stream) fail(err error) error {
	s.err = err
	s.release(Orig)
	s.release(Resp)
	return err
}
