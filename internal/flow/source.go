package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// Source is one capture. Many are read as one story, in the order of time.
type Source struct {
	Path string // as records cite it
	Size int64  // bytes; -1 unknown
	// Open starts reading at the beginning; it may be called twice, unless the
	// source is the only one.
	Open func() (io.ReadCloser, error)
}

// source is a capture on its way through the engine.
type source struct {
	Source
	hash  uint64      // of the path
	first record.Time // of the first packet; 0: unknown

	file    io.Closer
	frames  *capture.Reader
	head    capture.Frame // the next frame, on loan from frames
	packets int64
}

// place is a position in one of the sources.
type place struct {
	pos int64
	src uint32
}

// ref cites a place.
func (e *Engine) ref(at place) record.Ref {
	return record.Ref{File: e.sources[at.src].Path, Kind: record.RefOffset, Pos: at.pos}
}

// peekFirst finds out when a source begins. One that cannot be read now is
// opened first of all, and tells why then.
func (s *source) peekFirst(pool *capture.Pool) {
	f, err := s.Open()
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	r, err := pool.NewReader(io.LimitReader(f, firstPeek))
	if err != nil {
		return
	}
	defer r.Close()
	var fr capture.Frame
	if r.Next(&fr) == nil {
		s.first = fr.TS
	}
}

// firstPeek is how much of a capture is read to find its first packet.
const firstPeek = 256 << 10

// open starts reading; the first frame is ready afterwards.
func (s *source) open(pool *capture.Pool) error {
	f, err := s.Open()
	if err != nil {
		return err
	}
	s.file = f
	if s.frames, err = pool.NewReader(f); err != nil {
		if errors.Is(err, capture.ErrShort) {
			err = fmt.Errorf("%w: %w", evidence.ErrTruncated, err)
		}
		return err
	}
	return s.next()
}

// next reads the next frame. io.EOF is a clean end.
func (s *source) next() error {
	err := s.frames.Next(&s.head)
	switch {
	case err == nil:
		s.packets++
		return nil
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, capture.ErrShort):
		return fmt.Errorf("%w: %w", evidence.ErrTruncated, err)
	case errors.Is(err, capture.ErrRecord):
		return fmt.Errorf("%w: %w", evidence.ErrCorrupt, err)
	}
	return fmt.Errorf("flow: reading the capture: %w", err)
}

// close ends reading.
func (s *source) close() {
	if s.frames != nil {
		s.frames.Close()
		s.frames = nil
	}
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}

// fail tells why a source was not read to its end, and how much is lost by it.
func (e *Engine) fail(s *source, err error) {
	var at int64
	if s.frames != nil {
		at = s.frames.Offset()
	}
	p := evidence.Problem{
		Name: "capture-broken", Why: err.Error(), Ends: true,
		Ref: record.Ref{File: s.Path, Kind: record.RefOffset, Pos: at},
	}
	if errors.Is(err, evidence.ErrTruncated) {
		p.Name = "capture-truncated"
	}
	if s.Size > at {
		p.Bytes = s.Size - at
	}
	e.out.Problem(p)
}

// merger reads captures in the order of time: a heap of those that are open,
// by the time of their next frame, and a list of those that begin later. Frames
// of one capture keep their order, whatever their clock says.
type merger struct {
	eng   *Engine
	pool  *capture.Pool
	heap  []uint32 // open sources; the root is next
	later []uint32 // by first packet
	limit int      // of the heap
	left  []uint32 // overlap with too many others: for another pass

	beside record.Time // when more than one was open last
}

// several tells whether another capture may hold a copy of a packet of time ts.
func (m *merger) several(ts record.Time) bool {
	if len(m.heap) > 1 {
		m.beside = ts
		return true
	}
	return m.beside != 0 && ts.Sub(m.beside) <= dupWindow ||
		len(m.later) > 0 && m.eng.sources[m.later[0]].first.Sub(ts) <= dupWindow
}

