package http2

import "errors"

// Bounds of RFC 7541's decoder.
const (
	maxTable  = 256 << 10 // bytes of a dynamic table, as its section 4.1 counts them
	maxString = 64 << 10  // of a decoded name or value
	maxFields = 512       // in one block
	entryCost = 32
)

var (
	errHPACK  = errors.New("http2: header block breaks HPACK")
	errBounds = errors.New("http2: header block beyond bounds")
)

// field is one header field.
type field struct{ name, value string }

func (f *field) cost() int { return len(f.name) + len(f.value) + entryCost }

// decoder is the HPACK state of one direction (RFC 7541).
type decoder struct {
	table []field // oldest first
	size  int
	limit int // what the encoder chose; 0: not chosen, the default
	chose bool
}

const defaultTable = 4096

func (d *decoder) max() int {
	if d.chose {
		return d.limit
	}
	return defaultTable
}

// evict makes the table fit into n bytes.
func (d *decoder) evict(n int) {
	i := 0
	for ; i < len(d.table) && d.size > n; i++ {
		d.size -= d.table[i].cost()
	}
	d.table = d.table[i:]
}

func (d *decoder) add(f field) {
	d.evict(max(0, d.max()-f.cost()))
	if f.cost() <= d.max() {
		d.table = append(d.table, f)
		d.size += f.cost()
	}
}

// at returns the entry with an index (RFC 7541 section 2.3.3).
func (d *decoder) at(i uint64) (field, bool) {
	switch n := uint64(len(static)); {
	case i == 0 || i > n+uint64(len(d.table)):
		return field{}, false
	case i <= n:
		return static[i-1], true
	default:
		return d.table[uint64(len(d.table))-(i-n)], true
	}
}

// decode reads a whole block and hands out its fields.
func (d *decoder) decode(b []byte, out func(name, value string)) error {
	for n := 0; len(b) > 0; n++ {
		if n == maxFields {
			return errBounds
		}
		var err error
		switch first := b[0]; {
		case first&0x80 != 0: // indexed
			var i uint64
			if i, b, err = integer(b, 7); err != nil {
				return err
			}
			f, ok := d.at(i)
			if !ok {
				return errHPACK
			}
			out(f.name, f.value)
		case first&0xe0 == 0x20: // size of the table
			var size uint64
			if size, b, err = integer(b, 5); err != nil {
				return err
			}
			if size > maxTable {
				return errBounds
			}
			d.limit, d.chose = int(size), true
			d.evict(d.limit)
		case first&0x40 != 0:
			var f field
			if f, b, err = d.literal(b, 6); err != nil {
				return err
			}
			d.add(f)
			out(f.name, f.value)
		default: // without indexing, or never indexed
			var f field
			if f, b, err = d.literal(b, 4); err != nil {
				return err
			}
			out(f.name, f.value)
		}
	}
	return nil
}

// literal reads a field whose name may be indexed.
func (d *decoder) literal(b []byte, prefix uint) (f field, rest []byte, err error) {
	i, b, err := integer(b, prefix)
	if err != nil {
		return f, nil, err
	}
	if i == 0 {
		if f.name, b, err = text(b); err != nil {
			return f, nil, err
		}
	} else {
		named, ok := d.at(i)
		if !ok {
			return f, nil, errHPACK
		}
		f.name = named.name
	}
	f.value, b, err = text(b)
	return f, b, err
}

// integer reads a number with a prefix of n bits (RFC 7541 section 5.1).
func integer(b []byte, n uint) (uint64, []byte, error) {
	mask := uint64(1)<<n - 1
	v := uint64(b[0]) & mask
	b = b[1:]
	if v < mask {
		return v, b, nil
	}
	for shift := uint(0); shift < 32; shift += 7 {
		if len(b) == 0 {
			return 0, nil, errHPACK
		}
		c := b[0]
		b = b[1:]
		v += uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			return v, b, nil
		}
	}
	return 0, nil, errHPACK
}

// text reads a string (RFC 7541 section 5.2).
func text(b []byte) (string, []byte, error) {
	if len(b) == 0 {
		return "", nil, errHPACK
	}
	packed := b[0]&0x80 != 0
	n, b, err := integer(b, 7)
	switch {
	case err != nil:
		return "", nil, err
	case n > uint64(len(b)):
		return "", nil, errHPACK
	case n > maxString:
		return "", nil, errBounds
	case !packed:
		return string(b[:n]), b[n:], nil
	}
	s, ok := unpack(b[:n])
	if !ok {
		return "", nil, errHPACK
	}
	return s, b[n:], nil
}

// code is the Huffman code: for each length the first code, how many there are
// and where their symbols begin.
var code = func() (c struct {
	first, count, start [31]uint32
	syms                [257]uint16
},
) {
	next, n := uint32(0), uint32(0)
	for l := 1; l <= 30; l++ {
		next <<= 1
		c.first[l], c.start[l] = next, n
		for s, have := range codeLengths {
			if int(have) == l {
				c.syms[n] = uint16(s) // #nosec G115 -- below 257
				n++
				next++
				c.count[l]++
			}
		}
	}
	return c
}()

const endOfString = 256

// unpack decodes Huffman; what is left at the end must be the beginning of the
// end of the string, shorter than a byte.
func unpack(b []byte) (string, bool) {
	out := make([]byte, 0, len(b)*8/5)
	at, l := uint32(0), 0
	for _, c := range b {
		for bit := 7; bit >= 0; bit-- {
			at = at<<1 | uint32(c>>bit&1)
			if l++; l > 30 {
				return "", false
			}
			if i := at - code.first[l]; at >= code.first[l] && i < code.count[l] {
				s := code.syms[code.start[l]+i]
				if s == endOfString {
					return "", false
				}
				out = append(out, byte(s))
				at, l = 0, 0
			}
		}
	}
	return string(out), l < 8 && at == 1<<l-1
}
