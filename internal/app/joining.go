package app

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"

	"longwatch/internal/casefolder"
	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// joining are the files of one format that are read together, once all
// evidence has been seen.
type joining struct {
	format evidence.Format
	files  []*joined
}

// joined is one of them.
type joined struct {
	file  *evidence.File
	out   *outlet
	in    *counted // of the last reading; nil: it was not opened
	spool string   // where its content lies, when that had to be copied
}

// later puts a file off until its format has seen all of them. What cannot be
// read again is copied to the spool. It returns false when the file must be
// read now, because it is a stream.
func (rd *reading) later(format evidence.Format, f *evidence.File, br io.Reader) (bool, error) {
	if format.Join == nil || f.Stream {
		return false, nil
	}
	j := &joined{file: f, out: &outlet{rd: rd, file: f}}
	open := f.Reopen
	if open == nil {
		name, err := rd.copy(br)
		if err != nil {
			return false, err
		}
		j.spool = name
		open = func() (io.ReadCloser, error) { return os.Open(name) }
	}
	own := *f
	own.Open = func() (io.ReadCloser, error) {
		rc, err := open()
		if err != nil {
			return nil, err
		}
		j.in = newCounted(rc, rd.hash, rd.progress)
		return &joinedFile{j.in, rc}, nil
	}
	j.file = &own
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.joins == nil {
		rd.joins = map[string]*joining{}
	}
	if rd.joins[format.Name] == nil {
		rd.joins[format.Name] = &joining{format: format}
	}
	rd.joins[format.Name].files = append(rd.joins[format.Name].files, j)
	return true, nil
}

// copy keeps what r yields in a file of the spool.
func (rd *reading) copy(r io.Reader) (string, error) {
	tmp, err := os.CreateTemp(rd.spool, "joined-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(tmp, r)
	return tmp.Name(), errors.Join(err, tmp.Close())
}

// joinedFile reads the rest of the file when it is closed, so that its hash and
// size are those of all of it.
type joinedFile struct {
	*counted
	rc io.Closer
}

func (f *joinedFile) Close() error {
	if f.hash != nil {
		_, _ = io.Copy(io.Discard, f.counted)
	}
	return f.rc.Close()
}

// readJoined reads what was put off, one format after the other.
func (rd *reading) readJoined(ctx context.Context) {
	for _, name := range slices.Sorted(maps.Keys(rd.joins)) {
		jn := rd.joins[name]
		slices.SortFunc(jn.files, func(a, b *joined) int { return cmp.Compare(a.file.Path, b.file.Path) })
		out := &joinedOutlet{rd: rd, first: jn.files[0].out, byPath: map[string]*outlet{}}
		files := make([]*evidence.File, len(jn.files))
		for i, j := range jn.files {
			files[i] = j.file
			if out.byPath[j.file.Path] == nil { // an archive may hold a name twice
				out.byPath[j.file.Path] = j.out
			}
		}
		err := readSafely(ctx, jn.format.Name, jn.format.Join(files, rd.env), out)
		out.close()
		for _, j := range jn.files {
			j.out.close()
			entry := casefolder.Evidence{Path: j.file.Path, Format: name}
			in := j.in
			if in == nil { // it was never opened
				in = &counted{}
			}
			rd.done(&entry, in, j.out, err)
			if j.spool != "" {
				_ = os.Remove(j.spool)
			}
		}
	}
	rd.joins = nil
}

// joinedOutlet hands what a reader of many files makes to the outlet of the
// file it cites.
type joinedOutlet struct {
	rd     *reading
	first  *outlet // for what cites no file that we know
	byPath map[string]*outlet
	lanes  []*joinedLane
}

func (o *joinedOutlet) of(path string) *outlet {
	if x := o.byPath[path]; x != nil {
		return x
	}
	return o.first
}

// Problem implements evidence.Outlet.
func (o *joinedOutlet) Problem(p evidence.Problem) { o.of(p.Ref.File).Problem(p) }

// Count implements evidence.Outlet.
func (o *joinedOutlet) Count(path, name string, n int64) { o.of(path).Count(path, name, n) }

// Lane implements evidence.Outlet.
func (o *joinedOutlet) Lane() record.Sink {
	l := &joinedLane{o: o, lane: o.rd.lane(), byPath: map[string]*fileLane{}}
	o.rd.mu.Lock()
	o.lanes = append(o.lanes, l)
	o.rd.mu.Unlock()
	return l
}

// close gives the lanes back, once: the files' own lanes share them.
func (o *joinedOutlet) close() {
	for _, l := range o.lanes {
		o.rd.release(l.lane)
	}
}

// joinedLane counts the records of many files on their way into one lane.
type joinedLane struct {
	o      *joinedOutlet
	lane   lane
	byPath map[string]*fileLane
	path   string // of the last record
	last   *fileLane
}

// Keeps implements record.Keeper.
func (l *joinedLane) Keeps() bool { return record.Keeps(l.lane) }

// Put implements record.Sink.
func (l *joinedLane) Put(r record.Record) {
	path := r.Base().Ref.File
	if l.last == nil || path != l.path {
		l.path = path
		l.last = l.byPath[path]
		if l.last == nil {
			l.last = l.o.of(path).adopt(l.lane)
			l.byPath[path] = l.last
		}
	}
	l.last.Put(r)
}

// head reads the start of a file that a format is chosen by.
func head(r io.Reader) (*bufio.Reader, []byte) {
	br := bufio.NewReaderSize(r, evidence.SniffLen)
	b, _ := br.Peek(evidence.SniffLen)
	return br, b
}
