package intel

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"longwatch/internal/intel/index"
	"longwatch/internal/stix/pattern"
)

// Names of what is stored in a file beside the values.
const (
	factsExtra    = "facts"
	patternsExtra = "patterns"
	benignExtra   = "harmless"
	reportExtra   = "report"
)

// Suffix is what files of Build are named by.
const Suffix = ".lwi"

// Built says what Build did.
type Built struct {
	Report Report
	Values int   // different values
	Size   int64 // of the file, in bytes
	Fresh  bool  // the file was made of the same feeds before, and left as it is
}

// Build reads sources and writes what was loaded to a file that Load maps
// instead of reading it. The file takes its name when it is whole: processes
// that use the one before keep it. Sources with the same names and contents, and
// the same tool, make the same file; then nothing is written unless again is true.
func Build(name, tool string, again bool, sources ...Source) (Built, error) {
	digest, err := digestOf(tool, sources)
	if err != nil {
		return Built{}, err
	}
	if !again {
		if b, ok := fresh(name, digest); ok {
			return b, nil
		}
	}
	seed := [2]uint64{binary.LittleEndian.Uint64(digest[:]), binary.LittleEndian.Uint64(digest[8:])}
	set, report := loadAll(&loader{set: newSet(seed), merge: true, written: &spellings{}}, sources)
	x := set.parts[0]
	b := Built{Report: report, Values: x.Values()}
	for extra, v := range map[string]any{factsExtra: factsOf(x), patternsExtra: set.storedPatterns(), benignExtra: set.benign.stored(), reportExtra: &report} {
		text, err := json.Marshal(v)
		if err != nil {
			return b, fmt.Errorf("intel: %w", err)
		}
		x.SetExtra(extra, text)
	}
	b.Size, err = replace(name, func(w io.Writer) error { return x.Write(w, digest) })
	return b, err
}

// fresh tells whether a file was made of the feeds with that digest.
func fresh(name string, digest [32]byte) (b Built, ok bool) {
	x, err := index.Open(name)
	if err != nil {
		return b, false
	}
	defer func() { _ = x.Close() }()
	info, err := os.Stat(name)
	if err != nil || x.Digest() != digest || x.Verify() != nil || json.Unmarshal(x.Extra(reportExtra), &b.Report) != nil {
		return Built{}, false
	}
	b.Values, b.Size, b.Fresh = x.Values(), info.Size(), true
	return b, true
}

