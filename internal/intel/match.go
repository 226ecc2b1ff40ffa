package intel

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// Bounds of one look-up.
const (
	maxNameLen   = 253
	maxPathParts = 16
	maxText      = 2048 // longer user agents, users and the like match nothing
)

// address looks up an address, then the subnets it is in, longest first.
func (m *Matcher) address(a netip.Addr, hit func(ref)) {
	s := m.set
	a = a.WithZone("")
	if s.has[Address] > 0 {
		var buf [16]byte
		if e, ok := s.lookup(Address, addressKey(buf[:0], a)); ok {
			hit(e)
		}
	}
	k := a.As16()
	if s.has[Subnet] == 0 {
		return
	}
	lengths, around := s.v6, s.n6.has(region6(k[:]))
	if a.Is4() || a.Is4In6() {
		lengths, around = s.v4, s.n4.has(region4(k[:]))
	}
	if !around {
		return
	}
	var sub [17]byte
	for _, n := range lengths {
		copy(sub[:16], k[:])
		clearHostBits(sub[:16], n)
		sub[16] = byte(n)
		if e, ok := s.lookup(Subnet, sub[:]); ok {
			hit(e)
			return
		}
	}
}

// clearHostBits zeroes everything after the first n bits.
func clearHostBits(b []byte, n int) {
	for i := range b {
		switch keep := n - i*8; {
		case keep >= 8:
		case keep <= 0:
			b[i] = 0
		default:
			b[i] &= 0xff << (8 - keep)
		}
	}
}

// value looks up the text of an entity of the named kind.
func (m *Matcher) value(kind, text string, at record.Time, hit func(ref)) {
	switch kind {
	case "domain", "host":
		if a, err := parseAddr(text); err == nil {
			m.address(a, hit)
			return
		}
		name(m, text, at, hit)
	case "address":
		if a, err := parseAddr(text); err == nil {
			m.address(a, hit)
		}
	case "url":
		m.url(text, at, hit)
	case "hash":
		m.digest(Hash, text, hit)
	case "certificate":
		m.digest(Certificate, text, hit)
		m.digest(Hash, text, hit)
	case "public_key":
		m.digest(PublicKey, text, hit)
	case "ja3", "ja3s":
		m.digest(JA3, text, hit)
	case "hassh":
		m.digest(HASSH, text, hit)
	case "ja4":
		m.folded(JA4, text, hit)
	case "email":
		m.folded(Email, text, hit)
		if i := strings.LastIndexByte(text, '@'); i >= 0 {
			name(m, text[i+1:], at, hit)
		}
	case "user":
		m.folded(User, text, hit)
		if i := strings.LastIndexByte(text, '\\'); i >= 0 {
			m.folded(User, text[i+1:], hit)
		}
	case "file", "process":
		m.path(text, hit)
	case "user_agent":
		m.exact(UserAgent, text, hit)
		m.exact(Software, text, hit)
	case "software":
		m.exact(Software, text, hit)
	default:
		m.named(kind, text, hit)
	}
}

// parseAddr is netip.ParseAddr for text that begins like an address; other
// text is refused before an error is made of it.
func parseAddr(s string) (netip.Addr, error) {
	if s == "" || strings.IndexByte("0123456789:abcdefABCDEF", s[0]) < 0 || strings.IndexByte("0123456789:abcdefABCDEF", s[len(s)-1]) < 0 {
		return netip.Addr{}, errAddress
	}
	dots := 0
	for i := range len(s) {
		c := lower(s[i])
		switch {
		case c == '.':
			dots++
		case c == ':':
			return netip.ParseAddr(s)
		case c < '0' || c > '9':
			return netip.Addr{}, errAddress
		}
	}
	if dots != 3 {
		return netip.Addr{}, errAddress
	}
	return netip.ParseAddr(s)
}

