package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Limits of a tree of rules, so that a hostile one cannot exhaust us.
const (
	maxFile      = 8 << 20 // bytes of one file
	maxTreeFiles = 100_000
	maxTreeBytes = 512 << 20
	maxDocuments = 10_000 // of one file
	maxCopied    = 50_000 // YAML nodes of one document
)

// document is one YAML document as written. Fields that longwatch does not
// use are not read.
type document struct {
	Title          string    `yaml:"title"`
	ID             string    `yaml:"id"`
	Name           string    `yaml:"name"`
	Taxonomy       string    `yaml:"taxonomy"`
	Status         string    `yaml:"status"`
	Description    string    `yaml:"description"`
	Author         yaml.Node `yaml:"author"`
	Level          string    `yaml:"level"`
	Date           string    `yaml:"date"`
	Modified       string    `yaml:"modified"`
	Tags           []string  `yaml:"tags"`
	References     yaml.Node `yaml:"references"`
	FalsePositives yaml.Node `yaml:"falsepositives"`
	Related        []Related `yaml:"related"`
	LogSource      struct {
		Category string `yaml:"category"`
		Product  string `yaml:"product"`
		Service  string `yaml:"service"`
	} `yaml:"logsource"`
	Detection   yaml.Node `yaml:"detection"`
	Correlation yaml.Node `yaml:"correlation"`
	Filter      yaml.Node `yaml:"filter"`
	Generate    bool      `yaml:"generate"`
	Tests       struct {
		Fires []yaml.Node `yaml:"fires"`
		Quiet []yaml.Node `yaml:"quiet"`
	} `yaml:"tests"` // not of Sigma: events that the rule must and must not be true of

	tree   int
	file   string
	line   int
	at     int  // its place among all documents
	shared bool // its id was given to a whole collection
}

// Related is how a rule stands to another one.
type Related struct {
	ID   string `yaml:"id"`
	Type string `yaml:"type"` // derived, obsolete, merged, renamed or similar
}

// source is the log source as rules are routed by it.
func (d *document) source() LogSource {
	return LogSource{strings.ToLower(d.LogSource.Category), strings.ToLower(d.LogSource.Product), strings.ToLower(d.LogSource.Service)}
}

// readTree reads every document of a tree, in the order of file names. Folders
// whose name begins with a dot, as .git, are not rules.
func (c *compiler) readTree(n int, tree fs.FS) {
	files, size := 0, int64(0)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			c.refuse(&document{tree: n, file: name}, err)
			return nil
		}
		if d.IsDir() {
			if name != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if ext := strings.ToLower(path.Ext(name)); ext != ".yml" && ext != ".yaml" || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		at := &document{tree: n, file: name}
		text, err := readFile(tree, name)
		if err != nil {
			c.refuse(at, err)
			return nil
		}
		if files, size = files+1, size+int64(len(text)); files > maxTreeFiles || size > maxTreeBytes {
			c.refuse(at, fmt.Errorf("the tree has more than %d files or %d bytes; nothing after this file was read", maxTreeFiles, maxTreeBytes))
			return fs.SkipAll
		}
		c.readFile(n, name, text)
		return nil
	})
	if err != nil {
		c.refuse(&document{tree: n, file: "."}, err)
	}
}

// readFile reads a file that is not too large; what an archive says of a
// member's size is not believed.
func readFile(tree fs.FS, name string) ([]byte, error) {
	f, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("larger than %d bytes", maxFile)
	}
	return text, err
}

// readFile reads the documents of a file. A collection (Sigma specification
// 1.0, "Rule collections") may give its rules common parts: action: global
// holds for those that follow, until action: reset; action: repeat takes what
// it does not say from the rule before.
func (c *compiler) readFile(tree int, file string, text []byte) {
	var global, before *yaml.Node
	n := 0
	splitDocuments(text, func(line int, part []byte) bool {
		at := &document{tree: tree, file: file, line: line + 1}
		if n++; n > maxDocuments {
			c.refuse(at, fmt.Errorf("more than %d documents; the rest of the file was not read", maxDocuments))
			return false
		}
		root, err := parseYAML(part)
		if err != nil {
			c.refuse(at, shiftLines(err, line))
			return true
		}
		if root == nil {
			return true
		}
		shift(root, line)
		at.line = root.Line
		if root.Kind != yaml.MappingNode {
			c.refuse(at, errNotRule)
			return true
		}
		shared := false
		action := take(root, "action")
		switch action {
		case "global":
			global, before = root, root
			return true
		case "reset":
			global, before = nil, nil
			return true
		case "repeat":
			if before == nil {
				c.refuse(at, errRepeat)
				return true
			}
			shared = !has(root, "id")
			root = overlay(before, root)
		case "":
			if global != nil && !has(root, "correlation") && !has(root, "filter") {
				shared = !has(root, "id") && has(global, "id")
				root = overlay(global, root)
			}
		default:
			c.refuse(at, fmt.Errorf("action %q is unknown: use global, reset or repeat", action))
			return true
		}
		before = root
		d := &document{}
		err = root.Decode(d)
		d.tree, d.file, d.line, d.shared = tree, file, at.line, shared
		if err == nil && count(root) > maxCopied {
			err = fmt.Errorf("more than %d YAML nodes", maxCopied)
		}
		if err != nil {
			c.refuse(d, err)
			return true
		}
		c.docs = append(c.docs, d)
		return true
	})
}

