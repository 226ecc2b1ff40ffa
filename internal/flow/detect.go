package flow

import (
	"iter"
	"math"
	"math/bits"
	"slices"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// protocols are the parsers of an engine, ready for use.
type protocols struct {
	specs  []proto.Spec
	byName map[string]int
	tcp    set // those with a probe, by transport
	udp    set
	byPort [2][]uint8 // place in sets, by transport and port; 0: nobody's
	sets   []set
	meet   portSet // ports of proto.Spec.Meet
	meets  bool    // there are some

	tcpProbes, udpProbes []proto.Spec // the same as tcp and udp
}

// portSet is a set of ports.
type portSet [1 << 16 / 64]uint64

func (s *portSet) add(p uint16)      { s[p/64] |= 1 << (p % 64) }
func (s *portSet) has(p uint16) bool { return s[p/64]&(1<<(p%64)) != 0 }

// ofPort are the protocols that a port speaks for.
func (p *protocols) ofPort(t proto.Transport, port uint16) *set {
	return &p.sets[p.byPort[row(t)][port]]
}

func row(t proto.Transport) int {
	if t == proto.UDP {
		return 1
	}
	return 0
}

// set is a set of protocols by position.
type set [MaxProtocols / 64]uint64

func (s *set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *set) del(i int)      { s[i/64] &^= 1 << (i % 64) }
func (s *set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s *set) empty() bool    { return *s == set{} }

// all yields the protocols of the set in order.
func (s *set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(w*64 + bits.TrailingZeros64(word)) {
					return
				}
			}
		}
	}
}

func newProtocols(specs []proto.Spec) *protocols {
	p := &protocols{specs: specs, byName: map[string]int{}, byPort: [2][]uint8{make([]uint8, 1<<16), make([]uint8, 1<<16)}, sets: make([]set, 1)}
	for i := range specs {
		sp := &specs[i]
		p.byName[sp.Name] = i
		for _, port := range sp.Meet {
			p.meet.add(port)
			p.meets = true
		}
		if sp.Probe == nil {
			continue
		}
		for _, t := range []proto.Transport{proto.TCP, proto.UDP} {
			if sp.Transport&t == 0 {
				continue
			}
			if t == proto.TCP {
				p.tcp.add(i)
				p.tcpProbes = append(p.tcpProbes, *sp)
			} else {
				p.udp.add(i)
				p.udpProbes = append(p.udpProbes, *sp)
			}
			for _, port := range sp.Ports {
				p.claim(t, port, i)
			}
		}
	}
	return p
}

// claim says that a port speaks for protocol i. Ports share a set of protocols
// as long as there is room for their numbers; those that come too late are nobody's.
func (p *protocols) claim(t proto.Transport, port uint16, i int) {
	at := &p.byPort[row(t)][port]
	with := p.sets[*at]
	with.add(i)
	n := slices.Index(p.sets, with)
	if n < 0 {
		n = len(p.sets)
		p.sets = append(p.sets, with)
	}
	if n > math.MaxUint8 {
		panic("flow: more combinations of protocols on ports than a byte can tell")
	}
	*at = uint8(n)
}

const (
	// maxProbe is how much of a direction a probe gets to see.
	maxProbe = 4 << 10
	// maxDoubtful is how far into a connection a violation means that it was
	// not the protocol that it seemed to be: Zeek takes the service back.
	maxDoubtful = 10 << 10
	// maxProbes is how many segments or datagrams are tried.
	maxProbes = 16
)

// app is the application layer of a connection: first the search for a protocol
// that fits, then its parser. It is the parser's engine.
type app struct {
	s *shard
	c *conn

	conn    proto.Conn
	stream  *proto.Stream // TCP
	parser  proto.Parser
	holder  proto.Holder // the parser on UDP, when it is one
	weighed int64        // what stream or holder kept when it was last charged
	turned  bool         // connection was flipped since the parser was started

	// Until a parser is found:
	open  [2]set // candidates, by direction
	port  set    // those that the responder's port speaks for
	tries int
	held  [2][]byte
	parts []heldPart
	gapAt [2]bool // something is missing after what is held

	doubt *doubt // while other candidates are left
	muted bool   // the parser was wrong: nothing that it says counts

	late int // chunks in which TLS may still begin, once the search is over
}

// heldPart is a stretch of held bytes, or a hole, in order of arrival.
type heldPart struct {
	ts   record.Time
	at   place
	n    int
	dir  proto.Dir
	hole bool
	end  bool
}

// maxHeldParts bounds parts.
const maxHeldParts = 64

func (s *shard) newApp(c *conn) *app {
	a := &app{s: s, c: c}
	t, all := proto.TCP, s.eng.protos.tcp
	if c.key.proto == capture.ProtoUDP {
		t, all = proto.UDP, s.eng.protos.udp
	}
	if all.empty() {
		c.noApp = true
		return nil
	}
	_, port := c.respEnd()
	_, from := c.origEnd()
	a.port = *s.eng.protos.ofPort(t, port)
	if a.port.empty() {
		a.port = *s.eng.protos.ofPort(t, from)
	}
	a.open = [2]set{all, all}
	a.conn = proto.Conn{ID: c.head(s), Transport: t, Engine: a, HashFiles: s.eng.cfg.HashFiles, Extract: s.extract}
	c.app = a
	s.charge(c)
	return a
}

