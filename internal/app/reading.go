package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime/debug"
	"slices"
	"sync"

	"longwatch/internal/audit/iis"
	"longwatch/internal/casefolder"
	"longwatch/internal/collect"
	"longwatch/internal/evidence"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/web"
	"longwatch/internal/unixpath"
)

// maxProblems bounds the kinds of problem kept per file.
const maxProblems = 64

// reading is the first half of the line: every file to its reader, every
// record to a lane. It implements collect.Visitor.
type reading struct {
	env      *evidence.Env
	formats  []evidence.Format
	fallback evidence.Format // for what no other format recognises; Name "" when not wanted
	hash     bool
	progress Progress
	stdin    io.Reader // what the path "-" stands for
	newLane  func() lane
	spool    string         // folder for what cannot be read twice
	contents *contents      // scans what is read as a file; nil: nothing does
	configs  *iis.Collector // takes configuration of IIS; nil: nobody does
	since    record.Time
	until    record.Time

	mu      sync.Mutex
	free    []lane
	joins   map[string]*joining // by format
	files   []casefolder.Evidence
	skipped []casefolder.Skipped
	span    record.Span
}

// lane is what happens to a record, for one goroutine at a time.
type lane interface{ Put(r record.Record) }

func (rd *reading) lane() lane {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if n := len(rd.free); n > 0 {
		l := rd.free[n-1]
		rd.free = rd.free[:n-1]
		return l
	}
	return rd.newLane()
}

func (rd *reading) release(l lane) {
	rd.mu.Lock()
	rd.free = append(rd.free, l)
	rd.mu.Unlock()
}

// walk reads everything below paths.
func (rd *reading) walk(ctx context.Context, paths []string, out *output, jobs int) error {
	rd.spool = out.spool
	w := collect.Walker{Limits: collect.DefaultLimits, Spool: out.spool, Jobs: jobs, Leave: out.dir, Stdin: rd.stdin}
	err := w.Walk(ctx, paths, rd, rd.progress.Start)
	if err == nil {
		rd.readJoined(ctx)
		err = ctx.Err()
	}
	slices.SortFunc(rd.files, func(a, b casefolder.Evidence) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Size, b.Size)) // an archive may hold a name twice
	})
	slices.SortFunc(rd.skipped, func(a, b casefolder.Skipped) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Size, b.Size))
	})
	return err
}

// Skipped notes what was seen and not read.
func (rd *reading) Skipped(path, why string, size int64, lost bool) {
	rd.mu.Lock()
	rd.skipped = append(rd.skipped, casefolder.Skipped{Path: path, Why: why, Size: size, Lost: lost})
	rd.mu.Unlock()
}

// Link keeps what a history is linked to: to nothing, where somebody does not
// want to leave one.
func (rd *reading) Link(path, target string, modified record.Time) {
	if unixpath.Kind(path) != unixpath.History {
		return
	}
	h := &host.History{Path: path, Link: target}
	h.TS, h.Ref, h.Host, h.User, h.Provider = modified, record.Ref{File: path, Kind: record.RefFile}, hostpath.Host(path), unixpath.User(path), "history"
	l := rd.lane()
	l.Put(h)
	rd.release(l)
}

// File reads one file with the format that recognises it, or puts it off when
// the format reads all its files together.
func (rd *reading) File(ctx context.Context, f *evidence.File) {
	rd.progress.File(f.Path)
	rc, err := f.Open()
	if err != nil {
		rd.Skipped(f.Path, "cannot be read: "+err.Error(), f.Size, true)
		return
	}
	defer func() { _ = rc.Close() }()
	in := newCounted(rc, rd.hash, rd.progress)
	br, start := head(in)
	format, ok := choose(rd.formats, rd.fallback, f.Path, start)
	if ok {
		in.pause(format.Join != nil && !f.Stream) // it is counted when it is read
		put, err := rd.later(format, f, br)
		if put {
			return
		}
		if err != nil {
			rd.Skipped(f.Path, "cannot be kept until all captures are read: "+err.Error(), f.Size, true)
			return
		}
	}
	var content io.Reader = br
	if rd.configs != nil {
		var done func()
		content, done = rd.configs.Watch(f, content)
		defer done()
	}
	o := &outlet{rd: rd, file: f}
	entry := casefolder.Evidence{Path: f.Path, Format: "unknown"}
	if ok {
		entry.Format = format.Name
		opened := *f
		read := content
		if rd.contents != nil && format.Name == rd.fallback.Name {
			w := rd.contents.watch(f, content, o)
			defer w.finish()
			read = w
		}
		opened.Open = func() (io.ReadCloser, error) { return io.NopCloser(read), nil }
		err = readSafely(ctx, format.Name, format.New(&opened, rd.env), o)
	}
	o.close()
	if ctx.Err() == nil {
		if _, derr := io.Copy(io.Discard, content); derr != nil && err == nil {
			err = derr // what follows could not be read at all
		}
	}
	rd.done(&entry, in, o, err)
}

