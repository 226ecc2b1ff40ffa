package flow

import (
	"encoding/binary"

	"longwatch/internal/proto"
)

// TCP flags.
const (
	fFIN = 1 << iota
	fSYN
	fRST
	fPSH
	fACK
	fURG
)

// Bits of conn.seen for the originator; the responder's are 16 higher.
const (
	seenSYN = 1 << iota
	seenFIN
	seenRST
	seenFINRST
	seenData
	seenACK
	seenMulti
)

// segment is a TCP header as far as it matters, and the data behind it.
type segment struct {
	seq, ack uint32
	window   uint16
	flags    uint8
	scale    int8 // window scale option; -1 none
	data     []byte
	wire     int // length of data on the wire
}

func (g *segment) has(f uint8) bool { return g.flags&f != 0 }

// padding tells whether the data of an acknowledgement is what Ethernet fills
// short frames with: some senders count it as part of the packet. ipLen is the
// packet's length, that of the shortest frame with or without a VLAN tag.
func (g *segment) padding(ipLen uint32) bool {
	if g.flags != fACK || ipLen != 46 && ipLen != 42 || g.wire != int(ipLen)-40 {
		return false
	}
	for _, b := range g.data {
		if b != 0 {
			return false
		}
	}
	return true
}

// seqLen is how much sequence space the segment takes.
func (g *segment) seqLen() int {
	n := g.wire
	if g.has(fRST) { // what a RST carries is not part of the stream
		n = 0
	}
	if g.has(fSYN) {
		n++
	}
	if g.has(fFIN) {
		n++
	}
	return n
}

// parseTCP reads a TCP header. The name of a weird says why it could not.
func parseTCP(p *packet, g *segment) (weird string) {
	b := p.payload
	head := int(b[12]>>4) * 4
	if head < 20 {
		return "bad_TCP_header_len"
	}
	if head > len(b) || head > int(p.wire) {
		return "truncated_header"
	}
	g.seq, g.ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	g.flags, g.window = b[13], binary.BigEndian.Uint16(b[14:])
	g.data, g.wire = b[head:], int(p.wire)-head
	g.scale = -1
	if g.has(fSYN) {
		g.scale = windowScale(b[20:head])
	}
	return ""
}

// windowScale finds the window scale option (RFC 7323 section 2).
func windowScale(o []byte) int8 {
	for len(o) > 0 && o[0] != 0 {
		if o[0] == 1 {
			o = o[1:]
			continue
		}
		if len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) {
			break
		}
		if o[0] == 3 && o[1] >= 3 {
			return int8(min(o[2], 14)) // #nosec G115 -- at most 14
		}
		o = o[o[1]:]
	}
	return -1
}

// tcp takes one TCP packet of a side.
func (s *shard) tcp(c *conn, p *packet, side uint8) {
	var g segment
	if w := parseTCP(p, &g); w != "" {
		s.weird(c, "", w, "")
		return
	}
	e, peer := &c.end[side], &c.end[side^1]
	s.partialStatus(c, side, &g)
	next := g.seq + uint32(g.seqLen()) // #nosec G115 -- modular arithmetic
	s.initEnd(c, e, &g, next)
	rel, under := e.seq.relative(g.seq, e.seq.last, e.seq.lastWraps)
	if under && !g.has(fRST) {
		s.weird(c, "", "TCP_seq_underflow_or_misorder", "")
	}
	c.tcpHistory(side, rel, &g)
	s.updateWindow(c, side, &g)
	if !c.end[0].didClose || !c.end[1].didClose {
		c.last = max(c.last, p.ts)
	}
	if g.has(fSYN) {
		s.synWeirds(c, &g)
		initWindow(e, peer, &g)
	}
	if g.has(fFIN) {
		e.finCount++
		e.finSeq = rel + uint64(g.seqLen()) // #nosec G115 -- not negative
	}
	relAck := s.takeAck(c, side, &g)
	deltaLast := c.updateLast(side, next, &g)
	e.did = true
	closing := s.transition(c, side, &g, deltaLast, p.ts)
	if g.has(fACK) {
		s.acked(c, side^1, relAck)
	}
	c.firstSeen |= c.roleBit(side)
	if g.has(fSYN) {
		rel++
	}
	if g.wire > 0 && !g.has(fRST) && !under && !g.padding(p.ipLen) {
		if rel+uint64(g.wire) > c.end[side].stream.next { // #nosec G115 -- not negative
			s.beat(c, side, g.wire, p.ts)
		}
		s.deliver(c, side, rel, &g)
	}
	s.checkEnd(c, side)
	if closing {
		s.closeEnd(c, side)
	}
	e = &c.end[side]
	e.pkts++
	e.ipBytes += uint64(p.ipLen)
}

