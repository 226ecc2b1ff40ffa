// Package syslog reads system logs as files hold them: RFC 3164 with and
// without priority, host or year, RFC 5424, what rsyslog, syslog-ng and BSD's
// syslogd make of them, and the messages that appliances write without a head.
// RFC 3164 has no year: it is taken from the file's modification time, going
// back a year at every place where the months begin anew; the manifest counts
// the lines.
package syslog

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/appliance"
	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/linuxaudit"
	"longwatch/internal/mailqueue"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
	"longwatch/internal/textline"
	"longwatch/internal/unixlog"
)

// Format is syslog files.
var Format = evidence.Format{
	Name: "syslog", Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
	Emits: emits(),
}

// emits are the types of all that a message may become, each once.
func emits() []*record.Type {
	all := []*record.Type{host.SyslogType, host.ConfigChangeType, host.LogClearType, network.ConnType, web.AccessType, mail.Type}
	for _, t := range slices.Concat(unixlog.Emits, linuxaudit.Emits) {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

func sniff(_ string, head []byte) evidence.Match {
	if !textline.Text(head) {
		return evidence.None
	}
	good, bad := textline.Tally(head, 16, func(line string) bool {
		_, ok := parse(line, 2000)
		return ok
	})
	if good > 2*bad {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	years := newYears(ctx, r.f)
	told := r.f.Modified != 0
	machine := hostpath.Host(r.f.Path) // for lines that name none
	inferred := int64(0)
	var devices appliance.Reader
	var queues mailqueue.Queues
	audit := linuxaudit.Assembler{Sink: sink}
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		m, ok := parse(string(lines.Bytes()), years.now())
		if !ok {
			lines.Bad("syslog-line", "neither RFC 3164 nor RFC 5424")
			return
		}
		if m.noYear && !told {
			told = true
			out.Problem(evidence.Problem{Name: "syslog-no-year", Why: "the file has no modification time, so the year of its lines is not known; 1970 stands for it", Ref: lines.Ref()})
		}
		if m.noYear {
			inferred++
			m.s.TS = years.place(m.s.TS)
		}
		m.s.Ref = lines.Ref()
		m.s.Host = cmp.Or(m.s.Host, machine)
		records := devices.Normalize(m.s)
		if m.s.Product == "" {
			records = unixlog.Derive(m.s)
		}
		kernel, isAudit := linuxaudit.Kernel(m.s.Message) // where no audit daemon takes the records
		if !isAudit {
			audit.Flush() // the lines of an event stand together
		}
		sink.Put(m.s)
		for _, rec := range records {
			sink.Put(rec)
		}
		for _, letter := range queues.Take(m.s) {
			sink.Put(letter)
		}
		if isAudit {
			kernel.Node = m.s.Host
			audit.Add(kernel, m.s.Ref)
		}
	})
	audit.Flush()
	for _, letter := range queues.Rest() {
		sink.Put(letter)
	}
	if inferred > 0 {
		out.Count(r.f.Path, "lines_with_inferred_year", inferred)
	}
	return err
}

// message is a parsed line.
type message struct {
	s      *host.Syslog
	noYear bool
}

// parse reads one line; year stands for the one that RFC 3164 leaves out.
func parse(line string, year int) (message, bool) {
	s := &host.Syslog{}
	s.Provider = "syslog"
	rest := uncounted(line)
	pri, rest, ok := priority(rest)
	if !ok {
		return message{}, false
	}
	if pri >= 0 {
		s.Facility, s.Severity = int64(pri/8), int64(pri%8)
	}
	if strings.HasPrefix(rest, "1 ") && (pri >= 0 || len(rest) > 6 && rest[6] == '-') {
		return message{s: s}, parse5424(s, rest[2:])
	}
	if pairs := keyValues(rest, 4); pri >= 0 && pairs != nil && pairsOnly(s, rest) {
		return message{s: s}, true
	}
	if raw, ok := appliance.Raw(rest); ok {
		s.Message = raw.Message
		return message{s: s}, true
	}
	if t, after, noYear, ok := stamp(rest, year); ok {
		s.TS = record.TimeOf(t)
		return message{s: s, noYear: noYear}, named(s, after)
	}
	if m, ok := cisco(s, rest, year); ok {
		return m, true
	}
	if keyValues(rest, 4) != nil {
		return message{s: s}, pairsOnly(s, rest)
	}
	return message{}, false
}

// uncounted takes away the octet count of RFC 6587.
func uncounted(line string) string {
	n, rest, ok := strings.Cut(line, " ")
	if ok && len(n) <= 6 && strings.HasPrefix(rest, "<") && n != "" && strings.Trim(n, "0123456789") == "" {
		return rest
	}
	return line
}

// priority reads <PRI>; -1 when there is none.
func priority(line string) (pri int, rest string, ok bool) {
	if !strings.HasPrefix(line, "<") {
		return -1, line, true
	}
	end := strings.IndexByte(line, '>')
	if end < 2 || end > 4 {
		return 0, line, false
	}
	n, err := strconv.Atoi(line[1:end])
	if err != nil || n < 0 || n > 191 { // RFC 5424 section 6.2.1
		return 0, line, false
	}
	return n, strings.TrimLeft(line[end+1:], " "), true
}

// named reads what follows the time: the host, unless the line goes straight on
// with a program or an appliance's message, and the tag.
func named(s *host.Syslog, rest string) bool {
	rest = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(rest, "<") { // BSD's syslogd -v: <local0.info>
		if level, after, ok := strings.Cut(rest[1:], "> "); ok && setLevel(s, level) {
			rest = after
		}
	}
	name, after, ok := strings.Cut(rest, " ")
	switch {
	case strings.HasPrefix(name, "%"): // Cisco without a host
		s.Message = rest
		return true
	case zone(name) && strings.HasPrefix(strings.TrimLeft(after, ": "), "%"):
		s.Message = strings.TrimLeft(after, ": ")
		return true
	case slices.Contains(packageWords, name): // dpkg.log, which has no host
		return false
	case !ok || strings.Contains(name, "=") || strings.HasPrefix(name, "["):
		return false
	case strings.HasSuffix(name, ":") && !strings.HasPrefix(strings.TrimLeft(after, " "), "%") || strings.HasSuffix(name, "]:"):
		tag(s, rest) // logger -s, and BSD for its own machine, leave the host out
		return s.App != ""
	case strings.ContainsAny(name, "[]"):
		return false
	}
	s.Host = strings.ToLower(strings.TrimSuffix(name, ":"))
	tag(s, after)
	return true
}

// packageWords are what stands behind the time in dpkg.log (dpkg(1)).
var packageWords = []string{"startup", "status", "install", "upgrade", "configure", "trigproc", "remove", "purge", "disappear", "conffile"}

// zone tells whether a word is the short name of a time zone.
func zone(s string) bool {
	s = strings.TrimSuffix(s, ":")
	return len(s) >= 3 && len(s) <= 5 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// levels are the names of severities (RFC 5424 table 2), as syslog.conf has
// them.
var levels = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// setLevel reads "local0.info".
func setLevel(s *host.Syslog, text string) bool {
	_, level, ok := strings.Cut(text, ".")
	i := slices.Index(levels, level)
	if !ok || i < 0 {
		return false
	}
	s.Severity = int64(i)
	return true
}

// cisco reads "[sequence: ][host: ]time[ zone]: %FACILITY-SEVERITY-NAME: text",
// the time being optional.
func cisco(s *host.Syslog, rest string, year int) (message, bool) {
	i := strings.IndexByte(rest, '%')
	if i < 0 || i > 160 {
		return message{}, false
	}
	text := rest[i:]
	if _, ok := appliance.Raw(text); !ok {
		return message{}, false
	}
	m := message{s: s}
	for before := rest[:i]; before != ""; {
		if t, _, noYear, ok := stamp(before, year); ok {
			s.TS, m.noYear = record.TimeOf(t), noYear
			break
		}
		word, after, ok := strings.Cut(before, ": ")
		if !ok {
			break
		}
		if strings.Trim(word, "0123456789") != "" && !strings.Contains(word, " ") {
			s.Host = strings.ToLower(word)
		}
		before = after
	}
	s.Message = text
	return m, true
}

// tag splits "name[pid]: text". F5 puts the severity before the name, Cisco a
// sequence number.
func tag(s *host.Syslog, rest string) {
	if level, after, ok := strings.Cut(rest, " "); ok && slices.Contains(levels, level) {
		if end := strings.IndexAny(after, ":[ "); end > 0 && after[end] != ' ' {
			rest = after
		}
	}
	end := strings.IndexAny(rest, ":[ ")
	if end > 0 && end <= 48 && rest[end] != ' ' && !strings.ContainsAny(rest[:1], "%<\"") && (rest[end] != ':' || strings.Count(rest[:end], "/") < 2 || rest[0] == '/') {
		s.App = rest[:end]
		if rest[end] == '[' {
			if pid, after, ok := strings.Cut(rest[end+1:], "]"); ok && len(pid) <= 12 {
				s.PID, rest = pid, strings.TrimPrefix(after, ":")
			}
		} else {
			rest = rest[end+1:]
		}
		if strings.Trim(s.App, "0123456789") == "" { // a sequence number, with Cisco's own time behind it
			s.App = ""
			if i := strings.Index(rest, ": %"); i >= 0 && i < 64 {
				rest = rest[i+2:]
			}
		}
	}
	s.Message = strings.TrimLeft(rest, " ")
	if strings.HasPrefix(s.Message, ": %") {
		s.Message = s.Message[2:]
	}
	s.Fields = keyValues(s.Message, 4)
}
