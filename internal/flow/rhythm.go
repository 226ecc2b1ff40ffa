package flow

import (
	"math"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/network"
)

const (
	// quiet is a pause after which who speaks begins something new.
	quiet = time.Second
	// minRhythm is how long a connection lasts before its rhythm is worth a record.
	minRhythm = 5 * time.Minute
	// minStarts is how often somebody must have begun.
	minStarts = 8
	// rhythmCost is what a rhythm counts against the budget.
	rhythmCost = 128
)

// rhythm counts who speaks first after a pause. A connection has none until its
// first pause, so that short ones cost nothing.
type rhythm struct {
	began uint8 // side that spoke first after the last pause
	side  [2]beat
}

// beat is one side's part.
type beat struct {
	starts, same uint64
	size         int         // of the last start
	at           record.Time // of the last start
	sum, squares float64     // of the times between starts, in seconds
	answers      uint64      // bytes after the other side began
}

// beat takes note of n new bytes of a side.
func (s *shard) beat(c *conn, side uint8, n int, now record.Time) {
	before := c.spoke
	pause := now.Sub(before)
	c.spoke = max(before, now)
	if c.rhythm == nil {
		if before == 0 || pause < quiet {
			return
		}
		c.rhythm = &rhythm{}
		s.charge(c)
	}
	r := c.rhythm
	if pause >= quiet {
		r.began = side
		b := &r.side[side]
		if b.starts > 0 {
			gap := now.Sub(b.at).Seconds()
			b.sum += gap
			b.squares += gap * gap
			if n == b.size {
				b.same++
			}
		}
		b.starts++
		b.size, b.at = n, now
		return
	}
	if side != r.began {
		r.side[side].answers += uint64(n) // #nosec G115 -- not negative
	}
}

// gaps is the mean time between starts and how much it varies.
func (b *beat) gaps() (mean record.Opt[time.Duration], vary record.Opt[float64]) {
	if b.starts < 3 || b.sum <= 0 {
		return mean, vary
	}
	n := float64(b.starts - 1)
	m := b.sum / n
	v := math.Sqrt(max(0, b.squares/n-m*m)) / m
	return record.Some(time.Duration(m * float64(time.Second))), record.Some(math.Round(v*1000) / 1000)
}

// writeRhythm writes the record of a connection that is over.
func (s *shard) writeRhythm(c *conn) {
	r := c.rhythm
	if r == nil || c.last.Sub(c.start) < minRhythm || r.side[0].starts+r.side[1].starts < minStarts {
		return
	}
	o, p := &r.side[c.orig], &r.side[c.orig^1]
	rec := &network.Rhythm{
		Conn: c.head(s), Service: c.service(), Duration: c.last.Sub(c.start),
		OrigBytes: c.bytes(c.orig), RespBytes: c.bytes(c.orig ^ 1),
		OrigStarts: o.starts, RespStarts: p.starts, OrigSame: o.same, RespSame: p.same,
		OrigAnswers: o.answers, RespAnswers: p.answers,
	}
	rec.OrigGap, rec.OrigVary = o.gaps()
	rec.RespGap, rec.RespVary = p.gaps()
	s.lane.Put(rec)
}
