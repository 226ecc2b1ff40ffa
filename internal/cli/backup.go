package cli

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/app"
	"longwatch/internal/backup"
	"longwatch/internal/signing"
)

func newBackup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "seal backups, and tell later which can be trusted",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBackupKey(), newBackupSeal(), newBackupVerify(), newBackupPlan())
	return cmd
}

func newBackupKey() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "make a key to sign seals with",
		Long: `Writes a new Ed25519 key to FILE and its public half to FILE.pub. Keep FILE away
from the machines that are backed up, and give FILE.pub to whoever verifies.
Keys of openssl genpkey -algorithm ed25519 do as well.`,
		Example: "  longwatch backup key seal.pem",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := signing.Generate(args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "private key: %s (keep it offline)\npublic key:  %s.pub\n", args[0], args[0])
			return err
		},
	}
}

func newBackupSeal() *cobra.Command {
	var o backup.Options
	var key, out string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "seal FOLDER",
		Short: "list every file of a copy with its hash, signed",
		Long: `Reads every file below FOLDER once and writes a seal: name, size, time, hash, kind
of content and how random it looks, under a signed Merkle root. Nothing in FOLDER
is changed. Files that cannot be read are listed as such; the exit status is 4.`,
		Example: `  longwatch backup seal /mnt/backup/fs01 --key seal.pem --host fs01 -o fs01-monday.seal
  longwatch backup seal /mnt/backup/fs01 --key seal.pem --previous fs01-monday.seal -o fs01-tuesday.seal`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" || out == "" {
				return usageError{errors.New("backup seal: name the seal with -o and the key with --key (longwatch backup key makes one)")}
			}
			private, err := signing.Private(key)
			if err != nil {
				return err
			}
			p := newProgress(cmd.ErrOrStderr(), quiet)
			defer p.Done()
			o.Key, o.Now, o.Tool, o.Progress = private, time.Now, "longwatch "+app.ToolInfo().Version, counted(p, "sealing")
			h, err := backup.Seal(cmd.Context(), args[0], out, o)
			p.Done()
			if err != nil {
				return err
			}
			if !quiet {
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "sealed %d files and folders, %s\nroot   %s\nseal   %s\n", h.Files, size(h.Bytes), h.Root, out); err != nil {
					return err
				}
			}
			if h.Unread > 0 {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %d files could not be read; the seal names them\n", h.Unread)
				return status(exitPartly)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "out", "o", "", "the seal to write")
	f.StringVar(&key, "key", "", "private key to sign with")
	f.StringVar(&o.Name, "name", "", "what is sealed (default: the folder's name)")
	f.StringVar(&o.Host, "host", "", "whose data it is")
	f.StringVar(&o.Previous, "previous", "", "the seal before this one, so that a seal that goes missing is noticed")
	f.IntVar(&o.Jobs, "jobs", 0, "files read at once (default: one for each processor)")
	f.BoolVarP(&quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

// counted shows files and bytes as a phase.
func counted(p *progress, doing string) func(files, bytes int64) {
	var last time.Time
	return func(files, bytes int64) {
		if now := time.Now(); now.Sub(last) > 100*time.Millisecond {
			last = now
			p.Phase(fmt.Sprintf("%s: %d files, %s", doing, files, size(bytes)))
		}
	}
}

// verifyFlags are those of backup verify and backup plan.
type verifyFlags struct {
	key, password string
	json, quiet   bool
	jobs          int
	before        string
	caseDir       string
}

func (v *verifyFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&v.key, "key", "", "public key that seals must be signed with (default: any; the signer is shown)")
	f.StringVar(&v.password, "restic-password-file", "", "file with the password of restic repositories, to read what they list")
	f.BoolVar(&v.json, "json", false, "print the outcome as JSON")
	f.BoolVarP(&v.quiet, "quiet", "q", false, "print nothing but errors")
	f.IntVar(&v.jobs, "jobs", 0, "files read at once (default: one for each processor)")
}

