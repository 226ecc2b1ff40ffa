package flow

import (
	"fmt"
	"testing"

	"longwatch/internal/proto"
)

// holder says that it holds n bytes, and when it is closed.
type holder struct {
	n      int
	closed *[]string
	name   string
}

func (h *holder) Held() int { return h.n }
func (h *holder) Close()    { *h.closed = append(*h.closed, h.name) }

// TestShared: state under one key is one, and what was asked for longest ago is
// closed first when there is no room.
func TestShared(t *testing.T) {
	var x shared
	var closed []string
	get := func(name string, budget int64) *holder {
		return x.get(sharedKey{name: name}, budget, func() proto.Sharer { return &holder{closed: &closed, name: name} }).(*holder)
	}
	a := get("a", 1<<20)
	b := get("b", 1<<20)
	if get("a", 1<<20) != a || a == b {
		t.Error("a key does not stand for one state")
	}
	a.n = 1 << 20
	if get("a", 1<<20); fmt.Sprint(closed) != "[b]" {
		t.Errorf("closed %v, want the one asked for longest ago", closed)
	}
	if get("c", 1<<20); fmt.Sprint(closed) != "[b a]" {
		t.Errorf("closed %v", closed)
	}
	for i := range maxShared + 1 {
		get(fmt.Sprint(i), 1<<40)
	}
	if x.order.Len() != maxShared || len(x.byKey) != maxShared {
		t.Errorf("%d states kept", x.order.Len())
	}
	x.closeAll()
	if len(x.byKey) != 0 || x.held != 0 || len(closed) != maxShared+4 {
		t.Errorf("%d states left, %d bytes, %d closed", len(x.byKey), x.held, len(closed))
	}
}
