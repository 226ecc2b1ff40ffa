// Command longwatch finds patient intruders in the evidence an organisation
// already has. Everything is in internal/cli.
package main

import (
	"os"

	"longwatch/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdout, os.Stderr)) }
