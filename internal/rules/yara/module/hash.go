package module

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
)

// hash is as https://yara.readthedocs.io/en/v4.2.3/modules/hash.html says. What
// was asked once is remembered, because many rules ask the same.

func hashModule() *Module {
	t := schema("")
	add := func(name, ret string, f func(b []byte) Value) {
		t.fn(name, "ii", ret, func(s *State, _ *Object, a []Value) Value {
			return keep(s, fmt.Sprintf("%s %d %d", name, a[0].I, a[1].I), func() Value {
				b, ok := s.part(a[0].I, a[1].I)
				if !ok {
					return Undefined
				}
				return f(b)
			})
		})
		t.fn(name, "s", ret, func(_ *State, _ *Object, a []Value) Value { return f([]byte(a[0].S)) })
	}
	add("md5", "s", func(b []byte) Value { h := md5.Sum(b); return String(hex.EncodeToString(h[:])) })
	add("sha1", "s", func(b []byte) Value { h := sha1.Sum(b); return String(hex.EncodeToString(h[:])) })
	add("sha256", "s", func(b []byte) Value { h := sha256.Sum256(b); return String(hex.EncodeToString(h[:])) })
	add("crc32", "i", func(b []byte) Value { return Number(int64(crc32.ChecksumIEEE(b))) })
	add("checksum32", "i", func(b []byte) Value {
		sum := uint32(0)
		for _, c := range b {
			sum += uint32(c)
		}
		return Number(int64(sum))
	})
	return bare("hash", t)
}
