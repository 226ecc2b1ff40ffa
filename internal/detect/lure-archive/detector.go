// Package lurearchive finds the archives and the loader that open the intrusions
// of TGR-STA-1030 (Unit 42, 5 February 2026): one program named like its
// archive with pic1.png beside it, and the Diaoyu loader itself, in mail, on
// the wire and on disk.
package lurearchive

import (
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/mail"
	"longwatch/internal/record/network"
	"longwatch/internal/record/web"
)

// Detector judges the traits of content that package content names.
var Detector = detect.Spec{
	ID:         "lure-archive",
	Title:      "Archive with a guarded loader",
	Techniques: []attack.ID{"T1204.002", "T1480"},
	Dossier:    []string{"TG-05"},
	Also:       []string{"TG-07"},
	New:        func(detect.Env) detect.Detector { return detector{} },
}

// detector keeps nothing.
type detector struct{}

// The traits it asks for; see package content.
const (
	samePE     = "zip-program-named-as-it"
	pic        = "zip-pic1-png"
	picEmpty   = "zip-pic1-png-empty"
	loader     = "diaoyu-loader"
	imphash    = "diaoyu-imphash"
	attachment = "T1566.001"
)

// Handlers subscribes to mail and to files on the wire and on disk.
func (d detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(m *mail.Message) bool { return telling(m.Traits) }, func(m *mail.Message, out detect.Reporter) {
			d.judge(m, m.Traits, strings.Join(m.Attachments, ", "), out)
		}),
		detect.OnIf(func(f *network.File) bool { return telling(f.Traits) }, func(f *network.File, out detect.Reporter) {
			d.judge(f, f.Traits, f.Filename, out)
		}),
		detect.OnIf(func(f *web.File) bool { return telling(f.Traits) }, func(f *web.File, out detect.Reporter) {
			d.judge(f, f.Traits, f.Path, out)
		}),
	}
}

func telling(traits []string) bool {
	return slices.Contains(traits, loader) || slices.Contains(traits, imphash) || slices.Contains(traits, pic) || slices.Contains(traits, picEmpty)
}

func (detector) judge(r record.Record, traits []string, name string, out detect.Reporter) {
	has := func(t string) bool { return slices.Contains(traits, t) }
	f := finding.Finding{Entities: r.RecordType().Entities(r), Techniques: slices.Clone(Detector.Techniques)}
	if m, ok := r.(*mail.Message); ok {
		f.Techniques = append(f.Techniques, attachment)
		f.Ask = []string{finding.Because("Ask the receiver: did you open the archive that %q sent and start what lay in it, and on which machine? Did you forward it?", m.From)}
	} else {
		f.Ask = []string{"Ask the user of the machine: where did the archive come from, and was the program in it started?"}
	}
	if has(loader) {
		f.Title, f.Severity, f.Confidence = "Diaoyu loader", finding.Critical, 95
		f.Dossier, f.Techniques = []string{"TG-07"}, append(f.Techniques, "T1497.001")
		f.Why = []string{finding.Because("%q holds at least four strings of the Diaoyu loader and the names of security products that it looks for", name)}
		if has(imphash) {
			f.Why = append(f.Why, "its imports are those of the published samples")
		}
		out.Report(f)
		return
	}
	if has(imphash) {
		f.Title, f.Severity, f.Confidence = "Program built like the Diaoyu loader", finding.High, 75
		f.Dossier, f.Techniques = []string{"TG-07"}, append(f.Techniques, "T1497.001")
		f.Why = []string{
			finding.Because("%q imports the same functions in the same order as the published samples of the Diaoyu loader (imphash)", name),
			"its strings are not theirs: a later build, or another program made of the same parts",
		}
		out.Report(f)
		return
	}
	if !has(samePE) {
		return // pictures are called pic1.png everywhere
	}
	f.Severity, f.Confidence = finding.High, 85
	f.Why = []string{finding.Because("%q holds exactly one program, named like the archive, and pic1.png beside it", name)}
	if has(picEmpty) {
		f.Confidence = 95
		f.Why = append(f.Why, "the picture is empty: the loader only asks whether it is there")
	}
	out.Report(f)
}
