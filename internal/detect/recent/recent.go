// Package recent is the memory of detectors: what was seen of each key, for a
// while. It is bounded in time and in number; the key that was untouched for
// longest is forgotten first.
package recent

import (
	"container/list"
	"time"

	"longwatch/internal/record"
)

// Map holds a V for each K that was touched within keep. It is made by New.
type Map[K comparable, V any] struct {
	keep  time.Duration
	most  int
	index map[K]*list.Element
	order *list.List // least recently touched first
}

type entry[K comparable, V any] struct {
	key     K
	touched record.Time
	value   V
}

// New makes a Map that forgets after keep, or when it holds more than most keys.
func New[K comparable, V any](keep time.Duration, most int) *Map[K, V] {
	return &Map[K, V]{keep: keep, most: most, index: map[K]*list.Element{}, order: list.New()}
}

// At returns the value of k, a new one when k is unknown or forgotten, and
// remembers that k was touched at now.
func (m *Map[K, V]) At(k K, now record.Time) *V {
	m.expire(now)
	if e, ok := m.index[k]; ok {
		en := e.Value.(*entry[K, V])
		en.touched = max(en.touched, now)
		m.order.MoveToBack(e)
		return &en.value
	}
	en := &entry[K, V]{key: k, touched: now}
	m.index[k] = m.order.PushBack(en)
	if len(m.index) > m.most {
		m.drop(m.order.Front())
	}
	return &en.value
}

// Peek returns the value of k without touching it, nil when there is none.
func (m *Map[K, V]) Peek(k K, now record.Time) *V {
	m.expire(now)
	if e, ok := m.index[k]; ok {
		return &e.Value.(*entry[K, V]).value
	}
	return nil
}

// Forget drops k.
func (m *Map[K, V]) Forget(k K) {
	if e, ok := m.index[k]; ok {
		m.drop(e)
	}
}

// All calls fn for every key, the longest untouched first.
func (m *Map[K, V]) All(fn func(k K, v *V)) {
	for e := m.order.Front(); e != nil; e = e.Next() {
		en := e.Value.(*entry[K, V])
		fn(en.key, &en.value)
	}
}

func (m *Map[K, V]) expire(now record.Time) {
	for e := m.order.Front(); e != nil && now.Sub(e.Value.(*entry[K, V]).touched) > m.keep; e = m.order.Front() {
		m.drop(e)
	}
}

func (m *Map[K, V]) drop(e *list.Element) {
	delete(m.index, e.Value.(*entry[K, V]).key)
	m.order.Remove(e)
}
