package intel

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"longwatch/internal/collect"
	"longwatch/internal/evidence"
)

// maxPacked bounds an archive that is not a file on disk and has to be kept in
// memory.
const maxPacked = 1 << 30

// isPackedName tells whether a file found in a directory is taken for an archive
// or a compressed list.
func isPackedName(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	switch ext {
	case ".zip", ".tar", ".tgz":
		return !strings.HasPrefix(name, ".")
	case ".gz", ".bz2", ".xz", ".zst":
		inner := strings.TrimSuffix(name, name[len(name)-len(ext):])
		return isListName(inner) || strings.EqualFold(path.Ext(inner), ".tar")
	}
	return false
}

// unpack reads what an archive or a compressed file holds, and tells whether f,
// whose beginning r has read ahead, is one.
func (l *loader) unpack(f fs.File, r *bufio.Reader, show string, asked bool) (bool, error) {
	head, _ := r.Peek(512)
	if !collect.Packed(head) {
		return false, nil
	}
	info, err := f.Stat()
	if err != nil {
		return true, err
	}
	whole, ok := f.(interface {
		io.Reader
		io.ReaderAt
		io.Seeker
	})
	if ok {
		if _, err := whole.Seek(0, io.SeekStart); err != nil {
			return true, err
		}
	} else {
		data, err := io.ReadAll(io.LimitReader(r, maxPacked+1))
		if err != nil {
			return true, err
		}
		if len(data) > maxPacked {
			return true, errLarge
		}
		whole = bytes.NewReader(data)
	}
	l.file.Format = "archive"
	in := &members{loader: l, asked: asked}
	defer func() {
		if p := recover(); p != nil { // a decompressor's: it costs this file only
			in.Skipped(show, fmt.Sprintf("unpacking failed (please report this): %v", p), 0, true)
		}
	}()
	w := collect.Walker{Limits: collect.DefaultLimits}
	w.Unpack(context.Background(), in, &evidence.File{Path: show, Name: path.Base(show), Size: info.Size()}, head, whole)
	if in.read+in.refused == 0 {
		l.begin(show)
		l.refuseFile("an archive without a file that has the name of a list")
	}
	return true, nil
}

// members takes the files of an archive.
type members struct {
	*loader
	asked   bool // the archive itself was named
	read    int
	refused int
}

// File reads one. Of a compressed file that was named, what it holds is read
// whatever its name.
func (m *members) File(_ context.Context, f *evidence.File) {
	named := m.asked && f.Size < 0
	if !named && !isListName(f.Name) {
		return
	}
	m.read++
	m.begin(f.Path)
	r, err := f.Open()
	if err != nil {
		m.refuseFile(err.Error())
		return
	}
	defer func() { _ = r.Close() }()
	m.feed(r, f.Name, named)
}

// Skipped says why something of it was not read.
func (m *members) Skipped(name, why string, _ int64, lost bool) {
	if !lost {
		return
	}
	m.refused++
	m.begin(name)
	m.refuseFile(why)
}

// index says that a file only tells what lies beside it.
func (l *loader) index() {
	l.file.Format = "index of a MISP feed"
	l.remark(1, "an index of a MISP feed: its values are in the events beside it")
}

// isHashedFeed tells whether a table is hashes.csv of a MISP feed: MD5 of the
// values of its events, beside the events' UUIDs. They are digests of values and
// not of files; the values themselves are in the events.
func isHashedFeed(name string, head []byte) bool {
	if !strings.EqualFold(path.Base(name), "hashes.csv") {
		return false
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	digest, id, ok := strings.Cut(strings.TrimSpace(string(line)), ",")
	return ok && len(digest) == 32 && isHex(digest) && isUUID(id)
}

// isUUID tells whether s has the shape of RFC 9562.
func isUUID(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) != 5 {
		return false
	}
	for i, n := range [...]int{8, 4, 4, 4, 12} {
		if len(parts[i]) != n || !isHex(parts[i]) {
			return false
		}
	}
	return true
}

// unread are cells of one column that were not understood.
type unread struct {
	line, count int // of the first; how many
	example     string
	instead     string // what was taken in their place
}

// odd notes a cell that was not understood.
func (l *loader) odd(column, cell, instead string) {
	if l.unread == nil {
		l.unread = map[string]unread{}
	}
	u := l.unread[column]
	if u.count == 0 {
		u.line, u.example, u.instead = l.line, cell, instead
	}
	u.count++
	l.unread[column] = u
}

// remarks says once for each column of a file what was not understood in it.
func (l *loader) remarks() {
	for _, column := range slices.Sorted(maps.Keys(l.unread)) {
		u := l.unread[column]
		more := ""
		if u.count > 1 {
			more = fmt.Sprintf(", and %d more rows", u.count-1)
		}
		l.remark(u.line, fmt.Sprintf("%s %q is not understood%s: %s", column, short(u.example), more, u.instead))
	}
	clear(l.unread)
}
