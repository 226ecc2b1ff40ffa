package intel

import (
	"net/netip"
	"strings"
)

// urlKey appends the comparable form of a URL: host in lower case, path as it
// is, without scheme, user, default port, fragment and final slash. A URL that
// a feed shortened with an ellipsis is cut back to its last whole part.
func urlKey(dst []byte, s string) ([]byte, bool) {
	scheme := ""
	if i := strings.Index(s, "://"); i >= 0 && i < 12 {
		scheme, s = s[:i], s[i+3:]
	} else {
		s = strings.TrimPrefix(s, "//")
	}
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s = strings.TrimRight(s[:i], " \t")
	}
	for _, dots := range [...]string{"…", "..."} {
		if t, ok := strings.CutSuffix(s, dots); ok {
			if i := strings.LastIndexAny(t, "/?&"); i > 0 {
				t = t[:i]
			}
			s = t
		}
	}
	end := strings.IndexAny(s, "/?")
	if end < 0 {
		end = len(s)
	}
	host, path := s[:end], s[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if strings.HasPrefix(host, "[") { // IPv6
		i := strings.IndexByte(host, ']')
		if i < 0 {
			return dst, false
		}
		if _, err := netip.ParseAddr(host[1:i]); err != nil || i+1 < len(host) && (host[i+1] != ':' || !isPort(host[i+2:])) {
			return dst, false
		}
	} else {
		h, port, has := strings.Cut(host, ":")
		if has && (port == "" || port == "80" && !strings.EqualFold(scheme, "https") || port == "443" && !strings.EqualFold(scheme, "http")) {
			host = h
		}
		if name, port, has := strings.Cut(host, ":"); !isHostByte(name) || has && !isPort(port) {
			return dst, false
		}
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return dst, false
	}
	for i := range len(host) {
		dst = append(dst, lower(host[i]))
	}
	return append(dst, strings.TrimRight(path, "/")...), true
}

// isHostByte tells whether every byte may stand in a host name; names beyond
// ASCII are allowed here because browsers show them.
func isHostByte(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c < 0x80 {
			return false
		}
	}
	return s != ""
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func isPort(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// maxURLParts bounds the prefixes of one URL that are looked up.
const maxURLParts = 32

// shorter returns key cut before its last part; empty when only the host is left.
func shorter(key []byte) []byte {
	for i := len(key) - 1; i > 0; i-- {
		switch key[i] {
		case '/', '?', '&':
			return key[:i]
		}
	}
	return nil
}
