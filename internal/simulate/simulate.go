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
//
// It knows nothing of how anything is detected. What it knows is in truth.json:
// who came in where and when, what of it each file shows by line, record and
// offset, what was left out and which clocks are wrong.
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
	"strings"
	"time"

	"longwatch/internal/simulate/chance"
	"longwatch/internal/simulate/estate"
	"longwatch/internal/simulate/scenario/falseflag"
	"longwatch/internal/simulate/scenario/ordinary"
	"longwatch/internal/simulate/truth"
)

// Truth is the answer sheet of an exercise; truth.json holds it.
type Truth = truth.Truth

// ErrProfile says that there is no such profile.
var ErrProfile = errors.New("simulate: unknown profile")

// ErrNotEmpty says that the folder to write to holds files already.
var ErrNotEmpty = errors.New("simulate: folder is not empty")

// Profiles are the names Write takes. Names joined by "+" are intrusions into the
// same organisation.
func Profiles() []string {
	list := []string{"quiet-day", "quiet-site", "all"}
	for _, p := range plays() {
		list = append(list, p.profile)
	}
	slices.Sort(list)
	return list
}

// Write puts an exercise into dir, which must be empty or absent, and returns
// its truth. profile is one name or several, blank separated: each is an
// organisation of its own; see Profiles. The errors are
// ErrProfile, ErrOption, ErrNotEmpty and those of the file system.
func Write(profile, dir string, seed uint64, o Options) (*Truth, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	r := chance.New(seed, "exercise")
	chosen, err := acts(strings.Fields(profile), r)
	if err != nil {
		return nil, err
	}
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	start := o.Start.UTC().Truncate(24 * time.Hour)
	if o.Start.IsZero() {
		start = time.Date(2026, 3, 2+7*r.IntN(4)+r.IntN(3), 0, 0, 0, 0, time.UTC)
	}
	t := &Truth{Profile: profile, Seed: seed, Note: "inert exercise evidence: nothing in it can run, and nothing in it happened", Options: o.words()}
	octets := r.Perm(180)
	for i, a := range chosen {
		site := ordinary.Build(ordinary.Plan{Kind: a.kind, Start: start, Days: o.Days, Octet: byte(20 + octets[i]), Both: a.both, Sites: o.Sites, Skewed: o.Skew != True}, r.Sub(a.label))
		if err := o.stage(t, site, a, dir); err != nil {
			return nil, err
		}
	}
	slices.Sort(t.Files)
	slices.Sort(t.Left)
	body, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return nil, err
	}
	return t, os.WriteFile(filepath.Join(dir, "truth.json"), append(body, '\n'), 0o644)
}

// stage lets one organisation live, be intruded into, and leave its evidence.
func (o *Options) stage(t *Truth, site *estate.Site, a act, dir string) error {
	t.Clocks = append(t.Clocks, setClocks(site, o.Skew)...)
	if o.Returns > 0 {
		site.Act, site.Returns = o.returns(site)
	}
	ordinary.Live(site, o.thin(), o.Noise)
	var cs []*truth.Campaign
	for i, p := range a.plays {
		site.Cause(i + 1)
		c := p.play(site)
		if o.FalseFlag != "" && o.FalseFlag != p.profile {
			falseflag.Plant(site, &c, o.FalseFlag)
		}
		sensorsOf(site, &c)
		cs = append(cs, &c)
	}
	site.Cause(0)
	keep := o.keep(site, cs)
	w, err := site.Write(dir, keep)
	if err != nil {
		return err
	}
	settle(site, cs, keep, w)
	t.Clocks = append(t.Clocks, textClocks(site, w.Paths)...)
	for _, c := range cs {
		t.Campaigns = append(t.Campaigns, *c)
	}
	t.Files, t.Left = append(t.Files, w.Paths...), append(t.Left, w.Left...)
	t.Sites = append(t.Sites, describe(site))
	t.Benign = append(t.Benign, facts(site)...)
	if t.Start.IsZero() || site.Start.Before(t.Start) {
		t.Start = site.Start
	}
	if site.End().After(t.End) {
		t.End = site.End()
	}
	if at := keep.Since; !at.IsZero() {
		t.Since = &at
	}
	if at := keep.Until; !at.IsZero() {
		t.Until = &at
	}
	return nil
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
