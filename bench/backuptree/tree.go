package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

const (
	folder = 250 // files of a folder
	large  = 200 // every so manieth file is a document of 16 KiB, so that encryption can be told from chance
)

// tree is a tree of files as a file server has them: letters, tables, records
// of machines, pictures and documents, most of them small.
type tree struct {
	root  string
	files []string // below root
	bytes int64
}

var start = time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC)

// write makes the tree. The same number gives the same tree.
func (t *tree) write(files int) error {
	r := rand.New(rand.NewPCG(1, 7)) // #nosec G404 -- a test tree
	buf := make([]byte, 0, 32<<10)
	for i := range files {
		dir := filepath.Join(fmt.Sprintf("share%02d", i/folder/100), fmt.Sprintf("project-%04d", i/folder))
		if i%folder == 0 {
			if err := os.MkdirAll(filepath.Join(t.root, dir), 0o750); err != nil {
				return err
			}
		}
		k := &kinds[i%len(kinds)]
		size := 200 + r.IntN(3000)
		if i%large == 0 {
			k, size = &kinds[1], 16<<10
		}
		name := filepath.Join(dir, fmt.Sprintf("%s-%07d%s", words[r.IntN(len(words))], i, k.suffix))
		buf = k.fill(buf[:0], r, size)
		path := filepath.Join(t.root, name)
		if err := os.WriteFile(path, buf, 0o600); err != nil {
			return err
		}
		at := start.Add(time.Duration(r.IntN(5*365*24)) * time.Hour)
		if err := os.Chtimes(path, at, at); err != nil {
			return err
		}
		t.files = append(t.files, name)
		t.bytes += int64(len(buf))
	}
	return nil
}

// kind is one kind of file.
type kind struct {
	suffix string
	fill   func(dst []byte, r *rand.Rand, size int) []byte
}

var kinds = []kind{
	{".txt", text("")},
	{".pdf", text("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n")},
	{".csv", text("time,tag,value,quality\n")},
	{".xml", text("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<record>\n")},
	{".jpg", packed("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00")},
	{".docx", packed("PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml")},
	{".dat", numbers},
	{".log", text("")},
}

var words = []string{"report", "pump", "meter", "invoice", "drawing", "minutes", "valve", "relay", "order", "shift", "archive", "level"}

// text is lines of words after a head.
func text(head string) func([]byte, *rand.Rand, int) []byte {
	return func(dst []byte, r *rand.Rand, size int) []byte {
		dst = append(dst, head...)
		for len(dst) < size {
			dst = append(dst, words[r.IntN(len(words))]...)
			if r.IntN(9) == 0 {
				dst = append(dst, '\n')
			} else {
				dst = append(dst, ' ')
			}
		}
		return dst
	}
}

// packed is noise after the head of a format that compresses.
func packed(head string) func([]byte, *rand.Rand, int) []byte {
	return func(dst []byte, r *rand.Rand, size int) []byte { return noise(append(dst, head...), r, size) }
}

