package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/doctor"
)

func newDoctor() *cobra.Command {
	var out string
	var centre centreChecks
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "check that this installation can do its work",
		Long: `Checks that this installation can do its work. With --taxii-store it looks at a
sharing centre too, as taxii serve would be started with the same flags: the
store, who may read and write what, tokens and certificates that end soon, the
audit trail. It changes nothing there.`,
		Example: `  longwatch doctor -o /cases/today
  longwatch doctor --taxii-store taxii.db --tls-cert cert.pem --tls-key key.pem --audit taxii-audit.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			results := doctor.Run(cmd.Context(), append(app.Checks(out), centre.checks()...))
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
	centre.add(cmd)
	return cmd
}
