// Package syslog reads system logs as files hold them: RFC 3164 with and
// without priority, RFC 5424, and the key=value messages that appliances send.
// RFC 3164 has no year: it is taken from the file's modification time, going
// back a year whenever the months run ahead of it.
package syslog

import (
	"context"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
)

// Format is syslog files.
var Format = evidence.Format{
	Name: "syslog", Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
	Emits: []*record.Type{host.SyslogType, host.LogonType, host.ProcessType, host.ScriptType},
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
	last := r.f.Modified
	told := last != 0
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		m, ok := parse(string(lines.Bytes()), last.Std().Year())
		if !ok {
			lines.Bad("syslog-line", "neither RFC 3164 nor RFC 5424")
			return
		}
		if m.noYear && !told {
			told = true
			out.Problem(evidence.Problem{Name: "syslog-no-year", Why: "the file has no modification time, so the year of its lines is not known; 1970 stands for it", Ref: lines.Ref()})
		}
		// A day's grace: clocks differ between sender and keeper.
		if m.noYear && m.s.TS > last.Add(24*time.Hour) {
			m.s.TS = record.TimeOf(m.s.TS.Std().AddDate(-1, 0, 0))
		}
		m.s.Ref = lines.Ref()
		sink.Put(m.s)
		for _, rec := range derive(m.s) {
			sink.Put(rec)
		}
	})
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
	rest := line
	pri := -1
	if strings.HasPrefix(rest, "<") {
		end := strings.IndexByte(rest, '>')
		if end < 2 || end > 4 {
			return message{}, false
		}
		n, err := strconv.Atoi(rest[1:end])
		if err != nil || n > 191 { // RFC 5424 section 6.2.1
			return message{}, false
		}
		pri, rest = n, rest[end+1:]
	}
	if pri >= 0 {
		s.Facility, s.Severity = int64(pri/8), int64(pri%8)
	}
	if pri >= 0 && strings.HasPrefix(rest, "1 ") {
		return message{s: s}, parse5424(s, rest[2:])
	}
	if pairs := keyValues(rest, 4); pri >= 0 && pairs != nil {
		return message{s: s}, appliance(s, rest)
	}
	t, rest, noYear, ok := stamp(rest, year)
	if !ok {
		if pairs := keyValues(rest, 4); pairs != nil {
			return message{s: s}, appliance(s, rest)
		}
		return message{}, false
	}
	s.TS = record.TimeOf(t)
	name, rest, ok := strings.Cut(strings.TrimLeft(rest, " "), " ")
	if !ok || strings.ContainsAny(name, "[]=") {
		return message{}, false
	}
	s.Host = strings.ToLower(strings.TrimSuffix(name, ":"))
	tag(s, rest)
	return message{s: s, noYear: noYear}, true
}

// stamp reads the time at the start of a line: "Jan _2 15:04:05" of RFC 3164,
// with a year as Cisco adds it, or RFC 3339.
func stamp(s string, year int) (t time.Time, rest string, noYear, ok bool) {
	s = strings.TrimLeft(s, "*: ") // Cisco marks an unsure clock
	if len(s) >= 20 && s[4] == '-' && (s[10] == 'T' || s[10] == ' ') {
		at, rest, _ := strings.Cut(s, " ")
		if s[10] == ' ' {
			if len(s) < 20 {
				return t, s, false, false
			}
			at, rest = s[:10]+"T"+s[11:19]+"Z", s[19:]
		}
		t, err := time.Parse(time.RFC3339Nano, at)
		return t, rest, false, err == nil
	}
	const plain = "Jan _2 15:04:05"
	if len(s) < len(plain) {
		return t, s, false, false
	}
	if len(s) > len("Jan _2 2006 15:04:05") {
		if t, err := time.Parse("Jan _2 2006 15:04:05", s[:20]); err == nil {
			return t, strings.TrimLeft(s[20:], ": "), false, true
		}
	}
	t, err := time.Parse("2006 "+plain, strconv.Itoa(year)+" "+s[:len(plain)])
	if err != nil { // February 29 of a year that is not a leap year, seen from the next one
		t, err = time.Parse("2006 "+plain, strconv.Itoa(year-1)+" "+s[:len(plain)])
	}
	if err != nil {
		return t, s, false, false
	}
	rest = s[len(plain):]
	if strings.HasPrefix(rest, ".") { // milliseconds
		i := strings.IndexByte(rest, ' ')
		if i < 0 {
			i = len(rest)
		}
		if d, derr := time.ParseDuration("0" + rest[:i] + "s"); derr == nil {
			t = t.Add(d)
		}
		rest = rest[i:]
	}
	return t, strings.TrimLeft(rest, ": "), true, true
}

// tag splits "name[pid]: text".
func tag(s *host.Syslog, rest string) {
	end := strings.IndexAny(rest, ":[ ")
	if end > 0 && end <= 48 && rest[end] != ' ' {
		s.App = rest[:end]
		if rest[end] == '[' {
			if pid, after, ok := strings.Cut(rest[end+1:], "]"); ok && len(pid) <= 12 {
				s.PID, rest = pid, strings.TrimPrefix(after, ":")
			}
		} else {
			rest = rest[end+1:]
		}
	}
	s.Message = strings.TrimLeft(rest, " ")
	s.Fields = keyValues(s.Message, 4)
}
