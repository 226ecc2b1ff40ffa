// Package audit reads logs of the Linux audit system: the daemon's own, what
// "ausearch" and "ausearch -i" print of it, and laurel's JSON. What the records
// mean is known to package linuxaudit.
package audit

import (
	"bytes"
	"context"
	"fmt"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/linuxaudit"
	"longwatch/internal/record"
	"longwatch/internal/textline"
)

// Format is audit.log and its kin.
var Format = evidence.Format{
	Name: "audit", Sniff: sniff,
	New:   func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
	Emits: linuxaudit.Emits,
}

func sniff(_ string, head []byte) evidence.Match {
	good, bad := textline.Tally(head, 12, func(line string) bool {
		lines, ok := parse([]byte(line))
		return ok && (len(lines) > 0 || len(line) < 5)
	})
	if good > bad {
		for _, line := range textline.Head(head) { // separators alone are no log
			if lines, _ := parse(line); len(lines) > 0 {
				return evidence.Sure
			}
		}
	}
	return evidence.None
}

// parse reads one line of the file; ausearch's separators and the time that it
// prints above an event are no records.
func parse(line []byte) ([]*linuxaudit.Line, bool) {
	switch {
	case bytes.Equal(line, []byte("----")), bytes.HasPrefix(line, []byte("time->")):
		return nil, true
	case bytes.HasPrefix(line, []byte("{")):
		if !bytes.Contains(line, []byte(`"ID"`)) {
			return nil, false
		}
		return linuxaudit.Laurel(line)
	}
	l, ok := linuxaudit.Parse(string(line))
	if !ok {
		return nil, false
	}
	return []*linuxaudit.Line{l}, true
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	a := &linuxaudit.Assembler{Sink: out.Lane(), Host: hostpath.Host(r.f.Path)} // lines name their machine only when name_format is set
	a.TooLong = func(id string, ref record.Ref) {
		out.Problem(evidence.Problem{Name: "audit-event-too-long", Why: fmt.Sprintf("event %s has too many lines", id), Ref: ref})
	}
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		parsed, ok := parse(lines.Bytes())
		if !ok {
			lines.Bad("audit-line", "not an audit line")
			return
		}
		for _, l := range parsed {
			a.Add(l, lines.Ref())
		}
	})
	a.Flush()
	return err
}
