// Package winxml reads Windows events that were exported as XML: by Event Viewer
// (Save All Events As), wevtutil qe /f:xml, Get-WinEvent's ToXml, one event
// behind the other or inside an Events element:
//
//	<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>…</System>…</Event>
//
// UTF-8 and UTF-16 are read. Every event becomes a host.Event and the normalised
// record it stands for, the same as from the log itself. Records cite the line
// on which their event begins.
package winxml

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"longwatch/internal/eventxml"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
	"longwatch/internal/winevent"
)

// Format is Windows events as XML.
var Format = evidence.Format{
	Name:  "winxml",
	Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{file: f, line: 1} },
	Emits: host.Types,
}

const (
	blockSize = 64 << 10
	maxEvent  = 1 << 20 // bytes of one event; what is longer is passed over
)

var (
	namespace = []byte("schemas.microsoft.com/win/2004/08/events/event")
	opening   = []byte("<Event")
	closing   = []byte("</Event>")
)

// sniff knows events by their namespace.
func sniff(_ string, head []byte) evidence.Match {
	head = bytes.TrimLeft(textline.DecodedHead(head), " \t\r\n")
	if bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, namespace) && begins(head) >= 0 {
		return evidence.Sure
	}
	return evidence.None
}

// begins finds where an Event element begins, or -1. Events, EventData and
// others begin alike.
func begins(b []byte) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], opening)
		if i < 0 {
			return -1
		}
		at := from + i
		if rest := b[at+len(opening):]; len(rest) > 0 && bytes.IndexByte([]byte(" \t\r\n>"), rest[0]) >= 0 {
			return at
		}
		from = at + len(opening)
	}
}

type reader struct {
	file   *evidence.File
	out    evidence.Outlet
	lane   record.Sink
	normal winevent.Normalizer
	held   []byte // read and not dealt with
	line   int64  // on which held begins
}

// Read reads event after event until the file ends.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	in, err := r.file.Open()
	if err != nil {
		return fmt.Errorf("winxml: %w", err)
	}
	defer func() { _ = in.Close() }()
	r.out, r.lane = out, out.Lane()
	text := textline.Decoded(in)
	block := make([]byte, blockSize)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := text.Read(block)
		r.held = append(r.held, block[:n]...)
		r.events()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("winxml: line %d: %w", r.line, err)
		}
	}
	if begins(r.held) >= 0 {
		return fmt.Errorf("winxml: the event that begins on line %d has no end: %w", r.line, evidence.ErrTruncated)
	}
	return nil
}

// events reads all whole events that are held.
func (r *reader) events() {
	for {
		at := begins(r.held)
		if at < 0 {
			r.drop(max(0, len(r.held)-len(opening)-1)) // the last bytes may be the beginning of one
			return
		}
		r.drop(at)
		end := bytes.Index(r.held, closing)
		next := begins(r.held[len(opening):])
		switch {
		case next >= 0 && (end < 0 || next+len(opening) < end):
			r.problem(int64(next), "an event has no end before the next one begins; it was skipped")
			r.drop(next + len(opening))
			continue
		case end >= 0:
			end += len(closing)
			r.event(r.held[:end])
			r.drop(end)
			continue
		case len(r.held) > maxEvent:
			r.problem(int64(len(r.held)), "an event of more than %d bytes was skipped", maxEvent)
			r.drop(len(r.held))
		}
		return
	}
}

// drop goes on behind n bytes.
func (r *reader) drop(n int) {
	r.line += int64(bytes.Count(r.held[:n], []byte{'\n'}))
	r.held = r.held[n:]
}

func (r *reader) event(text []byte) {
	e, err := eventxml.Decode(text)
	if err != nil {
		r.problem(int64(len(text)), "an event was skipped: %v", err)
		return
	}
	e.Ref = r.file.Ref(record.RefLine, r.line)
	r.lane.Put(e)
	if n := r.normal.Normalize(e); n != nil {
		r.lane.Put(n)
	}
}

func (r *reader) problem(lost int64, format string, args ...any) {
	r.out.Problem(evidence.Problem{Name: "winxml-syntax", Why: fmt.Sprintf(format, args...), Ref: r.file.Ref(record.RefLine, r.line), Bytes: lost})
}
