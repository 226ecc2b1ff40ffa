package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/taxii/client"
	"longwatch/internal/taxii/object"
	"longwatch/internal/taxii/store"
)

func newTAXIILoad() *cobra.Command {
	var st storeFlag
	cmd := &cobra.Command{
		Use:   "load COLLECTION PATH...",
		Short: "put bundles on this machine into a collection, millions of objects at once",
		Long: `Puts the objects of files (bundles, envelopes, lists; all *.json of a folder,
such as taxii pull writes) into a collection of the store, without the server.
What is no valid STIX is named and left out; the exit status is then 4.

Into a store without objects this is several times as fast: the indexes are made
at the end. Nobody else may use the store meanwhile; if it is broken off, the
server refuses the store until the load was run again. Into a store with objects
it adds as a member's request would.`,
		Example: "  longwatch taxii pull https://old.example/ --token-file token -o old\n  longwatch taxii load high old",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l := loading{cmd: cmd, log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))}
			if err := l.find(args[1:]); err != nil {
				return err
			}
			s, err := store.Open(cmd.Context(), string(st), store.Options{Loading: true})
			if err != nil {
				return err
			}
			return errors.Join(l.load(cmd.Context(), s, args[0]), s.Close())
		},
	}
	st.add(cmd)
	return cmd
}

// loading is one taxii load.
type loading struct {
	cmd     *cobra.Command
	log     *slog.Logger
	files   []string
	c       store.Collection
	read    int
	refused int
	err     error // why reading ended early
}

// find lists the files, those of folders in the order of their names.
func (l *loading) find(paths []string) error {
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (name == p || strings.HasSuffix(name, ".json") && !strings.HasPrefix(d.Name(), ".")) {
				l.files = append(l.files, name)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(l.files) == 0 {
		return errors.New("there is no *.json in the folders")
	}
	return nil
}

// objects parses the files, one after the other.
func (l *loading) objects() iter.Seq[object.Object] {
	return func(yield func(object.Object) bool) {
		for _, name := range l.files {
			b, err := os.ReadFile(name)
			if err != nil {
				l.err = err
				return
			}
			list, err := client.Objects(b)
			if err != nil {
				l.refuse(name, "", err)
				continue
			}
			for _, raw := range list {
				o, err := object.Parse(raw)
				if err == nil && !slices.Contains(l.c.Specs, o.Spec) {
					err = fmt.Errorf("the collection does not take STIX %s", o.Spec)
				}
				if err != nil {
					l.refuse(name, o.ID, err)
					continue
				}
				if l.read++; !yield(o) {
					return
				}
			}
		}
	}
}

func (l *loading) refuse(file, id string, err error) {
	const most = 1000
	if l.refused++; l.refused <= most {
		l.log.Warn("left out", "file", file, "id", id, "reason", strings.TrimPrefix(err.Error(), "object: "))
	}
}

func (l *loading) load(ctx context.Context, s *store.Store, collection string) error {
	cfg, err := s.Config(ctx)
	if err != nil {
		return err
	}
	if l.c, err = findCollection(cfg, collection); err != nil {
		return err
	}
	done, err := s.Load(ctx, l.c, l.objects())
	if errors.Is(err, store.ErrExists) {
		done, err = l.add(ctx, s)
	}
	for _, d := range done.Refused {
		l.log.Warn("left out", "id", d.ID, "reason", d.Message)
	}
	l.refused += done.Differs
	if err = errors.Join(err, l.err); err != nil {
		return err
	}
	if err := printLines(l.cmd.OutOrStdout(), fmt.Sprintf("%d objects loaded, %d were there already, %d left out", done.Objects, done.Again, l.refused)); err != nil {
		return err
	}
	if l.refused > 0 {
		return status(exitPartly)
	}
	return nil
}

// add is for a store that has objects.
func (l *loading) add(ctx context.Context, s *store.Store) (store.Loaded, error) {
	var done store.Loaded
	var batch []object.Object
	flush := func() error {
		st, err := s.Add(ctx, l.c, "", batch, nil)
		if err != nil {
			return err
		}
		for _, d := range st.Successes {
			if d.Message != "" {
				done.Again++
			} else {
				done.Objects++
			}
		}
		done.Differs += len(st.Failures)
		done.Refused = append(done.Refused, st.Failures...)
		batch = batch[:0]
		return nil
	}
	for o := range l.objects() {
		if batch = append(batch, o); len(batch) == 2000 {
			if err := flush(); err != nil {
				return done, err
			}
		}
	}
	if len(batch) == 0 {
		return done, nil
	}
	return done, flush()
}
