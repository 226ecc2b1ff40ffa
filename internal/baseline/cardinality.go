package baseline

import (
	"math"
	"math/bits"
)

// groups is how many a value's subjects fall into.
const groups = 64

// group is the bit of a subject among those of a value.
func group(s Subject) uint64 { return 1 << (mix(uint64(s)^0x5bd1e995) % groups) }

// count estimates how many subjects fell into the groups that are set, by
// linear counting (Whang, Vander-Zanden, Taylor 1990): exact but for subjects
// that share a group, one in 64 pairs. many tells that all groups are set: it is
// then at least n.
func count(spread uint64) (n int, many bool) {
	zero := groups - bits.OnesCount64(spread)
	if zero == 0 {
		return int(groups * math.Log(groups)), true
	}
	return int(math.Round(-groups * math.Log(float64(zero)/groups))), false
}

// registers of a distinct counter: its standard error is 1.04/sqrt(registers).
const registers = 4096

// distinct counts different hashes (HyperLogLog; Flajolet, Fusy, Gandouet,
// Meunier 2007, with linear counting below 2.5 times the registers): 1.6 %
// standard error in 4 KiB.
type distinct [registers]uint8

func (d *distinct) add(h uint64) {
	h = mix(h)
	i := h >> 52
	d[i] = max(d[i], uint8(bits.LeadingZeros64(h<<12|1<<11)+1))
}

func (d *distinct) join(o *distinct) {
	for i := range d {
		d[i] = max(d[i], o[i])
	}
}

func (d *distinct) count() int {
	sum, zero := 0.0, 0 // registers are 53 at most
	for _, r := range d {
		sum += 1 / float64(uint64(1)<<r)
		if r == 0 {
			zero++
		}
	}
	const m = float64(registers)
	n := 0.7213 / (1 + 1.079/m) * m * m / sum
	if n <= 2.5*m && zero > 0 {
		n = m * math.Log(m/float64(zero))
	}
	return int(math.Round(n))
}
