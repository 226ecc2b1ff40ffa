package flow

import (
	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// set changes an end's state. The end of the handshake lengthens the time for
// which a connection may be idle.
func (c *conn) set(side uint8, to tcpState) {
	e, peer := &c.end[side], &c.end[side^1]
	if to == e.state {
		return
	}
	if !early(to) && early(e.state) && early(peer.state) {
		c.inactive = tcpInactivity
	}
	e.prev, e.state = e.state, to
}

func early(s tcpState) bool { return s == inactive || s == synSent || s == synAckSent }

// transition moves the state machine. It returns whether the side closes.
func (s *shard) transition(c *conn, side uint8, g *segment, deltaLast int32, ts record.Time) bool {
	e, peer := &c.end[side], &c.end[side^1]
	switch e.state {
	case inactive:
		return s.fromInactive(c, side, g, ts)
	case synSent, synAckSent:
		return s.fromSYN(c, side, g)
	case established, partial:
		return s.fromEstablished(c, side, g)
	case closed:
		if g.has(fSYN) {
			s.weird(c, "", "SYN_after_close", "")
		}
		if g.has(fFIN) && deltaLast > 0 {
			s.weird(c, "", "FIN_advanced_last_seq", "")
		}
		if g.has(fRST) && peer.state != closed {
			c.set(side, reset)
			return !e.didClose
		}
	case reset:
		if g.has(fSYN) {
			s.weird(c, "", "SYN_after_reset", "")
		}
		if g.has(fFIN) {
			s.weird(c, "", "FIN_after_reset", "")
		}
		if g.wire > 0 && !g.has(fRST) {
			s.weird(c, "", "data_after_reset", "")
		}
	}
	return false
}

func (s *shard) fromInactive(c *conn, side uint8, g *segment, ts record.Time) (closing bool) {
	e, peer := &c.end[side], &c.end[side^1]
	if g.has(fSYN) {
		if side == c.orig {
			if g.has(fACK) {
				s.weird(c, "", "connection_originator_SYN_ack", "")
				c.set(side, synAckSent)
			} else {
				c.set(side, synSent)
			}
			c.attempt = ts.Add(attemptDelay)
		} else {
			s.answered(c, side, g)
		}
	}
	if g.has(fFIN) {
		c.set(side, closed)
		closing = true
		if peer.state != partial && !g.has(fSYN) {
			s.weird(c, "", "spontaneous_FIN", "")
		}
	}
	if g.has(fRST) {
		rejects := side != c.orig && (peer.state == synSent || peer.state == synAckSent) ||
			side == c.orig && peer.state == established
		c.set(side, reset)
		closing = true
		if !rejects && peer.state == inactive {
			s.weird(c, "", "spontaneous_RST", "")
		}
	}
	if e.state != inactive {
		return closing
	}
	switch {
	case side != c.orig && g.wire == 0 && c.o().state == synSent:
		// Some hosts acknowledge a SYN before they answer it.
	case g.has(fACK) && peer.state == established:
		// The SYN was missed: SYN-ACK, and now its acknowledgement.
		c.set(side, established)
		c.isPartial = false
		c.firstSeen |= c.roleBit(side)
	default:
		c.set(side, partial)
	}
	return closing
}

// answered handles the responder's SYN.
func (s *shard) answered(c *conn, side uint8, g *segment) {
	e, peer := &c.end[side], &c.end[side^1]
	switch {
	case g.has(fACK):
		if peer.state != inactive && peer.state != partial && !between(g.ack, peer.seq.start32(), peer.seq.last) {
			s.weird(c, "", "bad_SYN_ack", "")
		}
	case peer.state == synAckSent && g.seq == e.seq.start32():
		// SYN-ACK and SYN came in the wrong order.
		c.isPartial = false
		c.flip()
		c.set(side^1, established)
		c.firstSeen |= 1
	default:
		s.weird(c, "", "simultaneous_open", "")
	}
	switch peer.state {
	case synSent:
		c.set(side^1, established)
		c.handshake = true
	case inactive:
		s.weird(c, "", "unsolicited_SYN_response", "")
	}
	c.set(side, established)
	if peer.state != partial {
		c.longIdle()
	}
}

// longIdle lets connections to services that people type at be idle for longer.
func (c *conn) longIdle() {
	_, port := c.respEnd()
	if _, op := c.origEnd(); c.o().state == inactive && !isServerPort(capture.ProtoTCP, port) && isServerPort(capture.ProtoTCP, op) {
		port = op
	}
	switch port {
	case 21, 22, 23, 513:
		c.inactive = longInactivity
	}
}

// between tells whether lo <= n <= hi in sequence space.
func between(n, lo, hi uint32) bool { return delta(n, lo) >= 0 && delta(n, hi) <= 0 }

func (s *shard) fromSYN(c *conn, side uint8, g *segment) (closing bool) {
	e, peer := &c.end[side], &c.end[side^1]
	if g.has(fSYN) {
		if side == c.orig {
			if g.has(fACK) && !g.has(fFIN|fRST) && e.state != synAckSent {
				s.weird(c, "", "repeated_SYN_with_ack", "")
			}
		} else if !g.has(fACK) && e.state != synSent {
			s.weird(c, "", "repeated_SYN_reply_wo_ack", "")
		}
	}
	if g.has(fFIN) {
		if peer.state == inactive || peer.state == synSent {
			s.weird(c, "TCP", "inappropriate_FIN", "")
		}
		c.set(side, closed)
		closing = true
	}
	if g.has(fRST) {
		c.set(side, reset)
		c.active = false
		return true
	}
	if g.wire > 0 {
		s.weird(c, "TCP", "data_before_established", "")
	}
	return closing
}

func (s *shard) fromEstablished(c *conn, side uint8, g *segment) (closing bool) {
	e, peer := &c.end[side], &c.end[side^1]
	if g.has(fSYN) && e.state == partial && peer.state == inactive && !g.has(fACK) {
		s.weird(c, "", "SYN_after_partial", "")
		c.set(side, synSent)
	}
	if g.has(fFIN) && !g.has(fRST) {
		c.set(side, closed)
		if peer.state == reset && peer.prev == closed {
			c.set(side^1, closed) // FIN, then RST: that was a normal end
		}
		closing = true
	}
	if g.has(fRST) {
		c.set(side, reset)
		closing = true
		if peer.state != reset || peer.prev != established {
			c.active = false
		}
	}
	return closing
}

// closeEnd notes that a side is done, once everything it sent is there.
func (s *shard) closeEnd(c *conn, side uint8) {
	e, peer := &c.end[side], &c.end[side^1]
	if c.pending(side) {
		c.closeWaits = true
		return
	}
	c.closeWaits = false
	if e.didClose {
		return
	}
	e.didClose = true
	if e.state == reset || peer.didClose || peer.state == inactive {
		if (e.prev != inactive || peer.state != inactive) && e.state == closed {
			c.active = false
		}
		c.deleteAt = c.last.Add(closeDelay)
		return
	}
	if e.prev != inactive && c.partN < len(c.partClos) {
		c.partClos[c.partN] = c.last
		c.partN++
	}
}
