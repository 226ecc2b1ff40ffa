package intel

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
)

// Why a value cannot be an indicator.
var (
	errEmpty     = errors.New("no value")
	errLong      = errors.New("longer than 4096 bytes")
	errAddress   = errors.New("not an IP address")
	errSubnet    = errors.New("not a subnet")
	errBroad     = errors.New("a subnet this wide would match most of the Internet")
	errDomain    = errors.New("not a domain name")
	errURL       = errors.New("not a URL with a host")
	errEmail     = errors.New("not an e-mail address")
	errDigest    = errors.New("not a hexadecimal MD5, SHA-1, SHA-256 or SHA-512")
	errJA3       = errors.New("not a JA3 digest (32 hexadecimal digits)")
	errJA4       = errors.New("not a JA4 fingerprint")
	errCVE       = errors.New("not a CVE identifier")
	errUnguessed = errors.New("no address, subnet, domain, URL, e-mail address or hash is recognised in it")
	errKind      = errors.New("unknown indicator type")
)

// Refang undoes the ways in which people keep indicators from being clicked:
// hxxp, [.], (dot), [:], [at] and the like.
func Refang(s string) string {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "[({") {
		s = fangs.Replace(s)
	}
	for _, p := range [...]struct{ bad, good string }{{"hxxps", "https"}, {"hxxp", "http"}, {"hXXps", "https"}, {"hXXp", "http"}, {"meow", "http"}, {"fxp", "ftp"}} {
		if rest, ok := strings.CutPrefix(s, p.bad); ok && strings.HasPrefix(rest, "://") {
			return p.good + rest
		}
	}
	return s
}

var fangs = strings.NewReplacer(
	"[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".",
	"[:]", ":", "[://]", "://", "[/]", "/", "[at]", "@", "(at)", "@", "[@]", "@", "[AT]", "@",
	"[.", ".", ".]", ".",
)

