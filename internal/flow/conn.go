package flow

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// tcpState is what is known of one end of a TCP connection.
type tcpState uint8

const (
	inactive tcpState = iota
	synSent
	synAckSent
	partial
	established
	closed
	reset
)

// conn is one connection. Its ends are kept by side of the key; which side is
// the originator may still change, so direction is always asked for.
type conn struct {
	key   key
	index uint32 // place in the slab
	live  bool
	orig  uint8 // side of the originator

	start, last record.Time // first packet; last one that counts for the duration
	at          place       // of the first packet
	uid         string      // made when first needed
	parents     []string    // uids of the connections that tunnel this one
	vlan        [2]uint16
	sctp        [2]uint16 // ports of the first packet, by side
	active      bool      // nothing has ended this connection yet
	isPartial   bool      // TCP without the originator's SYN
	firstSeen   uint8
	teredo      uint8 // sides that sent Teredo
	closeWaits  bool  // closing is put off until data in flight is there
	dns         bool  // DNS over UDP: over as soon as it is quiet
	arranged    bool  // another connection announced this one
	handshake   bool  // both sides took part in a handshake

	hist     []byte
	seen     uint32 // which history letters were recorded once
	inactive time.Duration
	deleteAt record.Time    // set when closed completely
	timer    record.Time    // when DNS is next looked at for being over
	attempt  record.Time    // when an unanswered SYN is given up
	partClos [2]record.Time // by side: when this one closed first
	partN    int
	missed   uint64

	end    [2]endpoint // by side
	app    *app        // protocol detection and parser; nil: not begun, or over
	noApp  bool        // nothing more to detect or to parse
	names  []string    // services confirmed, in that order
	weirds []string    // names reported, so that each is reported once
	spoke  record.Time // when TCP last carried something new
	rhythm *rhythm     // since the first pause after that

	queue      uint8 // which queue of the shard it waits in
	prev, next *conn
	touched    record.Time // when it was last put at the queue's end
	cost       int64       // bytes counted against the budget
}

// endpoint is one end of a connection.
type endpoint struct {
	pkts, ipBytes uint64
	size          int64 // UDP and ICMP payload; -1 nothing sent

	state, prev tcpState
	didClose    bool
	did         bool // has sent something
	atEnd       bool // FIN reached in order, or all there is was delivered
	skip        bool // nothing of this end is delivered any more
	seq         sequence
	win         window
	finCount    int
	finSeq      uint64
	histSYN     uint64 // relative sequence numbers of the last control packets
	histFIN     uint64
	histRST     uint64
	rxmit       scaled
	zeroWin     scaled
	gaps        scaled
	stream      reassembly
	recent      *recent // nil: no data
}

// scaled counts events of which history shows the 1st, 10th, 100th ...
type scaled struct{ n, next uint32 }

// hit counts one event and tells whether history shows it.
func (s *scaled) hit() bool {
	if s.next == 0 {
		s.next = 1
	}
	s.n++
	if s.n != s.next {
		return false
	}
	if s.next <= 100_000_000 {
		s.next *= 10
	} else {
		s.n = 0
	}
	return true
}

func (c *conn) o() *endpoint { return &c.end[c.orig] }
func (c *conn) r() *endpoint { return &c.end[c.orig^1] }

// origEnd and respEnd are the addresses in the roles known so far.
func (c *conn) origEnd() (capture.Addr, uint16) { return c.side(c.orig) }
func (c *conn) respEnd() (capture.Addr, uint16) { return c.side(c.orig ^ 1) }

func (c *conn) side(s uint8) (capture.Addr, uint16) {
	if s == 0 {
		return c.key.a, c.key.pa
	}
	return c.key.b, c.key.pb
}

// maxHistory bounds the history of one connection.
const maxHistory = 512

// add records a history letter of a side: upper case for the originator.
func (c *conn) add(side uint8, letter byte) {
	if side != c.orig {
		letter |= 0x20
	}
	if len(c.hist) < maxHistory {
		c.hist = append(c.hist, letter)
	}
}

// once records a history letter the first time only; it returns whether the
// letter had been there before.
func (c *conn) once(side uint8, mask uint32, letter byte) bool {
	if side != c.orig {
		mask <<= 16
	}
	if c.seen&mask != 0 {
		return true
	}
	c.seen |= mask
	c.add(side, letter)
	return false
}

// flip exchanges originator and responder.
func (c *conn) flip() {
	c.orig ^= 1
	c.firstSeen = c.firstSeen>>1&1 | c.firstSeen<<1&2
	c.isPartial = false
	if len(c.hist) < maxHistory {
		c.hist = append(c.hist, '^')
	}
	if c.app != nil {
		c.app.flipped(c)
	}
}

// head is the connection's identity as records carry it.
func (c *conn) head(s *shard) record.Conn {
	if c.uid == "" {
		c.uid = c.key.uid(s.eng.sources[c.at.src].hash, c.start, c.at.pos)
	}
	oh, op := c.origEnd()
	rh, rp := c.respEnd()
	return record.Conn{
		Head:  record.Head{TS: c.start, Ref: s.eng.ref(c.at)},
		UID:   c.uid,
		OrigH: oh.Netip(), OrigP: op, RespH: rh.Netip(), RespP: rp,
	}
}

