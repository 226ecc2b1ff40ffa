package server

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits are how often members may ask, and strangers may fail.
type limits struct{ members, strangers *buckets }

func newLimits(o Options) *limits {
	return &limits{
		members:   &buckets{rate: rate.Limit(o.Rate), burst: o.Burst, of: map[string]*bucket{}},
		strangers: &buckets{rate: rate.Every(2 * time.Second), burst: 10, of: map[string]*bucket{}},
	}
}

func (l *limits) sweep(now time.Time) {
	l.members.sweep(now)
	l.strangers.sweep(now)
}

// buckets has a token bucket for each name. At maxBuckets those are forgotten
// that have been full for a while, and all if there are none.
type buckets struct {
	rate  rate.Limit
	burst int
	mu    sync.Mutex
	of    map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

const maxBuckets = 100_000

func (b *buckets) get(name string, now time.Time) *bucket {
	x := b.of[name]
	if x == nil {
		if len(b.of) >= maxBuckets {
			b.drop(now)
		}
		if len(b.of) >= maxBuckets {
			clear(b.of)
		}
		x = &bucket{Limiter: rate.NewLimiter(b.rate, b.burst)}
		b.of[name] = x
	}
	x.used = now
	return x
}

// take takes a token, or says how long until there is one.
func (b *buckets) take(name string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.get(name, now)
	if x.AllowN(now, 1) {
		return 0
	}
	return b.until(x, now)
}

// wait says how long until there is a token, and takes none.
func (b *buckets) wait(name string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.of[name]
	if x == nil || x.TokensAt(now) >= 1 {
		return 0
	}
	return b.until(x, now)
}

func (b *buckets) until(x *bucket, now time.Time) time.Duration {
	missing := math.Max(0, 1-x.TokensAt(now))
	return max(time.Duration(missing/float64(b.rate)*float64(time.Second)), time.Millisecond)
}

func (b *buckets) sweep(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.of) > 1000 {
		b.drop(now)
	}
}

// drop forgets those that are full again.
func (b *buckets) drop(now time.Time) {
	for name, x := range b.of {
		if now.Sub(x.used) > time.Minute && x.TokensAt(now) >= float64(b.burst) {
			delete(b.of, name)
		}
	}
}
