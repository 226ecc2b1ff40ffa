package flow

import (
	"bytes"
	"slices"

	"longwatch/internal/invariant"
)

// reassembly puts the bytes of one direction in order. What arrives in order is
// handed on where it lies; only what arrives early is copied.
type reassembly struct {
	next  uint64 // number of the byte to be delivered next; the first is 1
	trim  uint64 // everything below was acknowledged
	early []part // segments beyond next, by number, not overlapping
	held  int    // bytes of data in early
}

// part is a segment that arrived before its turn. data is nil when nobody will
// look at it.
type part struct {
	seq, upper uint64
	data       []byte
}

const (
	// maxEarly bounds the early bytes of one direction. A hole that is still
	// open then is given up.
	maxEarly = 1 << 20
	// maxParts bounds the early segments, so that tiny ones cannot make
	// insertion slow.
	maxParts = 2048
	// maxJoined bounds the bytes of early segments that are joined into one.
	maxJoined = 1 << 16
)

// full tells whether the hole at next should be given up.
func (r *reassembly) full() bool { return r.held > maxEarly || len(r.early) > maxParts }

// insert keeps n bytes that start beyond next; data is nil when only their place
// matters. Where they overlap what is there, the first copy wins. When the
// copies differ, it returns both from the first difference on; they are on loan.
func (r *reassembly) insert(seq uint64, n int, data []byte) (kept, other []byte) {
	end := seq + uint64(n) // #nosec G115 -- not negative
	i, _ := slices.BinarySearchFunc(r.early, seq, func(p part, n uint64) int {
		if p.upper <= n {
			return -1
		}
		return 1
	})
	// cut takes the bytes up to a number off the front.
	cut := func(to uint64) []byte {
		k := to - seq
		seq = to
		if data == nil {
			return nil
		}
		front := data[:k]
		data = data[k:]
		return front
	}
	for seq < end {
		if i == len(r.early) || end <= r.early[i].seq {
			at := seq
			r.put(i, at, end, cut(end))
			break
		}
		if p := r.early[i]; seq < p.seq {
			at, to := seq, p.seq
			before := len(r.early)
			r.put(i, at, to, cut(to))
			i += len(r.early) - before
			continue
		}
		p := r.early[i]
		at, to := seq, min(end, p.upper)
		front := cut(to)
		if front != nil && p.data != nil && kept == nil {
			kept, other = differ(p.data[at-p.seq:to-p.seq], front)
		}
		i++
	}
	if invariant.Enabled {
		invariant.Check(r.sound(), "flow: early segments overlap, lie behind or are counted wrongly")
	}
	return kept, other
}

// sound tells whether early is in order, without overlaps and beyond next, and
// held is what it holds.
func (r *reassembly) sound() bool {
	at, held := r.next, 0
	for _, p := range r.early {
		if p.seq < at || p.upper <= p.seq || p.data != nil && uint64(len(p.data)) != p.upper-p.seq {
			return false
		}
		at = p.upper
		held += len(p.data)
	}
	return held == r.held
}

func (r *reassembly) put(i int, seq, upper uint64, data []byte) {
	if i > 0 {
		p := &r.early[i-1]
		if p.upper == seq && (p.data == nil) == (data == nil) && len(p.data)+len(data) <= maxJoined {
			p.data = append(p.data, data...)
			p.upper = upper
			r.held += len(data)
			return
		}
	}
	r.early = slices.Insert(r.early, i, part{seq, upper, bytes.Clone(data)})
	r.held += len(data)
}

// take removes the segment at next, if it is there, and returns its new bytes.
func (r *reassembly) take() (p part, ok bool) {
	for len(r.early) > 0 && r.early[0].upper <= r.next {
		r.drop()
	}
	if len(r.early) == 0 || r.early[0].seq > r.next {
		return part{}, false
	}
	p = r.early[0]
	r.drop()
	if p.data != nil {
		p.data = p.data[r.next-p.seq:]
	}
	p.seq = r.next
	return p, true
}

func (r *reassembly) drop() {
	r.held -= len(r.early[0].data)
	r.early[0] = part{}
	r.early = r.early[1:]
	if len(r.early) == 0 {
		r.early = nil
	}
}