// done adds a file that was read to the manifest.
func (rd *reading) done(entry *casefolder.Evidence, in *counted, o *outlet, err error) {
	entry.Size = in.n
	if in.hash != nil {
		entry.SHA256 = hex.EncodeToString(in.hash.Sum(nil))
	}
	o.fill(entry, err)
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.files = append(rd.files, *entry)
	rd.span.Grow(o.span.Start)
	rd.span.Grow(o.span.End)
}

// choose picks the format that is surest, the first in name order among equals.
func choose(formats []evidence.Format, fallback evidence.Format, name string, head []byte) (best evidence.Format, ok bool) {
	if len(bytes.TrimSpace(head)) > 0 {
		match := evidence.None
		for _, f := range formats {
			if m := f.Sniff(name, head); m > match {
				best, match = f, m
			}
		}
		if match > evidence.None {
			return best, true
		}
	}
	return fallback, fallback.Name != ""
}

// readSafely turns a reader's panic into an error about its file: the rest of
// the evidence is still analysed.
func readSafely(ctx context.Context, format string, r evidence.Reader, o evidence.Outlet) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: reader failed (please report this): %v: %w", format, p, evidence.ErrCorrupt)
			o.Problem(evidence.Problem{Name: "reader-panic", Why: fmt.Sprintf("%v at %s", p, firstFrame(debug.Stack()))})
		}
	}()
	return r.Read(ctx, o)
}

// firstFrame is the first line of a stack that is in our code.
func firstFrame(stack []byte) string {
	for line := range bytes.SplitSeq(stack, []byte("\n")) {
		if bytes.Contains(line, []byte("/internal/")) && !bytes.Contains(line, []byte("internal/app/")) && bytes.Contains(line, []byte(".go:")) {
			return string(bytes.TrimSpace(line))
		}
	}
	return "unknown place"
}

// counted counts and hashes what is read.
type counted struct {
	r        io.Reader
	n        int64
	hash     hash.Hash
	progress Progress
}

func newCounted(r io.Reader, hashed bool, p Progress) *counted {
	c := &counted{r: r, progress: p}
	if hashed {
		c.hash = sha256.New()
	}
	return c
}

// pause stops counting, when the same bytes will be read again.
func (c *counted) pause(on bool) {
	if on {
		c.hash, c.progress = nil, nil
	}
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.hash != nil {
		c.hash.Write(p[:n])
	}
	if c.progress != nil {
		c.progress.Read(int64(n))
	}
	return n, err
}

// outlet is where one file's records and problems go.
type outlet struct {
	rd   *reading
	file *evidence.File

	mu       sync.Mutex
	lanes    []*fileLane
	tallies  map[string]int64
	ended    string // why nothing more could be read
	problems []casefolder.Problem
	firsts   []int64 // position of the problem that Problem.First tells
	more     int64   // problems of kinds beyond maxProblems
	span     record.Span
	counts   map[string]int64
}

// fileLane counts the records of one file on their way into a lane.
type fileLane struct {
	rd     *reading
	lane   lane
	counts map[*record.Type]*tally
	span   record.Span

	borrowed bool // lane belongs to somebody else

	last  *record.Type // of the record before
	tally *tally       // of last
}

// tally is how many records of a type there were.
type tally struct {
	n    int64
	rest bool // see atRest
}

func newFileLane(rd *reading, to lane) *fileLane {
	return &fileLane{rd: rd, lane: to, counts: map[*record.Type]*tally{}}
}

// Keeps implements record.Keeper.
func (l *fileLane) Keeps() bool { return record.Keeps(l.lane) }

