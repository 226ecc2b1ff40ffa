package flow

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

// shard owns a part of the connections. It belongs to one goroutine.
type shard struct {
	eng  *Engine
	lane record.Sink

	table *table
	queue [3]queue
	now   record.Time // of the packet at hand
	at    place
	clock record.Time // latest packet seen
	swept record.Time

	expected expected // connections that others announced
	shared   shared   // state that connections between two hosts have in common
	extract  proto.Extractor
	spare    spare

	scratch *network.Conn // for every connection's record; nil: the sink keeps them

	memory, budget int64
	evicted        int64 // connections
}

// queues order connections by when they may expire, so that sweeping looks at
// few that may not. Which one a connection waits in changes no record.
const (
	quick = iota // closed, or asked for without an answer
	short        // a minute of silence
	long         // more
)

// queue is a list of connections, longest idle first, to the second.
type queue struct{ first, last *conn }

func (q *queue) push(c *conn) {
	c.prev, c.next = q.last, nil
	if q.last != nil {
		q.last.next = c
	} else {
		q.first = c
	}
	q.last = c
}

func (q *queue) remove(c *conn) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		q.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		q.last = c.prev
	}
	c.prev, c.next = nil, nil
}

func newShard(e *Engine, lane record.Sink) *shard {
	s := &shard{eng: e, lane: lane, table: newTable(), budget: e.cfg.Memory / shardCount}
	if !record.Keeps(lane) {
		s.scratch = &network.Conn{}
	}
	if e.cfg.Extract != nil {
		s.extract = e.cfg.Extract(shardCount)
	}
	return s
}

// packet takes one packet of a connection of this shard.
func (s *shard) packet(p *packet) {
	s.now, s.at = p.ts, p.at
	if p.tick {
		s.shared.tick(p.ts)
		return
	}
	if p.ts > s.clock {
		s.clock = p.ts
	}
	if s.clock.Sub(s.swept) > time.Second {
		s.sweep()
	}
	for s.memory > s.budget && s.evict() {
	}
	s.now, s.at = p.ts, p.at // ending a connection set them back to its last packet
	k, side := makeKey(p.src, p.dst, p.sport, p.dport, p.proto, p.oneWay)
	c := s.table.find(&k)
	if c != nil && (c.expired(p.ts) || p.proto == capture.ProtoTCP && s.reused(c, p, p.ts)) {
		s.finish(c)
		s.now, s.at = p.ts, p.at
		c = nil
	}
	if c == nil {
		c = s.open(&k, side, p)
	}
	if p.parent != "" && !slices.Contains(c.parents, p.parent) && len(c.parents) < maxParents {
		c.parents = append(c.parents, p.parent)
	}
	switch p.proto {
	case capture.ProtoTCP:
		s.tcp(c, p, side)
	case capture.ProtoUDP:
		s.udp(c, p, side)
	default:
		c.last = max(c.last, p.ts)
		e := &c.end[side]
		if p.proto == capture.ProtoICMP || p.proto == capture.ProtoICMPv6 {
			e.size = max(e.size, 0) + int64(p.wire) - 8
		}
		e.pkts++
		e.ipBytes += uint64(p.ipLen)
	}
	s.touch(c)
}

// maxParents bounds the tunnels of one connection.
const maxParents = 16

// open begins a connection with its first packet.
func (s *shard) open(k *key, side uint8, p *packet) *conn {
	c := s.table.insert(k)
	c.orig = side
	c.start, c.last, c.at = p.ts, p.ts, p.at
	c.vlan = p.vlan
	c.active = true
	c.inactive = udpInactivity
	for i := range c.end {
		c.end[i].size = -1
		c.end[i].stream.next, c.end[i].stream.trim = 1, 1
	}
	flip := false
	switch p.proto {
	case capture.ProtoTCP:
		flip = tcpRoles(p)
	case capture.ProtoUDP:
		flip = flipped(p)
		c.dns = isDNS(p.servicePort())
	case capture.ProtoSCTP:
		if b := p.payload; len(b) >= 4 {
			c.sctp[side], c.sctp[side^1] = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		}
		c.noApp = true
	case capture.ProtoESP, capture.ProtoAH:
		c.noApp, c.names = true, []string{"ipsec"}
	default:
		c.noApp = true
	}
	if flip && p.dst != broadcast {
		c.flip()
	}
	s.queue[short].push(c)
	c.queue, c.touched = short, s.clock
	s.charge(c)
	if p.proto == capture.ProtoTCP || p.proto == capture.ProtoUDP {
		s.arranged(c)
	}
	return c
}

// flipped tells whether the first datagram of a connection is an answer.
func flipped(p *packet) bool {
	return isServerPort(p.proto, p.sport) && !isServerPort(p.proto, p.dport) && p.dst != broadcast
}

// broadcast is 255.255.255.255.
var broadcast = capture.AddrFrom4([]byte{255, 255, 255, 255})

// touch puts c at the end of the queue it belongs to.
func (s *shard) touch(c *conn) {
	want := uint8(short)
	switch {
	case c.deleteAt != 0 || c.dns || c.o().state == synSent && c.r().state == inactive:
		want = quick
	case c.inactive > udpInactivity:
		want = long
	}
	if want == c.queue && s.clock.Sub(c.touched) < time.Second {
		return
	}
	s.queue[c.queue].remove(c)
	s.queue[want].push(c)
	c.queue, c.touched = want, s.clock
}