func (v *verifyFlags) options(p *progress) (o backup.PlanOptions, err error) {
	var key ed25519.PublicKey
	if v.key != "" {
		if key, err = signing.Public(v.key); err != nil {
			return o, err
		}
	}
	if v.password != "" {
		b, err := os.ReadFile(v.password)
		if err != nil {
			return o, err
		}
		o.Password = bytes.TrimRight(b, "\r\n")
	}
	o.CheckOptions = backup.CheckOptions{Key: key, Jobs: v.jobs, Now: time.Now, Progress: counted(p, "checking")}
	return o, nil
}

func newBackupVerify() *cobra.Command {
	var v verifyFlags
	cmd := &cobra.Command{
		Use:   "verify SEAL FOLDER | verify REPOSITORY",
		Short: "tell what became of a sealed copy or a restic repository",
		Long: `Compares FOLDER with SEAL and names every file that was changed, encrypted,
truncated, given a false time, renamed, added or that is missing. A seal that was
altered is refused.

REPOSITORY is one of restic: every file in it is checked against its name, which is
its hash. With the password, what its lists name is looked for, too.

Exit status 3 means that something but times differs.`,
		Example: `  longwatch backup verify fs01-monday.seal /mnt/backup/fs01 --key seal.pem.pub
  longwatch backup verify /mnt/usb/restic --restic-password-file pw`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := newProgress(cmd.ErrOrStderr(), v.quiet)
			defer p.Done()
			o, err := v.options(p)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return verifyRestic(cmd, args[0], v, o, p)
			}
			return verifySeal(cmd, args[0], args[1], v, o, p)
		},
	}
	v.add(cmd)
	return cmd
}

func verifySeal(cmd *cobra.Command, seal, folder string, v verifyFlags, o backup.PlanOptions, p *progress) error {
	w, enc := cmd.OutOrStdout(), json.NewEncoder(cmd.OutOrStdout())
	r, err := backup.Verify(cmd.Context(), seal, folder, o.CheckOptions, func(d *backup.Damage) error {
		switch {
		case v.json:
			return enc.Encode(d)
		case v.quiet:
			return nil
		}
		return tellDamage(w, d)
	})
	p.Done()
	if err != nil {
		return err
	}
	switch {
	case v.json:
		err = enc.Encode(r)
	case !v.quiet:
		_, err = fmt.Fprintf(w, "%s sealed %s (%s ago), signed by key %s\n%d files are as they were sealed", r.Header.Name, r.Header.Sealed.Format(time.DateTime), r.Age.Round(time.Minute), r.Signer, r.Whole)
		for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
			_, _ = fmt.Fprintf(w, ", %d %s", r.Counts[kind], kind)
		}
		_, _ = fmt.Fprintln(w)
	}
	if err == nil && r.Bad() {
		return status(exitFailOn)
	}
	return err
}

// tellDamage prints one difference; names may hold anything.
func tellDamage(w io.Writer, d *backup.Damage) error {
	name := fmt.Sprintf("%q", d.Path)
	if d.Was != "" {
		name += fmt.Sprintf(" (was %q)", d.Was)
	}
	_, err := fmt.Fprintf(w, "%-10s %s: %s\n", d.Verdict, name, d.Why)
	return err
}

func verifyRestic(cmd *cobra.Command, repo string, v verifyFlags, o backup.PlanOptions, p *progress) error {
	r, err := backup.CheckRestic(cmd.Context(), repo, o.Password, o.CheckOptions)
	p.Done()
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	switch {
	case v.json:
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	case !v.quiet:
		for _, d := range r.Damage {
			if err := tellDamage(w, d); err != nil {
				return err
			}
		}
		for _, s := range r.Snapshots {
			_, _ = fmt.Fprintf(w, "snapshot   %s %s %q\n", s.Time.UTC().Format(time.DateTime), s.Host, s.Paths)
		}
		_, _ = fmt.Fprintf(w, "%d files, %s, %d damaged or missing\n", r.Files, size(r.Bytes), len(r.Damage))
		if !r.Opened {
			_, _ = fmt.Fprintln(w, "without --restic-password-file, files that are missing cannot be told, nor which snapshots there are")
		}
	}
	if len(r.Damage) > 0 {
		return status(exitFailOn)
	}
	return nil
}

