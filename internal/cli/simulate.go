package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/simulate"
)

func newSimulate() *cobra.Command {
	var out string
	var seed uint64
	profiles := strings.Join(simulate.Profiles(), ", ")
	cmd := &cobra.Command{
		Use:   "simulate PROFILE",
		Short: "write inert evidence of a campaign, or of an ordinary day, to practise on",
		Long: `Writes captures, event logs, web-server logs, audit logs, mail and a web root as
a campaign would have left them, between ordinary traffic, and truth.json beside
them. Nothing in it is functional: no program runs, no address is contacted.

Profiles: ` + profiles + ".",
		Example: `  longwatch simulate all -o exercise --seed 7
  longwatch hunt exercise -o case`,
		ValidArgs: simulate.Profiles(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("simulate: name one profile: %s", profiles)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p := newProgress(cmd.ErrOrStderr(), false)
			p.Phase("writing the exercise")
			truth, err := simulate.Write(args[0], out, seed, simulate.Options{})
			p.Done()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d evidence files of %d sites with %d campaigns, seed %d: %s\nwhat happened is in %s\n",
				len(truth.Files), len(truth.Sites), len(truth.Campaigns), seed, out, filepath.Join(out, "truth.json"))
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "exercise", "folder for the evidence; made if missing")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "another seed gives other names, addresses and times")
	return cmd
}
