package cli

import (
	"encoding/json"
	"fmt"

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
			r := app.LoadIntel(paths)
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			for _, line := range r.Reasons {
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d rows: %d loaded, %d refused\n", r.Rows, r.Loaded, r.Refused)
			return err
		},
	}
	load.Flags().BoolVar(&asJSON, "json", false, "print rows, loaded, refused and reasons as JSON")
	lookup := &cobra.Command{
		Use:     "lookup VALUE [PATH...]",
		Short:   "say what is known of an address, domain, hash or other value",
		Example: "  longwatch intel lookup c.example.com feeds/",
		Args:    atLeastOne("value"),
		RunE: func(cmd *cobra.Command, args []string) error {
			lines := app.LookupIntel(args[0], args[1:])
			if len(lines) == 0 {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%q is in no feed that was read\n", args[0])
				return err
			}
			for _, l := range lines {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.AddCommand(load, lookup)
	return cmd
}
