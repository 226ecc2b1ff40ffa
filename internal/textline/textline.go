// Package textline reads log files line by line with bounded memory. It knows
// where each line is, understands UTF-16 with a byte-order mark, and passes
// over lines that are too long, telling how many bytes that cost:
//
//	for lines := textline.New(rc, f, out); lines.Next(); {
//		parse(lines.Bytes(), lines.Number())
//	}
package textline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// MaxLine is the longest line that is read, in bytes. Longer ones are counted
// as a problem and passed over.
const MaxLine = 16 << 20

// Problems takes what could not be read; evidence.Outlet is one.
type Problems interface{ Problem(p evidence.Problem) }

// Reader yields lines without their end-of-line characters.
type Reader struct {
	br   *bufio.Reader
	file *evidence.File
	out  Problems
	buf  []byte // a line longer than br's buffer
	line []byte
	n    int64
	err  error
}

// New reads from r, citing f and reporting to out. Memory grows to MaxLine at most.
func New(r io.Reader, f *evidence.File, out Problems) *Reader {
	return &Reader{br: Decoded(r), file: f, out: out}
}

var (
	mark8  = []byte{0xef, 0xbb, 0xbf}
	markLE = []byte{0xff, 0xfe}
	markBE = []byte{0xfe, 0xff}
)

// Decoded is r as UTF-8 without a byte-order mark, when a mark or ASCII letters
// beside NULs say that it is UTF-16; other bytes come as they are.
func Decoded(r io.Reader) *bufio.Reader {
	br := bufio.NewReaderSize(r, 256<<10)
	head, _ := br.Peek(4)
	if order, ok := utf16Order(head); ok {
		return bufio.NewReaderSize(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(br), 256<<10)
	}
	if bytes.HasPrefix(head, mark8) {
		_, _ = br.Discard(len(mark8))
	}
	return br
}

// DecodedHead is the start of a file as Decoded shows it.
func DecodedHead(b []byte) []byte {
	order, ok := utf16Order(b)
	if !ok {
		return bytes.TrimPrefix(b, mark8)
	}
	out, _ := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(b[:len(b)&^1])
	return out
}

// utf16Order tells whether text that begins with b is UTF-16, and which.
func utf16Order(b []byte) (unicode.Endianness, bool) {
	switch {
	case bytes.HasPrefix(b, markLE):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(b, markBE):
		return unicode.BigEndian, true
	case len(b) < 4:
		return unicode.LittleEndian, false
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return unicode.LittleEndian, true
	}
	return unicode.BigEndian, b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0
}

// Next moves to the next line and tells whether there is one.
func (r *Reader) Next() bool {
	for r.err == nil {
		r.n++
		part, err := r.br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			part, err = r.long(part)
		}
		if err != nil && !errors.Is(err, errTooLong) {
			r.err = err
			if len(part) == 0 {
				return false
			}
		}
		if errors.Is(err, errTooLong) {
			continue
		}
		r.line = bytes.TrimRight(part, "\r\n")
		return true
	}
	return false
}

var errTooLong = errors.New("line too long")

// long reads the rest of a line that did not fit the buffer.
func (r *Reader) long(part []byte) ([]byte, error) {
	r.buf = append(r.buf[:0], part...)
	lost := int64(0)
	for {
		part, err := r.br.ReadSlice('\n')
		if lost == 0 && len(r.buf)+len(part) <= MaxLine {
			r.buf = append(r.buf, part...)
		} else {
			if lost == 0 {
				lost = int64(len(r.buf))
				r.buf = nil
			}
			lost += int64(len(part))
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if lost > 0 {
			r.out.Problem(evidence.Problem{
				Name: "line-too-long", Why: fmt.Sprintf("a line of %d bytes was passed over (limit %d)", lost, MaxLine),
				Ref: r.Ref(), Bytes: lost,
			})
			if err != nil {
				return nil, err
			}
			return nil, errTooLong
		}
		return r.buf, err
	}
}

// Bytes is the present line, valid until the next call of Next.
func (r *Reader) Bytes() []byte { return r.line }

// Number is the present line's number, from 1.
func (r *Reader) Number() int64 { return r.n }

// Ref cites the present line.
func (r *Reader) Ref() record.Ref { return r.file.Ref(record.RefLine, r.n) }

// Bad reports the present line as not understood.
func (r *Reader) Bad(name, why string) {
	const most = 80
	shown := r.line
	if len(shown) > most {
		shown = shown[:most]
	}
	r.out.Problem(evidence.Problem{Name: name, Why: fmt.Sprintf("%s: %q", why, shown), Ref: r.Ref(), Bytes: int64(len(r.line))})
}

// Err is why reading ended, wrapped as truncation, or nil at the end of the file.
func (r *Reader) Err() error {
	if r.err == nil || errors.Is(r.err, io.EOF) {
		return nil
	}
	return fmt.Errorf("%s: line %d: %w: %w", r.file.Name, r.n, evidence.ErrTruncated, r.err)
}

// Head splits the first lines off a head given to Sniff; the last, perhaps
// incomplete one is left out unless it is the only one.
func Head(head []byte) [][]byte {
	lines := bytes.Split(DecodedHead(head), []byte("\n"))
	if len(lines) > 1 {
		lines = lines[:len(lines)-1]
	}
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], "\r")
	}
	return lines
}

// Text tells whether head looks like text: no zero byte and few control bytes.
func Text(head []byte) bool {
	odd := 0
	for _, b := range head {
		if b == 0 {
			return false
		}
		if b < 0x20 && b != '\n' && b != '\r' && b != '\t' && b != 0x1b {
			odd++
		}
	}
	return odd*50 <= len(head)
}
