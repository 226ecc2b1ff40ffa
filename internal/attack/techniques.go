package attack

import (
	"cmp"
	"slices"
	"strings"
)

type technique struct {
	id      ID
	name    string
	tactics string // short names, separated by spaces
}

func find(id ID) (technique, bool) {
	i, ok := slices.BinarySearchFunc(techniques[:], id, func(t technique, id ID) int { return cmp.Compare(t.id, id) })
	if !ok {
		return technique{}, false
	}
	return techniques[i], true
}

// Name is the name of a technique as ATT&CK writes it, a sub-technique's own
// part after its parent's: "OS Credential Dumping: NTDS". It is empty for ids
// that ATT&CK does not have.
func Name(id ID) string {
	t, ok := find(id)
	if !ok {
		return ""
	}
	if parent := id.Parent(); parent != id {
		if p, ok := find(parent); ok {
			return p.name + ": " + t.name
		}
	}
	return t.name
}

// TacticsOf is why a technique is used, in the order of Tactics; none for ids
// that ATT&CK does not have.
func TacticsOf(id ID) []Tactic {
	t, ok := find(id)
	if !ok {
		return nil
	}
	var out []Tactic
	for s := range strings.FieldsSeq(t.tactics) {
		out = append(out, Tactic(s))
	}
	slices.SortFunc(out, func(a, b Tactic) int { return cmp.Compare(Order(a), Order(b)) })
	return out
}

// All is every technique id, sorted.
func All() []ID {
	out := make([]ID, len(techniques))
	for i := range techniques {
		out[i] = techniques[i].id
	}
	return out
}

// ICS tells whether id belongs to the matrix for industrial control systems.
func (id ID) ICS() bool { return strings.HasPrefix(string(id), "T0") }

// Order is the place of a tactic in Tactics; unknown ones come last.
func Order(t Tactic) int {
	if i := slices.Index(Tactics, t); i >= 0 {
		return i
	}
	return len(Tactics)
}

// Title is the tactic as people write it: "Lateral Movement".
func (t Tactic) Title() string {
	words := strings.Split(string(t), "-")
	for i, w := range words {
		if w != "and" && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}
