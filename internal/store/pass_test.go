package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/record"
)

// TestReadOnce: every taker gets every record, with the fields that it wants, of
// one reading; what is damaged is told once, and the rest is read all the same.
func TestReadOnce(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"visit.jsonl": line(1) + "{broken\n" + line(2), "other.jsonl": line(9)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, _, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var sum uint64
	asked := 0
	byName := func(x *record.Type) (func(record.Record), func(*record.Field) bool) {
		asked++
		return func(r record.Record) { names = append(names, r.(*visit).Name) }, Fields("name")
	}
	byNumber := func(*record.Type) (func(record.Record), func(*record.Field) bool) {
		return func(r record.Record) { sum += r.(*visit).N }, Fields("n")
	}
	never := func(*record.Type) (func(record.Record), func(*record.Field) bool) { return nil, nil }
	p, err := ReadOnce(t.Context(), files, map[string]*record.Type{"visit": visitType}, never, byName, byNumber)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"n1.example", "n2.example"}, names); d != "" || sum != 3 {
		t.Errorf("%s, sum %d", d, sum)
	}
	if p.Files != asked || len(p.Damaged) != 1 || len(p.Notes) != 1 || !strings.Contains(p.Notes[0], "1 of visit.jsonl could not be read") {
		t.Errorf("%+v, asked %d times", p, asked)
	}
	if p, err := ReadOnce(t.Context(), files, map[string]*record.Type{"visit": visitType}, never); err != nil || p.Files != 0 || p.Records != 0 {
		t.Errorf("nobody wanted any, and %+v was read: %v", p, err)
	}
}
