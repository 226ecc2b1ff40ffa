// Package backup seals copies of data and tells later what became of them.
//
// A seal lists every file of a tree (size, times, hash, kind of content, how
// random it looks) under a Merkle root (RFC 6962, section 2.1) that is signed.
// Whoever changes a file of the copy cannot change the seal to fit. A seal is a
// zstd file of lines, so that a person can look at it:
//
//	zstd -dc monday.seal | head -3
//	{"longwatch_seal":1,"root":"…","files":2,…}     what is signed
//	{"key":"…","sig":"…"}                            the signature of the line above
//	{"path":"db/main.dump","size":4096,…}            one line a file, in the order of the walk
//
// Restic repositories are checked by their own rule, that the name of a file
// is the hash of what it holds.
package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"longwatch/internal/signing"
)

// version is that of the lines of a seal.
const version = 1

// Bounds of what a seal may hold.
const (
	maxLine   = 1 << 20  // bytes of a line
	maxWindow = 32 << 20 // bytes that the decompressor may hold
)

// Header is what is signed: the first line of a seal.
type Header struct {
	Version  int       `json:"longwatch_seal"`
	Root     string    `json:"root"`               // Merkle root over the lines of files, hex
	Files    int64     `json:"files"`              // lines that follow, folders and links among them
	Bytes    int64     `json:"bytes"`              // of contents
	Sealed   time.Time `json:"sealed"`             // when the walk began
	Name     string    `json:"name"`               // what was sealed, as the user calls it
	Host     string    `json:"host,omitempty"`     // whose data it is
	Previous string    `json:"previous,omitempty"` // root of the seal before this one
	Unread   int64     `json:"unread"`             // files that could not be read
	Tool     string    `json:"tool"`
}

// Entry is one file, folder or link of a sealed tree.
type Entry struct {
	Path     string `json:"path,omitempty"`     // slashes, below the root of the tree
	RawPath  string `json:"path_b64,omitempty"` // instead, when the name is not UTF-8
	Type     string `json:"type,omitempty"`     // empty for a file; dir, link, other
	Size     int64  `json:"size"`
	Modified int64  `json:"mtime"` // ns since 1970
	Mode     uint32 `json:"mode"`
	SHA256   string `json:"sha256,omitempty"` // hex; of a link, of its target
	Kind     string `json:"kind,omitempty"`   // MIME type by content
	Random   int    `json:"random,omitempty"` // bits of entropy a byte, times 100: 800 is noise
	Head     int    `json:"head,omitempty"`   // the same of its first 4 KiB
	Error    string `json:"error,omitempty"`  // why it could not be read
}

// name is the path whatever it is made of.
func (e *Entry) name() string {
	if e.RawPath == "" {
		return e.Path
	}
	b, err := base64.StdEncoding.DecodeString(e.RawPath)
	if err != nil {
		return e.RawPath
	}
	return string(b)
}

func (e *Entry) setName(path string) {
	if utf8.ValidString(path) {
		e.Path = path
	} else {
		e.RawPath = base64.StdEncoding.EncodeToString([]byte(path))
	}
}

// Options of Seal.
type Options struct {
	Name     string // what is sealed; the tree's own name when empty
	Host     string
	Previous string // a seal that this one follows
	Key      ed25519.PrivateKey
	Jobs     int
	Tool     string
	Now      func() time.Time
	Progress func(files, bytes int64) // may be nil
}

// Seal walks tree, reads every file once and writes the seal to out, whole or not at all.
func Seal(ctx context.Context, tree, out string, o Options) (Header, error) {
	h := Header{Version: version, Sealed: o.Now().UTC(), Name: o.Name, Host: o.Host, Tool: o.Tool}
	if h.Name == "" {
		h.Name = filepath.Base(tree)
	}
	if o.Previous != "" {
		p, err := Open(o.Previous)
		if err != nil {
			return h, err
		}
		h.Previous = p.Header.Root
		_ = p.Close()
	}
	body, err := os.CreateTemp(filepath.Dir(out), ".seal-")
	if err != nil {
		return h, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = body.Close(); _ = os.Remove(body.Name()) }()
	if err := writeBody(ctx, body, tree, out, o, &h); err != nil {
		return h, err
	}
	head, err := json.Marshal(h)
	if err != nil {
		return h, fmt.Errorf("backup: %w", err)
	}
	sig, err := json.Marshal(signing.Sign(o.Key, head))
	if err != nil {
		return h, fmt.Errorf("backup: %w", err)
	}
	return h, join(out, bytes.Join([][]byte{head, sig, nil}, []byte("\n")), body)
}

