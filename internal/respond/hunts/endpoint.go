package hunts

import (
	"fmt"
	"strings"

	"longwatch/internal/stix"
)

// velociraptor is VQL: comparisons are regular expressions of Go (RE2).
var velociraptor = &dialect{
	comment: "--",
	literal: quoted,
	is: func(field string, list []string) string {
		return fmt.Sprintf("%s in (%s,)", field, strings.Join(list, ", "))
	},
	like: func(field string, op Op, v string) string {
		return fmt.Sprintf("%s =~ \"%s\"", field, matching(op, v, `\\`))
	},
	and: " AND ", or: " OR ",
}

var vqlPlaces = map[Source]struct {
	sel    string
	fields map[Field]string
}{
	Network: {"SELECT Pid, Name, Laddr, Raddr.IP AS RemoteIP, Raddr.Port AS RemotePort, Status FROM netstat() WHERE ", map[Field]string{Remote: "Raddr.IP"}},
	DNS:     {"SELECT * FROM Artifact.Windows.System.DNSCache() WHERE ", map[Field]string{Name: "Name"}},
	Process: {"SELECT Pid, Ppid, Name, Exe, CommandLine, Username, CreateTime FROM pslist() WHERE ", map[Field]string{Command: "CommandLine"}},
	Files:   {"SELECT OSPath, Size, Mtime, Btime FROM glob(globs=[\"C:/Users/**\", \"C:/Windows/Temp/**\", \"C:/ProgramData/**\", \"C:/inetpub/**\", \"/tmp/**\", \"/var/www/**\"]) WHERE NOT IsDir AND ", map[Field]string{Path: "OSPath"}},
	Logon: {
		"SELECT timestamp(epoch=System.TimeCreated.SystemTime) AS Time, EventData.TargetUserName AS Account, EventData.IpAddress AS Source, EventData.LogonType AS LogonType FROM parse_evtx(filename=\"C:/Windows/System32/winevt/Logs/Security.evtx\") WHERE System.EventID.Value = 4624 AND ",
		map[Field]string{Account: "EventData.TargetUserName", From: "EventData.IpAddress"},
	},
}

// writeVQL writes queries for hunts of Velociraptor.
func writeVQL(list []Hunt) string {
	var b strings.Builder
	for i := range list {
		h := &list[i]
		p, known := vqlPlaces[h.Source]
		if !known {
			continue
		}
		for _, x := range byDigest(h) {
			d := *velociraptor
			d.fields = p.fields
			sel := p.sel
			if x.digest != "" {
				field := strings.ReplaceAll(x.digest, "-", "")
				d.fields = map[Field]string{Hash: "Hash." + field}
				sel = "SELECT Pid, Name, Exe, hash(path=Exe, accessor=\"auto\") AS Hash FROM pslist() WHERE Exe AND "
			}
			if h.Source == Logon {
				x.All = exact(x.All)
			}
			cond, ok := d.condition(&x.Hunt)
			if !ok {
				continue
			}
			b.WriteString(d.head(&x.Hunt))
			b.WriteString(sel + cond + "\n\n")
		}
	}
	return b.String()
}

// exact makes clauses ask by expression, which leaves case aside.
func exact(all []Clause) []Clause {
	out := make([]Clause, len(all))
	for i, c := range all {
		if c.Field == Account {
			c.Op = exactly
		}
		out[i] = c
	}
	return out
}

// osquery is SQL of SQLite.
var osquery = &dialect{
	comment: "--",
	literal: sqlText,
	is: func(field string, list []string) string {
		return fmt.Sprintf("lower(%s) IN (%s)", field, strings.ToLower(strings.Join(list, ", ")))
	},
	like: func(field string, op Op, v string) string {
		w := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(v)
		w = strings.Map(func(r rune) rune { // what no line can show stands for any character
			if hidden(r) {
				return '_'
			}
			return r
		}, w)
		like := func(pattern string) string { return fmt.Sprintf("%s LIKE %s ESCAPE '!'", field, sqlText(pattern)) }
		switch op {
		case EndsWith:
			return "(" + like(`%\`+w) + " OR " + like("%/"+w) + ")"
		case Below:
			return "(" + like(w) + " OR " + like("%."+w) + ")"
		case Is, Contains, exactly:
		}
		return like("%" + w + "%")
	},
	and: " AND ", or: " OR ",
}

// sqlText is a string of SQL, without what ends a line or is not seen.
func sqlText(v string) string {
	v = strings.Map(func(r rune) rune {
		if hidden(r) {
			return ' '
		}
		return r
	}, v)
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

var osqueryPlaces = map[Source]struct {
	sel    string
	fields map[Field]string
}{
	Network: {"SELECT s.pid, p.name, p.path, p.cmdline, s.remote_address, s.remote_port FROM process_open_sockets AS s LEFT JOIN processes AS p ON p.pid = s.pid WHERE ", map[Field]string{Remote: "s.remote_address"}},
	DNS:     {"SELECT name, type FROM dns_cache WHERE ", map[Field]string{Name: "name"}},
	Process: {"SELECT pid, parent, name, path, cmdline, start_time FROM processes WHERE ", map[Field]string{Command: "cmdline"}},
	Files:   {`SELECT path, size, mtime FROM file WHERE (path LIKE 'C:\Users\%%' OR path LIKE 'C:\Windows\Temp\%%' OR path LIKE 'C:\inetpub\%%' OR path LIKE '/tmp/%%' OR path LIKE '/var/www/%%') AND `, map[Field]string{Path: "path"}},
	Logon:   {"SELECT user, type, tty, host, time FROM logged_in_users WHERE ", map[Field]string{Account: "user", From: "host"}},
}

// writeOsquery writes queries of osquery.
func writeOsquery(list []Hunt) string {
	var b strings.Builder
	for i := range list {
		h := &list[i]
		p, known := osqueryPlaces[h.Source]
		if !known {
			continue
		}
		for _, x := range byDigest(h) {
			d := *osquery
			d.fields = p.fields
			sel := p.sel
			if x.digest != "" {
				d.fields = map[Field]string{Hash: "h." + strings.ToLower(strings.ReplaceAll(x.digest, "-", ""))}
				sel = "SELECT p.pid, p.name, p.path, p.cmdline FROM processes AS p JOIN hash AS h ON h.path = p.path WHERE "
			}
			cond, ok := d.condition(&x.Hunt)
			if !ok {
				continue
			}
			b.WriteString(d.head(&x.Hunt))
			b.WriteString(sel + cond + ";\n\n")
		}
	}
	return b.String()
}

// writeZeek writes a file for Zeek's intelligence framework, which longwatch
// retro --intel reads too.
func writeZeek(list []Hunt) string {
	seen := map[string]bool{}
	var lines []string
	put := func(h *Hunt, value, kind string) {
		if strings.ContainsAny(value, "\t\n\r\x00") || seen[kind+value] {
			return
		}
		seen[kind+value] = true
		lines = append(lines, strings.Join([]string{value, kind, "longwatch " + remark(h.Incident), remark(h.Title)}, "\t"))
	}
	for i := range list {
		h := &list[i]
		for _, c := range h.All {
			for _, v := range c.Any {
				switch {
				case c.Field == Remote:
					put(h, v, "Intel::ADDR")
				case c.Field == Name:
					put(h, v, "Intel::DOMAIN")
				case c.Field == Hash && stix.HashName(v) != "":
					put(h, v, "Intel::FILE_HASH")
				case c.Field == Path:
					put(h, v, "Intel::FILE_NAME")
				}
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n" + strings.Join(lines, "\n") + "\n"
}
