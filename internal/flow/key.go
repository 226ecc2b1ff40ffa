package flow

import (
	"hash/maphash"
	"math/bits"

	"longwatch/internal/capture"
	"longwatch/internal/record"
)

// key names a connection: both ends in byte order of address and port, so that
// packets of either direction have the same key. One-way ICMP keeps its order.
type key struct {
	a, b   capture.Addr
	pa, pb uint16
	proto  uint8
}

// makeKey returns the key of a packet and the side (0: a, 1: b) that sent it.
func makeKey(src, dst capture.Addr, sport, dport uint16, proto uint8, oneWay bool) (key, uint8) {
	if oneWay || src.Less(dst) || src == dst && sport <= dport {
		return key{a: src, b: dst, pa: sport, pb: dport, proto: proto}, 0
	}
	return key{a: dst, b: src, pa: dport, pb: sport, proto: proto}, 1
}

// is tells whether two keys are the same.
func (k *key) is(o *key) bool {
	return k.a == o.a && k.b == o.b && k.pa == o.pa && k.pb == o.pb && k.proto == o.proto
}

// fold is the 128-bit product of x and y, folded.
func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

// Odd constants with no structure (digits of pi).
const (
	k0 = 0x243f6a8885a308d3
	k1 = 0x13198a2e03707345
	k2 = 0xa4093822299f31d1
	k3 = 0x082efa98ec4e6c89
)

func (k *key) hash(seed uint64) uint64 {
	h := fold(k.a.Hi^k0^seed, k.a.Lo^k1)
	h = fold(h^k.b.Hi^k2, k.b.Lo^k3^seed)
	return fold(h^(uint64(k.pa)<<32|uint64(k.pb)<<16|uint64(k.proto)), k1)
}

// tableSeed makes table positions unpredictable, so that nobody can prepare
// addresses that all collide. Nothing that is output depends on it.
func tableSeed() uint64 { return maphash.String(maphash.MakeSeed(), "flow") }

// shard is the same for every run, and for all connections between two hosts:
// one may announce another.
func (k *key) shard() int {
	h := fold(k.a.Hi^k0, k.a.Lo^k1)
	h = fold(h^k.b.Hi^k2, k.b.Lo^k3)
	return int(h >> 32 % shardCount)
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// uid is "C" and 17 base-62 digits of a hash of the evidence path, the place and
// time of the first packet and the connection's ends: the same in every run.
func (k *key) uid(path uint64, ts record.Time, pos int64) string {
	seed := fold(path^k0, uint64(ts)^k2) ^ fold(uint64(pos)^k3, k1) // #nosec G115 -- bits only
	var b [18]byte
	b[0] = 'C'
	hi, lo := k.hash(seed), k.hash(fold(seed, k3)^k2)
	for i := 1; i < len(b); i++ {
		h := &hi
		if i > 9 {
			h = &lo
		}
		b[i] = base62[*h%62]
		*h /= 62
	}
	return string(b[:])
}

// pathHash is FNV-1a, 64 bits.
func pathHash(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}
