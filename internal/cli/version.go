package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version of the tool and of its content",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := app.ToolInfo()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "longwatch %s\ngo       %s %s/%s\nattack   %s\ncontent  %s\n", t.Version, t.Go, runtime.GOOS, runtime.GOARCH, t.Attack, t.Content)
			return err
		},
	}
}
