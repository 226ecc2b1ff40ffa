// Package simulate writes exercises: inert evidence of the four campaigns and
// of ordinary days, with the truth beside it.
//
// Nothing it writes can do harm. Packets are bytes in a file and are never
// sent; addresses and domains of dossiers are only written down. Commands are
// text in logs. Programs are a file header with random bytes behind it and no
// code; web shells are text with the outline of one, in which every place
// where something would be taken in or executed is empty and which no server
// compiles; keys, signatures and ciphertext are random. An exercise therefore
// may be copied, mailed and scanned like any document, though a virus scanner
// may well complain about it.
//
// What an intruder would vary (names, addresses, times, ports) comes from the
// seed. The same profile, seed and options give the same bytes.
package simulate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/scenario/op512"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/scenario/tgrsta1030"
	"longwatch/internal/simulate/scenario/th12"
	"longwatch/internal/simulate/scenario/volttyphoon"
	"longwatch/internal/simulate/truth"
)

// Truth is the answer sheet of an exercise; truth.json holds it.
type Truth = truth.Truth

// Options change an exercise; the zero value is the usual one.
type Options struct {
	Start time.Time // first day; zero: a working day of March 2026 that the seed decides
	Days  int       // days of ordinary activity; zero: 2
}

// MaxDays bounds the ordinary activity, and so the volume, of an exercise.
const MaxDays = 14

// ErrProfile says that there is no such profile.
var ErrProfile = errors.New("simulate: unknown profile")

// ErrNotEmpty says that the folder to write to holds files already.
var ErrNotEmpty = errors.New("simulate: folder is not empty")

// act is one site of an exercise: the organisation and what happens to it.
type act struct {
	profile string
	kind    ordinary.Kind
	play    func(*estate.Site) truth.Campaign // nil: nothing but ordinary days
}

// acts are the intrusions, in the order in which their sites are built.
func acts() []act {
	return []act{
		{"volt-typhoon", ordinary.Utility, volttyphoon.Play},
		{"op-512", ordinary.Company, op512.Play},
		{"tgr-sta-1030", ordinary.Ministry, tgrsta1030.Play},
		{"th12", ordinary.Operator, th12.Play},
	}
}

// Profiles are the names Write takes.
func Profiles() []string {
	list := []string{"quiet-day", "all"}
	for _, a := range acts() {
		list = append(list, a.profile)
	}
	slices.Sort(list)
	return list
}

// Write puts an exercise into dir, which must be empty or absent, and returns
// its truth. The errors are ErrProfile, ErrNotEmpty and those of the file
// system.
func Write(profile, dir string, seed uint64, o Options) (*Truth, error) {
	var chosen []act
	for _, a := range acts() {
		switch profile {
		case "all", a.profile:
			chosen = append(chosen, a)
		case "quiet-day":
			chosen = append(chosen, act{"quiet-day", a.kind, nil})
		}
	}
	if chosen == nil {
		return nil, fmt.Errorf("%w: %q", ErrProfile, profile)
	}
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	r := chance.New(seed, "exercise")
	start := o.Start.UTC().Truncate(24 * time.Hour)
	if o.Start.IsZero() {
		start = time.Date(2026, 3, 2+7*r.IntN(4)+r.IntN(3), 0, 0, 0, 0, time.UTC)
	}
	days := o.Days
	if days <= 0 {
		days = 2
	}
	days = min(days, MaxDays)
	t := &Truth{Profile: profile, Seed: seed, Note: "inert exercise evidence: nothing in it can run, and nothing in it happened"}
	octets := r.Perm(180)
	for i, a := range chosen {
		site := ordinary.Build(ordinary.Plan{Kind: a.kind, Start: start, Days: days, Octet: byte(20 + octets[i])}, r.Sub(string(a.kind)))
		ordinary.Live(site)
		if a.play != nil {
			t.Campaigns = append(t.Campaigns, a.play(site))
		}
		files, err := site.Write(dir)
		if err != nil {
			return nil, err
		}
		t.Files = append(t.Files, files...)
		t.Sites = append(t.Sites, describe(site))
		t.Benign = append(t.Benign, facts(site)...)
		if t.Start.IsZero() || site.Start.Before(t.Start) {
			t.Start = site.Start
		}
		if site.End().After(t.End) {
			t.End = site.End()
		}
	}
	slices.Sort(t.Files)
	body, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, err
	}
	return t, os.WriteFile(filepath.Join(dir, "truth.json"), append(body, '\n'), 0o644)
}

func describe(s *estate.Site) truth.Site {
	d := truth.Site{Folder: s.Key, Name: s.Org, Domain: s.Zone, Public: s.Public, Network: fmt.Sprintf("10.%d.0.0/16", s.Octet)}
	for _, h := range s.Hosts {
		d.Hosts = append(d.Hosts, truth.Host{Name: h.Name, Address: h.IP.String(), Role: string(h.Role)})
	}
	slices.SortFunc(d.Hosts, func(a, b truth.Host) int { return cmp.Compare(a.Name, b.Name) })
	for _, u := range s.Users {
		d.Users = append(d.Users, u.Name)
	}
	return d
}

// facts are the ordinary things in every site that look like something else.
func facts(s *estate.Site) []truth.Fact {
	list := []string{
		s.One(estate.Deployment).Name + " writes packages to ADMIN$ of workstations and starts the installed agent (svc_deploy)",
		s.One(estate.Monitor).Name + " pings servers and queries service states over svcctl (svc_monitor)",
		s.One(estate.Backup).Name + " reads shares every night (svc_backup)",
		s.One(estate.Scanner).Name + " scans " + s.One(estate.WebServer).Name + " on the first evening",
		"administrators use remote desktop and WinRM, and PsExec once every second day",
		"scanners of the internet ask the web server for things that are not there",
	}
	var out []truth.Fact
	for _, what := range list {
		out = append(out, truth.Fact{Site: s.Key, What: what})
	}
	return out
}
