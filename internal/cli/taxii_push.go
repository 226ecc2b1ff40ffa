package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"longwatch/internal/share"
	"longwatch/internal/taxii/client"
)

// pushFlags are those of taxii push.
type pushFlags struct {
	clientFlags
	collection, to, recipients, tlp, log string
	json                                 bool
}

func newTAXIIPush() *cobra.Command {
	var o pushFlags
	cmd := &cobra.Command{
		Use:   "push URL FILE...",
		Short: "add STIX objects to a collection of a TAXII 2.1 server",
		Long: `Adds what is in the files (bundles, envelopes, lists of objects, single objects)
to a collection, in as many requests as the server's bounds ask for, waits until
the server has decided, and names each object it refused, with its reason; the
exit status is then 4.

An object whose TLP marking, of the whole or of a part, is more restricted than
--tlp stays here and is named, and the exit status is 4; so does one with a
marking that the files do not define. With --recipients the list says how much
the one named by --to may get, as for share. Each push is a line of --log.`,
		Example: `  longwatch taxii push https://centre.example --collection high --token-file token bundle.json
  longwatch taxii push https://centre.example --token-file token --tlp green bundle.json
  longwatch taxii push https://centre.example --token-file token --to "Energy ISAC" --recipients recipients.yaml bundle.json`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return pushFiles(cmd, args[0], args[1:], o) },
	}
	o.add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.collection, "collection", "", "id, alias or title; needed if there is more than one to write to")
	f.StringVar(&o.tlp, "tlp", "amber", "the most restricted marking that may be sent: clear, green, amber, amber+strict or red")
	f.StringVar(&o.to, "to", "", "who reads the collection; logged, and looked up in the list of recipients")
	f.StringVar(&o.recipients, "recipients", "", "YAML list of recipients: name, tlp (the most restricted that they may get), formats")
	f.StringVar(&o.log, "log", "taxii-pushed.jsonl", "file that each push is logged to, JSON lines")
	f.BoolVar(&o.json, "json", false, "print what was done as JSON")
	return cmd
}

// most is the most restricted marking that may be sent.
func (o *pushFlags) most(tlpGiven bool) (share.TLP, error) {
	most, err := share.ParseTLP(o.tlp)
	if err != nil {
		return most, usageError{err}
	}
	if o.recipients == "" {
		return most, nil
	}
	if o.to == "" {
		return most, usageError{errors.New("--recipients: name the recipient with --to")}
	}
	f, err := os.Open(o.recipients)
	if err != nil {
		return most, err
	}
	defer func() { _ = f.Close() }()
	list, err := share.Recipients(f)
	if err != nil {
		return most, err
	}
	r, err := share.Find(list, o.to, "stix")
	if err != nil {
		return most, fmt.Errorf("%w; nothing was sent", err)
	}
	if tlpGiven {
		return min(most, r.TLP), nil
	}
	return r.TLP, nil
}

// pushFiles reads the files, leaves out what may not leave, and pushes the rest.
func pushFiles(cmd *cobra.Command, address string, files []string, o pushFlags) error {
	most, err := o.most(cmd.Flags().Changed("tlp"))
	if err != nil {
		return err
	}
	objects, err := readObjects(files)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return errors.New("there is no object in the files")
	}
	screened := share.Screen(objects, most)
	c, err := o.client(cmd)
	if err != nil {
		return err
	}
	var done client.Pushed
	if len(screened.Objects) > 0 {
		done, err = o.push(cmd, c, address, files, screened)
	}
	err = errors.Join(err, showPushed(cmd, len(objects), done, screened, o.json))
	if err == nil && (done.Failure > 0 || done.Pending > 0 || len(screened.Stay) > 0) {
		return status(exitPartly)
	}
	return err
}

func readObjects(files []string) ([]json.RawMessage, error) {
	var objects []json.RawMessage
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list, err := client.Objects(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		objects = append(objects, list...)
	}
	return objects, nil
}

// push logs what leaves, then sends it.
func (o *pushFlags) push(cmd *cobra.Command, c *client.Client, address string, files []string, s share.Screened) (client.Pushed, error) {
	server, err := c.Discover(cmd.Context(), address)
	if err != nil {
		return client.Pushed{}, err
	}
	to, err := chooseTarget(server, o.collection)
	if err != nil {
		return client.Pushed{}, err
	}
	h := sha256.New()
	for _, raw := range s.Objects {
		_, _ = h.Write(raw) // never fails
	}
	err = share.Log(o.log, share.Sent{
		Time: time.Now().UTC(), To: strings.TrimSpace(o.to + " " + to.Root + "collections/" + to.Collection + "/"), TLP: s.Highest, Format: "stix",
		File: strings.Join(files, " "), SHA256: hex.EncodeToString(h.Sum(nil)), Incidents: []string{}, Items: len(s.Objects), Withheld: len(s.Stay),
	})
	if err != nil {
		return client.Pushed{}, fmt.Errorf("nothing was sent, since it cannot be logged: %w", err)
	}
	return c.Push(cmd.Context(), to, s.Objects)
}

func showPushed(cmd *cobra.Command, all int, done client.Pushed, s share.Screened, asJSON bool) error {
	if asJSON {
		stay := []map[string]string{}
		for _, w := range s.Stay {
			stay = append(stay, map[string]string{"id": w.ID, "reason": w.Reason})
		}
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"requests": done.Requests, "success": done.Success, "failure": done.Failure, "pending": done.Pending, "failures": done.Failures, "stay": stay})
	}
	lines := []string{fmt.Sprintf("%d of %d objects added, %d refused, %d not yet decided, %d not sent", done.Success, all, done.Failure, done.Pending, len(s.Stay))}
	for _, w := range s.Stay {
		lines = append(lines, fmt.Sprintf("  not sent %q: %s", w.ID, w.Reason))
	}
	for _, d := range done.Failures {
		lines = append(lines, fmt.Sprintf("  refused %q: %q", d.ID, d.Message))
	}
	return printLines(cmd.OutOrStdout(), lines...)
}

// chooseTarget is the collection that was named, or the only one that can be
// written to.
func chooseTarget(s *client.Server, name string) (client.Target, error) {
	if name != "" {
		r, x, err := s.Find(name)
		if err == nil && !x.CanWrite {
			err = fmt.Errorf("you may not write to collection %q", name)
		}
		if err == nil && r.Version != "2.1" {
			err = errors.New("objects are pushed over TAXII 2.1 only")
		}
		return client.Target{Root: r.URL, Collection: x.ID, MaxContent: r.Info.MaxContentLength}, err
	}
	var all []client.Target
	for _, r := range s.Roots {
		for _, x := range r.Collections {
			if x.CanWrite && r.Version == "2.1" {
				all = append(all, client.Target{Root: r.URL, Collection: x.ID, MaxContent: r.Info.MaxContentLength})
			}
		}
	}
	if len(all) != 1 {
		return client.Target{}, usageError{fmt.Errorf("%d collections can be written to: name one with --collection", len(all))}
	}
	return all[0], nil
}
