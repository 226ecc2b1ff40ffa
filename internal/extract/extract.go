// Package extract keeps the content of files that captures carry, on disk:
//
//	f := extract.New(filepath.Join(out, "extracted"), extract.Options{PerFile: 64 << 20, Total: 8 << 30})
//	env.Extract = func(parts int) proto.Extractor { return f.Part(parts) }
//	kept, err := f.Close()
//
// What is kept may be malware. Files are named by the SHA-256 of what was kept
// and the type that the content shows, never by a name from the wire; only
// their owner may read them, and nobody may run them. Nothing is opened,
// unpacked or run. Which files are kept, and how much of each, is the same for
// any number of goroutines.
package extract

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"longwatch/internal/proto"
)

// Options says what is kept.
type Options struct {
	Types   []string // MIME types by content, also as image/*; none: all but certificates
	PerFile int64    // bytes of one file; the rest is left out
	Total   int64    // bytes of all files, shared out evenly over the parts
}

const (
	// Dir is the name of the folder below the output folder.
	Dir = "extracted"
	// readme is the file that warns of the others.
	readme = "README.txt"
	// maxBuffer is how much of one file waits in memory.
	maxBuffer = 64 << 10
	// maxBuffered is how much of all files of a part waits in memory.
	maxBuffered = 8 << 20
	// maxSuffix bounds what a type adds to a name.
	maxSuffix = 48
)

const warning = `These files were taken off the network by longwatch. They are evidence, and may be
malware: do not open or run them here. Each is named by its SHA-256 and by what
its content looks like. files records and manifest.json say where each was seen.
`

// Kept is one file on disk.
type Kept struct {
	File   string `json:"file"` // relative to the output folder
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	MIME   string `json:"mime_type,omitempty"` // by content
}

// Folder is where the files of one run are kept. Its methods are safe for
// concurrent use.
type Folder struct {
	dir string
	o   Options

	mu   sync.Mutex
	made bool
	next int
	kept map[string]Kept
	err  error
}

// New returns a folder, which is made when it is first needed.
func New(dir string, o Options) *Folder {
	return &Folder{dir: dir, o: o, kept: map[string]Kept{}}
}

// Dir is where the files are kept.
func (f *Folder) Dir() string { return f.dir }

// Part is an equal share of the folder, for one of n goroutines or shards. What
// one part does not use, no other may: so it does not matter which is faster.
func (f *Folder) Part(n int) *Part {
	return &Part{f: f, left: f.o.Total / int64(max(n, 1))}
}

// Close ends the run: it removes what is half written and lists what was kept,
// by name. The error is the first that kept a file from being written.
func (f *Folder) Close() ([]Kept, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.made {
		return nil, f.err
	}
	parts, _ := filepath.Glob(filepath.Join(f.dir, ".part-*"))
	for _, p := range parts {
		_ = os.Remove(p)
	}
	out := make([]Kept, 0, len(f.kept))
	for _, k := range f.kept {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Kept) int { return cmp.Compare(a.File, b.File) })
	return out, f.err
}

// fail remembers the first error.
func (f *Folder) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = fmt.Errorf("extract: %w", err)
	}
}

// part is a name for what is half written; it makes the folder if need be.
func (f *Folder) part() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.made {
		if err := os.MkdirAll(f.dir, 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(f.dir, readme), []byte(warning), 0o600); err != nil {
			return "", err
		}
		f.made = true
	}
	f.next++
	return filepath.Join(f.dir, fmt.Sprintf(".part-%d", f.next)), nil
}

// keep gives a finished file its name. The same content is kept once.
func (f *Folder) keep(part string, k Kept) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, again := f.kept[k.File]; again {
		return os.Remove(part)
	}
	if err := os.Rename(part, filepath.Join(f.dir, path.Base(k.File))); err != nil {
		return err
	}
	f.kept[k.File] = k
	return nil
}

