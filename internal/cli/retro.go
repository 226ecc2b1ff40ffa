package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/finding"
	"longwatch/internal/retro"
)

func newRetro(args []string) *cobra.Command {
	var since, until, asOf, memory, failOn string
	var quiet, asJSON, noAllow bool
	d := app.Default()
	r := app.Retro{Jobs: d.Jobs, Command: args}
	cmd := &cobra.Command{
		Use:   "retro CASE_OR_RECORDS...",
		Short: "look for new indicators and profiles in what was recorded before",
		Long: `Compares the records of cases, and folders that records wrote as jsonl or
parquet, with the indicators and campaign profiles of today. The evidence itself
is not needed: findings cite where in it they stand.

It says what is new, which file of records has it and from when to when; which
findings of the past a profile makes specific, such as an alert about a domain
that was nobody's then; and which incidents are attributed otherwise than
before. The old case is never changed: -o writes a new one, for each of several
inputs a folder of its own.

--allow weighs the findings of a case again, by lists of harmless values: plain
lists, CIDR, domains with what is below them, hashes, MISP warning lists. What
they cover stays in the case with what it would be without them, and weighs
nothing; incidents are built anew. Another list, or --no-allow, brings it back.

--profile takes folders of the form of content/campaigns (profile.yaml,
indicators.yaml), one campaign or many; one with the id of a built-in profile
stands in its place.`,
		Example: `  longwatch retro --intel new-feed.intel case
  longwatch retro --intel feeds/ cases/2024-* lake/2024 --json
  longwatch retro --profile profiles/new-campaign case -o case-again
  longwatch retro --allow harmless.txt case -o case-again
  longwatch retro --intel feeds/ --fail-on high case    exit status 3 if something new is that severe`,
		Args: atLeastOne("case folder or folder of records"),
		RunE: func(cmd *cobra.Command, inputs []string) (err error) {
			r.Inputs = inputs
			threshold := finding.Critical + 1
			if failOn != "" {
				if threshold, err = finding.ParseSeverity(failOn); err != nil {
					return usageError{fmt.Errorf("--fail-on: %w", err)}
				}
			}
			if noAllow && len(r.Allow) > 0 {
				return usageError{errors.New("--no-allow and --allow say different things")}
			}
			r.Reweigh = noAllow || len(r.Allow) > 0
			if r.Since, err = parseTime("--since", since); err != nil {
				return err
			}
			if r.Until, err = parseTime("--until", until); err != nil {
				return err
			}
			if r.AsOf, err = parseTime("--as-of", asOf); err != nil {
				return err
			}
			if r.Memory, err = parseSize("--memory", memory); err != nil {
				return err
			}
			if r.Jobs < 1 {
				return usageError{errors.New("--jobs must be at least 1")}
			}
			limitMemory(r.Memory)
			p := newProgress(cmd.ErrOrStderr(), quiet)
			results, err := r.Run(cmd.Context(), p)
			p.Done()
			if err != nil {
				return err
			}
			if err := showRetro(cmd, results, quiet, asJSON); err != nil {
				return err
			}
			return retroStatus(results, threshold)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&r.Out, "out", "o", "", "folder for the new case; made if missing (default: only show)")
	f.StringSliceVar(&r.Intel, "intel", nil, "indicators to use besides the built-in ones: files or folders, comma-separated")
	f.StringSliceVar(&r.Profiles, "profile", nil, "campaign profiles to use besides the built-in ones, or in their place: folders, comma-separated")
	f.StringSliceVar(&r.Allow, "allow", nil, "values that are harmless here, in place of the lists that the case was weighed with: findings that a list held back come back, those that it covers weigh nothing")
	f.BoolVar(&noAllow, "no-allow", false, "take every list of harmless values away: what they held back is as it was")
	f.StringVar(&asOf, "as-of", "", "time of judgement: indicators that expired before it count half (default: what counts is the time of the event)")
	f.StringVar(&since, "since", "", "leave out records before this time (RFC 3339 or YYYY-MM-DD)")
	f.StringVar(&until, "until", "", "leave out records from this time on")
	f.IntVar(&r.Jobs, "jobs", r.Jobs, "work done at once; the results are the same for any number")
	f.StringVar(&memory, "memory", "1G", "memory for tables and buffers, such as 512M or 4G")
	f.StringVar(&failOn, "fail-on", "", "exit with status 3 when something new is of this severity or above")
	f.BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&asJSON, "json", false, "print the result as JSON")
	f.BoolVar(&r.Force, "force", false, "write into an output folder that holds other files")
	return cmd
}

func showRetro(cmd *cobra.Command, results []*retro.Result, quiet, asJSON bool) error {
	switch {
	case asJSON:
		return retro.JSON(cmd.OutOrStdout(), results)
	case quiet:
		return nil
	}
	return retro.Text(cmd.OutOrStdout(), results)
}

// retroStatus is the exit status: something new is severe, or something could
// not be read whole.
func retroStatus(results []*retro.Result, threshold finding.Severity) error {
	partly := false
	for _, r := range results {
		for _, h := range r.New {
			if h.Finding.Severity >= threshold {
				return status(exitFailOn)
			}
		}
		partly = partly || r.Searched.Damaged > 0
	}
	if partly {
		return status(exitPartly)
	}
	return nil
}
