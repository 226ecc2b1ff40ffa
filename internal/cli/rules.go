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
		Short:   "compile Sigma rules; name each one that cannot be used, and why",
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
	}, &cobra.Command{
		Use:   "list",
		Short: "list the built-in detectors, with the technique and dossier ids they stand for",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
