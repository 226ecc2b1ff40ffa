package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"longwatch/content"
	"longwatch/internal/audit/segmentation"
	"longwatch/internal/casefolder"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/record/network"
	"longwatch/internal/respond"
	"longwatch/internal/respond/accounts"
	"longwatch/internal/respond/block"
	"longwatch/internal/respond/hunts"
	"longwatch/internal/store"
)

// Respond is what a plan is asked for.
type Respond struct {
	Case     string   // folder
	Out      string   // folder of the plan; empty: respond/ in the case
	Incident string   // id of the one that is planned for; empty: all
	Formats  []string // names of respond.Formats; empty: all
	Allow    []string // files and folders with lists of harmless values: they are neither blocked nor hunted for
	Own      []string // domains of ours besides those that the case shows
	Force    bool     // write into a folder that holds other files

	known func(kind, value string) (list string, ok bool) // from Allow
}

// Responded is a plan and where it lies.
type Responded struct {
	Plan  *respond.Plan
	Dir   string
	Files []string
}

// ErrFormat is wrapped when a format is not known.
var ErrFormat = errors.New("there is no format")

// Run makes the plan and writes it.
func (r *Respond) Run(ctx context.Context) (*Responded, error) {
	for _, name := range r.Formats {
		if !slices.ContainsFunc(respond.Formats, func(f respond.Format) bool { return f.Name == name }) {
			return nil, fmt.Errorf("%w %q", ErrFormat, name)
		}
	}
	c, err := casefolder.Read(r.Case)
	if err != nil {
		return nil, err
	}
	if err := r.allow(); err != nil {
		return nil, err
	}
	book, err := respond.LoadBook(content.Response, content.Campaigns)
	if err != nil {
		return nil, fmt.Errorf("app: built-in steps: %w", err)
	}
	in := &respond.Input{Case: c, Book: book, Only: r.Incident}
	if len(c.Incidents) > 0 { // else there is nothing that records could say
		if err := r.ask(ctx, in); err != nil {
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
	if err := ResultFolder(out.Dir, planFiles(), r.Force); err != nil {
		return nil, err
	}
	if out.Files, err = plan.Write(out.Dir, func(f respond.Format) bool { return len(r.Formats) == 0 || slices.Contains(r.Formats, f.Name) }); err != nil {
		return nil, err
	}
	if err := respond.WriteBlocks(out.Dir, in.Blocks, in.Effects.Effects); err != nil {
		return nil, err
	}
	return out, hunts.Write(out.Dir, in.Hunts)
}

// allow loads the lists of harmless values.
func (r *Respond) allow() error {
	if len(r.Allow) == 0 {
		return nil
	}
	set, report := intel.Load(intel.Paths(r.Allow...)...)
	if report.Loaded == 0 {
		return fmt.Errorf("app: --allow: no harmless value could be loaded from %q: %v", r.Allow, report.Reasons)
	}
	late := intel.NewLate(nil, set)
	r.known = func(_, value string) (string, bool) { return late.Covers(value) }
	return nil
}

// ask looks into the records of a case for what its findings do not say. They are
// read twice: for names and roles of machines, networks, and how accounts are
// used; then, when it is known from these what to block and what to ask, for
// what a block would have cut and what a question finds.
func (r *Respond) ask(ctx context.Context, in *respond.Input) error {
	var files []store.File
	if dir := filepath.Join(r.Case, "records"); exists(dir) {
		var left []store.Left
		var err error
		if files, left, err = store.Find(dir); err != nil {
			return err
		}
		for _, l := range left {
			in.Notes = append(in.Notes, "records: "+l.Name+": "+l.Why)
		}
	}
	types, files := recordTypes(), block.InOrder(files)
	hosts, look, zones := block.NewHosts(in.Case), respond.NewLook(), newZones(in.Case)
	in.Use = accounts.NewUse(in.Case.Incidents)
	pass, err := store.ReadOnce(ctx, files, types, hosts.Take, look.Take, in.Use.Take, zones.take)
	if err != nil {
		return err
	}
	in.Case.Hosts, in.Seen, in.Notes = hosts.List(), look.Seen(len(files), pass.Damaged), append(in.Notes, pass.Notes...)
	in.Seen.Apart = zones.apart()

	opt := block.Options{OwnDomains: r.Own, Known: r.known}
	if r.Incident != "" {
		opt.Incidents = []string{r.Incident}
	}
	in.Blocks = block.Derive(in.Case, opt)
	list := hunts.Derive(in.Case, hunts.Options{Incidents: opt.Incidents, OwnDomains: r.Own, Known: r.known})
	replay, trial := block.NewReplay(in.Case, in.Blocks.Blocks), hunts.NewTrial(list)
	again, err := store.ReadOnce(ctx, files, types, replay.Take, trial.Take)
	if err != nil {
		return err
	}
	in.Effects = replay.Seen(len(again.Damaged) > 0)
	in.GuardControllers()
	in.Hunts = hunts.Found(list)
	for _, n := range append(again.Notes, trial.Notes...) {
		if !slices.Contains(in.Notes, n) { // the same files, read again
			in.Notes = append(in.Notes, n)
		}
	}
	return nil
}

// zones learn from connections where plant and office are.
type zones struct{ traffic *segmentation.Traffic }

func newZones(c *casefolder.Case) *zones {
	return &zones{segmentation.NewTraffic(homeNetsOf(c))}
}

// take is a store.Taker.
func (z *zones) take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	switch t {
	case network.ConnType:
		return z.traffic.Put, segmentation.ConnField
	case network.ARPType:
		return z.traffic.Put, nil
	}
	return nil, nil
}

// apart tells of two hosts whether the border between plant and office lies
// between them; nil when there were no connections to tell by.
func (z *zones) apart() func(a, b netip.Addr) bool {
	if z.traffic.Conns == 0 {
		return nil
	}
	return segmentation.Infer(z.traffic).Apart
}

// planFiles are the names of what a plan's folder holds.
func planFiles() []string {
	own := []string{respond.BlocksFolder, hunts.Folder}
	for _, f := range respond.Formats {
		own = append(own, f.File)
	}
	return own
}