// Put passes r on unless it is outside the time asked for.
func (l *fileLane) Put(r record.Record) {
	if t := r.RecordType(); t != l.last {
		if l.counts[t] == nil {
			l.counts[t] = &tally{rest: atRest(t)}
		}
		l.last, l.tally = t, l.counts[t]
	}
	ts := r.Base().TS
	if !l.tally.rest {
		if ts != 0 && (ts < l.rd.since || l.rd.until != 0 && ts >= l.rd.until) {
			return
		}
		l.span.Grow(ts)
	}
	l.tally.n++
	l.lane.Put(r)
}

// atRest tells whether records of a type are about files as they lie there: a
// file's time is not when something was seen, and may be a lie, so it neither
// counts for the span of the evidence nor keeps the file out of a hunt.
func atRest(t *record.Type) bool {
	switch t {
	case web.FileType, web.ScriptType, web.SiteType, web.CompiledType, host.FileTimesType:
		return true
	}
	return false
}

// Lane returns a sink for one goroutine.
func (o *outlet) Lane() record.Sink {
	l := newFileLane(o.rd, o.rd.lane())
	o.mu.Lock()
	o.lanes = append(o.lanes, l)
	o.mu.Unlock()
	return l
}

// adopt is Lane with a lane that somebody else gives back.
func (o *outlet) adopt(to lane) *fileLane {
	l := newFileLane(o.rd, to)
	l.borrowed = true
	o.mu.Lock()
	o.lanes = append(o.lanes, l)
	o.mu.Unlock()
	return l
}

// Count implements evidence.Outlet.
func (o *outlet) Count(_, name string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tallies == nil {
		o.tallies = map[string]int64{}
	}
	o.tallies[name] += n
}

// Problem counts p. Of each kind the one that comes first in the file is told,
// whichever goroutine met it first.
func (o *outlet) Problem(p evidence.Problem) {
	first := p.Why
	if at := place(p.Ref); at != "" {
		first = at + ": " + first
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.Ends && o.ended == "" {
		o.ended = p.Why
	}
	for i := range o.problems {
		if o.problems[i].Name == p.Name {
			o.problems[i].Count++
			o.problems[i].Bytes += p.Bytes
			if cmp.Or(cmp.Compare(p.Ref.Pos, o.firsts[i]), cmp.Compare(first, o.problems[i].First)) < 0 {
				o.problems[i].First, o.firsts[i] = first, p.Ref.Pos
			}
			return
		}
	}
	if len(o.problems) == maxProblems {
		o.more++
		return
	}
	o.firsts = append(o.firsts, p.Ref.Pos)
	o.problems = append(o.problems, casefolder.Problem{Name: p.Name, Count: 1, Bytes: p.Bytes, First: first})
}

// place is a position in words.
func place(r record.Ref) string {
	switch r.Kind {
	case record.RefOffset:
		return fmt.Sprintf("offset %d", r.Pos)
	case record.RefLine:
		return fmt.Sprintf("line %d", r.Pos)
	case record.RefRecord:
		return fmt.Sprintf("record %d", r.Pos)
	default:
		return ""
	}
}

func (o *outlet) close() {
	o.counts = map[string]int64{}
	for _, l := range o.lanes {
		for t, c := range l.counts {
			if c.n > 0 {
				o.counts[t.Name] += c.n
			}
		}
		o.span.Grow(l.span.Start)
		o.span.Grow(l.span.End)
		if !l.borrowed {
			o.rd.release(l.lane)
		}
	}
}

// fill completes the manifest entry.
func (o *outlet) fill(e *casefolder.Evidence, err error) {
	e.Records, e.Counts = o.counts, o.tallies
	if o.span.Start != 0 {
		e.Start, e.End = o.span.Start.String(), o.span.End.String()
	}
	if err != nil && !errors.Is(err, context.Canceled) && o.ended == "" {
		o.ended = err.Error()
	}
	if o.ended != "" {
		o.problems = append(o.problems, casefolder.Problem{Name: "ended-early", Count: 1, First: o.ended})
	}
	if o.more > 0 {
		o.problems = append(o.problems, casefolder.Problem{Name: "other", Count: o.more, First: "problems of further kinds, not listed one by one"})
	}
	slices.SortStableFunc(o.problems, func(a, b casefolder.Problem) int { return cmp.Compare(a.Name, b.Name) })
	e.Problems = o.problems
	e.Whole = err == nil && o.ended == ""
	for _, p := range o.problems {
		e.Lost += p.Bytes
		if p.Bytes > 0 {
			e.Whole = false
		}
	}
}