// replace writes a file under another name and renames it.
func replace(name string, write func(io.Writer) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return 0, fmt.Errorf("intel: %w", err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if info, e := f.Stat(); e == nil {
		size = info.Size()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return 0, fmt.Errorf("intel: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return size, nil
}

// digestOf hashes the names and contents of all files of the sources.
func digestOf(tool string, sources []Source) (out [32]byte, err error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d %d %q\n", index.Version, kinds, tool)
	l := &loader{digest: h}
	for _, s := range sources {
		_, _ = fmt.Fprintf(h, "%q\n", s.columns)
		if s.bad != nil {
			return out, fmt.Errorf("intel: %w", s.bad)
		}
		l.source(s)
	}
	for _, r := range l.report.Reasons {
		return out, fmt.Errorf("intel: %s: %s", r.File, r.Reason)
	}
	return [32]byte(h.Sum(nil)), nil
}

func hashFile(h hash.Hash, fsys fs.FS, name, show string) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	one := sha256.New()
	if _, err := io.Copy(one, f); err != nil {
		return err
	}
	_, err = fmt.Fprintf(h, "%q %x\n", show, one.Sum(nil))
	return err
}

// attach takes a file of Build as a part of the set.
func (l *loader) attach(s Source, name string, r *bufio.Reader) {
	x, err := openIndex(s, name, r)
	if err != nil {
		l.refuseFile(err.Error())
		return
	}
	if err := l.take(x); err != nil {
		l.refuseFile(errors.Join(err, x.Close()).Error())
	}
}

// openIndex maps a file on disk; of other file systems it reads it.
func openIndex(s Source, name string, r *bufio.Reader) (*index.Index, error) {
	if s.dir != "" {
		return index.Open(filepath.Join(s.dir, filepath.FromSlash(name)))
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return index.Parse(data)
}

// maxParts bounds the files that one set maps: each is asked for each value.
const maxParts = 64

func (l *loader) take(x *index.Index) error {
	var f facts
	var patterns []storedPattern
	var lists []benignList
	var report Report
	for extra, v := range map[string]any{factsExtra: &f, patternsExtra: &patterns, benignExtra: &lists, reportExtra: &report} {
		if err := json.Unmarshal(x.Extra(extra), v); err != nil {
			return fmt.Errorf("%w: %s: %w", index.ErrDamaged, extra, err)
		}
	}
	if len(l.set.parts) >= maxParts {
		return fmt.Errorf("more than %d of such files: build one of them", maxParts)
	}
	for i := range patterns {
		p, err := patterns[i].parse()
		if err != nil {
			return fmt.Errorf("%w: a pattern: %w", index.ErrDamaged, err)
		}
		l.set.patterns = append(l.set.patterns, p)
	}
	for i := range lists {
		l.set.benign.restore(&lists[i])
	}
	if l.merge {
		for g := range x.All {
			if fits(Kind(g.Kind), g.Key) {
				for _, ind := range indicators(nil, x, &g) {
					l.set.add(&ind, g.Key)
				}
			}
		}
		if err := x.Close(); err != nil {
			return err
		}
	} else {
		l.set.parts = append(l.set.parts, x)
		l.attached = append(l.attached, &f)
	}
	here := l.file.Path
	l.report.Files = l.report.Files[:len(l.report.Files)-1]
	for _, one := range report.Files {
		one.Format += ", in " + here
		l.report.Files = append(l.report.Files, one)
	}
	l.report.Rows, l.report.Loaded, l.report.Refused = l.report.Rows+report.Rows, l.report.Loaded+report.Loaded, l.report.Refused+report.Refused
	l.report.Written += report.Written
	l.report.Reasons = append(l.report.Reasons, report.Reasons[:min(len(report.Reasons), maxRefusals)]...)
	return nil
}

// storedPattern is a pattern as a file has it.
type storedPattern struct {
	Pattern           string
	Meta, Note, Times []byte
	Line              int
}

func (s *Set) storedPatterns() []storedPattern {
	out := make([]storedPattern, 0, len(s.patterns))
	for i := range s.patterns {
		p := &s.patterns[i]
		out = append(out, storedPattern{p.Pattern.Source, appendMeta(nil, &p.Indicator), appendNote(nil, &p.Indicator), appendTimes(nil, &p.Indicator), p.Line})
	}
	return out
}

func (p *storedPattern) parse() (Pattern, error) {
	parsed, err := pattern.Parse(p.Pattern)
	if err != nil {
		return Pattern{}, err
	}
	out := Pattern{Pattern: parsed}
	out.Line = p.Line
	return out, out.parse(p.Meta, p.Note, p.Times)
}

// benignList is a list of harmless values as a file has it.
type benignList struct {
	Name   string
	Values map[string][]string // by type
}

// stored is what restore reads.
func (b *benign) stored() []benignList {
	out := make([]benignList, len(b.names))
	for i, name := range b.names {
		out[i] = benignList{name, map[string][]string{}}
	}
	put := func(list uint32, typ, v string) { out[list].Values[typ] = append(out[list].Values[typ], v) }
	for v, n := range b.exact {
		put(n, "string", v)
	}
	for v, n := range b.domains {
		put(n, "hostname", v)
	}
	for p, n := range b.nets {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		put(n, "cidr", p.String())
	}
	for _, p := range b.parts {
		put(p.list, "substring", p.text)
	}
	for _, r := range b.res {
		put(r.list, "regex", r.re.String())
	}
	for _, l := range out {
		for _, values := range l.Values {
			slices.Sort(values)
		}
	}
	return out
}

// restore adds a list that was stored.
func (b *benign) restore(l *benignList) {
	n := b.list(l.Name)
	for typ, values := range l.Values {
		for _, v := range values {
			b.add(n, typ, v)
		}
	}
}
