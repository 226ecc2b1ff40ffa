package backup

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Plan is what an organisation means to keep, as it writes it down:
//
//	objective: 24h            # the oldest that a newest copy may be
//	assets: [fs01, dc01, historian]
//	copies:
//	  - {asset: fs01, name: nas, path: /mnt/nas/fs01, seal: fs01.seal, media: disk, site: main}
//	  - {asset: fs01, name: vault, path: /mnt/usb/repo, media: tape, site: vault, offline: true}
//
// A copy with a seal is compared with it; one that is a restic repository is
// checked by its own hashes; of another only its time is known. Paths are
// relative to the plan.
type Plan struct {
	Objective Period   `yaml:"objective"`
	Assets    []string `yaml:"assets"`
	Copies    []Copy   `yaml:"copies"`
}

// Copy is one copy of one asset.
type Copy struct {
	Asset   string    `yaml:"asset"`
	Name    string    `yaml:"name"`
	Path    string    `yaml:"path"`
	Seal    string    `yaml:"seal"`
	Media   string    `yaml:"media"`
	Site    string    `yaml:"site"`
	Offline bool      `yaml:"offline"` // or written once: an intruder with every password cannot reach it
	Taken   time.Time `yaml:"taken"`   // of a copy that cannot tell itself
}

// Period is a time span as people write it: 24h, 7d.
type Period time.Duration

// UnmarshalYAML reads a period.
func (p *Period) UnmarshalYAML(n *yaml.Node) error {
	s, days := strings.CutSuffix(n.Value, "d")
	if days {
		s += "h"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("line %d: %q is no period: write 24h or 7d", n.Line, n.Value)
	}
	if days {
		d *= 24
	}
	*p = Period(d)
	return nil
}

// maxPlan is the most bytes of a plan.
const maxPlan = 4 << 20

// LoadPlan reads a plan.
func LoadPlan(path string) (*Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxPlan))
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	p := new(Plan)
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("backup: %q: %w", path, err)
	}
	for i := range p.Copies {
		c := &p.Copies[i]
		if c.Asset == "" || c.Path == "" {
			return nil, fmt.Errorf("backup: %q: copy %d needs an asset and a path", path, i+1)
		}
		c.Name = cmp.Or(c.Name, c.Path)
		for _, at := range []*string{&c.Path, &c.Seal} {
			if *at != "" && !filepath.IsAbs(*at) {
				*at = filepath.Join(filepath.Dir(path), *at)
			}
		}
	}
	return p, nil
}

// Point is a time to which an asset can be brought back.
type Point struct {
	Time  time.Time `json:"time"`
	Copy  string    `json:"copy"`
	ID    string    `json:"id,omitempty"` // of a restic snapshot
	Whole bool      `json:"whole"`        // checked, and nothing was damaged
}

// Standing is what the copies of one asset are worth.
type Standing struct {
	Asset  string    `json:"asset"`
	Points []Point   `json:"points"` // the newest first
	Clean  *Point    `json:"clean,omitempty"`
	Since  time.Time `json:"intruder_since,omitzero"`
	Faults []string  `json:"faults"`
}

// Checked is a copy with what was found in it.
type Checked struct {
	Copy       `json:"-"`
	Name       string      `json:"copy"`
	Asset      string      `json:"asset"`
	Report     *Report     `json:"seal,omitempty"`
	Repository *Repository `json:"restic,omitempty"`
	Damage     []*Damage   `json:"damage,omitempty"`
	Error      string      `json:"error,omitempty"`
}

// maxListed is how many damaged files of a copy are kept.
const maxListed = 10000

// PlanOptions are those of CheckPlan.
type PlanOptions struct {
	CheckOptions
	Password []byte               // of restic repositories
	Since    map[string]time.Time // when the intruder was first on a host, by its name in lower case
	Start    time.Time            // of the intrusion, for hosts that are not in Since; zero: none
}

// CheckPlan checks every copy and says for every asset what it can be brought
// back to, and what falls short of the plan.
func CheckPlan(ctx context.Context, p *Plan, o PlanOptions) ([]*Checked, []*Standing, error) {
	var checked []*Checked
	for _, c := range p.Copies {
		k, err := check(ctx, c, o)
		if err != nil {
			return nil, nil, err
		}
		checked = append(checked, k)
	}
	names := slices.Clone(p.Assets)
	for _, c := range p.Copies {
		if !slices.Contains(names, c.Asset) {
			names = append(names, c.Asset)
		}
	}
	var out []*Standing
	for _, asset := range names {
		out = append(out, stand(asset, checked, p, o))
	}
	return checked, out, nil
}

