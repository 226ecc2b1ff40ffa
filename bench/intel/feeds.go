package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"

	"longwatch/internal/intel"
)

// value is an indicator as the index compares it.
type value struct {
	kind intel.Kind
	key  []byte
}

// kindsMade is how many kinds generate turns through: addresses, domains,
// digests, URLs, and addresses again of IPv6.
const kindsMade = 5

// scramble makes the number of an indicator into one that looks like no other.
func scramble(i int) uint64 {
	x := uint64(i)*0x9e3779b97f4a7c15 + 0x1234567
	x ^= x >> 31
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>29
}

// text is indicator i as a feed writes it, and its type.
func text(i int) (value, typ string) {
	x := scramble(i)
	switch i % kindsMade {
	case 0: // each number has one address: no two are equal
		n := uint32(i/kindsMade) * 2654435761 // odd, so it is a permutation
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String(), "Intel::ADDR"
	case 1:
		return fmt.Sprintf("h%x.example-%d.net", x, x%1000), "Intel::DOMAIN"
	case 2:
		return fmt.Sprintf("%016x%016x%016x%016x", x, x*3, x*5, x*7), "Intel::FILE_HASH"
	case 3:
		return fmt.Sprintf("http://w%x.example.org/%x/in.php", x%1e6, x), "Intel::URL"
	}
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], 0x2001_0db8_0000_0000|x>>32)
	binary.BigEndian.PutUint64(a[8:], x)
	return netip.AddrFrom16(a).String(), "Intel::ADDR"
}

// made is indicator i as the index compares it.
func made(i int) value {
	s, typ := text(i)
	switch typ {
	case "Intel::ADDR":
		return value{intel.Address, netip.MustParseAddr(s).AsSlice()}
	case "Intel::DOMAIN":
		return value{intel.Domain, []byte(s)}
	case "Intel::FILE_HASH":
		b, _ := hex.DecodeString(s)
		return value{intel.Hash, b}
	}
	return value{intel.URL, []byte(s[len("http://"):])}
}

// stranger is a value that generate makes none like.
func stranger(r *rand.Rand) value {
	x := r.Uint64()
	switch x % 3 {
	case 0:
		var a [16]byte
		binary.BigEndian.PutUint64(a[:], 0x2a00_0000_0000_0000|x>>8)
		binary.BigEndian.PutUint64(a[8:], x*3)
		return value{intel.Address, a[:]}
	case 1:
		return value{intel.Domain, fmt.Appendf(nil, "s%x.example.com", x)}
	}
	var d [32]byte
	for i := 0; i < 32; i += 8 {
		binary.LittleEndian.PutUint64(d[i:], r.Uint64())
	}
	return value{intel.Hash, d[:]}
}

// perFeed is how many indicators one file has.
const perFeed = 500_000

// generate writes n indicators as Zeek intel files of several sources, with
// windows, notes and a day on which each was seen.
func generate(dir string, n int) error {
	for start := 0; start < n; start += perFeed {
		if err := feed(filepath.Join(dir, fmt.Sprintf("feed-%03d.intel", start/perFeed)), start, min(n, start+perFeed)); err != nil {
			return err
		}
	}
	return nil
}

func feed(name string, start, end int) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, _ = fmt.Fprintf(w, "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.confidence\tmeta.first_seen\tmeta.last_seen\n")
	for i := start; i < end; i++ {
		v, typ := text(i)
		day := scramble(i) % 360
		_, _ = fmt.Fprintf(w, "%s\t%s\tSource %d\tfamily %d\thttps://example.org/%d\t%d\t2025-%02d-%02d\t2026-%02d-%02d\n",
			v, typ, start/perFeed, day%97, day%53, 40+day%5*10, 1+day/30, 1+day%28, 1+day/30, 1+day%28)
	}
	if err := w.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
