package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/respond"
)

func newRespond() *cobra.Command {
	var r app.Respond
	var quiet, asJSON bool
	names := make([]string, 0, len(respond.Formats))
	for _, f := range respond.Formats {
		names = append(names, f.Name)
	}
	cmd := &cobra.Command{
		Use:   "respond CASE",
		Short: "plan the response to a case: what to do, in which order, and what it breaks",
		Long: `Writes a plan for the incidents of a case: preserve, scope, contain, eradicate,
recover, watch, close. Each step says why it is called for and by which findings,
who does it, what must come before, what it risks and breaks, how it is undone and
how to see that it worked. Steps that warn the intruder belong in one window when
more than one door is open.

A step is in the plan because evidence calls for it; the campaign that an incident
resembles only adds its own. Longwatch plans; people act: nothing is changed.`,
		Example: `  longwatch respond case
  longwatch respond case -o plan --incident i-50cd4e29960bf462
  longwatch respond case --format md,cacao
  longwatch respond case --json | jq -r '.incidents[].steps[] | select(.in_window) | .title'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("longwatch respond: name one case folder, as hunt or scan wrote it")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Case = args[0]
			out, err := r.Run(cmd.Context())
			switch {
			case errors.Is(err, app.ErrFormat):
				return usageError{err}
			case err != nil:
				return err
			case asJSON:
				return out.Plan.JSON(cmd.OutOrStdout())
			case quiet:
				return nil
			}
			return out.Plan.Text(cmd.OutOrStdout(), out.Dir)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&r.Out, "out", "o", "", "folder for the plan; made if missing (default: respond/ in the case)")
	f.StringVar(&r.Incident, "incident", "", "id of the one incident that is planned for (default: all of medium severity and above)")
	f.StringSliceVar(&r.Formats, "format", nil, "what to write: "+strings.Join(names, ", ")+" (default: all)")
	f.BoolVar(&r.Force, "force", false, "write into an output folder that holds other files")
	f.BoolVar(&asJSON, "json", false, "print the plan as JSON")
	f.BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}
