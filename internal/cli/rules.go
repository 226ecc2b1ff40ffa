package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"longwatch/internal/app"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "look at rules before they are used: check, test, explain, list, coverage",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesCheck(), newRulesTest(), newRulesExplain(), newRulesList(), newRulesCoverage())
	return cmd
}

// ruleFlags are what changes rules before they are compiled.
type ruleFlags struct {
	pipelines    []string
	placeholders []string
	on           []string
}

func (r *ruleFlags) add(f *pflag.FlagSet) {
	f.StringSliceVar(&r.pipelines, "pipeline", nil, "processing pipelines (YAML, as pySigma's) that change rules before they are used")
	f.StringArrayVar(&r.placeholders, "placeholder", nil, "values of a placeholder for the modifier expand: NAME=VALUE,VALUE (may be given more than once)")
}

func (r *ruleFlags) addEvidence(f *pflag.FlagSet) {
	f.StringSliceVar(&r.on, "on", nil, "evidence to run the rules over, measuring what each costs and whether its log source is there")
}

// options are the rules at paths with the flags.
func (r *ruleFlags) options(paths []string, alone bool) (app.RuleOptions, error) {
	o := app.RuleOptions{Paths: paths, Pipelines: r.pipelines, Alone: alone}
	for _, p := range r.placeholders {
		name, values, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return o, usageError{fmt.Errorf("--placeholder %q is not NAME=VALUE,VALUE", p)}
		}
		if o.Placeholders == nil {
			o.Placeholders = map[string][]string{}
		}
		name = strings.Trim(name, "%")
		o.Placeholders[name] = append(o.Placeholders[name], strings.Split(values, ",")...)
	}
	return o, nil
}

// open compiles rules, and runs them over evidence when --on names some.
func (r *ruleFlags) open(cmd *cobra.Command, paths []string) (*app.Rulebook, error) {
	o, err := r.options(paths, len(paths) > 0)
	if err != nil {
		return nil, err
	}
	b, err := app.OpenRules(o)
	if err != nil || len(r.on) == 0 {
		return b, err
	}
	c := app.Default()
	c.Paths, c.Stdin = r.on, cmd.InOrStdin()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := newProgress(cmd.ErrOrStderr(), false)
	err = b.Over(cmd.Context(), c, p)
	p.Done()
	for _, n := range b.Notes() {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), printable(n))
	}
	return b, err
}

func newRulesCheck() *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use:     "check PATH...",
		Short:   "compile Sigma and YARA rules; name each one that cannot be used, and why",
		Example: "  longwatch rules check sigma/rules/\n  longwatch rules check yara/ sigma-all.zip --placeholder DomainControllers=dc1,dc2",
		Args:    atLeastOne("file, folder or zip archive of rules"),
	}
	flags.add(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		o, err := flags.options(paths, false)
		if err != nil {
			return err
		}
		sets, err := app.CheckRules(o)
		if err != nil {
			return err
		}
		refused := 0
		for _, s := range sets {
			for _, r := range s.Refused {
				_, _ = fmt.Fprintln(cmd.OutOrStdout(), r)
			}
			refused += len(s.Refused)
			_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%q: %d rules can be used, %d cannot\n", s.Name, s.Rules, len(s.Refused))
		}
		if refused > 0 {
			return status(exitPartly)
		}
		return nil
	}
	return cmd
}

func newRulesTest() *cobra.Command {
	var flags ruleFlags
	asJSON := false
	cmd := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "run the tests that rules carry; with --on, run the rules over evidence",
		Long: `Runs the events that rules carry under tests: fires and tests: quiet, and ends
with status 4 when a rule does not do as they say. With --on the rules are run
over evidence instead, and each that was true is listed with how often, how many
events were evaluated for it and how long that took. YARA rules are asked about
every file there, and what they find is listed with its offsets.`,
		Example: "  longwatch rules test my-rules/\n  longwatch rules test sigma/rules/ --on Security.evtx\n  longwatch rules test apt.yar --on suspicious.exe",
	}
	flags.add(cmd.Flags())
	flags.addEvidence(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --on: one JSON object a line")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		b, err := flags.open(cmd, paths)
		if err != nil {
			return err
		}
		if len(flags.on) > 0 {
			return printFired(cmd.OutOrStdout(), b.Lines(), asJSON)
		}
		t := b.Test()
		for _, f := range t.Failures {
			_, _ = fmt.Fprintln(cmd.OutOrStdout(), f)
		}
		_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%d rules, %d carry tests, %d tests failed\n", t.Rules, t.Tested, len(t.Failures))
		if len(t.Failures) > 0 {
			return status(exitPartly)
		}
		return nil
	}
	return cmd
}