// writeBody writes the lines of files and fills in what they come to.
func writeBody(ctx context.Context, w io.Writer, tree, out string, o Options, h *Header) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	var sum merkle
	err = walk(ctx, tree, leave(out), o.Jobs, func(e *Entry) error {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		sum.add(b)
		h.Files++
		h.Bytes += e.Size
		if e.Error != "" {
			h.Unread++
		}
		if o.Progress != nil {
			o.Progress(h.Files, h.Bytes)
		}
		_, err = z.Write(append(b, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("backup: sealing %q: %w", tree, err)
	}
	h.Root = hex.EncodeToString(sum.root())
	if err := z.Close(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// join writes head, compressed, and what body holds to path: zstd frames may
// follow one another (RFC 8878, section 3).
func join(path string, head []byte, body io.ReadSeeker) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".seal-")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("backup: writing the seal: %w", err)
		}
	}()
	z, err := zstd.NewWriter(f)
	if err != nil {
		return err
	}
	if _, err := z.Write(head); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(f, body); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Reader reads a seal. Its lines are to be trusted only when Verify has seen
// them all and the root fits.
type Reader struct {
	Header    Header
	Signature signing.Signature
	head      []byte
	f         *os.File
	z         *zstd.Decoder
	lines     *bufio.Scanner
	sum       merkle
	n         int64
}

// ErrNoSeal is that a file is not a seal.
var ErrNoSeal = errors.New("this is not a seal, or it is damaged")

// Open reads the head of a seal.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	r, err := newReader(f)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("backup: %q: %w", path, err)
	}
	r.f = f
	return r, nil
}

func newReader(f io.Reader) (*Reader, error) {
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, ErrNoSeal
	}
	r := &Reader{z: z, lines: bufio.NewScanner(z)}
	r.lines.Buffer(nil, maxLine)
	if !r.lines.Scan() {
		return nil, ErrNoSeal
	}
	r.head = bytes.Clone(r.lines.Bytes())
	if json.Unmarshal(r.head, &r.Header) != nil || r.Header.Version == 0 || !r.lines.Scan() || json.Unmarshal(r.lines.Bytes(), &r.Signature) != nil {
		return nil, ErrNoSeal
	}
	if r.Header.Version > version {
		return nil, fmt.Errorf("the seal was made by a newer Longwatch (%s): use that one to check it", r.Header.Tool)
	}
	return r, nil
}

// Signed checks the signature of the header; see signing.Signature.Verify.
func (r *Reader) Signed(key ed25519.PublicKey) error { return r.Signature.Verify(key, r.head) }

// Next returns the next entry, io.EOF at the end of a whole seal, and another
// error when the lines are not the ones that were signed.
func (r *Reader) Next() (*Entry, error) {
	if !r.lines.Scan() {
		if err := r.lines.Err(); err != nil {
			return nil, fmt.Errorf("backup: the seal cannot be read on after %d files: %w", r.n, err)
		}
		if r.n != r.Header.Files || hex.EncodeToString(r.sum.root()) != r.Header.Root {
			return nil, fmt.Errorf("backup: the seal's list is not the one that was signed: %w", signing.ErrForged)
		}
		return nil, io.EOF
	}
	e := new(Entry)
	r.sum.add(r.lines.Bytes())
	r.n++
	if err := json.Unmarshal(r.lines.Bytes(), e); err != nil {
		return nil, fmt.Errorf("backup: line %d of the seal is damaged: %w", r.n+2, err)
	}
	return e, nil
}

// Close closes the seal.
func (r *Reader) Close() error {
	r.z.Close()
	if r.f == nil {
		return nil
	}
	return r.f.Close()
}