func check(ctx context.Context, c Copy, o PlanOptions) (*Checked, error) {
	k := &Checked{Copy: c, Name: c.Name, Asset: c.Asset}
	var err error
	switch {
	case c.Seal != "":
		k.Report, err = Verify(ctx, c.Seal, c.Path, o.CheckOptions, func(d *Damage) error {
			if len(k.Damage) < maxListed && !d.Verdict.harmless() {
				k.Damage = append(k.Damage, d)
			}
			return nil
		})
	case IsRestic(c.Path):
		k.Repository, err = CheckRestic(ctx, c.Path, o.Password, o.CheckOptions)
		if k.Repository != nil {
			k.Damage = k.Repository.Damage
		}
	default:
		_, err = os.Stat(c.Path)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		k.Error = err.Error()
	}
	return k, nil
}

// points are the times that a copy holds.
func (k *Checked) points() []Point {
	whole := k.Error == "" && len(k.Damage) == 0
	switch {
	case k.Repository != nil:
		var out []Point
		for _, s := range k.Repository.Snapshots {
			out = append(out, Point{Time: s.Time, Copy: k.Name, ID: s.ID, Whole: whole})
		}
		return out
	case k.Report != nil:
		return []Point{{Time: k.Report.Header.Sealed, Copy: k.Name, Whole: whole}}
	case !k.Taken.IsZero() && k.Error == "":
		return []Point{{Time: k.Taken, Copy: k.Name}} // nothing vouches for what it holds
	}
	return nil
}

// stand sums up an asset.
func stand(asset string, all []*Checked, p *Plan, o PlanOptions) *Standing {
	s := &Standing{Asset: asset, Since: o.Start, Faults: []string{}}
	if t, ok := o.Since[strings.ToLower(asset)]; ok {
		s.Since = t
	}
	var own []*Checked
	for _, k := range all {
		if k.Asset == asset {
			own = append(own, k)
			s.Points = append(s.Points, k.points()...)
			if k.Error != "" {
				s.fault("%s cannot be used: %s", k.Name, k.Error)
			} else if n := len(k.Damage); n > 0 {
				s.fault("%s is damaged: %d files, the first %s (%s)", k.Name, n, k.Damage[0].Path, k.Damage[0].Verdict)
			}
		}
	}
	slices.SortStableFunc(s.Points, func(a, b Point) int { return -a.Time.Compare(b.Time) })
	if len(own) == 0 {
		s.fault("there is no copy of it")
		return s
	}
	s.ages(p, o)
	s.rule321(own)
	s.clean()
	return s
}

func (s *Standing) fault(format string, args ...any) {
	s.Faults = append(s.Faults, fmt.Sprintf(format, args...))
}

// ages compares the newest whole copy with the objective.
func (s *Standing) ages(p *Plan, o PlanOptions) {
	i := slices.IndexFunc(s.Points, func(p Point) bool { return p.Whole })
	switch {
	case i < 0:
		s.fault("no copy of it was proven whole")
	case p.Objective > 0 && o.Now().Sub(s.Points[i].Time) > time.Duration(p.Objective):
		s.fault("the newest whole copy is of %s, older than the %s that were agreed", stamp(s.Points[i].Time), time.Duration(p.Objective))
	}
}

// rule321 is the usual rule: three copies, the original among them, on two
// kinds of media, one at another place; and one that an intruder cannot reach.
func (s *Standing) rule321(own []*Checked) {
	media, sites, offline := map[string]bool{}, map[string]bool{}, false
	good := 0
	for _, k := range own {
		if k.Error != "" || len(k.Damage) > 0 {
			continue
		}
		good++
		media[k.Media], sites[k.Site] = true, true
		offline = offline || k.Offline
	}
	delete(media, "")
	delete(sites, "")
	if good < 2 {
		s.fault("%d usable copies beside the original: two are the least (3-2-1)", good)
	}
	if len(media) < 2 {
		s.fault("the copies are on one kind of media, or it is not known (3-2-1)")
	}
	if len(sites) < 2 {
		s.fault("the copies are at one site, or it is not known (3-2-1)")
	}
	if !offline {
		s.fault("no copy is offline or written once: whoever has the passwords can destroy all")
	}
}

// clean finds the newest whole point before the intruder came.
func (s *Standing) clean() {
	if s.Since.IsZero() {
		return
	}
	i := slices.IndexFunc(s.Points, func(p Point) bool { return p.Whole && p.Time.Before(s.Since) })
	if i < 0 {
		s.fault("no whole copy is older than the intruder's first trace of %s: rebuild it rather than restore it", stamp(s.Since))
		return
	}
	s.Clean = &s.Points[i]
}
