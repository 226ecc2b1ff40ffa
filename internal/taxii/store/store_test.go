package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
)

// tool is one version of a tool; day is of its modification.
func tool(n, day int, spec string) object.Object {
	id := fmt.Sprintf("tool--00000000-0000-4000-8000-%012d", n)
	said := ""
	if spec == "2.1" {
		said = `"spec_version":"2.1",`
	}
	return parse(fmt.Sprintf(`{"type":"tool",%s"id":%q,"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-%02dT00:00:00.000Z","name":"t","labels":["x"]}`, said, id, day))
}

func parse(s string) object.Object {
	o, err := object.Parse([]byte(s))
	if err != nil {
		panic(err)
	}
	return o
}

func add(t *testing.T, s *Store, c Collection, objects ...object.Object) taxii.Status {
	t.Helper()
	status, err := s.Add(t.Context(), c, "m", objects, nil)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// names are the objects of a page as tool number and day of version.
func names(t *testing.T, s *Store, c Collection, f taxii.Filter) []string {
	t.Helper()
	var out []string
	after := taxii.Time(0)
	for {
		list, more, err := s.Page(t.Context(), c, f, after, 3, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Added <= after {
				t.Errorf("%s was added at %v, not after %v", e.ID, e.Added, after)
			}
			after = e.Added
			out = append(out, strings.TrimLeft(e.ID[len(e.ID)-12:], "0")+"@"+e.Text[8:10]+"/"+e.Spec)
		}
		if !more {
			return out
		}
	}
}

func collection(t *testing.T, s *Store) Collection {
	t.Helper()
	c, err := s.AddCollection(t.Context(), Collection{Root: "r", Title: "t"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestVersions: what each filter sees of objects in several versions of
// themselves and of STIX.
func TestVersions(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		c, other := collection(t, s), collection(t, s)
		add(t, s, other, tool(1, 9, "2.1"))
		add(t, s, c, tool(1, 2, "2.1"), tool(2, 1, "2.1"), tool(3, 5, "2.0"))
		add(t, s, c, tool(1, 4, "2.1"), tool(3, 3, "2.1"), tool(3, 1, "2.1"))
		add(t, s, c, tool(1, 3, "2.1")) // added last, not the newest
		id1 := tool(1, 1, "2.1").ID
		day := func(n int) taxii.Time { return taxii.Now(time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC)) }
		tests := []struct {
			name string
			f    taxii.Filter
			want string
		}{
			{"default", taxii.Filter{Last: true}, "2@01/2.1 1@04/2.1 3@03/2.1"},
			{"first", taxii.Filter{First: true}, "1@02/2.1 2@01/2.1 3@01/2.1"},
			{"first and last", taxii.Filter{First: true, Last: true}, "1@02/2.1 2@01/2.1 1@04/2.1 3@03/2.1 3@01/2.1"},
			{"all", taxii.Filter{All: true}, "1@02/2.1 2@01/2.1 1@04/2.1 3@03/2.1 3@01/2.1 1@03/2.1"},
			{"one version", taxii.Filter{Versions: []taxii.Time{day(3)}}, "3@03/2.1 1@03/2.1"},
			{"STIX 2.0", taxii.Filter{Last: true, Specs: []string{"2.0"}}, "3@05/2.0"},
			{"STIX 2.1", taxii.Filter{Last: true, Specs: []string{"2.1"}}, "2@01/2.1 1@04/2.1 3@03/2.1"},
			{"both STIX, last", taxii.Filter{Last: true, Specs: []string{"2.0", "2.1"}}, "2@01/2.1 3@05/2.0 1@04/2.1"},
			{"both STIX, all", taxii.Filter{All: true, Specs: []string{"2.0", "2.1"}}, "1@02/2.1 2@01/2.1 3@05/2.0 1@04/2.1 3@03/2.1 3@01/2.1 1@03/2.1"},
			{"STIX of the future", taxii.Filter{Last: true, Specs: []string{"3.0"}}, ""},
			{"id", taxii.Filter{Last: true, IDs: []string{id1}}, "1@04/2.1"},
			{"id, all", taxii.Filter{All: true, IDs: []string{id1, "tool--x"}}, "1@02/2.1 1@04/2.1 1@03/2.1"},
			{"id of another type", taxii.Filter{All: true, IDs: []string{id1}, Types: []string{"malware"}}, ""},
			{"types", taxii.Filter{Last: true, Types: []string{"malware", "tool"}}, "2@01/2.1 1@04/2.1 3@03/2.1"},
			{"type not there", taxii.Filter{All: true, Types: []string{"malware"}}, ""},
		}
		for _, tt := range tests {
			if got := strings.Join(names(t, s, c, tt.f), " "); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
		// Without its newest version an object has another newest.
		n, err := s.Delete(t.Context(), c, taxii.Filter{Last: true, IDs: []string{id1}})
		if got := strings.Join(names(t, s, c, taxii.Filter{Last: true}), " "); n != 1 || err != nil || got != "2@01/2.1 3@03/2.1 1@03/2.1" {
			t.Errorf("after deletion of %d (%v): %s", n, err, got)
		}
		if n, err := s.Delete(t.Context(), c, taxii.Filter{All: true, IDs: []string{id1}}); n != 2 || err != nil {
			t.Errorf("deleted %d, %v", n, err)
		}
		if has, err := s.Has(t.Context(), c, id1); has || err != nil {
			t.Errorf("still there: %v %v", has, err)
		}
		if has, err := s.Has(t.Context(), other, id1); !has || err != nil {
			t.Errorf("gone from the other collection: %v %v", has, err)
		}
	})
}

// TestDuplicates: an exact duplicate is a success, another object of the same
// version is refused and does not replace the first (section 5.5).
func TestDuplicates(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		c := collection(t, s)
		u := parse(`{"type":"url","id":"url--8c6af861-7b20-41ef-9b59-6344fd872a8f","value":"https://example.com/"}`)
		turned := parse(`{"id":"url--8c6af861-7b20-41ef-9b59-6344fd872a8f","value":"https://example.com/","type":"url"}`)
		changed := parse(`{"type":"url","id":"url--8c6af861-7b20-41ef-9b59-6344fd872a8f","value":"https://example.org/"}`)
		first := add(t, s, c, tool(1, 1, "2.1"), tool(1, 1, "2.1"), u)
		if first.Success != 3 || first.Failure != 0 || first.Successes[1].Message != msgPresent {
			t.Errorf("first: %+v", first)
		}
		again := add(t, s, c, tool(1, 1, "2.1"), turned, changed)
		if again.Success != 2 || again.Failure != 1 || again.Failures[0].Message != msgDiffers || again.Successes[1].Version != first.Successes[2].Version {
			t.Errorf("again: %+v", again)
		}
		list, _, err := s.Page(t.Context(), c, taxii.Filter{Last: true}, 0, 10, true)
		if err != nil || len(list) != 2 || string(list[1].Body) != string(u.Body) {
			t.Errorf("%q %v", list, err)
		}
		b, err := s.Status(t.Context(), "r", "m", again.ID)
		if err != nil || !strings.Contains(string(b), msgDiffers) {
			t.Errorf("status: %s %v", b, err)
		}
		if _, err := s.Status(t.Context(), "r", "somebody else", again.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's status: %v", err)
		}
	})
}

