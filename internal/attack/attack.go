// Package attack is the vocabulary of MITRE ATT&CK: technique ids, tactics and
// their order. Names and tactics of techniques are in the generated table; the
// version they come from is Version.
package attack

// Version of ATT&CK that the mappings follow.
const Version = "18.1"

// ID is a technique or sub-technique: T1059, T1059.001, T0855.
type ID string

// Parent is the technique of a sub-technique, or the id itself.
func (id ID) Parent() ID {
	for i := range len(id) {
		if id[i] == '.' {
			return id[:i]
		}
	}
	return id
}

// Tactic is why a technique is used, by ATT&CK's short name.
type Tactic string

// Tactics in the order of the enterprise matrix, the ICS ones after them.
var Tactics = []Tactic{
	"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
	"defense-evasion", "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
	"exfiltration", "impact", "evasion", "inhibit-response-function", "impair-process-control",
}
