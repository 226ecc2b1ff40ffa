package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"longwatch/internal/casefolder"
	"longwatch/internal/evidence"
	"longwatch/internal/extract"
	"longwatch/internal/finding"
	"longwatch/internal/proto"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
	"longwatch/internal/rules/yara"
)

// Bounds of the scanning of contents.
const (
	// maxContent is how much of one file is scanned.
	maxContent = 64 << 20
	// smallContent is how much of a file every goroutine may hold. Of larger
	// files one at a time is held, so that memory does not grow with --jobs.
	smallContent = 4 << 20
	// maxCarved is how much of one file off the wire is scanned, and
	// maxAllCarved of all of them.
	maxCarved    = 16 << 20
	maxAllCarved = 8 << 30
)

// contents scans what files hold with YARA rules. A file of the evidence is
// scanned while it is read, and judged when its record passes. Files off the
// wire are kept in the spool until all captures are read; each content is
// scanned once, and judged when its records pass in the order of time.
type contents struct {
	rules  *yara.Rules
	limit  int
	folder *extract.Folder // of files off the wire, in the spool; nil: those the user keeps

	large sync.Mutex // held by who holds a large file
	mu    sync.Mutex
	free  []*yara.Scanner
	// matched are the files with matches: of the evidence by path until their
	// record passes, off the wire by SHA-256.
	matched map[string][]yara.Match
	stopped map[string]int // why something was not looked at to the end, and how often
}

// newContents returns nil when there is nothing to scan with.
func newContents(r *yara.Rules, memory int64) *contents {
	if r.Empty() {
		return nil
	}
	return &contents{rules: r, limit: int(min(maxContent, memory/8)), matched: map[string][]yara.Match{}, stopped: map[string]int{}}
}

// scan judges one content.
func (c *contents) scan(in yara.Input) yara.Result {
	c.mu.Lock()
	var s *yara.Scanner
	if n := len(c.free); n > 0 {
		s = c.free[n-1]
		c.free = c.free[:n-1]
	}
	c.mu.Unlock()
	if s == nil {
		s = c.rules.Scanner()
	}
	result := s.Scan(in)
	c.mu.Lock()
	c.free = append(c.free, s)
	c.mu.Unlock()
	return result
}

// watched scans a file when it was read to its end.
type watched struct {
	r    io.Reader
	c    *contents
	file *evidence.File
	out  evidence.Outlet

	buf  []byte
	size int64
	big  bool // holds contents.large
	done bool
}

// watch returns a reader of f that scans what it yields.
func (c *contents) watch(f *evidence.File, r io.Reader, out evidence.Outlet) *watched {
	return &watched{r: r, c: c, file: f, out: out}
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.size += int64(n)
	if room := w.c.limit - len(w.buf); !w.done && n > 0 && room > 0 {
		if !w.big && len(w.buf)+n > smallContent {
			w.c.large.Lock()
			w.big = true
		}
		w.buf = append(w.buf, p[:min(n, room)]...)
	}
	if err == io.EOF {
		w.scan()
	}
	return n, err
}

// finish is for files that could not be read to their end: no record will pass
// of them.
func (w *watched) finish() {
	if w.done {
		return
	}
	w.scan()
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	for _, m := range w.c.matched[w.file.Path] {
		w.out.Problem(evidence.Problem{Name: "yara-match", Why: "what could be read matches YARA rule " + m.Rule.Name, Ref: w.file.Ref(record.RefFile, 0)})
	}
	delete(w.c.matched, w.file.Path)
}

// scan judges what was read.
func (w *watched) scan() {
	if w.done {
		return
	}
	w.done = true
	result := w.c.scan(yara.Input{Data: w.buf, Size: w.size, Path: w.file.Path, Time: seconds(w.file.Modified)})
	if len(result.Matches) > 0 {
		w.c.mu.Lock()
		w.c.matched[w.file.Path] = result.Matches
		w.c.mu.Unlock()
	}
	for _, why := range result.Stopped {
		w.out.Problem(evidence.Problem{Name: "yara-stopped", Why: why, Ref: w.file.Ref(record.RefFile, 0)})
	}
	if w.size > int64(len(w.buf)) {
		w.out.Problem(evidence.Problem{
			Name: "yara-start-only", Why: fmt.Sprintf("only the first %d of %d bytes were scanned with YARA rules", len(w.buf), w.size), Ref: w.file.Ref(record.RefFile, 0),
		})
	}
	w.buf = nil
	if w.big {
		w.c.large.Unlock()
		w.big = false
	}
}

