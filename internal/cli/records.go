package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/sink"
)

func newRecords(args []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "records PATH...",
		Short: "write metadata only: network and host records, without judging them",
		Long: `Reads evidence and writes one file of records a type, in the order of time.
The names and meanings of network records are Zeek's. Captures named together
are read as one, in the order of time; packets that two of them saw count once.
The path - is standard input, compressed or not.`,
		Example: `  longwatch records core.pcap -o logs
  longwatch records core.pcap dc01.evtx -o logs --format zeek-tsv
  longwatch records core.pcap -o lake --format parquet
  longwatch records span1.pcap span2.pcap.zst -o logs
  longwatch records core.pcap -o logs --extract --extract-types application/x-dosexec
  tcpdump -i eth0 -w - -c 100000 | longwatch records - -o logs`,
		Args: atLeastOne("file or folder of evidence"),
	}
	c := addCommon(cmd, args, "longwatch-records")
	c.addCaptures(cmd)
	cmd.Flags().StringVar(&c.config.Format, "format", "zeek-json", "zeek-json, zeek-tsv, jsonl, ecs or parquet")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		if _, err := sink.ByName(c.config.Format); err != nil {
			return usageError{fmt.Errorf("--format: %w", err)}
		}
		if err := c.resolve(paths); err != nil {
			return err
		}
		p := newProgress(cmd.ErrOrStderr(), c.quiet)
		cf, err := app.Records(cmd.Context(), c.config, p)
		p.Done()
		if err != nil {
			return err
		}
		if c.json {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			if err := enc.Encode(map[string]any{"records": cf.Records, "evidence": cf.Evidence, "skipped": cf.Skipped}); err != nil {
				return err
			}
		} else if !c.quiet {
			for _, r := range cf.Records {
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%10d  %s\n", r.Rows, r.File)
			}
		}
		return partly(cmd, cf, c.quiet)
	}
	return cmd
}

// partly says what could not be read whole and returns the status for it.
func partly(cmd *cobra.Command, cf *casefolder.Case, quiet bool) error {
	lines := cf.Unread()
	if len(lines) == 0 {
		return nil
	}
	if !quiet {
		const most = 12
		for i, l := range lines {
			if i == most {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: and %d more that could not be read whole\n", len(lines)-most)
				break
			}
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: not read whole: %s\n", l)
		}
	}
	return status(exitPartly)
}
