package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"longwatch/internal/app"
	"longwatch/internal/finding"
	"longwatch/internal/respond"
)

// caseOf is the folder of the case of an exercise.
func caseOf(t *testing.T, profile string, seed uint64) string {
	t.Helper()
	_, _, dir := huntedCase(t, profile, seed)
	return dir
}

// planOf is the plan for a case.
func planOf(t *testing.T, dir string) *respond.Plan {
	t.Helper()
	out, err := (&app.Respond{Case: dir}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out.Plan
}

// dossier is what a person reads out of the sections on scoping, containment and
// recovery of a campaign's dossier for the intrusion that the exercise plays:
// written by hand from these sections, not from plans.
type dossier struct {
	profile string
	needs   []need
	before  [][2]string // the first is done before the second
	window  []string    // must be in the one window
	forbid  []string    // nothing in the intrusion calls for them
	only    [][2]string // steps that are there exactly when a finding has this detection of a dossier
}

// need is a step, and the numbered line of the dossier that asks for it.
type need struct {
	line, step string
	because    string // what the line says, in other words
}

var dossiers = []dossier{
	{
		profile: "volt-typhoon",
		needs: []need{
			{"7.1", "scope-edge", "which appliances were unpatched, and what credentials they held"},
			{"7.2", "scope-directory-copies", "every copy of the directory with its date"},
			{"7.3", "scope-forwarding", "hosts that forward or forwarded ports"},
			{"7.4", "scope-accounts", "accounts from home connections, administrators' own mail"},
			{"7.5", "scope-plant", "office machines that reach the plant"},
			{"7.6", "scope-blind", "the time without logs"},
			{"8.1", "keep-quiet", "no tip-off, one eviction"},
			{"8.1", "memory-first", "memory is evidence"},
			{"8.1", "image-hosts", "event logs are evidence"},
			{"8.1", "image-appliance", "so is the appliance"},
			{"8.2", "cut-plant", "sever the ways into the plant first"},
			{"8.2", "plant-passwords", "passwords of plant and vendors that were stored outside it"},
			{"8.3", "replace-appliance", "clean image, no restored configuration, new certificates and bind accounts"},
			{"8.3", "end-sessions", "all VPN sessions"},
			{"8.4", "krbtgt-first", "twice"},
			{"8.4", "krbtgt-second", "twice, a ticket's life apart"},
			{"8.4", "reset-admins", "highest tier"},
			{"8.4", "reset-domain", "service, machine, user accounts; LAPS, managed accounts, certificate authority"},
			{"8.4", "watch-directory", "again after any later theft"},
			{"8.5", "remove-forwarding", "forwarded ports"},
			{"8.5", "rebuild-hosts", "compare with known images, prefer rebuilding"},
			{"8.7", "verify-backups", "older than the first compromise, in isolation"},
			{"8.8", "vt-thirty-days", "thirty days without VT-06, 09, 10, 23, 25, 29"},
			{"8.8", "rescan-edge", "authenticated scan of the edge"},
		},
		before: [][2]string{
			{"keep-quiet", "memory-first"}, {"memory-first", "isolate-hosts"}, {"image-appliance", "close-edge"}, {"image-appliance", "replace-appliance"},
			{"cut-plant", "isolate-hosts"}, {"cut-plant", "end-sessions"}, {"break-glass", "disable-accounts"}, {"disable-accounts", "krbtgt-first"},
			{"krbtgt-first", "krbtgt-second"}, {"krbtgt-second", "reset-domain"}, {"reset-admins", "reset-domain"}, {"verify-backups", "vt-thirty-days"},
		},
		window: []string{"end-sessions", "disable-accounts", "close-edge", "replace-appliance", "reset-admins", "krbtgt-first", "remove-forwarding", "kill-tunnels"},
		only:   [][2]string{{"vt-replace-routers", "VT-27"}}, // 8.6: when sessions came through such routers
		forbid: []string{
			"rotate-machine-keys", "purge-compiled", "do-not-visit", "isolate-web", "rebuild-web", "upload-hygiene", "rebuild-kernel", "rotate-linux-secrets",
			"power-off-image", "renew-mail-keys", "revoke-tokens", "pull-lure", "tg-block-lure-hosts", "decide-plant", "check-controllers", "revoke-supplier", "restore-supplier", "op-twins", "thirty-days", "remove-persistence",
		},
	},
	{
		profile: "op-512",
		needs: []need{
			{"7.1", "scope-self-report", "who looked such names up, and what they decode to"},
			{"7.2", "scope-web-neighbours", "same server, pool, account, key, share"},
			{"7.3", "scope-pool-reach", "what the pool reached"},
			{"7.4", "scope-first-request", "first odd request, 120 days back"},
			{"7.5", "scope-files-read", "which files were read"},
			{"7.6", "scope-compiled", "compiled pages without source"},
			{"8.1", "do-not-visit", "never browse to the page"},
			{"8.2", "isolate-web", "isolate, or stop the pool and its automatic start"},
			{"8.2", "memory-first", "memory first"},
			{"8.3", "preserve-web", "pages with times, temporary files, logs, configuration"},
			{"8.4", "block-outside", "sinkhole"},
			{"8.4", "egress-deny", "internal resolver only, default deny outward"},
			{"8.5", "rebuild-web", "clean media, source control"},
			{"8.5", "purge-compiled", "temporary files even if the host stays"},
			{"8.6", "rotate-machine-keys", "all nodes at once"},
			{"8.6", "rotate-web-secrets", "accounts, connection strings, certificates, API keys"},
			{"8.7", "upload-hygiene", "no handlers among uploads"},
			{"8.8", "verify-backups", "older than the first contact by a day"},
			{"8.9", "op-thirty-days", "thirty days, and a clean scan after a recycle"},
		},
		before: [][2]string{
			{"do-not-visit", "isolate-web"}, {"memory-first", "isolate-web"}, {"preserve-web", "purge-compiled"}, {"isolate-web", "purge-compiled"}, {"purge-compiled", "rotate-machine-keys"},
			{"preserve-web", "rebuild-web"}, {"scope-pool-reach", "rotate-web-secrets"}, {"rebuild-web", "upload-hygiene"},
		},
		window: []string{"isolate-web", "block-outside", "egress-deny", "purge-compiled", "rotate-machine-keys", "rotate-web-secrets"},
		forbid: []string{ // 8.6: krbtgt only if the domain is shown to be compromised
			"krbtgt-first", "krbtgt-second", "reset-admins", "reset-domain", "replace-appliance", "close-edge", "image-appliance", "end-sessions", "cut-plant", "plant-passwords", "rebuild-kernel",
			"power-off-image", "pull-lure", "renew-mail-keys", "revoke-tokens", "remove-forwarding", "remove-persistence", "block-lateral", "kill-tunnels", "remove-pages", "revoke-supplier", "thirty-days", "vt-thirty-days",
		},
	},
	{
		profile: "tgr-sta-1030",
		needs: []need{
			{"7.1", "scope-lure", "who got, clicked, downloaded"},
			{"7.2", "tg-exposed", "exposed products since 2024, shells behind them"},
			{"7.2", "scope-web-neighbours", "web servers inside"},
			{"7.3", "scope-linux", "other Linux servers, seen from outside"},
			{"7.4", "scope-tunnels", "whose credentials passed through"},
			{"7.6", "tg-events", "events of the next sixty days"},
			{"8.1", "tg-block-lure-hosts", "MEGA and raw GitHub content"},
			{"8.1", "block-outside", "domains, with a sinkhole"},
			{"8.1", "watch-sinkhole", "stragglers"},
			{"8.2", "power-off-image", "do not trust the host's tools; image from outside"},
			{"8.2", "rebuild-kernel", "rebuild"},
			{"8.2", "rotate-linux-secrets", "SSH keys, caches, secrets, cloud credentials"},
			{"8.3", "remove-pages", "shell and patch"},
			{"8.3", "rebuild-web", "rebuild"},
			{"8.3", "rotate-web-secrets", "keystore, database, service accounts"},
			{"8.4", "kill-tunnels", "both ends"},
			{"8.4", "revoke-tokens", "sessions, tokens, delegates, grants, rules"},
			{"8.5", "krbtgt-first", "a controller was within reach"},
			{"8.5", "krbtgt-second", "twice"},
			{"8.7", "verify-backups", "offline, searched"},
			{"8.8", "tg-csirt", "tell the CSIRT early"},
			{"8.9", "tg-thirty-days", "thirty days, and the calendar"},
		},
		before: [][2]string{
			{"memory-first", "power-off-image"}, {"power-off-image", "rebuild-kernel"}, {"kill-tunnels", "revoke-tokens"}, {"keep-mails", "pull-lure"}, {"isolate-web", "remove-pages"},
			{"tg-csirt", "tell-others"}, {"krbtgt-first", "krbtgt-second"}, {"power-off-image", "rotate-linux-secrets"}, {"scope-web-neighbours", "rebuild-web"},
		},
		window: []string{"kill-tunnels", "block-outside", "remove-pages", "rotate-web-secrets", "rotate-linux-secrets", "revoke-tokens", "tg-block-lure-hosts", "krbtgt-first"},
		forbid: []string{
			"rotate-machine-keys", "purge-compiled", "preserve-web", "upload-hygiene", "replace-appliance", "close-edge", "image-appliance", "cut-plant", "plant-passwords", "remove-forwarding",
			"renew-mail-keys", "scope-mail", "reset-domain", "watch-directory", "vt-replace-routers", "revoke-supplier", "thirty-days", "block-lateral",
		},
	},
	{
		profile: "th12",
		needs: []need{
			{"6.1", "scope-edge", "which appliance, what was on it"},
			{"6.2", "scope-first-session", "first session from it, hosts, accounts"},
			{"6.3", "scope-path", "graph of shares and remote execution"},
			{"6.4", "scope-persistence", "what starts by itself, everywhere"},
			{"6.5", "scope-plant", "crossing points, with proof"},
			{"6.6", "th-downstream", "customers and vendors to tell"},
			{"7.1", "image-appliance", "image first"},
			{"7.1", "close-edge", "the way in last, but together"},
			{"7.1", "replace-appliance", "clean firmware, new keys, sessions reset"},
			{"7.2", "block-lateral", "SMB, RPC, WinRM, RDP; NTLM of the highest tier"},
			{"7.3", "remove-persistence", "all hosts in one window"},
			{"7.3", "watch-doors", "again after a day and a week"},
			{"7.4", "reset-local", "LAPS"},
			{"7.4", "reset-admins", "highest tier"},
			{"7.4", "reset-domain", "service accounts"},
			{"7.4", "krbtgt-first", "twice"},
			{"7.4", "krbtgt-second", "twice"},
			{"7.4", "plant-passwords", "plant and vendor accounts"},
			{"7.5", "decide-plant", "isolate or shut down, with the process owner; safety untouched"},
			{"7.5", "check-controllers", "logic against the offline master"},
			{"7.5", "rejoin-plant", "zone by zone"},
			{"7.6", "verify-backups", "before use"},
			{"7.8", "th-unverified", "say that the label is unverified"},
			{"7.9", "th-thirty-days", "thirty days, coverage proven by tests"},
		},
		before: [][2]string{
			{"image-appliance", "close-edge"}, {"block-lateral", "close-edge"}, {"disable-accounts", "close-edge"}, {"isolate-hosts", "close-edge"}, {"close-edge", "replace-appliance"},
			{"scope-persistence", "remove-persistence"}, {"remove-persistence", "watch-doors"}, {"cut-plant", "decide-plant"}, {"decide-plant", "check-controllers"}, {"check-controllers", "rejoin-plant"},
			{"krbtgt-first", "krbtgt-second"}, {"cut-plant", "block-lateral"},
		},
		window: []string{"close-edge", "block-lateral", "remove-persistence", "disable-accounts", "replace-appliance", "krbtgt-first"},
		only:   [][2]string{{"vt-replace-routers", "VT-27"}}, // 8.6: when sessions came through such routers
		forbid: []string{
			"rotate-machine-keys", "purge-compiled", "do-not-visit", "isolate-web", "rebuild-web", "rebuild-kernel", "power-off-image", "pull-lure", "renew-mail-keys", "revoke-tokens", "remove-forwarding",
			"vt-replace-routers", "revoke-supplier", "restore-supplier", "thirty-days", "vt-thirty-days",
		},
	},
}

// TestPlansHoldWhatDossiersAskFor: the plan for each campaign's intrusion holds
// every step of its dossier that applies, in an order that the dossier allows,
// and none that the intrusion does not call for; each step has its evidence.
func TestPlansHoldWhatDossiersAskFor(t *testing.T) {
	quality(t)
	for _, d := range dossiers {
		for _, seed := range []uint64{1, 6} {
			t.Run(fmt.Sprintf("%s/%d", d.profile, seed), func(t *testing.T) {
				t.Parallel()
				_, c, dir := huntedCase(t, d.profile, seed)
				p := planOf(t, dir)
				if len(p.Sections) != 1 {
					t.Fatalf("%d incidents have a plan; want 1", len(p.Sections))
				}
				d.check(t, &p.Sections[0])
				for _, x := range d.only {
					calls := slices.ContainsFunc(c.Incidents[0].Findings, func(f *finding.Finding) bool {
						return f.Severity >= finding.Medium && slices.ContainsFunc(f.Dossier, func(id string) bool { return strings.HasPrefix(id, x[1]) })
					})
					there := slices.ContainsFunc(p.Sections[0].Steps, func(s respond.Step) bool { return s.ID == x[0] })
					if calls != there {
						t.Errorf("%q is in the plan: %v; a finding of %s calls for it: %v", x[0], there, x[1], calls)
					}
				}
			})
		}
	}
}

func (d *dossier) check(t *testing.T, s *respond.Section) {
	t.Helper()
	at := map[string]int{}
	steps := map[string]*respond.Step{}
	for i := range s.Steps {
		at[s.Steps[i].ID], steps[s.Steps[i].ID] = i, &s.Steps[i]
	}
	for _, n := range d.needs {
		switch x := steps[n.step]; {
		case x == nil:
			t.Errorf("%s %s asks for %q (%s), which is not in the plan", d.profile, n.line, n.step, n.because)
		case !slices.Contains(x.Answers, d.profile+" "+n.line):
			t.Errorf("%q does not say that it answers %s %s", n.step, d.profile, n.line)
		}
	}
	for _, b := range d.before {
		if steps[b[0]] == nil || steps[b[1]] == nil || at[b[0]] > at[b[1]] {
			t.Errorf("%q must be done before %q", b[0], b[1])
		}
	}
	for _, id := range d.window {
		if steps[id] != nil && !steps[id].Window {
			t.Errorf("%q must be in the one window", id)
		}
	}
	for _, id := range d.forbid {
		if steps[id] != nil {
			t.Errorf("nothing calls for %q, but it is in the plan: %q", id, steps[id].Reason)
		}
	}
	if s.Window == nil || len(s.Doors) < 2 {
		t.Errorf("several doors are open, but there is no window: %+v", s.Doors)
	}
	complete(t, s)
}

// complete: a step says everything that a step must.
func complete(t *testing.T, s *respond.Section) {
	t.Helper()
	place := map[string]int{}
	for i := range s.Steps {
		x := &s.Steps[i]
		place[x.ID] = i
		if len(x.Evidence) == 0 {
			t.Errorf("%q has no evidence", x.ID)
		}
		for _, e := range x.Evidence {
			if e.Finding != "" && len(e.Refs) == 0 {
				t.Errorf("%q: evidence %q names no place", x.ID, e.Title)
			}
		}
		for what, text := range map[string]string{"title": x.Title, "reason": x.Reason, "owner": x.Owner, "risk": x.Risk, "what it breaks": x.Breaks, "undo or its absence": x.Undo, "proof": x.Proof.Says} {
			if text == "" {
				t.Errorf("%q does not say its %s", x.ID, what)
			}
		}
		for _, id := range x.After {
			if at, ok := place[id]; !ok || at >= i {
				t.Errorf("%q comes before %q, which it waits for", x.ID, id)
			}
		}
	}
}

// TestQuietCaseHasAnEmptyPlan: where nothing happened there is nothing to do,
// and the plan says so.
func TestQuietCaseHasAnEmptyPlan(t *testing.T) {
	quality(t)
	dir := caseOf(t, "quiet-site", 5)
	p := planOf(t, dir)
	if len(p.Sections) != 0 || p.Verdict != "There is no incident in this case, so there is nothing to respond to: the plan is empty." {
		t.Errorf("%d sections: %q", len(p.Sections), p.Verdict)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "respond", "plan.md")); err != nil || !strings.Contains(string(text), "the plan is empty") || strings.Contains(string(text), "- [ ]") {
		t.Errorf("plan.md: %q, %v", text, err)
	}
}

