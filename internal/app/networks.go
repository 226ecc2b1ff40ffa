package app

import (
	"longwatch/internal/asn"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/recon"
)

// networkSources are the sources of t as a case tells them.
func networkSources(t *asn.Table) []casefolder.NetworkSource {
	var out []casefolder.NetworkSource
	for _, s := range t.Sources() {
		out = append(out, casefolder.NetworkSource(s))
	}
	return out
}

// scouted is who looked at the own networks, with the places that show it.
func scouted(s *recon.Scout, found []finding.Finding) *recon.Seen {
	seen := s.Finish(found)
	if seen == nil {
		return nil
	}
	for i := range seen.Origins {
		for _, r := range seen.Origins[i].Refs {
			seen.Origins[i].Cited = append(seen.Origins[i].Cited, casefolder.Place(r))
		}
	}
	return seen
}
