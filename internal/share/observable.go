package share

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"longwatch/internal/record"
	"longwatch/internal/stix"
)

// observable is the cyber-observable object of an entity, or nil where STIX
// has none for its kind, or where the value is not one that the kind allows:
// evidence holds what attackers sent, and others must be able to load ours.
func observable(e record.Entity) stix.Object {
	v := strings.ToValidUTF8(e.Value, "\uFFFD")
	if v == "" {
		return nil
	}
	switch e.Kind {
	case "address":
		a, err := netip.ParseAddr(v)
		if err != nil {
			return nil
		}
		a = a.Unmap().WithZone("")
		typ := "ipv6-addr"
		if a.Is4() {
			typ = "ipv4-addr"
		}
		return stix.Observable(typ, map[string]any{"value": a.String()}, nil)
	case "domain", "host":
		if !domainName(v) {
			return nil
		}
		return stix.Observable("domain-name", map[string]any{"value": v}, nil)
	case "url":
		u, ok := uri(v)
		if !ok {
			return nil
		}
		return stix.Observable("url", map[string]any{"value": u}, nil)
	case "email":
		if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
			return nil
		}
		return stix.Observable("email-addr", map[string]any{"value": v}, nil)
	case "user":
		return stix.Observable("user-account", map[string]any{"account_login": v}, nil)
	case "file", "process":
		name := v[strings.LastIndexAny(v, `/\`)+1:]
		if name == "" {
			return nil
		}
		return stix.Observable("file", map[string]any{"name": name}, nil)
	case "hash":
		if alg := stix.HashName(v); alg != "" {
			return stix.Observable("file", map[string]any{"hashes": map[string]string{alg: v}}, nil)
		}
	case "certificate":
		if alg := stix.HashName(v); alg != "" {
			return stix.Observable("x509-certificate", map[string]any{"hashes": map[string]string{alg: v}}, nil)
		}
	}
	return nil
}

// domainName tells whether v can be the name of a host or a domain; names of
// Windows machines and international names are.
func domainName(v string) bool {
	return strings.Trim(v, ".") != "" && !strings.ContainsFunc(v, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-_.$", r)
	})
}

// uri is v as a URI of RFC 3986 with scheme and host; bytes that have no place
// in one are percent-encoded.
func uri(v string) (string, bool) {
	var b strings.Builder
	for _, c := range []byte(v) {
		if c > 0x20 && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	u, err := url.Parse(b.String())
	return b.String(), err == nil && u.Scheme != "" && u.Host != ""
}
