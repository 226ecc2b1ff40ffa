// Package credentialstaging follows files of credentials from where they are
// made to where they leave: a dump or a copy of a hive or of the directory
// database is made, copied, packed, given a harmless name and fetched, often
// days apart. Each step alone is known to other detectors and rules; here they
// are one story.
package credentialstaging

import (
	"slices"
	"strings"
	"time"

	"longwatch/internal/attack"
	"longwatch/internal/detect"
	"longwatch/internal/detect/recent"
	"longwatch/internal/finding"
	"longwatch/internal/proto/smb"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/winpath"
)

// Detector joins what happens to a file over weeks.
var Detector = detect.Spec{
	ID:         "credential-staging",
	Title:      "Files of credentials made, packed or moved",
	Techniques: []attack.ID{"T1003", "T1074.001", "T1560.001"},
	Dossier:    []string{"VT-11", "VT-22"},
	New: func(detect.Env) detect.Detector {
		return &detector{hosts: recent.New[string, machine](keep, 1<<12)}
	},
}

const (
	keep      = 60 * 24 * time.Hour // from one step to the next: who waits, waits for weeks
	maxChains = 64                  // of a host
	maxPaths  = 32                  // that a file has had
	maxSteps  = 32
	maxDone   = 1 << 12
)

// detector remembers, for sixty days after its last step, each file that may
// hold credentials, on each host, under all names that it has had.
type detector struct {
	hosts *recent.Map[string, machine]
	all   []*chain
}

type machine struct{ chains []*chain }

// chain is what happened to one file.
type chain struct {
	host   string
	trail  detect.Trail
	paths  []string // lower case, backslashes
	steps  []step
	secret bool // it is known to hold credentials; otherwise it is an archive with a password
	packed bool
	hidden bool // it bears the name of another kind of file
	moved  bool
	got    bool // fetched by another host
}

type step struct {
	at   record.Time
	what string
}

// Handlers subscribes to programs, files and transfers that may be steps.
func (d *detector) Handlers() []detect.Handler {
	return []detect.Handler{
		detect.OnIf(func(p *host.Process) bool { return p.CommandLine != "" && telling(p.CommandLine) }, d.process),
		detect.OnIf(func(f *host.FileEvent) bool { return f.Action == "created" && secretFile(f.Path) }, d.file),
		detect.OnIf(func(t *smb.Transfer) bool { return t.BytesRead > 0 && t.Name != "" }, d.transfer),
		detect.AtEnd(d.judge),
	}
}

// chainOf is the chain that a part of a command line speaks of, nil if none.
func (m *machine) chainOf(words []string) (*chain, string) {
	for _, c := range m.chains {
		for _, p := range c.paths {
			if mentions(words, p) {
				return c, p
			}
		}
	}
	return nil, ""
}

func (d *detector) start(m *machine, r record.Record, name, path, what string, secret bool) *chain {
	if len(m.chains) >= maxChains {
		m.chains = m.chains[1:]
	}
	c := &chain{host: name, secret: secret}
	m.chains = append(m.chains, c)
	if len(d.all) < maxDone {
		d.all = append(d.all, c)
	}
	c.add(r, path, what)
	return c
}

func (c *chain) add(r record.Record, path, what string) {
	if !c.trail.Add(r) {
		return
	}
	if path != "" && len(c.paths) < maxPaths && !slices.Contains(c.paths, path) {
		c.paths = append(c.paths, path)
	}
	if len(c.steps) < maxSteps {
		c.steps = append(c.steps, step{r.Base().TS, what})
	}
}

func (d *detector) process(p *host.Process, _ detect.Reporter) {
	m := d.hosts.At(p.Host, p.TS)
	for _, part := range commands(p.CommandLine) {
		words := split(part)
		if len(words) == 0 {
			continue
		}
		c, path := m.chainOf(words)
		if made := secretMade(part, words); made != "" && c == nil {
			d.start(m, p, p.Host, made, finding.Because("%q was made", made), true)
			continue
		}
		if archive, password := packed(part, words); archive != "" {
			d.pack(m, p, c, path, archive, password)
			continue
		}
		if to := moved(words, path); c != nil && to != "" {
			what := "copied or moved to"
			if disguised(path, to) {
				c.hidden, what = true, "given a name of another kind,"
			}
			c.moved = true
			c.add(p, to, finding.Because("%q was %s %q", path, what, to))
		}
	}
}

func (d *detector) pack(m *machine, p *host.Process, c *chain, path, archive string, password bool) {
	switch {
	case c != nil:
		c.packed = true
		c.hidden = c.hidden || !archiveName(archive)
		c.add(p, archive, finding.Because("%q was packed into %q", path, archive))
	case password:
		c = d.start(m, p, p.Host, archive, finding.Because("the archive %q was made with a password", archive), false)
		c.packed, c.hidden = true, !archiveName(archive)
	}
}

func (d *detector) file(f *host.FileEvent, _ detect.Reporter) {
	m := d.hosts.At(f.Host, f.TS)
	path := winpath.Clean(f.Path)
	for _, c := range m.chains {
		if slices.Contains(c.paths, path) || slices.ContainsFunc(c.paths, func(p string) bool { return strings.HasPrefix(path, p+`\`) }) {
			c.trail.Add(f)
			return
		}
		if c.secret && slices.ContainsFunc(c.paths, func(p string) bool { return winpath.Base(p) == winpath.Base(path) }) {
			c.moved = true
			c.add(f, path, finding.Because("a file of the same name came to %q", path))
			return
		}
	}
	d.start(m, f, f.Host, path, finding.Because("%q was made", path), true)
}

// transfer takes note of a file being fetched that bears the name of one of ours.
func (d *detector) transfer(t *smb.Transfer, _ detect.Reporter) {
	base := winpath.Base(t.Name)
	if common(base) {
		return
	}
	for _, c := range d.all {
		if slices.ContainsFunc(c.paths, func(p string) bool {
			return winpath.Base(p) == base || strings.HasSuffix(winpath.Clean(t.Name), strings.TrimPrefix(p[min(2, len(p)):], `\`))
		}) && t.TS.Sub(c.steps[len(c.steps)-1].at) <= keep {
			c.got = true
			c.add(t, "", finding.Because("%v fetched %q (%d bytes) from %v", t.OrigH, t.Name, t.BytesRead, t.RespH))
		}
	}
}

func (d *detector) judge(out detect.Reporter) {
	for _, c := range d.all {
		severity, confidence := finding.High, uint8(70)
		switch {
		case c.secret && (c.packed || c.got):
			confidence = 80
		case c.secret && c.moved:
		case !c.secret && c.hidden && (c.moved || c.got):
			severity, confidence = finding.Medium, 55
		default:
			continue
		}
		if c.hidden {
			confidence = min(confidence+5, 90)
		}
		out.Report(c.trail.Finding(severity, confidence, c.reasons()...))
	}
}

func (c *chain) reasons() []string {
	first, last := c.steps[0].at, c.steps[len(c.steps)-1].at
	what := "an archive with a password"
	if c.secret {
		what = "a file of credentials"
	}
	why := []string{finding.Because("on %s %s went through %d steps within %v", c.host, what, len(c.steps), last.Sub(first).Round(time.Minute))}
	for _, s := range c.steps {
		why = append(why, finding.Because("%v: %s", s.at, s.what))
	}
	if c.hidden {
		why = append(why, "it bears a name that says it is something else")
	}
	return why
}