// name looks up a domain name and everything it is below of; the most
// specific indicator speaks, and those above it only when it had no weight at
// the time of the record.
func name[T string | []byte](m *Matcher, text T, at record.Time, hit func(ref)) {
	s := m.set
	if s.has[Domain] == 0 || len(text) == 0 || len(text) > maxNameLen+1 {
		return
	}
	var buf [maxNameLen + 1]byte
	rest := buf[:fold(buf[:], text)]
	rest = bytes.TrimRight(rest, ".")
	for len(rest) > 0 {
		if e, ok := s.lookup(Domain, rest); ok {
			hit(e)
			if m.speaks(e, at) {
				return
			}
		}
		dot := bytes.IndexByte(rest, '.')
		if dot < 0 {
			return
		}
		rest = rest[dot+1:]
		if !s.oneLabel && bytes.IndexByte(rest, '.') < 0 {
			return
		}
	}
}

// speaks tells whether any row of e has weight at a time.
func (m *Matcher) speaks(e ref, at record.Time) bool {
	return slices.ContainsFunc(m.set.rows(e), func(i Indicator) bool { return i.Weight != None && i.Within(at) })
}

// fold copies text to dst in lower case and returns how much it copied.
func fold[T string | []byte](dst []byte, text T) int {
	n := min(len(dst), len(text))
	for i := range n {
		dst[i] = lower(text[i])
	}
	return n
}

// url looks up a URL by host and path, then its host as a name or address.
func (m *Matcher) url(text string, at record.Time, hit func(ref)) {
	s := m.set
	var buf [512]byte
	key, ok := urlKey(buf[:0], text)
	if !ok {
		return
	}
	if s.has[URL] > 0 {
		p := key
		for n := 0; len(p) > 0 && n < maxURLParts; n++ {
			if e, ok := s.lookup(URL, p); ok {
				hit(e)
				break
			}
			p = shorter(p)
		}
	}
	end := 0
	for end < len(key) && key[end] != '/' && key[end] != '?' && (key[end] != ':' || key[0] == '[') {
		end++
	}
	host := bytes.Trim(key[:end], "[]")
	if len(host) == 0 {
		return
	}
	if last := host[len(host)-1]; last >= '0' && last <= '9' || last == ':' || host[0] == ':' {
		if a, err := netip.ParseAddr(string(host)); err == nil {
			m.address(a, hit)
			return
		}
	}
	name(m, host, at, hit)
}

// digest looks up a hexadecimal digest.
func (m *Matcher) digest(k Kind, text string, hit func(ref)) {
	var in [128]byte
	var out [64]byte
	n := 0
	for i := range len(text) {
		if text[i] == ':' {
			continue
		}
		if n == len(in) {
			return
		}
		in[n] = text[i]
		n++
	}
	d, err := hex.Decode(out[:], in[:n])
	if err != nil || d < 16 {
		return
	}
	if e, ok := m.set.lookup(k, out[:d]); ok {
		hit(e)
	}
}

// folded looks up text without regard to case.
func (m *Matcher) folded(k Kind, text string, hit func(ref)) {
	if m.set.has[k] == 0 || len(text) == 0 || len(text) > maxText {
		return
	}
	var buf [maxText]byte
	n := fold(buf[:], text)
	if e, ok := m.set.lookup(k, buf[:n]); ok {
		hit(e)
	}
}

// exact looks up text as it is.
func (m *Matcher) exact(k Kind, text string, hit func(ref)) {
	if m.set.has[k] == 0 || len(text) == 0 || len(text) > maxText {
		return
	}
	var buf [maxText]byte
	if e, ok := m.set.lookup(k, buf[:copy(buf[:], text)]); ok {
		hit(e)
	}
}

// path looks up a file by the end of its path: the name alone, the name with
// its directory, and so on.
func (m *Matcher) path(text string, hit func(ref)) {
	if m.set.has[File] == 0 || len(text) == 0 || len(text) > maxText {
		return
	}
	var buf [maxText]byte
	n := fold(buf[:], text)
	parts := 0
	for i := n - 1; i >= 0 && parts < maxPathParts; i-- {
		if buf[i] == '\\' {
			buf[i] = '/'
		}
		if buf[i] != '/' || i == n-1 {
			continue
		}
		parts++
		if e, ok := m.set.lookup(File, buf[i+1:n]); ok {
			hit(e)
			return
		}
	}
	if parts < maxPathParts {
		if e, ok := m.set.lookup(File, buf[:n]); ok {
			hit(e)
		}
	}
}
