package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/simulate"
	"longwatch/internal/simulate/scenario/ordinary"
)

// simulateFlags are the options of simulate as they are typed.
type simulateFlags struct {
	out, scale, span, noise, skew string
	seed                          uint64
	keep, drop                    []string
	o                             simulate.Options
}

// options reads what needs reading.
func (f *simulateFlags) options() (simulate.Options, error) {
	o := f.o
	var err error
	switch f.scale {
	case "full":
	case "small":
		o.Small = true
	default:
		return o, usageError{fmt.Errorf("simulate: the scale is full or small, not %q", f.scale)}
	}
	if f.noise != "normal" {
		o.Noise = ordinary.Noise(f.noise)
	}
	if f.skew != "none" {
		o.Skew = simulate.Skew(f.skew)
	}
	if o.Keep, err = simulate.ParseKinds(f.keep); err != nil {
		return o, usageError{err}
	}
	if o.Drop, err = simulate.ParseKinds(f.drop); err != nil {
		return o, usageError{err}
	}
	if f.span != "" {
		if _, err = fmt.Sscanf(f.span, "%d-%d", &o.From, &o.To); err != nil {
			return o, usageError{fmt.Errorf("simulate: the span is two percentages such as 67-100, not %q", f.span)}
		}
	}
	return o, nil
}

func newSimulate() *cobra.Command {
	f := &simulateFlags{}
	profiles := strings.Join(simulate.Profiles(), ", ")
	cmd := &cobra.Command{
		Use:   "simulate PROFILE...",
		Short: "write inert evidence of a campaign, or of an ordinary day, to practise on",
		Long: `Writes captures, event logs, web-server logs, audit logs, mail and a web root as
a campaign would have left them, between ordinary traffic, and truth.json beside
them: who came in where and when, which lines, records and offsets of each file
show it, and what was left out. Nothing in it is functional: no program runs, no
address is contacted.

Each profile is an organisation of its own; profiles joined by "+" are intrusions
into the same one, at the same time.

Profiles: ` + profiles + ".",
		Example: `  longwatch simulate all -o exercise --seed 7
  longwatch hunt exercise -o case

  longwatch simulate volt-typhoon+op-512 --scale small     two at once, one organisation
  longwatch simulate unknown-actor --false-flag op-512     somebody else, posing
  longwatch simulate th12 --drop captures,half             no packets, half of the hosts
  longwatch simulate th12 --span 67-100                    only the last third of the time
  longwatch simulate th12 --sites 3 --skew hours           three places, clocks wrong
  longwatch simulate volt-typhoon --days 150 --returns 6   months of quiet presence
  longwatch simulate quiet-site --days 120 --noise loud    nobody was there`,
		ValidArgs: simulate.Profiles(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("simulate: name a profile: %s", profiles)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			p := newProgress(cmd.ErrOrStderr(), false)
			p.Phase("writing the exercise")
			truth, err := simulate.Write(strings.Join(args, " "), f.out, f.seed, o)
			p.Done()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d evidence files of %d sites with %d campaigns, seed %d: %s\nwhat happened is in %s\n",
				len(truth.Files), len(truth.Sites), len(truth.Campaigns), f.seed, f.out, filepath.Join(f.out, "truth.json"))
			return err
		},
	}
	kinds := simulate.Kinds()
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "out", "o", "exercise", "folder for the evidence; made if missing")
	flags.Uint64Var(&f.seed, "seed", 1, "another seed gives other names, addresses and times")
	flags.IntVar(&f.o.Days, "days", 0, fmt.Sprintf("days of ordinary activity, at most %d; above %d each is thinned out (default 2, or 1 with --scale small)", simulate.MaxDays, simulate.FullDays))
	flags.StringVar(&f.scale, "scale", "full", "full, or small: a quarter of the ordinary activity")
	flags.StringVar(&f.noise, "noise", "normal", "quiet, normal, or loud: help desk, scanners, audits, agents that call home, things set up wrongly")
	flags.IntVar(&f.o.Sites, "sites", 1, "places of each organisation, one to three, each with a sensor of its own")
	flags.StringVar(&f.skew, "skew", "none", "how wrong the clocks of the sources are: none, minutes, or hours with logs in local time")
	flags.IntVar(&f.o.Returns, "returns", 0, "times the intruder comes back in the months after; --days is then 120 unless given")
	flags.StringVar(&f.o.FalseFlag, "false-flag", "", "the intruders plant published signs of this profile")
	flags.StringSliceVar(&f.keep, "keep", nil, "only these kinds of evidence: "+strings.Join(names, ", "))
	flags.StringSliceVar(&f.drop, "drop", nil, "none of these kinds; half is every second machine, entry what shows the way in")
	flags.StringVar(&f.span, "span", "", "what logs and captures cover, in percent of the time from the first to the last act: 67-100 is the last third and all after it")
	return cmd
}
