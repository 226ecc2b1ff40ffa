package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is the top of the module.
const root = "../.."

// pkg is one folder with Go code.
type pkg struct {
	name    string // of the package clause
	doc     string // its package comment
	imports []string
	fuzz    bool
}

// packages reads every Go file of the module, by folder.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	out := map[string]*pkg{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || len(name) > 2 && strings.HasPrefix(name, ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		p := out[dir]
		if p == nil {
			p = &pkg{}
			out[dir] = p
		}
		p.add(f, strings.HasSuffix(file, "_test.go"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (p *pkg) add(f *ast.File, test bool) {
	if test {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				p.fuzz = true
			}
		}
		return
	}
	p.name = f.Name.Name
	if f.Doc != nil {
		p.doc += f.Doc.Text()
	}
	for _, i := range f.Imports {
		if name, err := strconv.Unquote(i.Path.Value); err == nil && strings.HasPrefix(name, "longwatch/") {
			p.imports = append(p.imports, strings.TrimPrefix(name, "longwatch/"))
		}
	}
}

// rank finds the rank of a folder: its own, or that of the longest parent.
func rank(dir string) (int, bool) {
	if r, ok := ranks[dir]; ok {
		return r, true
	}
	for up := path.Dir(dir); up != "."; up = path.Dir(up) {
		if r, ok := ranks[up+"/"]; ok {
			return r, true
		}
	}
	return 0, false
}

// TestImportsPointDown: a package imports only what has a lower rank.
func TestImportsPointDown(t *testing.T) {
	for dir, p := range packages(t) {
		if p.name == "" {
			continue // tests only
		}
		from, ok := rank(dir)
		if !ok {
			t.Errorf("%s has no rank: give it one in ranks_test.go", dir)
			continue
		}
		for _, i := range p.imports {
			to, ok := rank(i)
			if _, allowed := siblings[[2]string{dir, i}]; ok && to >= from && !allowed {
				t.Errorf("%s (rank %d) imports %s (rank %d)", dir, from, i, to)
			}
		}
	}
}

// TestPackageComments: every package says what it is, once.
func TestPackageComments(t *testing.T) {
	for dir, p := range packages(t) {
		want := "Package " + p.name + " "
		if p.name == "main" { // a command says what it does: "Command longwatch finds", "Lists writes"
			want = ""
		}
		if p.name != "" && (p.doc == "" || !strings.HasPrefix(p.doc, want)) {
			t.Errorf("%s: the package comment begins %.40q, want %q", dir, p.doc, want)
		}
		if want != "" && strings.Count(p.doc, want) > 1 {
			t.Errorf("%s has two package comments", dir)
		}
	}
}

// TestNames: a package is named after what it gives.
func TestNames(t *testing.T) {
	for dir, p := range packages(t) {
		for _, bad := range []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "base", "shared", "lib"} {
			if p.name == bad || path.Base(dir) == bad {
				t.Errorf("%s: call it after its subject", dir)
			}
		}
	}
}

// TestFuzzed: whatever reads outside bytes has a fuzz target.
func TestFuzzed(t *testing.T) {
	all := packages(t)
	for dir, p := range all {
		reader := slices.Contains(readers, dir) || slices.Contains(readers, path.Dir(dir)+"/") && !strings.HasSuffix(dir, "test")
		if reader && !p.fuzz && unfuzzed[dir] == "" {
			t.Errorf("%s has no fuzz target", dir)
		}
	}
	for _, r := range readers {
		if _, ok := all[strings.TrimSuffix(r, "/")]; !ok {
			t.Errorf("%s is gone: take it from the list", r)
		}
	}
}

// TestProvenance: profiles, indicators and rules say where they come from.
func TestProvenance(t *testing.T) {
	campaigns, err := filepath.Glob(root + "/content/campaigns/*")
	if err != nil || len(campaigns) == 0 {
		t.Fatalf("no campaigns: %v", err)
	}
	for _, dir := range campaigns {
		var profile struct {
			ID, Status string
			Sources    []struct{ Title, Publisher, Date, TLP string }
		}
		load(t, dir+"/profile.yaml", &profile)
		if profile.ID != filepath.Base(dir) || profile.Status != "sourced" && profile.Status != "unverified" || len(profile.Sources) == 0 {
			t.Errorf("%s: id %q, status %q, %d sources", dir, profile.ID, profile.Status, len(profile.Sources))
		}
		for _, s := range profile.Sources {
			if s.Title == "" || s.Publisher == "" || s.TLP != "clear" {
				t.Errorf("%s: source %+v needs a title, a publisher and TLP clear", dir, s)
			}
		}
		var indicators struct {
			Indicators []struct{ Value, Source string }
		}
		if _, err := os.Stat(dir + "/indicators.yaml"); err == nil {
			load(t, dir+"/indicators.yaml", &indicators)
		}
		for _, i := range indicators.Indicators {
			if i.Source == "" {
				t.Errorf("%s: indicator %q names no source", dir, i.Value)
			}
		}
	}
	err = filepath.WalkDir(root+"/content/rules", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".yml") {
			return err
		}
		var rule struct{ ID, Author string }
		load(t, file, &rule)
		if rule.ID == "" || rule.Author == "" {
			t.Errorf("%s: id %q, author %q", file, rule.ID, rule.Author)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(b, v)
	}
	if err != nil {
		t.Error(fmt.Errorf("%s: %w", file, err))
	}
}
