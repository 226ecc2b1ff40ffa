package app

import (
	"fmt"
	"io"
	"path/filepath"

	"longwatch/internal/casefolder"
	"longwatch/internal/extract"
	"longwatch/internal/report"
	"longwatch/internal/share"
)

// WriteCase writes the files of the case folder; the records are there already.
// What was made of an earlier case in dir that said something else is set aside.
func WriteCase(c *casefolder.Case, dir string) ([]Aside, error) {
	before := caseDigest(dir)
	if err := writeCase(c, dir); err != nil {
		return nil, err
	}
	return setAside(dir, before)
}

func writeCase(c *casefolder.Case, dir string) error {
	if err := report.Write(dir, c); err != nil {
		return fmt.Errorf("app: report: %w", err)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, *casefolder.Case) error
	}{
		{"stix.json", ownBundle},
		{"navigator.json", share.Navigator},
	} {
		if err := casefolder.WriteFile(filepath.Join(dir, f.name), func(w io.Writer) error { return f.write(w, c) }); err != nil {
			return fmt.Errorf("app: %s: %w", f.name, err)
		}
	}
	if err := writeFlows(c, dir); err != nil {
		return err
	}
	if err := writeAbsences(c, dir); err != nil {
		return err
	}
	if err := writeGuides(c, dir); err != nil {
		return err
	}
	return c.Write(dir)
}

// ownBundle is the bundle of the case folder: it names own hosts and accounts.
func ownBundle(w io.Writer, c *casefolder.Case) error {
	return share.STIX(w, share.Pack(c, share.Policy{Marking: share.AmberStrict, Own: true}))
}

// PrintSummary writes the summary for a person.
func PrintSummary(w io.Writer, c *casefolder.Case, dir string) error { return report.Text(w, c, dir) }

// closeFolder ends the extraction of files; f is nil when there was none.
func closeFolder(f *extract.Folder) ([]casefolder.Extracted, error) {
	if f == nil {
		return nil, nil
	}
	kept, err := f.Close()
	out := make([]casefolder.Extracted, len(kept))
	for i, k := range kept {
		out[i] = casefolder.Extracted(k)
	}
	return out, err
}
