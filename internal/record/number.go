package record

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
)

// pairs are the numbers 00 to 99.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// tens are the powers of ten that 64 bits hold.
var tens = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// width is how many digits n has in decimal.
func width(n uint64) int {
	// log10(2) is 1233/4096, nearly enough for 64 bits: it is one too few or right.
	d := bits.Len64(n|1) * 1233 >> 12
	if n >= tens[d] {
		d++
	}
	return max(d, 1)
}

// AppendUint writes n in decimal, straight to its place.
func AppendUint(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, byte('0'+n))
	}
	d := width(n)
	dst = extend(dst, d)
	putDigits(dst[len(dst)-d:], n)
	return dst
}

// extend makes dst longer by n bytes, whose values are of no account.
func extend(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = slices.Grow(dst, n)
	}
	return dst[:len(dst)+n]
}

// putDigits fills b with the last digits of n.
func putDigits(b []byte, n uint64) {
	i := len(b)
	for i >= 2 {
		q := n / 100
		r := (n - q*100) * 2
		i -= 2
		b[i], b[i+1] = pairs[r], pairs[r+1]
		n = q
	}
	if i == 1 {
		b[0] = byte('0' + n%10)
	}
}

// octet is a number and a dot as they stand in an IPv4 address: the bytes,
// first lowest, and how many they are.
type octet struct {
	text uint32
	n    uint8
}

var octets = func() (t [256]octet) {
	for i := range t {
		b := append(AppendUint(nil, uint64(i)), '.') // #nosec G115 -- below 256
		t[i].n = uint8(len(b))                       // #nosec G115 -- at most 4
		t[i].text = binary.LittleEndian.Uint32(append(b, 0, 0, 0))
	}
	return t
}()

// AppendAddr writes a as netip.Addr.String does.
func AppendAddr(dst []byte, a netip.Addr) []byte {
	if !a.Is4() {
		return a.AppendTo(dst)
	}
	const longest = len("255.255.255.255.")
	at := len(dst)
	dst = extend(dst, longest)
	for _, b := range a.As4() {
		o := &octets[b]
		binary.LittleEndian.PutUint32(dst[at:], o.text)
		at += int(o.n)
	}
	return dst[:at-1]
}
