// Package patch says which flaw to close first, and why: from what records show
// of programs and their versions, of who reaches them from outside, and from
// lists of flaws:
//
//	a := patch.New(patch.Options{Flaws: flaws, Intel: intel})
//	a.Learn(record)                 // every record that Wants names, in any order
//	report := a.Report(inventory)   // what package asset learned from the same records
//
// A version is what something said of itself: each line tells who said it, and
// is unsure where that is not enough. Nothing is asked of any machine. Memory is
// bounded by the number of hosts and programs, not of records.
package patch

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"longwatch/internal/asset"
	"longwatch/internal/audit/sheet"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
	"longwatch/internal/record/network"
)

// Bounds.
const (
	maxFacing = 1 << 16 // hosts that somebody outside reached
	maxLines  = 20_000
)

// Intel is what lists say of a vulnerability.
type Intel struct {
	KEV        bool        // it is in CISA's catalogue of known exploited vulnerabilities
	Added      record.Time // to that catalogue
	Ransomware bool
	Scored     bool
	EPSS       float64 // probability of being exploited within 30 days, 0 to 1
	EPSSDate   record.Time
}

// Options are what is known beside the records.
type Options struct {
	Flaws     []Flaw
	Intel     func(cve string) Intel
	HasKEV    bool              // a catalogue was given
	HasEPSS   bool              // scores were given
	Other     map[string]int    // flaws that the catalogue lists of a maker's product, by "maker product"
	Campaigns map[string]string // names of campaigns by id
	Here      map[string]uint8  // campaigns that incidents of this case resemble, with the confidence
	Inventory []Item
	Home      []netip.Prefix // own networks
}

// facing is how somebody outside reached a host.
type facing struct {
	n    int64
	span record.Span
	ref  record.Ref
	how  string

	admin mark // administration from outside
}

// mark is something that happened, cited by its earliest record.
type mark struct {
	n   int64
	at  record.Time
	ref record.Ref
}

func (m *mark) note(h *record.Head) {
	if m.n == 0 || h.TS < m.at || h.TS == m.at && h.Ref.Pos < m.ref.Pos {
		m.at, m.ref = h.TS, h.Ref
	}
	m.n++
}

// Audit learns who is reached from outside; programs are learned by package
// asset.
type Audit struct {
	opt    Options
	facing map[string]*facing
	reach  map[netip.AddrPort]*mark // services that somebody outside opened a connection to
	span   record.Span
	beyond int64
}

// New makes an Audit.
func New(opt Options) *Audit {
	return &Audit{opt: opt, facing: map[string]*facing{}, reach: map[netip.AddrPort]*mark{}}
}

const adminOutside = "administration from outside"

// Wants tells whether Learn has a use for records of type t.
func (a *Audit) Wants(t *record.Type) bool {
	return t == host.LogonType || t == host.ConfigChangeType || t == network.ConnType
}

// Learn takes the next record.
func (a *Audit) Learn(r record.Record) {
	switch r := r.(type) {
	case *network.Conn:
		a.connection(r)
	case *host.Logon:
		how := "logins from outside"
		if l := strings.ToLower(r.Process); strings.HasPrefix(l, "admin") {
			how = adminOutside
		}
		if r.Assigned.IsValid() || strings.Contains(strings.ToLower(r.Process), "vpn") {
			how = "VPN logins from outside"
		}
		a.outside(r.Host, r.Source, how, &r.Head.Head)
	case *host.ConfigChange:
		a.outside(r.Host, r.Source, adminOutside, &r.Head.Head)
	}
}

// connection keeps for each service of an own host the first connection from
// outside, to cite it. Whether it answered is told by package asset.
func (a *Audit) connection(c *network.Conn) {
	if !a.stranger(c.OrigH) || a.stranger(c.RespH) || !c.RespH.IsValid() || c.RespH.IsMulticast() {
		return
	}
	k := netip.AddrPortFrom(c.RespH.Unmap(), c.RespP)
	m := a.reach[k]
	if m == nil {
		if len(a.reach) >= maxFacing {
			return // the line then cites any use of the service
		}
		m = &mark{}
		a.reach[k] = m
	}
	if c.RespBytes.V > 0 || !c.RespBytes.Set {
		m.note(&c.Head)
	}
}

