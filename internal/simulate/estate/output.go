package estate

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"longwatch/internal/simulate/packet"
)

// line is an entry of a text log. at is the true time, whatever the text says.
type line struct {
	at   time.Time
	text string
	by   int
}

// file is a file among the evidence, or a mailbox that grew part by part.
type file struct {
	parts []part
	state bool // the state of a disk: it has no span
}

type part struct {
	data []byte
	at   time.Time
	by   int
}

// Line adds a line to a text log of the site.
func (s *Site) Line(path string, at time.Time, format string, args ...any) {
	s.lines[path] = append(s.lines[path], line{at, fmt.Sprintf(format, args...), s.by})
}

// Header gives a text log its first lines, made from the time that its first
// entry tells.
func (s *Site) Header(path string, f func(first time.Time) string) { s.headers[path] = f }

// File puts a file among the evidence with a modification time.
func (s *Site) File(path string, data []byte, mtime time.Time) {
	s.files[path] = file{[]part{{data, mtime, s.by}}, true}
}

// AppendFile adds to a file, as a mailbox grows.
func (s *Site) AppendFile(path string, data []byte, mtime time.Time) {
	f := s.files[path]
	f.parts = append(f.parts, part{data, mtime, s.by})
	s.files[path] = f
}

// Keep says what of the evidence is there; the zero value keeps all of it.
type Keep struct {
	File         func(path string) bool // nil: every file
	Since, Until time.Time              // true times; zero is open. Disks are as they were left
	From         map[string]time.Time   // files that begin later than the others
}

func (k Keep) since(path string) time.Time {
	if t := k.From[path]; t.After(k.Since) {
		return t
	}
	return k.Since
}

// Within tells whether a time is kept in a file.
func (k Keep) Within(path string, at time.Time) bool {
	since := k.since(path)
	return (since.IsZero() || !at.Before(since)) && (k.Until.IsZero() || at.Before(k.Until))
}

// Written is what came of a site's evidence. Paths begin with the site's folder.
type Written struct {
	Paths []string
	Left  []string                // files that were not kept
	Marks map[string]packet.Marks // by file: what each cause left there; lines and records by number, frames and files by offset
}

// writer stores the files of a site.
type writer struct {
	s    *Site
	dir  string
	keep Keep
	out  Written
}

// Write stores what is kept of everything recorded below dir. It creates folders
// as needed and fails where the file system does.
func (s *Site) Write(dir string, keep Keep) (*Written, error) {
	w := &writer{s: s, dir: dir, keep: keep, out: Written{Marks: map[string]packet.Marks{}}}
	for _, f := range []func() error{w.captures, w.channels, w.logs, w.folders} {
		if err := f(); err != nil {
			return nil, err
		}
	}
	slices.Sort(w.out.Paths)
	slices.Sort(w.out.Left)
	return &w.out, nil
}

// wanted tells whether a file is kept, and notes it when it is not.
func (w *writer) wanted(name string) bool {
	if w.keep.File == nil || w.keep.File(name) {
		return true
	}
	w.out.Left = append(w.out.Left, w.path(name))
	return false
}

func (w *writer) path(name string) string { return w.s.Key + "/" + name }

func (w *writer) store(name string, data []byte, mtime time.Time, marks packet.Marks) error {
	full := filepath.Join(w.dir, w.s.Key, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(full, data, 0o644); err != nil {
		return err
	}
	w.out.Paths = append(w.out.Paths, w.path(name))
	if len(marks) > 0 {
		w.out.Marks[w.path(name)] = marks
	}
	return os.Chtimes(full, mtime, mtime)
}

func (w *writer) captures() error {
	var b bytes.Buffer
	for i, sensor := range w.s.sensors() {
		name := fmt.Sprintf("network/sensor-%d.pcap", i+1)
		if !w.wanted(name) {
			continue
		}
		b.Reset()
		sensor.Since, sensor.Until = w.keep.since(name), w.keep.Until
		marks, err := w.s.Capture.Write(&b, sensor)
		if err != nil {
			return err
		}
		if err := w.store(name, b.Bytes(), w.s.End(), marks); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) channels() error {
	var b bytes.Buffer
	for _, h := range w.s.Hosts {
		for _, channel := range slices.Sorted(maps.Keys(h.logs)) {
			name := "hosts/" + h.Name + "/" + strings.ReplaceAll(channel, "/", "%4") + ".evtx"
			if !w.wanted(name) {
				continue
			}
			l := h.logs[channel]
			l.Span(h.told(w.keep.since(name)), h.told(w.keep.Until))
			b.Reset()
			if _, err := l.WriteTo(&b); err != nil {
				return err
			}
			marks, last, by := packet.Marks{}, uint64(0), 0
			for id, e := range l.Numbered() {
				marks.Add(e.By, int64(id), e.By == by && id == last+1)
				last, by = id, e.By
			}
			if err := w.store(name, b.Bytes(), w.s.End(), marks); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) logs() error {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(w.s.lines)) {
		list := slices.DeleteFunc(w.s.lines[name], func(l line) bool { return !w.keep.Within(name, l.at) })
		if len(list) == 0 {
			w.out.Left = append(w.out.Left, w.path(name))
			continue
		}
		if !w.wanted(name) {
			continue
		}
		slices.SortStableFunc(list, func(a, b line) int { return a.at.Compare(b.at) })
		b.Reset()
		if f := w.s.headers[name]; f != nil {
			b.WriteString(f(list[0].at))
		}
		marks, number := packet.Marks{}, int64(1+bytes.Count(b.Bytes(), []byte("\n")))
		for i, l := range list {
			b.WriteString(l.text)
			b.WriteByte('\n')
			marks.Add(l.by, number+int64(i), i > 0 && list[i-1].by == l.by)
		}
		if err := w.store(name, b.Bytes(), list[len(list)-1].at, marks); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) folders() error {
	for _, name := range slices.Sorted(maps.Keys(w.s.files)) {
		f := w.s.files[name]
		if !w.wanted(name) {
			continue
		}
		if _, gone := w.keep.From[name]; gone && f.state {
			w.out.Left = append(w.out.Left, w.path(name)) // what a file shows it shows as a whole
			continue
		}
		var data []byte
		var mtime time.Time
		marks := packet.Marks{}
		for _, p := range f.parts {
			if !f.state && !w.keep.Within(name, p.at) {
				continue
			}
			marks.Add(p.by, int64(len(data)), false)
			data = append(data, p.data...)
			if list := marks[p.by]; len(list) > 0 {
				list[len(list)-1][1] = int64(max(len(data)-1, 0))
			}
			mtime = p.at
		}
		if mtime.IsZero() {
			w.out.Left = append(w.out.Left, w.path(name))
			continue
		}
		if err := w.store(name, data, mtime, marks); err != nil {
			return err
		}
	}
	return nil
}

// Median is the middle modification time of the files in a folder of the
// site, or its start when there are none.
func (s *Site) Median(folder string) time.Time {
	var times []time.Time
	for name, f := range s.files {
		if strings.HasPrefix(name, folder) {
			times = append(times, f.parts[len(f.parts)-1].at)
		}
	}
	if len(times) == 0 {
		return s.Start
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[len(times)/2]
}
