package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"longwatch/internal/record"
)

const (
	maxLine   = 16 << 20 // bytes of one record
	maxWindow = 64 << 20 // bytes that a compressed file may ask to be kept
	lineBuf   = 256 << 10
	askEvery  = 1024 // records between looks at the context
)

// readLines reads a file of JSON lines.
func (f *File) readLines(ctx context.Context, in io.Reader, t *record.Type, opt Options, put func(record.Record)) (s Stats, err error) {
	switch f.form {
	case gzipLines:
		z, err := gzip.NewReader(in)
		if err != nil {
			return s, fmt.Errorf("store: %s: %w", f.Name, err)
		}
		in = z
	case zstdLines:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return s, fmt.Errorf("store: %s: %w", f.Name, err)
		}
		defer z.Close()
		in = z
	case lines, columns:
	}
	shared := names{}
	r := lineReader{r: bufio.NewReaderSize(in, lineBuf)}
	for n := int64(1); ; n++ {
		if n%askEvery == 0 && ctx.Err() != nil {
			return s, ctx.Err()
		}
		line, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return s, nil
		case errors.Is(err, errLong):
			s.damage("%s line %d: longer than %d bytes", f.Name, n, maxLine)
			continue
		case err != nil:
			return s, fmt.Errorf("store: %s line %d: %w", f.Name, n, err)
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		rec, err := t.ParseJSON(line, opt.Want)
		if err != nil {
			s.damage("%s line %d: %v", f.Name, n, err)
			continue
		}
		if opt.outside(rec.Base().TS) {
			continue
		}
		ref := &rec.Base().Ref
		ref.File = shared.of(ref.File)
		s.Rows++
		put(rec)
	}
}

var errLong = errors.New("line too long")

// lineReader yields lines without their ends.
type lineReader struct {
	r    *bufio.Reader
	long []byte
}

// next returns the next line, valid until the following call. A line beyond
// maxLine is passed over with errLong.
func (l *lineReader) next() ([]byte, error) {
	part, err := l.r.ReadSlice('\n')
	if err == nil || errors.Is(err, io.EOF) && len(part) > 0 {
		return part, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	l.long = append(l.long[:0], part...)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = l.r.ReadSlice('\n')
		if tooLong = tooLong || len(l.long)+len(part) > maxLine; !tooLong {
			l.long = append(l.long, part...)
		}
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case tooLong:
		return nil, errLong
	}
	return l.long, nil
}
