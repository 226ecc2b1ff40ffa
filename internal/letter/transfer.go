package letter

// content decodes a line of the leaf at i (RFC 2045 section 6) and passes it on.
func (s *Stream) content(i int, line []byte, crlf bool) {
	e := s.open[i]
	out := s.buf[:0]
	switch e.encoding {
	case base64:
		out = e.base64(out, line)
	case quotedPrintable:
		out = quotedLine(out, line)
	case binary:
		if e.crlf {
			out = append(out, '\r', '\n')
		}
		out = append(out, line...)
		// The line end before a boundary belongs to the boundary.
		e.crlf = crlf && i > 0 && s.open[i-1].kind == multipart
		if crlf && !e.crlf {
			out = append(out, '\r', '\n')
		}
	}
	s.buf = out
	if len(out) > 0 {
		s.h.Data(out)
	}
}

// flush passes on what is left of a Base64 text that was not padded.
func (s *Stream) flush(e *entity) {
	var out []byte
	switch e.nquad {
	case 2:
		out = []byte{byte(e.quad >> 4)}
	case 3:
		out = []byte{byte(e.quad >> 10), byte(e.quad >> 2)}
	}
	e.nquad = 0
	if len(out) > 0 && !e.over {
		s.h.Data(out)
	}
}

// sextet is the value of each character of Base64 (RFC 2045 section 6.8), 64
// for the padding and 65 for all others.
var sextet = func() (t [256]uint8) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range t {
		t[i] = 65
	}
	for i := range len(alphabet) {
		t[alphabet[i]] = uint8(i)
	}
	t['='] = 64
	return t
}()

// base64 decodes a line; groups may run over line ends, and characters that do
// not belong are passed over.
func (e *entity) base64(out, line []byte) []byte {
	for _, c := range line {
		v := sextet[c]
		if v == 65 {
			continue
		}
		if v == 64 {
			switch e.nquad {
			case 2:
				out = append(out, byte(e.quad>>4))
			case 3:
				out = append(out, byte(e.quad>>10), byte(e.quad>>2))
			}
			e.quad, e.nquad = 0, 0
			continue
		}
		e.quad = e.quad<<6 | uint32(v)
		if e.nquad++; e.nquad == 4 {
			out = append(out, byte(e.quad>>16), byte(e.quad>>8), byte(e.quad))
			e.quad, e.nquad = 0, 0
		}
	}
	return out
}

// quotedLine decodes a line of quoted-printable text (RFC 2045 section 6.7).
func quotedLine(out, line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == ' ' || line[len(line)-1] == '\t') {
		line = line[:len(line)-1]
	}
	for i := 0; i < len(line); i++ {
		if line[i] != '=' {
			out = append(out, line[i])
			continue
		}
		if i == len(line)-1 { // a soft line break
			return out
		}
		if i+2 < len(line) {
			if hi, lo := hex(line[i+1]), hex(line[i+2]); hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, '=')
	}
	return append(out, '\r', '\n')
}

func hex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
