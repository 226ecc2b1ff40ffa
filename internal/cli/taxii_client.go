package cli

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/taxii"
	"longwatch/internal/taxii/client"
)

// clientFlags are those of every command that asks a server.
type clientFlags struct {
	user, password, token, cert, key, ca, version string
	hosts                                         []string
	plain                                         bool
	timeout                                       time.Duration
}

func (o *clientFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.user, "user", "", "user name")
	f.StringVar(&o.password, "password-file", "", "file that holds the password; - for standard input")
	f.StringVar(&o.token, "token-file", "", "file that holds a bearer token; - for standard input")
	f.StringVar(&o.cert, "cert", "", "client certificate, PEM")
	f.StringVar(&o.key, "key", "", "its key, PEM")
	f.StringVar(&o.ca, "ca", "", "PEM of who signs the server's certificate (default: those the system trusts)")
	f.StringVar(&o.version, "taxii", "", "version of TAXII: 2.1 or 2.0 (default: what the server speaks)")
	f.StringSliceVar(&o.hosts, "allow-host", nil, "another host that the server may point to and that may get the credentials")
	f.BoolVar(&o.plain, "plain-http", false, "let credentials go over http, in the clear")
	f.DurationVar(&o.timeout, "timeout", 2*time.Minute, "of one request")
}

func (o *clientFlags) client(cmd *cobra.Command) (*client.Client, error) {
	opt := client.Options{User: o.user, Version: o.version, AllowHosts: o.hosts, PlainHTTP: o.plain, Timeout: o.timeout, Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))}
	var err error
	if (o.user == "") != (o.password == "") {
		return nil, usageError{errors.New("--user and --password-file go together")}
	}
	if o.password != "" {
		if opt.Password, err = secret(cmd, o.password); err != nil {
			return nil, err
		}
	}
	if o.token != "" {
		if opt.Token, err = secret(cmd, o.token); err != nil {
			return nil, err
		}
	}
	opt.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	if (o.cert == "") != (o.key == "") {
		return nil, usageError{errors.New("--cert and --key go together")}
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, err
		}
		opt.TLS.Certificates = []tls.Certificate{pair}
	}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, err
		}
		opt.TLS.RootCAs = x509.NewCertPool()
		if !opt.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", o.ca)
		}
	}
	return client.New(opt)
}

func newTAXIIDiscover() *cobra.Command {
	var o clientFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "discover URL",
		Short: "show what a TAXII server has: API roots, collections, and what you may do with them",
		Long: `Asks a server of TAXII 2.1 or 2.0 what it has. URL is that of its discovery, of
an API root, or of the host only.`,
		Example: `  longwatch taxii discover https://centre.example --user ann --password-file pw
  longwatch taxii discover https://centre.example/taxii2/ --token-file token --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client(cmd)
			if err != nil {
				return err
			}
			s, err := c.Discover(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return showServer(cmd, s, asJSON)
		},
	}
	o.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// showServer prints what a server has. Texts come from the server: they are
// quoted.
func showServer(cmd *cobra.Command, s *client.Server, asJSON bool) error {
	w := cmd.OutOrStdout()
	if asJSON {
		type root struct {
			URL         string             `json:"url"`
			Version     string             `json:"taxii"`
			Title       string             `json:"title"`
			Collections []taxii.Collection `json:"collections"`
			Error       string             `json:"error,omitempty"`
		}
		out := struct {
			Title string `json:"title"`
			Roots []root `json:"api_roots"`
		}{Title: s.Title}
		for _, r := range s.Roots {
			x := root{URL: r.URL, Version: r.Version, Title: r.Info.Title, Collections: r.Collections}
			if r.Err != nil {
				x.Error = r.Err.Error()
			}
			out.Roots = append(out.Roots, x)
		}
		return json.NewEncoder(w).Encode(out)
	}
	lines := []string{fmt.Sprintf("%q  TAXII %s", s.Title, s.Version)}
	for _, r := range s.Roots {
		lines = append(lines, fmt.Sprintf("%s  %q", strings.Trim(fmt.Sprintf("%q", r.URL), `"`), r.Info.Title))
		for _, c := range r.Collections {
			may := ""
			if c.CanRead {
				may += "r"
			}
			if c.CanWrite {
				may += "w"
			}
			lines = append(lines, fmt.Sprintf("  %q  %-2s  %q  %q", c.ID, dash(may), c.Alias, c.Title))
		}
		if r.Err != nil {
			lines = append(lines, "  "+r.Err.Error())
		}
	}
	return printLines(w, lines...)
}

// pullFlags are those of taxii pull.
type pullFlags struct {
	clientFlags
	out, after        string
	collections       []string
	types, ids, specs []string
	limit, most       int
	overlap           time.Duration
	json              bool
}

