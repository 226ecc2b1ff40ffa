package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"longwatch/internal/taxii"
)

// maxTypes bounds the types of one filter: each is a walk of its own through an
// index. STIX has some fifty.
const maxTypes = 50

// ErrFilter is a filter that asks for too much.
var ErrFilter = errors.New("store: too many types in one filter")

// specs are the versions of STIX there are.
var specs = []string{"2.0", "2.1"}

// Entry is one version of one object; Body is nil if only a manifest was asked
// for. The bytes belong to the caller.
type Entry struct {
	Added taxii.Time
	ID    string
	Spec  string
	Text  string // its version
	Body  []byte
}

// Page reads what a filter asks for from a collection, in the order of adding,
// after the later of the filter's time and the one given: no more than limit
// objects, and whether there are more. bodies: with their content.
func (s *Store) Page(ctx context.Context, c Collection, f taxii.Filter, after taxii.Time, limit int, bodies bool) (list []Entry, more bool, err error) {
	if len(f.Types) > maxTypes {
		return nil, false, fmt.Errorf("%w: %d, at most %d", ErrFilter, len(f.Types), maxTypes)
	}
	q := question{d: s.d}
	columns := "added, id, spec, version, version_text"
	if bodies {
		columns = "added, body"
	}
	text := q.page(columns, c.Num, f, max(after, f.AddedAfter), limit+1)
	var all []byte // the bodies, one after the other
	list = make([]Entry, 0, min(limit+1, 1000))
	err = s.query(ctx, text, q.args, func(rs *sql.Rows) error {
		var e Entry
		var r row
		var err error
		if bodies {
			var body sql.RawBytes
			err = rs.Scan(&e.Added, &body)
			if cap(all)-len(all) < len(body) {
				all = make([]byte, 0, max(len(body), 64<<10))
			}
			begin := len(all)
			all = append(all, body...)
			e.Body = all[begin:len(all):len(all)]
		} else {
			err = rs.Scan(&e.Added, &e.ID, &e.Spec, &r.version, &r.text)
			r.added = e.Added
			e.Text = r.versionText()
		}
		list = append(list, e)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(list) > limit {
		return list[:limit], true, nil
	}
	return list, false, nil
}

// Has says whether a collection has any version of an object.
func (s *Store) Has(ctx context.Context, c Collection, id string) (bool, error) {
	found := false
	err := s.query(ctx, "SELECT added FROM object"+s.d.hint(indexID)+" WHERE collection = $1 AND id = $2 LIMIT 1", []any{c.Num, id},
		func(*sql.Rows) error { found = true; return nil })
	return found, err
}

// question builds the statement that finds the times of a page. Each pair of
// STIX version and type is a walk along one index that stops after limit rows;
// the walks are merged.
type question struct {
	d    dialect
	text strings.Builder
	args []any
}

// arg adds a parameter and is its name.
func (q *question) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// page is the statement for a page of the columns given. What most clients ask
// for, the newest of each object, of any type or of one, is one walk along an
// index; all else is found by its time first.
func (q *question) page(columns string, collection int64, f taxii.Filter, after taxii.Time, limit int) string {
	if !f.Last || f.First || f.All || len(f.Versions)+len(f.Specs)+len(f.IDs) > 0 || len(f.Types) > 1 {
		q.ask(collection, f, after, limit)
		return "SELECT " + columns + " FROM object WHERE added IN (" + q.text.String() + ") ORDER BY added"
	}
	index, typ := indexTop, ""
	where := " WHERE last = 1 AND topspec = 1 AND collection = " + q.arg(collection) + " AND added > " + q.arg(int64(after))
	if len(f.Types) == 1 {
		index, typ = indexTopType, " AND type = "+q.arg(f.Types[0])
	}
	return "SELECT " + columns + " FROM object" + q.d.hint(index) + where + typ + " ORDER BY added LIMIT " + q.arg(limit)
}

func (q *question) ask(collection int64, f taxii.Filter, after taxii.Time, limit int) {
	of := f.Specs
	if len(of) == 0 {
		of = specs
	}
	onlyLast := f.Last && !f.First && !f.All && len(f.Versions) == 0
	var index string
	switch {
	case len(f.IDs) > 0:
		index = indexID
	case onlyLast && len(f.Types) > 0:
		index = indexLastType
	case onlyLast:
		index = indexLast
	case len(f.Types) > 0:
		index = indexType
	default:
		index = indexSpec
	}
	types := f.Types
	if len(types) == 0 || len(f.IDs) > 0 {
		types = []string{""} // any, or looked at when found by id
	}
	q.text.WriteString("SELECT added FROM (")
	n := 0
	for _, spec := range of {
		for _, typ := range types {
			if n++; n > 1 {
				q.text.WriteString(" UNION ALL ")
			}
			q.walk(collection, f, spec, typ, index, after, limit, n)
		}
	}
	q.text.WriteString(") AS walks ORDER BY added LIMIT " + q.arg(limit))
}

// walk is one stretch of one index.
func (q *question) walk(collection int64, f taxii.Filter, spec, typ, index string, after taxii.Time, limit, n int) {
	b := &q.text
	b.WriteString("SELECT added FROM (SELECT o.added FROM object AS o" + q.d.hint(index) + " WHERE o.collection = " + q.arg(collection) +
		" AND o.spec = " + q.arg(spec) + " AND o.added > " + q.arg(int64(after)))
	if typ != "" {
		b.WriteString(" AND o.type = " + q.arg(typ))
	}
	if len(f.IDs) > 0 {
		q.args = append(q.args, q.d.list(f.IDs))
		b.WriteString(" AND " + q.d.in("o.id", len(q.args)))
		if len(f.Types) > 0 {
			q.args = append(q.args, q.d.list(f.Types))
			b.WriteString(" AND " + q.d.in("o.type", len(q.args)))
		}
	}
	if len(f.Specs) == 0 {
		b.WriteString(" AND o.topspec = 1")
	}
	if !f.All {
		b.WriteString(" AND (" + strings.Join(q.versions(f), " OR ") + ")")
	}
	b.WriteString(" ORDER BY o.added LIMIT " + q.arg(limit) + ") AS w" + strconv.Itoa(n))
}

// versions is what match[version] asks of a row.
func (q *question) versions(f taxii.Filter) []string {
	// What a version is compared with: those of its own STIX, or of all that were asked for.
	among := "x.spec = o.spec"
	if len(f.Specs) > 1 {
		q.args = append(q.args, q.d.list(f.Specs))
		among = q.d.in("x.spec", len(q.args))
	}
	none := func(than string) string {
		return "NOT EXISTS (SELECT 1 FROM object AS x" + q.d.hint(indexID) + " WHERE x.collection = o.collection AND x.id = o.id AND x.version " + than + " o.version AND " + among + ")"
	}
	var any []string
	if f.Last {
		last := "o.last = 1"
		if len(f.Specs) > 1 {
			last = "(o.last = 1 AND " + none(">") + ")"
		}
		any = append(any, last)
	}
	if f.First {
		any = append(any, none("<"))
	}
	for _, v := range f.Versions {
		any = append(any, "o.version = "+q.arg(int64(v)))
	}
	return any
}

// Delete removes the versions of an object that a filter asks for and says how
// many there were.
func (s *Store) Delete(ctx context.Context, c Collection, f taxii.Filter) (int, error) {
	n := 0
	err := s.change(ctx, 1, func(ctx context.Context, t *tx) error {
		n = 0
		q := question{d: s.d}
		q.ask(c.Num, f, 0, 1_000_000)
		var gone []taxii.Time
		err := t.query(ctx, q.text.String(), q.args, func(rs *sql.Rows) error {
			var at taxii.Time
			err := rs.Scan(&at)
			gone = append(gone, at)
			return err
		})
		if err != nil {
			return err
		}
		for _, at := range gone {
			if _, err := t.exec(ctx, "DELETE FROM object WHERE added = $1", int64(at)); err != nil {
				return err
			}
		}
		if n = len(gone); n == 0 {
			return nil
		}
		left, err := t.versions(ctx, c.Num, f.IDs)
		if err != nil {
			return err
		}
		touched := map[string]bool{}
		for _, id := range f.IDs {
			touched[id] = true
		}
		if err := t.rank(ctx, c.Num, left, touched); err != nil {
			return err
		}
		return t.disturb(ctx, c.Num)
	})
	return n, err
}
