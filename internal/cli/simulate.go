package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/simulate"
)

func newSimulate() *cobra.Command {
	var out string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "simulate PROFILE",
		Short: "write inert evidence of a campaign, or of an ordinary day, to practise on",
		Long: `Writes captures, event logs, web-server logs, audit logs, mail and a web root as
a campaign would have left them, between ordinary traffic, and truth.json beside
them. Nothing in it is functional: no program runs, no address is contacted.

Profiles: ` + strings.Join(simulate.Profiles(), ", ") + ` and all.`,
		Example: `  longwatch simulate all -o exercise --seed 7
  longwatch hunt exercise/evidence -o case`,
		ValidArgs: append(simulate.Profiles(), "all"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("simulate: name one profile: %s or all", strings.Join(simulate.Profiles(), ", "))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			truth, err := simulate.Write(args[0], out, seed, simulate.Options{})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", truth.Describe(out))
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "exercise", "folder for the evidence; made if missing")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "another seed gives other names, addresses and times")
	return cmd
}
