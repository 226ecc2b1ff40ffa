// Package guide walks hunting guides: each hunt of a campaign's guide is a
// hypothesis with the data it needs and the detections that answer it. After a
// hunt, each has an answer: found, not found although the data was there, or
// cannot say because the data was not.
//
//	guides, err := guide.Load(content.Campaigns, "campaigns")
//	result := guide.Walk(guides["volt-typhoon"], &guide.Case{Report: r, Detections: ds, Findings: fs})
//
// A guide is data (content/campaigns/<id>/guide.yaml):
//
//	profile: volt-typhoon
//	hunts:
//	  - id: H1
//	    hypothesis: The directory database was copied.
//	    why: …
//	    data: [[database], [process]]   # groups of alternatives: one record type of each
//	    answers: {dossier: [VT-09, VT-10], indicators: true, detectors: [log-gap]}
//	    hit: what it means when something is found
//	    benign: what looks alike
//	    next: what to do then
//	    by_hand: what no detection does, and how a person does it
package guide

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Guide is the hunts of one campaign.
type Guide struct {
	Profile string `yaml:"profile"`
	Intro   string `yaml:"intro"` // what to keep in mind in all hunts
	Hunts   []Hunt `yaml:"hunts"`
}

// Hunt is one hypothesis and how to test it.
type Hunt struct {
	ID         string     `yaml:"id"`
	Hypothesis string     `yaml:"hypothesis"`
	Why        string     `yaml:"why"`
	Data       [][]string `yaml:"data"`    // groups: of each, one type of record is enough
	Answers    Answers    `yaml:"answers"` // what answers it
	Hit        string     `yaml:"hit"`
	Benign     string     `yaml:"benign"`
	Next       string     `yaml:"next"`
	ByHand     string     `yaml:"by_hand"` // the part that no detection answers
}

// Answers names detections.
type Answers struct {
	Dossier    []string `yaml:"dossier"`    // ids of dossiers' detections
	Detectors  []string `yaml:"detectors"`  // ids of detectors and rules
	Indicators bool     `yaml:"indicators"` // the profile's published indicators
}

var (
	idPattern      = regexp.MustCompile(`^H[0-9]{1,2}$`)
	dossierPattern = regexp.MustCompile(`^[A-Z]{2}-[0-9]+[a-z]?$`)
)

// Load reads DIR/<id>/guide.yaml for every folder of dir. The error joins all
// mistakes; guides without mistakes are returned in any case.
func Load(fsys fs.FS, dir string) (map[string]*Guide, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "*", "guide.yaml"))
	if err != nil {
		return nil, fmt.Errorf("guide: %w", err)
	}
	out := map[string]*Guide{}
	var errs []error
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("guide: %w", err))
			continue
		}
		g, err := Parse(name, data)
		if err == nil && g.Profile != path.Base(path.Dir(name)) {
			err = fmt.Errorf("%s: profile %q differs from the folder's name", name, g.Profile)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[g.Profile] = g
	}
	return out, errors.Join(errs...)
}

// Parse reads one guide. The error joins all mistakes.
func Parse(file string, data []byte) (*Guide, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	g := &Guide{}
	if err := dec.Decode(g); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(file+": "+format, args...)) }
	if g.Profile == "" || len(g.Hunts) == 0 {
		fail("a guide needs a profile and hunts")
	}
	seen := map[string]bool{}
	for i := range g.Hunts {
		h := &g.Hunts[i]
		if !idPattern.MatchString(h.ID) || seen[h.ID] {
			fail("hunt %q: ids are H and a number, each once", h.ID)
		}
		seen[h.ID] = true
		if h.Hypothesis == "" || h.Why == "" || h.Hit == "" || h.Next == "" {
			fail("hunt %s needs hypothesis, why, hit and next", h.ID)
		}
		if len(h.Data) == 0 || slices.ContainsFunc(h.Data, func(g []string) bool { return len(g) == 0 }) {
			fail("hunt %s names no data", h.ID)
		}
		a := &h.Answers
		if len(a.Dossier)+len(a.Detectors) == 0 && !a.Indicators && h.ByHand == "" {
			fail("hunt %s: nothing answers it, and it does not say how a person does", h.ID)
		}
		for _, id := range a.Dossier {
			if !dossierPattern.MatchString(id) {
				fail("hunt %s: %q is not the id of a dossier's detection", h.ID, id)
			}
		}
	}
	return g, errors.Join(errs...)
}
