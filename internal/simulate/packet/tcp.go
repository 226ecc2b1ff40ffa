package packet

import (
	"encoding/binary"
	"time"

	"longwatch/internal/simulate/chance"
)

// Path describes the way between two stations.
type Path struct {
	RTT  time.Duration
	Mbps float64 // bottleneck rate
}

// LAN draws the path within a building.
func LAN(r *chance.Rand) Path {
	return Path{r.Duration(180*time.Microsecond, 900*time.Microsecond), 800}
}

const (
	mss        = 1460
	firstBurst = 10 // segments, RFC 6928
)

const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// Conn is one TCP connection being written. Its clock only moves forward.
type Conn struct {
	c      *Capture
	r      *chance.Rand
	end    [2]*Station // client, server
	port   [2]uint16
	seq    [2]uint32 // next to send
	path   Path
	anchor *Station
	now    time.Time
	last   int // who sent last
	owed   [2]bool
	burst  [2]int
	stamps bool
	clock  [2]uint32 // TCP timestamp offsets
	seen   [2]uint32 // last timestamp of the peer
}

// Client and Server name the two ends in Send.
const (
	Client = 0
	Server = 1
)

// Dial writes the three-way handshake.
func (c *Capture) Dial(at time.Time, client, server *Station, cport, sport uint16, p Path) *Conn {
	k := c.conn(at, client, server, cport, sport, p)
	k.emit(k.now, Client, syn, nil)
	k.seq[Client]++
	k.turn(Server)
	k.emit(k.now, Server, syn|ack, nil)
	k.seq[Server]++
	k.turn(Client)
	k.emit(k.now, Client, ack, nil)
	return k
}

// Refused writes a connection attempt that is answered with a reset, with the
// two repetitions Windows makes.
func (c *Capture) Refused(at time.Time, client, server *Station, cport, sport uint16, p Path) time.Time {
	k := c.conn(at, client, server, cport, sport, p)
	tries := 1
	if client.Stack == Windows {
		tries = 3
	}
	for range tries {
		k.emit(k.now, Client, syn, nil)
		k.seq[Client]++
		k.turn(Server)
		k.emit(k.now, Server, rst|ack, nil)
		k.seq[Client]--
		k.now = k.now.Add(k.r.Around(500*time.Millisecond, 0.03))
	}
	return k.now
}

// Unanswered writes a connection attempt to which nothing comes back.
func (c *Capture) Unanswered(at time.Time, client, server *Station, cport, sport uint16) time.Time {
	k := c.conn(at, client, server, cport, sport, Path{RTT: time.Millisecond, Mbps: 100})
	for _, gap := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		k.emit(k.now, Client, syn, nil)
		k.now = k.now.Add(k.r.Around(gap, 0.01))
	}
	return k.now
}

func (c *Capture) conn(at time.Time, client, server *Station, cport, sport uint16, p Path) *Conn {
	k := &Conn{c: c, r: c.r, end: [2]*Station{client, server}, port: [2]uint16{cport, sport}, path: p, anchor: c.anchor(client, server), now: at}
	k.seq = [2]uint32{c.r.Uint32(), c.r.Uint32()}
	k.stamps = client.Stack == Linux && server.Stack == Linux
	k.clock = [2]uint32{c.r.Uint32(), c.r.Uint32()}
	k.burst = [2]int{firstBurst, firstBurst}
	return k
}

// Now is the time of the last frame.
func (k *Conn) Now() time.Time { return k.now }

// ClientPort is the originator's port.
func (k *Conn) ClientPort() uint16 { return k.port[Client] }

// Wait lets time pass; an acknowledgement still owed is sent meanwhile.
func (k *Conn) Wait(d time.Duration) {
	if d > 45*time.Millisecond {
		k.settle()
	}
	k.now = k.now.Add(d)
}

// Until waits for a time, if that is still to come.
func (k *Conn) Until(at time.Time) {
	if d := at.Sub(k.now); d > 0 {
		k.Wait(d)
	}
}

// turn moves the clock by what it takes until who can answer the other end.
func (k *Conn) turn(who int) {
	if k.end[who] == k.anchor {
		k.now = k.now.Add(k.r.Duration(60*time.Microsecond, 350*time.Microsecond))
	} else {
		k.now = k.now.Add(k.r.Around(k.path.RTT, 0.08) + 40*time.Microsecond)
	}
	k.last = who
}

