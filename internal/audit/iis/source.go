package iis

import (
	"path"
	"strings"
)

// part is a file that holds one section, for another that names it by
// configSource.
type part struct {
	path string
	root *node
	used bool
}

// follow puts the sections that lie in other files where configSource, or file
// of appSettings, names them. What the evidence does not hold stays named only.
// https://learn.microsoft.com/dotnet/api/system.configuration.sectioninformation.configsource
func (a *audit) follow(f *config) {
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		for _, k := range n.kids {
			a.graft(f, k)
			if depth > 0 {
				walk(k, depth-1)
			}
		}
	}
	const deepest = 5 // location, section groups, section
	walk(f.root, deepest)
}

// graft puts one section in. The file lies beside the one that names it, or in
// a folder below: .NET refuses others.
func (a *audit) graft(f *config, n *node) {
	src := n.attr("configSource")
	if src == "" && strings.EqualFold(n.name, "appSettings") {
		src = n.attr("file")
	}
	rel := slashes(src)
	if src == "" || n.from != "" || strings.HasPrefix(rel, "/") || strings.Contains(rel, ":") {
		return
	}
	at := path.Join(f.dir, rel)
	p := a.parts[at]
	if p == nil || !within(at, f.dir) || !strings.EqualFold(p.root.name, n.name) {
		return
	}
	p.used = true
	n.attrs = append(n.attrs, p.root.attrs...)
	n.kids = append(n.kids, p.root.kids...)
	mark(p.root, p.path)
	n.from, n.line = p.path, p.root.line
}

// mark says of an element and all below that they stand in another file.
func mark(n *node, from string) {
	n.from = from
	for _, k := range n.kids {
		mark(k, from)
	}
}
