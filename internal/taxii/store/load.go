package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"iter"
	"slices"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
)

// Loaded is what a Load did.
type Loaded struct {
	Objects int            // written
	Again   int            // there already, byte for byte
	Refused []taxii.Detail // another object with the same id and version came before; the first thousand
	Differs int            // all of these
}

const (
	maxDiffers = 1000
	loadChunk  = 5000 // objects of a transaction
)

// Load is Add for millions of objects at once, into a store that has none. The
// indexes are made after the objects are in, each from one sort, instead of
// being added to object by object in places all over the file. Nothing of it is
// acknowledged before it returns: if it is broken off the store says ErrLoading
// until it is loaded again. Nobody else should use the store meanwhile; who has
// it open already gets errors. It keeps 24 bytes in memory for each object.
func (s *Store) Load(ctx context.Context, c Collection, objects iter.Seq[object.Object]) (Loaded, error) {
	var out Loaded
	if err := s.beginLoad(ctx); err != nil {
		return out, err
	}
	seen := map[[16]byte]int64{} // what is in, with the digest of its body
	next, stop := iter.Pull(objects)
	defer stop()
	for {
		var fresh []row
		for len(fresh) < loadChunk {
			o, ok := next()
			if !ok {
				break
			}
			if r, ok := out.take(o, seen); ok {
				r.collection = c.Num
				fresh = append(fresh, r)
			}
		}
		if len(fresh) == 0 {
			break
		}
		err := s.change(ctx, len(fresh), func(ctx context.Context, t *tx) error {
			rows := slices.Clone(fresh) // this may run again, at another time
			for i := range rows {
				r := &rows[i]
				r.added = t.next()
				if r.version == 0 {
					r.version = r.added // as Add does
				}
			}
			return t.d.insert(ctx, t, rows)
		})
		if err != nil {
			return out, err
		}
		out.Objects += len(fresh)
	}
	return out, s.endLoad(ctx, c)
}

// take decides about an object by what came before.
func (l *Loaded) take(o object.Object, seen map[[16]byte]int64) (row, bool) {
	r := row{id: o.ID, typ: o.Type, spec: o.Spec, version: o.Version, topspec: 1, last: 1, digest: digest(o.Body), body: o.Body, fresh: true}
	h := sha256.New()
	_, _ = h.Write(binary.BigEndian.AppendUint64([]byte(o.Spec), uint64(o.Version))) // never fails
	_, _ = h.Write([]byte(o.ID))
	var key [16]byte
	copy(key[:], h.Sum(nil))
	switch there, ok := seen[key]; {
	case ok && there == r.digest:
		l.Again++
		return r, false
	case ok:
		l.Differs++
		if len(l.Refused) < maxDiffers {
			l.Refused = append(l.Refused, taxii.Detail{ID: o.ID, Version: o.Text, Message: msgDiffers})
		}
		return r, false
	}
	seen[key] = r.digest
	if o.Version != 0 && o.Text != o.Version.Version() {
		r.text = &o.Text
	}
	return r, true
}

// loading says whether a Load has not ended.
func (s *Store) loading(ctx context.Context) (bool, error) {
	n := 0
	err := s.w.QueryRowContext(ctx, "SELECT COUNT(*) FROM meta WHERE name = 'loading'").Scan(&n)
	return n > 0, s.explain(err)
}

// beginLoad takes the indexes away, and what a Load that was broken off left.
func (s *Store) beginLoad(ctx context.Context) error {
	again, err := s.loading(ctx)
	if err != nil {
		return err
	}
	err = s.change(ctx, 1, func(ctx context.Context, t *tx) error {
		if again {
			_, err := t.exec(ctx, "DELETE FROM object")
			return err
		}
		n := 0
		if err := t.query(ctx, "SELECT added FROM object LIMIT 1", nil, func(*sql.Rows) error { n++; return nil }); err != nil {
			return err
		}
		if n > 0 {
			return ErrExists
		}
		_, err := t.exec(ctx, "INSERT INTO meta (name, value) VALUES ('loading', 1)")
		return err
	})
	if err != nil {
		return err
	}
	var drop []string
	for _, index := range []string{indexID, indexTop, indexTopType, indexLast, indexLastType, indexSpec, indexType} {
		drop = append(drop, "DROP INDEX IF EXISTS "+index)
	}
	return s.execute(ctx, drop)
}

// endLoad makes the indexes. Objects in several versions are put in order once
// that of identifiers is there.
func (s *Store) endLoad(ctx context.Context, c Collection) error {
	make := indexes(s.d)
	if err := s.execute(ctx, append(s.d.sort(true), make[0])); err != nil {
		return err
	}
	var several []string
	err := s.query(ctx, "SELECT id FROM object"+s.d.hint(indexID)+" WHERE collection = $1 GROUP BY id HAVING COUNT(*) > 1", []any{c.Num}, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		several = append(several, id)
		return err
	})
	if err != nil {
		return err
	}
	for ids := range slices.Chunk(several, 1000) {
		err := s.change(ctx, len(ids), func(ctx context.Context, t *tx) error {
			known, err := t.versions(ctx, c.Num, ids)
			if err != nil {
				return err
			}
			touched := map[string]bool{}
			for _, id := range ids {
				touched[id] = true
			}
			return t.rank(ctx, c.Num, known, touched)
		})
		if err != nil {
			return err
		}
	}
	if err := s.execute(ctx, make[1:]); err != nil {
		return err
	}
	return s.execute(ctx, append(s.d.sort(false), "DELETE FROM meta WHERE name = 'loading'"))
}
