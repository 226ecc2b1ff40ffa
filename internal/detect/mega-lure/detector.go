// Package megalure finds mail of strangers that links to MEGA and speaks of a
// reorganisation, or claims to come from the recipient's own organisation: the
// way in of TGR-STA-1030 (Unit 42, 5 February 2026).
package megalure

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/record/mail"
)

// Detector judges links, subject and names of messages.
var Detector = detect.Spec{
	ID:         "mega-lure",
	Title:      "Mail about a reorganisation with a link to MEGA",
	Techniques: []attack.ID{"T1566.002"},
	Dossier:    []string{"TG-03"},
	New: func(detect.Env) detect.Detector {
		return &detector{known: recent.New[string, bool](365*24*time.Hour, 1<<16)}
	},
}

// detector remembers, for a year, which senders wrote before.
type detector struct{ known *recent.Map[string, bool] }

// Handlers subscribes to all mail.
func (d *detector) Handlers() []detect.Handler { return []detect.Handler{detect.On(d.message)} }

func (d *detector) message(m *mail.Message, out detect.Reporter) {
	before := d.known.Peek(m.From, m.TS) != nil
	if !linksToMega(m) {
		*d.known.At(m.From, m.TS) = true // who writes ordinary mail is no stranger
		return
	}
	theme := termIn(m.Subject + " " + m.Text)
	posing := poses(m)
	f := finding.Finding{Severity: finding.Low, Confidence: 40}
	f.Why = []string{finding.Because("%q links to MEGA, subject %q", m.From, m.Subject)}
	f.Ask = []string{finding.Because("Ask the receiver: did you expect files from %q, did you open the link, and on which machine was what it gave opened?", m.From)}
	score := 0
	if theme != "" {
		score++
		f.Why = append(f.Why, finding.Because("it speaks of %q", theme))
	}
	if posing != "" {
		score++
		f.Why = append(f.Why, finding.Because("the sender's name %q names the recipient's organisation %q, the address does not", m.FromName, posing))
	}
	if !before && external(m) {
		score++
		f.Why = append(f.Why, "the sender is from outside and never wrote before in this evidence")
	}
	if score >= 2 && (theme != "" || posing != "") {
		f.Severity, f.Confidence = finding.Medium, uint8(50+10*score)
	}
	out.Report(f)
}

func linksToMega(m *mail.Message) bool {
	return slices.ContainsFunc(m.LinkDomains, func(d string) bool {
		d = strings.ToLower(d)
		for _, z := range []string{"mega.nz", "mega.co.nz", "mega.io"} {
			if d == z || strings.HasSuffix(d, "."+z) {
				return true
			}
		}
		return false
	})
}

// terms for a reorganisation in the languages of the campaign's victims.
var terms = []string{
	"reorganisation", "reorganization", "restructuring", "organisational change", "organizational change", "staffing changes", "structural changes",
	"struktuuri muudatus", "umstrukturierung", "neuorganisation", "réorganisation", "restructuration", "reestructuración", "reorganización",
	"reestruturação", "reorganização", "riorganizzazione", "reorganizace", "reorganizacja", "αναδιοργάνωση", "реорганизац", "restrukturisasi",
	"cơ cấu lại", "改组", "重组",
}

func termIn(text string) string {
	text = strings.ToLower(text)
	for _, t := range terms {
		if strings.Contains(text, t) {
			return t
		}
	}
	return ""
}

func domainOf(address string) string {
	_, d, _ := strings.Cut(strings.ToLower(address), "@")
	return d
}

func external(m *mail.Message) bool {
	from := domainOf(m.From)
	return from != "" && !slices.ContainsFunc(m.To, func(to string) bool { return domainOf(to) == from })
}

// poses returns the name of the recipient's organisation when the sender's
// display name has it and the sender's domain does not.
func poses(m *mail.Message) string {
	if !external(m) {
		return ""
	}
	name := strings.ToLower(m.FromName)
	for _, to := range m.To {
		for label := range strings.SplitSeq(domainOf(to), ".") {
			if len(label) >= 4 && strings.Contains(name, label) && !strings.Contains(domainOf(m.From), label) {
				return label
			}
		}
	}
	return ""
}
