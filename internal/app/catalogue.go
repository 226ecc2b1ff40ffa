package app

import (
	"cmp"
	"maps"
	"slices"

	"longwatch/internal/coverage"
	"longwatch/internal/detect"
	"longwatch/internal/intel"
)

// carriers are the types of record in which an indicator of a kind can be seen.
var carriers = map[intel.Kind][]string{
	intel.Address:     {"conn", "logon", "socket", "web_access", "dns", "http", "mail", "host_syslog"},
	intel.Domain:      {"dns", "dns_query", "ssl", "http", "x509", "mail", "web_access"},
	intel.Hash:        {"files", "file", "process", "module", "file_event", "mail", "web_script"},
	intel.UserAgent:   {"http", "web_access"},
	intel.Certificate: {"ssl", "x509"},
	intel.File:        {"file", "file_event", "process", "smb_files", "web_script"},
}

// catalogue lists everything of a hunt that bears on campaigns: detectors and
// rules that implement a detection of a dossier, and the indicators of each
// profile.
func catalogue(rules *ruleSet, set *intel.Set, stopped map[string]string) []coverage.Detection {
	var out []coverage.Detection
	for i := range detectors {
		d := &detectors[i]
		ids := slices.Concat(d.Dossier, d.Also)
		if len(ids) == 0 {
			continue
		}
		out = append(out, coverage.Detection{ID: d.ID, Title: d.Title, Dossier: ids, Types: reads(d)})
	}
	for _, r := range rules.engine.Rules {
		if len(r.Dossier) == 0 {
			continue
		}
		x := coverage.Detection{ID: "sigma:" + r.ID, Title: r.Title, Dossier: slices.Clone(r.Dossier), Any: true, Stopped: stopped[r.ID]}
		logs, types := rules.engine.Reads(r.Source)
		x.Types = types
		for _, name := range slices.Sorted(maps.Keys(logs)) {
			x.Logs = append(x.Logs, coverage.Channel{Name: name, Events: logs[name]})
		}
		out = append(out, x)
	}
	out = append(out, indicators(set)...)
	slices.SortFunc(out, func(a, b coverage.Detection) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// reads are the types of record that a detector subscribes to.
func reads(d *detect.Spec) []string {
	seen := map[string]bool{}
	for _, h := range d.New(detect.Env{}).Handlers() {
		if h.Type != nil {
			seen[h.Type.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// indicators are those of each profile, by what they are compared with.
func indicators(set *intel.Set) []coverage.Detection {
	type group struct {
		profile string
		kind    intel.Kind
	}
	byGroup := map[group]*coverage.Detection{}
	for i := range set.Profiled {
		types := carriers[i.Kind]
		if types == nil {
			continue
		}
		g := group{i.Profile, i.Kind}
		d := byGroup[g]
		if d == nil {
			d = &coverage.Detection{ID: "intel:" + i.Profile + ":" + i.Kind.String(), Title: "published indicators: " + i.Kind.String(), Types: types, Any: true}
			byGroup[g] = d
		}
		for _, id := range i.Dossier {
			if !slices.Contains(d.Dossier, id) {
				d.Dossier = append(d.Dossier, id)
			}
		}
	}
	var out []coverage.Detection
	for _, d := range byGroup {
		slices.Sort(d.Dossier)
		out = append(out, *d)
	}
	return out
}
