package store

import (
	"context"
	"database/sql"
	"time"

	"longwatch/internal/taxii"
)

// Bounds of the writer.
const (
	maxWaiting = 256    // requests that wait to be written; more are told to come again
	maxGroup   = 64     // requests that share a transaction
	maxWeight  = 20_000 // objects that share a transaction
	txTimeout  = 5 * time.Minute
)

// job is one request to write.
type job struct {
	weight int                                    // objects
	run    func(ctx context.Context, t *tx) error // may run again when the transaction it shared failed
	done   chan error                             // the result, after the commit
}

// tx is a transaction of the writer.
type tx struct {
	tx    *sql.Tx
	d     dialect
	now   taxii.Time
	clock taxii.Time // the time last given away
	began taxii.Time // the clock at the beginning
	stmts map[string]*sql.Stmt
}

// next is a time that no object has: now, or a microsecond after the last.
func (t *tx) next() taxii.Time {
	t.clock = max(t.now, t.clock+1)
	return t.clock
}

func (t *tx) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := t.stmts[text]; st != nil {
		return st, nil
	}
	st, err := t.tx.PrepareContext(ctx, t.d.bind(text))
	if err == nil {
		t.stmts[text] = st // closed with the transaction
	}
	return st, err
}

func (t *tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := t.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	st, err := t.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

// change has run executed in a transaction and returns when that has been
// committed and synced, or has failed. The caller's context bounds the wait
// and not the transaction: what the writer has begun it finishes.
func (s *Store) change(ctx context.Context, weight int, run func(context.Context, *tx) error) error {
	j := &job{weight: weight, run: run, done: make(chan error, 1)}
	select {
	case <-s.quit:
		return ErrDown
	case s.jobs <- j:
	default:
		return ErrBusy
	}
	select {
	case err := <-j.done:
		return s.explain(err)
	case <-s.stopped:
		select {
		case err := <-j.done:
			return s.explain(err)
		default:
			return ErrDown
		}
	case <-ctx.Done():
		return s.explain(ctx.Err())
	}
}

// write is the writer: it takes what waits, commits it together, and answers.
// It ends when the store is closed and nothing waits any more.
func (s *Store) write() {
	defer close(s.stopped)
	for {
		var first *job
		select {
		case first = <-s.jobs:
		case <-s.quit:
			select {
			case first = <-s.jobs:
			default:
				return
			}
		}
		group, weight := []*job{first}, first.weight
	gather:
		for len(group) < maxGroup && weight < maxWeight {
			select {
			case j := <-s.jobs:
				group, weight = append(group, j), weight+j.weight
			default:
				break gather
			}
		}
		s.commit(group)
	}
}

// commit writes a group in one transaction. If that fails each is tried alone,
// so that one that cannot be written does not take others with it.
func (s *Store) commit(group []*job) {
	err := s.transact(group)
	if err != nil && len(group) > 1 {
		for _, j := range group {
			j.done <- s.transact([]*job{j})
		}
		return
	}
	for _, j := range group {
		j.done <- err
	}
}

func (s *Store) transact(group []*job) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), txTimeout)
	defer cancel()
	begun, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = begun.Rollback()
		}
	}()
	t := &tx{tx: begun, d: s.d, now: s.Time(), stmts: map[string]*sql.Stmt{}}
	// PostgreSQL: whoever holds this row writes; so times are committed in their order.
	err = t.query(ctx, "SELECT value FROM meta WHERE name = 'clock'"+s.d.lock(), nil, func(r *sql.Rows) error { return r.Scan(&t.clock) })
	if err != nil {
		return err
	}
	t.began = t.clock
	for _, j := range group {
		if err = j.run(ctx, t); err != nil {
			return err
		}
	}
	if t.clock != t.began {
		if _, err = t.exec(ctx, "UPDATE meta SET value = $1 WHERE name = 'clock'", int64(t.clock)); err != nil {
			return err
		}
	}
	return begun.Commit()
}

// configure changes what Config returns.
func (s *Store) configure(ctx context.Context, run func(context.Context, *tx) error) error {
	return s.change(ctx, 1, func(ctx context.Context, t *tx) error {
		if err := run(ctx, t); err != nil {
			return err
		}
		_, err := t.exec(ctx, "UPDATE meta SET value = value + 1 WHERE name = 'generation'")
		return err
	})
}

// must turns a change of no row into ErrNotFound.
func must(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// Sweep forgets statuses made before the time given.
func (s *Store) Sweep(ctx context.Context, before taxii.Time) error {
	return s.change(ctx, 1, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "DELETE FROM status WHERE made < $1", int64(before))
		return err
	})
}
