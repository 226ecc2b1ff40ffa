package wiremail

import (
	"net/url"
	"regexp"
	"strings"
)

// naming is a parameter that names a part, in Content-Disposition and in
// Content-Type.
var (
	naming  = regexp.MustCompile(`(?i)name[ \t]*\*?=[ \t]*`)
	charset = regexp.MustCompile("^[a-zA-Z0-9!#$%&+-^_`{}~]+'[a-zA-Z0-9!#$%&+-^_`{}~]*'")
)

// fileName is the last name that a header gives to a part, without the
// character set of RFC 2231.
func fileName(v string) string {
	at := naming.FindAllStringIndex(v, 16)
	if len(at) == 0 {
		return ""
	}
	v = v[at[len(at)-1][1]:]
	if quoted, ok := strings.CutPrefix(v, `"`); ok {
		v, _, _ = strings.Cut(quoted, `"`)
	}
	v = v[len(charset.FindString(v)):]
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}
