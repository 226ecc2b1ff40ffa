package smtp

import (
	"bytes"
	"strconv"
	"strings"
)

// chunk is what is known of the chunks of a message (RFC 3030 section 2).
type chunk struct {
	open bool // a message comes in chunks
	last bool // the chunk that is coming is the last one
	left uint64
	line []byte // beginning of a line that has not ended
}

// maxChunkLine bounds a line within chunks; Zeek's bound.
const maxChunkLine = 4096

// chunked reads the argument of BDAT. It returns false when it is wrong.
func (p *parser) chunked(arg string) bool {
	size, last, why := chunkSize(arg)
	if why != "" {
		p.c.Weird("smtp_invalid_bdat_command", why)
		return false
	}
	if size > 1<<63-1 {
		p.c.Weird("smtp_huge_bdat_chunk", strconv.FormatUint(size, 10))
		return false
	}
	if !p.chunk.open {
		p.begin(stateChunk)
		p.chunk.open = true
	}
	p.chunk.left, p.chunk.last = size, last
	return true
}

// chunkSize reads "SIZE" or "SIZE LAST". why says what is wrong.
func chunkSize(arg string) (size uint64, last bool, why string) {
	if arg == "" || len(arg) > len("18446744073709551615 LAST") {
		return 0, false, "BDAT argument bad length"
	}
	digits, rest, more := strings.Cut(arg, " ")
	if digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false, "BDAT not followed by a valid chunk-size"
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false, "BDAT chunk-size not valid"
		}
	}
	size, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false, "BDAT chunk-size too large"
	}
	if more && !strings.EqualFold(rest, "LAST") {
		return size, false, "BDAT chunk-size followed by junk"
	}
	return size, more, ""
}

// bdat takes bytes of a chunk and returns how many.
func (p *parser) bdat(b []byte) int {
	n := int(min(uint64(len(b)), p.chunk.left))
	p.chunk.left -= uint64(n)
	p.bytes += n
	for part := b[:n]; len(part) > 0 && p.message != nil; {
		end := bytes.IndexByte(part, '\n')
		take := end + 1
		if end < 0 {
			take = len(part)
		}
		take = min(take, maxChunkLine-len(p.chunk.line))
		p.chunk.line = append(p.chunk.line, part[:take]...)
		part = part[take:]
		switch line := p.chunk.line; {
		case line[len(line)-1] == '\n':
			text, crlf := bytes.CutSuffix(line, []byte("\r\n"))
			if !crlf {
				p.c.Weird("smtp_bdat_line_lf_only", "")
			}
			p.message.Line(text, crlf)
			p.chunk.line = line[:0]
		case len(line) == maxChunkLine:
			p.c.Weird("smtp_bdat_line_too_long", strconv.Itoa(len(line)))
			p.message.Line(line, false)
			p.chunk.line = line[:0]
		}
	}
	p.chunkEnd()
	return n
}

// chunkEnd ends the message after the last byte of its last chunk.
func (p *parser) chunkEnd() {
	if p.chunk.open && p.chunk.last && p.chunk.left == 0 {
		p.commanded(cmdEnd)
	}
}

// chunkClose passes on what is left of a message in chunks.
func (p *parser) chunkClose() {
	if !p.chunk.open {
		return
	}
	if p.chunk.left > 0 {
		p.c.Weird("smtp_bdat_remaining_at_end_data", "")
	}
	if len(p.chunk.line) > 0 && p.message != nil {
		p.message.Line(p.chunk.line, false)
	}
	p.chunk = chunk{}
}
