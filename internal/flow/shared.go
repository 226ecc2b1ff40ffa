package flow

import (
	"container/list"

	"longwatch/internal/capture"
	"longwatch/internal/proto"
	"longwatch/internal/record"
)

const (
	// maxShared bounds the states of a shard that connections share.
	maxShared = 4096
	// sharedPart is the part of a shard's memory that they may hold.
	sharedPart = 4
	// sharedCost is what one is taken to cost beside what it says it holds.
	sharedCost = 512
)

// sharedKey names a state: two hosts in byte order, or none when all hosts
// share it, and what the parsers call it.
type sharedKey struct {
	a, b capture.Addr
	name string
}

// sharedState is one state and what it held when it was last asked for.
type sharedState struct {
	key   sharedKey
	state proto.Sharer
	held  int64
}

// shared are the states that connections between two hosts have in common,
// the one asked for longest ago first. They are not part of any connection's
// cost: they have a budget of their own, and close by themselves to keep it.
type shared struct {
	byKey map[sharedKey]*list.Element
	order list.List
	held  int64
}

// get returns the state under k and counts what it holds.
func (x *shared) get(k sharedKey, budget int64, begin func() proto.Sharer) proto.Sharer {
	el, ok := x.byKey[k]
	if !ok {
		if x.byKey == nil {
			x.byKey = map[sharedKey]*list.Element{}
		}
		el = x.order.PushBack(&sharedState{key: k, state: begin()})
		x.byKey[k] = el
	}
	x.order.MoveToBack(el)
	e := el.Value.(*sharedState)
	now := int64(e.state.Held()) + sharedCost + int64(len(k.name))
	x.held += now - e.held
	e.held = now
	for x.order.Len() > 1 && (x.held > budget || x.order.Len() > maxShared) {
		x.close(x.order.Front())
	}
	return e.state
}

func (x *shared) close(el *list.Element) {
	e := x.order.Remove(el).(*sharedState)
	delete(x.byKey, e.key)
	x.held -= e.held
	e.state.Close()
}

// closeAll ends every state, in the order they were last asked for.
func (x *shared) closeAll() {
	for x.order.Len() > 0 {
		x.close(x.order.Front())
	}
}

// tick tells the states that want to know it how time goes.
func (x *shared) tick(now record.Time) {
	for el := x.order.Front(); el != nil; el = el.Next() {
		if t, ok := el.Value.(*sharedState).state.(proto.Ticker); ok {
			t.Tick(now)
		}
	}
}

// Shared implements proto.Engine.
func (a *app) Shared(c *proto.Conn, name string, begin func() proto.Sharer) proto.Sharer {
	if sp, ok := a.Lookup(c.Parser); ok && len(sp.Meet) > 0 {
		return a.s.shared.get(sharedKey{name: name}, a.s.budget/sharedPart, begin)
	}
	k := sharedKey{a: a.c.key.a, b: a.c.key.b, name: name}
	if k.b.Less(k.a) {
		k.a, k.b = k.b, k.a
	}
	return a.s.shared.get(k, a.s.budget/sharedPart, begin)
}
