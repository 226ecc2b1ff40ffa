package cli

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/casefolder"
	"longwatch/internal/share"
)

func newIntelExport() *cobra.Command {
	x := app.IntelExport{}
	var tlp, validAt, out string
	cmd := &cobra.Command{
		Use:   "export PATH...",
		Short: "write indicators for other tools",
		Long: `Reads indicators of every form and writes them in one: the same value from
several sources is written once, with all of them. What a format has no place
for is counted and told; so is what its source calls context, what is a private
address, and what a list of harmless values among the files
covers: none of it is written. Nothing that is marked more restricted than --tlp is
written: the export is refused.

Formats: ` + formatList() + `.`,
		Example: `  longwatch intel export feeds/ --format zeek -o all.intel
  longwatch intel export feeds/ --format nftables --kind address,subnet --least-confidence 70
  longwatch intel export feeds/ --format stix --tlp green --marking clear,green,none -o bundle.json
  longwatch intel export feeds/ --format rpz --valid-at 2026-11-01 -o block.rpz`,
		Args: atLeastOne("file or folder of indicators"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			var err error
			x.Paths = paths
			if x.TLP, err = share.ParseTLP(tlp); err != nil {
				return usageError{err}
			}
			if _, err := share.FormatNamed(x.Format); err != nil {
				return usageError{err}
			}
			if x.ValidAt, err = parseTime("--valid-at", validAt); err != nil {
				return err
			}
			var b bytes.Buffer
			done, err := x.Run(&b)
			if err != nil {
				return err
			}
			write := func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }
			if out == "" {
				err = write(cmd.OutOrStdout())
			} else {
				err = casefolder.WriteFile(out, write)
			}
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %d values of %d indicators written\n", done.Values, done.Indicators)
			if done.Context > 0 {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %d indicators left out: their source says that they are context, or everybody has them inside\n", done.Context)
			}
			if done.Harmless > 0 {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %d indicators left out: a list of harmless values among the files covers them\n", done.Harmless)
			}
			for _, kind := range slices.Sorted(maps.Keys(done.LeftOut)) {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %d of kind %s left out: the format has no place for them\n", done.LeftOut[kind], kind)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&x.Format, "format", "csv", "format to write")
	f.StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	f.StringVar(&tlp, "tlp", "amber", "marking of what is written: clear, green, amber, amber+strict or red; what is marked more restricted is refused")
	f.StringSliceVar(&x.Kinds, "kind", nil, "only these kinds, such as address,domain,hash")
	f.StringSliceVar(&x.Sources, "source", nil, "only these sources")
	f.StringSliceVar(&x.Markings, "marking", nil, "only what has these TLP markings, none for what has no marking")
	f.Uint8Var(&x.Least, "least-confidence", 0, "least confidence, 0 to 100")
	f.StringVar(&validAt, "valid-at", "", "only what means something at this time (RFC 3339 or YYYY-MM-DD)")
	f.BoolVar(&x.BuiltIn, "built-in", false, "the indicators of the built-in profiles too")
	return cmd
}
