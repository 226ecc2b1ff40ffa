package train

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
)

// Names says what becomes of the names that a case holds.
type Names string

// What may become of names.
const (
	Pseudonyms Names = "pseudonyms" // people, accounts, hosts and other people's domains get names of nobody
	Keep       Names = "keep"       // they stay; addresses are inert all the same
)

// quiet makes what a case says fit for the eyes of all staff.
type quiet struct {
	names  Names
	own    string         // own domain; may be empty
	redact *regexp.Regexp // words that are blacked out; nil: none

	hosts map[string]string // names by address
	given map[string]string // pseudonyms by kind and value in lower case
	count map[string]int
	words []string       // values that have a pseudonym
	known *regexp.Regexp // the same, as they were learnt; nil: none
}

const (
	maxFact  = 160 // runes of one fact
	maxNames = 400 // values of an incident that get a pseudonym
	black    = "▇▇▇"
)

func newQuiet(names Names, own string, redact []string) *quiet {
	q := &quiet{names: names, own: own, hosts: map[string]string{}, given: map[string]string{}, count: map[string]int{}}
	var words []string
	for _, w := range redact {
		if w = seen(w); w != "" {
			words = append(words, w)
		}
	}
	slices.SortFunc(words, byLength)
	q.redact = anyOf(words)
	return q
}

func byLength(a, b string) int { return len(b) - len(a) }

// learn gives pseudonyms to the accounts, mailboxes and hosts of an incident, in
// the order in which it names them. An address of a known host is that host.
func (q *quiet) learn(hosts []casefolder.Host, i *finding.Incident) {
	for _, h := range hosts {
		for _, a := range h.Addresses {
			q.hosts[a] = h.Name
		}
	}
	for _, f := range i.Findings {
		for _, e := range f.Entities {
			if len(q.given) >= maxNames {
				break
			}
			switch e.Kind {
			case "user":
				q.account(e.Value)
			case "host", "device":
				q.host(e.Value)
			case "email":
				if q.isOwn(domain.Of(e.Value)) {
					q.account(e.Value)
				}
			}
		}
	}
	slices.SortFunc(q.words, byLength)
	q.known = anyOf(q.words)
}

// bareAccount is the account without its domain, in lower case.
func bareAccount(value string) string {
	v := strings.ToLower(value)
	if at := strings.LastIndexByte(v, '\\'); at >= 0 {
		v = v[at+1:]
	}
	v, _, _ = strings.Cut(v, "@")
	return v
}

// systemAccounts are of every machine: their names tell nobody.
var systemAccounts = []string{"system", "localsystem", "root", "local service", "network service", "administrators", "uid 0"}

func (q *quiet) account(value string) string {
	v := bareAccount(value)
	if v == "" || slices.Contains(systemAccounts, v) || strings.HasPrefix(v, "uid ") {
		return q.text(strings.ToUpper(v))
	}
	if q.names == Keep {
		return q.text(v)
	}
	return q.pseudonym("account", v)
}

func (q *quiet) host(value string) string {
	v, _, _ := strings.Cut(strings.ToLower(value), ".")
	if q.names == Keep || v == "" || v == "localhost" {
		return q.text(v)
	}
	return q.pseudonym("host", v)
}

func (q *quiet) pseudonym(kind, value string) string {
	if p, ok := q.given[kind+"\x00"+value]; ok {
		return p
	}
	q.count[kind]++
	p := fmt.Sprintf("%s-%d", kind, q.count[kind])
	q.given[kind+"\x00"+value] = p
	if utf8.RuneCountInString(value) >= 3 {
		q.words = append(q.words, value)
		q.given["word\x00"+value] = p
	}
	return p
}

func (q *quiet) isOwn(host string) bool {
	return q.own != "" && (host == q.own || strings.HasSuffix(host, "."+q.own))
}

// address is an address of a network: inside, a host; outside, one of nobody.
func (q *quiet) address(value string) string {
	a, err := netip.ParseAddr(value)
	switch {
	case err != nil:
		return defang(q.blacken(seen(value)))
	case q.hosts[a.String()] != "" && a.IsPrivate():
		return q.host(q.hosts[a.String()])
	case q.names == Keep:
		return strings.ReplaceAll(defang(a.String()), ":", "[:]")
	case a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast():
		return q.pseudonym("host", a.String())
	}
	if p, ok := q.given["peer\x00"+a.String()]; ok {
		return p
	}
	q.count["peer"]++
	p := defang(fmt.Sprintf("203.0.113.%d", 10+q.count["peer"]%240))
	q.given["peer\x00"+a.String()] = p
	return p
}

// domain is a domain that cannot be reached: the own one as it is, one that
// looks like it with its label under .example, another's not at all.
func (q *quiet) domain(value string) string {
	host := domain.Clean(value)
	switch {
	case host == "":
		return ""
	case q.names == Keep || q.isOwn(host):
		return defang(q.blacken(seen(host)))
	}
	label, _ := domain.Split(domain.Registrable(host))
	own, _ := domain.Split(domain.Registrable(q.own))
	alike := len(own) >= 4 && strings.Contains(label, own) || domain.Compare(host, q.own).Kind != domain.None
	if alike && plain(label) {
		return defang(label + ".example")
	}
	return defang("outside-office.example")
}

