// Package accounts puts the accounts of an incident into the order in which
// they are disabled or reset, so that the intruder is not warned before he is
// cut off and nobody who has to work is locked out.
//
//	use := accounts.NewUse(c.Incidents)
//	_, err := store.ReadOnce(ctx, files, types, use.Take)
//	plan := accounts.Order(c, inc, use)
//
// What would break is told from the records: which hosts an account logs on to,
// and which services and tasks run as it.
package accounts

import (
	"slices"
	"strings"

	"longwatch/internal/finding"
	"longwatch/internal/record"
)

// Kind is what an account is for.
type Kind string

// The kinds.
const (
	Made      Kind = "made by the intruder"
	Admin     Kind = "administrator"
	Person    Kind = "person"
	Service   Kind = "service account"
	Machine   Kind = "machine account"
	Emergency Kind = "emergency account"
	Builtin   Kind = "built-in administrator"
	Tickets   Kind = "krbtgt"
)

// Grade is what the intruder has of an account.
type Grade string

// The grades.
const (
	Used    Grade = "used"    // he acted under it
	Exposed Grade = "exposed" // its secret was within his reach
)

// Account is one account of an incident with what is known of it.
type Account struct {
	Name       string      `json:"name"` // as the incident names it, lower case without its domain
	Kind       Kind        `json:"kind"`
	Grade      Grade       `json:"grade"`
	Privileged bool        `json:"privileged"` // it was given special rights at a logon, or is put into a group that has them
	Hosts      []string    `json:"hosts"`      // that it logs on to, at most 32
	HostCount  int         `json:"host_count"`
	Types      []string    `json:"logon_types"` // how: network, remote-desktop, service, batch …
	Services   []string    `json:"services"`    // services and tasks that run as it, with their hosts, at most 16
	Findings   []string    `json:"findings"`    // ids, at most 32
	First      record.Time `json:"-"`           // the first finding that names it
	Why        string      `json:"why"`         // that it is dealt with
}

// Step is one place of the order. What stands in one step is done together.
type Step struct {
	N        int       `json:"n"`         // from 1
	Do       string    `json:"do"`        //
	Why      string    `json:"why"`       // that it comes here
	Careful  string    `json:"careful"`   // what it breaks, what to have ready; empty: nothing known
	Undo     string    `json:"undo"`      // the way back, or that there is none
	Proof    string    `json:"proof"`     // how to see that it worked
	Window   bool      `json:"in_window"` // done in the window of the incident; the others follow in the days after
	Accounts []Account `json:"accounts"`  // in their order
}

// Plan is the order.
type Plan struct {
	Before []string `json:"before"`  // what must be so before the first step
	NotYet []string `json:"not_yet"` // what not to do first, and why
	Steps  []Step   `json:"steps"`
}

const (
	maxNamed    = 32 // hosts and findings that an account lists
	maxServices = 16
)

// key is a name in one form: lower case, without its domain.
func key(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	name, _, _ = strings.Cut(name, "@")
	return name
}

// nobody are names of the system itself, which have no password to change.
var nobody = []string{
	"", "-", "system", "local service", "network service", "localsystem", "anonymous logon", "anonymous", "everyone", "iusr", "nobody", "daemon", "root", "www-data", "defaultapppool", "localservice", "networkservice", "n/a", "unknown", "local_process_access",
}

// isNobody tells whether a name is none of an account that can be reset.
func isNobody(k string) bool {
	if n, ok := strings.CutPrefix(k, "uid "); ok && len(n) < 4 { // below 1000: of the system
		return true
	}
	return slices.Contains(nobody, k) || privilegedGroup(k) || strings.HasPrefix(k, "dwm-") || strings.HasPrefix(k, "umfd-") || strings.HasPrefix(k, "s-1-5-") && !strings.HasPrefix(k, "s-1-5-21-")
}

// emergency are parts of the names that people give accounts for emergencies.
var emergency = []string{"breakglass", "break-glass", "break_glass", "emergency", "firecall", "notfall", "urgence", "glassbreak", "bg-admin", "bgadmin"}

// servant are how names of service accounts begin or end.
var servant = []string{"svc", "srv", "service", "sa", "gmsa", "msa", "sql", "batch", "bot", "app"}

// serves tells whether a name is one that people give service accounts.
func serves(k string) bool {
	if strings.HasSuffix(k, "$") {
		return false
	}
	parts := strings.FieldsFunc(k, func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if len(parts) < 2 {
		return strings.HasPrefix(k, "svc") || strings.HasPrefix(k, "service")
	}
	return slices.Contains(servant, parts[0]) || slices.Contains(servant[:3], parts[len(parts)-1])
}

// administers tells whether a name is one that people give administrators'
// accounts.
func administers(k string) bool {
	parts := strings.FieldsFunc(k, func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if len(parts) < 2 {
		return strings.HasSuffix(k, "admin")
	}
	first, last := parts[0], parts[len(parts)-1]
	return slices.Contains([]string{"a", "adm", "admin", "da", "ea", "t0", "t1", "t2", "priv", "su"}, first) || slices.Contains([]string{"adm", "admin", "da", "t0", "t1", "t2", "priv", "su"}, last)
}

// kindOf is what an account is for, by its name and by how it was seen.
func kindOf(k string, u *seen) Kind {
	switch {
	case k == "krbtgt" || strings.HasPrefix(k, "krbtgt_"):
		return Tickets
	case slices.ContainsFunc(emergency, func(w string) bool { return strings.Contains(k, w) }):
		return Emergency
	case k == "administrator" || k == "administrateur" || k == "administrador" || strings.HasSuffix(k, "-500") && strings.HasPrefix(k, "s-1-5-21-"):
		return Builtin
	case strings.HasSuffix(k, "$"):
		return Machine
	case serves(k) || u != nil && (len(u.services) > 0 || u.types["service"] > 0 || u.types["batch"] > 0) && !u.sits():
		return Service
	case administers(k) || u != nil && u.privileged:
		return Admin
	}
	return Person
}

// madeBy are accounts that the intruder made: those that findings of making
// accounts name as what was made.
func madeBy(inc *finding.Incident) map[string]bool {
	out := map[string]bool{}
	for _, f := range inc.Findings {
		made := false
		for _, t := range f.Techniques {
			made = made || strings.HasPrefix(string(t), "T1136")
		}
		if !made {
			continue
		}
		for _, e := range f.Entities {
			if e.Kind == "user" && (e.Role == "target" || e.Role == "created" || e.Role == "new") {
				out[key(e.Value)] = true
			}
		}
	}
	return out
}
