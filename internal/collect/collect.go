// Package collect finds evidence: it walks folders, opens archives within
// archives and hands over one file at a time, read-only. Whatever it leaves
// out it says: nothing is skipped in silence.
package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"longwatch/internal/evidence"
	"longwatch/internal/record"
)

// Limits bound what archives may expand to.
type Limits struct {
	Depth  int   // archives within archives
	Ratio  int64 // output bytes per input byte, once FreeOutput has been written
	Free   int64 // output bytes, of one member and of all together, that are never questioned
	Total  int64 // output bytes of one top-level archive, all members and levels
	Member int64 // members of one archive
}

// DefaultLimits fit real evidence: logs compress 10 to 40 times, a bomb 1000.
var DefaultLimits = Limits{Depth: 6, Ratio: 200, Free: 256 << 20, Total: 512 << 30, Member: 1 << 20}

// Visitor takes what is found. Its methods are called from several goroutines.
type Visitor interface {
	// File is called for every file that is not itself only a container. It
	// opens the file at most once, before it returns.
	File(ctx context.Context, f *evidence.File)
	// Skipped is called for everything that was seen and not handed over. lost
	// tells that it would have been evidence, had it been readable.
	Skipped(path, why string, size int64, lost bool)
}

// Linker is a Visitor that wants to know of symbolic links, which are never
// followed. Skipped is called for them too.
type Linker interface {
	Link(path, target string, modified record.Time)
}

// Walker walks evidence.
type Walker struct {
	Limits Limits
	Spool  string // folder for nested archives that need random access
	Jobs   int
	Stdin  io.Reader // what the path "-" stands for; nil: nothing
	Leave  string    // folder that is not evidence though it may lie within it: our own output; may be empty
}

// StdinPath is the path that stands for standard input.
const StdinPath = "-"

// entry is one top-level file; info is nil for standard input.
type entry struct {
	path string
	info fs.FileInfo
}

// size is that on disk; what comes from standard input goes first.
func (e entry) size() int64 {
	if e.info == nil {
		return 1 << 62
	}
	return e.info.Size()
}

// list finds the regular files below paths, sorted, without opening them, and
// their total size. A path that does not exist is an error: the user named it.
func (w *Walker) list(paths []string, v Visitor) ([]entry, int64, error) {
	var out []entry
	var total int64
	seen := map[string]bool{}
	add := func(path string, info fs.FileInfo) {
		if abs, err := filepath.Abs(path); err == nil {
			if seen[abs] {
				return
			}
			seen[abs] = true
		}
		out = append(out, entry{path, info})
		total += info.Size()
	}
	for _, p := range paths {
		if p == StdinPath && w.Stdin != nil {
			out = append(out, entry{path: p})
			continue
		}
		p = filepath.Clean(p)
		info, err := os.Stat(p)
		if err != nil {
			return nil, 0, fmt.Errorf("collect: cannot read evidence %q: %w", p, reason(err))
		}
		if !info.IsDir() {
			if info.Mode().IsRegular() {
				add(p, info)
			} else {
				v.Skipped(p, "not a regular file: "+kindOf(info.Mode()), 0, true)
			}
			continue
		}
		// A separator at the end makes a link to a folder that folder.
		err = filepath.WalkDir(p+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
			path = filepath.Clean(path)
			switch {
			case err != nil:
				v.Skipped(path, "cannot be read: "+reason(err).Error(), 0, true)
				if d != nil && d.IsDir() {
					return fs.SkipDir
				}
			case d.IsDir():
				if w.leaves(path) {
					v.Skipped(path, "the folder for the results of this run, not evidence", 0, false)
					return fs.SkipDir
				}
			case d.Type()&fs.ModeSymlink != 0:
				target, _ := os.Readlink(path)
				if l, ok := v.(Linker); ok {
					var modified record.Time
					if info, err := d.Info(); err == nil {
						modified = record.TimeOf(info.ModTime())
					}
					l.Link(path, target, modified)
				}
				v.Skipped(path, fmt.Sprintf("symbolic link to %q, not followed: name the target as evidence if it belongs to it", target), 0, false)
			case !d.Type().IsRegular():
				v.Skipped(path, "not a regular file: "+kindOf(d.Type()), 0, false)
			default:
				info, err := d.Info()
				if err != nil {
					v.Skipped(path, "cannot be read: "+reason(err).Error(), 0, true)
					return nil
				}
				add(path, info)
			}
			return nil
		})
		if err != nil {
			return nil, 0, fmt.Errorf("collect: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Compare(a.path, b.path) })
	return out, total, nil
}

// leaves tells whether path is the folder to leave alone, whatever links lead
// there.
func (w *Walker) leaves(path string) bool {
	if w.Leave == "" {
		return false
	}
	a, err := os.Stat(w.Leave)
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// kindOf is what a thing that is not a file is, in words.
func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file " + m.Type().String()
}

// reason strips the path from a file error: the caller shows it already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Walk hands every file below paths to v. sized, if not nil, is told the total
// size on disk before the first file. It returns when all is done or ctx ends.
func (w *Walker) Walk(ctx context.Context, paths []string, v Visitor, sized func(files int, bytes int64)) error {
	entries, total, err := w.list(paths, v)
	if err != nil {
		return err
	}
	if sized != nil {
		sized(len(entries), total)
	}
	// Largest first, so that one big capture does not run alone at the end.
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(b.size(), a.size()) })
	work := make(chan entry)
	var wg sync.WaitGroup
	for range max(w.Jobs, 1) {
		wg.Go(func() {
			for e := range work {
				w.top(ctx, e, v)
			}
		})
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			break
		}
		work <- e
	}
	close(work)
	wg.Wait()
	return ctx.Err()
}

// top handles one file on disk. A panic in a decompressor costs this file only.
func (w *Walker) top(ctx context.Context, e entry, v Visitor) {
	defer func() {
		if p := recover(); p != nil {
			v.Skipped(e.path, fmt.Sprintf("unpacking failed (please report this): %v", p), e.size(), true)
		}
	}()
	if e.info == nil {
		w.stdin(ctx, v)
		return
	}
	f, err := os.Open(e.path)
	if err != nil {
		v.Skipped(e.path, "cannot be read: "+reason(err).Error(), e.info.Size(), true)
		return
	}
	defer func() { _ = f.Close() }()
	created := birth(e.info)
	ef := &evidence.File{
		Path: e.path, Name: filepath.Base(e.path), Size: e.info.Size(),
		Modified: record.TimeOf(e.info.ModTime()), Created: created,
		Open: func() (io.ReadCloser, error) {
			_, err := f.Seek(0, io.SeekStart)
			return io.NopCloser(f), err
		},
		Reopen: func() (io.ReadCloser, error) { return os.Open(e.path) },
	}
	v.File(ctx, ef)
	if ctx.Err() != nil {
		return
	}
	head := make([]byte, 512)
	n, _ := f.ReadAt(head, 0)
	kind := containerOf(head[:n])
	if kind == notContainer {
		w.closed(v, ef, head[:n])
		return
	}
	b := &budget{limits: w.Limits, input: e.info.Size()}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		v.Skipped(e.path, "cannot be read: "+reason(err).Error(), e.info.Size(), true)
		return
	}
	w.expand(ctx, v, kind, ef, f, f, b, 1)
}
