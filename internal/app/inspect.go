package app

import (
	"fmt"
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

// noIndicator is the error for paths without a single one.
func noIndicator(paths []string, r *intel.Report) error {
	why := "nothing in it is one"
	if len(r.Reasons) > 0 {
		why = r.Reasons[0].String()
	}
	return fmt.Errorf("app: no indicator could be loaded from %q: %s", paths, why)
}

// IntelStatus says what each source of indicators is worth: what it has, what
// only it has, how old it is, and with cases, how often it was right enough to
// be a finding.
func IntelStatus(paths, cases []string) ([]intel.SourceStatus, error) {
	set, r := intel.Load(intel.Paths(paths...)...)
	if r.Loaded == 0 {
		return nil, noIndicator(paths, &r)
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
