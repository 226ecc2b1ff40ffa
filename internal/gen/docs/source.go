package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// module is the import path that source is asked about.
const module = "longwatch/"

// source finds comments in the module's own code.
type source struct {
	root string
	pkgs map[string]*comments
}

// comments are those of one package.
type comments struct {
	pkg    string
	types  map[string]string // by type
	fields map[string]string // by type.field
}

func newSource(root string) *source { return &source{root, map[string]*comments{}} }

// of reads the package with that import path; once.
func (s *source) of(path string) (*comments, error) {
	if c := s.pkgs[path]; c != nil {
		return c, nil
	}
	dir := filepath.Join(s.root, filepath.FromSlash(strings.TrimPrefix(path, module)))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	c := &comments{types: map[string]string{}, fields: map[string]string{}}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		c.read(f)
	}
	if c.pkg == "" {
		return nil, fmt.Errorf("%s has no package comment", path)
	}
	s.pkgs[path] = c
	return c, nil
}

func (c *comments) read(f *ast.File) {
	if f.Doc != nil {
		c.pkg = f.Doc.Text()
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			text := t.Doc.Text()
			if text == "" {
				text = g.Doc.Text()
			}
			c.types[t.Name.Name] = text
			if st, ok := t.Type.(*ast.StructType); ok {
				c.readFields(t.Name.Name, st)
			}
		}
	}
}

func (c *comments) readFields(owner string, st *ast.StructType) {
	for _, f := range st.Fields.List {
		text := f.Comment.Text()
		if text == "" {
			text = f.Doc.Text()
		}
		for _, n := range f.Names {
			c.fields[owner+"."+n.Name] = sentence(text)
		}
	}
}

// summary is the first paragraph of a comment, as one line.
func summary(comment string) string {
	first, _, _ := strings.Cut(comment, "\n\n")
	return sentence(first)
}

// withoutName is a comment as text: without the name that Go's comments begin
// with, and without code.
func withoutName(comment string) string {
	s := strings.TrimPrefix(comment, "Package ")
	if _, rest, ok := strings.Cut(s, " "); ok {
		s = rest
	}
	for _, verb := range []string{"is ", "are "} {
		s = strings.TrimPrefix(s, verb)
	}
	if s == "" {
		return ""
	}
	return strings.TrimSpace(withoutCode(strings.ToUpper(s[:1]) + s[1:]))
}

// withoutCode leaves out indented lines; the sentence before them ends there.
func withoutCode(comment string) string {
	var out []string
	for line := range strings.SplitSeq(comment, "\n") {
		if !strings.HasPrefix(line, "\t") {
			out = append(out, line)
			continue
		}
		for i := range slices.Backward(out) {
			if out[i] != "" {
				if before, ok := strings.CutSuffix(out[i], ":"); ok {
					out[i] = before + "."
				}
				break
			}
		}
	}
	return blankLines.ReplaceAllString(strings.Join(out, "\n"), "\n\n")
}

var blankLines = regexp.MustCompile(`\n{3,}`)
