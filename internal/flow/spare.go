package flow

// spare is what connections that are over, or that know their protocol, leave to
// others of their shard.
type spare struct {
	held   [][]byte
	parts  [][]heldPart
	doubts []*doubt
}

const (
	// maxSpare bounds what is left of each kind.
	maxSpare = 64
	// spareBytes is what a new one has room for: most protocols are known, and
	// believed, by less.
	spareBytes = 2 << 10
	spareParts = 8
)

// last takes the last of a list.
func last[T any](list *[]T) (x T, ok bool) {
	l := *list
	if len(l) == 0 {
		return x, false
	}
	x = l[len(l)-1]
	var none T
	l[len(l)-1] = none
	*list = l[:len(l)-1]
	return x, true
}

func (s *spare) bytes() []byte {
	if b, ok := last(&s.held); ok {
		return b
	}
	return make([]byte, 0, spareBytes)
}

func (s *spare) newParts() []heldPart {
	if p, ok := last(&s.parts); ok {
		return p
	}
	return make([]heldPart, 0, spareParts)
}

func (s *spare) newDoubt() *doubt {
	x, ok := last(&s.doubts)
	if !ok {
		x = &doubt{}
	}
	x.parts = s.newParts()
	return x
}

// free takes back what was held; nothing may look at it any more.
func (s *spare) free(held [2][]byte, parts []heldPart) {
	for _, b := range held {
		if cap(b) > 0 && len(s.held) < maxSpare {
			s.held = append(s.held, b[:0])
		}
	}
	if cap(parts) > 0 && len(s.parts) < maxSpare {
		s.parts = append(s.parts, parts[:0])
	}
}

// freeDoubt takes back a doubt whose held bytes are somebody's, or were freed.
func (s *spare) freeDoubt(x *doubt) {
	clear(x.said)
	x.held, x.parts, x.said = [2][]byte{}, nil, x.said[:0]
	if len(s.doubts) < maxSpare {
		s.doubts = append(s.doubts, x)
	}
}