// maxOpen and minOpen bound the captures that are read side by side; each needs
// a block of memory.
const (
	maxOpen     = 64
	minOpen     = 4
	openCost    = 8 << 20
	ctxInterval = 0xfff // packets between two looks at the context
)

func newMerger(e *Engine, order []uint32) *merger {
	limit := int(min(max(e.cfg.Memory/openCost, minOpen), maxOpen))
	return &merger{eng: e, pool: &e.pool, later: order, limit: limit}
}

// less orders open sources by their next frame, then by their path.
func (m *merger) less(a, b uint32) bool {
	x, y := m.eng.sources[a], m.eng.sources[b]
	return x.head.TS < y.head.TS || x.head.TS == y.head.TS && a < b
}

func (m *merger) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(m.heap) {
			return
		}
		if c+1 < len(m.heap) && m.less(m.heap[c+1], m.heap[c]) {
			c++
		}
		if !m.less(m.heap[c], m.heap[i]) {
			return
		}
		m.heap[c], m.heap[i] = m.heap[i], m.heap[c]
		i = c
	}
}

// admit opens the sources whose time has come.
func (m *merger) admit() {
	for len(m.later) > 0 {
		i := m.later[0]
		s := m.eng.sources[i]
		if len(m.heap) > 0 && s.first > m.eng.sources[m.heap[0]].head.TS {
			return
		}
		m.later = m.later[1:]
		if len(m.heap) >= m.limit {
			m.left = append(m.left, i)
			continue
		}
		if err := s.open(m.pool); err != nil {
			m.ended(s, err)
			continue
		}
		m.heap = append(m.heap, i)
		for c := len(m.heap) - 1; c > 0 && m.less(m.heap[c], m.heap[(c-1)/2]); c = (c - 1) / 2 {
			m.heap[c], m.heap[(c-1)/2] = m.heap[(c-1)/2], m.heap[c]
		}
	}
}

// ended closes a source and tells how it ended.
func (m *merger) ended(s *source, err error) {
	if !errors.Is(err, io.EOF) {
		m.eng.fail(s, err)
	}
	if s.frames != nil {
		if n := s.frames.Dropped(); n > 0 {
			m.eng.out.Count(s.Path, "dropped", int64(n)) // #nosec G115 -- bounded by the reader
		}
	}
	if s.frames != nil && s.frames.Unread() > 0 {
		m.eng.out.Problem(evidence.Problem{
			Name: "capture-packet-blocks", Ref: record.Ref{File: s.Path},
			Why: fmt.Sprintf("%d packet blocks name an interface that was not described, or are too short to hold a packet", s.frames.Unread()),
		})
	}
	s.close()
}

// each calls f for every frame. several tells that another capture may hold a
// copy of it.
func (m *merger) each(ctx context.Context, f func(src uint32, fr *capture.Frame, several bool)) error {
	defer func() {
		for _, i := range m.heap {
			m.eng.sources[i].close()
		}
	}()
	for n := 0; ; n++ {
		if n&ctxInterval == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if len(m.later) > 0 {
			m.admit()
		}
		if len(m.heap) == 0 {
			return nil
		}
		i := m.heap[0]
		s := m.eng.sources[i]
		f(i, &s.head, m.several(s.head.TS))
		if err := s.next(); err != nil {
			m.ended(s, err)
			m.heap[0] = m.heap[len(m.heap)-1]
			m.heap = m.heap[:len(m.heap)-1]
		}
		if len(m.heap) > 1 {
			m.down(0)
		}
	}
}

// sorted are all sources in the order of their first packet.
func (e *Engine) sorted() []uint32 {
	order := make([]uint32, len(e.sources))
	for i := range order {
		order[i] = uint32(i) // #nosec G115 -- below 2^32 files
		if len(e.sources) > 1 {
			e.sources[i].peekFirst(&e.pool)
		}
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(e.sources[a].first, e.sources[b].first) })
	return order
}
