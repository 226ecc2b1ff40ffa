package hunts

import (
	"net/netip"
	"slices"
	"strings"

	"longwatch/internal/attack"
	"longwatch/internal/casefolder"
	"longwatch/internal/domain"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/share"
	"longwatch/internal/stix"
	"longwatch/internal/winpath"
)

// Options say what of a case is hunted for.
type Options struct {
	Incidents  []string // ids; all when empty
	OwnDomains []string // domains of ours besides those that the case shows
	// Known tells whether a value is known to be harmless, and who says so. May
	// be nil.
	Known func(kind, value string) (list string, ok bool)
}

// Derive makes hunts of the incidents of a case. What is ours, what everybody
// uses and what is harmless is not hunted for, as share leaves it out.
func Derive(c *casefolder.Case, opt Options) (out []Hunt) {
	for _, inc := range c.Incidents {
		if len(opt.Incidents) > 0 && !slices.Contains(opt.Incidents, inc.ID) {
			continue
		}
		d := &deriver{inc: inc, ours: share.OursOf(c, opt.OwnDomains)}
		d.values(share.Pack(c, share.Policy{Incidents: []string{inc.ID}, Least: finding.Medium, OwnDomains: opt.OwnDomains, Known: opt.Known}))
		d.behaviour()
		d.logons(c)
		out = append(out, d.out...)
	}
	return out
}

type deriver struct {
	inc  *finding.Incident
	ours *share.Ours
	out  []Hunt
}

// add makes a hunt of what names its values.
func (d *deriver) add(h Hunt, named func(*finding.Finding) bool) {
	h.Incident = d.inc.ID
	for _, f := range d.inc.Findings {
		if f.Severity >= finding.Medium && named(f) {
			h.Findings = append(h.Findings, f.ID)
			h.Severity = max(h.Severity, f.Severity)
			for _, t := range f.Techniques {
				h.Techniques = append(h.Techniques, string(t))
			}
		}
	}
	if len(h.Findings) == 0 {
		return
	}
	h.seal()
	d.out = append(d.out, h)
}

// names tells whether a finding names one of values.
func names(kind string, values []string) func(*finding.Finding) bool {
	return func(f *finding.Finding) bool {
		return slices.ContainsFunc(f.Entities, func(e record.Entity) bool {
			return (e.Kind == kind || kind == "file" && e.Kind == "process") && slices.ContainsFunc(values, func(v string) bool {
				return strings.EqualFold(v, e.Value) || kind == "domain" && strings.HasSuffix(strings.ToLower(e.Value), "."+v) || kind == "file" && strings.HasSuffix(strings.ToLower(e.Value), strings.ToLower(v))
			})
		})
	}
}

// values hunts for the values that others could look for too.
func (d *deriver) values(p *share.Parcel) {
	by := map[string][]string{}
	for i := range p.Items {
		it := &p.Items[i]
		switch it.Kind {
		case "address":
			if a, err := netip.ParseAddr(it.Value); err == nil {
				by["address"] = append(by["address"], a.String())
			}
		case "domain":
			if n := domain.Clean(it.Value); plainName(n) {
				by["domain"] = append(by["domain"], n)
			}
		case "hash":
			if stix.HashName(it.Value) != "" {
				by["hash"] = append(by["hash"], strings.ToLower(it.Value))
			}
		case "file":
			if v := winpath.Base(it.Value); v != "" && len(v) <= 120 && strings.Contains(v, ".") && tellsMuch(v) {
				by["file"] = append(by["file"], v)
			}
		}
	}
	for _, x := range []struct {
		kind, title, why string
		source           Source
		clause           Clause
	}{
		{"address", "Connection to an address of the intruder", "Another host that talks to it is his too, or was.", Network, Clause{Field: Remote, Op: Is}},
		{"address", "Request from an address of the intruder", "He may have asked other servers, or ask again.", Inbound, Clause{Field: Remote, Op: Is}},
		{"domain", "Name of the intruder asked for", "Another host that asks for it is his too, or was.", DNS, Clause{Field: Name, Op: Below}},
		{"hash", "Program of the intruder started", "The same program elsewhere is his, whatever it is called.", Process, Clause{Field: Hash, Op: Is}},
		{"file", "File of the intruder written", "The same name elsewhere leads to more hosts.", Files, Clause{Field: Path, Op: EndsWith}},
	} {
		if list := by[x.kind]; len(list) > 0 {
			x.clause.Any = list
			d.add(Hunt{Title: x.title, Why: x.why, Source: x.source, All: []Clause{x.clause}}, names(x.kind, list))
		}
	}
}

