// Package cli is the command line: one file a command. It turns flags into an
// app.Config, errors into one clear line each and results into exit statuses.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses; scripts rely on them.
const (
	exitDone   = 0 // done
	exitFailed = 1 // could not do it
	exitUsage  = 2 // wrong arguments
	exitFailOn = 3 // done, and --fail-on was met
	exitPartly = 4 // done, but some evidence could not be read whole
)

// status is an exit status without a message: the command has said it all.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// usageError is a mistake in the arguments.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// Run runs the command line and returns the exit status.
func Run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(args)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var s status
	var u usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &s):
		return int(s)
	case errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(stderr, "longwatch: stopped; what was written is not a complete case")
		return exitFailed
	case errors.As(err, &u) || strings.HasPrefix(err.Error(), "unknown command"):
		_, _ = fmt.Fprintf(stderr, "longwatch: %v\nSee longwatch --help, or --help after a command.\n", err)
		return exitUsage
	default:
		_, _ = fmt.Fprintf(stderr, "longwatch: %v\n", err)
		return exitFailed
	}
}

func newRoot(args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "longwatch",
		Short: "find patient intruders in the evidence you already have",
		Long: `Longwatch reads packets, Windows and Linux event logs, web-server logs, mail
and files, finds intruders who use what is already there, says whom they
resemble and how sure it is, and shows the evidence for every claim.

It only reads evidence and writes only below the folder named by -o. No command
opens a network connection but taxii, which exists for that.`,
		Example: `  longwatch hunt /evidence -o case          analyse a folder of anything
  longwatch hunt dc01.evtx core.pcap.gz     analyse single files
  longwatch records core.pcap -o logs       network metadata as Zeek writes it
  longwatch audit iis /mnt/web01            what the configuration of IIS gives away
  longwatch share case                      what of a case others may have
  longwatch simulate all -o exercise        inert evidence to practise on`,
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
	}
	root.AddCommand(newRetro(args))
	root.AddCommand(newAssets())
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newHunt(args), newScan(args), newRecords(args), newSimulate(), newAudit(), newIntel(), newShare(), newRules(), newBackup(), newDoctor(), newVersion())
	root.AddCommand(newTAXII(), newState(), newCase())
	root.AddCommand(newGuide(), newCertificate())
	root.AddCommand(newRespond())
	root.AddCommand(newTrain())
	return root
}

// atLeastOne is cobra.MinimumNArgs(1) with a message that says what to do.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{fmt.Errorf("%s: name at least one %s", cmd.CommandPath(), what)}
		}
		return nil
	}
}
