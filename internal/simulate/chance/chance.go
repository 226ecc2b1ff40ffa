// Package chance draws the values of an exercise from a seed. Every consumer
// takes its own labelled stream, so that adding a draw in one place leaves
// all others as they were, and the same seed gives the same bytes.
package chance

import (
	"encoding/hex"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Rand is one stream of pseudo-random values. It is not for secrets.
type Rand struct {
	*rand.Rand
	seed uint64
}

// New returns the stream of a label under a seed.
func New(seed uint64, label string) *Rand {
	h := fnv.New64a()
	h.Write([]byte(label))
	mixed := seed*0x9e3779b97f4a7c15 ^ h.Sum64()
	return &Rand{Rand: rand.New(rand.NewPCG(mixed, h.Sum64())), seed: mixed}
}

// Sub returns the stream of a label below this one. It depends on where r
// came from, not on how much was drawn from it.
func (r *Rand) Sub(label string) *Rand { return New(r.seed, label) }

// Bytes returns n random bytes.
func (r *Rand) Bytes(n int) []byte {
	b := make([]byte, n)
	r.Fill(b)
	return b
}

// Fill overwrites b with random bytes.
func (r *Rand) Fill(b []byte) {
	for i := 0; i < len(b); i += 8 {
		v := r.Uint64()
		for j := i; j < len(b) && j < i+8; j++ {
			b[j] = byte(v)
			v >>= 8
		}
	}
}

// Hex returns n random bytes as lower-case hexadecimal.
func (r *Rand) Hex(n int) string { return hex.EncodeToString(r.Bytes(n)) }

// Between returns an integer in [low, high].
func (r *Rand) Between(low, high int) int { return low + r.IntN(high-low+1) }

// Duration returns a span in [low, high).
func (r *Rand) Duration(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(r.Int64N(int64(high-low)))
}

// Around returns d changed by up to the given fraction either way.
func (r *Rand) Around(d time.Duration, fraction float64) time.Duration {
	return time.Duration(float64(d) * (1 + fraction*(2*r.Float64()-1)))
}

// Wait returns an exponentially distributed span with the given mean, as the
// gaps between independent human acts have; never above six times the mean.
func (r *Rand) Wait(mean time.Duration) time.Duration {
	return time.Duration(math.Min(r.ExpFloat64(), 6) * float64(mean))
}

// Size returns a byte count with a heavy upper tail around a median.
func (r *Rand) Size(median, most int) int {
	n := int(float64(median) * math.Exp(r.NormFloat64()*0.9))
	return max(16, min(n, most))
}

// Chance is true with probability p.
func (r *Rand) Chance(p float64) bool { return r.Float64() < p }

// Letters returns n letters drawn from alphabet.
func (r *Rand) Letters(alphabet string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// Lower and Mixed are alphabets for Letters.
const (
	Lower = "abcdefghijklmnopqrstuvwxyz"
	Mixed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Pick returns one element of list.
func Pick[T any](r *Rand, list []T) T { return list[r.IntN(len(list))] }

// Some returns n different elements of list, in random order; all of them
// when there are fewer.
func Some[T any](r *Rand, list []T, n int) []T {
	order := r.Perm(len(list))
	out := make([]T, 0, n)
	for _, i := range order[:min(n, len(order))] {
		out = append(out, list[i])
	}
	return out
}