func seconds(t record.Time) int64 { return int64(t) / 1e9 }

// judge emits what is known of the file that a record is about.
func (c *contents) judge(r record.Record, emit func(finding.Finding)) {
	switch r.(type) {
	case *web.File, *web.Script:
	default:
		return
	}
	path := r.Base().Ref.File
	c.mu.Lock()
	matches := c.matched[path]
	delete(c.matched, path)
	c.mu.Unlock()
	for i := range matches {
		emit(matches[i].Finding(r, true))
	}
}

// carve makes the files of captures be kept in the spool, unless the user keeps
// them anyway.
func (c *contents) carve(env *evidence.Env, spool string) {
	if env.Extract != nil {
		return
	}
	c.folder = extract.New(filepath.Join(spool, extract.Dir), extract.Options{PerFile: maxCarved, Total: maxAllCarved})
	env.Extract = func(n int) proto.Extractor { return unnamed{c.folder.Part(n)} }
}

// unnamed keeps files without the records saying so: they go away again.
type unnamed struct{ proto.Extractor }

// Begin implements proto.Extractor.
func (u unnamed) Begin(mime string) proto.Extraction {
	x := u.Extractor.Begin(mime)
	if x == nil {
		return nil
	}
	return unnamedFile{x}
}

type unnamedFile struct{ proto.Extraction }

// Close implements proto.Extraction.
func (u unnamedFile) Close() (name string, size uint64, cut bool) {
	u.Extraction.Close()
	return "", 0, false
}

// scanCarved scans what was kept of captures; out is the output folder, where
// the user's own lie.
func (c *contents) scanCarved(ctx context.Context, kept []casefolder.Extracted, out string, jobs int) error {
	dir := out
	if c.folder != nil {
		var err error
		if kept, err = closeFolder(c.folder); err != nil {
			return fmt.Errorf("app: files off the wire: %w", err)
		}
		dir = filepath.Dir(c.folder.Dir())
		defer func() { _ = os.RemoveAll(c.folder.Dir()) }()
	}
	next := make(chan casefolder.Extracted)
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for k := range next {
				c.scanKept(filepath.Join(dir, filepath.FromSlash(k.File)), k)
			}
		})
	}
	for _, k := range kept {
		if ctx.Err() != nil {
			break
		}
		next <- k
	}
	close(next)
	wg.Wait()
	return ctx.Err()
}

func (c *contents) scanKept(file string, k casefolder.Extracted) {
	if k.Size > smallContent {
		c.large.Lock()
		defer c.large.Unlock()
	}
	why := ""
	f, err := os.Open(file) // #nosec G304 -- a name of ours
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, int64(c.limit)))
		_ = f.Close()
	}
	if err != nil {
		why = "could not be read again: " + strings.TrimPrefix(err.Error(), file)
	}
	result := c.scan(yara.Input{Data: data, Size: k.Size, Path: k.File})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(result.Matches) > 0 {
		c.matched[k.SHA256] = result.Matches
	}
	for _, s := range append(result.Stopped, why) {
		if s != "" {
			c.stopped[s]++
		}
	}
}

// judgeCarved emits what is known of a file off the wire.
func (c *contents) judgeCarved(r record.Record, emit func(finding.Finding)) {
	f, ok := r.(*network.File)
	if !ok || f.SHA256 == "" {
		return
	}
	matches := c.matched[f.SHA256]
	for i := range matches {
		emit(matches[i].Finding(r, false))
	}
}

// wants tells whether a record must be seen in the order of time.
func (c *contents) wants(r record.Record) bool {
	f, ok := r.(*network.File)
	return ok && f.SHA256 != ""
}

// coverage says what of files off the wire was not looked at to the end.
func (c *contents) coverage() (out []casefolder.Coverage) {
	for _, why := range slices.Sorted(maps.Keys(c.stopped)) {
		out = append(out, casefolder.Coverage{Name: "YARA rules on files off the wire", Why: fmt.Sprintf("%s (%d files)", why, c.stopped[why])})
	}
	return out
}
