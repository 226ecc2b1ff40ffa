package http

import (
	"longwatch/internal/proto"
)

// tunnelled are the protocols looked for behind CONNECT and upgrades.
var tunnelled = []string{"ssl", "http", "ssh", "smtp", "ftp", "rdp"}

// maxHeld bounds the bytes kept before a tunnel's protocol is known.
const maxHeld = 4 << 10

// tunnel is what a CONNECT or an upgrade carries: it finds the protocol by its
// first bytes and hands them on.
type tunnel struct {
	c     *proto.Conn
	inner *proto.Stream
	held  []heldBytes // in the order of arrival
	n     int
	first [2][]byte // of each direction
	blind bool      // nobody understands it
}

type heldBytes struct {
	d proto.Dir
	b []byte
}

// feed passes on or keeps the next bytes of d.
func (t *tunnel) feed(d proto.Dir, b []byte) {
	switch {
	case t.blind:
	case t.inner != nil:
		if t.inner.Feed(d, b) != nil {
			t.inner.Close()
			t.inner, t.blind = nil, true
		}
	case t.n+len(b) > maxHeld && t.n > 0:
		t.giveUp()
	default:
		own := append([]byte(nil), b...)
		t.held, t.n = append(t.held, heldBytes{d, own}), t.n+len(b)
		t.first[d] = append(t.first[d], own...)
		t.probe(d)
	}
}

// probe asks every protocol about the first bytes of d.
func (t *tunnel) probe(d proto.Dir) {
	maybe := false
	for _, name := range tunnelled {
		spec, ok := t.c.Engine.Lookup(name)
		if !ok || spec.Probe == nil {
			continue
		}
		switch spec.Probe(d, t.first[d]) {
		case proto.Yes:
			t.inner = t.c.Inner(name)
			held := t.held
			t.held, t.first = nil, [2][]byte{}
			for _, h := range held {
				t.feed(h.d, h.b)
			}
			return
		case proto.Maybe:
			maybe = true
		case proto.No:
		}
	}
	if !maybe && len(t.first[d]) >= 64 && len(t.first[d.Other()]) >= 64 {
		t.giveUp()
	}
}

func (t *tunnel) giveUp() {
	t.held, t.first, t.blind = nil, [2][]byte{}, true
}

func (t *tunnel) gap(d proto.Dir, n int) {
	if t.inner != nil {
		if t.inner.Gap(d, n) != nil {
			t.inner.Close()
			t.inner, t.blind = nil, true
		}
		return
	}
	t.giveUp()
}

func (t *tunnel) end(d proto.Dir) {
	if t.inner != nil {
		t.inner.End(d)
	}
}

func (t *tunnel) close() {
	if t.inner != nil {
		t.inner.Close()
	}
}
