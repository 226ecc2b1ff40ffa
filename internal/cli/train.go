package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/content"
	"longwatch/internal/casefolder"
	"longwatch/internal/record/mail"
	"longwatch/internal/train"
)

// trainFiles are what train writes.
var trainFiles = []string{"drill.html", "tabletop.html", "tabletop.md"}

type trainFlags struct {
	profile, out, role, names string
	choice                    train.Choice
	opt                       train.Options
	force                     bool
}

func newTrain() *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train [CASE]",
		Short: "make a drill for staff from an incident or a profile",
		Long: `Makes a drill from an incident of a case, or from a campaign's profile alone:

  drill.html      one page on which staff judge inert mails and screens: attack or
                  ordinary, and how sure. It explains each one, gives results by
                  topic, and saves them as JSON and CSV
  tabletop.html   the facilitator's script of an exercise at a table, with the times of
  tabletop.md     the incident, questions for each role, answers to hope for, hot wash

Nothing is sent: the pages load nothing and reach nobody, links and files are
drawn, addresses are written so that they cannot be followed. From a case come
only subject, sender's pattern, names of files and times; people, accounts, hosts
and other people's domains get names of nobody unless --names keep.

train results adds up what participants saved.`,
		Example: `  longwatch train case -o drill                            from the worst incident of a case
  longwatch train case --incident 3 --for admins --count 16
  longwatch train --profile tgr-sta-1030 --seed 7
  longwatch train case --redact 'Project Heron,Dr. Noor' --tell 'the service desk, extension 4400'
  longwatch train results results/*.json --csv group.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (f.profile != "") {
				return usageError{errors.New("name one case, or a campaign with --profile")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.profile, "profile", "", "make the drill from this campaign, without a case")
	fl.StringVarP(&f.out, "out", "o", "drill", "folder to write into; made if missing")
	fl.StringVar(&f.role, "for", string(train.Staff), "whom the drill is for: staff, admins or operators")
	fl.IntVar(&f.choice.Count, "count", 12, "how many items are judged")
	fl.Uint64Var(&f.choice.Seed, "seed", 1, "another seed chooses other items")
	fl.StringVar(&f.opt.Incident, "incident", "", "number in the report, or id, of the incident (default: the first)")
	fl.StringVar(&f.names, "names", string(train.Pseudonyms), "what becomes of names in the case: pseudonyms or keep")
	fl.StringSliceVar(&f.opt.Redact, "redact", nil, "words to black out wherever the case has them, comma-separated")
	fl.StringVar(&f.opt.Org, "org", "", "name of your organisation, shown in the items")
	fl.StringVar(&f.opt.Own, "domain", "", "your own domain (default: that of the incident's recipients)")
	fl.StringVar(&f.opt.Tell, "tell", "", "whom staff tell, such as 'the service desk, extension 4400'")
	fl.BoolVar(&f.force, "force", false, "write over an older drill")
	cmd.AddCommand(newTrainResults())
	return cmd
}

func (f *trainFlags) run(cmd *cobra.Command, args []string) error {
	f.choice.For, f.opt.Names = train.Role(f.role), train.Names(f.names)
	if f.opt.Names != train.Pseudonyms && f.opt.Names != train.Keep {
		return usageError{fmt.Errorf("--names: use pseudonyms or keep, not %q", f.names)}
	}
	lib, err := train.Load(content.Training, "training")
	if err != nil {
		return err
	}
	source, others, err := f.source(cmd, lib, args)
	if err != nil {
		return err
	}
	drill, err := lib.Drill(source, f.choice)
	if err != nil {
		return usageError{err}
	}
	table := lib.Tabletop(source)
	if err := os.MkdirAll(f.out, 0o750); err != nil {
		return err
	}
	for n, write := range []func(io.Writer) error{drill.WritePage, table.WritePage, table.WriteMarkdown} {
		path := filepath.Join(f.out, trainFiles[n])
		if _, err := os.Lstat(path); err == nil && !f.force {
			return fmt.Errorf("%s is there already: --force writes over it, -o names another folder", path)
		}
		if err := casefolder.WriteFile(path, write); err != nil {
			return err
		}
	}
	w := cmd.OutOrStdout()
	_, err = fmt.Fprintf(w, "%s  %d items for %s, %d of them from the incident\n%s  %d injects in %d minutes\n",
		filepath.Join(f.out, trainFiles[0]), len(drill.Items), drill.For, drill.Own, filepath.Join(f.out, trainFiles[1]), len(table.Told), table.Minutes)
	if err == nil && drill.Own == 0 && len(args) == 1 {
		_, err = fmt.Fprintf(w, "the incident holds little that %s would have seen: try another --for\n", drill.For)
	}
	if err == nil && others > 0 && f.opt.Incident == "" {
		_, err = fmt.Fprintf(w, "the case has %d more incidents: --incident 2 makes a drill from another\n", others)
	}
	return err
}

// source is where the drill comes from, and how many other incidents there are.
func (f *trainFlags) source(cmd *cobra.Command, lib *train.Library, args []string) (*train.Source, int, error) {
	if len(args) == 0 {
		for _, id := range lib.Campaigns() {
			if id == f.profile {
				return train.FromProfile(id, f.opt), 0, nil
			}
		}
		return nil, 0, usageError{fmt.Errorf("--profile: no training for %q: there is %s", f.profile, strings.Join(lib.Campaigns(), ", "))}
	}
	c, err := casefolder.Read(args[0])
	if err != nil {
		return nil, 0, err
	}
	i, err := train.Incident(c, f.opt.Incident)
	if err != nil {
		return nil, 0, err
	}
	var mails []*mail.Message
	if mails, err = train.Mails(cmd.Context(), args[0], i); err != nil {
		return nil, 0, err
	}
	s, err := train.FromCase(c, mails, f.opt)
	return s, len(c.Incidents) - 1, err
}

func newTrainResults() *cobra.Command {
	var csvPath string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "results FILE...",
		Short: "add up what participants of a drill saved",
		Long: `Reads the JSON files that participants saved and adds them up by topic: attacks
missed, ordinary items held up, time, and how sure people were against how often
they were right. Of two results of one participant the later one counts. A file
that is not a drill's is named and left out; the exit status is then 4.`,
		Example: `  longwatch train results results/*.json
  longwatch train results results/*.json --csv group.csv
  longwatch train results results/*.json --json`,
		Args: atLeastOne("file of results"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []*train.Results
			left := 0
			for _, path := range args {
				r, err := readResults(path)
				if err != nil {
					left++
					_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "longwatch: %q: %v\n", path, err)
					continue
				}
				all = append(all, r)
			}
			if len(all) == 0 {
				return errors.New("none of the files holds results of a drill")
			}
			g := train.Sum(all)
			show := g.Text
			if asJSON {
				show = g.JSON
			}
			if err := show(cmd.OutOrStdout()); err != nil {
				return err
			}
			if csvPath != "" {
				if err := casefolder.WriteFile(csvPath, g.CSV); err != nil {
					return err
				}
			}
			if left > 0 {
				return status(exitPartly)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&csvPath, "csv", "", "also write topics and items to this file")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the sums as JSON")
	return cmd
}

func readResults(path string) (*train.Results, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer func() { _ = f.Close() }()
	return train.ParseResults(f)
}
