// Package access tells from the records of a case which accounts are open
// doors: those that nobody uses, that several people use, that may more than
// their work needs, that may more since lately, whose passwords are old, and by
// which accounts an intruder would get from an ordinary workstation to a domain
// controller:
//
//	a := access.New(access.Options{})
//	for pass := range access.Passes { … a.Learn(record) for every record that a.Wants(pass, type) … }
//	report := a.Report()
//
// What it knows is what logon, directory, Kerberos and process records show, in
// any order; it asks no directory. Memory is bounded whatever the number of
// records: what is not kept is counted and told.
package access

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"longwatch/internal/audit/sheet"
	"longwatch/internal/finding"
	"longwatch/internal/incident"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Passes is how often the records are read: the second time for what the first
// left open.
const Passes = 2

// Bounds of what is remembered.
const (
	maxAccounts = 1 << 17
	maxMachines = 1 << 16
	maxUses     = 1 << 18 // pairs of an account and a host
	maxSources  = 1 << 18 // pairs of an account and where it came from
	maxSits     = 1 << 20 // logons at a seat, of all accounts
	maxSitsEach = 1 << 10
	maxSessions = 1 << 18 // remote sessions
	maxDays     = 1 << 21 // pairs of a host and a day
	maxChanges  = 1 << 16
	maxSIDs     = 1 << 16
)

// Options are what the user says.
type Options struct {
	Inventory []Entry       // accounts as their owners list them
	Dormant   time.Duration // an account that logged on in no such span is dormant; 0: 30 days
	Stale     time.Duration // a password older than that is stale; 0: 365 days
}

// Classes of lines, in the order in which they are shown.
const (
	NewlyPrivileged = "newly-privileged"
	Tier            = "tier-violation"
	Path            = "admin-path"
	ServiceDesk     = "service-interactive"
	Over            = "over-privileged"
	Shared          = "shared"
	Dormant         = "dormant"
	Stale           = "stale-credential"
)

// Line is one judgement about an account or a path.
type Line struct {
	Class    string           `json:"class"`
	Account  string           `json:"account"`
	Severity finding.Severity `json:"severity"`
	Sure     bool             `json:"sure"`
	Doubt    string           `json:"doubt,omitempty"` // why it is not sure
	Says     string           `json:"says"`
	Hosts    []string         `json:"hosts,omitempty"`
	First    string           `json:"first,omitempty"`
	Last     string           `json:"last,omitempty"`
	Reasons  []Reason         `json:"reasons"`
	Do       string           `json:"do"`
	Owner    string           `json:"owner,omitempty"` // by the inventory

	at record.Time
}

// Reason is a part of a judgement with the records that show it.
type Reason struct {
	Text string      `json:"text"`
	Refs []sheet.Ref `json:"refs,omitempty"`
}

// because makes a reason.
func because(refs []record.Ref, format string, args ...any) Reason {
	return Reason{Text: fmt.Sprintf(format, args...), Refs: sheet.Refs(refs...)}
}

// Report is what the audit says.
type Report struct {
	Span        record.Span `json:"-"`
	Start       string      `json:"start"`
	End         string      `json:"end"`
	Accounts    int         `json:"accounts"` // of people and services
	Machines    int         `json:"machines"`
	Controllers []string    `json:"domain_controllers"`
	Lines       []Line      `json:"lines"`
	Reach       Reach       `json:"reach"`
	Unseen      []string    `json:"not_seen"` // what the evidence does not show
}

// Audit learns from records.
type Audit struct {
	opt      Options
	aliases  *incident.Aliases
	accounts map[string]*account // by name as written, lower case
	machines map[string]*machine // by short name
	sources  map[sourceKey]*mark
	sessions []remote
	changes  []change
	sids     map[string]string // names of those that changes left open
	span     record.Span
	uses     int
	sits     int
	days     int
	lost     map[string]int // what was not kept, by what it is
	tickets  bool           // a controller's tickets were seen
}

// New makes an Audit.
func New(opt Options) *Audit {
	opt.Dormant = cmp.Or(opt.Dormant, 30*24*time.Hour)
	opt.Stale = cmp.Or(opt.Stale, 365*24*time.Hour)
	return &Audit{
		opt: opt, aliases: incident.NewNames(nil), accounts: map[string]*account{}, machines: map[string]*machine{},
		sources: map[sourceKey]*mark{}, sids: map[string]string{}, lost: map[string]int{},
	}
}

