package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"longwatch/content"
	"longwatch/internal/rules/sigma"
)

const rulesLead = `The Sigma rules that are built in, by folder of ` + "`content/rules`" + `. All were written for Longwatch. ` + "`--rules`" + `
adds your own: see [how to add Sigma rules](../howto/add-sigma-rules.md). A finding's detector is ` + "`sigma:`" + ` and the rule's id.
`

// rules renders the built-in Sigma rules.
func rules() (string, error) {
	tree, err := fs.Sub(content.Rules, "rules")
	if err != nil {
		return "", err
	}
	engine, refused := sigma.Compile(tree)
	if len(refused) > 0 {
		return "", fmt.Errorf("%d built-in rules are refused, the first: %v", len(refused), refused[0])
	}
	byFolder := map[string][]*sigma.Rule{}
	var folders []string
	for _, r := range engine.Rules {
		f := path.Dir(r.File)
		if byFolder[f] == nil {
			folders = append(folders, f)
		}
		byFolder[f] = append(byFolder[f], r)
	}
	slices.Sort(folders)
	d := newDoc("Built-in rules", rulesLead)
	d.printf("\nThere are %s.\n", counted(len(engine.Rules), "rule", "rules"))
	for _, f := range folders {
		d.section(2, f)
		d.table("rule", "file", "level", "log source", "techniques", "dossier")
		slices.SortFunc(byFolder[f], func(a, b *sigma.Rule) int { return cmp.Compare(a.File, b.File) })
		for _, r := range byFolder[f] {
			d.row(r.Title, code(path.Base(r.File)), r.Level.String(), sourceOf(r.Source), codes(r.Techniques), strings.Join(r.Dossier, ", "))
		}
	}
	return d.String(), nil
}

// sourceOf is a log source in Sigma's words.
func sourceOf(s sigma.LogSource) string {
	var out []string
	for _, p := range []string{s.Product, s.Category, s.Service} {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " / ")
}
