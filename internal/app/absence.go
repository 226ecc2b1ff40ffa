package app

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/content"
	"longwatch/internal/absence"
	"longwatch/internal/campaign"
	"longwatch/internal/casefolder"
	"longwatch/internal/coverage"
	"longwatch/internal/guide"
	"longwatch/internal/record/network"
)

// AllGuides stands for every hunting guide.
const AllGuides = "all"

// Guides names the hunting guides that there are.
func Guides() []string {
	guides, _ := guide.Load(content.Campaigns, "campaigns")
	var out []string
	for id := range guides {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// checkGuides tells whether all names are known, before hours of work.
func checkGuides(names []string) error {
	known := Guides()
	for _, n := range names {
		if n != AllGuides && !slices.Contains(known, n) {
			return fmt.Errorf("app: there is no hunting guide %q: use %s, or all", n, strings.Join(known, ", "))
		}
	}
	return nil
}

// searchedFor adds to a case what can be said about campaigns that were not
// found: a certificate for each profile, and the guides asked for.
func (h *hunt) searchedFor(cf *casefolder.Case, profiles []*campaign.Profile) error {
	h.held(cf)
	files := evidenceOf(cf)
	for _, p := range profiles {
		cf.Absences = append(cf.Absences, absence.Issue(&absence.Case{
			Profile: p, Files: files, Report: cf.Held, Detections: cf.Detections, Findings: cf.Findings, Incidents: cf.Incidents,
			Rules: used(cf), Version: cf.Tool.Version, Content: cf.Tool.Content,
		}))
	}
	return walkGuides(cf, profiles, h.c.Guides)
}

func walkGuides(cf *casefolder.Case, profiles []*campaign.Profile, names []string) error {
	if err := checkGuides(names); err != nil {
		return err
	}
	all, err := guide.Load(content.Campaigns, "campaigns")
	if err != nil {
		return fmt.Errorf("app: built-in guides: %w", err)
	}
	for _, p := range profiles {
		g := all[p.ID]
		if g == nil || !slices.Contains(names, p.ID) && !slices.Contains(names, AllGuides) {
			continue
		}
		cf.Guides = append(cf.Guides, guide.Walk(g, &guide.Case{
			Name: p.Name, Report: cf.Held, Detections: cf.Detections, Findings: cf.Findings, Incidents: cf.Incidents,
		}))
	}
	return nil
}

// evidenceOf lists what was read and what could not be.
func evidenceOf(cf *casefolder.Case) []absence.File {
	out := make([]absence.File, 0, len(cf.Evidence))
	for i := range cf.Evidence {
		e := &cf.Evidence[i]
		f := absence.File{Path: e.Path, SHA256: e.SHA256, Size: e.Size, Start: e.Start, End: e.End, Whole: e.Whole}
		if !e.Whole {
			f.Why = "not read whole"
		}
		out = append(out, f)
	}
	for _, s := range cf.Skipped {
		if s.Lost {
			out = append(out, absence.File{Path: s.Path, Size: s.Size, Why: s.Why})
		}
	}
	return out
}

// used names the rules and indicators of a hunt.
func used(cf *casefolder.Case) []string {
	out := []string{}
	for _, r := range cf.Rules {
		out = append(out, fmt.Sprintf("%d rules from %s", r.Rules, r.Name))
	}
	for _, s := range cf.Intel {
		out = append(out, fmt.Sprintf("%d indicators from %s", s.Loaded, s.Name))
	}
	return out
}

// held closes the census: what evidence held, with what else is known to be
// missing.
func (h *hunt) held(cf *casefolder.Case) {
	for i := range cf.Evidence {
		e := &cf.Evidence[i]
		if n := e.Counts["dropped"]; n > 0 {
			h.census.Note(coverage.Dropped(e.Path, n, e.Counts["packets"]))
		}
		if e.Whole {
			continue
		}
		var hides []string
		for _, f := range formats {
			for _, t := range f.Emits {
				if f.Name == e.Format {
					hides = append(hides, t.Name)
				}
			}
		}
		h.census.Note(coverage.Limit{Kind: coverage.Unread, Hides: hides, Count: e.Lost, Why: fmt.Sprintf("%q could not be read whole", e.Path)})
	}
	for _, s := range cf.Skipped {
		if s.Lost {
			h.census.Note(coverage.Limit{Kind: coverage.Unread, Count: s.Size, Why: fmt.Sprintf("%q was not read: %s", s.Path, s.Why)})
		}
	}
	stopped := map[string]string{}
	for _, s := range h.rules.engine.Stopped(h.hits.matchers) {
		stopped[s.Rule.ID] = s.String()
		h.census.Note(coverage.Limit{Kind: coverage.Stopped, Name: s.Rule.ID, Hides: []string{}, Why: s.String()})
	}
	cf.Held = h.census.Report(coverage.Window{Since: h.c.Since, Until: h.c.Until, Wire: onWire()})
	cf.Detections = catalogue(h.rules, h.intel, stopped)
	for _, s := range cf.Held.Sentences() {
		cf.Coverage = append(cf.Coverage, casefolder.Coverage{Name: s.Name, Why: s.Why})
	}
}

// onWire are the types of record that the parsers of protocols make.
func onWire() []string {
	out := []string{network.ConnType.Name, network.FileType.Name}
	for _, p := range protocols {
		for _, t := range p.Emits {
			out = append(out, t.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// GuideCase walks hunting guides over a case that was made before, and writes
// them into it.
func GuideCase(dir string, guides []string) (*casefolder.Case, error) {
	if err := checkGuides(guides); err != nil {
		return nil, err
	}
	cf, err := casefolder.Read(dir)
	if err != nil {
		return nil, err
	}
	if cf.Held == nil {
		return nil, fmt.Errorf("app: %s does not say what its evidence held (coverage.json): hunt the evidence again", dir)
	}
	profiles, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return nil, fmt.Errorf("app: built-in profiles: %w", err)
	}
	if err := walkGuides(cf, profiles, guides); err != nil {
		return nil, err
	}
	return cf, writeGuides(cf, dir)
}

// writeGuides writes guide-ID.json and guide-ID.md.
func writeGuides(cf *casefolder.Case, dir string) error {
	for _, g := range cf.Guides {
		if err := both(dir, "guide-"+g.Profile, g.Write, g.Markdown); err != nil {
			return err
		}
	}
	return nil
}

// writeAbsences writes certificate-ID.json and certificate-ID.md.
func writeAbsences(cf *casefolder.Case, dir string) error {
	for _, a := range cf.Absences {
		if err := both(dir, "certificate-"+a.Profile, a.Write, a.Markdown); err != nil {
			return err
		}
	}
	return nil
}

// both writes a file for programs and one for people.
func both(dir, name string, asJSON, asText func(io.Writer) error) error {
	if err := casefolder.WriteFile(filepath.Join(dir, name+".json"), asJSON); err != nil {
		return fmt.Errorf("app: %s.json: %w", name, err)
	}
	if err := casefolder.WriteFile(filepath.Join(dir, name+".md"), asText); err != nil {
		return fmt.Errorf("app: %s.md: %w", name, err)
	}
	return nil
}

// PrintGuides writes the answers of the guides for a person.
func PrintGuides(w io.Writer, c *casefolder.Case) error {
	for _, g := range c.Guides {
		if err := g.Text(w); err != nil {
			return err
		}
	}
	return nil
}

// CheckCertificate reads a not-found certificate and tells whether it is as it
// was issued.
func CheckCertificate(r io.Reader) (statement string, err error) {
	c, err := absence.Check(r)
	if c != nil {
		statement = c.Statement
	}
	return statement, err
}
