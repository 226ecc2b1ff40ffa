// Package history reads what shells and clients remember of what was typed:
// bash with and without times (bash(1), HISTTIMEFORMAT), zsh plain and extended
// (zshoptions(1), EXTENDED_HISTORY), fish, and the clients of databases and
// interpreters, which libedit writes with escapes. A line is what somebody
// typed, not proof that it ran.
package history

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
	"longwatch/internal/unixpath"
)

// Format is history files. They have no mark of their own: their names tell.
var Format = evidence.Format{
	Name: "history", Sniff: sniff, Emits: []*record.Type{host.ProcessType, host.ScriptType, host.HistoryType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

func sniff(name string, head []byte) evidence.Match {
	if unixpath.Kind(name) != unixpath.History || !textline.Text(head) {
		return evidence.None
	}
	return evidence.Sure
}

// shellOf is the program that a history file belongs to, by its name.
func shellOf(name string) string {
	for _, s := range []string{"bash", "zsh", "fish", "mysql", "psql", "python", "sqlite", "ash", "rediscli", "node"} {
		if strings.Contains(name, s) {
			return s
		}
	}
	return "sh"
}

type reader struct{ f *evidence.File }

// maxCommand bounds a command of several lines, in bytes.
const maxCommand = 1 << 20

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	h := &host.History{Shell: shellOf(r.f.Name), Path: r.f.Path, Size: r.f.Size}
	h.TS, h.Ref, h.Host, h.User, h.Provider = r.f.Modified, r.f.Ref(record.RefFile, 0), hostpath.Host(r.f.Path), unixpath.User(r.f.Path), "history"
	t := &typist{h: h, sink: out.Lane(), shell: h.Shell}
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) { t.line(lines.Bytes(), lines.Ref()) })
	t.flush()
	if h.TS == 0 {
		h.TS = h.Last
	}
	if h.Lines > 0 {
		h.Ref = t.ref // the last command: what was typed up to there
		t.sink.Put(h)
	}
	return err
}

// typist turns lines into commands.
type typist struct {
	h     *host.History
	sink  record.Sink
	shell string

	at      record.Time // of the command being read; 0 none
	text    []byte
	ref     record.Ref
	stamped bool // the command stands behind a time of bash
	more    bool // the line before ended with a backslash (zsh)
	last    record.Time
}

func (t *typist) line(b []byte, ref record.Ref) {
	switch {
	case t.shell == "fish":
		t.fish(b, ref)
		return
	case t.h.Lines == 0 && len(t.text) == 0 && bytes.HasPrefix([]byte("_HiStOrY_V2_"), b):
		return
	}
	if at, ok := bashStamp(b); ok && t.shell != "zsh" {
		t.flush()
		t.at, t.stamped = at, at != 0
		return
	}
	if t.more {
		t.add(b)
		return
	}
	if at, command, ok := zshLine(b); ok {
		t.flush()
		t.at, t.ref = at, ref
		t.add(command)
		return
	}
	if t.stamped && len(t.text) > 0 { // the next line of the same command
		t.add(b)
		return
	}
	if !t.stamped {
		t.flush()
	}
	t.ref = ref
	t.add(b)
}

func (t *typist) add(b []byte) {
	if len(t.text) > 0 {
		t.text = append(t.text, '\n')
	}
	if len(t.text)+len(b) <= maxCommand {
		t.text = append(t.text, b...)
	}
	if t.more = t.shell == "zsh" && bytes.HasSuffix(b, []byte(`\`)); t.more {
		t.text = t.text[:len(t.text)-1]
	}
}

// bashStamp reads "#1700000000"; the time is 0 where it cannot be one.
func bashStamp(b []byte) (record.Time, bool) {
	if len(b) == 0 || b[0] != '#' || len(bytes.Trim(b[1:], "0123456789")) > 0 {
		return 0, false
	}
	at, _ := epoch(string(b[1:]))
	return at, true
}

func epoch(s string) (record.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1e8 || n > 1<<33 {
		return 0, false
	}
	return record.TimeOf(time.Unix(n, 0)), true
}

// zshLine reads ": 1700000000:12;command".
func zshLine(b []byte) (at record.Time, command []byte, ok bool) {
	rest, ok := bytes.CutPrefix(b, []byte(": "))
	if !ok {
		return 0, nil, false
	}
	stamp, rest, ok := bytes.Cut(rest, []byte(":"))
	if !ok {
		return 0, nil, false
	}
	elapsed, command, ok := bytes.Cut(rest, []byte(";"))
	if _, err := strconv.Atoi(string(elapsed)); !ok || err != nil {
		return 0, nil, false
	}
	at, ok = epoch(string(stamp))
	return at, command, ok
}

// fish reads "- cmd: text", "  when: 1700000000" and passes over "  paths:".
func (t *typist) fish(b []byte, ref record.Ref) {
	if cmd, ok := bytes.CutPrefix(b, []byte("- cmd: ")); ok {
		t.flush()
		t.ref = ref
		t.add([]byte(strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(string(cmd))))
		return
	}
	if when, ok := bytes.CutPrefix(b, []byte("  when: ")); ok {
		t.at, _ = epoch(string(when))
	}
}

// flush makes the record of the command that was read.
func (t *typist) flush() {
	text := strings.TrimSpace(strings.ToValidUTF8(string(t.text), "\uFFFD"))
	at := t.at
	t.text, t.at, t.stamped, t.more = t.text[:0], 0, false, false
	if text == "" {
		return
	}
	t.h.Lines++
	if at != 0 {
		t.h.Stamped++
		if t.h.First == 0 || at < t.h.First {
			t.h.First = at
		}
		t.h.Last = max(t.h.Last, at)
		if t.last != 0 && at < t.last {
			t.h.Backward++
		} else if gap := at.Sub(t.last); t.last != 0 && gap > t.h.Gap.V {
			t.h.Gap = record.Some(gap)
		}
		t.last = at
	}
	head := host.Head{Host: t.h.Host, User: t.h.User, Provider: t.shell + " history"}
	head.TS, head.Ref = at, t.ref
	switch t.shell {
	case "mysql", "psql", "sqlite", "python", "node", "rediscli":
		text = unescape(text)
		command, ok := outward(t.shell, text)
		if !ok {
			t.sink.Put(&host.Script{Head: head, Text: text, Path: t.h.Path})
			return
		}
		text = command
	}
	t.sink.Put(&host.Process{Head: head, CommandLine: text, Image: program(text), ParentImage: t.shell})
}

// unescape undoes libedit's \040.
func unescape(s string) string {
	if !strings.Contains(s, `\0`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

// outward is the command of the system that a client was told to run.
func outward(shell, text string) (string, bool) {
	marks := map[string][]string{"mysql": {`\! `, "system "}, "psql": {`\! `}, "sqlite": {".shell ", ".system "}}
	for _, m := range marks[shell] {
		if rest, ok := strings.CutPrefix(text, m); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// program is the first word of a command that is neither a setting nor a way to
// run something else.
func program(command string) string {
	for w := range strings.FieldsSeq(command) {
		if assignment.MatchString(w) || w == "sudo" || w == "nohup" || w == "exec" || w == "time" || w == "env" {
			continue
		}
		return strings.Trim(w, `"';()`)
	}
	return ""
}
