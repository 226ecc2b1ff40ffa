// Package audit reads the log of the Linux audit daemon
// (https://github.com/linux-audit/audit-documentation). The lines of one event
// share a serial number; SYSCALL, EXECVE, PATH, CWD, PROCTITLE and BPF lines
// are joined into one system call and, for execve, one process.
package audit

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
)

// Format is audit.log.
var Format = evidence.Format{
	Name: "audit", Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
	Emits: []*record.Type{host.SyscallType, host.ProcessType, host.LogonType},
}

func sniff(_ string, head []byte) evidence.Match {
	good, bad := textline.Tally(head, 8, func(line string) bool {
		_, ok := parseLine(line)
		return ok
	})
	if good > bad {
		return evidence.Sure
	}
	return evidence.None
}

// maxOpen bounds the events whose lines are still awaited: lines of different
// events interleave on a busy machine, by a few.
const maxOpen = 64

// line is one audit line.
type line struct {
	typ    string
	node   string
	id     string // time and serial, as printed
	ts     record.Time
	fields []record.KV
}

func (l *line) get(name string) string {
	for _, kv := range l.fields {
		if kv.Name == name {
			return kv.Value
		}
	}
	return ""
}

// parseLine reads "[node=x ]type=SYSCALL msg=audit(1364481363.243:24287): k=v …".
func parseLine(s string) (*line, bool) {
	l := &line{}
	if after, ok := strings.CutPrefix(s, "node="); ok {
		l.node, s, _ = strings.Cut(after, " ")
	}
	after, ok := strings.CutPrefix(s, "type=")
	if !ok {
		return nil, false
	}
	if l.typ, s, ok = strings.Cut(after, " "); !ok {
		return nil, false
	}
	if s, ok = strings.CutPrefix(s, "msg=audit("); !ok {
		return nil, false
	}
	if l.id, s, ok = strings.Cut(s, ")"); !ok {
		return nil, false
	}
	seconds, _, ok := strings.Cut(l.id, ":")
	if !ok {
		return nil, false
	}
	ts, err := record.ParseTime(seconds)
	if err != nil {
		return nil, false
	}
	l.ts = ts
	s, enriched, _ := strings.Cut(strings.TrimPrefix(s, ":"), "\x1d") // after 0x1d: the same, in names
	l.fields = fields(s)
	if inner := l.get("msg"); inner != "" {
		l.fields = append(l.fields, fields(inner)...)
	}
	l.fields = append(l.fields, fields(enriched)...)
	return l, true
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
func text(v string) string {
	if strings.HasPrefix(v, "\x00") {
		return v[1:]
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

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	var open []*event                  // oldest first
	machine := hostpath.Host(r.f.Path) // lines name their machine only when name_format is set
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		l, ok := parseLine(string(lines.Bytes()))
		if !ok {
			lines.Bad("audit-line", "not an audit line")
			return
		}
		var e *event
		for _, o := range open {
			if o.id == l.id && o.node == l.node {
				e = o
			}
		}
		if e == nil {
			if len(open) == maxOpen {
				open[0].emit(sink)
				open = append(open[:0], open[1:]...)
			}
			e = &event{id: l.id, node: l.node, host: machine, ref: lines.Ref()}
			if l.node != "" {
				e.host = strings.ToLower(l.node)
			}
			open = append(open, e)
		}
		if !e.add(l) {
			out.Problem(evidence.Problem{Name: "audit-event-too-long", Why: fmt.Sprintf("event %s has more than %d lines", l.id, maxLines), Ref: lines.Ref()})
		}
	})
	for _, e := range open {
		e.emit(sink)
	}
	return err
}

// maxLines bounds the lines of one event.
const maxLines = 128

// event is the lines with one serial number.
type event struct {
	id, node string
	host     string
	ref      record.Ref
	lines    []*line
}

func (e *event) add(l *line) bool {
	if len(e.lines) >= maxLines {
		return false
	}
	e.lines = append(e.lines, l)
	return true
}

// emit makes the records of a finished event.
func (e *event) emit(sink record.Sink) {
	var sys *host.Syscall
	var proc *host.Process
	for _, l := range e.lines {
		switch l.typ {
		case "SYSCALL":
			sys = e.syscall(l)
		case "USER_LOGIN", "USER_AUTH":
			if r := e.logon(l); r != nil {
				sink.Put(r)
			}
		case "BPF":
			if sys == nil {
				sys = &host.Syscall{Head: e.head(l), Syscall: "bpf", Success: true}
			}
			sys.Op = l.get("op")
			if sys.Op == "" {
				sys.Op = "LOAD"
			}
		}
	}
	for _, l := range e.lines {
		switch l.typ {
		case "EXECVE":
			proc = e.process(l, sys)
		case "PATH":
			if sys != nil && len(sys.Paths) < maxLines {
				if p := text(l.get("name")); p != "" {
					sys.Paths = append(sys.Paths, p)
				}
			}
		}
	}
	for _, l := range e.lines {
		if l.typ == "CWD" && proc != nil {
			proc.Directory = text(l.get("cwd"))
		}
	}
	if sys != nil {
		sink.Put(sys)
	}
	if proc != nil {
		sink.Put(proc)
	}
}

func (e *event) head(l *line) host.Head {
	h := host.Head{Host: e.host, Provider: "auditd", Code: l.typ}
	h.TS, h.Ref = l.ts, e.ref
	if name := l.get("AUID"); name != "" {
		h.User = text(name)
	} else if id := l.get("auid"); id != "" && id != "4294967295" {
		h.User = "uid " + id
	}
	if ses := l.get("ses"); ses != "" && ses != "4294967295" {
		h.LogonID = ses
	}
	return h
}

func (e *event) syscall(l *line) *host.Syscall {
	s := &host.Syscall{
		Head: e.head(l), Syscall: l.get("SYSCALL"), Success: l.get("success") == "yes",
		Image: text(l.get("exe")), Command: text(l.get("comm")), Key: text(l.get("key")),
	}
	s.PID, _ = strconv.ParseInt(l.get("pid"), 10, 64)
	if s.Syscall == "" {
		s.Syscall = syscallName(l.get("arch"), l.get("syscall"))
	} else {
		s.Syscall = text(s.Syscall)
	}
	for _, name := range []string{"a0", "a1", "a2", "a3"} {
		s.Args = append(s.Args, l.get(name))
	}
	return s
}

func (e *event) process(l *line, sys *host.Syscall) *host.Process {
	p := &host.Process{Head: e.head(l)}
	if sys != nil {
		p.Head, p.Image, p.PID = sys.Head, sys.Image, sys.PID
		for _, s := range e.lines {
			if s.typ == "SYSCALL" {
				p.ParentPID, _ = strconv.ParseInt(s.get("ppid"), 10, 64)
			}
		}
	}
	n, _ := strconv.Atoi(l.get("argc"))
	for i := range min(n, maxFields) {
		p.Args = append(p.Args, text(l.get("a"+strconv.Itoa(i))))
	}
	p.CommandLine = strings.Join(p.Args, " ")
	if p.Image == "" && len(p.Args) > 0 {
		p.Image = p.Args[0]
	}
	return p
}
