package server

import (
	"bytes"
	"container/list"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// page is an answer that was read: its JSON, and the times of its first and
// last object.
type page struct {
	body        []byte
	first, last string
	objects     int

	once sync.Once
	gz   []byte // the body compressed, made when first asked for
}

// compressed is the page as gzip (RFC 1952).
func (p *page) compressed() []byte {
	p.once.Do(func() {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is right
		_, _ = w.Write(p.body)                          // into memory
		_ = w.Close()
		p.gz = b.Bytes()
	})
	return p.gz
}

// pages keeps pages that cannot change any more: full ones, which end before
// the newest object. What is added comes after them; what replaces or removes
// an object disturbs its collection, which is part of the key. A thousand
// members ask for the same pages.
type pages struct {
	mu    sync.Mutex
	size  int64
	max   int64
	order *list.List // of *kept, the last used in front
	of    map[string]*list.Element
}

type kept struct {
	key  string
	page *page
	size int64
}

func newPages(most int64) *pages {
	return &pages{max: most, order: list.New(), of: map[string]*list.Element{}}
}

func (p *pages) get(key string) *page {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.of[key]
	if e == nil {
		return nil
	}
	p.order.MoveToFront(e)
	return e.Value.(*kept).page
}

func (p *pages) put(key string, x *page) {
	k := &kept{key, x, int64(len(x.body)*5/4 + len(key) + 512)} // with what it takes compressed
	if k.size > p.max/4 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[key] != nil {
		return
	}
	p.of[key] = p.order.PushFront(k)
	p.size += k.size
	for p.size > p.max {
		e := p.order.Back()
		old := e.Value.(*kept)
		p.order.Remove(e)
		delete(p.of, old.key)
		p.size -= old.size
	}
}
