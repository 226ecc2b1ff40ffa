// Package domain knows domain names as registries and as people see them: what
// of a name was registered by one party, what it looks like to the eye, and
// whether it resembles another so much that people would mix them up.
//
//	domain.Registrable("www.mail.example.co.uk") // example.co.uk
//	domain.Unicode("xn--mnchen-3ya.example")     // münchen.example
//	domain.Compare("rninistry.example", "ministry.example").Kind // Homoglyph
package domain

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxName bounds the names looked at; RFC 1035 section 3.1 allows 255 bytes.
const maxName = 255

// Clean is a host name in lower case without the dot at its end.
func Clean(host string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(host), "."))
}

// Of is the domain of a mail address, lower case; empty when it has none.
func Of(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return Clean(address[i+1:])
}

// Registrable is the part of a host name that one party registered: the public
// suffix and one label more (https://publicsuffix.org). A name that is itself
// a suffix, an address or without a dot stays as it is.
func Registrable(host string) string {
	host = Clean(host)
	if len(host) > maxName || !strings.Contains(host, ".") {
		return host
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if r, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		if _, managed := publicsuffix.PublicSuffix(host); !managed && len(r) < len(host) {
			return below(host, r)
		}
		return r
	}
	return host
}

// second are labels below which others register, in countries whose list the
// public one has; top-level names that it does not know are taken to do so too.
var second = []string{"gov", "gouv", "gob", "go", "gv", "mil", "com", "co", "org", "net", "edu", "ac"}

// below adds a label to r when it is second-level only.
func below(host, r string) string {
	label, top, _ := strings.Cut(r, ".")
	if strings.Contains(top, ".") || !slices.Contains(second, label) {
		return r
	}
	rest := strings.TrimSuffix(host, "."+r)
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + r
}

// Split is the label that was registered and the suffix below which it was.
func Split(host string) (label, suffix string) {
	label, suffix, _ = strings.Cut(Registrable(host), ".")
	return label, suffix
}

// Known tells whether a name ends in a suffix of the public list, so that a
// word with a dot in it is taken for a name of a host only if it can be one.
func Known(host string) bool {
	host = Clean(host)
	if len(host) > maxName || !strings.Contains(host, ".") || strings.Contains(host, "..") {
		return false
	}
	for _, r := range host {
		if r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return false
		}
	}
	suffix, managed := publicsuffix.PublicSuffix(ascii(host))
	return (managed || strings.Contains(suffix, ".") || slices.Contains(special, suffix)) && suffix != host
}

// special are top-level names that no registry gives away: RFC 6761, RFC 9476, and
// what organisations use inside.
var special = []string{"example", "test", "invalid", "local", "localdomain", "internal", "intranet", "lan", "corp", "home", "alt"}

// Unicode is the name as a mail program shows it: labels in Punycode (RFC 3492)
// decoded, those that are not valid left as they are.
func Unicode(host string) string {
	if len(host) > maxName || !strings.Contains(strings.ToLower(host), "xn--") {
		return host
	}
	labels := strings.Split(host, ".")
	for i, l := range labels {
		if u, err := idna.Punycode.ToUnicode(l); err == nil && strings.HasPrefix(strings.ToLower(l), "xn--") {
			labels[i] = strings.ToLower(u)
		}
	}
	return strings.Join(labels, ".")
}

// ascii is the name as the DNS has it.
func ascii(host string) string {
	if a, err := idna.Punycode.ToASCII(host); err == nil {
		return a
	}
	return host
}
