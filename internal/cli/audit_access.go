package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/audit/access"
	"longwatch/internal/audit/sheet"
	"longwatch/internal/casefolder"
	"longwatch/internal/finding"
)

// auditMemory is what audits of a case keep to: their tables are bounded, and
// need less in ordinary organisations.
const auditMemory = 1 << 30

// caseAudit are the flags of audits that read a case.
type caseAudit struct {
	out, failOn        string
	json, quiet, force bool
}

func (o *caseAudit) add(cmd *cobra.Command, kind string) {
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", fmt.Sprintf("folder for %s.json, %s.csv and %s.html; made if missing (default: write no files)", kind, kind, kind))
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&o.force, "force", false, "write into an output folder that holds other files")
	f.StringVar(&o.failOn, "fail-on", "", "exit with status 3 when there is a line of this severity or above")
}

// auditReport is what an audit of a case found.
type auditReport interface {
	JSON(w io.Writer) error
	CSV(w io.Writer) error
	Sheet(title string) *sheet.Sheet
}

// show prints the report and writes its files.
func (o *caseAudit) show(cmd *cobra.Command, kind, title string, r auditReport) error {
	s := r.Sheet(title)
	if o.out != "" {
		if err := os.MkdirAll(o.out, 0o750); err != nil {
			return err
		}
		for _, x := range []struct {
			name  string
			write func(io.Writer) error
		}{{".json", r.JSON}, {".csv", r.CSV}, {".html", s.HTML}} {
			if err := casefolder.WriteFile(filepath.Join(o.out, kind+x.name), x.write); err != nil {
				return err
			}
		}
	}
	switch {
	case o.quiet:
		return nil
	case o.json:
		return r.JSON(cmd.OutOrStdout())
	}
	return s.Text(cmd.OutOrStdout())
}

// check refuses an output folder with files of somebody else, and reads the
// threshold.
func (o *caseAudit) check(kind string) (finding.Severity, error) {
	threshold := finding.Critical + 1
	if o.failOn != "" {
		s, err := finding.ParseSeverity(o.failOn)
		if err != nil {
			return 0, usageError{fmt.Errorf("--fail-on: %w", err)}
		}
		threshold = s
	}
	if o.out == "" || o.force {
		return threshold, nil
	}
	return threshold, app.CheckResultFolder(o.out, []string{kind + ".json", kind + ".csv", kind + ".html"}, false)
}

func newAuditAccess() *cobra.Command {
	var o caseAudit
	var inventory string
	dormant, stale := 30, 365
	cmd := &cobra.Command{
		Use:   "access CASE",
		Short: "judge accounts by how they were used",
		Long: `Reads the records of a case (logons, tickets, directory changes, sudo, logins to
appliances) and says which accounts are open doors: newly privileged, used across
tiers, services' accounts at a desk, more privileges than the work needs, shared,
dormant, with old passwords; and by which accounts an intruder gets from an
ordinary workstation to a domain controller, with the points that cut most such
paths. Each line cites its records, says when it is unsure and why, and what to do.

--inventory is a table (CSV) of accounts as their owners list them: account, and
owner, privileged (yes, no, tier0), type (person, service, shared, machine),
password_set, enabled. Exports of Get-ADUser are read as they are.

What the evidence does not show is said: a short case tells no dormant account,
one without a domain controller's log no path.`,
		Example: `  longwatch audit access case
  longwatch audit access case --inventory accounts.csv -o audit
  longwatch audit access case --dormant-days 90 --json | jq '.lines[] | select(.class=="admin-path")'
  longwatch audit access case --fail-on high    exit status 3 if there is such a line`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			threshold, err := o.check("access")
			if err != nil {
				return err
			}
			if dormant < 1 || stale < 1 {
				return usageError{errors.New("--dormant-days and --stale-days must be at least 1")}
			}
			opt := access.Options{Dormant: time.Duration(dormant) * 24 * time.Hour, Stale: time.Duration(stale) * 24 * time.Hour}
			if inventory != "" {
				f, err := os.Open(inventory)
				if err != nil {
					return err
				}
				opt.Inventory, err = access.ReadInventory(f)
				_ = f.Close()
				if err != nil {
					return err
				}
			}
			limitMemory(auditMemory)
			bar := newProgress(cmd.ErrOrStderr(), o.quiet)
			r, notes, err := (&app.CaseRecords{Dir: args[0], Progress: bar}).AuditAccess(cmd.Context(), opt)
			bar.Done()
			if err != nil {
				return err
			}
			if err := o.show(cmd, "access", "Accounts of "+filepath.Base(filepath.Clean(args[0])), r); err != nil {
				return err
			}
			for i := range r.Lines {
				if r.Lines[i].Severity >= threshold {
					return status(exitFailOn)
				}
			}
			if len(notes) > 0 {
				return status(exitPartly)
			}
			return nil
		},
	}
	o.add(cmd, "access")
	f := cmd.Flags()
	f.StringVar(&inventory, "inventory", "", "table of accounts (CSV): account, owner, privileged, type, password_set, enabled")
	f.IntVar(&dormant, "dormant-days", dormant, "an account that was not used for so many days is dormant")
	f.IntVar(&stale, "stale-days", stale, "a password older than that is old")
	return cmd
}
