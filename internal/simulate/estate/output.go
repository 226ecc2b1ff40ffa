package estate

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type line struct {
	at   time.Time
	text string
}

type file struct {
	data  []byte
	mtime time.Time
}

// Line adds a line to a text log of the site.
func (s *Site) Line(path string, at time.Time, format string, args ...any) {
	s.lines[path] = append(s.lines[path], line{at, fmt.Sprintf(format, args...)})
}

// Header gives a text log its first lines, made from the time of its first
// entry.
func (s *Site) Header(path string, f func(first time.Time) string) { s.headers[path] = f }

// File puts a file among the evidence with a modification time.
func (s *Site) File(path string, data []byte, mtime time.Time) { s.files[path] = file{data, mtime} }

// AppendFile adds to a file, as a mailbox grows.
func (s *Site) AppendFile(path string, data []byte, mtime time.Time) {
	f := s.files[path]
	s.files[path] = file{append(f.data, data...), mtime}
}

// Write stores everything recorded below dir and returns the paths relative
// to it, sorted. It creates folders as needed and fails where the file system
// does.
func (s *Site) Write(dir string) ([]string, error) {
	var paths []string
	store := func(name string, data []byte, mtime time.Time) error {
		path := filepath.Join(s.Key, filepath.FromSlash(name))
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, data, 0o644); err != nil {
			return err
		}
		paths = append(paths, filepath.ToSlash(path))
		return os.Chtimes(full, mtime, mtime)
	}
	var b bytes.Buffer
	b.Grow(s.Capture.Bytes() + 16*s.Capture.Packets() + 64)
	if _, err := s.Capture.WriteTo(&b); err != nil {
		return nil, err
	}
	if err := store("network/sensor-1.pcap", b.Bytes(), s.End()); err != nil {
		return nil, err
	}
	for _, h := range s.Hosts {
		for _, channel := range slices.Sorted(maps.Keys(h.logs)) {
			b.Reset()
			if _, err := h.logs[channel].WriteTo(&b); err != nil {
				return nil, err
			}
			name := "hosts/" + h.Name + "/" + strings.ReplaceAll(channel, "/", "%4") + ".evtx"
			if err := store(name, b.Bytes(), s.End()); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.lines)) {
		list := s.lines[name]
		slices.SortStableFunc(list, func(a, b line) int { return a.at.Compare(b.at) })
		b.Reset()
		if f := s.headers[name]; f != nil {
			b.WriteString(f(list[0].at))
		}
		for _, l := range list {
			b.WriteString(l.text)
			b.WriteByte('\n')
		}
		if err := store(name, b.Bytes(), list[len(list)-1].at); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		f := s.files[name]
		if err := store(name, f.data, f.mtime); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(a, b) })
	return paths, nil
}

// Median is the middle modification time of the files in a folder of the
// site, or its start when there are none.
func (s *Site) Median(folder string) time.Time {
	var times []time.Time
	for name, f := range s.files {
		if strings.HasPrefix(name, folder) {
			times = append(times, f.mtime)
		}
	}
	if len(times) == 0 {
		return s.Start
	}
	slices.SortFunc(times, time.Time.Compare)
	return times[len(times)/2]
}
