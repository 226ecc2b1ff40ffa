package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"longwatch/internal/content"
)

const (
	block    = 256 << 10 // bytes read at once
	headSize = 4096      // bytes of a file that its kind is told by
	sampled  = 4096      // bytes of each block that entropy is told by
	ahead    = 512       // entries that may wait for the one before them
	enough   = 512       // sampled bytes below which entropy says nothing
)

// leave tells which files are not part of what is sealed: the seal itself.
func leave(out string) func(path string) bool {
	own, err := filepath.Abs(out)
	return func(path string) bool {
		p, e := filepath.Abs(path)
		return err == nil && e == nil && (p == own || strings.HasPrefix(filepath.Base(p), ".seal-") && filepath.Dir(p) == filepath.Dir(own))
	}
}

// pending is an entry that a worker fills in.
type pending struct {
	entry *Entry
	path  string
	done  chan struct{}
}

// walk calls found for everything below tree in one order: each folder's
// entries by name, a folder before what it holds. Files are read by several
// goroutines; found is called from one. Links are not followed.
func walk(ctx context.Context, tree string, skip func(path string) bool, jobs int, found func(*Entry) error) error {
	if jobs <= 0 {
		jobs = runtime.NumCPU()
	}
	if info, err := os.Stat(tree); err != nil {
		return err
	} else if !info.IsDir() {
		return errors.New("not a folder: name the folder that holds the backup")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	order, work := make(chan *pending, ahead), make(chan *pending, ahead)
	var wait sync.WaitGroup
	for range jobs {
		wait.Go(func() {
			buf := make([]byte, block)
			for p := range work {
				p.entry.read(p.path, buf)
				close(p.done)
			}
		})
	}
	wait.Go(func() {
		defer close(order)
		defer close(work)
		list(ctx, tree, skip, order, work)
	})
	var failed error
	for p := range order {
		select {
		case <-p.done:
		case <-ctx.Done():
			failed = errors.Join(failed, ctx.Err())
		}
		if failed != nil {
			continue // let the others end
		}
		if failed = found(p.entry); failed != nil {
			cancel()
		}
	}
	wait.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// list hands over everything below tree, in order.
func list(ctx context.Context, tree string, skip func(path string) bool, order, work chan<- *pending) {
	_ = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return filepath.SkipAll
		}
		if path == tree && err == nil {
			return nil
		}
		if skip != nil && skip(path) {
			return nil
		}
		p := &pending{entry: &Entry{}, path: path, done: make(chan struct{})}
		rel, _ := filepath.Rel(tree, path)
		p.entry.setName(filepath.ToSlash(rel))
		regular := p.entry.describe(d, err)
		// A folder whose list cannot be read comes a second time, with the error.
		if !send(ctx, order, p) {
			return filepath.SkipAll
		}
		if !regular {
			p.entry.link(path)
			close(p.done)
			return nil
		}
		if !send(ctx, work, p) {
			close(p.done)
			return filepath.SkipAll
		}
		return nil
	})
}

func send(ctx context.Context, to chan<- *pending, p *pending) bool {
	select {
	case to <- p:
		return true
	case <-ctx.Done():
		return false
	}
}

// describe takes what the folder says of an entry and tells whether it is a
// file to be read.
func (e *Entry) describe(d fs.DirEntry, err error) (regular bool) {
	if err != nil {
		e.Error = reason(err)
		if d != nil && d.IsDir() {
			e.Type = "dir"
		}
		return false
	}
	switch {
	case d.IsDir():
		e.Type = "dir"
	case d.Type()&fs.ModeSymlink != 0:
		e.Type = "link"
	case !d.Type().IsRegular():
		e.Type = "other"
	}
	info, err := d.Info()
	if err != nil {
		e.Error = reason(err)
		return false
	}
	e.Mode, e.Modified = uint32(info.Mode()), info.ModTime().UnixNano()
	if e.Type == "" {
		e.Size = info.Size()
	}
	return e.Type == ""
}

// link notes where a link leads.
func (e *Entry) link(path string) {
	if e.Type != "link" {
		return
	}
	target, err := os.Readlink(path)
	if err != nil {
		e.Error = reason(err)
		return
	}
	h := sha256.Sum256([]byte(target))
	e.SHA256 = hex.EncodeToString(h[:])
}

// reason is an error without the path, which stands beside it.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// read reads the file once: its hash, its kind and how random it looks.
func (e *Entry) read(path string, buf []byte) {
	f, err := os.Open(path)
	if err != nil {
		e.Error = reason(err)
		return
	}
	defer func() { _ = f.Close() }()
	var (
		h     = sha256.New()
		count [256]uint32
		head  []byte
		size  int64
	)
	for {
		n, err := io.ReadFull(f, buf)
		b := buf[:n]
		if size == 0 {
			head = append(head, b[:min(n, headSize)]...)
		}
		size += int64(n)
		h.Write(b)
		for _, c := range b[:min(n, sampled)] {
			count[c]++
		}
		if e.Head == 0 && size == int64(n) {
			e.Head = entropy(&count)
		}
		if err != nil {
			if err != io.EOF && err != io.ErrUnexpectedEOF {
				e.Error = reason(err)
				return
			}
			break
		}
	}
	e.Size, e.SHA256 = size, hex.EncodeToString(h.Sum(nil))
	if size > 0 {
		e.Kind = content.MIME(head)
	}
	e.Random = entropy(&count)
}

// entropy is that of Shannon, in bits a byte times 100; 0 when there is too
// little to tell.
func entropy(count *[256]uint32) int {
	var n, bits float64
	for _, c := range count {
		n += float64(c)
	}
	if n < enough {
		return 0
	}
	for _, c := range count {
		if c > 0 {
			p := float64(c) / n
			bits -= p * math.Log2(p)
		}
	}
	return int(math.Round(100 * bits))
}
