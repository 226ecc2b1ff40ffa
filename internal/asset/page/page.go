// Package page writes an inventory of assets for people and for other
// programs: as JSON, as a table (CSV), as a graph (GraphML), as a map (SVG) and
// as a page that joins these, which needs no network:
//
//	r := &page.Report{Inventory: inv, Analysis: inv.Analyse(), Case: "case"}
//	err := r.Write("case/assets")
//
// Names and banners were chosen by whoever sent them, which may be an intruder;
// each form escapes them in its own way.
package page

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"longwatch/internal/asset"
)

// Report is everything that is written of a case's assets.
type Report struct {
	Format  string `json:"format"` // Format
	Tool    string `json:"tool,omitempty"`
	Case    string `json:"case"`
	Started string `json:"started,omitempty"` // first record, RFC 3339
	Ended   string `json:"ended,omitempty"`   // last record
	*asset.Inventory
	*asset.Analysis
	List    *asset.Match   `json:"list,omitempty"`    // the organisation's own list, compared
	Without *asset.Outcome `json:"without,omitempty"` // the answer to --without
	Notes   []string       `json:"notes,omitempty"`   // what could not be read, or was left out
}

// Format names the form of assets.json.
const Format = "longwatch-assets-1"

// Files are what Write makes.
var Files = []string{"assets.json", "assets.csv", "assets.graphml", "assets.svg", "assets.html"}

// Write writes all Files into dir, which exists.
func (r *Report) Write(dir string) error {
	r.Format = Format
	for i, f := range []func(io.Writer) error{r.JSON, r.CSV, r.GraphML, r.SVG, r.HTML} {
		if err := write(filepath.Join(dir, Files[i]), f); err != nil {
			return fmt.Errorf("asset: %s: %w", Files[i], err)
		}
	}
	return nil
}

func write(path string, f func(io.Writer) error) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	err = f(w)
	if err == nil {
		err = w.Flush()
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}

// JSON writes the report as one document.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}
