package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/audit/segmentation"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
)

// segmentationFlags are those of audit segmentation.
type segmentationFlags struct {
	out, failOn, zones, since, until, before string
	json, conduits, nftables, quiet, force   bool
	home, from                               []string
}

func newAuditSegmentation() *cobra.Command {
	var o segmentationFlags
	cmd := &cobra.Command{
		Use:   "segmentation CASE",
		Short: "find zones and conduits in what was recorded, and what crossed and should not have",
		Long: `Reads who talked to whom from the records of a case, or from a folder that
records wrote, and sorts the hosts into zones of the Purdue model (levels 0 to 5,
the DMZ at 3.5): by what they were seen to do, or as --zones says. It lists what
crossed from zone to zone, and names what should not have: by the conduits of
the file, or without any by the model's defaults, such as an office that talks
to controllers directly, controllers that meet the Internet, field protocols
beyond the plant, remote administration into control, anything into a safety
system. Each finding says why, how sure the zones are, who with whom, and where
the evidence shows it.

--from tells how far an intruder on a host could go: directly, and in how many
steps through hosts that remote administration gives, over ways that were seen
to be open, with the accounts that were seen on them; and apart from that, what
is likely besides. --since, or --before with another case, tells what changed:
conduits that are new, opened, closed, gone or other than they were, and hosts.

The least policy that would admit what passed, but for the findings, comes as
YAML that --zones reads (--conduits), and for a firewall (--nftables).

Nothing is asked of the network.`,
		Example: `  longwatch audit segmentation case
  longwatch audit segmentation case --zones zones.yaml --fail-on high    exit status 3 if there is such a finding
  longwatch audit segmentation case -o segmentation                      a page with matrix and diagram, JSON, CSV, conduits
  longwatch audit segmentation case --from 10.1.0.14,jump01              how far an intruder on these could go
  longwatch audit segmentation case --since 2026-03-01 --until 2026-04-01    this month, compared with what came before
  longwatch audit segmentation case --before case-of-last-year
  longwatch audit segmentation case --conduits > zones.yaml              to be read, changed and given back
  longwatch audit segmentation case --json | jq -c '.findings[] | {title, from, to, service}'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return auditSegmentation(cmd, args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "folder for the files of the audit; made if missing (default: write no files)")
	f.StringVar(&o.zones, "zones", "", "zones and conduits as YAML (default: inferred)")
	f.StringSliceVar(&o.home, "home-net", nil, "own networks (default: those of the case)")
	f.StringSliceVar(&o.from, "from", nil, "hosts that an intruder may be on: addresses, names, or internet")
	f.StringVar(&o.before, "before", "", "case of an earlier time to compare with")
	f.StringVar(&o.since, "since", "", "judge what was recorded from this time on (RFC 3339 or YYYY-MM-DD), and compare it with what came before")
	f.StringVar(&o.until, "until", "", "leave out records from this time on")
	f.StringVar(&o.failOn, "fail-on", "", "exit with status 3 when there is a finding of this severity or above")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	f.BoolVar(&o.conduits, "conduits", false, "print the conduits suggested, as YAML for --zones")
	f.BoolVar(&o.nftables, "nftables", false, "print them as a ruleset for nft")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&o.force, "force", false, "write into an output folder that holds other files")
	return cmd
}

func auditSegmentation(cmd *cobra.Command, input string, o *segmentationFlags) (err error) {
	threshold := finding.Critical + 1
	if o.failOn != "" {
		if threshold, err = finding.ParseSeverity(o.failOn); err != nil {
			return usageError{fmt.Errorf("--fail-on: %w", err)}
		}
	}
	if o.json && o.conduits || o.json && o.nftables || o.conduits && o.nftables {
		return usageError{errors.New("--json, --conduits and --nftables each print something else: choose one, or write all of them with -o")}
	}
	s := app.Segmentation{Input: input, Before: o.before, From: o.from}
	if s.Since, err = parseTime("--since", o.since); err != nil {
		return err
	}
	if s.Until, err = parseTime("--until", o.until); err != nil {
		return err
	}
	if s.HomeNet, err = parseNets("--home-net", o.home); err != nil {
		return err
	}
	if o.zones != "" {
		if s.Zones, err = readZones(o.zones); err != nil {
			return err
		}
	}
	if o.out != "" {
		if err := app.ResultFolder(o.out, segmentationFiles, o.force); err != nil {
			return err
		}
	}
	p := newProgress(cmd.ErrOrStderr(), o.quiet)
	r, err := s.Run(cmd.Context(), p)
	p.Done()
	if err != nil {
		return err
	}
	if err := showSegmentation(cmd.OutOrStdout(), r, o); err != nil {
		return err
	}
	if worst, ok := r.Worst(); ok && worst >= threshold {
		return status(exitFailOn)
	}
	if len(r.Options.Notes) > 0 {
		return status(exitPartly)
	}
	return nil
}

func readZones(path string) (*segmentation.Zoning, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	z, err := segmentation.ReadZones(f)
	return z, errors.Join(err, f.Close())
}

// segmentationFiles are what audit segmentation writes below -o.
var segmentationFiles = []string{"segmentation.json", "segmentation.html", "segmentation.csv", "conduits.yaml", "conduits.nft"}

// showSegmentation writes the files below the output folder and prints.
func showSegmentation(stdout io.Writer, r *segmentation.Report, o *segmentationFlags) error {
	if o.out != "" {
		for i, write := range []func(io.Writer) error{r.JSON, r.HTML, r.CSV, r.WritePolicy, r.Nftables} {
			if err := casefolder.WriteFile(filepath.Join(o.out, segmentationFiles[i]), write); err != nil {
				return err
			}
		}
	}
	switch {
	case o.json:
		return r.JSON(stdout)
	case o.conduits:
		return r.WritePolicy(stdout)
	case o.nftables:
		return r.Nftables(stdout)
	case o.quiet:
		return nil
	}
	return r.Text(stdout)
}