// printFired lists the rules that were true.
func printFired(w io.Writer, lines []app.RuleLine, asJSON bool) error {
	fired, seen, records := 0, 0, 0.0
	for i := range lines {
		l := &lines[i]
		records += l.Millis
		if l.Records > 0 {
			seen++
		}
		if l.Fired == 0 {
			continue
		}
		fired++
		if asJSON {
			if err := printJSON(w, l); err != nil {
				return err
			}
			continue
		}
		if err := printTrue(w, l); err != nil {
			return err
		}
	}
	if asJSON {
		return nil
	}
	_, err := fmt.Fprintf(w, "%d of %d rules were true; the evidence has the log source of %d; %.1f ms were spent on evaluating\n", fired, len(lines), seen, records)
	return err
}

func printTrue(w io.Writer, l *app.RuleLine) error {
	looked := fmt.Sprintf("%6d evaluated in %8.2f ms", l.Evaluations, l.Millis)
	if l.Language == "yara" {
		looked = fmt.Sprintf("%6d files%20s", l.Records, "")
	}
	_, err := fmt.Fprintf(w, "%6d times of %s  %-8s %s  %s\n", l.Fired, looked, l.Level, l.ID, printable(l.Title))
	for _, p := range l.Places {
		if err == nil {
			_, err = fmt.Fprintf(w, "       %s\n", printable(p))
		}
	}
	return err
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func newRulesExplain() *cobra.Command {
	var flags ruleFlags
	cmd := &cobra.Command{
		Use:   "explain RULE [PATH...]",
		Short: "say what a rule asks for, which log source it needs, and with --on whether the evidence has it",
		Long: `RULE is an id or its beginning, a name or a title, of a Sigma or a YARA rule.
PATH are files, folders or zip archives of rules; without, the built-in rules
are looked at.`,
		Example: "  longwatch rules explain a8418a5a sigma/rules/ --on /mnt/evidence\n  longwatch rules explain APT_Backdoor_Win_1 yara/",
		Args:    atLeastOne("rule"),
	}
	flags.add(cmd.Flags())
	flags.addEvidence(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := flags.open(cmd, args[1:])
		if err != nil {
			return err
		}
		found := b.Explain(args[0])
		if len(found) == 0 {
			return fmt.Errorf("no rule has the id, name or title %q", args[0])
		}
		for i, lines := range found {
			if i > 0 {
				_, _ = fmt.Fprintln(cmd.OutOrStdout())
			}
			for _, l := range lines {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), printable(l)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return cmd
}

// printable replaces what could act on a terminal: rules are written by others.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, s)
}

func newRulesList() *cobra.Command {
	var flags ruleFlags
	asJSON := false
	cmd := &cobra.Command{
		Use:   "list [PATH...]",
		Short: "list rules with log source and cost; without PATH the built-in detectors and rules",
		Long: `Lists rules with level, log source, what an event must have to be evaluated, and
about how long evaluating it takes; "*" marks a rule that is evaluated for every
event, or file, of its log source. With --on costs are measured over evidence and the most
expensive rules come first. Without PATH the built-in detectors, with the
technique and dossier ids they stand for, come before the built-in rules.`,
		Example: "  longwatch rules list\n  longwatch rules list sigma/rules/ --on Security.evtx --json",
	}
	flags.add(cmd.Flags())
	flags.addEvidence(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		w := cmd.OutOrStdout()
		if len(paths) == 0 && !asJSON {
			for _, d := range app.Detectors() {
				if _, err := fmt.Fprintf(w, "%-28s %-28s %s\n", d.ID, d.Techniques, d.Title); err != nil {
					return err
				}
			}
		}
		b, err := flags.open(cmd, paths)
		if err != nil {
			return err
		}
		for _, l := range b.Lines() {
			if asJSON {
				err = printJSON(w, l)
			} else {
				always := " "
				if l.Always {
					always = "*"
				}
				measured := ""
				if len(flags.on) > 0 {
					measured = fmt.Sprintf("%8.2f ms %7d evaluated %6d true  ", l.Millis, l.Evaluations, l.Fired)
				}
				nanos := ""
				if l.Nanos > 0 {
					nanos = fmt.Sprintf("%d ns", l.Nanos)
				}
				_, err = fmt.Fprintf(w, "%s%-36s %-8s %-40s %9s%s %s\n", measured, l.ID, l.Level, l.Source, nanos, always, printable(l.Title))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

func newRulesCoverage() *cobra.Command {
	var flags ruleFlags
	out := ""
	cmd := &cobra.Command{
		Use:     "coverage [PATH...]",
		Short:   "write the techniques that rules are for as an ATT&CK Navigator layer",
		Example: "  longwatch rules coverage sigma/rules/ -o layer.json\n  longwatch rules coverage sigma/rules/ --on /mnt/evidence -o layer.json",
	}
	flags.add(cmd.Flags())
	flags.addEvidence(cmd.Flags())
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write (default: standard output)")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		b, err := flags.open(cmd, paths)
		if err != nil {
			return err
		}
		if out == "" {
			return b.Coverage(cmd.OutOrStdout())
		}
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		return errors.Join(b.Coverage(f), f.Close())
	}
	return cmd
}
