package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/audit/patch"
)

func newAuditPatch() *cobra.Command {
	var o caseAudit
	var inventory, scan string
	var advisories []string
	p := app.PatchAudit{}
	cmd := &cobra.Command{
		Use:   "patch CASE",
		Short: "say which flaw to close first, and why",
		Long: `Takes from the records of a case which programs the own hosts run and in which
versions, as headers, banners, logs and event logs tell them, compares them with
the flaws that the campaigns use, and ranks: internet-facing first, then known to
be exploited (CISA KEV), EPSS, use by these campaigns, days exposed. The score of
each line is the sum of parts that are told, and each line says who told the
version, how sure that is, who reaches the host and where that is recorded. How
fast updates came is told for each host and group.

KEV and EPSS are lists of yours: --intel takes both as their publishers write
them. --advisories takes files and folders of NVD's CVE records (JSON 2.0), CSAF
2.0 documents and OSV records, for flaws beyond the built-in table. --inventory
(CSV: host, product, version; vendor, port, exposed, seen) and --scan (CSV: host,
cve; product, version, port) add what the wire does not show.

Nothing is asked of any host or service.`,
		Example: `  longwatch audit patch case --intel known_exploited_vulnerabilities.json,epss_scores.csv
  longwatch audit patch case --intel feeds/ --advisories nvd/,csaf/ -o audit
  longwatch audit patch case --inventory software.csv --scan scanner.csv
  longwatch audit patch case --json | jq '.lines[] | select(.exposure=="internet-facing")'
  longwatch audit patch case --fail-on critical    exit status 3 if an internet-facing flaw is known to be exploited`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			threshold, err := o.check("patch")
			if err != nil {
				return err
			}
			for _, x := range []struct {
				path string
				scan bool
			}{{inventory, false}, {scan, true}} {
				if x.path == "" {
					continue
				}
				list, err := readList(x.path, x.scan)
				if err != nil {
					return err
				}
				p.Items = append(p.Items, list...)
			}
			var refused []string
			if p.Flaws, refused, err = patch.ReadAdvisories(advisories); err != nil {
				return err
			}
			limitMemory(auditMemory)
			bar := newProgress(cmd.ErrOrStderr(), o.quiet)
			p.Case.Dir, p.Case.Progress = args[0], bar
			r, notes, err := p.Run(cmd.Context())
			bar.Done()
			if err != nil {
				return err
			}
			r.Unseen = append(r.Unseen, refused...)
			if err := o.show(cmd, "patch", "What to patch first in "+filepath.Base(filepath.Clean(args[0])), r); err != nil {
				return err
			}
			for i := range r.Lines {
				if r.Lines[i].Severity >= threshold {
					return status(exitFailOn)
				}
			}
			if len(notes)+len(refused) > 0 {
				return status(exitPartly)
			}
			return nil
		},
	}
	o.add(cmd, "patch")
	f := cmd.Flags()
	f.StringSliceVar(&p.Intel, "intel", nil, "lists of exploited flaws and of scores (CISA KEV, EPSS): files or folders, comma-separated")
	f.StringSliceVar(&advisories, "advisories", nil, "advisories with versions (NVD JSON 2.0, CSAF 2.0, OSV): files or folders, comma-separated")
	f.StringVar(&inventory, "inventory", "", "table of programs (CSV): host, product, version; vendor, port, exposed, seen")
	f.StringVar(&scan, "scan", "", "results of a scanner (CSV): host, cve; product, version, port, seen")
	return cmd
}

func readList(path string, scan bool) ([]patch.Item, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return patch.ReadList(f, scan)
}
