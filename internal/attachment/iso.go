package attachment

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

const isoSector = 2048

// listISO walks the folders of an ISO 9660 image (ECMA-119), by the names of
// Joliet where there are any.
func listISO(l *look, b []byte) list {
	var out list
	root, joliet := []byte(nil), false
	for s := 16; s < 64; s++ {
		d := part(b, int64(s)*isoSector, isoSector)
		if len(d) < isoSector || string(d[1:6]) != "CD001" || d[0] == 255 {
			break
		}
		switch {
		case d[0] == 1 && root == nil:
			root = d[156:190]
		case d[0] == 2 && d[88] == '%' && d[89] == '/' && !joliet:
			root, joliet = d[156:190], true
		}
	}
	if root == nil {
		return list{partial: true}
	}
	seen := map[uint32]bool{}
	var walk func(rec []byte, way string, depth int)
	walk = func(rec []byte, way string, depth int) {
		at, size := binary.LittleEndian.Uint32(rec[2:]), binary.LittleEndian.Uint32(rec[10:])
		if seen[at] || depth > 16 || len(seen) > maxListed {
			return
		}
		seen[at] = true
		dir := part(b, int64(at)*isoSector, int64(size))
		if int64(len(dir)) < int64(size) {
			out.partial = true
		}
		for off := 0; off < len(dir); {
			n := int(dir[off])
			if n == 0 { // records do not cross sectors
				off = (off/isoSector + 1) * isoSector
				continue
			}
			if n < 34 || off+n > len(dir) {
				out.partial = true
				return
			}
			r := dir[off : off+n]
			off += n
			k := int(r[32])
			if 33+k > n {
				out.partial = true
				continue
			}
			name := isoName(r[33:33+k], joliet)
			if k == 1 && r[33] <= 1 {
				continue // itself and its parent
			}
			if r[25]&2 != 0 {
				walk(r, way+name+"/", depth+1)
				continue
			}
			if len(out.members) == maxListed {
				out.partial = true
				return
			}
			start, length := int64(binary.LittleEndian.Uint32(r[2:]))*isoSector, int64(binary.LittleEndian.Uint32(r[10:]))
			out.members = append(out.members, member{name: way + name, size: uint64(length), open: func(n int64) []byte { return part(b, start, l.spend(min(n, length))) }})
		}
	}
	walk(root, "", 0)
	return out
}

// part is a piece of b, shorter where b ends.
func part(b []byte, from, n int64) []byte {
	if from < 0 || n < 0 || from >= int64(len(b)) {
		return nil
	}
	return b[from:min(from+n, int64(len(b)))]
}

// isoName is a name without its version number.
func isoName(b []byte, joliet bool) string {
	s := string(b)
	if joliet { // UCS-2, big-endian
		u := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			u = append(u, binary.BigEndian.Uint16(b))
		}
		s = string(utf16.Decode(u))
	}
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSuffix(s, ".")
}
