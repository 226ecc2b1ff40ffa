package proto

// maxGuess bounds the bytes kept before the protocol inside is known.
const maxGuess = 4 << 10

// Guess starts the parser of whatever protocol the bytes turn out to be, for
// what proxies and tunnels carry: HTTP CONNECT, SOCKS, upgrades. Bytes that
// nobody understands, or that lie too deep within protocols, are passed over: the
// stream never fails.
func (c *Conn) Guess() *Stream {
	inner := c.within()
	if inner == nil {
		return NewStream(&guess{blind: true})
	}
	return NewStream(&guess{c: inner, specs: c.Engine.Probing(c.Transport)})
}

// guess finds the protocol by its first bytes and hands them on.
type guess struct {
	c     *Conn
	specs []Spec
	inner *Stream
	held  []heldBytes // in the order of arrival
	n     int
	first [2][]byte // of each direction
	blind bool      // nobody understands it
}

type heldBytes struct {
	d Dir
	b []byte
}

// Parse implements Parser. It is done with all bytes: those that wait for a
// verdict are copied.
func (g *guess) Parse(d Dir, b []byte) (Step, error) {
	switch {
	case g.blind:
	case g.inner != nil:
		g.give(d, b)
	case g.n+len(b) > maxGuess && g.n > 0:
		g.giveUp()
	default:
		own := append([]byte(nil), b...)
		g.held, g.n = append(g.held, heldBytes{d, own}), g.n+len(b)
		g.first[d] = append(g.first[d], own...)
		g.probe(d)
	}
	return Step{Used: len(b)}, nil
}

// give passes bytes on. A parser that fails is given nothing more.
func (g *guess) give(d Dir, b []byte) {
	if g.inner != nil && g.inner.Feed(d, b) != nil {
		g.inner.Close()
		g.inner, g.blind = nil, true
	}
}

// probe asks every protocol about the first bytes of d.
func (g *guess) probe(d Dir) {
	maybe := false
	for i := range g.specs {
		switch g.specs[i].Probe(d, g.first[d]) {
		case Yes:
			g.c.Parser = g.specs[i].Name
			g.inner = NewStream(g.specs[i].New(g.c))
			held := g.held
			g.held, g.first = nil, [2][]byte{}
			for _, h := range held {
				g.give(h.d, h.b)
			}
			return
		case Maybe:
			maybe = true
		case No:
		}
	}
	if !maybe && len(g.first[d]) >= 64 && len(g.first[d.Other()]) >= 64 {
		g.giveUp()
	}
}

func (g *guess) giveUp() {
	g.held, g.first, g.blind = nil, [2][]byte{}, true
}

// Gap implements Parser.
func (g *guess) Gap(d Dir, n int) error {
	if g.inner == nil {
		g.giveUp()
	} else if g.inner.Gap(d, n) != nil {
		g.inner.Close()
		g.inner, g.blind = nil, true
	}
	return nil
}

// End implements Ender.
func (g *guess) End(d Dir) {
	if g.inner != nil {
		g.inner.End(d)
	}
}

// Held implements Holder.
func (g *guess) Held() int { return 2*g.n + g.inner.Held() }

// Close implements Parser.
func (g *guess) Close() {
	if g.inner != nil {
		g.inner.Close()
	}
}
