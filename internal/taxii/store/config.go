package store

import (
	"context"
	"database/sql"
	"strings"

	"longwatch/internal/taxii"
)

// Root is an API root: a group of collections under one path.
type Root struct {
	Name, Title, Description string
	MaxContent               int64 // bytes of a request body
}

// Collection is one collection.
type Collection struct {
	Num                             int64  // its number in the store
	ID                              string // a UUID
	Root, Alias, Title, Description string
	Specs                           []string // versions of STIX it takes: 2.0, 2.1
	Disturbed                       int64    // counts changes to what had been readable before
}

// Member is somebody who may use the server.
type Member struct {
	Name     string
	Password string // hashed; empty: none
	Disabled bool
	Grants   map[int64]Grant // by number of collection
}

// Grant is what a member may do with a collection.
type Grant struct{ Read, Write bool }

// Credential is a bearer token or a client certificate, known by its SHA-256.
type Credential struct {
	Kind    string // token or certificate
	Digest  string // in hexadecimal
	Member  string
	Label   string
	Expires taxii.Time // 0: never
}

// Config is all that an administrator has set.
type Config struct {
	Generation  int64 // grows with each change
	Roots       []Root
	Collections []Collection
	Members     map[string]*Member
	Credentials map[string]Credential // by kind and digest, with a colon between
}

// Everyone is the member whose grants all others have too.
const Everyone = "*"

// Generation tells whether Config has changed, and Disturbed the state of each
// collection by its number.
func (s *Store) Generation(ctx context.Context) (generation int64, disturbed map[int64]int64, err error) {
	disturbed = map[int64]int64{}
	err = s.query(ctx, "SELECT 0, value FROM meta WHERE name = 'generation' UNION ALL SELECT num, disturbed FROM collection", nil, func(r *sql.Rows) error {
		var num, value int64
		err := r.Scan(&num, &value)
		if num == 0 {
			generation = value
		} else {
			disturbed[num] = value
		}
		return err
	})
	return generation, disturbed, err
}

// Config reads the configuration.
func (s *Store) Config(ctx context.Context) (*Config, error) {
	c := &Config{Members: map[string]*Member{}, Credentials: map[string]Credential{}}
	var err error
	if c.Generation, _, err = s.Generation(ctx); err != nil { // first: a change meanwhile is read again
		return nil, err
	}
	read := func(text string, scan func(*sql.Rows) error) {
		if err == nil {
			err = s.query(ctx, text, nil, scan)
		}
	}
	read("SELECT name, title, description, max_content FROM root ORDER BY name", func(rs *sql.Rows) error {
		var r Root
		err := rs.Scan(&r.Name, &r.Title, &r.Description, &r.MaxContent)
		c.Roots = append(c.Roots, r)
		return err
	})
	read("SELECT num, id, root, alias, title, description, specs, disturbed FROM collection ORDER BY num", func(rs *sql.Rows) error {
		var x Collection
		var specs string
		err := rs.Scan(&x.Num, &x.ID, &x.Root, &x.Alias, &x.Title, &x.Description, &specs, &x.Disturbed)
		x.Specs = strings.Split(specs, ",")
		c.Collections = append(c.Collections, x)
		return err
	})
	read("SELECT name, password, disabled FROM member", func(rs *sql.Rows) error {
		m := &Member{Grants: map[int64]Grant{}}
		var disabled int
		err := rs.Scan(&m.Name, &m.Password, &disabled)
		m.Disabled = disabled != 0
		c.Members[m.Name] = m
		return err
	})
	read("SELECT member, collection, can_read, can_write FROM grants", func(rs *sql.Rows) error {
		var name string
		var num int64
		var r, w int
		err := rs.Scan(&name, &num, &r, &w)
		if m := c.Members[name]; m != nil {
			m.Grants[num] = Grant{r != 0, w != 0}
		} else if name == Everyone && err == nil {
			c.Members[name] = &Member{Name: name, Disabled: true, Grants: map[int64]Grant{num: {r != 0, w != 0}}}
		}
		return err
	})
	read("SELECT kind, digest, member, label, expires FROM credential", func(rs *sql.Rows) error {
		var x Credential
		err := rs.Scan(&x.Kind, &x.Digest, &x.Member, &x.Label, &x.Expires)
		c.Credentials[x.Kind+":"+x.Digest] = x
		return err
	})
	return c, err
}

