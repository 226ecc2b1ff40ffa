package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"longwatch/content"
	"longwatch/internal/campaign"
	"longwatch/internal/casefolder"
	"longwatch/internal/intel"
	"longwatch/internal/record"
	"longwatch/internal/retro"
)

// Retro is what a second look at recorded evidence is asked to do.
type Retro struct {
	Inputs   []string    // case folders, and folders of records
	Out      string      // folder of the new case; of the new cases, when there are several inputs; empty: none
	Intel    []string    // the user's indicators
	Allow    []string    // lists of harmless values, in place of those that the case was weighed with
	Reweigh  bool        // by Allow, and by no list when it is empty; false: as it was weighed
	Profiles []string    // folders of campaign profiles, each one or many
	AsOf     record.Time // time of judgement: what expired before it counts half; 0: judged by the time of events alone
	Since    record.Time // records before are left out; 0: none
	Until    record.Time // records from then on are left out; 0: none
	Jobs     int
	Memory   int64
	Command  []string // as typed
	Force    bool
}

// knowledge is what is known now: profiles, indicators.
type knowledge struct {
	profiles []*campaign.Profile
	set      *intel.Set
	late     *intel.Late
	sources  []casefolder.IntelSource
}

// Run looks through every input. With an error come the results until then.
func (r *Retro) Run(ctx context.Context, p Progress) ([]*retro.Result, error) {
	k, err := r.learn()
	if err != nil {
		return nil, err
	}
	outs, err := r.outs()
	if err != nil {
		return nil, err
	}
	var results []*retro.Result
	for i, input := range r.Inputs {
		l := &look{r: r, k: k, input: input, out: outs[i], progress: p}
		res, err := l.run(ctx)
		if err != nil {
			return results, fmt.Errorf("app: retro: %s: %w", input, err)
		}
		results = append(results, res)
	}
	return results, nil
}

// outs names the folder of the new case for each input.
func (r *Retro) outs() ([]string, error) {
	outs := make([]string, len(r.Inputs))
	if r.Out == "" {
		return outs, nil
	}
	if err := apart(r.Out, r.Inputs); err != nil {
		return nil, err
	}
	if len(r.Inputs) == 1 {
		outs[0] = r.Out
		return outs, nil
	}
	taken := map[string]bool{}
	for i, in := range r.Inputs {
		base := filepath.Base(realPath(in))
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[name] = true
		outs[i] = filepath.Join(r.Out, name)
	}
	return outs, nil
}

// learn loads profiles and indicators: the built-in ones, but for profiles that
// the user has one of the same id for, and the user's.
func (r *Retro) learn() (*knowledge, error) {
	k := &knowledge{}
	builtIn, err := campaign.Load(content.Campaigns, "campaigns")
	if err != nil {
		return nil, fmt.Errorf("app: built-in profiles: %w", err)
	}
	own := map[string]bool{}
	var sources []intel.Source
	for _, dir := range r.Profiles {
		list, err := profilesIn(dir)
		if err != nil {
			return nil, fmt.Errorf("app: --profile: %w", err)
		}
		for _, p := range list {
			if own[p.ID] {
				return nil, fmt.Errorf("app: --profile: there are two profiles of the id %q", p.ID)
			}
			own[p.ID] = true
		}
		k.profiles = append(k.profiles, list...)
		sources = append(sources, intel.Path(dir))
	}
	for _, p := range builtIn {
		if !own[p.ID] {
			k.profiles = append(k.profiles, p)
			sources = append(sources, intel.FS(content.Campaigns, path.Join("campaigns", p.ID)))
		}
	}
	set, report, err := loadBeside(sources, r.Intel)
	if err != nil {
		return nil, err
	}
	k.set, k.sources = set, intelSources(report)
	noted := &casefolder.Case{}
	if k.late, err = loadLate(set, r.Allow, noted); err != nil {
		return nil, err
	}
	k.sources = append(k.sources, noted.Intel...)
	return k, nil
}

// profilesIn reads a folder of the form of content/campaigns: one campaign, or
// a folder for each.
func profilesIn(dir string) ([]*campaign.Profile, error) {
	b, err := os.ReadFile(filepath.Join(dir, "profile.yaml"))
	if err == nil {
		p, err := campaign.Parse(filepath.Join(dir, "profile.yaml"), b)
		if err != nil {
			return nil, err
		}
		return []*campaign.Profile{p}, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list, err := campaign.Load(os.DirFS(dir), ".")
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s holds no profile.yaml, and no folder with one", dir)
	}
	return list, err
}

// intelSources tells what became of each file of indicators.
func intelSources(report *intel.Report) (out []casefolder.IntelSource) {
	reasons := map[string][]string{}
	for _, r := range report.Reasons {
		reasons[r.File] = append(reasons[r.File], r.String())
	}
	for _, f := range report.Files {
		out = append(out, casefolder.IntelSource{Name: f.Path, Loaded: f.Loaded, Refused: reasons[f.Path]})
	}
	return out
}

// called is the name of a profile.
func (k *knowledge) called(id string) (string, bool) {
	i := slices.IndexFunc(k.profiles, func(p *campaign.Profile) bool { return p.ID == id })
	if i < 0 {
		return "", false
	}
	return k.profiles[i].Name, true
}
