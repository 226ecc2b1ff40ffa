package cert

import "strings"

// MatchesHost tells whether the certificate was issued for host: one of the
// DNS names of the subject alternative name, or, only where that extension is
// missing, the last common name (RFC 2818 section 3.1). The comparison is
// Zeek's: exact, case counts, one wildcard at the end of the leftmost label of
// a name of three labels or more (RFC 6125 section 6.4.3).
func (c *Certificate) MatchesHost(host string) bool {
	if !c.HasSAN {
		return c.CommonName != "" && matchHost(host, c.CommonName)
	}
	for _, name := range c.DNS {
		if matchHost(host, name) {
			return true
		}
	}
	return false
}

func matchHost(host, name string) bool {
	if host == name {
		return true
	}
	label, domain, ok := strings.Cut(name, ".")
	prefix, wild := strings.CutSuffix(label, "*")
	if !ok || !wild || strings.Contains(prefix, "*") || !strings.Contains(domain, ".") {
		return false
	}
	hostLabel, hostDomain, ok := strings.Cut(host, ".")
	return ok && hostDomain == domain && strings.HasPrefix(hostLabel, prefix)
}
