package cli

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/casefolder"
	"longwatch/internal/caselog"
	"longwatch/internal/signing"
)

func newCase() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "case",
		Short: "keep a signed log of a case, and prove that nothing was altered",
		Long: `A case may end in court. Its log says who did what and when, and what every file of
the case held at the time; each entry is signed and holds the digest of the one
before it, so that none can be changed, removed or put in another order unnoticed.
Give the digest of the last entry to somebody else (mail it to counsel): then not
even who holds the key can write another log.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCaseNote("open", "begin the log of a case", "opened"), newCaseNote("note", "say what was done, and log which files changed", ""), newCaseVerify())
	return cmd
}

// newCaseNote is open and note: what is said is the only difference.
func newCaseNote(name, short, what string) *cobra.Command {
	var key, by string
	use, args := name+" CASE", cobra.ExactArgs(1)
	if what == "" {
		use, args = name+" CASE TEXT...", cobra.MinimumNArgs(2)
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		Example: "  longwatch backup key case.pem\n  longwatch case open case --key case.pem --by 'A. Analyst'\n  longwatch case note case --key case.pem copied to the evidence safe",
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" {
				return usageError{errors.New("name the key to sign with: --key (longwatch backup key makes one)")}
			}
			if _, err := casefolder.Read(args[0]); err != nil {
				return err
			}
			private, err := signing.Private(key)
			if err != nil {
				return err
			}
			if what != "" {
				if begun, err := caselog.Begun(args[0]); err != nil {
					return err
				} else if begun {
					return fmt.Errorf("%q has a log already: add to it with longwatch case note", args[0])
				}
			}
			if by == "" {
				if by, err = me(); err != nil {
					return err
				}
			}
			a := caselog.Author{Key: private, By: by, Now: time.Now}
			text := what
			if text == "" {
				text = strings.Join(args[1:], " ")
			}
			e, head, err := a.Append(args[0], text)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "entry %d by %q: %d files are new, changed or gone\ndigest %s\n", e.N, e.By, len(e.Files), head)
			return err
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "private key to sign with")
	cmd.Flags().StringVar(&by, "by", "", "who says so (default: the account's name)")
	return cmd
}

// me is who runs the program.
func me() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", usageError{errors.New("say who you are: --by")}
	}
	if u.Name != "" {
		return u.Name, nil
	}
	return u.Username, nil
}

func newCaseVerify() *cobra.Command {
	var key, head string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify CASE",
		Short: "name what of a case or its log was altered",
		Long: `Checks every entry of the log and every file of the case against it. Exit status 3
means that something was altered; each such thing is named.`,
		Example: `  longwatch case verify case
  longwatch case verify case --key case.pem.pub --head 5f2c…    also against the digest that somebody kept`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var public ed25519.PublicKey
			if key != "" {
				k, err := signing.Public(key)
				if err != nil {
					return err
				}
				public = k
			}
			c, err := caselog.Verify(args[0], public, head)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if asJSON {
				err = json.NewEncoder(w).Encode(map[string]any{"entries": c.Entries, "signers": c.Signers, "head": c.Head, "faults": append([]string{}, c.Faults...)})
			} else {
				for _, e := range c.Entries {
					_, _ = fmt.Fprintf(w, "%4d  %s  %q: %q (%d files)\n", e.N, e.Time.Format(time.DateTime), e.By, e.What, len(e.Files))
				}
				for _, f := range c.Faults {
					_, _ = fmt.Fprintf(w, "ALTERED  %s\n", f)
				}
				_, err = fmt.Fprintf(w, "%d entries, signed by %s; digest %s\n", len(c.Entries), strings.Join(c.Signers, ", "), c.Head)
			}
			if err == nil && len(c.Faults) > 0 {
				return status(exitFailOn)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "public key that entries must be signed with (default: any; signers are shown)")
	cmd.Flags().StringVar(&head, "head", "", "digest of an entry that somebody kept: it must be in the log")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print entries and faults as JSON")
	return cmd
}
