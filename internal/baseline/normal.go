package baseline

import (
	"strings"

	"longwatch/internal/domain"
)

// Normal is a value of a kind as it is learned: programs without the parts of
// their paths that change with the user and the version, sites as registrable
// domains, user agents without their versions. Other values stay as they are.
func Normal(k Kind, value string) string {
	switch k {
	case Software:
		return program(value)
	case Site:
		if d := domain.Registrable(value); d != "" {
			return d
		}
		return domain.Clean(value)
	case Agent, SSHClient:
		return numbers(value)
	}
	return value
}

// program is the path of a program: lower case, with * for the user whose
// folder it lies in, and # for numbers and long runs of hexadecimal digits, which
// are versions, product codes and names of temporary folders.
func program(path string) string {
	p := strings.ToLower(strings.ReplaceAll(path, "/", `\`))
	for _, home := range []string{`\users\`, `\home\`, `\documents and settings\`} {
		if i := strings.Index(p, home); i >= 0 {
			rest := p[i+len(home):]
			if j := strings.IndexByte(rest, '\\'); j > 0 && rest[:j] != "public" && rest[:j] != "default" {
				p = p[:i+len(home)] + "*" + rest[j:]
			}
			break
		}
	}
	return numbers(p)
}

// longHex is from how many digits on a run is no word.
const longHex = 8

// numbers puts # for each run of digits and dots, and of hexadecimal digits that
// is long and holds a digit.
func numbers(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j, digits := i, 0
		for j < len(s) && isHex(s[j]) {
			if s[j] <= '9' {
				digits++
			}
			j++
		}
		switch {
		case j-i >= longHex && digits > 0:
			b.WriteByte('#')
			i = j
		case s[i] >= '0' && s[i] <= '9':
			for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9') {
				i++
			}
			b.WriteByte('#')
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
