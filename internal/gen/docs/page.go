package main

import (
	"fmt"
	"strings"

	"longwatch/internal/app"
)

// page is one generated file; path is below the root of the module.
type page struct{ path, text string }

// render makes every generated page. root is the folder of the module, whose
// comments become explanations.
func render(root string) ([]page, error) {
	src := newSource(root)
	parts := app.Reference()
	var pages []page
	for _, p := range []struct {
		path string
		make func() (string, error)
	}{
		{folder + "/commands.md", commands},
		{folder + "/records.md", func() (string, error) { return records(src, parts) }},
		{folder + "/detectors.md", func() (string, error) { return detectors(src, parts) }},
		{folder + "/formats.md", func() (string, error) { return formats(src, parts) }},
		{folder + "/rules.md", rules},
		{folder + "/campaigns.md", campaigns},
		{folder + "/dossier-coverage.md", func() (string, error) { return dossiers(root, parts) }},
		{"CHANGELOG.md", func() (string, error) { return changelog(root) }},
	} {
		text, err := p.make()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.path, err)
		}
		pages = append(pages, page{p.path, text})
	}
	return pages, nil
}

// doc builds a page of Markdown.
type doc struct{ strings.Builder }

const notice = "<!-- Written by \"make docs\" from the program; change the source, not this page. -->\n"

func newDoc(title, lead string) *doc {
	d := &doc{}
	d.printf("# %s\n\n%s\n%s\n", title, notice, strings.TrimSpace(lead))
	return d
}

func (d *doc) printf(format string, args ...any) { _, _ = fmt.Fprintf(d, format, args...) }

func (d *doc) section(level int, title string) {
	d.printf("\n%s %s\n\n", strings.Repeat("#", level), title)
}

// table begins a table; row adds to it.
func (d *doc) table(heads ...string) {
	d.row(heads...)
	d.printf("|%s\n", strings.Repeat(" --- |", len(heads)))
}

func (d *doc) row(cells ...string) {
	for _, c := range cells {
		d.printf("| %s ", cell(c))
	}
	d.printf("|\n")
}

// cell keeps a text within its table cell.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

// code is s as code, or nothing.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// codes is a list as code.
func codes[S ~string](list []S) string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, code(string(s)))
	}
	return strings.Join(out, ", ")
}

// sentence is a comment as one line of text.
func sentence(s string) string { return strings.Join(strings.Fields(s), " ") }

// counted is n with the right form of what is counted.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
