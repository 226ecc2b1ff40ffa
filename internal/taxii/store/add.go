package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
)

// row is one version of one object in a collection.
type row struct {
	added         taxii.Time
	collection    int64
	id, typ, spec string
	version       taxii.Time
	text          *string // the version as written, where it is not Version()
	topspec       int     // 1: of the newest STIX that the collection has this object in
	last          int     // 1: the newest version within its STIX
	digest        int64   // of the body
	body          []byte
	fresh         bool // not yet in the table
}

// Messages of a status.
const (
	msgPresent = "already in the collection"
	msgDiffers = "the collection has another object with this id and version; it was not replaced"
)

// Added is one object as Import takes it: with the time it was added at.
type Added struct {
	object.Object
	At taxii.Time // 0: now
}

// Add puts objects into a collection and says what became of each. Failures
// are those found before, by whoever read the objects; they are counted and
// kept in the status. What the status calls a success is on the disk when Add
// returns. An object that is there already is a success (section 5.5).
func (s *Store) Add(ctx context.Context, c Collection, member string, objects []object.Object, failures []taxii.Detail) (taxii.Status, error) {
	list := make([]Added, len(objects))
	for i, o := range objects {
		list[i].Object = o
	}
	return s.Import(ctx, c, member, list, failures)
}

// Import is Add for objects that keep the time they were added at elsewhere,
// or the first free microsecond after it. It is for an empty collection:
// readers who have gone on do not see what is put before them.
func (s *Store) Import(ctx context.Context, c Collection, member string, objects []Added, failures []taxii.Detail) (taxii.Status, error) {
	id := newID()
	var status taxii.Status
	err := s.change(ctx, len(objects), func(ctx context.Context, t *tx) error {
		status = taxii.Status{
			ID: id, Status: "complete", Requested: t.now.String(),
			Failures: slices.Clone(failures), Total: len(objects) + len(failures),
		}
		for chunk := range slices.Chunk(objects, 2000) {
			if err := t.add(ctx, c, chunk, &status); err != nil {
				return err
			}
		}
		status.Success, status.Failure = len(status.Successes), len(status.Failures)
		b, err := json.Marshal(status)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, "INSERT INTO status (id, root, member, made, body) VALUES ($1, $2, $3, $4, $5)", id, c.Root, member, int64(t.now), string(b))
		return err
	})
	if err != nil {
		return taxii.Status{}, err
	}
	return status, nil
}

