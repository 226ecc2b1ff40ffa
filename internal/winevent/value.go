package winevent

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// event is an event whose values are asked for in about the order in which it
// has them.
type event struct {
	*host.Event
	accounts *accountCache
	next     int // index of the value behind the one that was found last
}

// Get returns the next value of that name, going round at the end. Values that
// have a name of their own have one each.
func (e *event) Get(name string) string {
	for i := e.next; i < len(e.Fields); i++ {
		if f := &e.Fields[i]; f.Name == name {
			e.next = i + 1
			return f.Value
		}
	}
	for i := range min(e.next, len(e.Fields)) {
		if f := &e.Fields[i]; f.Name == name {
			e.next = i + 1
			return f.Value
		}
	}
	return ""
}

// get returns a value, empty where Windows writes a hyphen for "none".
func get(e *event, name string) string {
	if v := e.Get(name); v != "-" {
		return v
	}
	return ""
}

// account is DOMAIN\name of two fields. A name that holds its domain already
// (name@realm) is turned round.
func account(e *event, domain, name string) string {
	n, d := get(e, name), get(e, domain)
	if before, realm, ok := strings.Cut(n, "@"); ok {
		n = before
		if d == "" {
			d = realm
		}
	}
	if n == "" || d == "" || strings.Contains(n, `\`) {
		return n
	}
	return e.accounts.join(d, n)
}

// accountCache keeps names of accounts that were put together before, one for
// each hash of their parts. Logs repeat a few of them in every event.
type accountCache [64]string

// join returns domain\name.
func (c *accountCache) join(domain, name string) string {
	h := uint(len(domain)) + uint(domain[0])<<2 + 5*uint(len(name)) + 7*uint(name[0]) + 11*uint(name[len(name)-1])
	slot := &c[h%uint(len(c))]
	if s, at := *slot, len(domain); len(s) != at+1+len(name) || s[:at] != domain || s[at+1:] != name {
		*slot = domain + `\` + name
	}
	return *slot
}

// subject is the account that an event of Security says acted.
func subject(e *event) string { return account(e, "SubjectDomainName", "SubjectUserName") }

func target(e *event) string { return account(e, "TargetDomainName", "TargetUserName") }

// logonID writes a session's number as 0x… in lower case without leading
// zeroes, so that events of all providers agree. 0 is no session.
func logonID(s string) string {
	if len(s) > 2 && s[:2] == "0x" && s[2] != '0' && lowerHex(s[2:]) {
		return s
	}
	n := number(s)
	if n == 0 {
		return ""
	}
	return "0x" + strconv.FormatInt(n, 16)
}

// lowerHex tells whether s is hexadecimal digits, letters in lower case.
func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; c-'0' > 9 && c-'a' > 5 {
			return false
		}
	}
	return true
}

// number reads decimal digits, or hexadecimal ones after 0x; 0 when s is neither.
func number(s string) int64 {
	if len(s) == 0 {
		return 0
	}
	if len(s) < 18 { // fits, however it is written
		if n, ok := small(s); ok {
			return n
		}
	}
	s = strings.TrimSpace(s)
	base := 10
	if len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		s, base = s[2:], 16
	}
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil {
		return 0
	}
	return n
}

// small reads decimal digits, or hexadecimal ones after 0x, of a number that
// 63 bits hold.
func small(s string) (n int64, ok bool) {
	if len(s) > 2 && s[:2] == "0x" {
		for _, c := range []byte(s[2:]) {
			switch {
			case c-'0' < 10:
				n = n<<4 | int64(c-'0')
			case (c|0x20)-'a' < 6:
				n = n<<4 | int64((c|0x20)-'a'+10)
			default:
				return 0, false
			}
		}
		return n, true
	}
	for _, c := range []byte(s) {
		if c-'0' > 9 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

func port(s string) uint16 {
	if n := number(s); n > 0 && n < 1<<16 {
		return uint16(n)
	}
	return 0
}

// address reads an IP address; IPv4 in IPv6 form becomes IPv4, zones go.
func address(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// guid writes a GUID in braces and lower case, as Windows does today; some
// programs that export events do not.
func guid(s string) string {
	if len(s) == 38 && s[0] == '{' && strings.ToLower(s) == s {
		return s
	}
	s = strings.ToLower(strings.Trim(s, "{}"))
	if s == "" || s == "-" {
		return ""
	}
	return "{" + s + "}"
}

// utc reads the times of Sysmon: 2019-05-16 14:17:15.753, in UTC.
func utc(s string) record.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999999", s)
	if err != nil {
		return 0
	}
	return record.TimeOf(t)
}

// hashes splits SHA256=…,IMPHASH=… into bare lower-case digests and the import
// hash, which is no hash of the file.
func hashes(s string) (digests []string, imphash string) {
	if s == "" {
		return nil, ""
	}
	digests = make([]string, 0, 1+strings.Count(s, ","))
	for h := range strings.SplitSeq(lower(s), ",") {
		kind, digest, ok := strings.Cut(strings.TrimSpace(h), "=")
		switch {
		case !ok || strings.Trim(digest, "0") == "":
		case kind == "imphash":
			imphash = digest
		default:
			digests = append(digests, digest)
		}
	}
	if len(digests) == 0 {
		return nil, imphash
	}
	return digests, imphash
}

// lower is s with the letters A to Z in lower case.
func lower(s string) string {
	var room [256]byte // most lists of hashes fit
	b := append(room[:0], s...)
	for i, c := range b {
		if c-'A' < 26 {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// positional returns the values without name, in order. Winlogbeat calls them
// param1, param2 …
func positional(e *event) []string {
	if data := named(e, func(n string) bool { return n == "Data" }); data != nil {
		return data
	}
	return named(e, func(n string) bool {
		digits, ok := strings.CutPrefix(n, "param")
		return ok && number(digits) > 0
	})
}

func named(e *event, is func(string) bool) []string {
	var out []string
	for _, f := range e.Fields {
		if is(f.Name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// after returns what follows key= or key: on its line of text, as in the
// context blocks of PowerShell events.
func after(text, key string) string {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		if ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