func noise(dst []byte, r *rand.Rand, size int) []byte {
	for len(dst) < size {
		v := r.Uint64()
		dst = append(dst, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return dst[:size]
}

// numbers are measured values: four bytes each, of which the upper ones change
// little.
func numbers(dst []byte, r *rand.Rand, size int) []byte {
	for len(dst) < size {
		dst = append(dst, byte(r.IntN(256)), byte(r.IntN(4)), 0x20, 0x41)
	}
	return dst
}

// act is one way to damage a file: what verify must call it, and under which
// name.
type act struct {
	verdict string
	big     bool // it is done to a document of 16 KiB
	do      func(t *tree, path string, r *rand.Rand) (named string, err error)
}

var acts = []act{
	{"changed", false, func(_ *tree, path string, r *rand.Rand) (string, error) { return path, rewrite(path, r, false, flip) }},
	{"back-dated", false, func(_ *tree, path string, r *rand.Rand) (string, error) { return path, rewrite(path, r, true, flip) }},
	{"back-dated", false, func(_ *tree, path string, r *rand.Rand) (string, error) { return path, rewrite(path, r, true, halve) }},
	{"truncated", false, func(_ *tree, path string, r *rand.Rand) (string, error) { return path, rewrite(path, r, false, halve) }},
	{"truncated", false, func(_ *tree, path string, r *rand.Rand) (string, error) { return path, rewrite(path, r, false, empty) }},
	{"missing", false, func(_ *tree, path string, _ *rand.Rand) (string, error) { return path, os.Remove(path) }},
	{"encrypted", true, func(_ *tree, path string, r *rand.Rand) (string, error) {
		return path, rewrite(path, r, true, scramble)
	}},
	{"encrypted", true, func(_ *tree, path string, r *rand.Rand) (string, error) {
		return path, rewrite(path, r, false, scramble)
	}},
	{"encrypted", true, func(_ *tree, path string, r *rand.Rand) (string, error) {
		return path, rewrite(path, r, true, scrambleHead)
	}},
	{"encrypted", true, func(_ *tree, path string, r *rand.Rand) (string, error) {
		if err := rewrite(path, r, true, scramble); err != nil {
			return "", err
		}
		return path + ".locked", os.Rename(path, path+".locked")
	}},
	{"renamed", false, func(_ *tree, path string, _ *rand.Rand) (string, error) {
		return path + ".old", os.Rename(path, path+".old")
	}},
	{"added", false, func(_ *tree, path string, _ *rand.Rand) (string, error) {
		return path + ".new", os.WriteFile(path+".new", []byte("it was not there\n"), 0o600)
	}},
	{"back-dated", false, func(_ *tree, path string, _ *rand.Rand) (string, error) {
		if err := os.WriteFile(path+".slipped-in", []byte("nor was this: "+path), 0o600); err != nil {
			return "", err
		}
		return path + ".slipped-in", os.Chtimes(path+".slipped-in", start, start)
	}},
	{"retyped", false, func(_ *tree, path string, _ *rand.Rand) (string, error) {
		if err := os.Remove(path); err != nil {
			return "", err
		}
		return path, os.Symlink("/etc/hostname", path)
	}},
	{"touched", false, func(_ *tree, path string, _ *rand.Rand) (string, error) {
		return path, os.Chtimes(path, start, start.Add(time.Minute))
	}},
}

// rewrite gives a file other content, under its old time or the present one.
func rewrite(path string, r *rand.Rand, keep bool, how func([]byte, *rand.Rand) []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path) // #nosec G304 -- of the tree
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, how(b, r), 0o600); err != nil || !keep {
		return err
	}
	return os.Chtimes(path, info.ModTime(), info.ModTime())
}

// flip changes one bit.
func flip(b []byte, r *rand.Rand) []byte {
	b = bytes.Clone(b)
	b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	return b
}

func halve(b []byte, _ *rand.Rand) []byte        { return b[:len(b)/2] }
func empty([]byte, *rand.Rand) []byte            { return nil }
func scramble(b []byte, r *rand.Rand) []byte     { return noise(nil, r, len(b)) }
func scrambleHead(b []byte, r *rand.Rand) []byte { return append(noise(nil, r, 4096), b[4096:]...) }

// encrypt makes noise of every file that is still there, under a longer name,
// and returns the names that are gone.
func (t *tree) encrypt() (gone []string, err error) {
	r := rand.New(rand.NewPCG(3, 4)) // #nosec G404 -- a test tree
	buf := make([]byte, 0, 32<<10)
	for _, name := range t.files {
		path := filepath.Join(t.root, name)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // damaged before
		}
		buf = noise(buf[:0], r, max(4096, int(info.Size())))
		if err := os.WriteFile(path+".locked", buf, 0o600); err != nil { // to write over a file and rename it waits for the disk
			return nil, err
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		gone = append(gone, filepath.ToSlash(name))
	}
	return gone, nil
}

// damage damages files spread over the tree, each in one way, and returns what
// verify must say, by name below the tree.
func (t *tree) damage() (map[string]string, error) {
	want := map[string]string{}
	r := rand.New(rand.NewPCG(2, 9)) // #nosec G404 -- a test tree
	each := len(t.files) / 5000      // of every kind: 200 in a million
	step := len(t.files) / (each * len(acts))
	for i := range each * len(acts) {
		a := &acts[i%len(acts)]
		at := i * step
		switch {
		case a.big:
			at -= at % large
		case at%large == 0:
			at++
		}
		path := filepath.Join(t.root, t.files[at])
		named, err := a.do(t, path, r)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(t.root, named)
		if err != nil {
			return nil, err
		}
		if _, twice := want[filepath.ToSlash(rel)]; twice {
			return nil, fmt.Errorf("%s was damaged twice", rel)
		}
		want[filepath.ToSlash(rel)] = a.verdict
	}
	return want, nil
}
