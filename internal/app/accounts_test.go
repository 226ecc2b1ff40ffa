package app_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/record"
	"longwatch/internal/respond/accounts"
	"longwatch/internal/store"
)

// TestAccountsOfCampaigns: accounts that an intruder misused stand in the order
// when the incident names them, before those that he might have; krbtgt stands
// after all administrators, twice, where the domain was lost and nowhere else;
// only machines and people whose secret he might have come after it; and nothing
// that is no account stands in it.
func TestAccountsOfCampaigns(t *testing.T) {
	quality(t)
	for profile, lost := range map[string]bool{"volt-typhoon": true, "op-512": false, "tgr-sta-1030": false, "th12": true} {
		t.Run(profile, func(t *testing.T) {
			truth, c, dir := huntedCase(t, profile, 3)
			files, _, err := store.Find(filepath.Join(dir, "records"))
			if err != nil {
				t.Fatal(err)
			}
			types := map[string]*record.Type{}
			for _, rt := range app.RecordTypes() {
				types[rt.Name] = rt
			}
			use := accounts.NewUse(c.Incidents)
			once(t, files, types, use.Take)
			p := accounts.Order(c.Incidents[0], use)
			var order, krbtgt []string
			for _, s := range p.Steps {
				for _, a := range s.Accounts {
					order = append(order, a.Name)
					if a.Grade == accounts.Used && !slices.Contains(truth.Campaigns[0].Accounts, a.Name) && a.Kind != accounts.Made {
						t.Errorf("%s was not used by the intruder: %s", a.Name, a.Why)
					}
					if strings.Contains(a.Name, " ") {
						t.Errorf("%q is no account", a.Name)
					}
				}
				if strings.Contains(s.Do, "Reset krbtgt") {
					krbtgt = append(krbtgt, s.Do)
				} else if len(krbtgt) > 0 && slices.ContainsFunc(s.Accounts, func(a accounts.Account) bool {
					return a.Kind != accounts.Machine && a.Kind != accounts.Person || a.Privileged
				}) {
					t.Errorf("step %d comes after krbtgt: %v", s.N, s.Accounts)
				}
			}
			for _, r := range c.Incidents[0].Reach {
				if slices.Contains(truth.Campaigns[0].Accounts, r.Entity.Value) && !slices.Contains(order, r.Entity.Value) {
					t.Errorf("%s was misused and stands in no step", r.Entity.Value)
				}
			}
			if lost && len(krbtgt) != 2 || !lost && len(krbtgt) != 0 {
				t.Errorf("krbtgt is reset %d times", len(krbtgt))
			}
		})
	}
}