// stranger tells addresses of the Internet that are not own.
func (a *Audit) stranger(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsValid() && ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(a.opt.Home, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func (a *Audit) outside(at string, from netip.Addr, how string, h *record.Head) {
	if !a.stranger(from) {
		return
	}
	name := incident.HostName(at)
	if name == "" {
		return
	}
	f := a.facing[name]
	if f == nil {
		if len(a.facing) >= maxFacing {
			a.beyond++
			return
		}
		f = &facing{}
		a.facing[name] = f
	}
	if f.n == 0 || h.TS < f.span.Start || h.TS == f.span.Start && h.Ref.Pos < f.ref.Pos {
		f.ref, f.how = h.Ref, how
	}
	f.n++
	f.span.Grow(h.TS)
	if how == adminOutside {
		f.admin.note(h)
	}
}

// Part is one part of a line's score.
type Part struct {
	Points int    `json:"points"`
	Why    string `json:"why"`
}

// Line is one flaw of one program of one host.
type Line struct {
	Rank      int              `json:"rank"`
	Severity  finding.Severity `json:"severity"`
	Score     int              `json:"score"`
	Host      string           `json:"host"`
	Role      string           `json:"role,omitempty"`
	Product   string           `json:"product"`
	Port      uint16           `json:"port,omitempty"`
	Version   string           `json:"version"`         // empty: not seen
	Certain   string           `json:"version_certain"` // sure, likely, guess or unseen
	Said      string           `json:"version_said_by"` // who told the version
	CVE       string           `json:"cve"`
	Name      string           `json:"name,omitempty"`
	Verdict   Verdict          `json:"verdict"`
	Because   string           `json:"because"` // why it is affected, or why that is not sure
	Fixed     string           `json:"fixed_in,omitempty"`
	Advisory  string           `json:"advisory,omitempty"`
	Exposure  string           `json:"exposure"` // internet-facing, edge, inside
	Exposed   string           `json:"exposed_by"`
	Parts     []Part           `json:"parts"`
	KEV       bool             `json:"in_kev"`
	KEVAdded  string           `json:"kev_added,omitempty"`
	EPSS      float64          `json:"epss,omitempty"`
	Campaigns []Use            `json:"campaigns,omitempty"`
	First     string           `json:"first_seen,omitempty"` // of this version, or of the program
	Last      string           `json:"last_seen,omitempty"`
	Days      int              `json:"days_seen_vulnerable"`           // from the first to the last sign of it
	SinceKEV  int              `json:"days_known_exploited,omitempty"` // of the time up to its last sign, since it is in the catalogue
	Opening   bool             `json:"since_first_day,omitempty"`      // it was so on the first day of the evidence, and may have been before

	Refs        []sheet.Ref `json:"records"`
	ExposedRefs []sheet.Ref `json:"exposure_records,omitempty"`

	hidden bool // the flaw is in the administration, which nobody outside was seen to use
}

// Use is a campaign that uses a flaw.
type Use struct {
	Campaign string `json:"campaign"`
	Name     string `json:"name"`
	How      string `json:"how"` // reported or possible
	Here     uint8  `json:"confidence_in_this_case,omitempty"`
}

// Report is what the audit says.
type Report struct {
	Span     record.Span `json:"-"`
	Start    string      `json:"start"`
	End      string      `json:"end"`
	Hosts    int         `json:"hosts"`    // own ones
	Programs int         `json:"programs"` // with and without version
	Versions int         `json:"versions"` // programs whose version was seen
	Checked  int         `json:"flaws_compared"`
	Lines    []Line      `json:"lines"`
	Closed   []Closed    `json:"closed"` // flaws that a newer version closed within the evidence
	Velocity Velocity    `json:"velocity"`
	Unjudged []Unjudged  `json:"not_judged"`
	Unseen   []string    `json:"not_seen"`
	Left     int         `json:"lines_left_out,omitempty"`
}

// Unjudged is a program of which the catalogue lists flaws whose versions no
// table tells.
type Unjudged struct {
	Product string   `json:"product"`
	Hosts   []string `json:"hosts"`
	Flaws   int      `json:"flaws_in_kev"`
}

// Report compares what the hosts run with the flaws.
func (a *Audit) Report(inv *asset.Inventory) *Report {
	a.span = inv.Span
	r := &Report{Span: a.span, Start: stamp(a.span.Start), End: stamp(a.span.End), Checked: len(a.opt.Flaws)}
	byName := map[string][]*Flaw{}
	for i := range a.opt.Flaws {
		for _, n := range a.opt.Flaws[i].spellings() {
			byName[n] = append(byName[n], &a.opt.Flaws[i])
		}
	}
	list := a.programs(inv, r)
	for _, p := range list {
		r.Programs++
		if p.now().Version != "" {
			r.Versions++
		}
		done := map[*Flaw]bool{}
		for _, f := range byName[fold(p.product)] {
			if done[f] || !f.sameVendor(&asset.Software{Product: p.product, Vendor: p.vendor}) {
				continue
			}
			done[f] = true
			a.compare(p, f, r)
		}
	}
	a.scanned(list, r)
	slices.SortFunc(r.Lines, func(x, y Line) int {
		return cmp.Or(-cmp.Compare(x.Score, y.Score), cmp.Compare(x.Host, y.Host), cmp.Compare(x.Product, y.Product), cmp.Compare(x.Port, y.Port), cmp.Compare(x.CVE, y.CVE))
	})
	if len(r.Lines) > maxLines {
		r.Left = len(r.Lines) - maxLines
		r.Lines = r.Lines[:maxLines]
	}
	for i := range r.Lines {
		r.Lines[i].Rank, r.Lines[i].Severity = i+1, r.Lines[i].grade()
	}
	r.Velocity = velocity(list)
	r.Unjudged = a.unjudged(list, byName)
	r.Unseen = a.unseen(inv, r, list)
	return r
}

// stamp is a time for scripts, empty when unknown.
func stamp(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}

// compare makes a line of a program and a flaw.
func (a *Audit) compare(p *program, f *Flaw, r *Report) {
	now := p.now()
	verdict, why, fixed := f.judge(now.Version)
	if verdict == Clean {
		a.closed(p, f, r)
		return
	}
	if f.Port != 0 && p.answers(f.Port) == nil && len(f.Ranges) == 0 {
		why += fmt.Sprintf("; the service at port %d that has the flaw was not seen", f.Port)
	}
	if verdict == Affected && p.patched != "" {
		verdict, why = Unsure, why+"; but "+p.patched+" closes flaws without changing the version"
	}
	if verdict == Affected && now.Surety == asset.Guess {
		verdict, why = Unsure, why+"; but the version is a guess"
	}
	l := a.line(p, f.CVE)
	l.Name, l.Verdict, l.Because, l.Fixed, l.Advisory = f.Name, verdict, why, fixed, f.Advisory
	for _, c := range f.campaigns() {
		l.Campaigns = append(l.Campaigns, Use{Campaign: c, Name: cmp.Or(a.opt.Campaigns[c], c), How: f.Used[c], Here: a.opt.Here[c]})
	}
	a.since(&l, p, f)
	if f.Way == administration && l.Exposure == internetFacing {
		l.hidden = p.admin.n == 0
		if !l.hidden {
			l.Exposed, l.ExposedRefs = fmt.Sprintf("%s, %d records", adminOutside, p.admin.n), sheet.Refs(p.admin.ref)
		}
	}
	a.score(&l)
	r.Lines = append(r.Lines, l)
}

// line is what is known of the program in every line about it.
func (a *Audit) line(p *program, cve string) Line {
	now := p.now()
	l := Line{Host: p.host, Role: p.role, Product: p.product, Port: p.port, Version: now.Version, Certain: now.Surety.String(), Said: now.Why, CVE: cve, Refs: sheet.Refs(now.Refs...)}
	if now.Version == "" {
		l.Certain = "unseen"
	}
	l.Exposure, l.Exposed = p.exposure, p.exposed
	l.ExposedRefs = sheet.Refs(p.exposedRefs...)
	if a.opt.Intel != nil {
		x := a.opt.Intel(cve)
		l.KEV, l.EPSS = x.KEV, x.EPSS
		if x.Added != 0 {
			l.KEVAdded = x.Added.Std().UTC().Format(time.DateOnly)
		}
	}
	return l
}

// since tells for how long the host has had the flaw, by what was seen.
func (a *Audit) since(l *Line, p *program, f *Flaw) {
	var span record.Span
	for _, v := range p.versions {
		if verdict, _, _ := f.judge(v.Version); verdict == l.Verdict || v.Version == l.Version {
			span.Grow(v.First)
			span.Grow(v.Last)
		}
	}
	if span.Start == 0 {
		return
	}
	l.First, l.Last = stamp(span.Start), stamp(span.End)
	l.Days = int(span.End.Sub(span.Start)/(24*time.Hour)) + 1
	l.Opening = span.Start.Sub(a.span.Start) < 24*time.Hour
	if a.opt.Intel != nil {
		if x := a.opt.Intel(l.CVE); x.Added != 0 && span.End > x.Added {
			l.SinceKEV = int(span.End.Sub(x.Added) / (24 * time.Hour))
		}
	}
}