// normal brings a value of a known kind into the form it is compared in, and
// says which kind it turned out to be: a domain with a path is a URL, an
// address with a length a subnet. key is what the table holds.
func normal(kind Kind, value string) (k Kind, key []byte, port uint16, err error) {
	v := Refang(value)
	if v == "" {
		return kind, nil, 0, errEmpty
	}
	if len(v) > maxKey {
		return kind, nil, 0, errLong
	}
	//exhaustive:enforce
	switch kind {
	case Address:
		return normalAddress(v)
	case Subnet:
		p, err := netip.ParsePrefix(v)
		if err != nil {
			if _, e := netip.ParseAddr(v); e == nil {
				return normalAddress(v)
			}
			return kind, nil, 0, errSubnet
		}
		if p.Bits() == 0 {
			return kind, nil, 0, errBroad
		}
		return kind, prefixKey(p), 0, nil
	case Domain:
		if strings.ContainsAny(v, "/") {
			return normal(URL, v)
		}
		d := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(v, "*"), "."), "."))
		if _, err := netip.ParseAddr(d); err == nil {
			return normalAddress(d)
		}
		if !isName(d) {
			return kind, nil, 0, errDomain
		}
		return kind, []byte(d), 0, nil
	case URL:
		u, ok := urlKey(nil, v)
		if !ok {
			return kind, nil, 0, errURL
		}
		return kind, u, 0, nil
	case Email:
		local, domain, ok := strings.Cut(v, "@")
		if !ok || local == "" || !isName(strings.ToLower(domain)) {
			return kind, nil, 0, errEmail
		}
		return kind, []byte(strings.ToLower(v)), 0, nil
	case Hash, Certificate, PublicKey:
		key, err := digest(v)
		return kind, key, 0, err
	case Serial, Pipe, RegistryKey, Mutex, CommandLine:
		key, err := normalName(kind, v)
		return kind, key, 0, err
	case Vulnerability:
		if c := strings.ToUpper(v); isCVE(c) {
			return kind, []byte(c), 0, nil
		}
		return kind, nil, 0, errCVE
	case Tool:
		return kind, []byte(strings.ToLower(v)), 0, nil
	case JA3, HASSH:
		key, err := hex.DecodeString(v)
		if err != nil || len(key) != 16 {
			return kind, nil, 0, errJA3
		}
		return kind, key, 0, nil
	case JA4:
		if !isJA4(v) {
			return kind, nil, 0, errJA4
		}
		return kind, []byte(strings.ToLower(v)), 0, nil
	case File:
		return kind, []byte(strings.Trim(strings.ReplaceAll(strings.ToLower(v), `\`, "/"), "/")), 0, nil
	case User:
		return kind, []byte(strings.ToLower(v)), 0, nil
	case Software, UserAgent:
		return kind, []byte(v), 0, nil
	case kinds: // their number, not one of them
	}
	return kind, nil, 0, errKind
}

func normalAddress(v string) (Kind, []byte, uint16, error) {
	if strings.Contains(v, "/") {
		return normal(Subnet, v)
	}
	if a, err := netip.ParseAddr(v); err == nil {
		return Address, addressKey(nil, a), 0, nil
	}
	if ap, err := netip.ParseAddrPort(v); err == nil {
		return Address, addressKey(nil, ap.Addr()), ap.Port(), nil
	}
	return Address, nil, 0, errAddress
}

// addressKey appends the 4 bytes of an IPv4 address, however it is written, or
// the 16 of an IPv6 one.
func addressKey(dst []byte, a netip.Addr) []byte {
	if a = a.Unmap(); a.Is4() {
		k := a.As4()
		return append(dst, k[:]...)
	}
	k := a.As16()
	return append(dst, k[:]...)
}

// prefixKey is the address with its host part cleared, and the length as if
// the address were IPv6.
func prefixKey(p netip.Prefix) []byte {
	n := p.Bits()
	if p.Addr().Is4() {
		n += 96
	}
	k := p.Masked().Addr().As16()
	return append(k[:], byte(n))
}

// digest decodes a hexadecimal digest of a usual length, with or without colons.
func digest(v string) ([]byte, error) {
	v = strings.ReplaceAll(v, ":", "")
	switch len(v) {
	case 32, 40, 64, 128:
		if key, err := hex.DecodeString(v); err == nil {
			return key, nil
		}
	}
	return nil, errDigest
}

// isName tells whether s, in lower case, can be a host name. Underscores are
// allowed: names in use have them. Other alphabets must be in punycode.
func isName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0
}

// isJA4 tells whether s has the shape t13d1516h2_8daaf6152771_e5627efa2ab1.
func isJA4(s string) bool {
	a, rest, ok := strings.Cut(s, "_")
	b, c, ok2 := strings.Cut(rest, "_")
	return ok && ok2 && len(a) == 10 && len(b) == 12 && len(c) == 12 && strings.IndexByte("tqdTQD", a[0]) >= 0 && isHex(b) && isHex(c)
}

// isCVE tells whether s has the shape CVE-2026-12345.
func isCVE(s string) bool {
	year, number, ok := strings.Cut(strings.TrimPrefix(s, "CVE-"), "-")
	return ok && strings.HasPrefix(s, "CVE-") && len(year) == 4 && len(number) >= 4 && strings.Trim(year+number, "0123456789") == ""
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

// reserved tells whether a key is in address space that anybody may use, or a
// place of the registry that many programs use: an indicator of it says nothing
// about a certain host.
func reserved(k Kind, key []byte) bool {
	if k == RegistryKey {
		return isShared(string(key))
	}
	if k != Address && k != Subnet {
		return false
	}
	a, _ := netip.AddrFromSlice(key[:len(key)/4*4]) // without the length of a subnet
	if a = a.Unmap(); a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return true
	}
	if !a.Is4() {
		return false
	}
	b := a.As4()
	switch {
	case b[0] == 0, b[0] >= 240, // "this network", reserved
		b[0] == 100 && b[1]&0xc0 == 64,           // RFC 6598
		b[0] == 192 && b[1] == 0 && b[2] <= 2,    // RFC 6890, RFC 5737
		b[0] == 198 && b[1]&0xfe == 18,           // RFC 2544
		b[0] == 198 && b[1] == 51 && b[2] == 100, // RFC 5737
		b[0] == 203 && b[1] == 0 && b[2] == 113:  // RFC 5737
		return true
	}
	return false
}

// Guess names the kind of a value that came without one.
func Guess(value string) (Kind, error) {
	v := Refang(value)
	if v == "" {
		return 0, errEmpty
	}
	if scheme, rest, ok := strings.Cut(v, "://"); ok && isScheme(scheme) && !strings.ContainsAny(rest, " \t\n") {
		return URL, nil
	}
	if k := guessName(v); k != 0 {
		return k, nil
	}
	for _, k := range [...]Kind{Address, Hash, Email} {
		if _, _, _, err := normal(k, v); err == nil {
			return k, nil
		}
	}
	if isJA4(v) {
		return JA4, nil
	}
	if isCVE(strings.ToUpper(v)) {
		return Vulnerability, nil
	}
	if len(prefixesOf(v)) > 0 {
		return Subnet, nil
	}
	host, _, path := strings.Cut(v, "/")
	d := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(host, "*"), "."), "."))
	dot := strings.LastIndexByte(d, '.')
	if dot <= 0 || !isName(d) || !isTopLevel(d[dot+1:]) {
		return 0, errUnguessed
	}
	if path {
		return URL, nil
	}
	return Domain, nil
}

// isScheme tells whether s can be what a URL begins with (RFC 3986, section 3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		switch c := lower(s[i]); {
		case c >= 'a' && c <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// prefixesOf are the networks that 192.0.2.0-192.0.2.130 and 192.0.2.0 - 192.0.2.130
// consist of; none when v is no such range.
func prefixesOf(v string) []netip.Prefix {
	a, b, ok := strings.Cut(v, "-")
	if !ok {
		return nil
	}
	first, err1 := netip.ParseAddr(strings.TrimSpace(a))
	last, err2 := netip.ParseAddr(strings.TrimSpace(b))
	if err1 != nil || err2 != nil || first.Is4() != last.Is4() || first.Zone() != "" || last.Zone() != "" || last.Less(first) {
		return nil
	}
	var out []netip.Prefix
	for {
		bits := first.BitLen()
		for bits > 0 {
			wider := netip.PrefixFrom(first, bits-1)
			if wider.Masked().Addr() != first || last.Less(lastOf(wider)) {
				break
			}
			bits--
		}
		p := netip.PrefixFrom(first, bits)
		out = append(out, p)
		if end := lastOf(p); end == last {
			return out
		} else {
			first = end.Next()
		}
	}
}

// lastOf is the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := range b {
		switch keep := p.Bits() - i*8; {
		case keep >= 8:
		case keep <= 0:
			b[i] = 0xff
		default:
			b[i] |= 0xff >> keep
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// isTopLevel tells whether s looks like a top-level domain: letters only, or
// punycode.
func isTopLevel(s string) bool {
	if strings.HasPrefix(s, "xn--") {
		return true
	}
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return len(s) >= 2
}
