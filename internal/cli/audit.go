package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/audit/iis"
	"longwatch/internal/finding"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "judge what was open: configuration, accounts, versions, and what crossed between zones",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newAuditIIS(), newAuditAccess(), newAuditPatch(), newAuditSegmentation())
	return cmd
}

// auditFiles are what audit iis writes below -o.
const (
	auditText  = "audit-iis.txt"
	auditLines = "audit-iis.jsonl"
)

// auditFlags are those of audit iis.
type auditFlags struct {
	out, failOn, known string
	json, quiet, force bool
}

func newAuditIIS() *cobra.Command {
	var o auditFlags
	cmd := &cobra.Command{
		Use:   "iis PATH...",
		Short: "judge the configuration of IIS and ASP.NET",
		Long: `Reads applicationHost.config, administration.config, redirection.config,
web.config of every folder, machine.config and the root web.config, wherever they
lie in folders and archives, and says what was added to the defaults, what
weakens the server and what hides an intruder: the file and line, why, and what
to do. Folders are looked at by name and by what they hold, to find those for
uploads that may run scripts.

Passwords and keys are never shown. Without -o nothing is written but what
archives within archives need, in a temporary folder that is removed.`,
		Example: `  longwatch audit iis /mnt/web01
  longwatch audit iis web01.zip --json | jq -c 'select(.severity=="critical")'
  longwatch audit iis inetsrv-config/ wwwroot/ -o audit --fail-on high    exit status 3 if there is such a finding
  longwatch audit iis /mnt/web01 --known-keys machinekeys.txt`,
		Args: atLeastOne("file or folder of evidence"),
		RunE: func(cmd *cobra.Command, paths []string) error { return auditIIS(cmd, paths, o) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "folder for "+auditText+" and "+auditLines+"; made if missing (default: write no files)")
	f.BoolVar(&o.json, "json", false, "print findings as JSON lines")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&o.force, "force", false, "write into an output folder that holds other files")
	f.StringVar(&o.failOn, "fail-on", "", "exit with status 3 when there is a finding of this severity or above")
	f.StringVar(&o.known, "known-keys", "", "list of disclosed machine keys, or of their SHA-256, besides the built-in one")
	return cmd
}

func auditIIS(cmd *cobra.Command, paths []string, o auditFlags) error {
	threshold := finding.Critical + 1
	if o.failOn != "" {
		s, err := finding.ParseSeverity(o.failOn)
		if err != nil {
			return usageError{fmt.Errorf("--fail-on: %w", err)}
		}
		threshold = s
	}
	options := iis.Options{Leave: o.out, Jobs: runtime.GOMAXPROCS(0), Stdin: cmd.InOrStdin()}
	if o.known != "" {
		f, err := os.Open(o.known)
		if err != nil {
			return err
		}
		options.Known, err = iis.ReadKeys(f, filepath.Base(o.known))
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	if o.out != "" {
		if err := app.ResultFolder(o.out, []string{auditText, auditLines}, o.force); err != nil {
			return err
		}
	}
	spool, err := os.MkdirTemp(o.out, ".longwatch-spool-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(spool) }()
	options.Spool = spool
	report, err := iis.Audit(cmd.Context(), paths, options)
	if err != nil {
		return err
	}
	if err := showAudit(cmd.OutOrStdout(), report, o); err != nil {
		return err
	}
	for i := range report.Findings {
		if report.Findings[i].Severity >= threshold {
			return status(exitFailOn)
		}
	}
	if len(report.Problems) > 0 {
		return status(exitPartly)
	}
	return nil
}

// showAudit prints the report and writes it below the output folder.
func showAudit(stdout io.Writer, r *iis.Report, o auditFlags) error {
	if o.out != "" {
		for name, write := range map[string]func(io.Writer) error{auditText: r.Text, auditLines: r.JSON} {
			f, err := os.Create(filepath.Join(o.out, name))
			if err != nil {
				return err
			}
			if err := errors.Join(write(f), f.Close()); err != nil {
				return err
			}
		}
	}
	switch {
	case o.quiet:
		return nil
	case o.json:
		return r.JSON(stdout)
	}
	return r.Text(stdout)
}
