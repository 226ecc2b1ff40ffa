package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/intel"
	"longwatch/internal/record"
)

// DetectorInfo names one built-in detector.
type DetectorInfo struct {
	ID         string
	Title      string
	Techniques string
	Dossier    []string
}

// Detectors lists the built-in detectors by id.
func Detectors() []DetectorInfo {
	out := make([]DetectorInfo, 0, len(detectors))
	for _, d := range detectors {
		info := DetectorInfo{ID: d.ID, Title: d.Title, Dossier: d.Dossier}
		for i, t := range d.Techniques {
			if i > 0 {
				info.Techniques += " "
			}
			info.Techniques += string(t)
		}
		out = append(out, info)
	}
	return out
}

// IntelReport says what became of the rows of feeds.
type IntelReport struct {
	Rows     int         `json:"rows"`
	Loaded   int         `json:"loaded"`
	Refused  int         `json:"refused"`
	Values   int         `json:"values"`  // different ones, however they are spelled
	Written  int         `json:"written"` // different ones as they are written
	Reasons  []string    `json:"reasons"`
	Kinds    []IntelKind `json:"kinds"`
	Unjudged []string    `json:"unjudged"` // loaded, and compared with nothing
}

// IntelKind is how many rows of one kind there are and in which records they
// are looked for.
type IntelKind struct {
	Kind    string   `json:"kind"`
	Rows    int      `json:"rows"`
	Context bool     `json:"context"` // only told, never compared
	Records []string `json:"records"`
}

// loadBeside loads indicators of paths beside those of base, which are there in
// any case. Paths of which none could be used are an error: what was asked for
// would be looked for in silence, and not found.
func loadBeside(base []intel.Source, paths []string) (*intel.Set, *intel.Report, error) {
	set, report := intel.Load(slices.Concat(base, intel.Paths(paths...))...)
	if len(paths) > 0 {
		_, own := intel.Load(base...)
		if refused := report.Reasons[len(own.Reasons):]; report.Loaded == own.Loaded && len(refused) > 0 {
			return nil, nil, noIndicator(paths, refused)
		}
	}
	return set, &report, nil
}

// noIndicator is the error for paths without a single one.
func noIndicator(paths []string, refused []intel.Refusal) error {
	why := "nothing in it is one"
	if len(refused) > 0 {
		why = refused[0].String()
	}
	return fmt.Errorf("app: no indicator could be loaded from %q: %s", paths, why)
}

// IntelStatus says what each source of indicators is worth: what it has, what
// only it has, how old it is, and with cases, how often it was right enough to
// be a finding.
func IntelStatus(paths, cases []string) ([]intel.SourceStatus, error) {
	set, r := intel.Load(intel.Paths(paths...)...)
	if r.Loaded == 0 {
		return nil, noIndicator(paths, r.Reasons)
	}
	status := set.Status(record.TimeOf(time.Now()))
	found := map[string]map[string]bool{} // by source
	for _, dir := range cases {
		c, err := casefolder.Read(dir)
		if err != nil {
			return nil, err
		}
		hits := map[string]int{}
		for _, f := range c.Findings {
			if feed, ok := strings.CutPrefix(f.Detector, "intel:"); ok && f.Severity > finding.Info {
				hits[feed]++
				if found[feed] == nil {
					found[feed] = map[string]bool{}
				}
				found[feed][f.Listed.Kind+" "+f.Listed.Indicator] = true
			}
		}
		for i := range status {
			if n := hits[status[i].Source]; n > 0 {
				status[i].Hits, status[i].Cases = status[i].Hits+n, status[i].Cases+1
			}
		}
	}
	for i := range status {
		status[i].Found = len(found[status[i].Source])
	}
	return status, nil
}