// probe asks the candidates about the bytes of a direction. It returns the
// protocol that fits best, or -1. sure says that no better answer can come.
func (a *app) probe(d proto.Dir, b []byte) int {
	ps := a.s.eng.protos
	for i := range a.port.all() { // most connections are what their port says
		if a.open[d].has(i) && ps.specs[i].Probe(d, b) == proto.Yes {
			return i
		}
	}
	best := -1
	for w, word := range a.open[d] {
		for ; word != 0; word &= word - 1 {
			i := w*64 + trailing(word)
			switch ps.specs[i].Probe(d, b) {
			case proto.Yes:
				if best < 0 || a.port.has(i) && !a.port.has(best) {
					best = i
				}
			case proto.No:
				a.open[d].del(i)
				if a.c.handshake || a.c.key.proto == capture.ProtoUDP {
					a.open[d.Other()].del(i)
				}
			case proto.Maybe:
			}
		}
	}
	return best
}

// fallback is the protocol that the port speaks for among those that did not
// say no; -1 when there is none.
func (a *app) fallback() int {
	for i := range a.s.eng.protos.specs {
		if a.port.has(i) && a.open[0].has(i) && a.open[1].has(i) {
			return i
		}
	}
	return -1
}

// start hands the connection to protocol i.
func (a *app) start(i int) {
	sp := &a.s.eng.protos.specs[i]
	a.conn.Parser = sp.Name
	a.conn.Partial = a.c.isPartial
	a.conn.ID = a.c.head(a.s)
	a.parser = sp.New(&a.conn)
	if a.conn.Transport == proto.TCP {
		a.stream = proto.NewStream(a.parser)
	} else {
		a.holder, _ = a.parser.(proto.Holder)
	}
	a.open[0].del(i)
	a.open[1].del(i)
	if !a.open[0].empty() || !a.open[1].empty() {
		a.doubt = a.s.spare.newDoubt()
	}
}

// search looks for the protocol of b and hands it over when found.
func (a *app) search(d proto.Dir, b []byte) {
	a.tries++
	view := b
	if len(a.held[d]) > 0 {
		if !a.gapAt[d] {
			a.hold(d, b)
		}
		view = a.held[d]
	}
	view = view[:min(len(view), maxProbe)]
	best := a.probe(d, view)
	held := len(a.held[d]) > 0 && !a.gapAt[d]
	over := a.tries >= maxProbes || len(a.parts) >= maxHeldParts || len(a.held[0])+len(a.held[1]) > 2*maxProbe
	if best < 0 && over {
		best = a.fallback()
	}
	switch {
	case best >= 0:
		a.start(best)
		a.replay()
		if !held {
			a.take(d, b)
		}
	case over || a.open[0].empty() && a.open[1].empty():
		a.giveUp()
		if a.late > 0 && a.tries > 1 {
			a.searchLate(d, b) // the chunk that made it clear may be the one
		}
	case len(a.held[d]) == 0:
		a.hold(d, b)
	}
}

// hold keeps bytes until a parser is found.
func (a *app) hold(d proto.Dir, b []byte) {
	if len(a.held[d]) > 2*maxProbe {
		return
	}
	if a.held[d] == nil {
		a.held[d] = a.s.spare.bytes()
	}
	if a.parts == nil {
		a.parts = a.s.spare.newParts()
	}
	a.held[d] = append(a.held[d], b...)
	a.parts = append(a.parts, heldPart{ts: a.s.now, at: a.s.at, n: len(b), dir: d})
	a.s.charge(a.c)
}

// replay gives the parser what was held, at the time it was captured.
func (a *app) replay() {
	parts, held := a.parts, a.held
	defer a.s.spare.free(held, parts)
	a.parts, a.held = nil, [2][]byte{}
	now, at := a.s.now, a.s.at
	for _, p := range parts {
		a.s.now, a.s.at = p.ts, p.at
		switch {
		case p.end:
			a.finish(p.dir)
		case p.hole:
			a.skip(p.dir, p.n)
		default:
			a.take(p.dir, held[p.dir][:p.n])
			held[p.dir] = held[p.dir][p.n:]
		}
	}
	a.s.now, a.s.at = now, at
}

// take passes bytes to the parser, or to the search for one.
func (a *app) take(d proto.Dir, b []byte) {
	switch {
	case a.parser != nil:
		a.give(d, b)
	case a.c.app != a: // dropped
	case a.late > 0:
		a.searchLate(d, b)
	default:
		a.search(d, b)
	}
}

