// Package store reads records back that hunt and records wrote, so that they
// can be searched again without the evidence they came from:
//
//	files, left, err := store.Find("case/records")
//	stats, err := files[0].Read(ctx, types[files[0].Type], store.Options{}, lane.Put)
//
// What it opens may have been written by somebody else: lines, pages and their
// expansion are bounded, and what cannot be read is counted and told while the
// rest is read.
package store

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/record"
)

// File is one file of records of one type.
type File struct {
	Path string // on disk
	Name string // below the folder that was looked through, with slashes
	Type string // of the records, as the file is named
	Size int64

	form form
}

// form is how a file holds its records.
type form uint8

const (
	lines form = iota
	gzipLines
	zstdLines
	columns
)

var suffixes = []struct {
	text string
	form form
}{{".jsonl", lines}, {".jsonl.gz", gzipLines}, {".jsonl.zst", zstdLines}, {".parquet", columns}}

// Left is a file that was seen and cannot be searched.
type Left struct {
	Name string
	Why  string
}

// own are files of a case that are not records.
var own = []string{"findings.jsonl", "timeline.jsonl", "shared.jsonl"}

// Find lists the files of records below dir, by name. Links are not followed.
func Find(dir string) (files []File, left []Left, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			if strings.HasPrefix(d.Name(), ".") && path != dir {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		case strings.HasSuffix(d.Name(), ".log") || strings.HasSuffix(d.Name(), ".ecs.jsonl"):
			left = append(left, Left{Name: name, Why: "this form does not say where in the evidence a record stands: write jsonl or parquet, or give the file to hunt"})
			return nil
		case slices.Contains(own, d.Name()):
			return nil
		}
		for _, s := range suffixes {
			if base, ok := strings.CutSuffix(d.Name(), s.text); ok {
				info, err := d.Info()
				if err != nil {
					return err
				}
				files = append(files, File{Path: path, Name: name, Type: base, Size: info.Size(), form: s.form})
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return files, left, nil
}

// Options say what of a file is read.
type Options struct {
	Want         func(*record.Field) bool // fields that are filled; nil: all
	Ask          *Question                // files of columns: row groups that cannot hold an answer are left out; nil: none is
	Since, Until record.Time              // records before Since and from Until on are left out; 0: none
}

// outside tells whether a record at t is left out. One without a time is not.
func (o *Options) outside(t record.Time) bool {
	return t != 0 && (o.Since != 0 && t < o.Since || o.Until != 0 && t >= o.Until)
}

// Stats say what became of a file.
type Stats struct {
	Rows    int64  `json:"rows"`              // that were looked at
	Damaged int64  `json:"damaged,omitempty"` // rows, pages or row groups that could not be read
	First   string `json:"first,omitempty"`   // the first of these, with its place

	Groups       int64 `json:"row_groups,omitempty"`            // of files of columns
	ByTime       int64 `json:"skipped_by_time,omitempty"`       // of these, not read: all is outside the times
	ByStatistics int64 `json:"skipped_by_statistics,omitempty"` // no column spans what is asked for
	ByFilter     int64 `json:"skipped_by_filter,omitempty"`     // no filter knows what is asked for
}

// damage counts something that could not be read.
func (s *Stats) damage(format string, args ...any) {
	s.Damaged++
	if s.First == "" {
		s.First = fmt.Sprintf(format, args...)
	}
}

// Read puts every record of the file, of type t, in the order of the file. The
// error says why nothing more could be read; what was put stays valid.
func (f *File) Read(ctx context.Context, t *record.Type, opt Options, put func(record.Record)) (Stats, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return Stats{}, fmt.Errorf("store: %w", err)
	}
	defer func() { _ = in.Close() }()
	if f.form == columns {
		return f.readColumns(ctx, in, t, opt, put)
	}
	return f.readLines(ctx, in, t, opt, put)
}

// names shares the names of files of evidence, which thousands of records have.
type names map[string]string

const maxShared = 1 << 16 // names that are shared

func (n names) of(s string) string {
	if shared, ok := n[s]; ok {
		return shared
	}
	if len(n) < maxShared {
		n[s] = s
	}
	return s
}