// Send writes data from one end, cut into segments and acknowledged.
func (k *Conn) Send(who int, data []byte) {
	if len(data) == 0 {
		return
	}
	other := 1 - who
	if k.owed[other] && k.last == who {
		k.settle()
	}
	if k.last != who {
		k.turn(who)
	}
	k.owed[who] = false
	gap := time.Duration(float64(mss*8) / k.path.Mbps * 1000)
	size := mss
	if k.stamps {
		size -= 12
	}
	inBurst := 0
	for n := 0; len(data) > 0; n++ {
		piece := data[:min(size, len(data))]
		data = data[len(piece):]
		flags := byte(ack)
		if len(data) == 0 {
			flags |= psh
		}
		k.emit(k.now, who, flags, piece)
		k.seq[who] += uint32(len(piece))
		k.owed[other] = true
		if n%2 == 1 {
			k.emit(k.now.Add(k.latency(other)), other, ack, nil)
			k.owed[other] = false
		}
		if inBurst++; inBurst >= k.burst[who] && len(data) > 0 {
			k.now = k.now.Add(k.path.RTT)
			k.burst[who] = min(2*k.burst[who], 64)
			inBurst = 0
		}
		k.now = k.now.Add(gap + time.Duration(k.r.Int64N(int64(gap/2)+1)) + time.Microsecond)
	}
	if !k.owed[other] {
		k.now = k.now.Add(k.latency(other) + time.Microsecond)
	}
	k.last = who
}

// latency is the time between a frame of the peer and the acknowledgement.
func (k *Conn) latency(who int) time.Duration {
	if k.end[who] == k.anchor {
		return 50 * time.Microsecond
	}
	return k.path.RTT
}

// settle sends what acknowledgement is owed.
func (k *Conn) settle() {
	for who := range k.owed {
		if k.owed[who] {
			k.now = k.now.Add(k.latency(who) + k.r.Duration(15*time.Millisecond, 42*time.Millisecond))
			k.emit(k.now, who, ack, nil)
			k.owed[who] = false
			k.last = who
		}
	}
}

// Close ends the connection in order, beginning with who.
func (k *Conn) Close(who int) {
	k.settle()
	other := 1 - who
	if k.last != who {
		k.turn(who)
	}
	k.now = k.now.Add(k.r.Duration(100*time.Microsecond, 2*time.Millisecond))
	k.emit(k.now, who, fin|ack, nil)
	k.seq[who]++
	k.turn(other)
	k.emit(k.now, other, fin|ack, nil)
	k.seq[other]++
	k.turn(who)
	k.emit(k.now, who, ack, nil)
}

// Reset ends the connection abruptly, as many clients do after an answer.
func (k *Conn) Reset(who int) {
	k.settle()
	k.now = k.now.Add(k.r.Duration(100*time.Microsecond, 5*time.Millisecond))
	k.emit(k.now, who, rst|ack, nil)
}

// emit writes one segment.
func (k *Conn) emit(at time.Time, who int, flags byte, data []byte) {
	options := k.options(at, who, flags)
	head := tcpLen + len(options)
	b := k.c.ip(at, k.end[who], k.end[1-who], k.anchor, 6, head+len(data))
	binary.BigEndian.PutUint16(b[0:], k.port[who])
	binary.BigEndian.PutUint16(b[2:], k.port[1-who])
	binary.BigEndian.PutUint32(b[4:], k.seq[who])
	if flags&ack != 0 {
		binary.BigEndian.PutUint32(b[8:], k.seq[1-who])
	}
	b[12] = byte(head/4) << 4
	b[13] = flags
	binary.BigEndian.PutUint16(b[14:], k.window(who, flags))
	copy(b[tcpLen:], options)
	copy(b[head:], data)
	checksum(b, 16, k.end[who].IP, k.end[1-who].IP, 6)
}

func (k *Conn) window(who int, flags byte) uint16 {
	switch {
	case flags&rst != 0:
		return 0
	case flags&syn != 0 && k.end[who].Stack == Windows:
		return 64240
	case flags&syn != 0:
		return 65160
	case k.end[who].Stack == Windows:
		return uint16(1024 + k.r.IntN(6)) // scaled by 256
	}
	return uint16(501 + k.r.IntN(8)) // scaled by 128
}

// options are those of the sender's stack.
func (k *Conn) options(at time.Time, who int, flags byte) []byte {
	if flags&rst != 0 {
		return nil
	}
	stamp := func(o []byte) []byte {
		v := k.clock[who] + uint32(at.UnixMilli())
		o = binary.BigEndian.AppendUint32(append(o, 8, 10), v)
		o = binary.BigEndian.AppendUint32(o, k.seen[who])
		k.seen[1-who] = v
		return o
	}
	scale := byte(8)
	if k.end[who].Stack != Windows {
		scale = 7
	}
	switch {
	case flags&syn != 0 && k.stamps:
		return append(stamp([]byte{2, 4, mss >> 8, mss & 0xff, 4, 2}), 1, 3, 3, scale)
	case flags&syn != 0:
		return []byte{2, 4, mss >> 8, mss & 0xff, 1, 3, 3, scale, 1, 1, 4, 2}
	case k.stamps:
		return stamp([]byte{1, 1})
	}
	return nil
}
