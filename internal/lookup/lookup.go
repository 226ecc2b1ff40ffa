// Package lookup derives the keys under which a value can be asked for, from
// what it is: a name under the names above it, a path under its last part, an
// address under its networks. A store of records keeps them in its filters, so
// that a question about example.com knows where a.b.example.com may be:
//
//	lookup.Keys("domain", "A.b.example.com.", put) // a.b.example.com, b.example.com, example.com, com
//
// It must never leave out a key under which package intel finds the value; a
// key too many only costs a look in vain.
package lookup

import (
	"net/netip"
	"strings"
)

// maxValue is how long a value may be and still be looked up, in bytes; package
// intel looks up none that is longer.
const maxValue = 4096

// Keys calls put with every key of a value whose entity is of the kind given.
func Keys(kind, value string, put func(key string)) {
	if value == "" || len(value) > maxValue {
		return
	}
	switch kind {
	case "address":
		if a, err := netip.ParseAddr(value); err == nil {
			Address(a, put)
		}
	case "domain", "host":
		name(value, put)
	case "url":
		URL(value, put)
	case "email":
		put(fold(value))
		if i := strings.LastIndexByte(value, '@'); i >= 0 {
			name(value[i+1:], put)
		}
	case "user":
		put(fold(value))
		if i := strings.LastIndexByte(value, '\\'); i >= 0 {
			put(fold(value[i+1:]))
		}
	case "file", "process":
		put(Base(value))
	case "hash", "certificate", "public_key", "ja3", "ja3s", "hassh":
		put(fold(strings.ReplaceAll(value, ":", "")))
	case "user_agent", "software":
		put(value)
	default:
		put(fold(value))
	}
}

// fold is s in lower case as far as ASCII goes.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// name is a domain name and the names above it, or an address.
func name(value string, put func(string)) {
	if a, err := netip.ParseAddr(value); err == nil {
		Address(a, put)
		return
	}
	for rest := strings.TrimRight(fold(value), "."); rest != ""; {
		put(rest)
		_, rest, _ = strings.Cut(rest, ".")
	}
}

// URL calls put with the keys of a URL's host: what is asked of a URL begins
// with its host.
func URL(value string, put func(string)) {
	if h := Host(value); h != "" {
		name(h, put)
	}
}

// maxScheme is how far in "://" may stand to end a scheme; package intel says so.
const maxScheme = 12

// Host is the host of a URL, with or without a scheme, in lower case.
func Host(s string) string {
	if i := strings.Index(s, "://"); i >= 0 && i < maxScheme {
		s = s[i+3:]
	} else {
		s = strings.TrimPrefix(s, "//")
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	for _, dots := range [...]string{"…", "..."} {
		s = strings.TrimSuffix(s, dots)
	}
	if strings.HasPrefix(s, "[") {
		s, _, _ = strings.Cut(s[1:], "]")
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(fold(s), ".")
}

// Base is the last part of a path in lower case.
func Base(value string) string {
	p := strings.TrimRight(value, `/\`)
	return fold(p[strings.LastIndexAny(p, `/\`)+1:])
}

// widths are the networks that an address can be asked for under, by family.
var widths = map[bool][2]int{true: {16, 24}, false: {32, 48}}

// Address calls put with an address, without its zone and as IPv4 if it is
// that, and its networks.
func Address(a netip.Addr, put func(string)) {
	if !a.IsValid() {
		return
	}
	a = a.WithZone("").Unmap()
	put(a.String())
	for _, bits := range widths[a.Is4()] {
		if p, err := a.Prefix(bits); err == nil {
			put(p.String())
		}
	}
}

// maxNetworks bounds the keys of one network.
const maxNetworks = 256

// Network is the keys of which an address within p has at least one; ok is
// false when they would be too many.
func Network(p netip.Prefix) (keys []string, ok bool) {
	a, bits := p.Addr(), p.Bits()
	if a.Is4In6() && bits >= 96 {
		a, bits = a.Unmap(), bits-96
	}
	w := widths[a.Is4()]
	width := w[0]
	if bits >= w[1] {
		width = w[1]
	}
	if bits >= width {
		q, err := a.Prefix(width)
		return []string{q.String()}, err == nil
	}
	if width-bits > 8 {
		return nil, false
	}
	q, err := a.Prefix(bits)
	if err != nil {
		return nil, false
	}
	for range min(maxNetworks, 1<<(width-bits)) {
		sub, err := q.Addr().Prefix(width)
		if err != nil {
			return nil, false
		}
		keys = append(keys, sub.String())
		q = netip.PrefixFrom(after(sub), bits)
	}
	return keys, true
}

// after is the first address behind a network.
func after(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := (p.Bits() - 1) / 8; i >= 0; i-- {
		step := byte(1)
		if i == (p.Bits()-1)/8 {
			step = 1 << (7 - (p.Bits()-1)%8)
		}
		b[i] += step
		if b[i] >= step {
			break
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
