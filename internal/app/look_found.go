package app

import (
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"longwatch/internal/casefolder"
	"longwatch/internal/extract"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/retro"
)

// configNets are the own networks that the user named, nil when those of the
// case are the ones that are assumed without that.
func (l *look) configNets() []netip.Prefix {
	if slices.Equal(l.old.HomeNet, privateNets) {
		return nil
	}
	return homeNetsOf(l.old)
}

// found are the findings of the case as they are now: the archived ones, and
// what the indicators of today make of records and of archived findings. What
// was found before stays one finding, though it may weigh otherwise now.
func (l *look) found() []finding.Finding {
	seen, gaps := l.watch.Finish()
	for _, g := range gaps {
		l.note("pattern not judged: " + g)
	}
	fresh := slices.Concat(l.gathered.findings(), seen)
	at := map[string]int{} // of claims about indicators
	var out []finding.Finding
	for _, f := range l.old.Findings {
		if strings.HasPrefix(f.Detector, "intel:") {
			at[key(f)] = len(out)
		}
		out = append(out, *f)
	}
	for i := range fresh {
		f := &fresh[i]
		n, known := at[key(f)]
		if !known {
			l.res.New = append(l.res.New, retro.Hit{Finding: f, Files: l.places[key(f)]})
			continue
		}
		held := out[n].Withheld
		if out[n].Release(); out[n].Severity != f.Severity || out[n].Confidence != f.Confidence {
			out[n] = *f
		}
		if held != (finding.Withheld{}) {
			out[n].Hold(held.List, held.Entry, held.Value)
		}
	}
	l.rescore()
	if l.r.Reweigh {
		weigh(l.k.late, out, homeNetsOf(l.old), &casefolder.Case{})
	}
	l.graded(out)
	for _, h := range l.res.New {
		l.k.late.Weigh(h.Finding, l.home)
		out = append(out, *h.Finding)
	}
	slices.SortFunc(out, func(a, b finding.Finding) int { return finding.Compare(&a, &b) })
	slices.SortFunc(l.res.New, func(a, b retro.Hit) int { return finding.Compare(a.Finding, b.Finding) })
	return out
}

// home tells own addresses.
func (l *look) home(a netip.Addr) bool {
	return slices.ContainsFunc(homeNetsOf(l.old), func(p netip.Prefix) bool { return p.Contains(a) })
}

// graded notes the old findings, in the order of the case, that weigh otherwise
// now.
func (l *look) graded(now []finding.Finding) {
	for i, before := range l.old.Findings {
		after := now[i]
		if before.Severity != after.Severity || before.Confidence != after.Confidence || before.Withheld != after.Withheld {
			l.res.Graded = append(l.res.Graded, retro.Graded{Before: before, After: &after})
		}
	}
}

// archived is what an archived finding names, in the form that indicators are
// compared with.
type archived struct {
	record.Head
	Addresses    []string `rec:"address" ent:"address"`         // IP addresses
	Hosts        []string `rec:"host" ent:"host"`               // names of machines
	Domains      []string `rec:"domain" ent:"domain"`           // names looked up, certified or asked for
	URLs         []string `rec:"url" ent:"url"`                 // addresses of pages
	Hashes       []string `rec:"hash" ent:"hash"`               // of files
	Files        []string `rec:"file" ent:"file"`               // paths
	Mails        []string `rec:"email" ent:"email"`             // addresses of mail
	Processes    []string `rec:"process" ent:"process"`         // programs
	Certificates []string `rec:"certificate" ent:"certificate"` // digests of certificates
	JA3          []string `rec:"ja3" ent:"ja3"`                 // fingerprints of clients
	JA4          []string `rec:"ja4" ent:"ja4"`                 // fingerprints of clients
	HASSH        []string `rec:"hassh" ent:"hassh"`             // fingerprints of SSH
	Agents       []string `rec:"user_agent" ent:"user_agent"`   // user agents
}

var archivedType = record.Of[archived]("archived finding")

// RecordType is the schema.
func (*archived) RecordType() *record.Type { return archivedType }

// about is the source and the indicator that a finding is about.
type about struct{ detector, indicator string }

// cite is a place that a source made a finding about.
type cite struct {
	detector string
	ref      record.Ref
}

