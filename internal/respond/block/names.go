package block

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// domainName tells whether a name can stand in a firewall's text: at least two
// labels of letters, digits, hyphens and underscores (RFC 1035 section 2.3.1;
// underscores as in practice), none longer than 63, 253 in all, and no address.
func domainName(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return strings.Trim(last, "0123456789") != ""
}

// suffix tells whether others register names below s.
func suffix(s string) bool {
	got, _ := publicsuffix.PublicSuffix(s)
	return got == s
}
