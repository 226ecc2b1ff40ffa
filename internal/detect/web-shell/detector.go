// Package webshell reports server-side scripts whose structure is a web
// shell's: what they can do together, whatever their names and literals.
package webshell

import (
	"slices"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record/web"
)

// Detector reads the score that package script gives.
var Detector = detect.Spec{
	ID:         "web-shell",
	Title:      "Web shell by structure",
	Techniques: []attack.ID{"T1505.003"},
	Dossier:    []string{"OP-21"},
	Also:       []string{"OP-27", "TG-10", "TG-12"},
	New:        func(detect.Env) detect.Detector { return detector{} },
}

const (
	alert = 8  // dossier OP-21
	sure  = 11 // several independent parts, one of which would do
)

// detector keeps nothing.
type detector struct{}

// Handlers subscribes to scripts at rest.
func (d detector) Handlers() []detect.Handler {
	return []detect.Handler{detect.OnIf(func(s *web.Script) bool { return s.Score >= alert }, d.script)}
}

func (detector) script(s *web.Script, out detect.Reporter) {
	f := finding.Finding{Severity: finding.High, Confidence: 75, Why: []string{finding.Because("%q scores %d, where %d is a web shell", s.Path, s.Score, alert)}}
	if s.Score >= sure {
		f.Confidence = 90
	}
	f.Why = append(f.Why, s.Why...)
	switch {
	case slices.Contains(s.Can, "default-key"):
		f.Title, f.Dossier = "Web shell with a published default key", []string{"OP-27", "TG-10"}
	case s.Language == "jsp" || s.Language == "php":
		f.Dossier = []string{"TG-12"}
	}
	out.Report(f)
}
