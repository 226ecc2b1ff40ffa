package accounts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/record/host"
)

// Bounds of what is kept of accounts.
const (
	maxAccounts = 1 << 16 // accounts that are followed
	maxHosts    = 256     // hosts of one
	maxDomains  = 8       // likewise domains
)

// Use is how accounts were used, by the records of a case.
type Use struct {
	seen map[string]*seen
	dcs  map[string]bool // hosts that give out tickets, short names
}

// seen is what is known of one account.
type seen struct {
	hosts      map[string]int64 // logons by host, short names
	more       int64            // hosts beyond maxHosts
	types      map[string]int64 // logons by their type, in words
	services   []string
	domains    []string // that its name was written with, lower case
	privileged bool
}

// sits tells whether somebody sat at a desk as the account.
func (u *seen) sits() bool {
	return u.types["interactive"]+u.types["remote-desktop"]+u.types["unlock"]+u.types["cached"]+u.types["cached-remote-desktop"] > 0
}

// types are the records that say how accounts are used.
var types = []*record.Type{host.LogonEdgeType, host.LogonType, host.ServiceType, host.TaskType, host.DirectoryType, host.TicketType}

// Take is a store.Taker. Memory is bounded: accounts beyond 65,536 are not
// followed, but for those of incidents.
func (u *Use) Take(t *record.Type) (put func(record.Record), want func(*record.Field) bool) {
	if !slices.Contains(types, t) {
		return nil, nil
	}
	return u.Learn, nil
}

// NewUse knows nothing but the accounts of incidents.
func NewUse(incidents []*finding.Incident) *Use {
	u := &Use{seen: map[string]*seen{}, dcs: map[string]bool{}}
	for _, inc := range incidents {
		for _, r := range inc.Reach {
			if r.Entity.Kind == "user" {
				u.add(key(r.Entity.Value))
			}
			if r.Entity.Kind == "directory" {
				u.dcs[short(r.Entity.Value)] = true
			}
		}
		for _, e := range inc.Entities {
			if e.Kind == "user" {
				u.add(key(e.Value))
			}
		}
	}
	return u
}

func (u *Use) add(k string) *seen {
	s := u.seen[k]
	if s == nil {
		s = &seen{hosts: map[string]int64{}, types: map[string]int64{}}
		u.seen[k] = s
	}
	return s
}

// of is what is known of an account, nil when it is not followed.
func (u *Use) of(name string) *seen {
	k := key(name)
	if isNobody(k) {
		return nil
	}
	s := u.seen[k]
	if s == nil && len(u.seen) < maxAccounts {
		s = u.add(k)
	}
	if d := domainOf(name); s != nil && d != "" && len(s.domains) < maxDomains && !slices.Contains(s.domains, d) {
		s.domains = append(s.domains, d)
	}
	return s
}

// domainOf is the domain that a name is written with, lower case, or "".
func domainOf(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if d, _, ok := strings.Cut(name, `\`); ok {
		return strings.Trim(d, ".") // a dot is the host at hand
	}
	_, d, _ := strings.Cut(name, "@")
	return d
}

// sameDomain tells whether two names may be of one domain: the short one, and
// the one of the DNS, of which the short one is commonly a label.
func sameDomain(a, b string) bool {
	return a == b || slices.Contains(strings.Split(a, "."), b) || slices.Contains(strings.Split(b, "."), a)
}

// domains are those whose controllers are named: of most accounts that log on at
// each. Controllers of which no logon was seen are of none.
func (u *Use) domains(controllers map[string]bool) (out []string) {
	count := map[string]map[string]int{}
	for _, s := range u.seen {
		for at := range s.hosts {
			if !controllers[at] {
				continue
			}
			for _, d := range s.domains {
				if d == at { // an account of the host itself
					continue
				}
				if count[at] == nil {
					count[at] = map[string]int{}
				}
				count[at][d]++
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(count)) {
		best := ""
		for _, d := range slices.Sorted(maps.Keys(count[at])) {
			if best == "" || count[at][d] > count[at][best] {
				best = d
			}
		}
		if !slices.Contains(out, best) {
			out = append(out, best)
		}
	}
	return out
}

// on notes that an account was used on a host.
func (s *seen) on(name string, n int64) {
	name = short(name)
	if name == "" {
		return
	}
	if _, known := s.hosts[name]; !known && len(s.hosts) >= maxHosts {
		s.more++
		return
	}
	s.hosts[name] += n
}

// runs notes that a service or task runs as it.
func (s *seen) runs(what string) {
	if !slices.Contains(s.services, what) && len(s.services) < maxServices {
		s.services = append(s.services, what)
	}
}

func short(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if strings.Count(name, ".") == 3 && strings.Trim(name, "0123456789.") == "" || strings.Contains(name, ":") {
		return name
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}

// Learn takes from a record what it says of accounts.
func (u *Use) Learn(rec record.Record) {
	switch r := rec.(type) {
	case *host.LogonEdge:
		if s := u.of(r.User); s != nil && r.Success > 0 {
			s.on(r.To, r.Success)
			for _, t := range r.Types {
				s.types[t] += r.Success
			}
		}
	case *host.Logon:
		if s := u.of(r.Target); s != nil && r.Outcome == "success" && r.Privileged {
			s.privileged = true
		}
		if s := u.of(r.User); s != nil && r.Code == "4672" {
			s.privileged = true
		}
	case *host.Service:
		if s := u.of(r.Account); s != nil {
			s.runs(fmt.Sprintf("service %q on %s", r.Name, short(r.Host)))
		}
	case *host.Task:
		if s := u.of(r.User); s != nil && (r.Action == "started" || r.Action == "completed" || r.Action == "registered") && !strings.HasSuffix(key(r.User), "$") && !strings.HasPrefix(r.Name, `\Microsoft\`) {
			s.runs(fmt.Sprintf("task %q on %s", r.Name, short(r.Host)))
		}
	case *host.Directory:
		if r.Action == "member-added" && privilegedGroup(r.Object) {
			if s := u.of(member(r.Properties)); s != nil {
				s.privileged = true
			}
		}
	case *host.Ticket:
		u.dcs[short(r.Host)] = true
	}
}

// privilegedGroup tells whether the members of a group can take over a domain
// or a host (Microsoft, Active Directory privileged accounts and groups).
func privilegedGroup(name string) bool {
	name = key(name)
	for _, g := range []string{"domain admins", "enterprise admins", "schema admins", "administrators", "account operators", "backup operators", "server operators", "print operators", "dnsadmins", "group policy creator owners", "key admins", "enterprise key admins"} {
		if name == g || strings.HasPrefix(name, "cn="+g+",") {
			return true
		}
	}
	return false
}

// member is the account that a distinguished name is of.
func member(dn string) string {
	if rest, ok := strings.CutPrefix(strings.ToLower(dn), "cn="); ok {
		rest, _, _ = strings.Cut(rest, ",")
		return rest
	}
	return dn
}
