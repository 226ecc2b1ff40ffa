// Package absence writes not-found certificates: what was searched for a
// campaign, which of its detections could have fired on that evidence and which
// could not, and how much the silence of those that could is worth.
//
//	cert := absence.Issue(&absence.Case{Profile: p, Report: report, Detections: ds, Findings: fs, Files: files})
//	cert.Markdown(w)
//	err := absence.Check(jsonBytes) // the digest is that of the content
package absence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"longwatch/internal/campaign"
	"longwatch/internal/coverage"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Case is what a certificate is made from.
type Case struct {
	Profile    *campaign.Profile
	Files      []File // evidence, sorted by path
	Report     *coverage.Report
	Detections []coverage.Detection // all of the hunt that bear on campaigns
	Findings   []*finding.Finding
	Incidents  []*finding.Incident
	Rules      []string // sets of rules and indicators that were used, in words
	Version    string   // of the program
	Content    string   // SHA-256 of its rules and profiles
}

// File is one piece of evidence.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Start  string `json:"start,omitempty"`
	End    string `json:"end,omitempty"`
	Whole  bool   `json:"whole"`
	Why    string `json:"why,omitempty"` // not whole, or not read at all
}

// The verdicts.
const (
	Found     = "found"      // an incident resembles this campaign most
	Traces    = "traces"     // its detections fired, but no incident is attributed to it
	NotFound  = "not found"  // none of those that could have fired did
	CannotSay = "cannot say" // none could have fired
)

// How much the silence is worth.
const (
	Strong   = "strong"
	Moderate = "moderate"
	Weak     = "weak"
	None     = "none"
)

// Certificate is the statement with everything it rests on.
type Certificate struct {
	Profile   string            `json:"profile"`
	Name      string            `json:"name"`
	Status    string            `json:"status"` // sourced or unverified
	Verdict   string            `json:"verdict"`
	Statement string            `json:"statement"`
	Support   string            `json:"support"` // for absence: strong, moderate, weak, none
	Share     float64           `json:"share"`   // of the weight of its traits, that could have been seen, 0 to 1
	Means     []string          `json:"means"`   // what it says and what it does not
	Evidence  Evidence          `json:"evidence"`
	Since     coverage.When     `json:"since,omitzero"`
	Until     coverage.When     `json:"until,omitzero"`
	Sources   []coverage.Source `json:"sources"`
	Found     []Trace           `json:"found"`
	Could     []Line            `json:"could_have_fired"`
	CouldNot  []Line            `json:"could_not_have_fired"`
	Nobody    []string          `json:"without_detection"` // detections of the dossier that nothing here implements
	Limits    []coverage.Limit  `json:"limits"`
	Rules     []string          `json:"rules"`
	Version   string            `json:"version"`
	Content   string            `json:"content"`
	Digest    string            `json:"digest"` // SHA-256 of this certificate with an empty digest, as JSON without spaces
}

// Evidence is what was searched.
type Evidence struct {
	Digest string        `json:"digest"` // SHA-256 over lines "sha256  path" in order of path
	Files  int           `json:"files"`
	Bytes  int64         `json:"bytes"`
	Broken int           `json:"not_whole"`
	Start  coverage.When `json:"start,omitzero"`
	End    coverage.When `json:"end,omitzero"`
	List   []File        `json:"list"`
	More   int           `json:"more,omitempty"` // not listed, but in the digest and in manifest.json
}

// Trace is a finding of one of the campaign's detections.
type Trace struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Start    coverage.When    `json:"start,omitzero"`
	Dossier  []string         `json:"dossier,omitempty"`
	Incident string           `json:"incident,omitempty"`
}

// Line is one detection with what it had to search.
type Line struct {
	ID      string         `json:"id"`
	Title   string         `json:"title"`
	Dossier []string       `json:"dossier,omitempty"`
	Reach   coverage.Reach `json:"reach"`
}

// Bounds of a certificate.
const (
	maxFiles  = 5000
	maxTraces = 200
	maxRows   = 5000
)

