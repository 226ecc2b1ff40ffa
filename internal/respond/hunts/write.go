package hunts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"longwatch/internal/casefolder"
)

// Folder is where hunts lie below the folder of a plan.
const Folder = "hunts"

// Write writes hunts in all languages below dir, with a page that says what
// each finds in the case. Files of before are taken away.
func Write(dir string, list []Hunt) error {
	root := filepath.Join(dir, Folder)
	files := map[string]string{}
	var stale []string
	for _, l := range Languages {
		stale = append(stale, l.File)
		if text := l.write(list); text != "" {
			files[l.File] = text
		}
	}
	for _, name := range append(stale, "README.md", "hunts.json") {
		if err := os.Remove(filepath.Join(root, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("hunts: %w", err)
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := os.MkdirAll(root, 0o750); err != nil {
		return fmt.Errorf("hunts: %w", err)
	}
	b, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return fmt.Errorf("hunts: %w", err)
	}
	files["hunts.json"], files["README.md"] = string(b)+"\n", about(list)
	for name, text := range files {
		if err := casefolder.WriteFile(filepath.Join(root, name), func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			return fmt.Errorf("hunts: %w", err)
		}
	}
	return nil
}

// about is the page that says what the hunts are.
func about(list []Hunt) string {
	var b strings.Builder
	b.WriteString("# Hunts for the next hour\n\nIs the intruder elsewhere too, and does he come back? The same questions, for several systems; fit indexes and tables to yours.\n\n")
	b.WriteString("| question | events | values | in this case | why |\n| --- | --- | ---: | ---: | --- |\n")
	for i := range list {
		h := &list[i]
		n := 0
		for _, c := range h.All {
			n += len(c.Any)
		}
		seen := "not tried"
		if h.Tried {
			seen = fmt.Sprint(h.Seen)
		}
		_, _ = fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", remark(h.Title), h.Source, n, seen, remark(h.Why))
	}
	b.WriteString("\n")
	for _, l := range Languages {
		_, _ = fmt.Fprintf(&b, "- `%s`: %s\n", l.File, l.About)
	}
	b.WriteString("\n`longwatch retro --intel hunts-zeek.intel CASE...` asks older cases for the values; `longwatch hunt --rules hunts-sigma.yml EVIDENCE` asks new evidence.\n")
	return b.String()
}
