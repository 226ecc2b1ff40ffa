package smtp

import (
	"net/netip"
	"regexp"
	"strings"
)

// maxText bounds what is searched for addresses.
const maxText = 64 << 10

var (
	// mailbox is an address in a command: RFC 5321 section 4.1.2, loosely.
	mailbox = longest(`(^|[<,: \t])[^<,: \t@]+@[^>,; \t]+([>,; \t]|$)`)
	// entry is one of a list in a header: RFC 5322 section 3.4, loosely.
	entry = longest(`("[^"]*")?[^,]+@[^,]+`)
	// ip is an address of IPv4 or IPv6 in text.
	ip = longest(v4 + `|([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|([0-9A-Fa-f]{1,4}:){6}` + v4 +
		`|([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4}){0,6})?::(([0-9A-Fa-f]{1,4}:){0,5}(` + v4 + `|[0-9A-Fa-f]{1,4}))?`)
	stripped = strings.NewReplacer("<", "", ">", "", ",", "", ":", "", ";", "", " ", "", "\t", "")
)

const (
	octet = `([0-9]|[0-9]{2}|0[0-9]{2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])`
	v4    = octet + `\.` + octet + `\.` + octet + `\.` + octet
)

func longest(expr string) *regexp.Regexp {
	re := regexp.MustCompile(expr)
	re.Longest()
	return re
}

// envelope finds the addresses in the argument of MAIL or RCPT.
func envelope(arg string) []string {
	out := mailbox.FindAllString(arg[:min(len(arg), maxText)], maxAddresses)
	for i := range out {
		out[i] = stripped.Replace(out[i])
	}
	return out
}

// list splits a header of addresses. Display names stay with them.
func list(v string) []string {
	out := entry.FindAllString(v[:min(len(v), maxText)], maxAddresses+1)
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// addrs finds the IP addresses in v; with wrapped only those between brackets
// of one kind, or blanks.
func addrs(v string, wrapped bool) (out []netip.Addr) {
	v = v[:min(len(v), maxText)]
	found := addresses(v)
	for i, at := range found {
		a, err := netip.ParseAddr(v[at[0]:at[1]])
		if err != nil {
			continue
		}
		before, after := v[:at[0]], v[at[1]:]
		if i > 0 {
			before = v[found[i-1][1]:at[0]]
		}
		if i+1 < len(found) {
			after = v[at[1]:found[i+1][0]]
		}
		if !wrapped || enclosed(before, after) {
			out = append(out, a)
		}
	}
	return out
}

// addresses are the places of IP addresses in v. The expression is only asked
// about stretches of the characters that addresses consist of.
func addresses(v string) (found [][]int) {
	const most = 64
	for i := 0; i < len(v) && len(found) < most; {
		if !ofAddress(v[i]) {
			i++
			continue
		}
		from, dots, colons := i, 0, 0
		for ; i < len(v) && ofAddress(v[i]); i++ {
			switch v[i] {
			case '.':
				dots++
			case ':':
				colons++
			}
		}
		if dots < 3 && colons < 2 {
			continue
		}
		for _, at := range ip.FindAllStringIndex(v[from:i], most-len(found)) {
			found = append(found, []int{from + at[0], from + at[1]})
		}
	}
	return found
}

func ofAddress(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.'
}

func enclosed(before, after string) bool {
	if before == "" || after == "" {
		return before == after
	}
	switch before[len(before)-1] {
	case '[':
		return after[0] == ']'
	case '(':
		return after[0] == ')'
	case '{':
		return after[0] == '}'
	case ' ':
		return after[0] == ' '
	}
	return false
}
