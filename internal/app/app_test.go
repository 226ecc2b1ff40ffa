package app

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"longwatch/internal/app/apptest"
	"longwatch/internal/ordered"
	"longwatch/internal/record"
)

// silent is a Progress that shows nothing.
type silent struct{}

func (silent) Start(int, int64) {}
func (silent) Read(int64)       {}
func (silent) File(string)      {}
func (silent) Phase(string)     {}
func (silent) Done()            {}

// tree is the content of every file below dir.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// same fails when two runs left different files, showing the first difference.
func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for name := range want {
		if want[name] == got[name] {
			continue
		}
		a, b := strings.Split(want[name], "\n"), strings.Split(got[name], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Errorf("%s: %s line %d:\n%.600s\n%.600s", what, name, i+1, a[i], b[i])
				break
			}
		}
		t.Errorf("%s: %s differs: %d and %d lines", what, name, len(a), len(b))
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is new", what, name)
		}
	}
}

// TestSameBytes: the same evidence gives the same bytes of every file, whatever
// the number of jobs and the memory; and evidence is left as it was.
func TestSameBytes(t *testing.T) {
	evidence := t.TempDir()
	if err := apptest.Write(evidence); err != nil {
		t.Fatal(err)
	}
	before := tree(t, evidence)
	type setting struct {
		name   string
		jobs   int
		memory int64
	}
	settings := []setting{{"one job", 1, 1 << 30}, {"four jobs", 4, 1 << 30}, {"little memory", 4, 64 << 20}}
	runs := map[string]func(c Config) error{
		"hunt": func(c Config) error {
			cf, err := Hunt(context.Background(), c, silent{})
			if err != nil {
				return err
			}
			if len(cf.Records) == 0 || len(cf.Evidence) < 10 {
				t.Errorf("%d record files from %d files of evidence", len(cf.Records), len(cf.Evidence))
			}
			_, err = WriteCase(cf, c.Out)
			return err
		},
		"records": func(c Config) error { _, err := Records(context.Background(), c, silent{}); return err },
		"scan": func(c Config) error {
			cf, err := Scan(context.Background(), c, silent{})
			if err != nil {
				return err
			}
			_, err = WriteCase(cf, c.Out)
			return err
		},
	}
	for name, run := range runs {
		var want map[string]string
		for _, s := range settings {
			c := Default()
			c.Paths, c.Out, c.Jobs, c.Memory = []string{evidence}, filepath.Join(t.TempDir(), "out"), s.jobs, s.memory
			if err := run(c); err != nil {
				t.Fatalf("%s, %s: %v", name, s.name, err)
			}
			got := tree(t, c.Out)
			if want == nil {
				want = got
			}
			same(t, name+", "+s.name, want, got)
		}
	}
	same(t, "evidence", before, tree(t, evidence))
}