// Report judges what was learned. It is called once.
func (a *Audit) Report() *Report {
	v := a.view()
	r := &Report{Span: a.span, Accounts: len(v.people), Machines: len(a.machines), Unseen: a.unseen(v)}
	r.Start, r.End = stamp(a.span.Start), stamp(a.span.End)
	r.Controllers = v.controllers
	for _, judge := range []func(*view) []Line{newlyPrivileged, tiers, a.paths(r), serviceDesk, overPrivileged, a.shared, a.dormant, a.stale} {
		r.Lines = append(r.Lines, judge(v)...)
	}
	slices.SortStableFunc(r.Lines, func(x, y Line) int {
		return cmp.Or(cmp.Compare(order(x.Class), order(y.Class)), -cmp.Compare(x.Severity, y.Severity), yes(y.Sure)-yes(x.Sure), cmp.Compare(x.Account, y.Account), cmp.Compare(x.at, y.at), cmp.Compare(x.Says, y.Says))
	})
	return r
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func order(class string) int {
	return slices.Index([]string{NewlyPrivileged, Tier, Path, ServiceDesk, Over, Shared, Dormant, Stale}, class)
}

// stamp is a time for scripts, empty when unknown.
func stamp(t record.Time) string {
	if t == 0 {
		return ""
	}
	return t.String()
}

// unseen is what the evidence cannot tell.
func (a *Audit) unseen(v *view) (out []string) {
	if a.span.Start == 0 {
		return []string{"the case holds no record of a logon, a ticket or a directory change: nothing can be said of accounts"}
	}
	if len(v.controllers) == 0 {
		out = append(out, "no domain controller's log: logons of the domain elsewhere than on the hosts at hand, group changes and paths to a controller are not seen")
	} else if d := a.coverage(v.controllers); d.gaps > 0 {
		out = append(out, fmt.Sprintf("the logs of domain controllers (%s) have records of %d of the %d days", few(v.controllers, 4), d.days, d.days+d.gaps))
	}
	if span := a.span.End.Sub(a.span.Start); span < a.opt.Dormant {
		out = append(out, fmt.Sprintf("the evidence spans %s: too short to call an account dormant, which takes %s", days(span), days(a.opt.Dormant)))
	}
	if !slices.ContainsFunc(v.all, func(x *account) bool { return x.privileged() }) {
		out = append(out, "no special privileges (4672), sudo or group membership: who may administer is known by nothing but the inventory")
	}
	if len(a.opt.Inventory) == 0 {
		out = append(out, "no inventory of accounts (--inventory): accounts that never logged on, owners and the age of passwords are not known")
	}
	out = append(out, "privileges that a group of groups, a right on an object of the directory or a stored password gives are not in logs: paths are those that were walked or lay open, not all that exist")
	kinds := make([]string, 0, len(a.lost))
	for k := range a.lost {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		out = append(out, fmt.Sprintf("%d %s were not kept, there being too many to remember", a.lost[k], k))
	}
	if n := v.otherGroups; n > 0 {
		out = append(out, fmt.Sprintf("%d additions to groups that are not known to be privileged are left out; the inventory can name privileged accounts", n))
	}
	return out
}

// machine is what is known of a host.
type machine struct {
	name       string
	days       map[int32]struct{} // with records of logons or tickets
	controller mark               // what shows it to be a domain controller
	privSeen   record.Time        // first assignment of special privileges
	appliance  string             // product, for one that is no computer
}

func (a *Audit) machine(name string) *machine {
	short := incident.HostName(name)
	if short == "" {
		return nil
	}
	m := a.machines[short]
	if m == nil {
		if len(a.machines) >= maxMachines {
			a.lost["hosts"]++
			return nil
		}
		m = &machine{name: short, days: map[int32]struct{}{}}
		a.machines[short] = m
	}
	return m
}

const day = 24 * time.Hour

// seen notes a day on which the host recorded who used it.
func (a *Audit) seen(m *machine, t record.Time) {
	if t == 0 {
		return
	}
	a.span.Grow(t)
	if m == nil {
		return
	}
	d := int32(int64(t) / int64(day)) // #nosec G115 -- days since 1970
	if _, ok := m.days[d]; ok {
		return
	}
	if a.days >= maxDays {
		a.lost["days of hosts"]++
		return
	}
	a.days++
	m.days[d] = struct{}{}
}

// Wants tells whether Learn has a use for records of type t in that pass.
func (a *Audit) Wants(pass int, t *record.Type) bool {
	if pass > 0 {
		return t == host.EventType && len(a.sids) > 0
	}
	return wanted(t)
}
