package dnp3

// crcTable is that of the polynomial of clause 9.2.4.1, 0x3D65, reflected.
var crcTable = func() (t [256]uint16) {
	const polynomial = 0xa6bc
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ polynomial
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// checks tells whether the last two bytes of b are the checksum of those
// before them, low octet first.
func checks(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	n := len(b) - 2
	var c uint16
	for _, x := range b[:n] {
		c = crcTable[byte(c)^x] ^ c>>8
	}
	c = ^c
	return b[n] == byte(c) && b[n+1] == byte(c>>8)
}
