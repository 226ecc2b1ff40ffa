package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
)

func newIntel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "intel",
		Short: "look at indicators before they are used",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	load := &cobra.Command{
		Use:     "load PATH...",
		Short:   "read indicators; name each row that cannot be used, and why",
		Example: "  longwatch intel load feeds/ --json",
		Args:    atLeastOne("file or folder of indicators"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			r, err := app.LoadIntel(paths)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			for _, line := range r.Reasons {
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return printIntel(cmd.OutOrStdout(), &r)
		},
	}
	load.Flags().BoolVar(&asJSON, "json", false, "print rows, loaded, refused and reasons as JSON")
	cmd.AddCommand(load, newIntelBuild(), newIntelLookup(), newIntelStatus(), newIntelExport())
	return cmd
}

func newIntelStatus() *cobra.Command {
	var cases []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status PATH...",
		Short: "say what each source of indicators is worth",
		Long: `Counts for each source its rows, its different values, those that no other source
has, how many have expired, and how old they are; with --case, how many findings
it made there. A source whose values all others have, or that never finds
anything, costs time and earns nothing.`,
		Example: `  longwatch intel status feeds/
  longwatch intel status feeds/ --case case-2026-01,case-2026-02`,
		Args: atLeastOne("file or folder of indicators"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			status, err := app.IntelStatus(paths, cases)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(status)
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', tabwriter.AlignRight)
			_, _ = fmt.Fprint(t, "rows\tvalues\talone\texpired\tfindings\tnewest\t  source\n")
			for i := range status {
				s := &status[i]
				newest := "unknown"
				if s.Newest != 0 {
					newest = s.Newest.Std().UTC().Format("2006-01-02")
				}
				_, _ = fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%s\t  %q\n", s.Rows, s.Values, s.Alone, s.Expired, s.Hits, newest, s.Source)
			}
			return t.Flush()
		},
	}
	cmd.Flags().StringSliceVar(&cases, "case", nil, "case folders in which to count the findings of each source, comma-separated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
