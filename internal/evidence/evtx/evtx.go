// Package evtx reads Windows event logs (.evtx). Every event becomes a
// host.Event, and, where its meaning is known, a normalised host record too:
//
//	reader := evtx.Format.New(file, env)
//	err := reader.Read(ctx, out) // host.Event and host.Process, host.Logon …
//
// The file is a header and chunks of 64 KiB, each with its own strings and
// templates; an event is binary XML, mostly an instance of a template. The
// reader follows MS-EVEN6 section 2.2.12 (BinXml) and the libevtx description
// of the file (https://github.com/libyal/libevtx). Values look as Windows
// shows them. There is no document tree: a template is compiled once per chunk
// into a few operations that write straight into the event.
//
// Damage is skipped and reported: wrong checksums, chunks that never were
// flushed, records that do not decode. Unused space is searched for records
// that were there before, which become host.RecoveredEvent. Missing record
// numbers, clocks that run backwards and records hidden inside others are
// problems with a sentence each, for they can be the trace of an intruder.
package evtx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Format is the Windows event log.
var Format = evidence.Format{
	Name:  "evtx",
	Sniff: sniff,
	New:   func(f *evidence.File, env *evidence.Env) evidence.Reader { return &reader{file: f, jobs: env.Jobs} },
	Emits: host.Types,
}

var (
	fileMagic  = []byte("ElfFile\x00")
	chunkMagic = []byte("ElfChnk\x00")
)

// sniff knows a log by its header, and a lone chunk, as carving tools save it.
func sniff(_ string, head []byte) evidence.Match {
	if bytes.HasPrefix(head, fileMagic) || bytes.HasPrefix(head, chunkMagic) {
		return evidence.Sure
	}
	return evidence.None
}

// reader reads one log: the header, and what concerns the file as a whole.
type reader struct {
	file     *evidence.File
	jobs     int
	out      evidence.Outlet
	lane     record.Sink
	header   fileHeader
	sequence sequence
	off      int64 // behind what was read
	chunks   int   // chunks with a valid mark so far
}

// Read reads chunk after chunk until the file ends.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	in, err := r.file.Open()
	if err != nil {
		return fmt.Errorf("evtx: %w", err)
	}
	defer func() { _ = in.Close() }()
	r.out, r.lane = out, out.Lane()
	start := make([]byte, blockSize)
	first, err := r.readHeader(in, start)
	if err != nil {
		return err
	}
	p := r.newPool()
	n, err := r.readChunks(ctx, in, start[:first], p)
	p.close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return r.finish(n, err)
}

// readChunks hands chunks to p until the file ends; begun is what of the first
// one was read already. It returns the length of the last one and why there are
// no more.
func (r *reader) readChunks(ctx context.Context, in io.Reader, begun []byte, p pool) (int, error) {
	for ctx.Err() == nil {
		c := p.next()
		n := copy(c.data, begun)
		more, err := io.ReadFull(in, c.data[n:])
		n += more
		begun = nil
		if n > 0 {
			c.off, c.data = r.off, c.data[:n]
			p.read(c)
			r.off += int64(n)
		}
		if err != nil {
			return n, err
		}
	}
	return 0, ctx.Err()
}

// readHeader reads the file's header block into b. When the file begins with a
// chunk instead, it tells how many of the chunk's bytes are in b already.
func (r *reader) readHeader(in io.Reader, b []byte) (int, error) {
	n, err := io.ReadFull(in, b)
	switch {
	case bytes.HasPrefix(b[:n], chunkMagic):
		return n, nil
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return 0, fmt.Errorf("evtx: header: %w", err)
	case n < headerLen:
		return 0, fmt.Errorf("evtx: file header is %d of %d bytes: %w", n, headerLen, evidence.ErrTruncated)
	}
	r.off = int64(n)
	var why string
	r.header, why = parseHeader(b[:headerLen])
	if why != "" {
		r.problem("evtx-header", 0, 0, "%s", why)
	}
	return 0, nil
}

// finish judges how the file ended: after n bytes of a chunk, with err.
func (r *reader) finish(n int, err error) error {
	r.sequence.report(r)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("evtx: at %#x: %w", r.off, err)
	}
	if n > 0 && n < chunkSize {
		return fmt.Errorf("evtx: last chunk at %#x is %d of %d bytes: %w", r.off-int64(n), n, chunkSize, evidence.ErrTruncated)
	}
	if r.header.read && r.chunks < int(r.header.chunks) {
		return fmt.Errorf("evtx: header announces %d chunks, file has %d: %w", r.header.chunks, r.chunks, evidence.ErrTruncated)
	}
	if r.header.read && !r.header.dirty() && r.chunks > int(r.header.chunks) {
		r.problem("evtx-chunk-count", 0, 0, "the header announces %d chunks, but %d hold events; all were read", r.header.chunks, r.chunks)
	}
	return nil
}

// merge takes what a chunk says about the file. Chunks come in the order of the
// file.
func (r *reader) merge(c *chunk) {
	if c.marked {
		r.chunks++
		r.sequence.sums[c.sums]++
	}
	r.sequence.lost += c.lost
	for i := range c.live {
		r.sequence.add(&c.live[i])
	}
	for i, e := range c.recovered {
		if id := c.frames[i]; !r.sequence.has(id) || e.RecordID != id { // else an older copy
			r.lane.Put(e)
			r.sequence.recovered++
		}
	}
}

// problem reports something at a file offset.
func (r *reader) problem(name string, off, lost int64, format string, args ...any) {
	report(r.out, r.file, name, off, lost, format, args...)
}

func report(out evidence.Outlet, f *evidence.File, name string, off, lost int64, format string, args ...any) {
	out.Problem(evidence.Problem{
		Name:  name,
		Why:   fmt.Sprintf(format, args...),
		Ref:   f.Ref(record.RefOffset, off),
		Bytes: lost,
	})
}
