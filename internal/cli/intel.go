package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/intel"
)

func newIntel() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "intel",
		Short: "look at indicators before they are used",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	var columns []string
	load := &cobra.Command{
		Use:   "load PATH...",
		Short: "read indicators; name each row that cannot be used, and why",
		Long: `Reads files and folders of indicators of every form, plain, compressed or in
archives, and says how many rows are of use. Each row that is not is named with
file, line and reason, and so is what of others is not understood. Exit status 4
says that nothing could be loaded.`,
		Example: `  longwatch intel load feeds/ --json
  longwatch intel load blocked.csv --columns first_seen,-,ip,description`,
		Args: atLeastOne("file or folder of indicators"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if err := intel.CheckColumns(columns); err != nil {
				return usageError{err}
			}
			r, err := app.LoadIntel(app.Feeds{Paths: paths, Columns: columns})
			if err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			} else {
				printReasons(cmd.OutOrStdout(), r.Reasons)
				err = printIntel(cmd.OutOrStdout(), &r)
			}
			if err == nil && r.Loaded == 0 {
				return status(exitPartly)
			}
			return err
		},
	}
	load.Flags().BoolVar(&asJSON, "json", false, "print rows, loaded, refused and reasons as JSON")
	columnsFlag(load, &columns)
	cmd.AddCommand(load, newIntelBuild(), newIntelLookup(), newIntelStatus(), newIntelExport())
	return cmd
}

// columnsFlag gives a command the columns of tables that do not name theirs.
func columnsFlag(cmd *cobra.Command, columns *[]string) {
	cmd.Flags().StringSliceVar(columns, "columns", nil, "columns of the tables that are read, in order, as a header would name them; - for one that does not matter")
}

func newIntelStatus() *cobra.Command {
	var cases []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status PATH...",
		Short: "say what each source of indicators is worth",
		Long: `Counts for each source its rows, its different values, those that no other source
has, how many have expired, how old they are, and which other source has most of
them; with --case, how many findings it made there, and of how many of its values.
A source whose values all others have, or that never finds anything, costs time
and earns nothing.`,
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
			return printStatus(cmd.OutOrStdout(), status, len(cases) > 0)
		},
	}
	cmd.Flags().StringSliceVar(&cases, "case", nil, "case folders in which to count the findings of each source, comma-separated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
