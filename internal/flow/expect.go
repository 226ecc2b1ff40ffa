package flow

import (
	"net/netip"
	"time"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

const (
	// expectFor is how long an announced connection is waited for.
	expectFor = 5 * time.Minute
	// maxExpected bounds the announced connections of a shard.
	maxExpected = 4096
)

// expectKey is one end of an announced connection, and the host at the other.
type expectKey struct {
	host, peer capture.Addr
	port       uint16
	proto      uint8
}

// expectation is what was announced.
type expectation struct {
	proto.Expected
	until record.Time
}

// expected are the connections of a shard that others have announced; the
// oldest are forgotten first.
type expected struct {
	byEnd map[expectKey]expectation
	order []expectKey
}

func (x *expected) add(k expectKey, e expectation) {
	if x.byEnd == nil {
		x.byEnd = map[expectKey]expectation{}
	}
	if _, again := x.byEnd[k]; !again {
		if len(x.order) >= maxExpected {
			delete(x.byEnd, x.order[0])
			x.order = x.order[1:]
		}
		x.order = append(x.order, k)
	}
	x.byEnd[k] = e
}

// take returns what was announced of k, and forgets it.
func (x *expected) take(k expectKey, now record.Time) (proto.Expected, bool) {
	e, ok := x.byEnd[k]
	if !ok {
		return proto.Expected{}, false
	}
	delete(x.byEnd, k)
	for i := range x.order {
		if x.order[i] == k {
			x.order = append(x.order[:i], x.order[i+1:]...)
			break
		}
	}
	return e.Expected, now < e.until
}

// Expect implements proto.Engine. Only connections between the same two hosts
// can be expected: they share a shard.
func (a *app) Expect(_ *proto.Conn, x proto.Expected) {
	k := expectKey{host: addrOf(x.Host), port: x.Port, proto: capture.ProtoTCP}
	if x.Transport == proto.UDP {
		k.proto = capture.ProtoUDP
	}
	switch k.host {
	case a.c.key.a:
		k.peer = a.c.key.b
	case a.c.key.b:
		k.peer = a.c.key.a
	default:
		return
	}
	a.s.expected.add(k, expectation{x, a.s.now.Add(expectFor)})
}

func addrOf(a netip.Addr) capture.Addr {
	b := a.As16()
	return capture.AddrFrom16(b[:])
}

// arranged hands a new connection to the parser that another one announced.
func (s *shard) arranged(c *conn) {
	if len(s.expected.byEnd) == 0 {
		return
	}
	for _, side := range [2]uint8{c.orig ^ 1, c.orig} { // the responder first
		host, port := c.side(side)
		peer, _ := c.side(side ^ 1)
		x, ok := s.expected.take(expectKey{host: host, peer: peer, port: port, proto: c.key.proto}, c.start)
		if !ok {
			continue
		}
		i, known := s.eng.protos.byName[x.Parser]
		if !known || s.newApp(c) == nil {
			return
		}
		c.arranged = true
		c.app.conn.Arranged = x.State
		c.app.start(i)
		return
	}
}