// rescore compares what archived findings name with the indicators: a generic
// alert of years ago may name what a profile or feed lists today. Where the
// records are, they have the word, and make the findings; where they are gone,
// the archived finding stands for them.
func (l *look) rescore() {
	fresh := map[about]string{} // new findings that mean something, by what they are about
	for _, h := range l.res.New {
		if f := h.Finding; f.Listed.Indicator != "" && f.Severity > finding.Info {
			fresh[about{f.Detector, f.Listed.Indicator}] = f.ID
		}
	}
	cited := map[cite]bool{}
	for _, f := range l.old.Findings {
		for _, r := range f.Refs {
			cited[cite{f.Detector, r}] = true
		}
	}
	m := l.k.set.Matcher()
	m.AsOf = l.r.AsOf
	g := newGather()
	for _, old := range l.old.Findings {
		m.Match(archivedOf(old), func(f finding.Finding) {
			if f.Severity == finding.Info || f.Detector == old.Detector {
				return
			}
			by, told := fresh[about{f.Detector, f.Listed.Indicator}]
			if !told && (l.recorded || slices.ContainsFunc(old.Refs, func(r record.Ref) bool { return cited[cite{f.Detector, r}] })) {
				return // who listed it has spoken of that place, and said something closer
			}
			if !told {
				f.Refs, f.End = slices.Clone(old.Refs), old.End
				f.Why[0] = finding.Because("%s %q of the archived finding %s (%s, %q) is the %s indicator %q", f.Listed.Kind, f.Listed.Value, old.ID, old.Detector, old.Title, f.Listed.Kind, f.Listed.Indicator)
				f.Seal()
				by = f.ID
				g.add(f)
			}
			profile := strings.TrimPrefix(f.Detector, "intel:")
			if name, ok := l.k.called(profile); ok {
				l.res.Archived = append(l.res.Archived, retro.Archived{
					Finding: old, Profile: profile, Name: name, By: by,
					Because: finding.Because("its %s %q is an indicator of it: %s", f.Listed.Kind, f.Listed.Value, f.Why[min(1, len(f.Why)-1)]),
				})
			}
		})
	}
	made := g.findings()
	for i := range made {
		l.res.New = append(l.res.New, retro.Hit{Finding: &made[i]})
	}
}

func archivedOf(f *finding.Finding) *archived {
	a := &archived{Head: record.Head{TS: f.Start}}
	if len(f.Refs) > 0 {
		a.Ref = f.Refs[0]
	}
	lists := map[string]*[]string{
		"address": &a.Addresses, "host": &a.Hosts, "domain": &a.Domains, "url": &a.URLs, "hash": &a.Hashes, "file": &a.Files, "email": &a.Mails,
		"process": &a.Processes, "certificate": &a.Certificates, "ja3": &a.JA3, "ja3s": &a.JA3, "ja4": &a.JA4, "hassh": &a.HASSH, "user_agent": &a.Agents,
	}
	for _, e := range f.Entities {
		if list := lists[e.Kind]; list != nil && e.Value != "" {
			*list = append(*list, e.Value)
		}
	}
	return a
}

// compare notes what is not as it was.
func (l *look) compare(now *casefolder.Case) {
	old := map[string]*finding.Finding{}
	for _, f := range l.old.Findings {
		old[f.ID] = f
	}
	l.res.After = now
	l.res.Incidents = retro.Incidents(l.old.Incidents, now.Incidents)
	l.res.Archived = retro.Sort(append(l.res.Archived, retro.Conditions(l.old.Incidents, now.Incidents, func(id string) *finding.Finding { return old[id] })...))
	if !l.isCase {
		now.Records = nil // they stay where they are
	}
}

// write writes the new case: its own files, and those of the old one that did
// not change, which it shares with it where the disk allows that.
func (l *look) write(now *casefolder.Case) error {
	if l.isCase {
		for _, part := range []string{"records", extract.Dir} {
			if err := linkTree(filepath.Join(l.input, part), filepath.Join(l.out, part)); err != nil {
				return err
			}
		}
	}
	_, err := WriteCase(now, l.out)
	return err
}

// linkTree makes to hold the files of from: as second names of them, or as
// copies on another disk. There may be no such folder.
func linkTree(from, to string) error {
	if !exists(from) {
		return nil
	}
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o750)
		case !d.Type().IsRegular():
			return nil
		}
		if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
			return err
		}
		if os.Link(path, target) == nil { //nolint:gosec // in the case folder that the user names; links are left out above
			return nil
		}
		return casefolder.WriteFile(target, func(w io.Writer) error {
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			_, err = io.Copy(w, f)
			return err
		})
	})
}
