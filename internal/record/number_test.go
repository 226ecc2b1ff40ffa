package record

import (
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
)

func TestAppendUint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	numbers := []uint64{0, math.MaxUint64, math.MaxInt64}
	for n := uint64(1); n < math.MaxUint64/10; n *= 10 {
		numbers = append(numbers, n-1, n, n+1, 9*n, 10*n-1, 10*n)
	}
	for range 10000 {
		numbers = append(numbers, rng.Uint64()>>rng.IntN(64))
	}
	for _, n := range numbers {
		if got, want := string(AppendUint(make([]byte, 0, rng.IntN(24)), n)), strconv.FormatUint(n, 10); got != want {
			t.Fatalf("%d: %s", n, got)
		}
	}
}

func TestAppendAddr(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	addrs := []netip.Addr{netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255"), netip.MustParseAddr("::ffff:192.0.2.1"), netip.MustParseAddr("fe80::1%eth0")}
	for range 10000 {
		var b [4]byte
		for i := range b {
			b[i] = byte(rng.Uint32() >> rng.IntN(8) & 0xff >> rng.IntN(8))
		}
		addrs = append(addrs, netip.AddrFrom4(b))
	}
	for _, a := range addrs {
		if got, want := string(AppendAddr(make([]byte, 0, rng.IntN(20)), a)), a.String(); got != want {
			t.Fatalf("%s: %s", want, got)
		}
	}
}

func TestAppendSeconds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	times := []int64{0, 1, 499, 500, 1499, 999_999_499, 999_999_500, 1_700_000_000_123_456_789}
	for range 10000 {
		times = append(times, rng.Int64()>>rng.IntN(63))
	}
	for _, ns := range times {
		// Zeek rounds to six digits, half up.
		want := new(big.Rat).SetFrac64((ns+500)/1000, 1e6).FloatString(6)
		if got := string(AppendSeconds(nil, ns)); got != want {
			t.Fatalf("%d: %s, not %s", ns, got, want)
		}
		if got := string(AppendSeconds(nil, -ns)); ns > 0 && got != "-"+want {
			t.Fatalf("-%d: %s", ns, got)
		}
	}
}
