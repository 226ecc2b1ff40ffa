package patch

import (
	"encoding/json"
	"fmt"
	"strings"
)

// osvList reads OSV records (Open Source Vulnerability format 1.7): ranges of
// events and lists of versions. Ranges of commits say nothing about versions.
func osvList(list []json.RawMessage) ([]Flaw, error) {
	var c collector
	for _, raw := range list {
		var r struct {
			ID        string   `json:"id"`
			Aliases   []string `json:"aliases"`
			Summary   string   `json:"summary"`
			Withdrawn string   `json:"withdrawn"`
			Affected  []struct {
				Package struct {
					Ecosystem string `json:"ecosystem"`
					Name      string `json:"name"`
				} `json:"package"`
				Ranges []struct {
					Type   string `json:"type"`
					Events []struct {
						Introduced string `json:"introduced"`
						Fixed      string `json:"fixed"`
						Last       string `json:"last_affected"`
						Limit      string `json:"limit"`
					} `json:"events"`
				} `json:"ranges"`
				Versions []string `json:"versions"`
			} `json:"affected"`
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fmt.Errorf("%w: %w", errAdvisory, err)
		}
		if r.Withdrawn != "" {
			continue
		}
		for _, id := range append([]string{r.ID}, r.Aliases...) {
			if !cveID.MatchString(id) {
				continue
			}
			for _, a := range r.Affected {
				f := c.flaw(id, "", shortPackage(a.Package.Name))
				if f == nil {
					continue
				}
				f.source, f.Advisory, f.Name = "OSV ("+clip(r.ID)+")", "https://osv.dev/vulnerability/"+clip(r.ID), clip(r.Summary)
				for _, v := range a.Versions {
					f.version(v)
				}
				for _, x := range a.Ranges {
					if x.Type == "GIT" {
						continue
					}
					from, open := "", false
					for _, e := range x.Events {
						switch {
						case e.Introduced != "":
							from, open = strings.TrimPrefix(e.Introduced, "0"), true
							if from != "" {
								from = e.Introduced
							}
						case open && e.Fixed != "":
							f.add(Range{From: from, Fixed: e.Fixed})
							open = false
						case open && e.Last != "":
							f.add(Range{From: from, Last: e.Last})
							open = false
						}
					}
				}
			}
		}
	}
	return c.list, nil
}

// shortPackage is the last part of a package's name: org.apache.struts:struts2-core
// is struts2-core.
func shortPackage(s string) string {
	return s[strings.LastIndexAny(s, "/:")+1:]
}
