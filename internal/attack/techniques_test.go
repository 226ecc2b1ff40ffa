package attack

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The expected values are those of attack.mitre.org, version 18.1.
func TestTechniques(t *testing.T) {
	tests := []struct {
		id      ID
		name    string
		tactics []Tactic
	}{
		{"T1059", "Command and Scripting Interpreter", []Tactic{"execution"}},
		{"T1003.003", "OS Credential Dumping: NTDS", []Tactic{"credential-access"}},
		{"T1543.003", "Create or Modify System Process: Windows Service", []Tactic{"persistence", "privilege-escalation"}},
		{"T0855", "Unauthorized Command Message", []Tactic{"impair-process-control"}},
		{"T9999", "", nil},
		{"", "", nil},
	}
	for _, tt := range tests {
		if got := Name(tt.id); got != tt.name {
			t.Errorf("Name(%s) = %q, want %q", tt.id, got, tt.name)
		}
		if diff := cmp.Diff(tt.tactics, TacticsOf(tt.id)); diff != "" {
			t.Errorf("TacticsOf(%s): %s", tt.id, diff)
		}
	}
}

func TestTable(t *testing.T) {
	if !slices.IsSortedFunc(techniques[:], func(a, b technique) int {
		if a.id < b.id {
			return -1
		}
		return 1
	}) {
		t.Error("the table is not sorted by id, or has doubles")
	}
	for _, id := range All() {
		for _, tactic := range TacticsOf(id) {
			if Order(tactic) == len(Tactics) {
				t.Errorf("%s has the unknown tactic %q", id, tactic)
			}
		}
	}
}

func TestTacticTitle(t *testing.T) {
	if got := Tactic("command-and-control").Title(); got != "Command and Control" {
		t.Errorf("Title is %q", got)
	}
}
