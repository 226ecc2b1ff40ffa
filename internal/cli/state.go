package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/baseline"
	"longwatch/internal/record"
)

func newState() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "look into the file in which habits are kept between hunts, and mend it",
		Long: `hunt --state FILE keeps in FILE what is ordinary: which host, account or program
was seen with what, since when, at which hours, and how much it sent. These
commands show what it knows, join the files of several sensors, and say of whom
it must not learn, or may again.

The file knows names only by their hashes, but for those whom findings are
about: ask it for a name and it tells what it knows.`,
		Example: `  longwatch state show habits.state
  longwatch state show habits.state --of user:CORP\svc_backup --of domain:example.org
  longwatch state merge site-a.state site-b.state -o all.state`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q for state", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateShow(), newStateMerge(), newStateTrust(), newStateDoubt())
	return cmd
}

// stateMemory gives cmd the flag for the memory of a state.
func stateMemory(cmd *cobra.Command) *string {
	return cmd.Flags().String("memory", "4G", "memory for what the file holds; what does not fit is left out, the longest unseen first")
}

// stateSubject adds the flags that name a host or an account, and returns what
// reads them: it, and the memory for what the file holds.
func stateSubject(cmd *cobra.Command) func() (record.Entity, int64, error) {
	memory := stateMemory(cmd)
	of := cmd.Flags().String("of", "", "host:NAME or user:NAME")
	return func() (record.Entity, int64, error) {
		bytes, err := parseSize("--memory", *memory)
		if err != nil {
			return record.Entity{}, 0, err
		}
		e, err := entity("--of", *of, "host", "user")
		return e, bytes, err
	}
}

// entity reads KIND:VALUE.
func entity(flag, s string, kinds ...string) (record.Entity, error) {
	kind, value, ok := strings.Cut(s, ":")
	if !ok || value == "" || !slices.Contains(kinds, kind) {
		return record.Entity{}, usageError{fmt.Errorf("%s %q: write KIND:VALUE, KIND being one of %s", flag, s, strings.Join(kinds, ", "))}
	}
	return record.Entity{Kind: kind, Value: value}, nil
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("state: name one state file, as hunt --state wrote it")}
	}
	return nil
}

func newStateShow() *cobra.Command {
	var of []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "what the file holds, what it forgot, and what it knows of a name",
		Example: `  longwatch state show habits.state
  longwatch state show habits.state --of host:dc01 --of address:198.51.100.7 --json`,
		Args: oneFile,
	}
	memory := stateMemory(cmd)
	cmd.Flags().StringArrayVar(&of, "of", nil, "ask for a name as KIND:VALUE: host, user, address, domain, ja4, user_agent, certificate, hash or process")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		bytes, err := parseSize("--memory", *memory)
		if err != nil {
			return err
		}
		m, err := app.LoadState(args[0], bytes)
		if err != nil {
			return err
		}
		known := []app.Known{}
		for _, s := range of {
			e, err := entity("--of", s, "host", "user", "address", "domain", "ja4", "user_agent", "certificate", "hash", "process")
			if err != nil {
				return err
			}
			known = append(known, app.Lookup(m, e))
		}
		if asJSON {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			return enc.Encode(map[string]any{"state": m.Totals(), "suspects": suspectLines(m), "known": known})
		}
		if len(known) > 0 {
			return showKnown(cmd.OutOrStdout(), known)
		}
		return showState(cmd.OutOrStdout(), m)
	}
	return cmd
}

func suspectLines(m *baseline.Memory) []string {
	out := []string{}
	for _, s := range m.Suspects() {
		out = append(out, fmt.Sprintf("%s %q, %v to %v: %s", s.Kind, s.Name, s.From, s.To, s.Finding))
	}
	return out
}

