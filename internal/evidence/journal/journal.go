// Package journal reads the journal of systemd: its own files
// (https://systemd.io/JOURNAL_FILE_FORMAT), closed or not, compressed, compact,
// damaged or cut, and what "journalctl -o export" and "-o json" make of them
// (https://systemd.io/JOURNAL_EXPORT_FORMATS).
package journal

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/linuxaudit"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
	"longwatch/internal/unixlog"
)

// Format is journals.
var Format = evidence.Format{
	Name: "journal", Sniff: sniff, Emits: emits(),
	New: func(f *evidence.File, env *evidence.Env) evidence.Reader { return &reader{f: f, memory: env.Memory} },
}

// emits are the types of all that an entry may become, each once.
func emits() []*record.Type {
	all := []*record.Type{host.SyslogType}
	for _, t := range slices.Concat(unixlog.Emits, linuxaudit.Emits) {
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

const signature = "LPKSHHRH"

func sniff(_ string, head []byte) evidence.Match {
	if bytes.HasPrefix(head, []byte(signature)) {
		return evidence.Sure
	}
	head = textline.DecodedHead(head)
	switch {
	case isExport(head), isJSON(head):
		return evidence.Sure
	}
	return evidence.None
}

// isExport knows the export format by the fields that journalctl writes first.
func isExport(head []byte) bool {
	first, rest, _ := bytes.Cut(bytes.TrimLeft(head, "\n"), []byte("\n"))
	return bytes.HasPrefix(first, []byte("__CURSOR=")) || bytes.HasPrefix(first, []byte("__REALTIME_TIMESTAMP=")) && bytes.HasPrefix(rest, []byte("__MONOTONIC_TIMESTAMP="))
}

func isJSON(head []byte) bool {
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"__REALTIME_TIMESTAMP"`))
}

type reader struct {
	f      *evidence.File
	memory int64
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	rc, err := r.f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	sink := out.Lane()
	w := &writer{sink: sink, audit: linuxaudit.Assembler{Sink: sink}}
	defer w.audit.Flush()
	br := textline.Decoded(rc)
	head, _ := br.Peek(len(signature))
	switch {
	case bytes.Equal(head, []byte(signature)):
		return r.binary(ctx, br, out, w)
	case bytes.HasPrefix(head, []byte("{")):
		return r.json(ctx, br, out, w)
	}
	return r.export(ctx, br, out, w)
}

// Bounds of one entry: journald itself allows 1024 fields, and longer values
// than any message that matters.
const (
	maxFields = 1024
	maxValue  = 16 << 20
)

// field is one FIELD=value of an entry.
type field struct{ name, value string }

// entry is one entry of a journal.
type entry struct {
	realtime uint64 // microseconds since 1970 when journald took it; 0: among the fields
	fields   []field
}

func (e *entry) get(name string) string {
	for i := range e.fields {
		if e.fields[i].name == name {
			return e.fields[i].value
		}
	}
	return ""
}

// writer makes records of entries.
type writer struct {
	sink  record.Sink
	audit linuxaudit.Assembler
}

// shown are the fields that a record keeps beside those it has names for: who
// the sender was, as the kernel says, and what it was about.
var shown = []string{"_TRANSPORT", "_EXE", "_CMDLINE", "_SYSTEMD_UNIT", "_UID", "_AUDIT_LOGINUID", "_SELINUX_CONTEXT", "UNIT", "JOB_TYPE", "JOB_RESULT", "EXIT_CODE", "EXIT_STATUS", "COREDUMP_EXE", "COREDUMP_CMDLINE", "CURRENT_USE", "SESSION_ID", "USER_ID", "LEADER"}

// put writes the records of e, which ref cites. It tells whether e has a time.
func (w *writer) put(e *entry, ref record.Ref) bool {
	s := &host.Syslog{App: e.get("SYSLOG_IDENTIFIER"), PID: e.get("_PID"), Message: e.get("MESSAGE")}
	s.Provider, s.Ref, s.Host, s.Code = "journald", ref, strings.ToLower(e.get("_HOSTNAME")), e.get("MESSAGE_ID")
	for _, name := range []string{"_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"} {
		if t, err := strconv.ParseInt(e.get(name), 10, 64); err == nil && t > 0 && t < 1<<53 && s.TS == 0 {
			s.TS = record.Time(t * 1000)
		}
	}
	if s.TS == 0 && e.realtime < 1<<53 {
		s.TS = record.Time(e.realtime * 1000)
	}
	if s.App == "" {
		s.App = e.get("_COMM")
	}
	if s.PID == "" {
		s.PID = e.get("SYSLOG_PID")
	}
	if uid := e.get("_UID"); uid != "" && uid != "0" {
		s.User = "uid " + uid
	}
	s.Severity, _ = strconv.ParseInt(e.get("PRIORITY"), 10, 8)
	s.Facility, _ = strconv.ParseInt(e.get("SYSLOG_FACILITY"), 10, 16)
	for _, name := range shown {
		if v := e.get(name); v != "" {
			s.Fields = append(s.Fields, record.KV{Name: name, Value: v})
		}
	}
	isAudit := e.get("_TRANSPORT") == "audit"
	if !isAudit {
		w.audit.Flush()
	}
	w.sink.Put(s)
	if isAudit {
		l := linuxaudit.Journal(e.get("_AUDIT_TYPE"), e.get("_AUDIT_ID"), s.Message, s.TS)
		l.Node = s.Host
		w.audit.Add(l, ref)
		return s.TS != 0
	}
	for _, r := range unixlog.Derive(s) {
		w.sink.Put(r)
	}
	return s.TS != 0
}
