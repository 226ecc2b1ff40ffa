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

// batch is entries that one worker fills in: handing over small files one by
// one would cost more than reading them.
type batch struct {
	list  []pending
	bytes int64
	done  chan struct{}
}

// pending is an entry with the file that it is read from, or no path when it is
// complete.
type pending struct {
	entry *Entry
	path  string
}

const (
	batchFiles = 64       // entries of a batch
	batchBytes = 16 << 20 // bytes of contents from which a batch is full
)

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
	order, work := make(chan *batch, ahead/batchFiles), make(chan *batch, ahead/batchFiles)
	var wait sync.WaitGroup
	for range jobs {
		wait.Go(func() {
			buf := make([]byte, block)
			for b := range work {
				for _, p := range b.list {
					if p.path != "" && ctx.Err() == nil {
						p.entry.read(p.path, buf)
					}
				}
				close(b.done)
			}
		})
	}
	wait.Go(func() {
		defer close(order)
		defer close(work)
		list(ctx, tree, skip, order, work)
	})
	var failed error
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			failed = errors.Join(failed, ctx.Err())
		}
		for _, p := range b.list {
			if failed != nil {
				break // let the others end
			}
			if failed = found(p.entry); failed != nil {
				cancel()
			}
		}
	}
	wait.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// list hands over everything below tree, in order.
func list(ctx context.Context, tree string, skip func(path string) bool, order, work chan<- *batch) {
	b := &batch{done: make(chan struct{})}
	hand := func() bool {
		if len(b.list) == 0 {
			return true
		}
		if !send(ctx, order, b) {
			return false
		}
		if !send(ctx, work, b) {
			close(b.done)
			return false
		}
		b = &batch{list: make([]pending, 0, batchFiles), done: make(chan struct{})}
		return true
	}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return filepath.SkipAll
		}
		if path == tree && err == nil {
			return nil
		}
		if skip != nil && skip(path) {
			return nil
		}
		p := pending{entry: &Entry{}, path: path}
		rel, _ := filepath.Rel(tree, path)
		p.entry.setName(filepath.ToSlash(rel))
		// A folder whose list cannot be read comes a second time, with the error.
		if !p.entry.describe(d, err) {
			p.entry.link(path)
			p.path = ""
		}
		b.list, b.bytes = append(b.list, p), b.bytes+p.entry.Size
		if (len(b.list) == batchFiles || b.bytes >= batchBytes) && !hand() {
			return filepath.SkipAll
		}
		return nil
	})
	if err == nil && ctx.Err() == nil {
		hand()
	}
}

func send(ctx context.Context, to chan<- *batch, b *batch) bool {
	select {
	case to <- b:
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
	f, err := open(path)
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
		n, err := fill(f, buf, e.Size-size)
		b := buf[:n]
		if size == 0 {
			head = append(head, b[:min(n, headSize)]...)
		}
		size += int64(n)
		h.Write(b)
		for _, c := range b[:min(n, sampled)] {
			count[c]++
		}
		if size == int64(n) {
			e.Head = entropy(&count)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
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
	e.Random = e.Head
	if size > block {
		e.Random = entropy(&count)
	}
}

// fill reads until buf is full or the file ends. One that ends where its folder
// says so needs no further read to see that.
func fill(f io.Reader, buf []byte, listed int64) (n int, err error) {
	for n < len(buf) {
		m, err := f.Read(buf[n:])
		n += m
		if err != nil {
			return n, err
		}
		if int64(n) == listed && n < len(buf) {
			return n, io.EOF
		}
	}
	return n, nil
}

// entropy is that of Shannon, in bits a byte times 100; 0 when there is too
// little to tell.
func entropy(count *[256]uint32) int {
	var n uint32
	var sum float64
	for _, c := range count {
		n += c
		sum += product(c)
	}
	if n < enough {
		return 0
	}
	return int(math.Round(100 * (math.Log2(float64(n)) - sum/float64(n))))
}

// products are c*log2(c) of small counts: of most files, all of them.
var products = func() (out [2049]float64) {
	for c := 2; c < len(out); c++ {
		out[c] = float64(c) * math.Log2(float64(c))
	}
	return out
}()

func product(c uint32) float64 {
	if int(c) < len(products) {
		return products[c]
	}
	return float64(c) * math.Log2(float64(c))
}