// roleBit is 1 for the originator's side, 2 for the responder's.
func (c *conn) roleBit(side uint8) uint8 {
	if side == c.orig {
		return 1
	}
	return 2
}

// dir is the direction of a side as parsers see it.
func (c *conn) dir(side uint8) proto.Dir { return proto.Dir(side ^ c.orig) }

// partialStatus notes whether the first packet of each side is part of a handshake.
func (s *shard) partialStatus(c *conn, side uint8, g *segment) {
	if c.firstSeen&c.roleBit(side) != 0 {
		return
	}
	if side == c.orig {
		c.isPartial = !g.has(fSYN) || g.has(fACK)
	} else if !c.isPartial {
		c.isPartial = !g.has(fSYN)
	}
}

// initEnd starts an end's numbering with its first packet, or again with a SYN.
func (s *shard) initEnd(c *conn, e *endpoint, g *segment, next uint32) {
	restart := func() { e.seq.start, e.seq.ack, e.seq.last = int64(g.seq), g.seq, next }
	switch e.state {
	case inactive:
		if g.has(fSYN) {
			restart()
			return
		}
		// As if there had been a SYN, so that data starts at 1.
		e.seq.ack = g.seq - 1
		e.seq.start = int64(g.seq - 1)
		e.seq.last = g.seq
	case synSent, synAckSent:
		if g.has(fSYN) && g.seq != e.seq.start32() {
			s.weird(c, "", "SYN_seq_jump", "")
			restart()
		}
	case established, partial:
		if g.has(fSYN) {
			if c.sizeOf(e) > 0 {
				s.weird(c, "", "SYN_inside_connection", "")
			}
			if g.seq != e.seq.start32() {
				s.weird(c, "", "SYN_seq_jump", "")
			}
			restart()
		}
	case reset:
		if g.has(fSYN) && e.prev == inactive {
			restart() // the RST before may have been forged
		}
	case closed:
	}
}

// tcpHistory records the packet's letter.
func (c *conn) tcpHistory(side uint8, rel uint64, g *segment) {
	e := &c.end[side]
	switch f := g.flags & (fSYN | fFIN | fRST); f {
	case 0:
		switch {
		case g.wire > 0:
			c.synAckFirst()
			c.once(side, seenData, 'D')
		case g.has(fACK):
			c.synAckFirst()
			c.once(side, seenACK, 'A')
		}
	case fSYN:
		letter := byte('S')
		if g.has(fACK) {
			letter = 'H'
		}
		if c.once(side, seenSYN, letter) && rel != e.histSYN {
			c.add(side, letter)
		}
		e.histSYN = rel
	case fFIN:
		at := rel + uint64(g.wire) // #nosec G115 -- not negative
		if c.once(side, seenFIN, 'F') && at != e.histFIN {
			c.add(side, 'F')
		}
		e.histFIN = at
	case fRST:
		if c.once(side, seenRST, 'R') && rel != e.histRST {
			c.add(side, 'R')
		}
		e.histRST = rel
	default:
		if g.has(fFIN) && g.has(fRST) {
			c.once(side, seenFINRST, 'I')
		} else {
			c.once(side, seenMulti, 'Q')
		}
	}
}

// synAckFirst turns a connection round that began with a SYN-ACK and now shows
// that it lives: what looked like a stealth scan only lacked its first packet.
func (c *conn) synAckFirst() {
	if string(c.hist) == "H" {
		c.flip()
		c.hist = append(c.hist[:0], "^h"...)
		c.firstSeen |= 1
	}
}

