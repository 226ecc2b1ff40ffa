package yara

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"longwatch/internal/rules/yara/module"
	"longwatch/internal/rules/yara/search"
	"longwatch/internal/rules/yara/syntax"
)

// Bounds of a tree of rules.
const (
	maxSource  = 64 << 20 // bytes of one file
	maxInclude = 16       // files that include each other
	maxShown   = 80       // bytes of a string's text that are kept to show
)

// IsSource tells by its name whether a file has rules of this language.
func IsSource(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yar" || ext == ".yara"
}

// compiler collects the rules of a tree.
type compiler struct {
	tree    fs.FS
	number  int // of the tree
	options Options
	parsed  map[string]*syntax.File
	out     Rules
	seen    map[string]bool // rules by place: those compiled before are not reported again
	refused []Refusal
	owner   map[string]string // rules by name: the one file that has it, empty when several do
	spaces  map[string]*namespace
	x       indexer
}

// namespace is one root file with what it includes: names are known within it.
type namespace struct {
	compiler *compiler
	name     string
	imports  map[string]*module.Module
	rules    map[string]*Rule
	lost     map[string]bool // rules that cannot be used
	order    []*Rule
}

// Compile compiles every .yar and .yara file of some trees, in order of paths.
// Each file is a namespace of its own, as when it is loaded by itself: two
// files can have rules of one name. A file that only includes others of its
// tree is an index of them, and adds nothing.
func Compile(o Options, trees ...fs.FS) (*Rules, []Refusal) {
	c := &compiler{options: o}
	c.out.externals = o.Externals
	for i, tree := range trees {
		c.tree, c.number = tree, i
		c.parsed, c.seen, c.owner, c.spaces = map[string]*syntax.File{}, map[string]bool{}, map[string]string{}, map[string]*namespace{}
		c.compileTree()
	}
	c.finish()
	return &c.out, c.refused
}

func (c *compiler) compileTree() {
	var names []string
	err := fs.WalkDir(c.tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			c.refuse(Refusal{File: name, Why: err.Error()})
			return nil
		}
		if !d.IsDir() && IsSource(name) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		c.refuse(Refusal{File: ".", Why: err.Error()})
	}
	for _, name := range names {
		c.own(c.parse(name))
	}
	for _, name := range names {
		if f := c.parsed[name]; f != nil && !c.isIndex(f, names) {
			c.root(f)
		}
	}
}

// refuse notes a refusal once: a file can be included by many.
func (c *compiler) refuse(r Refusal) {
	r.Tree = c.number
	if !slices.Contains(c.refused, r) {
		c.refused = append(c.refused, r)
	}
}

// own notes which rules a file has.
func (c *compiler) own(f *syntax.File) {
	if f == nil {
		return
	}
	for _, r := range f.Rules {
		if _, ok := c.owner[r.Name]; ok {
			c.owner[r.Name] = ""
			continue
		}
		c.owner[r.Name] = f.Name
	}
}

// isIndex tells whether a file only includes others that are compiled anyway.
func (c *compiler) isIndex(f *syntax.File, names []string) bool {
	if len(f.Rules) > 0 || len(f.Errors) > 0 || len(f.Includes) == 0 {
		return false
	}
	for _, i := range f.Includes {
		if _, ok := slices.BinarySearch(names, c.resolve(f.Name, i.Path)); !ok {
			return false
		}
	}
	return true
}

// parse reads a file once. A file that cannot be read is refused.
func (c *compiler) parse(name string) *syntax.File {
	if f, ok := c.parsed[name]; ok {
		return f
	}
	var f *syntax.File
	src, err := c.read(name)
	if err != nil {
		c.refuse(Refusal{File: name, Why: err.Error()})
	} else {
		f = syntax.Parse(name, string(src))
		for _, e := range f.Errors {
			c.refuse(Refusal{File: name, Line: e.Line, Rule: e.Rule, Why: e.Why})
		}
	}
	c.parsed[name] = f
	return f
}