// TestAgain: a second run into the same folder leaves what a first one would.
func TestAgain(t *testing.T) {
	evidence, out := t.TempDir(), filepath.Join(t.TempDir(), "case")
	if err := apptest.Write(evidence); err != nil {
		t.Fatal(err)
	}
	run := func(path, out string) {
		c := Default()
		c.Paths, c.Out = []string{path}, out
		cf, err := Hunt(context.Background(), c, silent{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := WriteCase(cf, c.Out); err != nil {
			t.Fatal(err)
		}
	}
	run(filepath.Join(evidence, "linux"), out)
	run(filepath.Join(evidence, "web"), out)
	fresh := filepath.Join(t.TempDir(), "case")
	run(filepath.Join(evidence, "web"), fresh)
	same(t, "second run", tree(t, fresh), tree(t, out))
}

// TestApart: evidence is safe from the output, by whatever way it is named.
func TestApart(t *testing.T) {
	dir := t.TempDir()
	if err := apptest.Write(dir); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	before := tree(t, dir)
	for _, tt := range []struct{ out, path string }{
		{dir, dir},
		{dir, filepath.Join(dir, "web", "access.log")},
		{link, filepath.Join(dir, "web")},
		{dir, link},
		{filepath.Join(dir, "web"), filepath.Join(dir, "linux", "..", "web", "root")},
	} {
		c := Default()
		c.Force, c.Out, c.Paths = true, tt.out, []string{tt.path}
		if _, err := Records(context.Background(), c, silent{}); err == nil || !strings.Contains(err.Error(), "lies in the output folder") {
			t.Errorf("-o %s with evidence %s: error %v", tt.out, tt.path, err)
		}
	}
	same(t, "evidence", before, tree(t, dir))
	c := Default() // results below the evidence are not read as evidence
	c.Paths, c.Out = []string{dir}, filepath.Join(dir, "case")
	for range 2 {
		cf, err := Hunt(context.Background(), c, silent{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := WriteCase(cf, c.Out); err != nil {
			t.Fatal(err)
		}
		for _, e := range cf.Evidence {
			if strings.HasPrefix(e.Path, c.Out) {
				t.Errorf("read its own %s", e.Path)
			}
		}
	}
}

// TestRecordTypes: names of record files are not shared by two types, and every
// type survives being spilled to disk and read back.
func TestRecordTypes(t *testing.T) {
	byName := map[string]*record.Type{}
	all := recordTypes()
	for _, p := range protocols {
		for _, ty := range p.Emits {
			if x := byName[ty.Name]; x != nil && x != ty {
				t.Errorf("protocol %s: two record types are called %q", p.Name, ty.Name)
			}
			byName[ty.Name] = ty
		}
	}
	for _, f := range formats {
		for _, ty := range f.Emits {
			if x := byName[ty.Name]; x != nil && x != ty {
				t.Errorf("format %s: two record types are called %q", f.Name, ty.Name)
			}
			byName[ty.Name] = ty
		}
	}
	for name, ty := range all {
		t.Run(name, func(t *testing.T) {
			b := ordered.New(t.TempDir(), 1)
			l := b.Lane()
			var want []string
			for i := range 3 {
				r := ty.New()
				fill(reflect.ValueOf(r).Elem(), i)
				r.Base().TS = record.Time(i + 1)
				r.Base().Ref.File = strings.Repeat("f", 1<<20) // more than a share: spilled at once
				want = append(want, string(ty.AppendJSON(nil, r)))
				l.Put(r)
			}
			var got []string
			if err := b.Replay(all, func(r record.Record) { got = append(got, string(ty.AppendJSON(nil, r))) }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after spilling (-want +got):\n%s", diff)
			}
		})
	}
}

// fill sets every field of v to something that differs from zero when i does.
func fill(v reflect.Value, i int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("s", i))
	case reflect.Bool:
		v.SetBool(i%2 == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(i))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(i))
	case reflect.Float64:
		v.SetFloat(float64(i) / 2)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), i, i))
		for k := range i {
			fill(v.Index(k), i)
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				fill(f, i)
			}
		}
	default:
	}
}

// TestSinceUntil: records outside the time asked for are left out.
func TestSinceUntil(t *testing.T) {
	evidence := t.TempDir()
	if err := apptest.Write(evidence); err != nil {
		t.Fatal(err)
	}
	c := Default()
	c.Paths, c.Out = []string{evidence}, filepath.Join(t.TempDir(), "out")
	c.Since = record.TimeOf(time.Date(2026, 3, 2, 8, 10, 0, 0, time.UTC))
	c.Until = record.TimeOf(time.Date(2026, 3, 2, 8, 20, 0, 0, time.UTC))
	cf, err := Records(context.Background(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if cf.Span.Start < c.Since || cf.Span.End >= c.Until {
		t.Errorf("records from %v to %v, asked for %v to %v", cf.Span.Start, cf.Span.End, c.Since, c.Until)
	}
}
