package ot

import (
	"fmt"
	"hash/fnv"
)

// Links makes the ids that tie the rows of one message together. They follow
// from the connection's uid and a count, so that the same evidence gives the
// same ones.
type Links struct {
	seed uint64
	n    uint32
}

// NewLinks is for the connection with this uid.
func NewLinks(uid string) Links {
	h := fnv.New64a()
	_, _ = h.Write([]byte(uid))
	return Links{seed: h.Sum64() & (1<<40 - 1)}
}

// Next is another id: 18 hexadecimal digits, as many as Zeek's packages have.
func (l *Links) Next() string {
	l.n++
	return fmt.Sprintf("%010x%08x", l.seed, l.n)
}