// splitDocuments calls fn with each document of a file and how many lines
// come before it, until fn says no. One that is not YAML does not hide those
// that follow.
func splitDocuments(text []byte, fn func(line int, part []byte) bool) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	from, begin := 0, 0
	line := 0
	for at := 0; at < len(text); line++ {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += at + 1
		}
		if rest, ok := bytes.CutPrefix(text[at:end], []byte("---")); ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0) {
			if !fn(begin, text[from:at]) {
				return
			}
			from, begin = at, line
		}
		if rest, ok := bytes.CutPrefix(text[at:end], []byte("...")); ok && len(bytes.TrimSpace(rest)) == 0 {
			if !fn(begin, text[from:at]) {
				return
			}
			from, begin = end, line+1
		}
		at = end
	}
	fn(begin, text[from:])
}

// parseYAML reads one document; nil when it is empty.
func parseYAML(part []byte) (*yaml.Node, error) {
	var root yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(part)).Decode(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(root.Content) == 0 || root.Content[0].Kind == yaml.ScalarNode && root.Content[0].Value == "" {
		return nil, nil
	}
	return root.Content[0], nil
}

// shift adds to the lines of a document that began further down in its file.
func shift(y *yaml.Node, by int) {
	y.Line += by
	for _, c := range y.Content {
		shift(c, by)
	}
}

// shiftLines says where in the file a YAML error is.
func shiftLines(err error, by int) error {
	if by == 0 {
		return err
	}
	return fmt.Errorf("document that begins at line %d: %w", by+1, err)
}

// take removes a key of a map and returns its text.
func take(y *yaml.Node, key string) string {
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value == key {
			v := resolve(y.Content[i+1]).Value
			y.Content = slices.Delete(y.Content, i, i+2)
			return v
		}
	}
	return ""
}

// get returns the value of a key of a map, nil when there is none.
func get(y *yaml.Node, key string) *yaml.Node {
	if y == nil || y.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Value == key {
			return resolve(y.Content[i+1])
		}
	}
	return nil
}

func has(y *yaml.Node, key string) bool { return get(y, key) != nil }

// overlay is a map with all of base and over; where both say something, maps
// are joined and otherwise over is right.
func overlay(base, over *yaml.Node) *yaml.Node {
	out := *base
	out.Content = slices.Clone(base.Content)
	out.Line = over.Line
next:
	for i := 0; i+1 < len(over.Content); i += 2 {
		k, v := over.Content[i], over.Content[i+1]
		for j := 0; j+1 < len(out.Content); j += 2 {
			if out.Content[j].Value != k.Value {
				continue
			}
			if b, o := resolve(out.Content[j+1]), resolve(v); b.Kind == yaml.MappingNode && o.Kind == yaml.MappingNode && b != o {
				v = overlay(b, o)
			}
			out.Content[j+1] = v
			continue next
		}
		out.Content = append(out.Content, k, v)
	}
	return &out
}

// count is how many nodes there are when aliases are written out, at most
// little more than maxCopied.
func count(y *yaml.Node) int {
	n := 0
	var visit func(y *yaml.Node, depth int)
	visit = func(y *yaml.Node, depth int) {
		if n++; n > maxCopied {
			return
		}
		if depth > maxDepth {
			n = maxCopied + 1
			return
		}
		y = resolve(y)
		for _, c := range y.Content {
			visit(c, depth+1)
		}
	}
	visit(y, 0)
	return n
}

// texts are the strings of a value or list.
func texts(y *yaml.Node) []string {
	switch y = resolve(y); y.Kind {
	case yaml.ScalarNode:
		if y.Value == "" {
			return nil
		}
		return []string{y.Value}
	case yaml.SequenceNode:
		var out []string
		for _, c := range y.Content {
			if c = resolve(c); c.Kind == yaml.ScalarNode {
				out = append(out, c.Value)
			}
		}
		return out
	}
	return nil
}

// flat is the text of a value, lists joined.
func flat(y *yaml.Node) string { return strings.Join(texts(y), ", ") }

// resolve follows an alias.
func resolve(y *yaml.Node) *yaml.Node {
	if y.Kind == yaml.AliasNode {
		return y.Alias
	}
	return y
}
