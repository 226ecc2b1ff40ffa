package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"longwatch/internal/asn"
	"longwatch/internal/asset"
	"longwatch/internal/asset/page"
	"longwatch/internal/casefolder"
	"longwatch/internal/record"
)

// Assets learns the assets of a case folder, or of a folder of records. Notes
// say what of it could not be read.
func (c *CaseRecords) Assets(ctx context.Context) (inv *asset.Inventory, notes []string, err error) {
	home, err := c.HomeNet()
	if err != nil {
		return nil, nil, err
	}
	l := asset.New(asset.Options{HomeNet: home, Networks: asn.New()})
	if notes, err = c.Each(ctx, asset.Wants, func(r record.Record) { l.Learn(r) }); err != nil {
		return nil, notes, err
	}
	inv = l.Finish()
	inv.Cite(casefolder.Place)
	return inv, notes, nil
}

// AssetMap is what the command assets is asked to do.
type AssetMap struct {
	CaseRecords
	Out       string   // folder of the results; empty: assets below the case
	Inventory string   // the organisation's own list; empty: none
	Without   []string // assets, by name, address or provider, that are thought away
	Force     bool     // write into an output folder that holds other files
}

// Run learns, compares and writes the folder of results.
func (m *AssetMap) Run(ctx context.Context) (*page.Report, error) {
	var entries []asset.Entry
	var problems []string
	if m.Inventory != "" {
		f, err := os.Open(m.Inventory)
		if err != nil {
			return nil, err
		}
		entries, problems, err = asset.ReadList(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("app: %s: %w", m.Inventory, err)
		}
	}
	if m.Out == "" {
		m.Out = filepath.Join(m.Dir, "assets")
	}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	inv, notes, err := m.Assets(ctx)
	if err != nil {
		return nil, err
	}
	r := &page.Report{Tool: "longwatch " + ToolInfo().Version, Case: filepath.Base(realPath(m.Dir)), Inventory: inv, Analysis: inv.Analyse(), Notes: append(notes, beyond(inv)...)}
	if inv.Span.Start != 0 {
		r.Started, r.Ended = inv.Span.Start.String(), inv.Span.End.String()
	}
	if m.Inventory != "" {
		r.List = inv.Compare(filepath.Base(m.Inventory), entries, problems)
	}
	if r.Without, err = without(inv, m.Without); err != nil {
		return nil, err
	}
	return r, r.Write(m.Out)
}

// prepare makes the folder of the results. One that holds other files is left
// alone.
func (m *AssetMap) prepare() error {
	list, err := os.ReadDir(m.Out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range list {
		if !slices.Contains(page.Files, e.Name()) && !m.Force {
			return fmt.Errorf("app: %s holds other files (%s): name another folder, or --force", m.Out, e.Name())
		}
	}
	return os.MkdirAll(m.Out, 0o700)
}

// beyond tells what did not fit the limits.
func beyond(inv *asset.Inventory) (notes []string) {
	b := inv.Beyond
	for _, x := range []struct {
		n    int64
		what string
	}{{b.Hosts, "records name addresses that were too many to be kept"}, {b.Edges, "connections are of pairs that were too many to be kept"}, {b.Services, "connections are to services of a host that were too many to be kept"}} {
		if x.n > 0 {
			notes = append(notes, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	return notes
}

// without answers what happens without what the names mean.
func without(inv *asset.Inventory, names []string) (*asset.Outcome, error) {
	if len(names) == 0 {
		return nil, nil //nolint:nilnil // nothing was asked
	}
	var places []int
	for _, name := range names {
		found := inv.Named(name)
		if len(found) == 0 {
			return nil, fmt.Errorf("app: --without %s: no asset has this name or address, or several have it", name)
		}
		places = append(places, found...)
	}
	out := asset.NewCascade(inv).Without(places...)
	return &out, nil
}