func (c *compiler) read(name string) ([]byte, error) {
	info, err := fs.Stat(c.tree, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxSource {
		return nil, fmt.Errorf("yara: larger than %d bytes", maxSource)
	}
	return fs.ReadFile(c.tree, name)
}

// resolve is where an included file lies: beside the one that includes it or,
// failing that, below the root of the tree.
func (c *compiler) resolve(from, name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	beside := path.Join(path.Dir(from), name)
	if _, err := fs.Stat(c.tree, beside); err != nil && fs.ValidPath(path.Clean(name)) {
		if _, err := fs.Stat(c.tree, path.Clean(name)); err == nil {
			return path.Clean(name)
		}
	}
	return beside
}

// root compiles one file as a namespace, once.
func (c *compiler) root(f *syntax.File) {
	if c.spaces[f.Name] != nil {
		return
	}
	n := &namespace{compiler: c, name: f.Name, imports: map[string]*module.Module{}, rules: map[string]*Rule{}, lost: map[string]bool{}}
	c.spaces[f.Name] = n
	n.file(f, nil)
}

// file compiles a file into the namespace; above are the files it is included by.
func (n *namespace) file(f *syntax.File, above []string) {
	above = append(above[:len(above):len(above)], f.Name)
	for _, e := range f.Errors {
		n.lost[e.Rule] = true
	}
	for _, i := range f.Imports {
		m := module.Find(i.Name)
		if m == nil {
			n.refuse(f.Name, i.Line, "", "unknown module %q", i.Name)
			continue
		}
		n.imports[i.Name] = m
	}
	next := 0
	for _, i := range f.Includes {
		for ; next < i.Order; next++ {
			n.rule(f, f.Rules[next])
		}
		n.include(f, i, above)
	}
	for ; next < len(f.Rules); next++ {
		n.rule(f, f.Rules[next])
	}
}

// borrow finds a rule that is asked for in the one other file of the tree that
// has it: collections are made to be loaded together.
func (n *namespace) borrow(name string) *Rule {
	c := n.compiler
	file := c.owner[name]
	if f := c.parsed[file]; f != nil && c.spaces[file] == nil {
		c.root(f)
	}
	if other := c.spaces[file]; other != nil && other != n {
		return other.rules[name] // nil while that file waits for this one
	}
	return nil
}

func (n *namespace) include(f *syntax.File, i syntax.Include, above []string) {
	name := n.compiler.resolve(f.Name, i.Path)
	switch {
	case slices.Contains(above, name):
		n.refuse(f.Name, i.Line, "", "includes circular reference to %q", i.Path)
		return
	case len(above) >= maxInclude:
		n.refuse(f.Name, i.Line, "", "includes depth exceeded")
		return
	case !fs.ValidPath(name):
		n.refuse(f.Name, i.Line, "", "can't open include file %q: it is outside of what was given", i.Path)
		return
	}
	if inner := n.compiler.parse(name); inner != nil {
		n.file(inner, above)
	} else {
		n.refuse(f.Name, i.Line, "", "can't open include file %q", i.Path)
	}
}

func (n *namespace) refuse(file string, line int, rule, format string, args ...any) {
	n.compiler.refuse(Refusal{File: file, Line: line, Rule: rule, Why: fmt.Sprintf(format, args...)})
}

// rule compiles one rule, or says why not.
func (n *namespace) rule(f *syntax.File, src *syntax.Rule) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		bad, ok := r.(refused)
		if !ok {
			panic(r)
		}
		n.lost[src.Name] = true
		n.refuse(f.Name, bad.line, src.Name, "%s", bad.why)
	}()
	if n.rules[src.Name] != nil {
		panic(refused{src.Line, fmt.Sprintf("duplicated identifier %q", src.Name)})
	}
	c := n.compiler
	r := &Rule{
		Tree: c.number, File: f.Name, Line: src.Line, Namespace: n.name, Name: src.Name, Tags: src.Tags,
		Global: src.Global, Private: src.Private, space: n,
	}
	for _, m := range src.Meta {
		r.Meta = append(r.Meta, Meta{m.Name, m.Text})
	}
	n.strings(r, src)
	check := checker{space: n, rule: r, used: map[*String]bool{}}
	r.condition = check.condition(src.Condition)
	for _, s := range r.Strings {
		if !check.used[s] && !strings.HasPrefix(s.Name, "$_") {
			panic(refused{s.Line, fmt.Sprintf("unreferenced string %q", s.Name)})
		}
	}
	// The same rule, met again because another file includes it, serves those
	// that refer to it, and is not reported twice.
	place := fmt.Sprintf("%s\x00%d\x00%s", f.Name, src.Line, src.Name)
	if c.seen[place] {
		r.Private = true
	}
	c.seen[place] = true
	n.rules[r.Name] = r
	n.order = append(n.order, r)
	c.add(r)
}

