// Package iis audits the configuration of IIS and ASP.NET as evidence holds it:
// applicationHost.config, administration.config, redirection.config, web.config
// of any folder, machine.config and the root web.config of the .NET Framework.
// It says what was added to the defaults, what weakens the server and what
// hides an intruder, each with the file and line:
//
//	report, err := iis.Audit(ctx, []string{"/mnt/web01"}, iis.Options{Spool: dir})
//
// What the configuration does not say is not guessed: a finding rests on an
// element that was read, or, for inherited rights, on the defaults it names.
// Secrets are never shown. Schemas:
// https://learn.microsoft.com/iis/configuration/ and
// https://learn.microsoft.com/dotnet/framework/configure-apps/file-schema/.
package iis

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"longwatch/internal/attack"
	"longwatch/internal/collect"
	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Finding is one thing to look at.
type Finding struct {
	Check      string           `json:"check"`                // permanent id
	Severity   finding.Severity `json:"severity"`             // cost if an intruder did it or uses it
	Title      string           `json:"title"`                // one line, no variable parts
	Why        string           `json:"why"`                  // what the configuration says, in a sentence
	Path       string           `json:"path"`                 // the file, members of archives after "!"
	Line       int              `json:"line,omitempty"`       // 0: the whole file or folder
	Scope      string           `json:"scope,omitempty"`      // location, site, pool that it holds for
	Do         string           `json:"do"`                   // what to do about it
	Dossier    []string         `json:"dossier,omitempty"`    // traits of campaigns: OP-23 ...
	Techniques []attack.ID      `json:"techniques,omitempty"` // ATT&CK
	Modified   record.Time      `json:"-"`                    // when the file was last written; 0 unknown
}

// Problem is configuration that could not be read.
type Problem struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
	Why  string `json:"why"`
}

// Report is what an audit found.
type Report struct {
	Files    []string  // configuration read
	Findings []Finding // worst first
	Problems []Problem
}

// Options say how to audit.
type Options struct {
	Spool string    // folder for nested archives
	Leave string    // output folder, which is no evidence; may be empty
	Jobs  int       // files read at once
	Stdin io.Reader // what the path "-" stands for
	Known *KeyList  // disclosed keys besides the built-in ones; may be nil
}

// Audit reads all configuration below paths.
func Audit(ctx context.Context, paths []string, o Options) (*Report, error) {
	v := newVisitor()
	w := collect.Walker{Limits: collect.DefaultLimits, Spool: o.Spool, Leave: o.Leave, Jobs: max(1, o.Jobs), Stdin: o.Stdin}
	if err := w.Walk(ctx, paths, v, nil); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := v.audit(o.Known)
	return a.run(), nil
}

// audit is the state of one run.
type audit struct {
	files   []*config
	parts   map[string]*part
	folders map[string]*folder
	known   *KeyList
	report  Report
	keys    map[string][]keyUse // static keys by their hash
	seen    map[string]bool     // findings already there
	dropped int
	// budget bounds comparisons of every setting with every scope, so that
	// thousands of files stay affordable; what is beyond is said.
	budget int
	spent  bool
}

// work takes n from the budget and tells whether there was enough.
func (a *audit) work(n int) bool {
	if a.budget -= n; a.budget >= 0 {
		return true
	}
	if !a.spent {
		a.spent = true
		a.problem("", 0, "too many files, folders and locations to compare each with each: inheritance is told for a part of them only")
	}
	return false
}

// maxFindings bounds the report on hostile configuration.
const maxFindings = 20000

func (a *audit) run() *Report {
	slices.SortFunc(a.files, func(x, y *config) int { return cmp.Compare(x.path, y.path) })
	for _, f := range a.files {
		a.follow(f)
	}
	for _, f := range a.files {
		a.report.Files = append(a.report.Files, f.path)
		for _, s := range f.scopes {
			a.web(s)
			a.server(s)
			a.code(s)
			a.runtime(s)
			a.encrypted(s)
		}
		a.host(f)
		a.file(f)
	}
	for _, p := range a.parts {
		if p.used {
			a.report.Files = append(a.report.Files, p.path)
		}
	}
	slices.Sort(a.report.Files)
	a.sharedKeys()
	a.uploads()
	if a.dropped > 0 {
		a.problem("", 0, fmt.Sprintf("%d findings more than %d were left out", a.dropped, maxFindings))
	}
	slices.SortFunc(a.report.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(y.Severity, x.Severity), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Check, y.Check), cmp.Compare(x.Scope, y.Scope), cmp.Compare(x.Why, y.Why))
	})
	slices.SortFunc(a.report.Problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Why, y.Why))
	})
	return &a.report
}

// add reports f at n of s, once.
func (a *audit) add(s *scope, n *node, check string, sev finding.Severity, why string) {
	if s.file.express && sev > finding.Low && sev < finding.Critical {
		sev = finding.Low
		why += "; the file is one of IIS Express, on the machine of a developer"
	}
	f := Finding{Check: check, Severity: sev, Why: why, Path: s.file.path, Scope: s.location, Modified: s.file.modified}
	if n != nil {
		f.Line = n.line
		f.Path = cmp.Or(n.from, f.Path)
	}
	a.put(f)
}

func (a *audit) put(f Finding) {
	t := texts[f.Check]
	f.Title, f.Do, f.Dossier, f.Techniques = t.title, t.do, t.dossier, t.techniques
	id := fmt.Sprint(f.Check, "\x00", f.Path, "\x00", f.Line, "\x00", f.Scope, "\x00", f.Why)
	switch {
	case a.seen[id]:
	case len(a.report.Findings) >= maxFindings:
		a.dropped++
	default:
		a.seen[id] = true
		a.report.Findings = append(a.report.Findings, f)
	}
}

func (a *audit) problem(path string, line int, why string) {
	a.report.Problems = append(a.report.Problems, Problem{Path: path, Line: line, Why: why})
}

// quoted is s for a sentence: quoted, and cut when it is long. Backslashes of
// paths stay single where nothing else needs care.
func quoted(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r == '"' || !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", s)
	}
	return `"` + s + `"`
}

// several is n of what one is called.
func several(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