// give passes bytes to the parser.
func (a *app) give(d proto.Dir, b []byte) {
	if a.turned {
		d = d.Other()
	}
	a.note(heldPart{n: len(b), dir: d}, b)
	var err error
	switch {
	case a.stream != nil:
		err = a.stream.Feed(d, b)
	case a.parser != nil:
		_, err = a.parser.Parse(d, b)
	}
	if err != nil {
		a.fail(err)
	}
}

func (a *app) skip(d proto.Dir, n int) {
	if a.turned {
		d = d.Other()
	}
	a.note(heldPart{n: n, dir: d, hole: true}, nil)
	if a.stream != nil {
		if err := a.stream.Gap(d, n); err != nil {
			a.fail(err)
		}
	}
}

func (a *app) finish(d proto.Dir) {
	if a.turned {
		d = d.Other()
	}
	a.note(heldPart{dir: d, end: true}, nil)
	if a.stream != nil {
		a.stream.End(d)
	}
}

// fail ends the parser after an error. While in doubt, another one follows.
func (a *app) fail(err error) {
	if a.revoke() {
		return
	}
	if a.parser == nil && a.stream == nil {
		a.giveUp()
		return
	}
	a.s.weird(a.c, a.conn.Parser, "protocol_violation", err.Error())
	c, name := a.c, a.conn.Parser
	a.s.dropApp(c)
	if c.bytes(0)+c.bytes(1) <= maxDoubtful {
		c.names = slices.DeleteFunc(c.names, func(n string) bool { return n == name })
	}
}

// close ends the parser. What is still searched for goes to the protocol that
// the port speaks for.
func (a *app) close() {
	if a.parser == nil && len(a.parts) > 0 {
		if i := a.fallback(); i >= 0 {
			a.start(i)
			a.replay()
		}
	}
	a.believe()
	a.stop()
	a.forget()
}

// forget leaves what was held to others.
func (a *app) forget() {
	a.s.spare.free(a.held, a.parts)
	a.held, a.parts = [2][]byte{}, nil
}

// stop ends the parser.
func (a *app) stop() {
	switch p, st := a.parser, a.stream; {
	case st != nil:
		a.stream, a.parser = nil, nil
		st.Close()
	case p != nil:
		a.parser, a.holder = nil, nil
		p.Close()
	}
}

// flipped follows a change of roles.
func (a *app) flipped(c *conn) {
	if a.parser != nil {
		a.turned = !a.turned
		return
	}
	a.held[0], a.held[1] = a.held[1], a.held[0]
	a.gapAt[0], a.gapAt[1] = a.gapAt[1], a.gapAt[0]
	a.open[0], a.open[1] = a.open[1], a.open[0]
	for i := range a.parts {
		a.parts[i].dir = a.parts[i].dir.Other()
	}
	a.conn.ID = c.head(a.s)
}

// parse takes bytes of a connection that are in order.
func (s *shard) parse(c *conn, d proto.Dir, b []byte) {
	if len(b) == 0 {
		return
	}
	s.guard(c, func(a *app) { a.take(d, b) })
	if a := c.app; a != nil {
		if n := a.keeps() - a.weighed; n > weighStep || n < -weighStep {
			s.charge(c)
		}
	}
}

// weighStep is by how much what a parser keeps must change to be charged anew.
const weighStep = 4096

// keeps is about how many bytes the parser keeps.
func (a *app) keeps() int64 {
	switch {
	case a.stream != nil:
		return int64(a.stream.Held())
	case a.holder != nil:
		return int64(a.holder.Held())
	}
	return 0
}

// parseGap passes on a hole.
func (s *shard) parseGap(c *conn, d proto.Dir, n uint64) {
	if c.app == nil {
		return // nothing before it is remembered
	}
	size := int(min(n, 1<<62)) // #nosec G115 -- bounded
	s.guard(c, func(a *app) {
		if a.parser != nil {
			a.skip(d, size)
			return
		}
		if len(a.held[d]) > 0 {
			a.gapAt[d] = true
		}
		if len(a.parts) > 0 && len(a.parts) < maxHeldParts {
			a.parts = append(a.parts, heldPart{ts: s.now, at: s.at, n: size, dir: d, hole: true})
		}
	})
}

// parseEnd passes on that a direction has ended.
func (s *shard) parseEnd(c *conn, d proto.Dir) {
	if c.app == nil {
		return
	}
	s.guard(c, func(a *app) {
		if a.parser != nil {
			a.finish(d)
		} else if len(a.parts) > 0 && len(a.parts) < maxHeldParts {
			a.parts = append(a.parts, heldPart{ts: s.now, at: s.at, dir: d, end: true})
		}
	})
}

// dropApp ends detection and parsing of a connection for good.
func (s *shard) dropApp(c *conn) {
	a := c.app
	c.noApp = true
	if _, known := s.eng.protos.byName["dns"]; known && !slices.Contains(c.names, "dns") {
		c.dns = false
	}
	if a == nil {
		return
	}
	c.app = nil
	a.close()
	s.charge(c)
}
