// Package linuxaudit puts the records of the Linux audit system together
// (https://github.com/linux-audit/audit-documentation), whoever carried them:
// the audit daemon's log, ausearch, laurel, the journal or syslog. The lines of
// one event share a time and a serial number; SYSCALL, EXECVE, PATH, CWD,
// SOCKADDR and BPF lines become one system call and what it did.
//
//	a := linuxaudit.Assembler{Sink: sink}
//	if l, ok := linuxaudit.Parse(text); ok { a.Add(l, ref) }
//	a.Flush()
package linuxaudit

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/record"
)

// Line is one audit record.
type Line struct {
	Type string      // SYSCALL, EXECVE … (linux/audit.h)
	Node string      // machine, where name_format has it written; empty else
	ID   string      // time and serial number, as printed
	TS   record.Time // when it happened

	fields      []record.KV
	interpreted bool // numbers and hexadecimal were turned into words already
}

func (l *Line) get(name string) string {
	for i := range l.fields {
		if l.fields[i].Name == name {
			return l.fields[i].Value
		}
	}
	return ""
}

// Parse reads "[node=x ]type=SYSCALL msg=audit(1364481363.243:24287): k=v …",
// and what "ausearch -i" makes of it: a date for the seconds, a blank before
// the colon, words for numbers.
func Parse(s string) (*Line, bool) {
	l := &Line{}
	if after, ok := strings.CutPrefix(s, "node="); ok {
		l.Node, s, _ = strings.Cut(after, " ")
	}
	after, ok := strings.CutPrefix(s, "type=")
	if !ok {
		return nil, false
	}
	if l.Type, s, ok = strings.Cut(after, " "); !ok {
		return nil, false
	}
	if s, ok = strings.CutPrefix(s, "msg=audit("); !ok {
		return nil, false
	}
	return l, l.rest(s)
}

// Kernel reads an event in the kernel's own log, or in syslog as the audit
// daemon's dispatcher writes it: "audit: type=1334 audit(1620.1:45): k=v …".
func Kernel(message string) (*Line, bool) {
	if i := strings.Index(message, "type="); i >= 0 && i < 40 && strings.Contains(message, "msg=audit(") {
		return Parse(message[i:])
	}
	_, s, ok := strings.Cut(message, "audit: type=")
	if !ok {
		return nil, false
	}
	number, s, ok := strings.Cut(s, " audit(")
	if !ok {
		return nil, false
	}
	l := &Line{Type: typeName(number)}
	return l, l.rest(s)
}

// Journal is an event as systemd-journald keeps it: type and serial number in
// fields of their own, the message beginning with the type's name.
func Journal(number, serial, message string, ts record.Time) *Line {
	l := &Line{Type: typeName(number), ID: strconv.FormatInt(int64(ts), 10) + ":" + serial, TS: ts}
	_, text, _ := strings.Cut(message, " ")
	l.fill(text)
	return l
}

// rest reads what follows "audit(".
func (l *Line) rest(s string) bool {
	var ok bool
	if l.ID, s, ok = strings.Cut(s, ")"); !ok {
		return false
	}
	i := strings.LastIndexByte(l.ID, ':')
	if i < 0 {
		return false
	}
	stamp := l.ID[:i]
	ts, err := record.ParseTime(stamp)
	if err != nil {
		t, ok := interpretedTime(stamp)
		if !ok {
			return false
		}
		ts, l.interpreted = record.TimeOf(t), true
	}
	l.TS = ts
	l.fill(strings.TrimLeft(s, " :"))
	return true
}

// interpretedTime reads the date that ausearch -i prints, in the form of the
// locale it ran in; where day and month could be either, the month is first.
func interpretedTime(s string) (time.Time, bool) {
	for _, layout := range []string{"01/02/2006 15:04:05.999", "01/02/06 15:04:05.999", "02/01/2006 15:04:05.999", "02/01/06 15:04:05.999", "02.01.2006 15:04:05.999", "2006-01-02 15:04:05.999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (l *Line) fill(s string) {
	s, enriched, _ := strings.Cut(s, "\x1d") // after 0x1d: the same, in names
	if l.interpreted && l.Type == "EXECVE" {
		l.fields = spaced(s)
		return
	}
	l.fields = fields(unknownSignal.ReplaceAllString(s, "$1"))
	if inner := l.get("msg"); inner != "" {
		l.fields = append(l.fields, fields(inner)...)
	}
	l.fields = append(l.fields, fields(enriched)...)
}

// unknownSignal is how ausearch -i prints the number of a signal that there is not.
var unknownSignal = regexp.MustCompile(`unknown[ -]signal ?\((?:0x)?([0-9a-f]+)\)`)

// argument is where an argument begins in an interpreted EXECVE line.
var argument = regexp.MustCompile(`(?:^| )(argc|a\d+)=`)

// spaced splits "argc=2 a0=ls a1=my file": the values hold blanks.
func spaced(s string) []record.KV {
	var out []record.KV
	at := argument.FindAllStringSubmatchIndex(s, maxFields)
	for i, m := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		out = append(out, record.KV{Name: s[m[2]:m[3]], Value: "\x00" + strings.TrimSpace(s[m[1]:end])})
	}
	return out
}

// maxFields bounds the fields of one line.
const maxFields = 512

// fields splits key=value, key="value" and key='value'.
func fields(s string) []record.KV {
	var out []record.KV
	for len(out) < maxFields {
		s = strings.TrimLeft(s, " ")
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			return out
		}
		if i := strings.LastIndexByte(name, ' '); i >= 0 {
			name = name[i+1:]
		}
		var value string
		switch {
		case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, "'"):
			q := rest[0]
			end := strings.IndexByte(rest[1:], q)
			if end < 0 {
				return append(out, record.KV{Name: name, Value: rest[1:]})
			}
			value, s = rest[1:1+end], rest[end+2:]
			if q == '"' {
				value = "\x00" + value // quoted: not hexadecimal
			}
		default:
			value, s, _ = strings.Cut(rest, " ")
		}
		out = append(out, record.KV{Name: name, Value: value})
	}
	return out
}

// text is a field that is quoted, or hexadecimal when it has odd bytes.
func (l *Line) text(name string) string {
	v := l.get(name)
	if strings.HasPrefix(v, "\x00") {
		return v[1:]
	}
	if l.interpreted {
		if v == "(null)" {
			return ""
		}
		return v
	}
	if len(v) >= 2 && len(v)%2 == 0 {
		if b, err := hex.DecodeString(v); err == nil {
			return string(b)
		}
	}
	if v == "(null)" {
		return ""
	}
	return v
}

// number is a decimal field; 0 when it is none.
func (l *Line) number(name string) int64 {
	n, err := strconv.ParseInt(l.get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// unset tells whether an id says that there is none.
func unset(id string) bool { return slices.Contains([]string{"", "4294967295", "-1", "unset"}, id) }
