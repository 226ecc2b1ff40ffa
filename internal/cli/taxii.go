package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"longwatch/internal/taxii/store"
)

func newTAXII() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "taxii",
		Short: "share indicators over TAXII 2.1: a server for a sharing centre, and a client",
		Long: `TAXII carries STIX objects between organisations (OASIS TAXII 2.1). serve is a
server; root, collection, user and load say what it serves and to whom; discover, pull
and push are a client of any server.

These are the only commands of Longwatch that use the network. They connect to
the server that is named, or listen where --listen says, and nowhere else.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTAXIIServe(), newTAXIIDiscover(), newTAXIIPull(), newTAXIIPush(), newTAXIILoad(), newTAXIIRoot(), newTAXIICollection(), newTAXIIUser())
	return cmd
}

// storeFlag is the flag that names the store, for commands that open it.
type storeFlag string

func (s *storeFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(s), "store", "taxii.db", "file of the store, or postgres://USER@HOST/DATABASE (its password in PGPASSWORD)")
}

// with opens the store for one administrative act.
func (s storeFlag) with(ctx context.Context, act func(*store.Store, *store.Config) error) error {
	st, err := store.Open(ctx, string(s), store.Options{Readers: 1})
	if err != nil {
		return err
	}
	c, err := st.Config(ctx)
	if err == nil {
		err = act(st, c)
	}
	return errors.Join(err, st.Close())
}

// findCollection finds a collection by id, alias or title.
func findCollection(c *store.Config, name string) (store.Collection, error) {
	var found []store.Collection
	for _, x := range c.Collections {
		if x.ID == name || x.Alias == name && name != "" || strings.EqualFold(x.Title, name) {
			found = append(found, x)
		}
	}
	switch len(found) {
	case 0:
		return store.Collection{}, fmt.Errorf("there is no collection %q: longwatch taxii collection list shows them", name)
	case 1:
		return found[0], nil
	}
	return store.Collection{}, fmt.Errorf("%q is the name of %d collections: give the id", name, len(found))
}

// secret reads a password or token from a file, or from standard input when
// that is "-". It is never an argument, which others on the machine could see.
func secret(cmd *cobra.Command, file string) (string, error) {
	var b []byte
	var err error
	const most = 64 << 10
	if file == "-" {
		b, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), most))
	} else {
		var f *os.File
		if f, err = os.Open(file); err == nil {
			b, err = io.ReadAll(io.LimitReader(f, most))
			_ = f.Close()
		}
	}
	if err != nil {
		return "", err
	}
	s := strings.TrimRight(string(b), "\r\n")
	if s == "" {
		return "", fmt.Errorf("%s: no secret in it", file)
	}
	return s, nil
}

// lines prints lines and is the first error of doing so.
func printLines(w io.Writer, lines ...string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return err
		}
	}
	return nil
}