// sweep ends connections that have expired. It changes no record: each would
// end as it is when its next packet, or the end of the capture, comes.
func (s *shard) sweep() {
	s.swept = s.clock
	for i := range s.queue {
		for c := s.queue[i].first; c != nil && c.expired(s.clock); c = s.queue[i].first {
			s.finish(c)
		}
	}
}

// evict ends the connection that has been idle for longest, for want of memory.
func (s *shard) evict() bool {
	for i := range s.queue {
		if c := s.queue[i].first; c != nil {
			s.evicted++
			s.finish(c)
			return true
		}
	}
	return false
}

// finish ends a connection and writes its record.
func (s *shard) finish(c *conn) {
	s.now, s.at = c.last, c.at
	s.flush(c, c.orig)
	s.flush(c, c.orig^1)
	if !c.noApp && c.app != nil {
		s.guard(c, func(*app) { s.dropApp(c) })
	}
	s.lane.Put(c.record(s))
	s.servicePort(c)
	s.writeRhythm(c)
	s.queue[c.queue].remove(c)
	s.memory -= c.cost
	s.table.remove(c)
}

// finishAll ends every connection, at the end of the capture.
func (s *shard) finishAll() {
	s.table.slab.each(s.finish)
	s.shared.closeAll()
}

// What things are taken to cost, in bytes. What a parser keeps beyond a few KiB
// it tells as a proto.Holder.
var (
	connCost = int64(reflect.TypeFor[conn]().Size()) + 64  // #nosec G115 -- a small size
	appCost  = int64(reflect.TypeFor[app]().Size()) + 4096 // #nosec G115 -- a small size
)

// charge counts what c holds against the budget. Room is made before the next
// packet.
func (s *shard) charge(c *conn) {
	n := connCost
	if c.rhythm != nil {
		n += rhythmCost
	}
	for i := range c.end {
		n += int64(c.end[i].stream.held + len(c.end[i].stream.early)*48)
		if c.end[i].recent != nil {
			n += recentCost
		}
	}
	if a := c.app; a != nil {
		n += appCost + int64(len(a.held[0])+len(a.held[1])) + int64(len(a.parts))*40
		if x := a.doubt; x != nil {
			n += int64(len(x.held[0])+len(x.held[1])) + int64(len(x.parts))*40 + int64(len(x.said))*512
		}
		a.weighed = a.keeps()
		n += a.weighed
	}
	s.memory += n - c.cost
	c.cost = n
}

// udp takes one datagram.
func (s *shard) udp(c *conn, p *packet, side uint8) {
	c.last = max(c.last, p.ts)
	if p.ts >= c.timer {
		c.timer = p.ts.Add(dnsSession)
	}
	e := &c.end[side]
	declared := int64(p.payload[4])<<8 | int64(p.payload[5])
	if declared != int64(p.wire) {
		s.weird(c, "UDP", "UDP_datagram_length_mismatch", fmt.Sprintf("%d != %d", declared, p.wire))
	}
	if declared == 0 {
		declared = int64(p.wire)
	}
	c.once(side, seenData, 'D')
	e.size = max(e.size, 0) + declared - 8
	e.pkts++
	e.ipBytes += uint64(p.ipLen)
	if p.service != "" {
		s.tunnel(c, p.service, side)
		return
	}
	if !c.noApp {
		data := p.payload[8:]
		if n := declared - 8; n >= 0 && n < int64(len(data)) {
			data = data[:n]
		}
		s.parse(c, c.dir(side), data)
	}
}

// tunnel notes that a connection carries IP packets. Teredo is believed when
// both sides send it (Zeek's delay_teredo_confirmation).
func (s *shard) tunnel(c *conn, service string, side uint8) {
	if service == "teredo" {
		c.teredo |= 1 << side
		if c.teredo != 3 {
			return
		}
	}
	if !slices.Contains(c.names, service) {
		c.names = append(c.names, service)
		s.dropApp(c)
	}
}

// guard runs f on the connection's application layer. With Config.Recover, a
// panic ends the parser and not the program.
func (s *shard) guard(c *conn, f func(*app)) {
	a := c.app
	if a == nil {
		if a = s.newApp(c); a == nil {
			return
		}
	}
	if s.eng.cfg.Recover {
		defer func() {
			if r := recover(); r != nil {
				s.weird(c, a.conn.Parser, "parser_panic", fmt.Sprintf("%v %s", r, panicSite(debug.Stack())))
				c.app, c.noApp = nil, true
				s.charge(c)
			}
		}()
	}
	f(a)
}

// panicSite is the function that panicked.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+2 < len(lines) {
			name, _, _ := strings.Cut(lines[i+2], "(")
			return name
		}
	}
	return ""
}

// maxWeirds bounds the weirds of one connection.
const maxWeirds = 32

// weird reports traffic that breaks the rules, once for a connection and name.
func (s *shard) weird(c *conn, source, name, addl string) {
	if slices.Contains(c.weirds, name) || len(c.weirds) >= maxWeirds {
		return
	}
	c.weirds = append(c.weirds, name)
	h := c.head(s)
	h.TS, h.Ref = s.now, s.eng.ref(s.at)
	s.lane.Put(&network.Weird{Conn: h, Name: name, Addl: addl, Peer: "longwatch", Source: source})
}

func trailing(w uint64) int { return bits.TrailingZeros64(w) }