// TestClock: a clock that stands still or goes back gives no time twice and
// none that a reader has gone past, also after a restart.
func TestClock(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		o := Options{Now: func() time.Time { return now }}
		s := open(t, source, o)
		c := collection(t, s)
		add(t, s, c, tool(1, 1, "2.1"), tool(2, 1, "2.1"))
		now = now.Add(-time.Hour)
		add(t, s, c, tool(3, 1, "2.1"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, source, o)
		add(t, s, c, tool(4, 1, "2.1"))
		list, _, err := s.Page(t.Context(), c, taxii.Filter{Last: true}, 0, 10, false)
		var at []string
		for _, e := range list {
			at = append(at, e.Added.String()[11:])
		}
		if want := []string{"08:00:00.000000Z", "08:00:00.000001Z", "08:00:00.000002Z", "08:00:00.000003Z"}; err != nil || !slices.Equal(at, want) {
			t.Errorf("added %v, want %v; %v", at, want, err)
		}
	})
}

// TestManyWriters: writers at once lose nothing, and a reader who follows sees
// each object exactly once.
func TestManyWriters(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		c := collection(t, s)
		const writers, each = 8, 20
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					if _, err := s.Add(t.Context(), c, "m", []object.Object{tool(1+w*each+i, 1, "2.1")}, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		seen := map[string]int{}
		after := taxii.Time(0)
		for last := false; ; {
			select {
			case <-done:
				last = true
			default:
			}
			list, _, err := s.Page(t.Context(), c, taxii.Filter{Last: true}, after, 1000, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				seen[e.ID]++
				after = e.Added
			}
			if last && len(list) == 0 {
				break
			}
		}
		if len(seen) != writers*each {
			t.Errorf("a reader who followed saw %d objects, want %d", len(seen), writers*each)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was seen %d times", id, n)
			}
		}
	})
}

