// Package caselog keeps the log of a case: what was done with it, by whom and
// when, so that a court or an auditor can be shown that nothing was changed,
// taken out or put in order afterwards. Each entry holds the hash of the one
// before it and is signed; what it says of files it says by their hashes:
//
//	{"n":1,"time":"…","by":"A. Analyst","what":"opened","files":{"findings.jsonl":"…"},"previous":"","key":"…","sig":"…"}
//
// Whoever holds the key can still write another log from the start. Give the
// digest of the last entry to somebody else from time to time (Head): then he cannot.
package caselog

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"longwatch/internal/signing"
)

// Name is the log's file in a case folder.
const Name = "case-log.jsonl"

const (
	maxEntry = 64 << 20 // bytes of a line: a million files of a case
	maxNote  = 64 << 10 // bytes of what a person says
)

// Entry is one line of the log.
type Entry struct {
	N        int               `json:"n"` // from 1
	Time     time.Time         `json:"time"`
	By       string            `json:"by"`
	What     string            `json:"what"`
	Files    map[string]string `json:"files,omitempty"` // SHA-256 of files of the case that are new or changed, by name; empty for one that is gone
	Previous string            `json:"previous"`        // SHA-256 of the line before, without its end
}

// line is an entry with its signature over the JSON of the entry.
type line struct {
	Entry
	signing.Signature
}

// Author writes entries.
type Author struct {
	Key ed25519.PrivateKey
	By  string
	Now func() time.Time
}

// Append adds an entry about the case in dir as it is now: what somebody says,
// and the hashes of files that differ from what the log says so far. The log is
// checked first; one that was altered is not written on. head is the SHA-256 of
// the new line: what to give to others.
func (a *Author) Append(dir, what string) (e Entry, head string, err error) {
	if len(what) > maxNote {
		return Entry{}, "", fmt.Errorf("caselog: a note may have %d bytes, not %d", maxNote, len(what))
	}
	s, err := read(dir)
	if err != nil {
		return Entry{}, "", err
	}
	if len(s.faults) > 0 {
		return Entry{}, "", fmt.Errorf("caselog: the log is not as it was written (%s): nothing is added to it", s.faults[0])
	}
	files, err := digests(dir)
	if err != nil {
		return Entry{}, "", err
	}
	e = Entry{N: s.n + 1, Time: a.Now().UTC(), By: a.By, What: what, Files: map[string]string{}, Previous: s.head}
	for name, sum := range files {
		if s.files[name] != sum {
			e.Files[name] = sum
		}
	}
	for name, sum := range s.files {
		if _, there := files[name]; !there && sum != "" {
			e.Files[name] = ""
		}
	}
	text, err := json.Marshal(e)
	if err != nil {
		return e, "", fmt.Errorf("caselog: %w", err)
	}
	b, err := json.Marshal(line{e, signing.Sign(a.Key, text)})
	if err != nil {
		return e, "", fmt.Errorf("caselog: %w", err)
	}
	sum := sha256.Sum256(b)
	return e, hex.EncodeToString(sum[:]), add(filepath.Join(dir, Name), append(b, '\n'))
}

// add appends one line and makes it last.
func add(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640) //nolint:gosec // in the case folder that the user names
	if err != nil {
		return fmt.Errorf("caselog: %w", err)
	}
	if _, err := f.Write(b); err != nil {
		_ = f.Close()
		return fmt.Errorf("caselog: %w", err)
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return fmt.Errorf("caselog: %w", err)
	}
	return f.Close()
}

// Begun tells whether the case in dir has a log, altered or not.
func Begun(dir string) (bool, error) {
	s, err := read(dir)
	if err != nil {
		return false, err
	}
	return s.begun(), nil
}

func (s *state) begun() bool { return s.n > 0 || len(s.faults) > 0 }

// Check is the outcome of Verify.
type Check struct {
	Entries []Entry
	Signers []string // names of their keys, in the order of first use
	Head    string   // SHA-256 of the last line: what to give to others
	Faults  []string // how the log is not as it was written, or the case not as the log says
}

