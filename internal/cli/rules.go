package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "look at rules before they are used",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "check PATH...",
		Short:   "compile Sigma and YARA rules; name each one that cannot be used, and why",
		Example: "  longwatch rules check sigma/rules/",
		Args:    atLeastOne("file or folder of rules"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			sets, err := app.CheckRules(app.RuleOptions{Paths: paths})
			if err != nil {
				return err
			}
			refused := 0
			for _, s := range sets {
				for _, r := range s.Refused {
					_, _ = fmt.Fprintln(cmd.OutOrStdout(), r)
				}
				refused += len(s.Refused)
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%q: %d rules can be used, %d cannot\n", s.Name, s.Rules, len(s.Refused))
			}
			if refused > 0 {
				return status(exitPartly)
			}
			return nil
		},
	}, newRulesTest(), newRulesExplain(), &cobra.Command{
		Use:   "list [PATH...]",
		Short: "list the built-in detectors, with the technique and dossier ids they stand for, or the YARA rules of files and folders",
		RunE: func(cmd *cobra.Command, paths []string) error {
			if len(paths) > 0 {
				return listYARA(cmd, paths)
			}
			for _, d := range app.Detectors() {
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-28s %-28s %s\n", d.ID, d.Techniques, d.Title); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return cmd
}

// listYARA lists rules, a line each.
func listYARA(cmd *cobra.Command, paths []string) error {
	list, err := app.ListYARA(app.RuleOptions{Paths: paths})
	if err != nil {
		return err
	}
	for _, r := range list {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-48s %-8s %3d  %-20s %s\n", r.ID, r.Severity, r.Confidence, r.Techniques, r.Title); err != nil {
			return err
		}
	}
	return nil
}

func newRulesTest() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use:     "test FILE...",
		Short:   "scan files with YARA rules and show what matches, and where",
		Example: "  longwatch rules test --rules apt.yar suspicious.exe",
		Args:    atLeastOne("file to scan"),
		RunE: func(cmd *cobra.Command, files []string) error {
			_, err := app.TestYARA(app.RuleOptions{Paths: paths}, files, cmd.OutOrStdout())
			return err
		},
	}
	cmd.Flags().StringSliceVar(&paths, "rules", nil, "YARA rules: files, folders or zip archives")
	_ = cmd.MarkFlagRequired("rules")
	return cmd
}

func newRulesExplain() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use:     "explain RULE",
		Short:   "say what a YARA rule asks, how bad a match is held to be, and how its strings are looked for",
		Example: "  longwatch rules explain --rules yara/ APT_Backdoor_Win_1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			return app.ExplainYARA(app.RuleOptions{Paths: paths}, names[0], cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringSliceVar(&paths, "rules", nil, "YARA rules: files, folders or zip archives")
	_ = cmd.MarkFlagRequired("rules")
	return cmd
}