// TestConfig: what an administrator sets is there after a restart.
func TestConfig(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		ctx := t.Context()
		c := collection(t, s)
		steps := []error{
			s.PutRoot(ctx, Root{Name: "r", Title: "one", MaxContent: 10}), s.PutRoot(ctx, Root{Name: "r", Title: "two", MaxContent: 20}),
			s.PutMember(ctx, Member{Name: "ann", Password: "h"}), s.PutMember(ctx, Member{Name: "bob", Password: "h", Disabled: true}),
			s.PutCredential(ctx, Credential{Kind: "token", Digest: "ab", Member: "ann", Label: "laptop", Expires: 5}),
			s.PutGrant(ctx, "ann", c, Grant{Read: true, Write: true}), s.PutGrant(ctx, "bob", c, Grant{Read: true}), s.PutGrant(ctx, Everyone, c, Grant{Read: true}),
			s.RemoveMember(ctx, "bob"),
		}
		if err := errors.Join(steps...); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveMember(ctx, "bob"); !errors.Is(err, ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if _, err := s.AddCollection(ctx, Collection{Root: "r", ID: c.ID}); !errors.Is(err, ErrExists) {
			t.Errorf("added twice: %v", err)
		}
		_ = s.Close()
		s = open(t, source, Options{})
		got, err := s.Config(ctx)
		if err != nil || len(got.Roots) != 1 || got.Roots[0].Title != "two" || len(got.Collections) != 1 || got.Members["bob"] != nil ||
			got.Members["ann"].Grants[c.Num] != (Grant{true, true}) || got.Members[Everyone].Grants[c.Num] != (Grant{Read: true}) || got.Credentials["token:ab"].Member != "ann" {
			t.Errorf("%+v %v", got, err)
		}
		add(t, s, c, tool(1, 1, "2.1"))
		if err := s.RemoveCollection(ctx, c); err != nil {
			t.Fatal(err)
		}
		if list, _, err := s.Page(ctx, c, taxii.Filter{All: true}, 0, 10, false); err != nil || len(list) != 0 {
			t.Errorf("a removed collection has %d objects, %v", len(list), err)
		}
	})
}

// TestImport: objects keep the times they were added at; of two at one moment
// the second is a microsecond later.
func TestImport(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		c := collection(t, s)
		at := taxii.Now(time.Date(2017, 1, 27, 13, 49, 59, 997000000, time.UTC))
		_, err := s.Import(t.Context(), c, "m", []Added{{tool(1, 1, "2.1"), at}, {tool(2, 1, "2.1"), at}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := s.Page(t.Context(), c, taxii.Filter{Last: true}, 0, 10, false)
		if err != nil || len(list) != 2 || list[0].Added != at || list[1].Added != at+1 {
			t.Errorf("%+v %v", list, err)
		}
		// An object that was added at the moment of its version keeps how that is written.
		_, err = s.Import(t.Context(), c, "m", []Added{{tool(3, 7, "2.1"), tool(3, 7, "2.1").Version}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if list, _, err = s.Page(t.Context(), c, taxii.Filter{Last: true, IDs: []string{tool(3, 7, "2.1").ID}}, 0, 10, false); err != nil || list[0].Text != "2026-01-07T00:00:00.000Z" {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// TestFull: a store that may not grow refuses a write as ErrFull, keeps what it
// acknowledged, and takes writes again when there is room.
func TestFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taxii.db")
	s := open(t, file, Options{MaxBytes: 1 << 20})
	c := collection(t, s)
	acknowledged := 0
	var err error
	for n := 0; n < 200 && err == nil; n++ {
		var list []object.Object
		for i := range 100 {
			list = append(list, tool(1+n*100+i, 1, "2.1"))
		}
		if _, err = s.Add(t.Context(), c, "m", list, nil); err == nil {
			acknowledged += len(list)
		}
	}
	if !errors.Is(err, ErrFull) || acknowledged == 0 {
		t.Fatalf("after %d objects: %v, want ErrFull", acknowledged, err)
	}
	count := func() int { return len(names(t, s, c, taxii.Filter{Last: true})) }
	if n := count(); n != acknowledged {
		t.Errorf("%d objects, %d were acknowledged", n, acknowledged)
	}
	_ = s.Close()
	s = open(t, file, Options{})
	add(t, s, c, tool(999_999, 1, "2.1"))
	if n := count(); n != acknowledged+1 {
		t.Errorf("%d objects after there was room, want %d", n, acknowledged+1)
	}
}

// TestFullDisk is TestFull on a disk that is really full.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", dir).Run(); err != nil {
		t.Skipf("cannot mount a small disk: %v", err)
	}
	defer func() { _ = exec.Command("umount", "-l", dir).Run() }()
	s := open(t, filepath.Join(dir, "taxii.db"), Options{})
	c := collection(t, s)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	var err error
	for n := 0; n < 200 && err == nil; n++ {
		var list []object.Object
		for i := range 100 {
			list = append(list, tool(1+n*100+i, 1, "2.1"))
		}
		if _, err = s.Add(t.Context(), c, "m", list, nil); err == nil {
			acknowledged += len(list)
		}
	}
	if !errors.Is(err, ErrFull) || acknowledged == 0 {
		t.Fatalf("after %d objects: %v, want ErrFull", acknowledged, err)
	}
	if n := len(names(t, s, c, taxii.Filter{Last: true})); n != acknowledged {
		t.Errorf("%d objects, %d were acknowledged", n, acknowledged)
	}
	// Room again, in the same process.
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	add(t, s, c, tool(999_999, 1, "2.1"))
	if n := len(names(t, s, c, taxii.Filter{Last: true})); n != acknowledged+1 {
		t.Errorf("%d objects after there was room, want %d", n, acknowledged+1)
	}
	_ = s.Close()
}
