package iis

import (
	"context"
	"fmt"
	"io"
	"sync"

	"longwatch/internal/evidence"
	"longwatch/internal/winpath"
)

// Bounds of one walk.
const (
	maxFolders = 1 << 19   // folders whose files are counted
	maxConfigs = 1 << 16   // files of configuration
	maxBytes   = 256 << 20 // bytes of all configuration together
	maxNames   = 64        // names of assemblies kept of one bin folder
)

// folder counts what lies in a folder, to tell what it is for.
type folder struct {
	media, documents, scripts, configs, other int
	script                                    string   // one of the scripts
	dlls                                      []string // lower case, in a bin folder
}

// visitor collects configuration and counts the files around it.
type visitor struct {
	mu       sync.Mutex
	files    []*config
	parts    map[string]*part // other files that end in .config, by their path in lower case
	folders  map[string]*folder
	problems []Problem
	bytes    int64
	full     bool
}

func newVisitor() *visitor { return &visitor{folders: map[string]*folder{}, parts: map[string]*part{}} }

func (v *visitor) audit(known *KeyList) *audit {
	return &audit{files: v.files, parts: v.parts, folders: v.folders, known: known, keys: map[string][]keyUse{}, seen: map[string]bool{}, budget: 50_000_000, report: Report{Problems: v.problems}}
}

// File counts a file and reads it when it is configuration.
func (v *visitor) File(_ context.Context, f *evidence.File) {
	if !v.note(f) {
		return
	}
	b, err := v.read(f)
	if err != nil {
		v.lock(func() { v.problem(f.Path, err.Error()) })
		return
	}
	v.take(f, b)
}

// note counts a file and tells whether its content is wanted.
func (v *visitor) note(f *evidence.File) bool {
	dir := dirOf(slashes(f.Path))
	v.count(dir, winpath.Base(f.Path))
	_, ok := kindOf(winpath.Base(f.Name), dir)
	return ok || winpath.Ext(f.Name) == ".config"
}

// take keeps the content of a file of configuration: a file of the system, or
// one that such a file may name as the source of a section.
func (v *visitor) take(f *evidence.File, b []byte) {
	k, ok := kindOf(winpath.Base(f.Name), dirOf(slashes(f.Path)))
	root, err := v.parsed(b)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !ok {
		if root != nil && root.name != "configuration" && len(v.parts) < maxConfigs {
			v.parts[slashes(f.Path)] = &part{path: f.Path, root: root}
		}
		return // the settings of programs are no configuration of a web server
	}
	if err != nil {
		v.problem(f.Path, err.Error())
	}
	if root == nil {
		return
	}
	if root.name != "configuration" {
		v.problem(f.Path, fmt.Sprintf("the root element is %s, not configuration", quoted(root.name)))
		return
	}
	if len(v.files) >= maxConfigs {
		v.problem(f.Path, "more files of configuration than are read")
		return
	}
	c := newConfig(f.Path, k, root)
	c.modified = f.Modified
	v.files = append(v.files, c)
}

func (v *visitor) lock(fn func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fn()
}

// read takes the whole of one file, within the bounds.
func (v *visitor) read(f *evidence.File) ([]byte, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rc.Close() }()
	return io.ReadAll(io.LimitReader(rc, maxSize+1))
}

// parsed is the root element of a file, within the bounds.
func (v *visitor) parsed(b []byte) (*node, error) {
	if len(b) > maxSize {
		return nil, fmt.Errorf("longer than %d MiB", maxSize>>20)
	}
	v.mu.Lock()
	v.bytes += int64(len(b))
	over := v.bytes > maxBytes
	v.mu.Unlock()
	if over {
		return nil, fmt.Errorf("more than %d MiB of configuration altogether", maxBytes>>20)
	}
	return parse(b)
}

// Skipped notes what could not be read and may have held configuration.
func (v *visitor) Skipped(path, why string, _ int64, lost bool) {
	if lost {
		v.mu.Lock()
		v.problem(path, why)
		v.mu.Unlock()
	}
}

// problem keeps a bounded number. The lock is held.
func (v *visitor) problem(path, why string) {
	const most = 10000
	if len(v.problems) < most {
		v.problems = append(v.problems, Problem{Path: path, Why: why})
	}
}

// count notes a file of dir.
func (v *visitor) count(dir, name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := v.folders[dir]
	if f == nil {
		if len(v.folders) >= maxFolders {
			if !v.full {
				v.full = true
				v.problem(dir, fmt.Sprintf("more than %d folders: those after this one are not told apart by what they hold", maxFolders))
			}
			return
		}
		f = &folder{}
		v.folders[dir] = f
	}
	ext := winpath.Ext(name)
	switch {
	case media[ext]:
		f.media++
	case documents[ext]:
		f.documents++
	case runs[ext]:
		f.scripts++
		if f.script == "" || name < f.script {
			f.script = name
		}
	case ext == ".config":
		f.configs++
	default:
		f.other++
		if ext == ".dll" && len(f.dlls) < maxNames && winpath.Base(dir) == "bin" {
			f.dlls = append(f.dlls, name)
		}
	}
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

var (
	media     = set(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".svg", ".ico", ".tif", ".tiff", ".mp3", ".mp4", ".avi", ".mov", ".wmv", ".wav", ".flv", ".webm")
	documents = set(".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".csv", ".txt", ".rtf", ".zip", ".rar", ".7z", ".odt", ".ods")
	// runs are extensions that ASP, ASP.NET and common engines run.
	runs = set(".aspx", ".ashx", ".asmx", ".asax", ".ascx", ".asp", ".asa", ".cer", ".cdx", ".cshtml", ".vbhtml", ".svc", ".soap", ".rem", ".axd", ".php", ".phtml", ".jsp", ".jspx", ".cgi", ".pl", ".xamlx")
)