// wants tells whether files of a type are kept.
func (f *Folder) wants(mime string) bool {
	if len(f.o.Types) == 0 {
		return !strings.HasPrefix(mime, "application/x-x509-") && mime != "application/pkix-cert"
	}
	for _, t := range f.o.Types {
		if family, ok := strings.CutSuffix(t, "*"); t == mime || ok && strings.HasPrefix(mime, family) {
			return true
		}
	}
	return false
}

// Part is a share of a Folder. It belongs to one goroutine.
type Part struct {
	f        *Folder
	left     int64 // bytes that may still be kept
	buffered int64
}

// Begin implements proto.Extractor.
func (p *Part) Begin(mime string) proto.Extraction {
	if !p.f.wants(mime) {
		return nil
	}
	return &file{p: p, mime: mime, sum: sha256.New()}
}

// file is one file being kept.
type file struct {
	p    *Part
	mime string
	path string // empty until something is written
	buf  []byte
	size int64
	sum  hash.Hash
	cut  bool
	dead bool // could not be written
}

// Write implements proto.Extraction.
func (x *file) Write(b []byte) {
	n := min(int64(len(b)), x.p.f.o.PerFile-x.size, x.p.left)
	x.cut = x.cut || n < int64(len(b))
	if n <= 0 || x.dead {
		return
	}
	b = b[:n]
	x.size += n
	x.p.left -= n
	x.p.buffered += n
	x.sum.Write(b)
	x.buf = append(x.buf, b...)
	if len(x.buf) >= maxBuffer || x.p.buffered > maxBuffered {
		x.flush()
	}
}

// flush writes what waits. No file stays open in between: there may be more
// files under way than a process may have open.
func (x *file) flush() {
	b := x.buf
	x.p.buffered -= int64(len(b))
	x.buf = nil
	if x.dead {
		return
	}
	if err := x.append(b); err != nil {
		x.dead = true
		x.p.f.fail(err)
	}
}

func (x *file) append(b []byte) error {
	flags := os.O_WRONLY | os.O_APPEND
	if x.path == "" {
		name, err := x.p.f.part()
		if err != nil {
			return err
		}
		x.path, flags = name, flags|os.O_CREATE|os.O_TRUNC
	}
	w, err := os.OpenFile(x.path, flags, 0o600) // #nosec G304 -- a name of ours
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return errors.Join(err, w.Close())
}

// Close implements proto.Extraction.
func (x *file) Close() (name string, size uint64, cut bool) {
	if x.size > 0 {
		x.flush()
	}
	if x.size == 0 || x.dead {
		return "", 0, x.cut || x.dead
	}
	sum := hex.EncodeToString(x.sum.Sum(nil))
	name = sum + "." + suffix(x.mime)
	err := x.p.f.keep(x.path, Kept{File: Dir + "/" + name, SHA256: sum, Size: x.size, MIME: x.mime})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.p.f.fail(err)
		return "", 0, true
	}
	return name, uint64(x.size), x.cut // #nosec G115 -- a size
}

// suffix is the end of a name by type: the whole type, so that no system takes
// it for an extension that it knows how to open.
func suffix(mime string) string {
	out := make([]byte, 0, maxSuffix)
	for i := 0; i < len(mime) && len(out) < maxSuffix; i++ {
		switch c := mime[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '+', c == '_':
			out = append(out, c)
		case c >= 'A' && c <= 'Z':
			out = append(out, c|0x20)
		default:
			out = append(out, '-')
		}
	}
	if len(out) == 0 {
		return "unknown"
	}
	return string(out)
}

// Ours tells whether a path from a manifest is one that a run could have made.
func Ours(file string) bool {
	name, ok := strings.CutPrefix(file, Dir+"/")
	sum, rest, _ := strings.Cut(name, ".")
	_, err := hex.DecodeString(sum)
	return ok && err == nil && len(sum) == 2*sha256.Size && rest != "" && !strings.ContainsAny(rest, `/\`)
}
