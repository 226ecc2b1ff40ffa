package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"longwatch/internal/record"
)

// visit is a record with a few fields.
type visit struct {
	record.Head
	Name string   `rec:"name" ent:"domain,queried"` // looked up
	N    uint64   `rec:"n"`                         // any number
	List []string `rec:"list" ent:"address"`        // answers
}

var visitType = record.Of[visit]("visit")

// RecordType is the schema.
func (*visit) RecordType() *record.Type { return visitType }

func line(i int) string {
	v := &visit{Head: record.Head{TS: record.Time(1_700_000_000+i) * 1e9, Ref: record.Ref{File: "e.pcap", Kind: record.RefOffset, Pos: int64(24 + i)}}, Name: fmt.Sprintf("n%d.example", i), N: uint64(i)}
	return string(record.AppendRefJSON(visitType.AppendJSON(nil, v), v.Ref)) + "\n"
}

// read writes data as a file of a folder, finds it there and reads it.
func read(t testing.TB, name string, data []byte, opt Options) (names []string, refs []record.Ref, s Stats, err error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	files, _, err := Find(dir)
	if err != nil || len(files) != 1 || files[0].Type != "visit" {
		t.Fatalf("found %+v: %v", files, err)
	}
	s, err = files[0].Read(t.Context(), visitType, opt, func(r record.Record) {
		names = append(names, r.(*visit).Name)
		refs = append(refs, r.Base().Ref)
	})
	return names, refs, s, err
}

func TestFormsOfLines(t *testing.T) {
	plain := []byte(line(1) + line(2))
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	_, _ = g.Write(plain)
	_ = g.Close()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"visit.jsonl": plain, "visit.jsonl.gz": z.Bytes(), "visit.jsonl.zst": enc.EncodeAll(plain, nil)} {
		names, refs, s, err := read(t, name, data, Options{})
		if err != nil || s != (Stats{Rows: 2}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if d := cmp.Diff([]string{"n1.example", "n2.example"}, names); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if refs[1] != (record.Ref{File: "e.pcap", Kind: record.RefOffset, Pos: 26}) {
			t.Errorf("%s: %v", name, refs)
		}
	}
}

// TestDamagedLines: the rest is read, and what was lost is told with its place.
func TestDamagedLines(t *testing.T) {
	data := line(1) + "{\"ts\":\n\n" + strings.Repeat("x", maxLine+1) + "\n" + line(2) + line(3)[:30]
	names, _, s, err := read(t, "visit.jsonl", []byte(data), Options{})
	if err != nil || len(names) != 2 || s.Rows != 2 || s.Damaged != 3 || !strings.HasPrefix(s.First, "visit.jsonl line 2: ") {
		t.Errorf("%v %+v %v", names, s, err)
	}
	names, _, _, err = read(t, "visit.jsonl.gz", []byte("\x1f\x8b\x08\x00no"), Options{})
	if err == nil || names != nil {
		t.Errorf("a broken archive gave %v", names)
	}
}

func TestTimes(t *testing.T) {
	names, _, s, err := read(t, "visit.jsonl", []byte(line(1)+line(2)+line(3)), Options{Since: 1_700_000_002e9, Until: 1_700_000_003e9})
	if err != nil || s.Rows != 1 || len(names) != 1 || names[0] != "n2.example" {
		t.Errorf("%v %+v %v", names, s, err)
	}
}

// FuzzLines: every line that says something is a record or is told as damage.
func FuzzLines(f *testing.F) {
	f.Add([]byte(line(1) + "\n{}\n" + line(2)[:20]))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, _, s, err := read(t, "visit.jsonl", data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		for l := range bytes.Lines(data) {
			if len(bytes.TrimSpace(l)) > 0 {
				want++
			}
		}
		if s.Rows+s.Damaged != want || int(s.Rows) != len(names) || (s.Damaged > 0) != (s.First != "") {
			t.Errorf("%d lines: %+v, %d records", want, s, len(names))
		}
	})
}
