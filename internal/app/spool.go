package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"longwatch/internal/collect"
	"longwatch/internal/extract"
	"longwatch/internal/report"
)

// marker is a file that every folder of results has.
const marker = "manifest.json"

// output is the folder that a run writes into.
type output struct {
	dir   string
	spool string // for run files and unpacked archives; removed by close
}

// prepareOut makes the output folder and a spool in it. A folder that holds
// something else is refused, so that nobody's files are mixed up with results
// or overwritten; so is one in which evidence lies. An earlier case is written
// anew: record files that it lists go first.
func prepareOut(c *Config) (*output, error) {
	if err := apart(c.Out, c.Paths); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(c.Out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(c.Out, 0o750); err != nil {
			return nil, fmt.Errorf("app: cannot make the output folder: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("app: cannot use %q for output: %w", c.Out, err)
	case len(entries) > 0 && !forget(c.Out) && !c.Force:
		return nil, fmt.Errorf("app: output folder %q holds other files: name an empty or new folder with -o, or add --force", c.Out)
	}
	spool, err := os.MkdirTemp(c.Out, ".spool-")
	if err != nil {
		return nil, fmt.Errorf("app: cannot use %q for output: %w", c.Out, err)
	}
	return &output{dir: c.Out, spool: spool}, nil
}

// close removes the spool.
func (o *output) close() { _ = os.RemoveAll(o.spool) }

// forget removes the record files and extracted files that the manifest of an
// earlier run lists, and the further pages of its report,
// and tells whether there was such a run. A listed name that leads out of the
// folder is not ours, whatever the manifest says.
func forget(dir string) bool {
	b, err := os.ReadFile(filepath.Join(dir, marker))
	if err != nil {
		return false
	}
	var m struct {
		Tool    *json.RawMessage
		Records []struct{ File string }
		// Extracted are files that captures carried.
		Extracted []struct{ File string }
	}
	if json.Unmarshal(b, &m) != nil || m.Tool == nil {
		return false
	}
	for _, r := range m.Records {
		name := strings.TrimPrefix(r.File, "records/")
		if ext := filepath.Ext(name); filepath.IsLocal(r.File) && name == filepath.Base(name) && (ext == ".log" || ext == ".jsonl" || ext == ".parquet") {
			_ = os.Remove(filepath.Join(dir, filepath.FromSlash(r.File)))
		}
	}
	for _, x := range m.Extracted {
		if extract.Ours(x.File) {
			_ = os.Remove(filepath.Join(dir, filepath.FromSlash(x.File)))
		}
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if err == nil && (report.Further(e.Name()) || isFlow(e.Name())) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return true
}

// apart refuses an output folder in which evidence lies, and evidence that
// does not exist, before anything is written. The other way round, results
// below a folder of evidence, is fine: the walk leaves them out.
func apart(out string, paths []string) error {
	outReal := realPath(out)
	for _, p := range paths {
		if p == collect.StdinPath {
			continue
		}
		if _, err := os.Stat(p); err != nil {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err
			}
			return fmt.Errorf("app: cannot read evidence %q: %w", p, err)
		}
		rel, err := filepath.Rel(outReal, realPath(p))
		if err == nil && (rel == "." || filepath.IsLocal(rel)) {
			return fmt.Errorf("app: evidence %q lies in the output folder %q, where it could be overwritten: name another folder with -o", p, out)
		}
	}
	return nil
}

// realPath is p without links, as far as it exists.
func realPath(p string) string {
	abs, err := filepath.Abs(p)
	if err != nil {
		return filepath.Clean(p)
	}
	rest := ""
	for {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return filepath.Join(real, rest)
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return filepath.Join(abs, rest)
		}
		abs, rest = parent, filepath.Join(filepath.Base(abs), rest)
	}
}
