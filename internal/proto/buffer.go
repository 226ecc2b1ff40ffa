package proto

import (
	"math/bits"
	"sync"
)

// buffer holds the bytes of one direction that wait for more. Buffers are used
// again by other streams: their size depends on nothing but what they hold, so
// that what a stream is said to keep is the same in every run.
type buffer struct{ b []byte }

const (
	leastBuffer = 512
	// sizes is how many sizes of buffers there are, each twice the one before.
	sizes = 12 // up to MaxUnused
)

// spare are buffers that nobody uses, by size.
var spare [sizes]sync.Pool

// class is the smallest size of buffer for n bytes, at most MaxUnused.
func class(n int) int {
	return bits.Len(uint((max(n, 1) - 1) / leastBuffer)) // #nosec G115 -- not negative
}

// takeBuffer returns an empty buffer with room for n bytes.
func takeBuffer(n int) *buffer {
	i := class(n)
	if x, ok := spare[i].Get().(*buffer); ok {
		return x
	}
	return &buffer{make([]byte, 0, leastBuffer<<i)}
}

func (x *buffer) free() {
	x.b = x.b[:0]
	spare[class(cap(x.b))].Put(x)
}

// add appends p and returns the buffer that holds all: another one when x was
// too small. x may be nil.
func (x *buffer) add(p []byte) *buffer {
	switch {
	case x == nil:
		x = takeBuffer(len(p))
	case len(x.b)+len(p) > cap(x.b):
		y := takeBuffer(len(x.b) + len(p))
		y.b = append(y.b, x.b...)
		x.free()
		x = y
	}
	x.b = append(x.b, p...)
	return x
}

func (x *buffer) len() int {
	if x == nil {
		return 0
	}
	return len(x.b)
}

func (x *buffer) cap() int {
	if x == nil {
		return 0
	}
	return cap(x.b)
}
