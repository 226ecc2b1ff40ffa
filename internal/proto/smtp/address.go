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
	found := ip.FindAllStringIndex(v, 64)
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
