package app

import (
	"context"
	"fmt"
	"path"
	"strings"

	"longwatch/internal/audit/iis"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/hostpath"
	"longwatch/internal/record"
)

// auditDetector is who claims what the configuration of IIS shows.
const auditDetector = "audit-iis"

// auditConfigs judges the configuration of IIS that the evidence holds. What
// intruders leave becomes a finding; what only weakens the server is counted,
// and audit iis tells it.
func auditConfigs(ctx context.Context, c *iis.Collector) (out []finding.Finding, gaps []casefolder.Coverage, err error) {
	r, err := c.Audit(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	rest := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Mark() {
			out = append(out, configFinding(f))
		} else if f.Severity >= finding.Medium {
			rest++
		}
	}
	if rest > 0 {
		gaps = append(gaps, casefolder.Coverage{
			Name: "weak configuration of IIS", Why: fmt.Sprintf("%d settings weaken the server, of medium severity and above; longwatch audit iis lists them", rest),
		})
	}
	return out, gaps, nil
}

// configFinding is f as a finding of the hunt. Its time is when the file was
// last written: no setting was made later.
func configFinding(f *iis.Finding) finding.Finding {
	x := finding.Finding{
		Detector: auditDetector, Title: upper(f.Title), Severity: f.Severity, Confidence: 60, Start: f.Modified, End: f.Modified, Techniques: f.Techniques, Dossier: shown(f),
		Refs: []record.Ref{{File: f.Path}},
	}
	if f.Severity == finding.Critical {
		x.Confidence = 80
	}
	if f.Line > 0 {
		x.Refs[0].Kind, x.Refs[0].Pos = record.RefLine, int64(f.Line)
	}
	if h := hostpath.Host(f.Path); h != "" {
		x.Entities = append(x.Entities, record.Entity{Kind: "host", Value: h})
	}
	x.Entities = append(x.Entities, record.Entity{Kind: "file", Value: f.Path})
	name := path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
	x.Why = append(x.Why, finding.Because("%s of check %s: %s", name, f.Check, f.Why))
	if f.Scope != "" {
		x.Why = append(x.Why, finding.Because("it holds for %q", f.Scope))
	}
	x.Why = append(x.Why, "to do: "+f.Do)
	x.Ask = []string{finding.Because("Who made this setting in %s, when, and what for?", name)}
	x.Seal()
	return x
}

// shown are the detections of dossiers that a finding of the audit is one of.
// Others it names because it matters for them: no attribution may rest on these.
func shown(f *iis.Finding) []string {
	out := []string{}
	for _, id := range f.Dossier {
		if id == "OP-23" || id == "OP-24" || id == "OP-03" && f.Check == "upload-holds-script" {
			out = append(out, id)
		}
	}
	return out
}

// upper is s with its first letter in upper case.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