// Verify checks the chain, the signatures and the files of the case in dir.
// With a key, entries of other signers are faults; with a head that somebody
// kept, a log that does not contain it is.
func Verify(dir string, key ed25519.PublicKey, head string) (*Check, error) {
	s, err := read(dir)
	if err != nil {
		return nil, err
	}
	if !s.begun() {
		return nil, fmt.Errorf("caselog: %q has no log: longwatch case open begins one", dir)
	}
	c := &Check{Entries: s.entries, Head: s.head, Faults: s.faults, Signers: s.signers}
	for i, sig := range s.sigs {
		if err := sig.Verify(key, s.texts[i]); errors.Is(err, signing.ErrStranger) {
			c.Faults = append(c.Faults, fmt.Sprintf("entry %d is signed with key %s, not the one given", s.entries[i].N, sig.Name()))
		}
	}
	if head != "" && !slices.Contains(s.heads, strings.ToLower(head)) {
		c.Faults = append(c.Faults, fmt.Sprintf("no entry has the digest %s that was kept: the log was cut or written anew", head))
	}
	files, err := digests(dir)
	if err != nil {
		return nil, err
	}
	c.Faults = append(c.Faults, differences(s.files, files)...)
	return c, nil
}

// differences are files that are not as the log says, by name.
func differences(logged, now map[string]string) []string {
	var out []string
	for name, sum := range logged {
		switch got, there := now[name]; {
		case sum == "" && there:
			out = append(out, fmt.Sprintf("%q is there, the log says it is gone", name))
		case sum != "" && !there:
			out = append(out, fmt.Sprintf("%q is missing", name))
		case sum != got:
			out = append(out, fmt.Sprintf("%q was changed since it was logged", name))
		}
	}
	for name := range now {
		if _, known := logged[name]; !known {
			out = append(out, fmt.Sprintf("%q is not in the log", name))
		}
	}
	slices.Sort(out)
	return out
}

// state is what a log says, as far as it can be read.
type state struct {
	n       int
	head    string
	heads   []string
	files   map[string]string
	entries []Entry
	texts   [][]byte // what was signed
	sigs    []signing.Signature
	signers []string
	faults  []string
}

// read reads the log of dir; a case without one has an empty state.
func read(dir string) (*state, error) {
	f, err := os.Open(filepath.Join(dir, Name))
	if errors.Is(err, fs.ErrNotExist) {
		return &state{files: map[string]string{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("caselog: %w", err)
	}
	defer func() { _ = f.Close() }()
	s, err := parse(f)
	if err != nil {
		return nil, fmt.Errorf("caselog: %w", err)
	}
	return s, nil
}

func parse(r io.Reader) (*state, error) {
	s := &state{files: map[string]string{}}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxEntry)
	for at := 1; in.Scan(); at++ {
		s.take(at, bytes.Clone(in.Bytes()))
	}
	return s, in.Err()
}

func (s *state) fault(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// take reads one line and compares it with the one before.
func (s *state) take(at int, b []byte) {
	sum := sha256.Sum256(b)
	previous := s.head
	s.head = hex.EncodeToString(sum[:])
	s.heads = append(s.heads, s.head)
	var l line
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		s.fault("line %d is no entry: it was damaged or altered", at)
		return
	}
	text, err := json.Marshal(l.Entry)
	if err != nil || l.Verify(nil, text) != nil {
		s.fault("entry %d (line %d): the signature does not fit what it says", l.N, at)
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, b) {
		s.fault("entry %d (line %d) is not in the form in which it was written", l.N, at)
	}
	if l.N != s.n+1 {
		s.fault("line %d is entry %d where %d was due: entries were removed, added or put in another order", at, l.N, s.n+1)
	}
	if l.Previous != previous {
		s.fault("entry %d (line %d) does not follow the line before it", l.N, at)
	}
	if k := len(s.entries); k > 0 && l.Time.Before(s.entries[k-1].Time) {
		s.fault("entry %d (line %d) is earlier than the one before it", l.N, at)
	}
	s.n = l.N
	s.entries, s.texts, s.sigs = append(s.entries, l.Entry), append(s.texts, text), append(s.sigs, l.Signature)
	if name := l.Name(); !slices.Contains(s.signers, name) {
		s.signers = append(s.signers, name)
	}
	maps.Copy(s.files, l.Files)
}

// digests are those of all files of the case but the log itself.
func digests(dir string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || d.IsDir() || rel == Name {
			return err
		}
		if !d.Type().IsRegular() {
			out[filepath.ToSlash(rel)] = "not a file"
			return nil
		}
		sum, err := digest(path)
		out[filepath.ToSlash(rel)] = sum
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("caselog: %w", err)
	}
	return out, nil
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
