package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	lite "modernc.org/sqlite"
)

// dialect is where SQLite and PostgreSQL differ. Statements are written with
// the parameters $1, $2 of PostgreSQL.
type dialect interface {
	bind(text string) string                              // parameters as this database wants them
	hint(index string) string                             // what follows a table so that this index is used
	in(column string, param int) string                   // column is one of the values of a list parameter
	list(values []string) any                             // a list parameter of texts
	lock() string                                         // what makes a SELECT keep others from writing
	kind(err error) error                                 // ErrFull, ErrBusy, ErrDown, or nil
	insert(ctx context.Context, tx *tx, rows []row) error // many objects at once
	words() []string                                      // what the words in braces of the schema mean, in pairs
	sort(begin bool) []string                             // what goes before and after making indexes of many rows
}

// sqlite is one file. It has one writer; readers see the last commit.
type sqlite struct{}

func (sqlite) bind(text string) string  { return strings.ReplaceAll(text, "$", "?") }
func (sqlite) hint(index string) string { return " INDEXED BY " + index }
func (sqlite) lock() string             { return "" } // transactions begin as writers
func (sqlite) in(column string, param int) string {
	return column + " IN (SELECT value FROM json_each($" + strconv.Itoa(param) + "))"
}

func (sqlite) list(values []string) any {
	b, _ := json.Marshal(values) // texts cannot fail
	return string(b)
}

func (sqlite) words() []string {
	return []string{"{key}", "INTEGER PRIMARY KEY", "{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT", "{int}", "INTEGER", "{flag}", "INTEGER", "{tie}", ""}
}

// sort has SQLite sort in files (in TMPDIR, else /var/tmp) instead of memory.
func (sqlite) sort(begin bool) []string {
	if begin {
		return []string{"PRAGMA temp_store = FILE"}
	}
	return []string{"PRAGMA temp_store = MEMORY", "PRAGMA wal_checkpoint(TRUNCATE)"}
}

// Result codes of SQLite (https://sqlite.org/rescode.html).
const (
	codeBusy   = 5
	codeLocked = 6
	codeIO     = 10
	codeFull   = 13
	codeUnique = 2067
)

func (sqlite) kind(err error) error {
	var e *lite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch code := e.Code(); {
	case code&0xff == codeFull, code&0xff == codeIO:
		return ErrFull // a write that fails on a full disk may be either
	case code&0xff == codeBusy, code&0xff == codeLocked:
		return ErrBusy
	case code == codeUnique, code == 1555:
		return ErrExists
	}
	return nil
}

func (sqlite) insert(ctx context.Context, tx *tx, rows []row) error {
	st, err := tx.prepare(ctx, insertObject+" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := st.ExecContext(ctx, int64(r.added), r.collection, r.id, r.typ, r.spec, int64(r.version), r.text, r.topspec, r.last, r.digest, string(r.body)); err != nil {
			return err
		}
	}
	return nil
}

// openSQLite opens one connection that writes and several that read. A
// transaction is on the disk when it is committed (synchronous=FULL).
func openSQLite(ctx context.Context, file string, o Options) (w, r *sql.DB, err error) {
	if dir := filepath.Dir(file); dir != "." {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, nil, fmt.Errorf("store: %w", err)
		}
	}
	// The file holds what members may not see of each other: nobody else on the machine reads it.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	_ = f.Close()
	name := "file:" + (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
	common := "?_pragma=page_size(8192)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)"
	writer := common + "&_pragma=synchronous(FULL)&_pragma=cache_size(-131072)&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)&_txlock=immediate"
	if o.MaxBytes > 0 {
		writer += "&_pragma=max_page_count(" + strconv.FormatInt(max(o.MaxBytes/8192, 64), 10) + ")"
	}
	if w, err = sql.Open("sqlite", name+writer); err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	w.SetMaxOpenConns(1)
	if err = w.PingContext(ctx); err != nil {
		_ = w.Close()
		return nil, nil, fmt.Errorf("store: %s: %w", file, err)
	}
	if r, err = sql.Open("sqlite", name+common+"&_pragma=query_only(1)&_pragma=cache_size(-16384)"); err != nil {
		_ = w.Close()
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	r.SetMaxOpenConns(o.Readers)
	r.SetMaxIdleConns(o.Readers)
	return w, r, nil
}

// postgres is a database that several servers may share.
type postgres struct{}

func (postgres) bind(text string) string  { return text }
func (postgres) hint(string) string       { return "" }
func (postgres) lock() string             { return " FOR UPDATE" }
func (postgres) list(values []string) any { return values }
func (postgres) in(column string, param int) string {
	return column + " = ANY($" + strconv.Itoa(param) + ")"
}
func (postgres) words() []string {
	return []string{"{key}", "BIGINT PRIMARY KEY", "{serial}", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "{int}", "BIGINT", "{flag}", "SMALLINT", "{tie}", ", added"}
}

// sort has PostgreSQL count the rows, by which it chooses its indexes.
func (postgres) sort(begin bool) []string {
	if begin {
		return nil
	}
	return []string{"ANALYZE object"}
}

func (postgres) kind(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) {
			return ErrDown
		}
		return nil
	}
	switch {
	case e.Code == "53100", e.Code == "58030": // disk_full, io_error
		return ErrFull
	case strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "40"), e.Code == "55P03", e.Code == "57014": // resources, deadlock, lock, cancelled
		return ErrBusy
	case strings.HasPrefix(e.Code, "57P"), strings.HasPrefix(e.Code, "08"): // shutdown, connection
		return ErrDown
	case e.Code == "23505":
		return ErrExists
	}
	return nil
}

func (postgres) insert(ctx context.Context, tx *tx, rows []row) error {
	n := len(rows)
	added, collection, version, digest := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	id, typ, spec, body := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	text := make([]*string, n)
	topspec, last := make([]int16, n), make([]int16, n)
	for i, r := range rows {
		added[i], collection[i], version[i], digest[i] = int64(r.added), r.collection, int64(r.version), r.digest
		id[i], typ[i], spec[i], body[i], text[i] = r.id, r.typ, r.spec, string(r.body), r.text
		topspec[i], last[i] = int16(r.topspec), int16(r.last)
	}
	_, err := tx.tx.ExecContext(ctx, insertObject+" SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::smallint[], $9::smallint[], $10::bigint[], $11::text[])",
		added, collection, id, typ, spec, version, text, topspec, last, digest, body)
	return err
}

func openPostgres(ctx context.Context, source string, o Options) (w, r *sql.DB, err error) {
	if w, err = sql.Open("pgx", source); err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	w.SetMaxOpenConns(2)
	if err = w.PingContext(ctx); err != nil {
		_ = w.Close()
		return nil, nil, fmt.Errorf("store: PostgreSQL: %w", err)
	}
	if r, err = sql.Open("pgx", source); err != nil {
		_ = w.Close()
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	r.SetMaxOpenConns(o.Readers)
	r.SetMaxIdleConns(o.Readers)
	return w, r, nil
}
