package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/finding"
	"longwatch/internal/share"
)

func newShare() *cobra.Command {
	var s app.Sharing
	var tlp, least string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "share CASE",
		Short: "pass on what a case shows, without what is yours",
		Long: `Shows what of a case would leave and what stays, and why. With -o it writes
that, for others to load, and logs it in the case's ` + app.SharedLog + `.

What is yours stays: addresses of own and private networks, machines, accounts,
people, own domains, documents, and every value that holds one of these. URLs
lose their queries, names that carry data are cut to their domain, paths to the
name of a program. Reasons and evidence never leave.

Formats: ` + formatList() + `.`,
		Example: `  longwatch share case                                       what would leave, what stays
  longwatch share case --to "Energy ISAC" --tlp amber -o out --format stix,csv
  longwatch share case --to "Energy ISAC" --recipients recipients.yaml -o out
  longwatch share case --incident i-0a1b2c3d --own-domain grid.example -o out --to CERT
  longwatch share ask --key group.key 198.51.100.7 c2.example.net > question.json
  longwatch share answer --key group.key question.json case`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("share: name one case folder, as hunt wrote it")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			s.Case = args[0]
			if s.Policy.Marking, err = share.ParseTLP(tlp); err != nil {
				return usageError{err}
			}
			if s.Policy.Least, err = finding.ParseSeverity(least); err != nil {
				return usageError{fmt.Errorf("--least: %w", err)}
			}
			if s.Out != "" && s.To == "" {
				return usageError{errors.New("share: say with --to who gets it: that is logged")}
			}
			p, sent, err := app.Share(s)
			if errors.Is(err, share.ErrRefused) {
				return fmt.Errorf("%w; nothing was written", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"tlp": p.Marking, "items": p.Items, "withheld": p.Withheld, "sent": sent})
			}
			return showParcel(cmd.OutOrStdout(), p, sent)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&s.Out, "out", "o", "", "folder to write to; made if missing (default: only show)")
	f.StringVar(&s.To, "to", "", "who gets it; logged, and checked when there is a list of recipients")
	f.StringVar(&s.Recipients, "recipients", "", "YAML list of recipients: name, tlp (the most restricted that they may get), formats")
	f.StringSliceVar(&s.Formats, "format", nil, "formats, comma-separated (default: all that the recipient takes)")
	f.StringVar(&tlp, "tlp", "amber", "marking: clear, green, amber, amber+strict or red")
	f.StringSliceVar(&s.Policy.Incidents, "incident", nil, "only these incidents, by id")
	f.StringVar(&least, "least", "medium", "least severity of the findings whose values are shared")
	f.StringSliceVar(&s.Policy.OwnDomains, "own-domain", nil, "domains that are yours, besides those that the case shows")
	f.StringSliceVar(&s.Harmless, "warning-lists", nil, "MISP warning lists, files or folders: their values stay")
	f.BoolVar(&asJSON, "json", false, "print what leaves and what stays as JSON")
	cmd.AddCommand(newShareAsk(), newShareAnswer())
	return cmd
}

func formatList() string {
	var out []string
	for _, f := range share.Formats {
		out = append(out, f.Name+" ("+f.About+")")
	}
	return strings.Join(out, ", ")
}

// showParcel prints what leaves and what stays.
func showParcel(w io.Writer, p *share.Parcel, sent []share.Sent) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "What leaves, TLP:%s: %d values of %d incidents\n", strings.ToUpper(p.Marking.String()), len(p.Items), len(p.Incidents))
	for i := range p.Items {
		it := &p.Items[i]
		_, _ = fmt.Fprintf(t, "  %s\t%s %d %%\t%q\n", it.Kind, it.Severity, it.Confidence, it.Value)
	}
	_, _ = fmt.Fprintf(t, "\nWhat stays, or leaves only in part: %d values\n", len(p.Withheld))
	for _, x := range p.Withheld {
		_, _ = fmt.Fprintf(t, "  %s\t%s\t%q\n", x.Kind, x.Why, x.Value)
	}
	switch {
	case len(sent) == 0:
		_, _ = fmt.Fprintln(t, "\nNothing was written. Write it with -o FOLDER --to RECIPIENT.")
	default:
		_, _ = fmt.Fprintf(t, "\nWritten for %q, and logged in the case's %s:\n", sent[0].To, app.SharedLog)
		for _, s := range sent {
			_, _ = fmt.Fprintf(t, "  %s\t%s\n", s.Format, s.File)
		}
	}
	return t.Flush()
}

// readKey reads the common key of a group.
func readKey(path string) ([]byte, error) {
	if path == "" {
		return nil, usageError{errors.New("share: name the file of the common key with --key")}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b = []byte(strings.TrimSpace(string(b))); len(b) < share.MinKey {
		return nil, fmt.Errorf("%s: the key has %d bytes, at least %d are needed: make one with head -c 32 /dev/urandom | base64", path, len(b), share.MinKey)
	}
	return b, nil
}

func newShareAsk() *cobra.Command {
	var keyFile, answer string
	cmd := &cobra.Command{
		Use:   "ask VALUE...",
		Short: "ask others whether they have seen values, without naming them",
		Long: `Prints a question in which every value is a keyed hash (HMAC-SHA-256). Those who
hold the same key can answer it from their cases, and learn of the question only
what they have seen themselves. Somebody with the key can try values, so keep it
within the group; somebody without it learns how many values there are.

With --read it says what an answer means for the values.`,
		Example: `  longwatch share ask --key group.key 198.51.100.7 c2.example.net > question.json
  longwatch share ask --key group.key --read answer.json 198.51.100.7 c2.example.net`,
		Args: atLeastOne("value"),
		RunE: func(cmd *cobra.Command, values []string) error {
			key, err := readKey(keyFile)
			if err != nil {
				return err
			}
			if answer == "" {
				q, err := share.Ask(key, values)
				if err != nil {
					return err
				}
				return json.NewEncoder(cmd.OutOrStdout()).Encode(q)
			}
			b, err := os.ReadFile(answer)
			if err != nil {
				return err
			}
			var a share.Answer
			if err := json.Unmarshal(b, &a); err != nil {
				return fmt.Errorf("%s: %w", answer, err)
			}
			seen := share.Meaning(key, values, &a)
			for _, v := range values {
				s, ok := seen[v]
				if !ok {
					_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%q was not seen\n", v)
					continue
				}
				_, _ = fmt.Fprintf(cmd.OutOrStdout(), "%q was seen from %s to %s\n", v, s.First, s.Last)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "file that holds the common key of the group")
	cmd.Flags().StringVar(&answer, "read", "", "an answer to the same values: say what it means")
	return cmd
}

func newShareAnswer() *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use:     "answer QUESTION CASE...",
		Short:   "answer a private question from cases: seen or not, and on which days",
		Example: "  longwatch share answer --key group.key question.json case > answer.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("share answer: name the question and at least one case folder")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := readKey(keyFile)
			if err != nil {
				return err
			}
			var all *share.Answer
			for _, dir := range args[1:] {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				a, err := app.Answer(key, f, dir)
				_ = f.Close()
				if err != nil {
					return err
				}
				if all == nil {
					all = a
					continue
				}
				all.Join(a)
			}
			slices.SortFunc(all.Seen, func(a, b share.Seen) int { return strings.Compare(a.Token, b.Token) })
			return json.NewEncoder(cmd.OutOrStdout()).Encode(all)
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "file that holds the common key of the group")
	return cmd
}