func plain(label string) bool {
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// parts of a name that is a function rather than a person.
var functions = []string{
	"hr", "human", "personnel", "staff", "info", "admin", "administration", "it", "support", "help", "helpdesk", "service", "desk", "department", "ministry",
	"secretariat", "secretary", "office", "finance", "account", "accounts", "invoice", "billing", "payment", "payments", "noreply", "no", "reply", "security", "team", "mail", "post", "news",
	"notification", "notifications", "alert", "alerts", "update", "system", "portal", "training", "legal", "procurement", "document", "documents", "share",
}

func function(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(functions, w) })
}

// mailbox is a sender that keeps its pattern and is nobody.
func (q *quiet) mailbox(value string) string {
	local, _, _ := strings.Cut(strings.ToLower(value), "@")
	host := domain.Of(value)
	switch {
	case q.names == Keep:
		local = q.text(local)
	case q.isOwn(host):
		local = q.account(value)
	case !function(local):
		local = "first.last"
	default:
		local = q.text(local)
	}
	return local + "@" + q.domain(host)
}

// person is a display name: a function as it is, a person as nobody.
func (q *quiet) person(name string) string {
	if name = q.text(name); name == "" || q.names == Keep || function(name) {
		return name
	}
	return "First Last"
}

// file is the name of a file without the folders that lead to it.
func (q *quiet) file(value string) string {
	return q.text(path.Base(strings.ReplaceAll(value, `\`, "/")))
}

var (
	anyURL    = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s<>"']+`)
	anyMail   = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+`)
	anyWWW    = regexp.MustCompile(`(?i)\bwww\.[\pL\pN.-]+`)
	anyIPv4   = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`)
	anySecret = regexp.MustCompile(`(?i)\b(pass(?:word|wd|phrase)?|pwd|kennwort|secret|token|api[ _-]?key|bearer|pin|code)\b(\s*[:=]\s*|\s+is\s+)\S+`)
	anyBlob   = regexp.MustCompile(`[A-Za-z0-9+/_=-]{24,}`)
)

// hostOf is the host of an address of the web, without who signs in and the port.
func hostOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, `/?#\`); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	host, _, _ := strings.Cut(rest, ":")
	return host
}

// seen is s in one line, without what acts and is not seen.
func seen(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		case unicode.IsSpace(r), unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// blacken blacks out the words that nobody shall read.
func (q *quiet) blacken(s string) string {
	if q.redact == nil {
		return s
	}
	return q.redact.ReplaceAllLiteralString(s, black)
}

// text is free text of a case: names replaced, addresses inert, what may be a
// secret blacked out, nothing that acts without being seen, not too long.
func (q *quiet) text(s string) string {
	s = seen(s)
	if utf8.RuneCountInString(s) > 4*maxFact {
		s = string([]rune(s)[:4*maxFact])
	}
	s = q.blacken(s)
	s = anySecret.ReplaceAllString(s, "$1$2"+black)
	s = anyURL.ReplaceAllStringFunc(s, func(u string) string {
		return "hxxps://" + q.domain(hostOf(u)) + "/…"
	})
	s = anyMail.ReplaceAllStringFunc(s, q.mailboxInText)
	s = anyWWW.ReplaceAllStringFunc(s, func(host string) string { return q.domain(host) })
	s = anyIPv4.ReplaceAllStringFunc(s, q.address)
	s = anyBlob.ReplaceAllString(s, black)
	if q.names != Keep {
		s = q.rename(s)
	}
	if r := []rune(s); len(r) > maxFact {
		s = string(r[:maxFact-1]) + "…"
	}
	return s
}

func (q *quiet) mailboxInText(m string) string {
	local, _, _ := strings.Cut(m, "@")
	host := domain.Of(m)
	if q.names != Keep {
		if local = "first.last"; q.isOwn(host) {
			local = q.pseudonym("account", bareAccount(m))
		}
	}
	return local + "@" + q.domain(host)
}

// anyOf matches one of the words, whatever its case, a longer one first; nil
// when there are none.
func anyOf(words []string) *regexp.Regexp {
	if len(words) == 0 {
		return nil
	}
	quoted := make([]string, len(words))
	for n, w := range words {
		quoted[n] = regexp.QuoteMeta(w)
	}
	return regexp.MustCompile("(?i)" + strings.Join(quoted, "|"))
}

// rename gives the names that were learnt their pseudonyms, where no letter or
// digit stands beside them.
func (q *quiet) rename(s string) string {
	if q.known == nil {
		return s
	}
	var out strings.Builder
	at := 0
	for _, m := range q.known.FindAllStringIndex(s, -1) {
		before, _ := utf8.DecodeLastRuneInString(s[:m[0]])
		after, _ := utf8.DecodeRuneInString(s[m[1]:])
		by := q.given["word\x00"+strings.ToLower(s[m[0]:m[1]])]
		if wordRune(before) || wordRune(after) || by == "" {
			continue
		}
		out.WriteString(s[at:m[0]])
		out.WriteString(by)
		at = m[1]
	}
	out.WriteString(s[at:])
	return out.String()
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
