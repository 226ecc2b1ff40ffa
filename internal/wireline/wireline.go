// Package wireline splits a stream of bytes into the lines of a text protocol:
//
//	s := wireline.Splitter{Max: 4096}
//	for line, n := s.Next(b); n > 0; line, n = s.Next(b) {
//		b = b[n:]
//		...
//	}
//
// A line ends in LF or CRLF (RFC 5321 section 2.3.8, RFC 959 section 5.3.2 as
// clients really send them). The result does not depend on how the stream was
// cut into pieces.
package wireline

import "bytes"

// Splitter finds the lines of one direction.
type Splitter struct {
	Max  int  // longest line that is kept whole
	skip bool // within the rest of a line that was too long
}

// Next returns the first line of b without its end, borrowed, and how many
// bytes it took; 0 when the line is not whole yet. Of a longer line than Max
// the first Max bytes are returned, the rest is passed over: line is nil then.
func (s *Splitter) Next(b []byte) (line []byte, n int) {
	end := bytes.IndexByte(b, '\n')
	switch {
	case s.skip && end < 0:
		return nil, len(b)
	case s.skip:
		s.skip = false
		return nil, end + 1
	case end > s.Max || end < 0 && len(b) > s.Max:
		s.skip = true
		return b[:s.Max:s.Max], s.Max
	case end < 0:
		return nil, 0
	}
	n = end + 1
	if end > 0 && b[end-1] == '\r' {
		end--
	}
	return b[:end:end], n
}

// Cut tells whether the last line that was returned was longer than Max.
func (s *Splitter) Cut() bool { return s.skip }

// Reset forgets where in a line the stream was, as after a gap: what comes next
// is taken for the rest of a line that has begun.
func (s *Splitter) Reset() { s.skip = true }

// Word returns the first word of line and what follows it and the blanks after
// it.
func Word(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, blanks)
	i := bytes.IndexAny(line, blanks)
	if i < 0 {
		return line, nil
	}
	return line[:i], bytes.TrimLeft(line[i:], blanks)
}

const blanks = " \t\r\v\f"

// Code is the three digits that a reply begins with (RFC 959 section 4.2, RFC
// 5321 section 4.2), or -1.
func Code(line []byte) int {
	if len(line) < 3 {
		return -1
	}
	n := 0
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
