package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/rules/sigma"
)

// ruleMatcher judges one record at a time; it belongs to one goroutine.
type ruleMatcher interface {
	Match(r record.Record, emit func(finding.Finding))
}

// ruleSets are the compiled rules of a run.
type ruleSets struct{ engines []*sigma.Engine }

func (s *ruleSets) matchers() []ruleMatcher {
	out := make([]ruleMatcher, 0, len(s.engines))
	for _, e := range s.engines {
		out = append(out, e.NewMatcher())
	}
	return out
}

// loadRules compiles the built-in rules and the user's own.
func loadRules(paths []string, cf *casefolder.Case) (*ruleSets, error) {
	s := &ruleSets{}
	builtin, err := fs.Sub(content.Rules, "rules")
	if err != nil {
		return nil, fmt.Errorf("app: built-in rules: %w", err)
	}
	s.add("built-in", builtin, cf)
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("app: cannot read rules: %w", err)
		}
		before := len(cf.Rules)
		if info.IsDir() {
			s.add(p, os.DirFS(p), cf)
		} else {
			s.add(p, oneFile{os.DirFS(filepath.Dir(p)), filepath.Base(p)}, cf)
		}
		if r := cf.Rules[before]; r.Rules == 0 {
			return nil, fmt.Errorf("app: no rule could be used from %q: %s", p, firstOf(r.Refused, "no Sigma rule (*.yml, *.yaml) was found"))
		}
	}
	return s, nil
}

func (s *ruleSets) add(name string, fsys fs.FS, cf *casefolder.Case) {
	e, refused := sigma.Compile(fsys)
	set := casefolder.RuleSet{Name: name, Rules: len(e.Rules)}
	for _, r := range refused {
		set.Refused = append(set.Refused, fmt.Sprintf("%s:%d: %q: %s", r.File, r.Line, r.Title, r.Reason))
	}
	cf.Rules = append(cf.Rules, set)
	s.engines = append(s.engines, e)
}

func firstOf(list []string, otherwise string) string {
	if len(list) > 0 {
		return list[0]
	}
	return otherwise
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
