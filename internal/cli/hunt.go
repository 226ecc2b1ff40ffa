package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
	"longwatch/internal/terminal"
)

func newHunt(args []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hunt PATH...",
		Short: "analyse evidence and write a case folder with the report",
		Long: `Reads any mix of evidence (captures, Windows and Linux logs, web-server logs,
Zeek and Suricata logs, mail and the logs of mail servers, web roots, archives of all these), finds what an
intruder did, joins it into incidents and says whom they resemble.

The case folder holds report.html (one page, works without a network),
summary.json, findings.jsonl, incidents.json, the timeline (timeline.csv,
timeline.jsonl and one for Timesketch), stix.json, navigator.json, manifest.json and the records themselves.`,
		Example: `  longwatch hunt /mnt/evidence -o case
  longwatch hunt dc01/ core.pcap.gz iis-logs.zip -o case --intel feeds/ --rules sigma/
  longwatch hunt mailboxes/ --own-domain ministry.example -o case    mail: whom it may pretend to be
  longwatch hunt /mnt/evidence -o case --networks GeoLite2-ASN.mmdb,GeoLite2-Country.mmdb    newer data than the built-in
  longwatch hunt /mnt/today -o case --state habits.state    against what was ordinary in all hunts before
  longwatch hunt /mnt/evidence -o case --guide volt-typhoon   answer the hunts of a campaign's guide
  longwatch hunt /mnt/evidence -o case --events votes.ics    does activity cluster around events more than chance?
  longwatch hunt /mnt/evidence -o case --fail-on high    exit status 3 if there is such a finding`,
		Args: atLeastOne("file or folder of evidence"),
	}
	c := bindHunt(cmd, args, app.Hunt)
	c.addCaptures(cmd)
	cmd.Flags().StringVar(&c.config.State.Path, "state", "", "file in which habits are kept between hunts: read before, written after, made if missing")
	cmd.Flags().BoolVar(&c.config.State.Ignore, "state-ignore-damage", false, "go on without a state file that is damaged, and leave it as it is (default: stop)")
	return cmd
}

func newScan(args []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scan PATH...",
		Short: "look at files and web roots only: what scripts can do, times that lie",
		Long: `Reads every file as a file: hashes it, says what it is, and judges server-side
scripts by what their code can do, not by name or marker. Nothing is run and no
URL is requested. Writes the same case folder as hunt.`,
		Example: `  longwatch scan /mnt/web01/inetpub/wwwroot -o case
  longwatch scan wwwroot.zip "Temporary ASP.NET Files/" -o case
  longwatch scan backup.zip -o case --json`,
		Args: atLeastOne("file or folder"),
	}
	bindHunt(cmd, args, app.Scan)
	return cmd
}

// bindHunt gives cmd the flags and the body that hunt and scan share.
func bindHunt(cmd *cobra.Command, args []string, run app.Runner) *common {
	c := addCommon(cmd, args, "longwatch-case")
	f := cmd.Flags()
	f.StringSliceVar(&c.config.Intel, "intel", nil, "indicators to use besides the built-in ones: files of intel build, Zeek intel files, STIX, MISP, lists, CSV, or folders of feeds")
	f.StringSliceVar(&c.config.Allow, "allow", nil, "values that are harmless here: lists, CIDR, domains, hashes, MISP warning lists; what they cover is kept and weighs nothing, see retro --allow")
	f.StringSliceVar(&c.config.Rules.Paths, "rules", nil, "Sigma and YARA rules to use besides the built-in ones: files, folders or zip archives")
	f.StringSliceVar(&c.config.Tables, "networks", nil, "tables of who announces which addresses, asked before the built-in one: MaxMind DB files (GeoLite2 and the like) or CSV")
	var rules ruleFlags
	rules.add(f)
	f.StringVar(&c.config.Events, "events", "", "calendar of events (iCalendar or YAML): does activity cluster around them more than chance?")
	f.StringSliceVar(&c.config.Guides, "guide", nil, "campaigns whose hunting guides are walked, comma-separated, or all: each hypothesis with what was found, searched or missing")
	failOn := f.String("fail-on", "", "exit with status 3 when there is a finding of this severity or above")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		threshold := finding.Critical + 1
		if *failOn != "" {
			s, err := finding.ParseSeverity(*failOn)
			if err != nil {
				return usageError{fmt.Errorf("--fail-on: %w", err)}
			}
			threshold = s
		}
		o, err := rules.options(c.config.Rules.Paths, false)
		if err != nil {
			return err
		}
		c.config.Rules = o
		if err := c.resolve(paths); err != nil {
			return err
		}
		p := newProgress(cmd.ErrOrStderr(), c.quiet)
		defer p.Done()
		cf, err := run(cmd.Context(), c.config, p)
		if err != nil {
			return err
		}
		p.Phase("writing the report")
		aside, err := app.WriteCase(cf, c.config.Out)
		p.Done()
		if err != nil {
			return err
		}
		if err := tellAside(cmd, aside, c.quiet); err != nil {
			return err
		}
		if err := show(cmd, c, cf); err != nil {
			return err
		}
		for _, f := range cf.Findings {
			if f.Severity >= threshold {
				return status(exitFailOn)
			}
		}
		return partly(cmd, cf, c.quiet || !c.json)
	}
	return c
}

// tellAside says what was made of the case as it was before, and where it lies.
func tellAside(cmd *cobra.Command, list []app.Aside, quiet bool) error {
	for _, a := range list {
		if quiet {
			break
		}
		if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "The %s was of the case as it was before: it lies in %s now.\n", a.What, terminal.Clean(a.To, 400)); err != nil {
			return err
		}
	}
	return nil
}

// show prints the result: for people, as JSON, or not at all.
func show(cmd *cobra.Command, c *common, cf *casefolder.Case) error {
	switch {
	case c.json:
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(cf.Summary())
	case c.quiet:
		return nil
	}
	if err := app.PrintSummary(cmd.OutOrStdout(), cf, c.config.Out); err != nil {
		return err
	}
	return app.PrintGuides(cmd.OutOrStdout(), cf)
}
