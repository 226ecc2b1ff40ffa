package flow

import "strconv"

// recent is the beginning of what a side sent last and in order. Data is handed
// on where it lies, so this is all there is to hold a repetition against: enough
// for an answer that was forged ahead of the true one, which begins at the same
// number. Repetitions of what came before are taken for equal.
type recent struct {
	seq uint64
	n   uint8
	b   [maxRecent]byte
}

const (
	// maxRecent bounds the bytes kept of what a side sent last.
	maxRecent = 64
	// maxReading bounds what is shown of each of two readings.
	maxReading = 32
	// recentCost is what one is taken to cost, in bytes.
	recentCost = maxRecent + 16
)

// note keeps the beginning of data, whose first byte has number seq.
func (e *endpoint) note(seq uint64, data []byte) {
	if e.recent == nil {
		e.recent = new(recent)
	}
	e.recent.seq = seq
	e.recent.n = uint8(copy(e.recent.b[:], data)) // #nosec G115 -- at most maxRecent
}

// compare returns both readings from the first difference on, if there is one.
func (r *recent) compare(seq uint64, data []byte) (kept, other []byte) {
	if r == nil || len(data) < 2 { // one byte probes whether the peer lives (RFC 1122 section 4.2.3.6)
		return nil, nil
	}
	old := r.b[:r.n]
	switch {
	case seq >= r.seq && seq-r.seq < uint64(len(old)):
		old = old[seq-r.seq:]
	case seq < r.seq && r.seq-seq < uint64(len(data)):
		data = data[r.seq-seq:]
	default:
		return nil, nil
	}
	return differ(old, data)
}

// differ returns both from the first byte on in which they differ, as far as
// the shorter one goes; nil when there is none.
func differ(a, b []byte) (x, y []byte) {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return a[i:n], b[i:n]
		}
	}
	return nil, nil
}

// twoReadings reports data that was sent again and is not what it was: parsers
// were given the first reading, and the receiver may have taken the other.
func (s *shard) twoReadings(c *conn, kept, other []byte) {
	text := strconv.AppendQuoteToASCII([]byte("read "), string(kept[:min(len(kept), maxReading)]))
	text = strconv.AppendQuoteToASCII(append(text, ", then "...), string(other[:min(len(other), maxReading)]))
	s.weird(c, "", "rexmit_inconsistency", string(text))
}