// deliver takes the data of a segment whose first byte has number seq.
func (s *shard) deliver(c *conn, side uint8, seq uint64, g *segment) {
	e := &c.end[side]
	r := &e.stream
	if e.skip {
		return
	}
	data, n := g.data, g.wire
	cut := n - len(data)
	if cut > 0 {
		s.weird(c, "", "truncated_tcp_payload", "")
	}
	switch {
	case c.noApp:
		data = nil
	case cut > 0 && seq != r.next:
		return // a hole, as far as anybody can tell
	}
	if seq < r.next {
		if !c.noApp {
			if kept, other := e.recent.compare(seq, data); kept != nil {
				s.twoReadings(c, kept, other)
			}
		}
		old := r.next - seq
		if old >= uint64(n) { // #nosec G115 -- not negative
			return
		}
		n -= int(old) // #nosec G115 -- less than n
		data, seq = data[min(int(old), len(data)):], r.next
	}
	if seq > r.next {
		if kept, other := r.insert(seq, n, data); kept != nil {
			s.twoReadings(c, kept, other)
		}
		s.charge(c)
		if r.full() {
			s.gap(c, side, r.early[0].seq-r.next, true)
			s.drain(c, side)
		}
		return
	}
	if c.noApp {
		r.next += uint64(n) // #nosec G115 -- not negative
	} else {
		e.note(seq, data)
		s.feed(c, side, data)
		// What the snap length cut off is missing, and known to be.
		s.gap(c, side, uint64(n-len(data)), false) // #nosec G115 -- not negative
	}
	s.drain(c, side)
}

// drain delivers early segments whose turn has come.
func (s *shard) drain(c *conn, side uint8) {
	r := &c.end[side].stream
	if len(r.early) == 0 {
		return
	}
	for {
		p, ok := r.take()
		if !ok {
			break
		}
		if p.data != nil {
			s.feed(c, side, p.data)
		} else {
			r.next = p.upper
		}
	}
	s.charge(c)
}

// feed delivers bytes that are in order.
func (s *shard) feed(c *conn, side uint8, data []byte) {
	c.end[side].stream.next += uint64(len(data))
	if !c.noApp {
		s.parse(c, c.dir(side), data)
	}
}

// gap skips n bytes that will not come. Only holes in connections that both
// sides keep up or close in good order are counted: others may be due to
// sequence numbers that mean nothing.
func (s *shard) gap(c *conn, side uint8, n uint64, given bool) {
	if n == 0 {
		return
	}
	c.end[side].stream.next += n
	if clean(&c.end[0]) && clean(&c.end[1]) && !given {
		c.missed += n
		if c.end[side].gaps.hit() {
			c.add(side, 'G')
		}
	}
	if !c.noApp {
		s.parseGap(c, c.dir(side), n)
	}
}

func clean(e *endpoint) bool {
	return e.state == established || e.state == closed && e.prev == established
}

// acked takes the number up to which the peer has acknowledged a side's bytes.
// What was acknowledged but never seen is missing from the capture.
func (s *shard) acked(c *conn, side uint8, seq uint64) {
	e := &c.end[side]
	r := &e.stream
	if e.finCount > 0 && seq >= e.finSeq {
		seq = e.finSeq - 1
	}
	if seq <= r.trim || int64(seq) < 0 { // #nosec G115 -- a number before the start
		return
	}
	if seq > r.next && (seq > 2 || !c.isPartial) {
		for len(r.early) > 0 && r.early[0].seq < seq {
			if r.early[0].seq > r.next {
				s.gap(c, side, r.early[0].seq-r.next, false)
			}
			s.drain(c, side)
		}
		if seq > r.next {
			s.gap(c, side, seq-r.next, false)
		}
	}
	r.trim = seq
	s.drain(c, side)
	s.checkEnd(c, side)
}

// pending tells whether something that a side sent has not been delivered.
func (c *conn) pending(side uint8) bool {
	e, peer := &c.end[side], &c.end[side^1]
	if e.skip {
		return false
	}
	done := uint64(e.seq.start) + e.stream.next // #nosec G115 -- modular arithmetic
	last := full(e.seq.last, e.seq.lastWraps)
	if last < done {
		return false
	}
	if done != last-1 && done != last {
		return true
	}
	// The peer still holds bytes that this side has not acknowledged.
	return e.state != reset && (len(peer.stream.early) > 0 || peer.stream.next > max(peer.stream.trim, 1))
}

// checkEnd tells the parser when a side has ended and all of it was delivered.
func (s *shard) checkEnd(c *conn, side uint8) {
	e := &c.end[side]
	if e.atEnd || e.finCount == 0 && e.state != closed && e.state != reset || c.pending(side) {
		return
	}
	e.atEnd = true
	if !c.noApp {
		s.parseEnd(c, c.dir(side))
	}
	if c.closeWaits {
		s.closeEnd(c, side)
	}
}

// flush delivers, at the end of a connection, what waits behind holes that will
// not be filled any more.
func (s *shard) flush(c *conn, side uint8) {
	r := &c.end[side].stream
	for len(r.early) > 0 && !c.noApp {
		if r.early[0].seq > r.next {
			s.gap(c, side, r.early[0].seq-r.next, true)
		}
		s.drain(c, side)
	}
	r.early, r.held = nil, 0
}
