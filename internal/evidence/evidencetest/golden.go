package evidencetest

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"longwatch/internal/evidence"
)

// A golden case is a txtar archive. The first line of its comment says what it
// shows and where it is from. Sections:
//
//	-- input --          the file, as text; or
//	-- input.hex --      the file in hexadecimal, white space and # comments ignored
//	-- name --           path of the file, where the format looks at it
//	-- records.jsonl --  one JSON object per record, "record" its type, "at" its place
//	-- problems --       one JSON object per problem
//	-- error --          the error, when reading ends with one
//
// `go test -update` rewrites the last three.
type golden struct {
	path    string
	archive *txtar.Archive
	name    string
	input   []byte
}

// The flag may have been defined by the suite of another contract in the same
// test binary.
var _ = func() bool {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "rewrite golden files")
	}
	return true
}()

func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func goldens(t testing.TB, format evidence.Format) []golden {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]golden, 0, len(paths))
	for _, p := range paths {
		g, err := readGolden(p, format)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		out = append(out, g)
	}
	return out
}

func readGolden(path string, format evidence.Format) (golden, error) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		return golden{}, err
	}
	g := golden{path: path, archive: a, name: format.Name}
	found := false
	for _, f := range a.Files {
		switch f.Name {
		case "input":
			g.input, found = f.Data, true
		case "input.hex":
			if g.input, err = unhex(f.Data); err != nil {
				return golden{}, fmt.Errorf("input.hex: %w", err)
			}
			found = true
		case "name":
			g.name = strings.TrimSpace(string(f.Data))
		}
	}
	if !found {
		return golden{}, fmt.Errorf("no section input or input.hex")
	}
	return g, nil
}

func unhex(text []byte) ([]byte, error) {
	var digits strings.Builder
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for word := range strings.FieldsSeq(line) {
			digits.WriteString(word)
		}
	}
	return hex.DecodeString(digits.String())
}

func (g *golden) section(name string) string {
	for _, f := range g.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// set replaces a section, or removes it when text is empty.
func (g *golden) set(name, text string) {
	files := g.archive.Files[:0:0]
	for _, f := range g.archive.Files {
		if f.Name != name {
			files = append(files, f)
		}
	}
	if text != "" {
		files = append(files, txtar.File{Name: name, Data: []byte(text)})
	}
	g.archive.Files = files
}

func (g *golden) write() error { return os.WriteFile(g.path, txtar.Format(g.archive), 0o644) }
