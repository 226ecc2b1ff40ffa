// Package store keeps what a TAXII server serves: API roots, collections,
// objects with all their versions, members with their rights, and what became
// of each request. It is one file of SQLite, or a database of PostgreSQL; both
// are told the same SQL but for the few differences in dialect.go.
//
// Objects are in the order in which they were added: every version of every
// object has a time of its own, later than any before it, so a page is found
// by where the last one ended (WHERE added > ? ORDER BY added LIMIT ?), no two
// objects share a time, and a reader who goes on from the last time it saw
// misses nothing and gets nothing twice.
//
// One goroutine writes. Requests that wait while a transaction is being
// committed share the next one. What was acknowledged has been synced.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"longwatch/internal/taxii"
)

// What a caller can tell a client about.
var (
	ErrFull     = errors.New("store: no space left")     // nothing was written
	ErrBusy     = errors.New("store: too much to write") // try again
	ErrNotFound = errors.New("store: not there")
	ErrExists   = errors.New("store: already there")
	ErrDown     = errors.New("store: the database does not answer")
	ErrLoading  = errors.New("store: a load is under way or was broken off: load again")
)

// Options are how a store is opened.
type Options struct {
	MaxBytes int64            // size at which SQLite takes nothing more; 0: as the disk allows
	Readers  int              // connections for reading; 0: 8
	Loading  bool             // open it even if a Load into it was broken off, to load again
	Now      func() time.Time // nil: time.Now
}

// Store is an open store. Its methods may be called from many goroutines.
type Store struct {
	d          dialect
	w, r       *sql.DB
	now        func() time.Time
	jobs       chan *job
	stopped    chan struct{} // closed when the writer has ended
	unfinished bool          // Options.Loading
	quit       chan struct{}
	closing    sync.Once

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // by their text; bounded by maxStmts
}

// maxStmts bounds the prepared statements; there are as many as shapes of
// filters.
const maxStmts = 200

// Open opens the store that source names, and makes it if it is not there: a
// file name, or postgres://user@host/database. The caller closes it.
func Open(ctx context.Context, source string, o Options) (*Store, error) {
	if o.Readers <= 0 {
		o.Readers = 8
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{now: o.Now, unfinished: o.Loading, jobs: make(chan *job, maxWaiting), quit: make(chan struct{}), stopped: make(chan struct{}), stmts: map[string]*sql.Stmt{}}
	var err error
	if strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://") {
		s.d = postgres{}
		s.w, s.r, err = openPostgres(ctx, source, o)
	} else {
		s.d = sqlite{}
		s.w, s.r, err = openSQLite(ctx, source, o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx); err != nil {
		_ = s.w.Close()
		_ = s.r.Close()
		return nil, err
	}
	go s.write()
	return s, nil
}

// Close finishes what was accepted for writing and closes the database.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.quit)
		<-s.stopped
		s.mu.Lock()
		for _, st := range s.stmts {
			_ = st.Close()
		}
		s.stmts = map[string]*sql.Stmt{}
		s.mu.Unlock()
		err = errors.Join(s.r.Close(), s.w.Close())
	})
	return err
}

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.r.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return s.explain(err)
	}
	return nil
}

// migrate makes the tables, and refuses those of a newer program.
func (s *Store) migrate(ctx context.Context) error {
	if err := s.execute(ctx, schema(s.d)); err != nil {
		return err
	}
	var version int
	if err := s.w.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'schema'").Scan(&version); err != nil {
		return s.explain(err)
	}
	if version != schemaVersion {
		return fmt.Errorf("store: made by another version of this program (tables %d, not %d)", version, schemaVersion)
	}
	loading, err := s.loading(ctx)
	if err != nil || loading && s.unfinished {
		return err
	}
	if loading {
		return ErrLoading
	}
	return s.execute(ctx, indexes(s.d))
}

// execute runs statements that change the tables.
func (s *Store) execute(ctx context.Context, list []string) error {
	for _, stmt := range list {
		if _, err := s.w.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("store: %.60q: %w", stmt, s.explain(err))
		}
	}
	return nil
}

// stmt prepares a statement for reading once. The second result is false when
// the statement is the caller's to close.
func (s *Store) stmt(ctx context.Context, text string) (*sql.Stmt, bool, error) {
	s.mu.RLock()
	st := s.stmts[text]
	s.mu.RUnlock()
	if st != nil {
		return st, true, nil
	}
	st, err := s.r.PrepareContext(ctx, s.d.bind(text))
	if err != nil {
		return nil, false, s.explain(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.stmts[text]; old != nil {
		_ = st.Close()
		return old, true, nil
	}
	if len(s.stmts) >= maxStmts {
		return st, false, nil
	}
	s.stmts[text] = st
	return st, true, nil
}

// query runs a statement for reading and hands each row to scan.
func (s *Store) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	st, kept, err := s.stmt(ctx, text)
	if err != nil {
		return err
	}
	if !kept {
		defer func() { _ = st.Close() }()
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return s.explain(err)
	}
	return s.explain(each(rows, scan))
}

// each hands each row to scan and closes the rows.
func each(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// explain puts an error of the database into the words of this package.
func (s *Store) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrFull), errors.Is(err, ErrBusy), errors.Is(err, ErrDown), errors.Is(err, ErrNotFound), errors.Is(err, ErrExists):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if kind := s.d.kind(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return fmt.Errorf("store: %w", err)
}

// Time is the store's clock now, before it is made later than all before.
func (s *Store) Time() taxii.Time { return taxii.Now(s.now()) }
