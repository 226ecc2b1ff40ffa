package cli

import "github.com/spf13/cobra"

// Reference is the command tree, for the reference pages. It is not run.
func Reference() *cobra.Command { return newRoot(nil) }
