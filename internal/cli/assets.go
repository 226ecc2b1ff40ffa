package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/asset"
	"longwatch/internal/asset/page"
)

func newAssets() *cobra.Command {
	var since, until string
	var quiet, asJSON bool
	m := app.AssetMap{}
	cmd := &cobra.Command{
		Use:   "assets CASE",
		Short: "say which machines there are, what they run, who needs whom and what fails with whom",
		Long: `Learns from the records of a case, or of a folder that records wrote, which
machines there are: addresses, names, role, system and software with versions,
services, what industrial devices say of themselves, first and last seen. Nobody
is asked anything. Every claim says how sure it is and why, and cites records.

It says who uses what of whom, what of that is needed, whose loss stops others,
directly and in cascade, which single conversations hold the network together,
and which suppliers many depend on. --without says what would be lost without an
asset, by its name or address, or without an outside provider, by its domain.

--inventory takes the organisation's own list, CSV with a line of column names or
YAML (address, name, mac, owner, criticality, vendor, note): assets get owner and
criticality, and what was never seen or is not listed is told.

It writes assets.json, assets.csv, assets.graphml, assets.svg and assets.html, a
page with a map, into the folder assets of the case, or that of -o.`,
		Example: `  longwatch assets case
  longwatch assets case --inventory cmdb.csv -o assets
  longwatch assets case --without dc01 --without 10.0.0.2    what would be lost without both
  longwatch assets case --without microsoft.com
  longwatch assets case --json | jq '.assets[] | select(.roles[0].name == "PLC")'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one case folder or folder of records")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			m.Dir = args[0]
			if m.Since, err = parseTime("--since", since); err != nil {
				return err
			}
			if m.Until, err = parseTime("--until", until); err != nil {
				return err
			}
			m.Progress = newProgress(cmd.ErrOrStderr(), quiet || asJSON)
			r, err := m.Run(cmd.Context())
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return r.JSON(cmd.OutOrStdout())
			case quiet:
				return nil
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), assetsText(r, m.Out))
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&m.Out, "out", "o", "", "folder for the results; made if missing (default: assets in the case)")
	f.StringVar(&m.Inventory, "inventory", "", "the organisation's own list of assets, CSV or YAML")
	f.StringArrayVar(&m.Without, "without", nil, "say what would be lost without this asset or provider; may be given several times")
	f.StringVar(&since, "since", "", "leave out records before this time (RFC 3339 or YYYY-MM-DD)")
	f.StringVar(&until, "until", "", "leave out records from this time on")
	f.BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVar(&asJSON, "json", false, "print assets.json as well")
	f.BoolVar(&m.Force, "force", false, "write into an output folder that holds other files")
	return cmd
}

const (
	shownImpacts = 10
	shownLosses  = 40
)

// assetsText is the result in short, for a terminal. What evidence wrote was
// made safe for it when it was learned.
func assetsText(r *page.Report, dir string) string {
	var b strings.Builder
	roles := map[string]int{}
	var order []string
	own, outside, addressed := 0, 0, 0
	for _, a := range r.Assets {
		switch {
		case !a.Machine():
			continue
		case a.Silent:
			addressed++
			continue
		case a.Own:
			own++
		default:
			outside++
		}
		if role := a.Role(); role != "" && (a.Own || a.Industrial()) {
			if roles[role]++; roles[role] == 1 {
				order = append(order, role)
			}
		}
	}
	fmt.Fprintf(&b, "%d own machines and %d outside addresses spoke, %d more were only written to or named.\n", own, outside, addressed)
	var parts []string
	for _, role := range order {
		parts = append(parts, fmt.Sprintf("%s %d", role, roles[role]))
	}
	if len(parts) > 0 {
		fmt.Fprintf(&b, "By role: %s.\n", strings.Join(parts, ", "))
	}
	impactsText(&b, r)
	if r.List != nil {
		fmt.Fprintf(&b, "\n%s: %d entries, %d never seen; %d machines that spoke are not listed.\n", r.List.File, r.List.Entries, len(r.List.NeverSeen), len(r.List.NotListed))
	}
	withoutText(&b, r.Without)
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	fmt.Fprintf(&b, "\nWritten to %s: %s\n", dir, strings.Join(page.Files, ", "))
	return b.String()
}

func impactsText(b *strings.Builder, r *page.Report) {
	for i, im := range r.Impacts {
		if im.Stops == 0 || i == shownImpacts {
			break
		}
		if i == 0 {
			b.WriteString("\nWhose loss stops others:\n")
		}
		fmt.Fprintf(b, "  %-28s %-20s stops %d, %d of them in cascade; %d use it\n", im.Name, im.Role, im.Stops, im.Cascades, im.Clients)
	}
	if s := r.Separation; s != nil && len(s.Nodes) > 0 {
		fmt.Fprintf(b, "\nEvery way that was seen from outside to the %d controllers passes one of: %s\n", s.Devices, strings.Join(s.Nodes, ", "))
	}
}

func withoutText(b *strings.Builder, out *asset.Outcome) {
	if out == nil {
		return
	}
	fmt.Fprintf(b, "\nWithout %s, %d lose a service and %d stop.\n", strings.Join(out.Without, ", "), len(out.Lost), len(out.Stopped))
	for i, s := range out.Stopped {
		if i == shownLosses {
			fmt.Fprintf(b, "  and %d more\n", len(out.Stopped)-i)
			break
		}
		fmt.Fprintf(b, "  %s stops for want of %s (%s) of %s, step %d\n", s.Name, s.Kind, s.What, s.Of, s.Depth)
	}
	for i, l := range out.Lost {
		if i == shownLosses {
			fmt.Fprintf(b, "  and %d more\n", len(out.Lost)-i)
			break
		}
		left := "no other left"
		if l.Left > 0 {
			left = fmt.Sprintf("%d other left", l.Left)
		}
		need := "uses"
		if l.Needed {
			need = "needs"
		}
		fmt.Fprintf(b, "  %s %s %s (%s) of %s, on %d days, %d times: %s\n", l.Name, need, l.Kind, l.What, l.Server, l.Days, l.Count, left)
	}
}
