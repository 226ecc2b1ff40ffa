package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/intel"
)

func newIntelBuild() *cobra.Command {
	var out string
	var again, asJSON bool
	var columns []string
	cmd := &cobra.Command{
		Use:   "build PATH... -o FILE",
		Short: "make one file of feeds that is mapped instead of read",
		Long: `Reads indicators as load does and writes them, with all that findings need, to one
file. Every command that takes indicators takes the file: it begins at once, and
processes that use it at the same time share its memory.

The file takes its name when it is whole, so it may be built anew while others use
it: they keep the one they have. The same feeds make the same file; nothing is
written when it is there already.`,
		Example: `  longwatch intel build feeds/ -o feeds.lwi
  longwatch hunt /mnt/evidence -o case --intel feeds.lwi
  longwatch intel lookup c.example.com feeds.lwi`,
		Args: atLeastOne("file or folder of indicators"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			began := time.Now()
			if err := intel.CheckColumns(columns); err != nil {
				return usageError{err}
			}
			b, err := app.BuildIntel(out, app.Feeds{Paths: paths, Columns: columns}, again)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
			}
			if b.Fresh {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%q was made of these feeds and is left as it is: %d values, %.1f MB\n", out, b.Values, float64(b.Bytes)/1e6)
				return err
			}
			printReasons(cmd.OutOrStdout(), b.Reasons)
			if err := printIntel(cmd.OutOrStdout(), &b.IntelReport); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d values in %q, %.1f MB, made in %.1f s\n", b.Values, out, float64(b.Bytes)/1e6, time.Since(began).Seconds())
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "indicators.lwi", "file to write")
	columnsFlag(cmd, &columns)
	cmd.Flags().BoolVar(&again, "force", false, "build even when the file was made of the same feeds")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was loaded and refused as JSON")
	return cmd
}