func newBackupPlan() *cobra.Command {
	var v verifyFlags
	cmd := &cobra.Command{
		Use:   "plan PLAN.yaml",
		Short: "check every copy of a plan: what can be restored, to when, and what falls short",
		Long: `Checks all copies that PLAN.yaml lists (see the page on backups in the manual) and
says for each asset: which copies are whole, how old the newest is against what
was agreed, whether the rule of three copies, two media and one other place is
kept, and whether an intruder with every password could destroy them all.

With --case or --before, it names for each asset the newest whole copy from before
the intruder's first trace on it. Exit status 3 means that something falls short.`,
		Example: `  longwatch backup plan backups.yaml --key seal.pem.pub
  longwatch backup plan backups.yaml --case case`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := backup.LoadPlan(args[0])
			if err != nil {
				return err
			}
			p := newProgress(cmd.ErrOrStderr(), v.quiet)
			defer p.Done()
			o, err := v.options(p)
			if err != nil {
				return err
			}
			if o.Start, o.Since, err = v.since(); err != nil {
				return err
			}
			checked, standing, err := backup.CheckPlan(cmd.Context(), plan, o)
			p.Done()
			if err != nil {
				return err
			}
			return tellPlan(cmd, checked, standing, v)
		},
	}
	v.add(cmd)
	cmd.Flags().StringVar(&v.caseDir, "case", "", "case folder: the intruder's first trace on each host")
	cmd.Flags().StringVar(&v.before, "before", "", "when the intrusion began, as 2026-03-01T08:00:00Z, for hosts of which --case knows nothing")
	return cmd
}

// since is when the intruder came: for all, and for hosts that are known better.
func (v *verifyFlags) since() (start time.Time, hosts map[string]time.Time, err error) {
	if v.before != "" {
		if start, err = time.Parse(time.RFC3339, v.before); err != nil {
			return start, nil, usageError{fmt.Errorf("--before: write a time as 2026-03-01T08:00:00Z: %w", err)}
		}
	}
	if v.caseDir == "" {
		return start, nil, nil
	}
	first, hosts, err := app.FirstTraces(v.caseDir)
	if start.IsZero() {
		start = first
	}
	return start, hosts, err
}

func tellPlan(cmd *cobra.Command, checked []*backup.Checked, standing []*backup.Standing, v verifyFlags) error {
	short := slices.ContainsFunc(standing, func(s *backup.Standing) bool { return len(s.Faults) > 0 })
	w := cmd.OutOrStdout()
	switch {
	case v.json:
		if err := json.NewEncoder(w).Encode(map[string]any{"copies": checked, "assets": standing}); err != nil {
			return err
		}
	case !v.quiet:
		for _, s := range standing {
			if err := tellStanding(w, s); err != nil {
				return err
			}
		}
	}
	if short {
		return status(exitFailOn)
	}
	return nil
}

func tellStanding(w io.Writer, s *backup.Standing) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Asset)
	for _, p := range s.Points[:min(len(s.Points), 5)] {
		state := "not proven whole"
		if p.Whole {
			state = "whole"
		}
		fmt.Fprintf(&b, "  %s  %s, %s\n", p.Time.UTC().Format(time.DateTime), p.Copy, state)
	}
	if n := len(s.Points) - 5; n > 0 {
		fmt.Fprintf(&b, "  and %d older ones\n", n)
	}
	if c := s.Clean; c != nil {
		fmt.Fprintf(&b, "  restore from: %s of %s, the newest whole one before the first trace of %s\n", cmp.Or(c.ID, c.Copy), c.Time.UTC().Format(time.DateTime), s.Since.UTC().Format(time.DateTime))
	}
	for _, f := range s.Faults {
		fmt.Fprintf(&b, "  ! %s\n", f)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
