package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/doctor"
)

func newDoctor() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "doctor",
		Short:   "check that this installation can do its work",
		Example: "  longwatch doctor -o /cases/today",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results := doctor.Run(cmd.Context(), app.Checks(out))
			for _, r := range results {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), r); err != nil {
					return err
				}
			}
			if !doctor.Healthy(results) {
				return status(exitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "longwatch-case", "folder that results would go to")
	return cmd
}
