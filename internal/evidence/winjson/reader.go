package winjson

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/textline"
	"longwatch/internal/winevent"
)

const (
	blockSize = 256 << 10
	maxObject = 16 << 20 // bytes of one event; Windows' own limit is 64 KiB
)

// reader cuts a stream into objects.
type reader struct {
	file   *evidence.File
	out    evidence.Outlet
	lane   record.Sink
	parser parser
	normal winevent.Normalizer

	object   []byte // the open object so far
	depth    int    // of braces in it; 0 between objects
	inString bool
	escaped  bool
	skipping bool // to the end of the line, past what could not be read
	column0  bool // at the beginning of a line
	line     int64
	began    int64 // line on which the object began
	read     int64 // objects read
}

// Read reads object after object until the file ends.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	in, err := r.file.Open()
	if err != nil {
		return fmt.Errorf("winjson: %w", err)
	}
	defer func() { _ = in.Close() }()
	r.out, r.lane = out, out.Lane()
	r.line, r.column0 = 1, true
	block := make([]byte, blockSize)
	text := textline.Decoded(in)
	if head, _ := text.Peek(evidence.SniffLen); table(head) {
		return r.readTable(text, ctx.Err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(text, block)
		b := block[:n]
		for len(b) > 0 {
			b = b[r.take(b):]
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return r.finish()
		case err != nil:
			return fmt.Errorf("winjson: line %d: %w", r.line, err)
		}
	}
}

func (r *reader) finish() error {
	if r.depth == 0 {
		return nil
	}
	return fmt.Errorf("winjson: the object that begins on line %d has no end: %w", r.began, evidence.ErrTruncated)
}

// take looks at the beginning of b and tells how much of it is dealt with.
func (r *reader) take(b []byte) int {
	switch {
	case r.skipping:
		return r.skip(b)
	case r.depth > 0:
		return r.inside(b)
	}
	return r.between(b)
}

// skip passes over the rest of a line.
func (r *reader) skip(b []byte) int {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return len(b)
	}
	r.skipping = false
	r.newline()
	return i + 1
}

func (r *reader) newline() {
	r.line++
	r.column0 = true
}

// between looks for the next object.
func (r *reader) between(b []byte) int {
	for i, c := range b {
		switch c {
		case '\n':
			r.newline()
		case ' ', '\t', '\r', '[', ']', ',':
			r.column0 = false
		case '{':
			r.column0 = false
			r.began, r.object = r.line, r.object[:0]
			return i + r.inside(b[i:])
		default:
			r.problem("winjson-syntax", r.line, 0, "text outside an object; the rest of the line was skipped")
			r.skipping = true
			return i
		}
	}
	return len(b)
}

// inside follows an object to its end. What cannot be its continuation, a line
// break in a string or a brace that opens at the beginning of a line, means
// that its end is lost: then the next line begins anew.
func (r *reader) inside(b []byte) int {
	for i := range b {
		c := b[i]
		if c == '\n' {
			if r.inString {
				r.lost(len(r.object)+i, "a line ends inside a string")
				return i
			}
			r.newline()
			continue
		}
		if r.inString {
			switch {
			case r.escaped:
				r.escaped = false
			case c == '\\':
				r.escaped = true
			case c == '"':
				r.inString = false
			}
			continue
		}
		switch c {
		case '"':
			r.inString = true
		case '{':
			if r.column0 && r.depth > 0 {
				r.lost(len(r.object)+i, "another object begins before its end")
				return i
			}
			r.depth++
		case '}':
			if r.depth--; r.depth == 0 {
				r.object = append(r.object, b[:i+1]...)
				r.column0 = false
				r.event()
				return i + 1
			}
		}
		r.column0 = false
	}
	r.object = append(r.object, b...)
	if len(r.object) > maxObject {
		r.problem("line-too-long", r.began, int64(len(r.object)), "an object of more than %d bytes was skipped", maxObject)
		r.abandon()
		r.skipping = true
	}
	return len(b)
}

func (r *reader) lost(n int, why string) {
	r.problem("winjson-syntax", r.began, int64(n), "an object was skipped: %s", why)
	r.abandon()
}

func (r *reader) abandon() {
	r.object, r.depth, r.inString, r.escaped = r.object[:0], 0, false, false
}

// event reads the object that is complete now.
func (r *reader) event() {
	r.read++
	ref := r.file.Ref(record.RefLine, r.began)
	root, err := r.parser.parse(r.object)
	if err != nil {
		r.problem("winjson-syntax", r.began, int64(len(r.object)), "an object was skipped: %v", err)
		return
	}
	r.put(root, ref)
}

// put hands on the events of an object: mostly one, but search engines answer
// with many (hits) and Chainsaw tells those of one finding together (documents).
func (r *reader) put(root value, ref record.Ref) {
	for _, list := range []string{"hits.hits", "documents"} {
		if l := root.path(list); l.is(kindArray) {
			for c := range l.children() {
				r.one(c, ref)
			}
			return
		}
	}
	r.one(root, ref)
}

func (r *reader) one(v value, ref record.Ref) {
	e := decode(v)
	if e == nil {
		r.problem("winjson-not-an-event", ref.Pos, 0, "an object that is no Windows event in a known shape")
		return
	}
	e.Ref = ref
	r.lane.Put(e)
	if n := r.normal.Normalize(e); n != nil {
		r.lane.Put(n)
	}
}

func (r *reader) problem(name string, line, lost int64, format string, args ...any) {
	r.out.Problem(evidence.Problem{
		Name:  name,
		Why:   fmt.Sprintf(format, args...),
		Ref:   r.file.Ref(record.RefLine, line),
		Bytes: lost,
	})
}
