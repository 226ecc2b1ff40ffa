package http

import "math/bits"

const (
	fastBits = 10
	maxBits  = 15
)

// huffman is a canonical code: a table for short codes, counts for long ones.
type huffman struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | length, 0: longer or none
	counts [maxBits + 1]uint16
	syms   [288]uint16
}

// build makes the code of these lengths. A code may be incomplete only where
// RFC 1951 section 3.2.7 lets it: one distance, or none.
func (h *huffman) build(lengths []uint8) error {
	h.counts, h.fast = [maxBits + 1]uint16{}, [1 << fastBits]uint16{}
	for _, l := range lengths {
		h.counts[l]++
	}
	h.counts[0] = 0
	left := 1
	var next, first [maxBits + 2]uint16
	code := uint16(0)
	for l := 1; l <= maxBits; l++ {
		left = left<<1 - int(h.counts[l])
		if left < 0 {
			return errInflate
		}
		next[l+1] = next[l] + h.counts[l]
		code = (code + h.counts[l-1]) << 1
		first[l] = code
	}
	for s, l := range lengths {
		if l == 0 {
			continue
		}
		h.syms[next[l]] = uint16(s)
		next[l]++
		if l <= fastBits {
			rev := bits.Reverse16(first[l]) >> (16 - l)
			for i := int(rev); i < len(h.fast); i += 1 << l {
				h.fast[i] = uint16(s)<<4 | uint16(l)
			}
		}
		first[l]++
	}
	return nil
}

// symbol decodes one symbol.
func (z *inflater) symbol(h *huffman) (uint16, error) {
	for z.n < maxBits && z.pos < len(z.src) {
		z.acc |= uint64(z.src[z.pos]) << z.n
		z.pos++
		z.n += 8
	}
	if e := h.fast[z.acc&(1<<fastBits-1)]; e != 0 && uint(e&15) <= z.n {
		z.take(uint(e & 15))
		return e >> 4, nil
	}
	code, first, index := 0, 0, 0
	for l := uint(1); l <= maxBits; l++ {
		if l > z.n {
			return 0, errMore
		}
		code |= int(z.acc>>(l-1)) & 1
		count := int(h.counts[l])
		if code-first < count {
			z.take(l)
			return h.syms[index+code-first], nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, errInflate
}

func (z *inflater) fixed() {
	var l [288]uint8
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	_ = z.lit.build(l[:])
	var d [30]uint8
	for i := range d {
		d[i] = 5
	}
	_ = z.dist.build(d[:])
}

// dynamic reads the code lengths of a block (RFC 1951 section 3.2.7).
func (z *inflater) dynamic() error {
	if !z.need(14) {
		return errMore
	}
	nlit, ndist, ncode := int(z.take(5))+257, int(z.take(5))+1, int(z.take(4))+4
	if nlit > 286 || ndist > 30 {
		return errInflate
	}
	var l [320]uint8
	for _, i := range codeOrder[:ncode] {
		if !z.need(3) {
			return errMore
		}
		l[i] = uint8(z.take(3))
	}
	if err := z.lit.build(l[:19]); err != nil {
		return err
	}
	l = [320]uint8{}
	for i := 0; i < nlit+ndist; {
		sym, err := z.symbol(&z.lit)
		if err != nil {
			return err
		}
		if sym < 16 {
			l[i] = uint8(sym)
			i++
			continue
		}
		repeat, width, base := uint8(0), uint(7), 11
		switch sym {
		case 16:
			if i == 0 {
				return errInflate
			}
			repeat, width, base = l[i-1], 2, 3 //nolint:gosec // at most 316 lengths
		case 17:
			width, base = 3, 3
		}
		if !z.need(width) {
			return errMore
		}
		n := base + int(z.take(width))
		if i+n > nlit+ndist {
			return errInflate
		}
		for range n {
			l[i] = repeat
			i++
		}
	}
	if l[256] == 0 {
		return errInflate
	}
	if err := z.lit.build(l[:nlit]); err != nil {
		return err
	}
	return z.dist.build(l[nlit : nlit+ndist])
}