// updateWindow notes zero windows.
func (s *shard) updateWindow(c *conn, side uint8, g *segment) {
	e, peer := &c.end[side], &c.end[side^1]
	size := uint32(g.window) << e.win.scale
	if size == 0 && !g.has(fRST) && peer.state != closed && e.state != reset && e.zeroWin.hit() {
		c.add(side, 'W')
	}
	if g.has(fSYN|fFIN|fRST) || e.state == closed || e.state == reset ||
		delta(g.seq, e.win.seq) < 0 || delta(g.ack, e.win.ack) < 0 {
		return
	}
	if d := delta(g.ack+size, e.win.ack+e.win.size); d < 0 && -int64(d) >= 1<<e.win.scale {
		s.weird(c, "", "window_recision", "")
	}
	e.win.size, e.win.ack, e.win.seq = size, g.ack, g.seq
}

func initWindow(e, peer *endpoint, g *segment) {
	if g.scale < 0 {
		e.win.scale = 0
		if g.has(fACK) {
			peer.win.scale = 0
		}
		return
	}
	e.win.scale = uint8(g.scale) // #nosec G115 -- 0 to 14
	e.win.seq, e.win.ack = g.seq, g.ack
	peer.win.seq, peer.win.ack = g.ack, g.seq
}

func (s *shard) synWeirds(c *conn, g *segment) {
	if g.has(fRST) {
		s.weird(c, "TCP", "TCP_christmas", "")
	}
	if g.has(fURG) {
		s.weird(c, "TCP", "baroque_SYN", "")
	}
	if g.wire > 0 {
		s.weird(c, "TCP", "SYN_with_data", "")
	}
}

// takeAck notes what the packet acknowledges of the other end, and returns that
// number in the other end's own numbering.
func (s *shard) takeAck(c *conn, side uint8, g *segment) uint64 {
	if !g.has(fACK) {
		return 0
	}
	e, peer := &c.end[side], &c.end[side^1]
	if peer.state == inactive {
		if !g.has(fSYN|fFIN|fRST) && (e.state == synSent || e.state == synAckSent || e.state == established) && len(c.weirds) == 0 {
			s.weird(c, "", "possible_split_routing", "")
		}
		peer.seq.start = int64(g.ack - 1)
		peer.seq.ack, peer.seq.last = g.ack-1, g.ack-1
		return 1
	}
	rel, under := peer.seq.relative(g.ack, peer.seq.ack, peer.seq.ackWrap)
	if under {
		s.weird(c, "", "TCP_ack_underflow_or_misorder", "")
		return 0
	}
	if d := delta(g.ack, peer.seq.ack); !g.has(fRST) && d > 0 && (g.ack != 0 || d <= tooLarge) {
		peer.seq.advanceAck(g.ack)
	}
	return rel
}

// updateLast moves the end of what a side has sent. It returns how far.
func (c *conn) updateLast(side uint8, next uint32, g *segment) int32 {
	e := &c.end[side]
	d := delta(next, e.seq.last)
	switch {
	case g.has(fSYN|fRST) && (d > tooLarge || d < -tooLarge):
	case g.has(fFIN) && e.seq.last == e.seq.start32()+1:
		e.seq.advanceLast(next) // SYN and FIN of more than 2 GB unseen
	case e.state == reset:
	case d > 0:
		e.seq.advanceLast(next)
	case g.wire > 0:
		if e.rxmit.hit() {
			c.add(side, 'T')
		}
	}
	return d
}

// tcpSize is the payload that a side sent, by sequence numbers.
func (c *conn) tcpSize(side uint8) uint64 {
	e, peer := &c.end[side], &c.end[side^1]
	if e.prev == synSent && e.state == reset && peer.state == inactive && !e.seq.noneAcked() {
		return 0 // half-open, found out and aborted
	}
	n := e.seq.sent()
	if e.finCount > 0 && n != 0 {
		n--
	}
	return n
}

func (c *conn) sizeOf(e *endpoint) uint64 {
	if e == &c.end[0] {
		return c.tcpSize(0)
	}
	return c.tcpSize(1)
}
