package respond

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"longwatch/internal/casefolder"
)

// JSON writes the plan as it is.
func (p *Plan) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(p)
}

// Format is one way to write a plan.
type Format struct {
	Name  string // as --format has it
	File  string
	write func(*Plan, io.Writer) error
}

// Formats are all of them.
var Formats = []Format{
	{"json", "plan.json", (*Plan).JSON},
	{"md", "plan.md", (*Plan).Markdown},
	{"html", "plan.html", (*Plan).Page},
	{"cacao", "playbook.json", (*Plan).CACAO},
}

// Write writes the plan into dir in the formats named, all when none is.
func (p *Plan) Write(dir string, wanted func(Format) bool) ([]string, error) {
	var files []string
	for _, f := range Formats {
		if !wanted(f) {
			continue
		}
		name := filepath.Join(dir, f.File)
		if f.Name == "cacao" && len(p.Sections) == 0 { // a playbook has at least one step (section 3.2)
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return files, err
			}
			continue
		}
		if err := casefolder.WriteFile(name, func(w io.Writer) error { return f.write(p, w) }); err != nil {
			return files, err
		}
		files = append(files, name)
	}
	return files, nil
}
