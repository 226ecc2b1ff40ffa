package flow

import (
	"encoding/binary"

	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// reused tells whether a packet opens a new connection between the same ends.
func (s *shard) reused(c *conn, p *packet, ts record.Time) bool {
	b := p.payload
	if b[12]>>4 < 5 || b[13]&fSYN == 0 {
		return false
	}
	from, o, r := c.o(), c.o(), c.r()
	if b[13]&fACK != 0 {
		if o.state != inactive {
			return false
		}
		from = r
	}
	seq := binary.BigEndian.Uint32(b[4:])
	switch {
	case !o.didClose && !r.didClose:
		if seq == from.seq.start32() {
			return false
		}
		if b[13]&fACK == 0 && from.state == synAckSent && r.state == inactive && seq == r.seq.start32() {
			return false // SYN and SYN-ACK in the wrong order
		}
		if from.state == synSent {
			s.weird(c, "", "SYN_seq_jump", "")
		} else {
			s.weird(c, "", "active_connection_reuse", "")
		}
	case o.state == reset || r.state == reset:
	case o.state != inactive && !o.didClose || r.state != inactive && !r.didClose:
		s.weird(c, "", "active_connection_reuse", "")
	case ts.Sub(c.last) < linger:
		s.weird(c, "", "premature_connection_reuse", "")
	}
	return true
}

// tcpRoles guesses who is the responder of a connection that does not begin
// with a SYN: the end with a well-known port.
func tcpRoles(p *packet) (flip bool) {
	f := p.payload[13]
	if f&fSYN != 0 && f&fACK == 0 {
		return false
	}
	src, dst := isServerPort(capture.ProtoTCP, p.sport), isServerPort(capture.ProtoTCP, p.dport)
	return src && (!dst || f&fSYN == 0 && p.sport < p.dport)
}
