package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/caselog"
	"longwatch/internal/respond"
	"longwatch/internal/signing"
)

func newRespond() *cobra.Command {
	var r app.Respond
	var quiet, asJSON bool
	var key, by string
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
  longwatch respond case --allow partners.txt --own-domain grid.example
  longwatch respond case --key case.pem --by 'A. Analyst'    and note it in the log of the case
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
			if err == nil {
				err = logPlan(cmd, r.Case, key, by, quiet || asJSON)
			}
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
	f.StringSliceVar(&r.Allow, "allow", nil, "values that are harmless here, such as partners' addresses: they are neither blocked nor hunted for; lists of any form, MISP warning lists among them")
	f.StringSliceVar(&r.Own, "own-domain", nil, "domains that are yours, besides those that the case shows")
	f.StringVar(&key, "key", "", "private key: note in the log of the case that the plan was written")
	f.StringVar(&by, "by", "", "who says so in the log (default: the account's name)")
	f.BoolVar(&r.Force, "force", false, "write into an output folder that holds other files")
	f.BoolVar(&asJSON, "json", false, "print the plan as JSON")
	f.BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

// logPlan notes in the log of a case that a plan was written: with a key, or
// else it says how to do so, if there is a log.
func logPlan(cmd *cobra.Command, dir, key, by string, quiet bool) error {
	begun, err := caselog.Begun(dir)
	switch {
	case err != nil:
		return err
	case key == "" && begun && !quiet:
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "The case has a log: --key notes the plan in it, and so does longwatch case note.\n")
		return err
	case key == "":
		return nil
	case !begun:
		return fmt.Errorf("%q has no log: longwatch case open begins one", dir)
	}
	private, err := signing.Private(key)
	if err != nil {
		return err
	}
	if by == "" {
		if by, err = me(); err != nil {
			return err
		}
	}
	a := caselog.Author{Key: private, By: by, Now: time.Now}
	_, _, err = a.Append(dir, "response plan written")
	return err
}