// PutRoot makes or changes an API root.
func (s *Store) PutRoot(ctx context.Context, r Root) error {
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO root (name, title, description, max_content) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET title = excluded.title, description = excluded.description, max_content = excluded.max_content`,
			r.Name, r.Title, r.Description, r.MaxContent)
		return err
	})
}

// AddCollection makes a collection; without an ID it gets one, which is
// returned with its number.
func (s *Store) AddCollection(ctx context.Context, c Collection) (Collection, error) {
	if c.ID == "" {
		c.ID = newID()
	}
	if len(c.Specs) == 0 {
		c.Specs = specs
	}
	err := s.configure(ctx, func(ctx context.Context, t *tx) error {
		n := 0
		err := t.query(ctx, "SELECT num FROM collection WHERE root = $1 AND (id = $2 OR id = $3 OR alias = $2 OR alias = $3 AND alias <> '')", []any{c.Root, c.ID, c.Alias}, func(*sql.Rows) error { n++; return nil })
		if err == nil && n > 0 {
			err = ErrExists
		}
		if err != nil {
			return err
		}
		return t.query(ctx, "INSERT INTO collection (id, root, alias, title, description, specs, disturbed) VALUES ($1, $2, $3, $4, $5, $6, 0) RETURNING num",
			[]any{c.ID, c.Root, c.Alias, c.Title, c.Description, strings.Join(c.Specs, ",")}, func(r *sql.Rows) error { return r.Scan(&c.Num) })
	})
	return c, err
}

// RemoveCollection removes a collection with its objects and grants. The
// objects go in pieces, so that others can write in between.
func (s *Store) RemoveCollection(ctx context.Context, c Collection) error {
	err := s.configure(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, "DELETE FROM grants WHERE collection = $1", c.Num); err != nil {
			return err
		}
		return must(t.exec(ctx, "DELETE FROM collection WHERE num = $1", c.Num))
	})
	for err == nil {
		var n int64
		err = s.change(ctx, 10_000, func(ctx context.Context, t *tx) error {
			n = 0
			for _, spec := range specs {
				k, err := t.exec(ctx, "DELETE FROM object WHERE added IN (SELECT added FROM object"+s.d.hint(indexSpec)+" WHERE collection = $1 AND spec = $2 LIMIT 10000)", c.Num, spec)
				if err != nil {
					return err
				}
				n += k
			}
			return nil
		})
		if n == 0 {
			break
		}
	}
	return err
}

// PutMember makes a member or changes its password hash.
func (s *Store) PutMember(ctx context.Context, m Member) error {
	disabled := 0
	if m.Disabled {
		disabled = 1
	}
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO member (name, password, disabled) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET password = excluded.password, disabled = excluded.disabled`, m.Name, m.Password, disabled)
		return err
	})
}

// RemoveMember removes a member with credentials and grants.
func (s *Store) RemoveMember(ctx context.Context, name string) error {
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		for _, text := range []string{"DELETE FROM grants WHERE member = $1", "DELETE FROM credential WHERE member = $1"} {
			if _, err := t.exec(ctx, text, name); err != nil {
				return err
			}
		}
		return must(t.exec(ctx, "DELETE FROM member WHERE name = $1", name))
	})
}

// PutCredential gives a member a token or a certificate.
func (s *Store) PutCredential(ctx context.Context, x Credential) error {
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO credential (kind, digest, member, label, expires) VALUES ($1, $2, $3, $4, $5)", x.Kind, x.Digest, x.Member, x.Label, int64(x.Expires))
		return err
	})
}

// RemoveCredential takes away those of a member with a label, and says how
// many there were.
func (s *Store) RemoveCredential(ctx context.Context, member, label string) error {
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		return must(t.exec(ctx, "DELETE FROM credential WHERE member = $1 AND label = $2", member, label))
	})
}

// PutGrant says what a member may do with a collection; nothing removes it.
func (s *Store) PutGrant(ctx context.Context, member string, c Collection, g Grant) error {
	bit := map[bool]int{true: 1}
	return s.configure(ctx, func(ctx context.Context, t *tx) error {
		if g == (Grant{}) {
			_, err := t.exec(ctx, "DELETE FROM grants WHERE member = $1 AND collection = $2", member, c.Num)
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO grants (member, collection, can_read, can_write) VALUES ($1, $2, $3, $4)
			ON CONFLICT (member, collection) DO UPDATE SET can_read = excluded.can_read, can_write = excluded.can_write`, member, c.Num, bit[g.Read], bit[g.Write])
		return err
	})
}