func showState(w io.Writer, m *baseline.Memory) error {
	s := m.Totals()
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "learned\tfrom %s to %s, on %d days, in %d hunts over %d files\n", s.First, s.Last, s.Days, s.Hunts, s.Evidence)
	_, _ = fmt.Fprintf(t, "holds\t%d hosts and accounts, %d pairs, %d values in %d of %d bytes\n", s.Subjects, s.Pairs, s.Values, s.Bytes, s.Budget)
	for _, k := range slices.Sorted(maps.Keys(s.Of)) {
		_, _ = fmt.Fprintf(t, "  %s\tof about %d\n", k, s.Of[k])
	}
	_, _ = fmt.Fprintf(t, "error\tof new pairs %.2g are taken for known\n", s.FalseKnown)
	if s.Forgotten > 0 {
		_, _ = fmt.Fprintf(t, "forgotten\t%d; 99.9 %% of them last seen %d or more days before\n", s.Forgotten, s.Horizon)
	} else {
		_, _ = fmt.Fprintln(t, "forgotten\tnothing")
	}
	lines := suspectLines(m)
	_, _ = fmt.Fprintf(t, "not learned from\t%d hosts and accounts, while findings were about them\n", len(lines))
	for _, l := range lines {
		_, _ = fmt.Fprintf(t, "  %s\n", l)
	}
	return t.Flush()
}

func showKnown(w io.Writer, known []app.Known) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, k := range known {
		switch {
		case !k.Known:
			_, _ = fmt.Fprintf(t, "%s\t%q\tnever seen\n", k.Kind, k.Value)
		case k.Days > 0:
			var had []string
			for _, kind := range slices.Sorted(maps.Keys(k.Had)) {
				had = append(had, fmt.Sprintf("%s %d", kind, k.Had[kind]))
			}
			_, _ = fmt.Fprintf(t, "%s\t%q\t%s to %s, on %d days; values it had (16: or more): %s\n", k.Kind, k.Value, k.First, k.Last, k.Days, strings.Join(had, ", "))
		default:
			more := ""
			if k.More {
				more = " or more"
			}
			_, _ = fmt.Fprintf(t, "%s\t%q\t%s to %s, %d%s had it\n", k.Kind, k.Value, k.First, k.Last, k.Holders, more)
		}
	}
	return t.Flush()
}

func newStateMerge() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "one file of what several sensors learned",
		Long: `Joins state files. What two of them know counts once where their days show that
it is the same; where they cannot show it, the larger count holds.`,
		Example: `  longwatch state merge site-a.state site-b.state -o all.state`,
		Args:    atLeastOne("state file"),
	}
	memory := stateMemory(cmd)
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return usageError{errors.New("state merge: name the file to write with -o")}
		}
		bytes, err := parseSize("--memory", *memory)
		if err != nil {
			return err
		}
		s, err := app.MergeStates(out, args, bytes)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d hosts and accounts, %d pairs, %d values, %s to %s\n", out, s.Subjects, s.Pairs, s.Values, s.First, s.Last)
		return err
	}
	return cmd
}

func newStateTrust() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust FILE",
		Short: "what a host or an account did while a finding was about it was in order",
		Example: `  longwatch state trust habits.state --of user:CORP\alice
  longwatch state trust habits.state --of host:ws-17`,
		Args: oneFile,
	}
	subject := stateSubject(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, bytes, err := subject()
		if err != nil {
			return err
		}
		n, err := app.Trust(args[0], e.Kind, e.Value, bytes)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d claims about %s %q dropped\n", n, e.Kind, e.Value)
		return err
	}
	return cmd
}

func newStateDoubt() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:     "doubt FILE",
		Short:   "what came to a host or an account in a time is no habit: somebody else was there",
		Example: `  longwatch state doubt habits.state --of user:CORP\svc_backup --from 2026-01-10 --to 2026-03-01`,
		Args:    oneFile,
	}
	subject := stateSubject(cmd)
	cmd.Flags().StringVar(&from, "from", "", "first day, YYYY-MM-DD")
	cmd.Flags().StringVar(&to, "to", "", "day after the last one")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, bytes, err := subject()
		if err != nil {
			return err
		}
		begin, err := parseTime("--from", from)
		if err != nil {
			return err
		}
		end, err := parseTime("--to", to)
		if err != nil {
			return err
		}
		if begin == 0 || end == 0 {
			return usageError{errors.New("state doubt: give --from and --to")}
		}
		return app.Doubt(args[0], e.Kind, e.Value, begin, end, bytes)
	}
	return cmd
}