// record is the connection's conn record, valid until that of the next
// connection is asked for when the shard's sink does not keep records.
func (c *conn) record(s *shard) *network.Conn {
	o, r := c.o(), c.r()
	rec := s.scratch
	if rec == nil {
		rec = &network.Conn{}
	}
	*rec = network.Conn{
		Conn:        c.head(s),
		Proto:       transportName(c.key.proto),
		State:       c.connState(),
		MissedBytes: c.missed,
		History:     string(c.hist),
		OrigPkts:    record.Some(o.pkts),
		OrigIPBytes: record.Some(o.ipBytes),
		RespPkts:    record.Some(r.pkts),
		RespIPBytes: record.Some(r.ipBytes),
		Parents:     slices.Clone(c.parents),
		IPProto:     record.Some(c.key.proto),
	}
	oh, _ := c.origEnd()
	rh, _ := c.respEnd()
	rec.LocalOrig = record.Some(isLocal(s.eng.local, oh))
	rec.LocalResp = record.Some(isLocal(s.eng.local, rh))
	if c.vlan[0] != 0 {
		rec.VLAN = record.Some(c.vlan[0])
	}
	if c.vlan[1] != 0 {
		rec.InnerVLAN = record.Some(c.vlan[1])
	}
	if s.eng.cfg.CommunityID {
		rec.CommunityID = c.key.communityID(c.sctp)
	}
	if d := c.last.Sub(c.start); d > 0 {
		rec.Duration = record.Some(d)
		rec.OrigBytes = record.Some(c.bytes(c.orig))
		rec.RespBytes = record.Some(c.bytes(c.orig ^ 1))
	}
	rec.Service = c.service()
	return rec
}

// service lists the services confirmed.
func (c *conn) service() string { return strings.Join(c.names, ",") }

// bytes is the payload that a side sent.
func (c *conn) bytes(side uint8) uint64 {
	if c.key.proto == capture.ProtoTCP {
		return c.tcpSize(side)
	}
	return uint64(max(c.end[side].size, 0))
}

func transportName(p uint8) string {
	switch p {
	case capture.ProtoTCP:
		return "tcp"
	case capture.ProtoUDP:
		return "udp"
	case capture.ProtoICMP, capture.ProtoICMPv6:
		return "icmp"
	}
	return "unknown_transport"
}

// connState is Zeek's conn_state.
func (c *conn) connState() string {
	switch c.key.proto {
	case capture.ProtoTCP:
		return c.tcpConnState()
	case capture.ProtoUDP:
		o, r := c.o().size >= 0, c.r().size >= 0
		switch {
		case o && r:
			return "SF"
		case o:
			return "S0"
		case r:
			return "SHR"
		}
	}
	return "OTH"
}

func (c *conn) tcpConnState() string {
	o, r := c.o().state, c.r().state
	oIdle := o == inactive || o == partial
	rIdle := r == inactive || r == partial
	switch {
	case r == reset:
		switch {
		case o == synSent || o == synAckSent || o == reset && c.tcpSize(c.orig) == 0 && c.tcpSize(c.orig^1) == 0:
			return "REJ"
		case oIdle:
			return "RSTRH"
		}
		return "RSTR"
	case o == reset:
		switch {
		case !rIdle:
			return "RSTO"
		case resetAfterSYN(c.hist):
			return "RSTOS0"
		}
		return "OTH"
	case o == closed && r == closed:
		return "SF"
	case o == closed && rIdle:
		return "SH"
	case o == closed:
		return "S2"
	case r == closed && oIdle:
		return "SHR"
	case r == closed:
		return "S3"
	case o == synSent && r == inactive:
		return "S0"
	case o == established && r == established:
		return "S1"
	}
	return "OTH"
}

// resetAfterSYN tells whether history is a SYN, then a RST, with nothing of
// substance from the originator between them.
func resetAfterSYN(h []byte) bool {
	if len(h) > 0 && h[0] == '^' {
		h = h[1:]
	}
	if len(h) == 0 || h[0] != 'S' {
		return false
	}
	for _, b := range h[1:] {
		switch b {
		case 'R':
			return true
		case 'H', 'A', 'F', 'G', 'I', 'Q':
			return false
		}
	}
	return false
}

// expired tells whether the connection was over before time now: whether the
// timers that Zeek would have set by the connection's packets have run out.
func (c *conn) expired(now record.Time) bool {
	if now >= c.last.Add(c.inactive) {
		return true
	}
	if c.key.proto != capture.ProtoTCP {
		return c.dns && now >= c.timer && now >= c.last.Add(dnsQuiet)
	}
	if c.deleteAt != 0 {
		return now >= c.deleteAt
	}
	if !c.active {
		return false
	}
	o, r := c.o(), c.r()
	if c.attempt != 0 && now >= c.attempt && (o.state == synSent || o.state == synAckSent) && r.state == inactive {
		return true
	}
	idle := c.last.Add(linger) + 1
	if now < idle || !c.lingers() {
		return false
	}
	if fires(c.start.Add(synTimeout), sessionInterval, idle) <= now {
		return true
	}
	for _, at := range c.partClos[:c.partN] {
		if fires(at.Add(sessionInterval), sessionInterval, idle) <= now {
			return true
		}
	}
	return false
}

// lingers tells whether a connection that is still open on one side is given
// up as soon as it is idle.
func (c *conn) lingers() bool {
	o, r := c.o(), c.r()
	if o.didClose || r.didClose {
		return o.didClose && r.didClose || o.state == reset || r.state == reset || o.state == inactive || r.state == inactive
	}
	return o.state == inactive && r.state == inactive
}

// fires is the first time, not before t, of a timer that runs out at base and
// then at every interval.
func fires(base record.Time, every time.Duration, t record.Time) record.Time {
	if base >= t {
		return base
	}
	n := record.Time(every)
	return base + (t-base+n-1)/n*n
}
