package hunts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// elastic is ES|QL over the Elastic Common Schema. LIKE has wildcards of its
// own, which are escaped within the string.
var elastic = &dialect{
	comment: "//",
	literal: elasticText,
	is: func(field string, list []string) string {
		return fmt.Sprintf("%s IN (%s)", field, strings.Join(list, ", "))
	},
	like: func(field string, op Op, v string) string {
		w := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(strings.ToLower(v))
		w = strings.Map(func(r rune) rune { // what no string of ES|QL can show stands for any character
			if hidden(r) {
				return '?'
			}
			return r
		}, w)
		like := func(pattern string) string { return fmt.Sprintf("TO_LOWER(%s) LIKE %s", field, elasticText(pattern)) }
		switch op {
		case EndsWith:
			return "(" + like(`*\\`+w) + " OR " + like("*/"+w) + ")"
		case Below:
			return "(" + like(w) + " OR " + like("*."+w) + ")"
		case Is, Contains, exactly:
		}
		return like("*" + w + "*")
	},
	and: "\n    AND ", or: " OR ",
}

// elasticText is a string of ES|QL, which knows few escapes.
func elasticText(v string) string {
	v = strings.Map(func(r rune) rune {
		if hidden(r) {
			return utf8.RuneError
		}
		return r
	}, v)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// hidden tells whether a character ends a line, or is not seen, or turns text
// around.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 || r == utf8.RuneError
}

var elasticPlaces = map[Source]struct {
	index  string
	fields map[Field]string
	also   string
	keep   string
}{
	Network: {"logs-*", map[Field]string{Remote: "destination.ip"}, "", "@timestamp, host.name, process.name, source.ip, destination.ip, destination.port"},
	Inbound: {"logs-*", map[Field]string{Remote: "source.ip"}, "url.path IS NOT NULL", "@timestamp, host.name, source.ip, http.request.method, url.path, http.response.status_code"},
	DNS:     {"logs-*", map[Field]string{Name: "dns.question.name"}, "", "@timestamp, host.name, process.name, source.ip, dns.question.name"},
	Process: {"logs-*", map[Field]string{Command: "process.command_line"}, `event.category == "process"`, "@timestamp, host.name, user.name, process.name, process.command_line, process.parent.name"},
	Files:   {"logs-*", map[Field]string{Path: "file.path"}, "", "@timestamp, host.name, user.name, process.name, file.path"},
	Logon:   {"logs-*", map[Field]string{Account: "TO_LOWER(user.name)", From: "source.ip"}, `event.outcome == "success"`, "@timestamp, host.name, user.name, source.ip, event.action"},
}

// writeESQL writes queries of ES|QL.
func writeESQL(list []Hunt) string {
	var b strings.Builder
	for i := range list {
		p := elasticPlaces[list[i].Source]
		for _, h := range byDigest(&list[i]) {
			d := *elastic
			d.fields = p.fields
			if h.digest != "" {
				d.fields = map[Field]string{Hash: map[string]string{"MD5": "process.hash.md5", "SHA-1": "process.hash.sha1", "SHA-256": "process.hash.sha256"}[h.digest]}
			}
			cond, ok := d.condition(&h.Hunt)
			if !ok {
				continue
			}
			b.WriteString(d.head(&h.Hunt))
			_, _ = fmt.Fprintf(&b, "FROM %s\n| WHERE @timestamp > NOW() - 30 days\n", p.index)
			if p.also != "" {
				_, _ = fmt.Fprintf(&b, "| WHERE %s\n", p.also)
			}
			_, _ = fmt.Fprintf(&b, "| WHERE %s\n| KEEP %s\n| SORT @timestamp DESC\n| LIMIT 1000\n\n", cond, p.keep)
		}
	}
	return b.String()
}
