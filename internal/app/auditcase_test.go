package app_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/audit/access"
	"longwatch/internal/simulate"
)

// audited hunts an exercise and judges its accounts.
func audited(t *testing.T, profile string, seed uint64, o simulate.Options) (*simulate.Truth, *access.Report) {
	t.Helper()
	dir := t.TempDir()
	evidence := filepath.Join(dir, "exercise")
	truth, err := simulate.Write(profile, evidence, seed, o)
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out = []string{evidence}, filepath.Join(dir, "case")
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	r, notes, err := (&app.CaseRecords{Dir: c.Out}).AuditAccess(t.Context(), access.Options{})
	if err != nil || len(notes) > 0 {
		t.Fatal(notes, err)
	}
	return truth, r
}

// newAdmins are the accounts that a report calls newly privileged, without
// domains.
func newAdmins(r *access.Report) (out []string) {
	for _, l := range r.Lines {
		if l.Class == access.NewlyPrivileged {
			out = append(out, l.Account[strings.LastIndexByte(l.Account, '\\')+1:])
		}
	}
	slices.Sort(out)
	return out
}

// administrator tells the names that sites of exercises give administrators.
func administrator(user string) bool {
	return strings.HasPrefix(user, "a-") || strings.HasPrefix(user, "adm-") || strings.HasPrefix(user, "da.")
}

// TestAccessOfAnExercise: the accounts that an intruder makes are named, and no
// other as new; who administers the domain and the domain controllers are those
// of the site.
func TestAccessOfAnExercise(t *testing.T) {
	quality(t)
	for seed := uint64(21); seed < 23; seed++ {
		truth, r := audited(t, "th12", seed, simulate.Options{})
		var made []string
		for _, c := range truth.Campaigns {
			for _, a := range c.Accounts { // beside those that it made it used one of the site's administrators
				if !administrator(a) {
					made = append(made, a)
				}
			}
		}
		slices.Sort(made)
		if got := newAdmins(r); len(made) < 2 || !slices.Equal(got, made) {
			t.Errorf("seed %d: newly privileged are %q, made were %q", seed, got, made)
		}
		var dcs []string
		for _, s := range truth.Sites {
			for _, h := range s.Hosts {
				if h.Role == "domain controller" {
					dcs = append(dcs, strings.ToLower(h.Name))
				}
			}
		}
		slices.Sort(dcs)
		if !slices.Equal(r.Controllers, dcs) {
			t.Errorf("seed %d: domain controllers are %q, not %q", seed, r.Controllers, dcs)
		}
	}
}

// TestAccessOfQuietLife: where nobody was, no account is called new, shared or a
// service's at a desk; what is said of the others holds by the names that the
// sites give their accounts.
func TestAccessOfQuietLife(t *testing.T) {
	quality(t)
	for _, o := range []simulate.Options{{Small: true}, {Small: true, Days: 45}} {
		profile := "quiet-day"
		if o.Days > 0 {
			profile = "quiet-site"
		}
		_, r := audited(t, profile, 31, o)
		for _, l := range r.Lines {
			user := l.Account[strings.LastIndexByte(l.Account, '\\')+1:]
			switch l.Class {
			case access.NewlyPrivileged, access.Shared, access.ServiceDesk, access.Stale:
				t.Errorf("%s: %s %s: %s", profile, l.Class, l.Account, l.Says)
			case access.Tier, access.Over, access.Path:
				if !administrator(user) && !strings.HasPrefix(user, "svc") {
					t.Errorf("%s: %s of somebody who is no administrator: %s", profile, l.Class, l.Account)
				}
			}
		}
	}
}
