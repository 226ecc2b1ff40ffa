package app_test

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/record"
	"longwatch/internal/respond/block"
	"longwatch/internal/simulate"
	"longwatch/internal/store"
)

// huntedCase simulates a profile, hunts it and returns the folder of the case,
// as it is read back.
func huntedCase(t *testing.T, profile string, seed uint64) (*simulate.Truth, *casefolder.Case, string) {
	t.Helper()
	dir := t.TempDir()
	truth, err := simulate.Write(profile, filepath.Join(dir, "exercise"), seed, simulate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := app.Default()
	c.Paths, c.Out = []string{filepath.Join(dir, "exercise")}, filepath.Join(dir, "case")
	cf, err := app.Hunt(t.Context(), c, silent{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.WriteCase(cf, c.Out); err != nil {
		t.Fatal(err)
	}
	read, err := casefolder.Read(c.Out)
	if err != nil {
		t.Fatal(err)
	}
	return truth, read, c.Out
}

// once reads records for takers, all of them whole.
func once(t *testing.T, files []store.File, types map[string]*record.Type, takers ...store.Taker) {
	t.Helper()
	if p, err := store.ReadOnce(t.Context(), block.InOrder(files), types, takers...); err != nil || len(p.Notes) > 0 {
		t.Fatal(err, p.Notes)
	}
}

// hostsOf are the hosts of a case by its records.
func hostsOf(t *testing.T, c *casefolder.Case, files []store.File, types map[string]*record.Type) []casefolder.Host {
	t.Helper()
	h := block.NewHosts(c)
	once(t, files, types, h.Take)
	return h.List()
}

// replayed derives the blocks of a case and replays them.
func replayed(t *testing.T, c *casefolder.Case, dir string) (block.Plan, block.Seen) {
	t.Helper()
	files, _, err := store.Find(filepath.Join(dir, "records"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]*record.Type{}
	for _, rt := range app.RecordTypes() {
		types[rt.Name] = rt
	}
	c.Hosts = hostsOf(t, c, files, types)
	plan := block.Derive(c, block.Options{})
	r := block.NewReplay(c, plan.Blocks)
	once(t, files, types, r.Take)
	seen := r.Seen(false)
	if seen.Records == 0 {
		t.Error("no record was compared")
	}
	return plan, seen
}

// TestBlocksOfCampaigns: what findings name of the intruder's addresses is
// blocked, nothing of the organisation's own and nothing that others need is,
// hosts of the truth are isolated and no others, and no block of the intruder's
// address needs a second person, while cutting off a host that talks to
// controllers does, by name.
func TestBlocksOfCampaigns(t *testing.T) {
	quality(t)
	for _, profile := range []string{"volt-typhoon", "op-512", "tgr-sta-1030", "th12"} {
		t.Run(profile, func(t *testing.T) {
			truth, c, dir := huntedCase(t, profile, 3)
			plan, seen := replayed(t, c, dir)
			known := map[string]bool{}
			roles := map[string]string{}
			var nets []netip.Prefix
			for _, s := range truth.Sites {
				nets = append(nets, netip.MustParsePrefix(s.Network))
				for _, h := range s.Hosts {
					known[strings.ToLower(h.Name)] = slices.Contains(truth.Campaigns[0].Hosts, h.Name)
					roles[h.Address] = h.Role
				}
			}
			var blocked []string
			for i, b := range plan.Blocks {
				e := &seen.Effects[i]
				if b.Scope == block.Isolate {
					if !known[strings.ToLower(b.Host)] {
						t.Errorf("%s is isolated, and the intruder was not on it", b.Host)
					}
					checkIndustrial(t, &b, e)
					continue
				}
				blocked = append(blocked, b.Value())
				if len(e.Approval) > 0 || len(e.Industrial) > 0 {
					t.Errorf("%s of the intruder needs a second person: %q", b.Value(), e.Approval)
				}
				for _, a := range b.Addrs {
					if slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) }) {
						t.Errorf("%v is of the own network", a)
					}
				}
				if !slices.Contains(truth.Campaigns[0].Remote, b.Value()) {
					t.Errorf("%s is blocked, and is none of the intruder's: %s", b.Value(), b.Reason)
				}
			}
			for _, remote := range truth.Campaigns[0].Remote {
				if a, err := netip.ParseAddr(remote); err == nil && named(c, a.String()) && !slices.Contains(blocked, remote) {
					t.Errorf("%s is not blocked", remote)
				}
			}
			flagged := 0
			for i := range seen.Effects {
				if len(seen.Effects[i].Industrial) > 0 {
					flagged++
				}
			}
			if profile == "th12" && flagged == 0 {
				t.Error("the way to the controllers is cut, and nobody is told")
			}
		})
	}
}

// checkIndustrial: whoever cuts conversations with controllers needs a second
// person, each conversation is named, and the narrower block lets them pass.
func checkIndustrial(t *testing.T, b *block.Block, e *block.Effect) {
	t.Helper()
	if len(e.Industrial) == 0 {
		if len(e.Approval) > 0 && e.Replayed {
			t.Errorf("%s needs a second person for nothing: %q", b.Host, e.Approval)
		}
		return
	}
	if len(e.Approval) == 0 || e.Narrower == nil || len(e.Narrower.Keep) != len(e.Industrial) {
		t.Errorf("%s: %d industrial conversations, approval %q", b.Host, len(e.Industrial), e.Approval)
	}
	for i := range e.Industrial {
		x := &e.Industrial[i]
		if x.Protocol == "" || x.ClientName == "" || x.ServerName == "" || !slices.Contains(x.Kinds, "read") || x.First == 0 {
			t.Errorf("%s: a conversation is not named: %v", b.Host, x)
		}
	}
}

// named tells whether a finding of medium severity or above names an address.
func named(c *casefolder.Case, address string) bool {
	for _, i := range c.Incidents {
		for _, f := range i.Findings {
			if f.Severity >= finding.Medium && slices.ContainsFunc(f.Entities, func(e record.Entity) bool { return e.Kind == "address" && e.Value == address }) {
				return true
			}
		}
	}
	return false
}
