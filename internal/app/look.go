package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/intel"
	"longwatch/internal/ordered"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/retro"
	"longwatch/internal/session"
	"longwatch/internal/store"
)

// look is the second look at one case folder or folder of records.
type look struct {
	r        *Retro
	k        *knowledge
	input    string
	out      string // folder of the new case, or empty
	progress Progress

	old    *casefolder.Case // as it was read; without findings for a folder of records
	isCase bool

	recorded bool // its records are there to be searched

	res     *retro.Result
	ordered *ordered.Buffer
	ask     *store.Question

	mu       sync.Mutex
	gathered *gather
	places   map[string][]string // files of records by claim
	watch    *intel.Observer
}

// run searches, judges and compares, and writes the new case if one is wanted.
func (l *look) run(ctx context.Context) (*retro.Result, error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	spool, done, err := l.spool()
	if err != nil {
		return nil, err
	}
	defer done()
	l.gathered, l.places, l.watch = newGather(), map[string][]string{}, l.k.set.Observer()
	l.ordered = ordered.New(spool, l.r.Memory/8)
	if !l.isCase {
		l.ask = store.Ask(l.k.set)
	}
	if err := l.search(ctx); err != nil {
		return nil, err
	}
	aliases := incident.NewAliases(homeNetsOf(l.old))
	sessions := session.New(func(record.Record) {}) // their records are there already
	witness := incident.NewWitness()
	err = l.ordered.Replay(recordTypes(), func(r record.Record) {
		if incident.Wants(r.RecordType()) {
			aliases.Learn(r)
		}
		if session.Wants(r.RecordType()) {
			sessions.Learn(r)
		}
		witness.Learn(r)
	})
	if err != nil {
		return nil, err
	}
	found := l.found()
	logons := sessions.Finish(aliases.Host)
	now := l.judge(found, incident.Options{HomeNet: l.configNets(), Aliases: aliases, Witness: witness, Logons: logons, Files: spans(l.old), End: l.old.Span.End})
	now.Logons, now.Chains = logons, chains(sessions, found)
	l.compare(now)
	if l.out != "" {
		l.progress.Phase("writing the new case")
		if err := l.write(now); err != nil {
			return nil, err
		}
	}
	return l.res, nil
}