// Issue makes the certificate. The same case gives the same bytes.
func Issue(c *Case) *Certificate {
	p := c.Profile
	out := &Certificate{
		Profile: p.ID, Name: p.Name, Status: string(p.Status), Since: c.Report.Since, Until: c.Report.Until,
		Sources: cut(c.Report.Sources, maxRows), Limits: cut(c.Report.Limits, maxRows), Found: []Trace{}, Could: []Line{}, CouldNot: []Line{}, Nobody: []string{},
		Rules: c.Rules, Version: c.Version, Content: c.Content,
	}
	out.evidence(c)
	ids := slices.Compact(slices.Sorted(slices.Values(p.Own())))
	covered := map[string]bool{}
	can := map[string]coverage.Can{}
	for i := range c.Detections {
		d := &c.Detections[i]
		if !Bears(d, p.ID, ids) {
			continue
		}
		l := Line{ID: d.ID, Title: d.Title, Dossier: d.Dossier, Reach: c.Report.Judge(d)}
		can[d.ID] = l.Reach.Can
		for _, id := range d.Dossier {
			covered[id] = true
		}
		if l.Reach.Can == coverage.No {
			out.CouldNot = append(out.CouldNot, l)
		} else {
			out.Could = append(out.Could, l)
		}
	}
	for _, id := range ids {
		if !covered[id] {
			out.Nobody = append(out.Nobody, id)
		}
	}
	out.Share = share(p, c.Detections, can)
	out.Support = support(out.Share, c.Report)
	lead := out.traces(c, ids)
	out.judge(lead)
	out.Digest = digest(out)
	return out
}

func cut[T any](list []T, most int) []T {
	if len(list) > most {
		return list[:most]
	}
	return list
}

// Bears tells whether a detection is one that a profile with these dossier ids
// rests on.
func Bears(d *coverage.Detection, profile string, ids []string) bool {
	if strings.HasPrefix(d.ID, "intel:") {
		return strings.HasPrefix(d.ID, "intel:"+profile+":")
	}
	return slices.ContainsFunc(d.Dossier, func(id string) bool { return slices.Contains(ids, id) })
}

// evidence lists what was searched, with a digest over all of it.
func (out *Certificate) evidence(c *Case) {
	h := sha256.New()
	e := &out.Evidence
	e.List = []File{}
	for _, f := range c.Files {
		e.Files++
		e.Bytes += f.Size
		if !f.Whole {
			e.Broken++
		}
		_, _ = fmt.Fprintf(h, "%s  %s\n", f.SHA256, f.Path)
		if len(e.List) < maxFiles {
			e.List = append(e.List, f)
		} else {
			e.More++
		}
	}
	e.Digest = hex.EncodeToString(h.Sum(nil))
	var span record.Span
	for i := range c.Report.Sources {
		span.Grow(record.Time(c.Report.Sources[i].Start))
		span.Grow(record.Time(c.Report.Sources[i].End))
	}
	e.Start, e.End = coverage.When(span.Start), coverage.When(span.End)
}

// traces lists what the campaign's detections found, and tells whether an
// incident is attributed to it.
func (out *Certificate) traces(c *Case, ids []string) bool {
	in := map[string]string{}
	lead := false
	for _, i := range c.Incidents {
		if len(i.Attribution) > 0 && i.Attribution[0].Profile == c.Profile.ID {
			lead = true
		}
		for _, f := range i.Findings {
			in[f.ID] = i.ID
		}
	}
	for _, f := range c.Findings {
		if f.Severity < finding.Medium || len(out.Found) == maxTraces {
			continue
		}
		own := f.Detector == "intel:"+c.Profile.ID || slices.ContainsFunc(f.Dossier, func(id string) bool { return slices.Contains(ids, id) })
		if own {
			out.Found = append(out.Found, Trace{ID: f.ID, Title: f.Title, Severity: f.Severity, Start: coverage.When(f.Start), Dossier: f.Dossier, Incident: in[f.ID]})
		}
	}
	return lead
}

