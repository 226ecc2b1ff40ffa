package hunts

import (
	"fmt"
	"strings"
)

// splunk has the field names of Splunk's Common Information Model. Values are
// compared by eval's functions: the search command's wildcards cannot be
// escaped.
var splunk = &dialect{
	comment: "",
	literal: func(v string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"` },
	is: func(field string, quoted []string) string {
		return fmt.Sprintf("in(lower(%s), %s)", field, strings.ToLower(strings.Join(quoted, ", ")))
	},
	like: func(field string, op Op, value string) string {
		return fmt.Sprintf("match(%s, \"%s\")", field, matching(op, value, `\`))
	},
	and: " AND ", or: " OR ",
}

var splunkPlaces = map[Source]struct {
	search string
	fields map[Field]string
	show   string
}{
	Network: {`tag=network tag=communicate`, map[Field]string{Remote: "dest_ip"}, "_time, host, src_ip, dest_ip, dest_port, app"},
	Inbound: {`tag=web`, map[Field]string{Remote: "src"}, "_time, host, src, http_method, url, status"},
	DNS:     {`tag=network tag=resolution tag=dns`, map[Field]string{Name: "query"}, "_time, host, src, query, answer"},
	Process: {`tag=process tag=report`, map[Field]string{Command: "process", Hash: "process_hash"}, "_time, dest, user, process, parent_process"},
	Files:   {`tag=endpoint tag=filesystem`, map[Field]string{Path: "file_path"}, "_time, dest, user, file_path, action"},
	Logon:   {`tag=authentication action=success`, map[Field]string{Account: "user", From: "src_ip"}, "_time, dest, user, src_ip, app"},
}

// writeSPL writes searches of Splunk. A field with several digests in it is
// compared as text.
func writeSPL(list []Hunt) string {
	var b strings.Builder
	for i := range list {
		h := list[i]
		p := splunkPlaces[h.Source]
		d := *splunk
		d.fields = p.fields
		h.All = exact(loose(h.All, Hash))
		cond, ok := d.condition(&h)
		if !ok {
			continue
		}
		_, _ = fmt.Fprintf(&b, "```%s (incident %s, hunt %s). %s```\nsearch index=* earliest=-30d %s\n| where %s\n| table %s\n\n", remark(h.Title), remark(h.Incident), h.ID, remark(h.Why), p.search, cond, p.show)
	}
	return b.String()
}

// loose makes clauses of a field that may hold several values ask for a part.
func loose(all []Clause, field Field) []Clause {
	out := make([]Clause, len(all))
	for i, c := range all {
		if c.Field == field && c.Op == Is {
			c.Op = Contains
		}
		out[i] = c
	}
	return out
}
