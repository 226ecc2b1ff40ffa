package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/object"
)

// TestLoad: what is loaded is read as if it had been added, in several versions
// too; what is there already counts as that, and another object under the same
// version is refused.
func TestLoad(t *testing.T) {
	both(t, func(t *testing.T, source string) {
		s := open(t, source, Options{})
		c := collection(t, s)
		changed := parse(strings.Replace(string(tool(2, 1, "2.1").Body), `"name":"t"`, `"name":"u"`, 1))
		bare := parse(`{"type":"url","id":"url--00000000-0000-4000-8000-000000000009","value":"https://example.com/"}`)
		list := []object.Object{tool(1, 2, "2.1"), tool(2, 1, "2.1"), tool(1, 4, "2.1"), tool(3, 5, "2.0"), tool(3, 3, "2.1"), tool(2, 1, "2.1"), changed, bare, bare}
		got, err := s.Load(t.Context(), c, slices.Values(list))
		if err != nil || got.Objects != 6 || got.Again != 2 || got.Differs != 1 || len(got.Refused) != 1 || got.Refused[0].ID != changed.ID {
			t.Fatalf("%+v %v", got, err)
		}
		tests := []struct {
			name string
			f    taxii.Filter
			want string
		}{
			{"default", taxii.Filter{Last: true, Types: []string{"tool"}}, "2@01/2.1 1@04/2.1 3@03/2.1"},
			{"two types", taxii.Filter{Last: true, Types: []string{"tool", "x-none"}}, "2@01/2.1 1@04/2.1 3@03/2.1"},
			{"all", taxii.Filter{All: true, Types: []string{"tool"}, Specs: []string{"2.0", "2.1"}}, "1@02/2.1 2@01/2.1 1@04/2.1 3@05/2.0 3@03/2.1"},
			{"STIX 2.0", taxii.Filter{Last: true, Specs: []string{"2.0"}}, "3@05/2.0"},
		}
		for _, tt := range tests {
			if names := strings.Join(names(t, s, c, tt.f), " "); names != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, names, tt.want)
			}
		}
		page, _, err := s.Page(t.Context(), c, taxii.Filter{Last: true}, 0, 10, true)
		if err != nil || len(page) != 4 || string(page[0].Body) != string(tool(2, 1, "2.1").Body) {
			t.Errorf("%d objects, %v", len(page), err)
		}
		// Adding goes on as ever.
		if status := add(t, s, c, tool(1, 4, "2.1"), bare, tool(1, 6, "2.1")); status.Success != 3 {
			t.Errorf("%+v", status)
		}
		if names := strings.Join(names(t, s, c, taxii.Filter{Last: true, Types: []string{"tool"}}), " "); names != "2@01/2.1 3@03/2.1 1@06/2.1" {
			t.Errorf("after adding: %s", names)
		}
		if _, err := s.Load(t.Context(), c, slices.Values(list)); !errors.Is(err, ErrExists) {
			t.Errorf("a load into a store with objects: %v, want ErrExists", err)
		}
	})
}

// TestLoadBrokenOff: a store that was half loaded serves nothing as if it were
// whole, and is whole when it was loaded again.
func TestLoadBrokenOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taxii.db")
	s := open(t, file, Options{})
	c := collection(t, s)
	if err := s.beginLoad(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.change(t.Context(), 1, func(ctx context.Context, x *tx) error {
		r := row{added: 5, collection: c.Num, id: "tool--x", typ: "tool", spec: "2.1", version: 5, topspec: 1, last: 1, body: []byte("{}")}
		return x.d.insert(ctx, x, []row{r})
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if _, err := Open(t.Context(), file, Options{}); !errors.Is(err, ErrLoading) {
		t.Fatalf("opened: %v, want ErrLoading", err)
	}
	s = open(t, file, Options{Loading: true})
	if _, err := s.Load(t.Context(), c, slices.Values([]object.Object{tool(1, 1, "2.1")})); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	s = open(t, file, Options{})
	if got := strings.Join(names(t, s, c, taxii.Filter{Last: true}), " "); got != "1@01/2.1" {
		t.Errorf("%s, want 1@01/2.1 and nothing of what was broken off", got)
	}
}