// tellsMuch tells whether the name of a file is one that few others have: long
// enough, and not what Windows and its tools call theirs.
func tellsMuch(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	return len(base) >= 4 && !slices.Contains([]string{"ntds", "system", "security", "software", "setup", "install", "update", "config", "index", "default", "login", "test", "temp", "data", "psexesvc"}, base)
}

// plainName tells whether a name is of the letters of host names.
func plainName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return strings.Contains(s, ".") && len(s) <= 253
}

// behaviour hunts for what was done, by the command lines that do it.
func (d *deriver) behaviour() {
	for _, b := range behaviours {
		h := Hunt{Title: b.title, Why: b.why, Source: Process}
		for _, group := range b.all {
			h.All = append(h.All, Clause{Field: Command, Op: Contains, Any: slices.Clone(group)})
		}
		d.add(h, func(f *finding.Finding) bool {
			return slices.ContainsFunc(f.Techniques, func(t attack.ID) bool { return slices.Contains(b.techniques, t) }) &&
				slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "process" || e.Kind == "host" })
		})
	}
}

// logons hunts for the accounts that the intruder used, from where he was.
func (d *deriver) logons(c *casefolder.Case) {
	var accounts, from []string
	for _, r := range d.inc.Reach {
		switch {
		case r.Entity.Kind == "user" && r.Grade == finding.Touched:
			if n := accountName(r.Entity.Value); n != "" {
				accounts = append(accounts, n)
			}
		case r.Entity.Kind == "host" && r.Grade == finding.Touched:
			for i := range c.Hosts {
				if strings.EqualFold(c.Hosts[i].Name, r.Entity.Value) {
					from = append(from, c.Hosts[i].Addresses...)
				}
			}
		}
	}
	for _, f := range d.inc.Findings {
		for _, e := range f.Entities {
			a, err := netip.ParseAddr(e.Value)
			if f.Severity >= finding.Medium && e.Kind == "address" && e.Role == "originator" && err == nil && !a.IsLoopback() && (!a.IsPrivate() || actsFrom(f)) {
				from = append(from, a.Unmap().String())
			}
		}
	}
	if len(accounts) == 0 || len(from) == 0 {
		return
	}
	d.add(Hunt{
		Title: "Account of the incident logs on from where the intruder was", Why: "Each host that it reaches from there is to be looked at.", Source: Logon,
		All: []Clause{{Field: Account, Op: Is, Any: accounts}, {Field: From, Op: Is, Any: from}},
	}, func(f *finding.Finding) bool {
		return slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "user" && slices.Contains(accounts, accountName(e.Value)) })
	})
}

// actsFrom tells whether a finding is about getting from one host to another.
func actsFrom(f *finding.Finding) bool {
	return slices.ContainsFunc(f.Techniques, func(t attack.ID) bool {
		return slices.Contains([]attack.ID{"T1021", "T1047", "T1569", "T1053", "T1570", "T1078", "T1003", "T1543", "T1550"}, t.Parent())
	})
}

// accountName is a name without its domain, or "" for names of the system and
// for what is no account's name.
func accountName(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.LastIndexByte(s, '\\'); i >= 0 {
		s = s[i+1:]
	}
	s, _, _ = strings.Cut(s, "@")
	if slices.Contains([]string{"", "-", "system", "local service", "network service", "localsystem", "anonymous logon", "root", "administrators"}, s) || strings.HasPrefix(s, "uid ") || strings.HasSuffix(s, "$") || len(s) > 64 {
		return ""
	}
	return s
}
