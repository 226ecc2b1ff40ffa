// Package processviews reads the passes over all processes that the script in
// docs/howto/find-hidden-processes.md makes: which numbers /proc lists, and under
// which it can be opened although it does not list them. The first line is
// "#longwatch process-views HOST"; then come
//
//	pass NUMBER EPOCH
//	listed PID
//	opened PID START NAME
//
// where START is field 22 of /proc/PID/stat (proc_pid_stat(5)).
package processviews

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/textline"
)

// Format is files of the script.
var Format = evidence.Format{
	Name: "processviews", Sniff: sniff, Emits: []*record.Type{host.ProcessViewType},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

const mark = "#longwatch process-views"

func sniff(_ string, head []byte) evidence.Match {
	if bytes.HasPrefix(head, []byte(mark)) {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct {
	f       *evidence.File
	machine string
	pass    int64
	at      record.Time
}

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	return textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		line := strings.TrimSpace(string(lines.Bytes()))
		if name, ok := strings.CutPrefix(line, mark); ok {
			r.machine = strings.ToLower(strings.TrimSpace(name))
			return
		}
		if line == "" || line[0] == '#' || r.begin(line) {
			return
		}
		v := r.view(line)
		if v == nil {
			lines.Bad("view-line", "neither a pass nor a process of one")
			return
		}
		v.Ref = lines.Ref()
		sink.Put(v)
	})
}

// begin reads the line that begins a pass.
func (r *reader) begin(line string) bool {
	w := strings.Fields(line)
	if len(w) != 3 || w[0] != "pass" {
		return false
	}
	pass, err1 := strconv.ParseInt(w[1], 10, 32)
	at, err2 := strconv.ParseInt(w[2], 10, 33) // until 2106
	if err1 != nil || err2 != nil || pass < 1 || at < 0 {
		return false
	}
	r.pass, r.at = pass, record.Time(at*1e9)
	return true
}

// view reads a process; nil is none.
func (r *reader) view(line string) *host.ProcessView {
	w := strings.SplitN(line, " ", 4)
	if r.pass == 0 || len(w) < 2 {
		return nil
	}
	pid, err := strconv.ParseInt(w[1], 10, 32)
	if err != nil || pid < 1 {
		return nil
	}
	v := &host.ProcessView{View: w[0], Pass: r.pass, PID: pid}
	v.Host, v.TS, v.Provider = r.machine, r.at, "process-views"
	switch {
	case w[0] == "listed" && len(w) == 2:
		return v
	case w[0] == "opened" && len(w) == 4:
		if v.Born, err = strconv.ParseInt(w[2], 10, 63); err != nil || v.Born < 0 {
			return nil
		}
		v.Name = w[3]
		return v
	}
	return nil
}