// TestPlanNamesIndustrialConversations: taking a machine off the network that
// speaks to controllers is flagged with the conversations it ends, and needs a
// second person.
func TestPlanNamesIndustrialConversations(t *testing.T) {
	quality(t)
	dir := caseOf(t, "th12", 1)
	p := planOf(t, dir)
	texts := filepath.Join(dir, "respond", "blocks")
	apart := 0
	for _, b := range p.Sections[0].Blocks {
		if len(b.Approval) > 0 {
			apart++
		}
		for folder, must := range map[string]bool{"": len(b.Approval) == 0, "second-person": len(b.Approval) > 0} {
			text, err := os.ReadFile(filepath.Join(texts, folder, "block.nft"))
			if err != nil || strings.Contains(string(text), b.ID) != must {
				t.Errorf("block %s of %s in %q: want %v (%v)", b.ID, b.Value, folder, must, err)
			}
		}
	}
	for _, name := range []string{"hunts-sigma.yml", "hunts-defender.kql", "hunts.json"} {
		if text, err := os.ReadFile(filepath.Join(dir, "respond", "hunts", name)); err != nil || len(text) < 100 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	if apart != 2 { // the way into the plant, and the domain controller
		t.Errorf("%d blocks need a second person", apart)
	}
	for _, s := range p.Sections[0].Steps {
		if s.ID != "isolate-hosts" {
			continue
		}
		if s.Approval == "" || len(s.Cuts) == 0 {
			t.Fatalf("%+v", s)
		}
		for _, c := range s.Cuts {
			if c.Service != "Modbus" || c.Count == 0 || c.From == "" || c.To == "" {
				t.Errorf("%+v", c)
			}
		}
		return
	}
	t.Error("no machine is isolated")
}