// add decides about each object, and writes.
func (t *tx) add(ctx context.Context, c Collection, objects []Added, status *taxii.Status) error {
	ids := map[string]bool{}
	for _, o := range objects {
		ids[o.ID] = true
	}
	known, err := t.versions(ctx, c.Num, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return err
	}
	var fresh []*row
	touched := map[string]bool{}
	for _, o := range objects {
		digest := digest(o.Body)
		old := find(known[o.ID], o.Object)
		if old != nil {
			same := old.digest == digest
			if !same {
				if same, err = t.same(ctx, old, o.Body); err != nil {
					return err
				}
			}
			d := taxii.Detail{ID: o.ID, Version: old.versionText(), Message: msgPresent}
			if same {
				status.Successes = append(status.Successes, d)
			} else {
				d.Message = msgDiffers
				status.Failures = append(status.Failures, d)
			}
			continue
		}
		r := &row{added: o.At, collection: c.Num, id: o.ID, typ: o.Type, spec: o.Spec, version: o.Version, digest: digest, body: o.Body, fresh: true}
		if r.added == 0 {
			r.added = t.next()
		} else if r.added, err = t.free(ctx, r.added, fresh); err != nil {
			return err
		}
		if r.version == 0 {
			r.version = r.added // an object without versions has the time it was added (section 3.4.1)
		} else if o.Text != r.version.Version() || r.version == r.added {
			r.text = &o.Text
		}
		known[o.ID] = append(known[o.ID], r)
		fresh = append(fresh, r)
		touched[o.ID] = true
		status.Successes = append(status.Successes, taxii.Detail{ID: o.ID, Version: r.versionText()})
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := t.rank(ctx, c.Num, known, touched); err != nil {
		return err
	}
	rows := make([]row, len(fresh))
	for i, r := range fresh {
		rows[i] = *r
	}
	return t.d.insert(ctx, t, rows)
}

// find is the row that an object would double: of the same version and STIX;
// an object without a version can be there once.
func find(rows []*row, o object.Object) *row {
	for _, r := range rows {
		if o.Version == 0 || r.version == o.Version && r.spec == o.Spec {
			return r
		}
	}
	return nil
}

// versions reads what a collection has of some objects, without their bodies.
func (t *tx) versions(ctx context.Context, collection int64, ids []string) (map[string][]*row, error) {
	out := map[string][]*row{}
	err := t.query(ctx, "SELECT added, id, spec, version, version_text, topspec, last, digest FROM object"+t.d.hint(indexID)+" WHERE collection = $1 AND "+t.d.in("id", 2),
		[]any{collection, t.d.list(ids)}, func(rs *sql.Rows) error {
			r := &row{collection: collection}
			if err := rs.Scan(&r.added, &r.id, &r.spec, &r.version, &r.text, &r.topspec, &r.last, &r.digest); err != nil {
				return err
			}
			out[r.id] = append(out[r.id], r)
			return nil
		})
	return out, err
}

// same compares a body with that of a row, whatever the order of properties.
func (t *tx) same(ctx context.Context, r *row, body []byte) (bool, error) {
	if r.fresh {
		return object.Same(r.body, body), nil
	}
	var there []byte
	err := t.query(ctx, "SELECT body FROM object WHERE added = $1", []any{int64(r.added)}, func(rs *sql.Rows) error { return rs.Scan(&there) })
	return object.Same(there, body), err
}

// free is the first time from at on that no object has.
func (t *tx) free(ctx context.Context, at taxii.Time, fresh []*row) (taxii.Time, error) {
	for ; ; at++ {
		n := 0
		err := t.query(ctx, "SELECT COUNT(*) FROM object WHERE added = $1", []any{int64(at)}, func(rs *sql.Rows) error { return rs.Scan(&n) })
		if err != nil {
			return 0, err
		}
		if n == 0 && !slices.ContainsFunc(fresh, func(r *row) bool { return r.added == at }) {
			t.clock = max(t.clock, at)
			return at, nil
		}
	}
}

// rank says anew which rows of the objects touched are the newest, updates
// those in the table that are not any more, and notes that pages read before
// may have changed.
func (t *tx) rank(ctx context.Context, collection int64, rows map[string][]*row, touched map[string]bool) error {
	disturbed := false
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		top, newest := "", map[string]taxii.Time{}
		for _, r := range rows[id] {
			top = max(top, r.spec)
			newest[r.spec] = max(newest[r.spec], r.version)
		}
		for _, r := range rows[id] {
			topspec, last := 0, 0
			if r.spec == top {
				topspec = 1
			}
			if r.version == newest[r.spec] {
				last = 1
			}
			if topspec == r.topspec && last == r.last {
				continue
			}
			r.topspec, r.last = topspec, last
			if r.fresh {
				continue
			}
			disturbed = true
			if _, err := t.exec(ctx, "UPDATE object SET topspec = $1, last = $2 WHERE added = $3", topspec, last, int64(r.added)); err != nil {
				return err
			}
		}
	}
	if !disturbed {
		return nil
	}
	return t.disturb(ctx, collection)
}

// disturb notes that what was read before may not be so any more.
func (t *tx) disturb(ctx context.Context, collection int64) error {
	_, err := t.exec(ctx, "UPDATE collection SET disturbed = disturbed + 1 WHERE num = $1", collection)
	return err
}

// versionText is the version as it was written.
func (r *row) versionText() string {
	if r.text != nil {
		return *r.text
	}
	if r.version == r.added {
		return r.added.String()
	}
	return r.version.Version()
}

func digest(body []byte) int64 {
	h := sha256.Sum256(body)
	return int64(binary.BigEndian.Uint64(h[:]))
}

// newID is a random UUID of version 4.
func newID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	s := hex.EncodeToString(u[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// Status reads what became of a request, if the member made it.
func (s *Store) Status(ctx context.Context, root, member, id string) ([]byte, error) {
	var body []byte
	err := s.query(ctx, "SELECT body FROM status WHERE id = $1 AND root = $2 AND member = $3", []any{id, root, member}, func(r *sql.Rows) error { return r.Scan(&body) })
	if err == nil && body == nil {
		err = ErrNotFound
	}
	return body, err
}