func newTAXIIPull() *cobra.Command {
	var o pullFlags
	cmd := &cobra.Command{
		Use:   "pull URL -o DIR",
		Short: "read what is new in collections into a folder of STIX bundles",
		Long: `Reads collections of a TAXII 2.1 or 2.0 server into a folder: bundles of STIX,
for intel load and hunt --intel. How far it came is kept beside them, so that the
next pull into the same folder reads what is new, and a pull that was broken off
goes on. It goes by the server's clock only, and begins a bit before where it
ended, since servers may add objects with a time that is past already; what comes
again is not written again.

What cannot be used (larger or nested deeper than the bounds, not JSON, without
id or type) is named in .taxii-refused.jsonl and passed over; the exit status is
then 4. Pages that never end are noticed. Only the host that is named is asked,
and those of --allow-host.`,
		Example: `  longwatch taxii pull https://centre.example --user ann --password-file pw -o feeds/centre
  longwatch taxii pull https://centre.example/api/ --collection high --type indicator --token-file token -o feeds/high
  longwatch hunt /evidence --intel feeds/centre -o case`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return pullTAXII(cmd, args[0], o) },
	}
	o.add(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "folder for bundles and state; made if missing")
	f.StringSliceVar(&o.collections, "collection", nil, "id, alias or title (default: all that may be read)")
	f.StringVar(&o.after, "added-after", "", "nothing that was added before, such as 2026-01-01T00:00:00Z")
	f.StringSliceVar(&o.types, "type", nil, "only these types of STIX")
	f.StringSliceVar(&o.ids, "id", nil, "only these objects")
	f.StringSliceVar(&o.specs, "stix", nil, "only these versions of STIX (default: the newest of each object)")
	f.IntVar(&o.limit, "limit", 0, "objects of a page (default: as the server likes)")
	f.IntVar(&o.most, "max-objects", 20_000_000, "objects of a collection to stop after")
	f.DurationVar(&o.overlap, "overlap", time.Minute, "how far before the end of the last pull to begin")
	f.BoolVar(&o.json, "json", false, "print what was done as JSON")
	return cmd
}

func (o *pullFlags) filter() (taxii.Filter, error) {
	f := taxii.Filter{Last: true, Types: o.types, IDs: o.ids, Specs: o.specs, Limit: o.limit}
	if o.after != "" {
		t, err := taxii.ParseTime(o.after)
		if err != nil {
			return f, usageError{fmt.Errorf("--added-after: %w", err)}
		}
		f.AddedAfter = t
	}
	return f, nil
}

func pullTAXII(cmd *cobra.Command, address string, o pullFlags) error {
	if o.out == "" {
		return usageError{errors.New("-o names the folder to write to")}
	}
	f, err := o.filter()
	if err != nil {
		return err
	}
	c, err := o.client(cmd)
	if err != nil {
		return err
	}
	s, err := c.Discover(cmd.Context(), address)
	if err != nil {
		return err
	}
	sources, err := chooseSources(s, o.collections)
	if err != nil {
		return err
	}
	var failed []error
	refused := 0
	for _, src := range sources {
		src.Filter, src.MaxObjects, src.Overlap = f, o.most, o.overlap
		r, err := c.Pull(cmd.Context(), src, o.out)
		refused += r.RefusedAll
		if err != nil {
			failed = append(failed, fmt.Errorf("collection %s: %w", src.Collection, err))
		}
		if err := showPull(cmd, src, r, o.json); err != nil {
			return err
		}
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	if refused > 0 {
		return status(exitPartly)
	}
	return nil
}

// chooseSources are the collections that were named, or all that can be read.
func chooseSources(s *client.Server, names []string) ([]client.Source, error) {
	var out []client.Source
	for _, name := range names {
		r, x, err := s.Find(name)
		if err != nil {
			return nil, err
		}
		if !x.CanRead {
			return nil, fmt.Errorf("you may not read collection %q", name)
		}
		out = append(out, client.Source{Root: r.URL, Version: r.Version, Collection: x.ID})
	}
	if len(names) > 0 {
		return out, nil
	}
	var trouble []error
	for _, r := range s.Roots {
		for _, x := range r.Collections {
			if x.CanRead {
				out = append(out, client.Source{Root: r.URL, Version: r.Version, Collection: x.ID})
			}
		}
		trouble = append(trouble, r.Err)
	}
	if len(out) == 0 {
		return nil, errors.Join(append(trouble, errors.New("the server shows no collection that you may read"))...)
	}
	return out, nil
}

func showPull(cmd *cobra.Command, src client.Source, r client.Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{
			"collection": src.Collection, "pages": r.Pages, "objects": r.Objects, "again": r.Again, "files": r.Files, "refused": r.RefusedAll, "reasons": r.Refused,
		})
	}
	lines := []string{fmt.Sprintf("%s: %d new objects in %d bundles, %d refused", src.Collection, r.Objects, r.Files, r.RefusedAll)}
	for i, x := range r.Refused {
		if i == 10 {
			lines = append(lines, "  more in .taxii-refused.jsonl")
			break
		}
		lines = append(lines, fmt.Sprintf("  refused %q: %q", x.ID, x.Reason))
	}
	return printLines(cmd.OutOrStdout(), lines...)
}
