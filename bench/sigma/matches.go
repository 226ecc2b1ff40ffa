package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"longwatch/internal/evidence"
	"longwatch/internal/evidence/evtx"
	"longwatch/internal/evidence/winjson"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/rules/sigma"
)

// lister writes a line for every event of a log, and one for every rule that is
// true of it. Events recovered from unused space are left out: the reference
// does not see them.
type lister struct {
	w     *bufio.Writer
	log   string
	match *sigma.Matcher
}

func (l *lister) Lane() record.Sink           { return l }
func (l *lister) Problem(evidence.Problem)    {}
func (l *lister) Count(string, string, int64) {}

func (l *lister) Put(r record.Record) {
	e, ok := r.(*host.Event)
	if !ok {
		return
	}
	_, _ = fmt.Fprintf(l.w, "event\t%s\t%d\n", l.log, e.RecordID)
	l.match.Match(r, func(f *sigma.Firing) {
		id, _ := strings.CutPrefix(f.Claim().Detector, "sigma:")
		_, _ = fmt.Fprintf(l.w, "match\t%s\t%d\t%s\n", l.log, e.RecordID, id)
	})
}

// list writes what the rules of a tree are true of.
func list(tree string, paths []string, to string) error {
	f, err := os.Create(filepath.Clean(to))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	engine, refused := sigma.Compile(os.DirFS(tree))
	for _, r := range refused {
		_, _ = fmt.Fprintf(w, "refused\t%s\t%s\n", r.ID, strings.Join(strings.Fields(r.Reason), " "))
	}
	l := &lister{w: w, match: engine.NewMatcher()}
	for _, p := range paths {
		err = errors.Join(err, filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			format := evtx.Format
			if name == p && strings.HasSuffix(name, ".json") {
				format = winjson.Format
			} else if err != nil || d.IsDir() || !strings.EqualFold(filepath.Ext(name), ".evtx") {
				return err
			}
			log, err := os.Open(filepath.Clean(name))
			if err != nil {
				return err
			}
			defer func() { _ = log.Close() }()
			info, err := log.Stat()
			if err != nil {
				return err
			}
			l.log = name
			in := &evidence.File{Path: name, Name: d.Name(), Size: info.Size(), Open: func() (io.ReadCloser, error) { return io.NopCloser(log), nil }}
			_ = format.New(in, &evidence.Env{Jobs: 1, Memory: 256 << 20}).Read(context.Background(), l) // damaged logs are part of the corpora
			return nil
		}))
	}
	return errors.Join(err, w.Flush(), f.Close())
}
