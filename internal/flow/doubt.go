package flow

import (
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

// doubt is what is kept while the parser at work may be the wrong one: other
// candidates have not said no, and it has not confirmed that it understands.
// If it fails, what it said is taken back and the next candidate is given the
// same bytes.
type doubt struct {
	held  [2][]byte
	parts []heldPart
	said  []said
}

// said is a record or a weird that waits for its parser to be believed.
type said struct {
	rec                record.Record
	source, name, addl string
	ts                 record.Time
	at                 place
}

// maxSaid bounds what one parser may say before it is believed.
const maxSaid = 64

// note keeps what the parser is given. Beyond the bounds it is believed.
func (a *app) note(p heldPart, b []byte) {
	x := a.doubt
	if x == nil {
		return
	}
	if len(x.parts) >= maxHeldParts || len(x.held[0])+len(x.held[1])+len(b) > 2*maxProbe {
		a.believe()
		return
	}
	p.ts, p.at = a.s.now, a.s.at
	if x.held[p.dir] == nil {
		x.held[p.dir] = a.s.spare.bytes()
	}
	x.parts = append(x.parts, p)
	x.held[p.dir] = append(x.held[p.dir], b...)
	a.s.charge(a.c)
}

// say keeps what the parser says, and tells whether it did.
func (a *app) say(w said) bool {
	if a.muted {
		return true
	}
	if a.doubt == nil {
		return false
	}
	if len(a.doubt.said) >= maxSaid {
		a.believe()
		return false
	}
	w.ts, w.at = a.s.now, a.s.at
	a.doubt.said = append(a.doubt.said, w)
	return true
}

// believe ends the doubt: the parser is the right one, or there is none better.
func (a *app) believe() {
	x := a.doubt
	if x == nil {
		return
	}
	a.doubt = nil
	now, at := a.s.now, a.s.at
	for _, w := range x.said {
		if w.rec != nil {
			a.s.lane.Put(w.rec)
			continue
		}
		a.s.now, a.s.at = w.ts, w.at
		a.s.weird(a.c, w.source, w.name, w.addl)
	}
	a.s.now, a.s.at = now, at
	a.s.spare.free(x.held, x.parts)
	a.s.spare.freeDoubt(x)
}

// revoke takes back a parser that failed while in doubt, and gives its bytes to
// the candidate that fits next best. It returns false when none is left.
func (a *app) revoke() bool {
	x := a.doubt
	if x == nil {
		return false
	}
	a.doubt, a.muted = nil, true
	a.stop()
	a.muted = false
	if a.turned {
		a.turned = false
		x.held[0], x.held[1] = x.held[1], x.held[0]
		for i := range x.parts {
			x.parts[i].dir = x.parts[i].dir.Other()
		}
	}
	a.held, a.parts = x.held, x.parts
	a.s.spare.freeDoubt(x)
	first := a.parts[0].dir
	for _, d := range [2]proto.Dir{first, first.Other()} {
		view := a.beforeHole(d)
		if len(view) == 0 {
			continue
		}
		if best := a.probe(d, view); best >= 0 {
			a.start(best)
			a.replay()
			return true
		}
	}
	a.s.charge(a.c)
	return a.tries < maxProbes && (!a.open[0].empty() || !a.open[1].empty())
}

// beforeHole is what is held of a direction before the first hole, as far as
// probes look.
func (a *app) beforeHole(d proto.Dir) []byte {
	n := 0
	for _, p := range a.parts {
		if p.dir == d && p.hole {
			a.gapAt[d] = true
			break
		}
		if p.dir == d {
			n += p.n
		}
	}
	return a.held[d][:min(n, maxProbe)]
}
