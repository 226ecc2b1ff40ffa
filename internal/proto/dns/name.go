package dns

import (
	"strings"
)

const (
	maxName  = 255 // RFC 1035 section 2.3.4
	maxJumps = 32  // compression pointers followed for one name
)

// readName reads a domain name at off of the message and returns it in lower
// case, with dots, and the offset behind it. ok is false when the name leaves
// the message, loops or is too long.
func readName(msg []byte, off int, scratch []byte) (name []byte, next int, ok bool) {
	name = scratch[:0]
	next = -1
	for jumps := 0; ; {
		if off >= len(msg) {
			return name, 0, false
		}
		n := int(msg[off])
		switch {
		case n == 0:
			if next < 0 {
				next = off + 1
			}
			return name, next, true
		case n&0xc0 == 0xc0:
			if off+1 >= len(msg) || jumps == maxJumps {
				return name, 0, false
			}
			if next < 0 {
				next = off + 2
			}
			to := (n&0x3f)<<8 | int(msg[off+1])
			if to >= off { // RFC 1035 section 4.1.4: a prior occurrence
				return name, 0, false
			}
			off = to
			jumps++
		case n&0xc0 != 0:
			return name, 0, false
		default:
			if off+1+n > len(msg) || len(name)+n+1 > maxName {
				return name, 0, false
			}
			if len(name) > 0 {
				name = append(name, '.')
			}
			for _, b := range msg[off+1 : off+1+n] {
				if b >= 'A' && b <= 'Z' {
					b += 'a' - 'A'
				}
				name = append(name, b)
			}
			off += 1 + n
		}
	}
}

// netbiosName undoes the first-level encoding of RFC 1001 section 14.1: 32
// letters for 16 bytes, the last one the name's type, padded with blanks. What
// is not in that form stays as it is.
func netbiosName(encoded string) string {
	label, _, _ := strings.Cut(encoded, ".")
	if len(label) != 32 {
		return encoded
	}
	out := make([]byte, 0, 16)
	for i := 0; i < 32; i += 2 {
		hi, lo := label[i]|0x20, label[i+1]|0x20
		if hi < 'a' || hi > 'p' || lo < 'a' || lo > 'p' {
			return encoded
		}
		b := (hi-'a')<<4 | (lo - 'a')
		if b >= 0x7f || b < ' ' && b >= 3 { // Windows itself uses 1 and 2 in names
			break
		}
		out = append(out, b)
	}
	if name := strings.TrimRight(string(out[:min(len(out), 15)]), " \x00"); name != "" {
		return name
	}
	return encoded
}
