package flow

// sequence follows one end's sequence numbers, over as many wraps of 32 bits as
// there are. Relative numbers start at 0 with the SYN, so that the first byte of
// data has number 1, whether or not a SYN was seen.
type sequence struct {
	start              int64 // number of the SYN, or of where it would have been
	last, ack          uint32
	lastWraps, ackWrap uint32
}

// tooLarge is a jump that is damage rather than data (Zeek's bound).
const tooLarge = 1 << 20

// delta is the signed distance from b to a.
func delta(a, b uint32) int32 { return int32(a - b) } // #nosec G115 -- modular arithmetic

func full(n, wraps uint32) uint64 { return uint64(wraps)<<32 + uint64(n) }

func (q *sequence) start32() uint32 { return uint32(q.start) } // #nosec G115 -- modular arithmetic

// relative places number n, near last, in the end's own numbering. under says
// that it lies before the start.
func (q *sequence) relative(n, last, wraps uint32) (rel uint64, under bool) {
	d := delta(n, last)
	if d < 0 && wraps != 0 && n > last {
		wraps--
	} else if d > 0 && n < last {
		wraps++
	}
	if wraps == 0 {
		d := delta(n, q.start32())
		return uint64(int64(d)), d < 0 // #nosec G115 -- two's complement, as compared
	}
	return full(n, wraps) - uint64(q.start), false // #nosec G115 -- modular arithmetic
}

func (q *sequence) advanceLast(n uint32) {
	if n < q.last {
		q.lastWraps++
	}
	q.last = n
}

func (q *sequence) advanceAck(n uint32) {
	if n < q.ack {
		q.ackWrap++
	}
	q.ack = n
}

// noneAcked tells whether nothing but perhaps the SYN was acknowledged.
func (q *sequence) noneAcked() bool {
	a := full(q.ack, q.ackWrap)
	return a == uint64(q.start) || a == uint64(q.start)+1 // #nosec G115 -- modular arithmetic
}

// sent is the number of bytes of sequence space used, without the SYN.
func (q *sequence) sent() uint64 {
	n := max(full(q.last, q.lastWraps), full(q.ack, q.ackWrap)) - uint64(q.start) // #nosec G115 -- modular arithmetic
	if n != 0 {
		n--
	}
	return n
}

// window is what an end last said it would take.
type window struct {
	size     uint32
	scale    uint8
	seq, ack uint32 // at which it said so
}
