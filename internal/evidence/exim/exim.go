// Package exim reads the main log that Exim writes beside the system log
// (https://www.exim.org/exim-html-current/doc/html/spec_html/ch-log_files.html):
// the lines of one message are joined into one mail record. Times have no zone
// unless Exim was told to write it; without one they count as UTC.
package exim

import (
	"context"
	"regexp"
	"time"

	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/mailqueue"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/mail"
	"longwatch/internal/textline"
)

// Format is Exim's main log.
var Format = evidence.Format{
	Name: "exim", Sniff: sniff, Emits: []*record.Type{mail.Type},
	New: func(f *evidence.File, _ *evidence.Env) evidence.Reader { return &reader{f: f} },
}

// line is time, zone, process id, text. The last is there if log_selector asks
// for it.
var line = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)( [+-]\d{4})? (?:\[\d+\] )?(.*)$`)

func sniff(_ string, head []byte) evidence.Match {
	if !textline.Text(head) {
		return evidence.None
	}
	exims := 0
	good, bad := textline.Tally(head, 32, func(l string) bool {
		m := line.FindStringSubmatch(l)
		if m != nil && mailqueue.IsExim(m[3]) {
			exims++
		}
		return m != nil
	})
	if exims > 0 && good > 2*bad {
		return evidence.Sure
	}
	return evidence.None
}

type reader struct{ f *evidence.File }

// Read implements evidence.Reader.
func (r *reader) Read(ctx context.Context, out evidence.Outlet) error {
	sink := out.Lane()
	var queues mailqueue.Queues
	machine, zoneless := hostpath.Host(r.f.Path), int64(0)
	err := textline.Each(ctx, r.f, out, func(lines *textline.Reader) {
		m := line.FindStringSubmatch(string(lines.Bytes()))
		if m == nil {
			lines.Bad("exim-line", "no time in front")
			return
		}
		layout, stamp := "2006-01-02 15:04:05.999999999", m[1]
		if m[2] != "" {
			layout, stamp = layout+" -0700", stamp+m[2]
		} else {
			zoneless++
		}
		t, err := time.Parse(layout, stamp)
		if err != nil {
			lines.Bad("exim-time", "no such time")
			return
		}
		s := &host.Syslog{}
		s.TS, s.Ref, s.Host, s.App, s.Message = record.TimeOf(t), lines.Ref(), machine, "exim", m[3]
		for _, letter := range queues.Take(s) {
			sink.Put(letter)
		}
	})
	for _, letter := range queues.Rest() {
		sink.Put(letter)
	}
	if zoneless > 0 {
		out.Count(r.f.Path, "lines_without_time_zone", zoneless)
	}
	return err
}
