package intel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Shared is a file of Build that may be replaced while it is used. Whoever
// matches borrows the set of the moment; a set that was replaced is given back
// to the system when its last borrower is done.
//
//	set, done := shared.Borrow()
//	defer done()
type Shared struct {
	name string
	mu   sync.Mutex // one Refresh at a time
	file fs.FileInfo
	cur  atomic.Pointer[lent]
}

// lent is a set with the number of those who use it: one while it is the
// present one, and one for each borrower.
type lent struct {
	set  *Set
	uses atomic.Int64
}

var errNoSet = errors.New("intel: the shared set is closed")

// OpenShared maps a file of Build.
func OpenShared(name string) (*Shared, error) {
	s := &Shared{name: name}
	if _, err := s.Refresh(); err != nil {
		return nil, err
	}
	return s, nil
}

// Borrow returns the present set. The caller calls done once, and uses neither
// the set nor a matcher of it afterwards; findings may be kept. After Close it
// returns nil and a done that does nothing.
func (s *Shared) Borrow() (set *Set, done func()) {
	for {
		l := s.cur.Load()
		if l == nil {
			return nil, func() {}
		}
		n := l.uses.Load()
		if n > 0 && l.uses.CompareAndSwap(n, n+1) {
			return l.set, l.done
		}
		// It was replaced and given back since it was loaded: look again.
	}
}

func (l *lent) done() {
	if l.uses.Add(-1) == 0 {
		_ = l.set.Close() // of a mapping, it fails only when there is none
	}
}

// Refresh takes the file anew when another has taken its name. When that one
// cannot be used the set stays as it is, and the error says why.
func (s *Shared) Refresh() (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.name)
	if err != nil {
		return false, fmt.Errorf("intel: %w", err)
	}
	if s.file != nil && os.SameFile(s.file, info) && s.file.ModTime().Equal(info.ModTime()) && s.file.Size() == info.Size() {
		return false, nil
	}
	set, report := Load(Path(s.name))
	if len(set.parts) < 2 { // it is no file of Build, or was refused
		for _, r := range report.Reasons {
			return false, fmt.Errorf("intel: %s: %s", r.File, r.Reason)
		}
		return false, fmt.Errorf("intel: %q was not made by intel build", s.name)
	}
	l := &lent{set: set}
	l.uses.Store(1)
	s.file = info
	if old := s.cur.Swap(l); old != nil {
		old.done()
	}
	return true, nil
}

// Watch refreshes every so often until ctx ends. failed is told once of each
// error.
func (s *Shared) Watch(ctx context.Context, every time.Duration, failed func(error)) {
	t := time.NewTicker(every)
	defer t.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		_, err := s.Refresh()
		switch {
		case err == nil:
			last = ""
		case err.Error() != last:
			last = err.Error()
			failed(err)
		}
	}
}

// Close gives the set back when its borrowers are done.
func (s *Shared) Close() error {
	old := s.cur.Swap(nil)
	if old == nil {
		return errNoSet
	}
	old.done()
	return nil
}
