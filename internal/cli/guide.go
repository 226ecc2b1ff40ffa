package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
)

func newGuide() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "guide [PROFILE CASE]",
		Short: "walk a campaign's hunting guide over a case",
		Long: `Walks the hunts of a campaign's guide over a case that hunt wrote: each hypothesis
with its answer. "found" names the findings; "not found" says how much was
searched; "in part" and "cannot say" name the data that was missing and how to
get it; "by hand" says what a person has to do. Writes guide-PROFILE.md and
guide-PROFILE.json into the case. PROFILE may be "all". Without arguments it
lists the guides.

hunt --guide PROFILE does the same in one go.`,
		Example: `  longwatch guide
  longwatch guide volt-typhoon case
  longwatch hunt /evidence -o case --guide all`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 0 && len(args) != 2 {
				return usageError{fmt.Errorf("%s: name a profile and a case, or nothing for a list", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				_, err := fmt.Fprintln(out, strings.Join(app.Guides(), "\n"))
				return err
			}
			cf, err := app.GuideCase(args[1], strings.Split(args[0], ","))
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(out)
				enc.SetIndent("", "  ")
				enc.SetEscapeHTML(false)
				return enc.Encode(cf.Guides)
			}
			return app.PrintGuides(out, cf)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answers as JSON")
	return cmd
}

func newCertificate() *cobra.Command {
	return &cobra.Command{
		Use:   "certificate FILE...",
		Short: "check that not-found certificates are as they were issued",
		Long: `Reads certificate-PROFILE.json files of a case and compares the digest with the
content. It exits with status 1 when one was changed since it was issued.`,
		Example: `  longwatch certificate case/certificate-volt-typhoon.json`,
		Args:    atLeastOne("certificate"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range args {
				f, err := os.Open(name)
				if err != nil {
					return err
				}
				says, err := app.CheckCertificate(f)
				_ = f.Close()
				if err != nil {
					return fmt.Errorf("%q: %w", name, err)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%q is as it was issued: %q\n", name, says); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