// open reads the case as it was. A folder without findings is one of records.
func (l *look) open() error {
	l.res = &retro.Result{Input: l.input, Out: l.out}
	c, err := casefolder.Read(l.input)
	switch {
	case err == nil:
		l.old, l.isCase = c, true
	case errors.Is(err, casefolder.ErrNotCase) && !exists(filepath.Join(l.input, "findings.jsonl")):
		if c, err = casefolder.ReadManifest(l.input); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		l.old = c
	default:
		return err
	}
	l.res.Case = l.isCase
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// spool is a folder for what does not fit the memory.
func (l *look) spool() (dir string, done func(), err error) {
	if l.out == "" {
		dir, err = os.MkdirTemp("", "longwatch-retro-")
		return dir, func() { _ = os.RemoveAll(dir) }, err
	}
	out, err := prepareOut(&Config{Out: l.out, Paths: []string{l.input}, Force: l.r.Force})
	if err != nil {
		return "", nil, err
	}
	return out.spool, out.close, nil
}

// search compares every record with what is known now.
func (l *look) search(ctx context.Context) error {
	root := l.input
	if l.isCase {
		root = filepath.Join(l.input, "records")
		if !exists(root) {
			l.note("the case has no records: only its findings are compared")
			return nil
		}
	}
	files, left, err := store.Find(root)
	if err != nil {
		return err
	}
	for _, x := range left {
		l.note(x.Name + ": " + x.Why)
	}
	if len(files) == 0 && !l.isCase {
		return errors.New("neither a case folder nor a folder of records (NAME.jsonl, NAME.parquet)")
	}
	l.recorded = len(files) > 0
	types := recordTypes()
	var total int64
	for i := range files {
		total += files[i].Size
	}
	l.progress.Start(len(files), total)
	next := make(chan *store.File)
	var wg sync.WaitGroup
	for range max(1, min(l.r.Jobs, len(files))) {
		wg.Go(func() {
			lane := l.lane()
			for f := range next {
				l.read(ctx, f, types[f.Type], lane)
			}
			l.finish(lane)
		})
	}
	for i := range files {
		if ctx.Err() == nil {
			next <- &files[i]
		}
	}
	close(next)
	wg.Wait()
	slices.Sort(l.res.Searched.Notes)
	return ctx.Err()
}

func (l *look) note(text string) {
	l.mu.Lock()
	l.res.Searched.Notes = append(l.res.Searched.Notes, text)
	l.mu.Unlock()
}

// derived are types whose records a hunt makes of others, which it compares
// with nothing.
func derived(t *record.Type) bool { return slices.Contains(host.Derived, t) }

// read searches one file. What cannot be read is noted; the others are searched
// all the same.
func (l *look) read(ctx context.Context, f *store.File, t *record.Type, lane *lookLane) {
	l.progress.File(f.Name)
	defer l.progress.Read(f.Size)
	switch {
	case t == nil:
		l.note(fmt.Sprintf("%s: no type of records is called %q", f.Name, f.Type))
		return
	case derived(t):
		return
	}
	lane.file = f.Name
	opt := store.Options{Since: l.r.Since, Until: l.r.Until}
	if !l.isCase && !lane.watch.Wants(t) { // a case is also judged again, by all that its records say of hosts
		opt.Want, opt.Ask = intel.Compared(t), l.ask
	}
	stats, err := f.Read(ctx, t, opt, lane.Put)
	if err != nil && ctx.Err() == nil {
		l.note(err.Error())
		stats.Damaged++
	}
	if stats.First != "" {
		l.note(fmt.Sprintf("%d of %s could not be read; the first: %s", stats.Damaged, f.Name, stats.First))
	}
	l.mu.Lock()
	s := &l.res.Searched
	s.Files, s.Rows, s.Damaged = s.Files+1, s.Rows+stats.Rows, s.Damaged+stats.Damaged
	s.Groups, s.ByTime, s.ByStatistics, s.ByFilter = s.Groups+stats.Groups, s.ByTime+stats.ByTime, s.ByStatistics+stats.ByStatistics, s.ByFilter+stats.ByFilter
	l.mu.Unlock()
}

// lookLane is the second look of one goroutine.
type lookLane struct {
	learn  bool // keep what tells hosts and sessions
	intel  intel.Matcher
	watch  *intel.Observer
	order  *ordered.Lane
	found  *gather
	file   string
	places map[string][]string
}

func (l *look) lane() *lookLane {
	m := l.k.set.Matcher()
	m.AsOf = l.r.AsOf
	return &lookLane{learn: l.isCase, intel: m, watch: l.k.set.Observer(), order: l.ordered.Lane(), found: newGather(), places: map[string][]string{}}
}

// Put compares one record.
func (l *lookLane) Put(r record.Record) {
	l.intel.Match(r, l.add)
	l.watch.Observe(r)
	if t := r.RecordType(); l.learn && (incident.Wants(t) || session.Wants(t)) {
		l.order.Put(r)
	}
}

func (l *lookLane) add(f finding.Finding) {
	k := key(&f)
	if !slices.Contains(l.places[k], l.file) {
		l.places[k] = append(l.places[k], l.file)
	}
	l.found.add(f)
}

// finish hands over what a lane has found.
func (l *look) finish(lane *lookLane) {
	lane.found.into(l.gathered, &l.mu)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch.Join(lane.watch)
	for k, files := range lane.places {
		for _, f := range files {
			if !slices.Contains(l.places[k], f) {
				l.places[k] = append(l.places[k], f)
			}
		}
		slices.Sort(l.places[k])
	}
}

// judge makes the case as it is now of findings.
func (l *look) judge(found []finding.Finding, opt incident.Options) *casefolder.Case {
	l.progress.Phase("judging incidents")
	now := *l.old
	now.Tool, now.Command, now.Intel = ToolInfo(), l.r.Command, l.k.sources
	now.Findings, now.Incidents, now.Coverage = nil, nil, nil
	judge(&now, found, opt, l.k.profiles)
	now.Coverage = append(now.Coverage, withheld(found)...)
	for _, c := range l.old.Coverage {
		if c.Name != heldBack && !slices.Contains(now.Coverage, c) {
			now.Coverage = append(now.Coverage, c)
		}
	}
	if len(l.res.Searched.Notes) > 0 {
		now.Coverage = append(now.Coverage, casefolder.Coverage{Name: "records not searched again", Why: strings.Join(l.res.Searched.Notes, "; ")})
	}
	return &now
}
