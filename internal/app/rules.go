package app

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/ordered"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
	"longwatch/internal/rules/yara"
)

// RuleOptions say which Sigma and YARA rules to use.
type RuleOptions struct {
	Paths        []string            // files, folders and zip archives; used beside the built-in rules
	Pipelines    []string            // files that say how to change rules before they are compiled
	Placeholders map[string][]string // values for the modifier expand
	Alone        bool                // without the built-in rules
}

// ruleSet is all rules of a run, compiled together.
type ruleSet struct {
	engine  *sigma.Engine
	refused []sigma.Refused
	yara    *yara.Rules
	unread  []yara.Refusal
	names   []string // of the trees
	closers []func() error
}

// close closes archives; the rules stay usable.
func (s *ruleSet) close() {
	for _, c := range s.closers {
		_ = c()
	}
}

// loadRules compiles the built-in rules and the user's own, each tree of which
// must have one that can be used.
func loadRules(o RuleOptions) (*ruleSet, error) {
	s, err := compileRules(o)
	if err != nil {
		return nil, err
	}
	for _, set := range s.sets() {
		if set.Rules == 0 && set.Name != "built-in" {
			return nil, fmt.Errorf("app: no rule could be used from %q: %s", set.Name, firstOf(set.Refused, "no Sigma rule (*.yml, *.yaml) and no YARA rule (*.yar, *.yara) was found"))
		}
	}
	return s, nil
}

// compileRules is loadRules for those who want to see what cannot be used.
func compileRules(o RuleOptions) (*ruleSet, error) {
	s := &ruleSet{}
	defer s.close()
	opts := sigma.Options{Placeholders: o.Placeholders}
	if !o.Alone {
		builtin, err := fs.Sub(content.Rules, "rules")
		if err != nil {
			return nil, fmt.Errorf("app: built-in rules: %w", err)
		}
		opts.Trees, s.names = append(opts.Trees, builtin), append(s.names, "built-in")
	}
	for _, p := range o.Paths {
		tree, err := s.open(p)
		if err != nil {
			return nil, fmt.Errorf("app: cannot read rules: %w", err)
		}
		opts.Trees, s.names = append(opts.Trees, tree), append(s.names, p)
	}
	for _, p := range o.Pipelines {
		text, err := os.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("app: cannot read pipeline: %w", err)
		}
		pipe, err := sigma.ParsePipeline(text)
		if err != nil {
			return nil, fmt.Errorf("app: pipeline %q: %w", p, err)
		}
		opts.Pipelines = append(opts.Pipelines, pipe)
	}
	slices.SortStableFunc(opts.Pipelines, func(a, b *sigma.Pipeline) int { return a.Priority - b.Priority })
	s.engine, s.refused = sigma.CompileWith(opts)
	s.yara, s.unread = yara.Compile(yara.Options{}, opts.Trees...)
	return s, nil
}

// open makes a tree of a file, a folder or a zip archive.
func (s *ruleSet) open(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return os.DirFS(path), nil
	case strings.EqualFold(filepath.Ext(path), ".zip"):
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		s.closers = append(s.closers, z.Close)
		return &z.Reader, nil
	}
	return oneFile{os.DirFS(filepath.Dir(path)), filepath.Base(path)}, nil
}

// sets say what became of each tree.
func (s *ruleSet) sets() []casefolder.RuleSet {
	out := make([]casefolder.RuleSet, len(s.names))
	for i, n := range s.names {
		out[i].Name = n
	}
	for _, r := range s.engine.Rules {
		out[r.Tree].Rules++
	}
	for _, f := range s.engine.Filters {
		out[f.Tree].Rules++
	}
	for _, r := range s.refused {
		out[r.Tree].Refused = append(out[r.Tree].Refused, r.String())
	}
	for _, r := range s.yara.List {
		out[r.Tree].Rules++
	}
	for _, r := range s.unread {
		out[r.Tree].Refused = append(out[r.Tree].Refused, r.String())
	}
	return out
}

func firstOf(list []string, otherwise string) string {
	if len(list) > 0 {
		return list[0]
	}
	return otherwise
}

// hits are what correlation rules must see, in the order of time.
type hits struct {
	engine *sigma.Engine
	buffer *ordered.Buffer

	mu       sync.Mutex
	matchers []*sigma.Matcher
}

// newHits keeps about memory bytes; spool is a folder for what does not fit.
func newHits(e *sigma.Engine, spool string, memory int64) *hits {
	return &hits{engine: e, buffer: ordered.New(filepath.Join(spool, "hits"), memory)}
}

// matcher returns a matcher for one goroutine.
func (h *hits) matcher() *sigma.Matcher {
	m := h.engine.NewMatcher()
	if h.engine.Correlates() {
		lane := h.buffer.Lane()
		m.Hits = func(x *sigma.Hit) { lane.Put(x) }
	}
	h.mu.Lock()
	h.matchers = append(h.matchers, m)
	h.mu.Unlock()
	return m
}

// stopped says which rules cost too much.
func (h *hits) stopped() (out []casefolder.Coverage) {
	for _, s := range h.engine.Stopped(h.matchers) {
		out = append(out, casefolder.Coverage{Name: "Sigma rules", Why: s.String()})
	}
	return out
}

// correlate judges everything kept and says what could not be.
func (h *hits) correlate() ([]finding.Finding, []casefolder.Coverage, error) {
	if !h.engine.Correlates() {
		return nil, nil, nil
	}
	c := h.engine.NewCorrelator()
	err := h.buffer.Replay(map[string]*record.Type{sigma.HitType.Name: sigma.HitType}, func(r record.Record) { c.Hit(r.(*sigma.Hit)) })
	if err != nil {
		return nil, nil, fmt.Errorf("app: correlation rules: %w", err)
	}
	found := c.Finish()
	var lost []casefolder.Coverage
	if c.Forgotten > 0 {
		lost = append(lost, casefolder.Coverage{Name: "correlation rules", Why: fmt.Sprintf("%d groups of events or findings were given up to bound memory; narrow the time with --since and --until", c.Forgotten)})
	}
	if c.Untimed > 0 {
		lost = append(lost, casefolder.Coverage{Name: "correlation rules", Why: fmt.Sprintf("%d events have no time and were left out", c.Untimed)})
	}
	return found, lost, nil
}

// oneFile is a file system that holds a single file of another.
type oneFile struct {
	fs.FS
	name string
}

// ReadDir lists the one file.
func (o oneFile) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(o.FS, name)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Name() == o.name {
			return []fs.DirEntry{e}, nil
		}
	}
	return nil, nil
}
