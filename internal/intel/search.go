package intel

import (
	"net/netip"
	"slices"
	"strings"
)

// textual are the kinds that any text may be of.
var textual = []Kind{File, Pipe, Mutex, RegistryKey, User, UserAgent, Software, JA4, Tool, Vulnerability}

// digests are the kinds that a run of hexadecimal digits may be of.
var digests = []Kind{Hash, Certificate, PublicKey, JA3, HASSH, Serial}

// search finds every listed value that is the one asked for, or that covers it:
// subnets of an address, domains above a name, URLs above a path, pieces of a
// command line. It looks further than matching, where only the closest speaks.
func (s *Set) search(asked string) (exact, covering []ref) {
	v := Refang(asked)
	kind, _ := Guess(v)
	add := func(dst *[]ref, k Kind, value string) {
		if k2, key, _, err := normal(k, value); err == nil {
			if r, ok := s.lookup(k2, key); ok && !slices.Contains(exact, r) && !slices.Contains(covering, r) {
				*dst = append(*dst, r)
			}
		}
	}
	switch kind {
	case Address, Subnet:
		add(&exact, kind, v)
		if p, err := netip.ParsePrefix(v); err == nil {
			s.covering(p.Addr(), p.Bits()-1, &exact, &covering)
		} else if a, err := parseAddr(v); err == nil {
			s.covering(a, a.BitLen(), &exact, &covering)
		}
		return exact, covering
	case Domain:
		add(&exact, Domain, v)
		s.above(v, func(d string) { add(&covering, Domain, d) })
	case URL:
		if key, ok := urlKey(nil, v); ok {
			s.partsOf(string(key), func(k Kind, value string, own bool) {
				if own {
					add(&exact, k, value)
				} else {
					add(&covering, k, value)
				}
			})
		}
	case Email:
		add(&exact, Email, v)
		domain := v[strings.LastIndexByte(v, '@')+1:]
		add(&covering, Domain, domain)
		s.above(domain, func(d string) { add(&covering, Domain, d) })
	}
	for _, k := range digests {
		if _, _, _, err := normal(k, v); err == nil {
			add(&exact, k, v)
		}
	}
	for _, k := range textual {
		add(&exact, k, v)
	}
	s.named(v, &exact, &covering)
	return exact, covering
}

// named finds the end of a path, a key above, an account without its domain, and
// pieces of a command line.
func (s *Set) named(v string, exact, covering *[]ref) {
	m := s.Matcher()
	hit := func(r ref) {
		if !slices.Contains(*exact, r) && !slices.Contains(*covering, r) {
			*covering = append(*covering, r)
		}
	}
	m.path(v, hit)
	m.registry(v, hit)
	m.value("user", v, 0, hit)
	m.named("command_line", v, hit)
}

// covering finds the subnets of at most that many bits which an address is in,
// the closest first.
func (s *Set) covering(a netip.Addr, bits int, exact, covering *[]ref) {
	lengths, shift := s.v6, 0
	if a = a.Unmap().WithZone(""); a.Is4() {
		lengths, shift = s.v4, 96
	}
	for _, n := range lengths {
		if n-shift > bits || n < shift {
			continue
		}
		if p, err := a.Prefix(n - shift); err == nil {
			if r, ok := s.lookup(Subnet, prefixKey(p)); ok && !slices.Contains(*exact, r) {
				*covering = append(*covering, r)
			}
		}
	}
}

// above calls fn with the domains above a name.
func (s *Set) above(name string, fn func(string)) {
	name = strings.Trim(strings.ToLower(name), ".")
	for range maxPathParts {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return
		}
		fn(rest)
		name = rest
	}
}

// partsOf calls fn with a URL, those above it, its host and the domains above
// that; own is the URL itself.
func (s *Set) partsOf(key string, fn func(k Kind, value string, own bool)) {
	fn(URL, key, true)
	p := []byte(key)
	for range maxURLParts {
		if p = shorter(p); len(p) == 0 {
			break
		}
		fn(URL, string(p), false)
	}
	host, _, _ := strings.Cut(key, "/")
	host, _, _ = strings.Cut(host, "?")
	if ap, err := netip.ParseAddrPort(host); err == nil {
		host = ap.Addr().String()
	} else if h, _, ok := strings.Cut(host, ":"); ok && !strings.HasPrefix(host, "[") {
		host = h
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		fn(Address, host, false)
		return
	}
	fn(Domain, host, false)
	s.above(host, func(d string) { fn(Domain, d, false) })
}

// Lookup returns every indicator that a value is, or is covered by.
func (s *Set) Lookup(value string) []Indicator {
	exact, covering := s.search(value)
	var out []Indicator
	for _, r := range append(exact, covering...) {
		out = append(out, s.rows(r)...)
	}
	return out
}