// share is the part of a profile's weight that could have been seen: each trait
// by the best detection that shows it; victimology proves nothing and is left
// out.
func share(p *campaign.Profile, ds []coverage.Detection, can map[string]coverage.Can) float64 {
	leaf := func(c *campaign.Condition) float64 {
		best := 0.0
		for i := range ds {
			d := &ds[i]
			x, bears := can[d.ID]
			if !bears {
				continue
			}
			fits := slices.Contains(c.Finding, d.ID) || slices.ContainsFunc(c.Dossier, func(id string) bool { return slices.Contains(d.Dossier, id) }) ||
				c.Indicator != "" && strings.HasPrefix(d.ID, "intel:")
			if fits {
				best = max(best, float64(x)/float64(coverage.Full))
			}
		}
		return best
	}
	var sum, all float64
	for i := range p.Traits {
		t := &p.Traits[i]
		if t.Group == campaign.Victimology {
			continue
		}
		all += t.Weight
		sum += t.Weight * t.When.Weigh(leaf)
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// support is a share in a word. Logs that were cleared, and packets or
// messages that are mostly hidden, keep it from being strong.
func support(share float64, r *coverage.Report) string {
	tampered := slices.ContainsFunc(r.Limits, func(l coverage.Limit) bool {
		return l.Kind == coverage.Cleared || l.Share >= 0.5 && (l.Kind == coverage.EncryptedSMB || l.Kind == coverage.MissedBytes)
	})
	switch {
	case share >= 0.8 && !tampered:
		return Strong
	case share >= 0.5:
		return Moderate
	case share >= 0.15:
		return Weak
	}
	return None
}

// judge says the verdict in words.
func (out *Certificate) judge(lead bool) {
	span := fmt.Sprintf("within this evidence (%d files, records from %s to %s)", out.Evidence.Files, out.Evidence.Start.Day(), out.Evidence.End.Day())
	n, all := len(out.Could), len(out.Could)+len(out.CouldNot)
	switch {
	case lead:
		out.Verdict = Found
		out.Statement = fmt.Sprintf("%s was found %s: an incident resembles it most. This is no certificate of absence.", out.Name, span)
	case len(out.Found) > 0:
		out.Verdict = Traces
		out.Statement = fmt.Sprintf("Detections that %s rests on fired %d times %s, but no incident is attributed to it. Its absence is not certified until each of them is explained.", out.Name, len(out.Found), span)
	case n == 0 || out.Support == None:
		out.Verdict = CannotSay
		out.Statement = fmt.Sprintf("Whether %s is here cannot be said %s: of %d detections it rests on, %d could have fired, and what they look for is too little of what it does.", out.Name, span, all, n)
	default:
		out.Verdict = NotFound
		out.Statement = fmt.Sprintf("%s was not found %s: none of the %d detections that could have fired did, out of %d that it rests on. Support for its absence: %s.", out.Name, span, n, all, out.Support)
	}
	out.Means = []string{
		fmt.Sprintf("It speaks of this evidence only, by its hashes, and of the times that each source covers; %.0f %% of the weight of what is published about %s could have been seen in it.", 100*out.Share, out.Name),
		"It does not say that nobody was here: another actor, or this one with new tools, would not be found by these detections.",
		"It holds until the profile, its indicators or the detections change (version and content below), or more evidence comes: search again then.",
	}
	if out.Status != string(campaign.Sourced) {
		out.Means = append(out.Means, "The profile itself is unverified; that it was not found means little.")
	}
	if len(out.Nobody) > 0 {
		out.Means = append(out.Means, fmt.Sprintf("No detection of this program implements %s of its dossier.", strings.Join(out.Nobody, ", ")))
	}
}

// sorted orders lines by what they could do, then by id.
func sorted(lines []Line) []Line {
	out := slices.Clone(lines)
	slices.SortStableFunc(out, func(a, b Line) int {
		return cmp.Or(-cmp.Compare(a.Reach.Can, b.Reach.Can), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Write writes the certificate as JSON.
func (out *Certificate) Write(w io.Writer) error { return write(w, out) }
