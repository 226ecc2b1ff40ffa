package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/respond"
)

// Respond is what a plan is asked for.
type Respond struct {
	Case     string   // folder
	Out      string   // folder of the plan; empty: respond/ in the case
	Incident string   // id of the one that is planned for; empty: all
	Formats  []string // names of respond.Formats; empty: all
	Force    bool     // write into a folder that holds other files
}

// Responded is a plan and where it lies.
type Responded struct {
	Plan  *respond.Plan
	Dir   string
	Files []string
}

// Run makes the plan and writes it.
func (r *Respond) Run(ctx context.Context) (*Responded, error) {
	for _, name := range r.Formats {
		if !slices.ContainsFunc(respond.Formats, func(f respond.Format) bool { return f.Name == name }) {
			return nil, fmt.Errorf("app: respond: %w %q", ErrFormat, name)
		}
	}
	c, err := casefolder.Read(r.Case)
	if err != nil {
		return nil, err
	}
	book, err := respond.LoadBook(content.Response, content.Campaigns)
	if err != nil {
		return nil, fmt.Errorf("app: built-in steps: %w", err)
	}
	in := &respond.Input{Case: c, Book: book, Only: r.Incident}
	if len(c.Incidents) > 0 { // else there is nothing that records could say
		if in.Seen, err = whatRecordsShow(ctx, r.Case, c); err != nil {
			return nil, err
		}
	}
	plan, err := respond.Make(in)
	if err != nil {
		return nil, err
	}
	out := &Responded{Plan: plan, Dir: r.Out}
	if out.Dir == "" {
		out.Dir = filepath.Join(r.Case, "respond")
	}
	if err := respondFolder(out.Dir, r.Force); err != nil {
		return nil, err
	}
	out.Files, err = plan.Write(out.Dir, func(f respond.Format) bool { return len(r.Formats) == 0 || slices.Contains(r.Formats, f.Name) })
	return out, err
}

// ErrFormat is wrapped when a format is not known.
var ErrFormat = errors.New("there is no format")

// whatRecordsShow asks the records of a case, if it has any.
func whatRecordsShow(ctx context.Context, dir string, c *casefolder.Case) (respond.Seen, error) {
	records := filepath.Join(dir, "records")
	if !exists(records) {
		return respond.Seen{Without: respond.NoRecords}, nil
	}
	var config Config
	for _, n := range c.HomeNet {
		if p, err := netip.ParsePrefix(n); err == nil {
			config.HomeNet = append(config.HomeNet, p)
		}
	}
	return respond.Look(ctx, records, config.homeNets(), recordTypes())
}

// respondFolder makes the folder of a plan; one with files of somebody else is
// refused.
func respondFolder(dir string, force bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !force && !slices.ContainsFunc(respond.Formats, func(f respond.Format) bool { return f.File == e.Name() }) {
			return fmt.Errorf("output folder %q holds other files: name an empty or new folder with -o, or add --force", dir)
		}
	}
	return os.MkdirAll(dir, 0o750)
}