// strings makes the strings of a rule.
func (n *namespace) strings(r *Rule, src *syntax.Rule) {
	seen := map[string]bool{}
	for _, s := range src.Strings {
		if s.Name != "$" && seen[s.Name] {
			panic(refused{s.Line, fmt.Sprintf("duplicated string identifier %q", s.Name)})
		}
		seen[s.Name] = true
		f, err := find(s)
		if err != nil {
			kind := "string"
			switch s.Kind {
			case syntax.Hex:
				kind = "hex string"
			case syntax.Regex:
				kind = "regular expression"
			}
			panic(refused{s.Line, fmt.Sprintf("invalid %s %q: %v", kind, s.Name, err)})
		}
		text := s.Value
		if len(text) > maxShown {
			text = text[:maxShown]
		}
		out := &String{Name: s.Name, Line: s.Line, Text: strings.ToValidUTF8(text, "\ufffd"), Private: s.Flags.Has(syntax.Private), rule: r, finder: f, only: -1}
		for _, l := range f.links {
			l.str = out
			l.single = len(f.links) == 1
		}
		r.Strings = append(r.Strings, out)
	}
}

// add puts a checked rule among those that are scanned for.
func (c *compiler) add(r *Rule) {
	r.index = len(c.out.List)
	for _, s := range r.Strings {
		s.index = len(c.out.strings)
		c.out.strings = append(c.out.strings, s)
		if s.finder.literal && s.fixed.asked && !s.fixed.other {
			s.only = s.fixed.at
		}
		for _, l := range s.finder.links {
			l.index = len(c.out.links)
			c.out.links = append(c.out.links, l)
		}
	}
	r.needs = needsString(r.condition)
	if !r.needs {
		c.out.always = append(c.out.always, r)
	}
	if r.Global {
		c.out.globals = append(c.out.globals, r)
	}
	c.out.List = append(c.out.List, r)
}

// finish chooses the atoms. Strings with the fewest choices come first, so that
// those with more can keep out of their way.
func (c *compiler) finish() {
	links := slices.Clone(c.out.links)
	size := func(l *link) int {
		n := 1 << 20
		for i := range l.forms {
			n = min(n, len(l.forms[i].value))
		}
		if l.pattern != nil {
			n = 0
		}
		return n
	}
	slices.SortStableFunc(links, func(a, b *link) int { return size(a) - size(b) })
	for _, l := range links {
		switch {
		case l.str.only >= 0:
			c.out.fixedAt = append(c.out.fixedAt, l)
		case !c.x.link(l):
			c.out.slow = append(c.out.slow, l)
		}
	}
	c.out.atoms = c.x.atoms
	c.out.searcher = c.x.builder.Build()
	c.x = indexer{builder: search.Builder{}}
}

// externalType is the type of a variable that comes with the file; nil when
// there is no such variable.
func (c *compiler) externalType(name string) *module.Type {
	if v, ok := c.options.Externals[name]; ok {
		switch v.(type) {
		case string:
			return textType
		case float64:
			return floatType
		default:
			return intType
		}
	}
	if slices.Contains(inputExternals, name) {
		return textType
	}
	return nil
}
