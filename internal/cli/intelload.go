package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"longwatch/internal/app"
	"longwatch/internal/terminal"
)

// maxNamed is how many record types a line of intel load names.
const maxNamed = 4

// maxReason is how much of a reason is shown: a path, and a sentence that quotes.
const maxReason = 2000

// printReasons writes what was refused. Names of files are the archive's words.
func printReasons(w io.Writer, reasons []string) {
	for _, line := range reasons {
		_, _ = fmt.Fprintln(w, terminal.Clean(line, maxReason))
	}
}

// printIntel writes what was loaded, by kind, with where it is looked for.
func printIntel(w io.Writer, r *app.IntelReport) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, k := range r.Kinds {
		where := "nothing: no record holds one"
		switch {
		case k.Context:
			where = "nothing: it is context, told by lookup"
		case len(k.Records) > maxNamed:
			where = fmt.Sprintf("%d kinds of record", len(k.Records))
		case len(k.Records) > 0:
			where = strings.Join(k.Records, ", ")
		}
		_, _ = fmt.Fprintf(t, "%d\t%s\tcompared with %s\n", k.Rows, k.Kind, where)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, u := range r.Unjudged {
		_, _ = fmt.Fprintf(w, "not judged: %s\n", u)
	}
	_, err := fmt.Fprintf(w, "%d rows: %d loaded, %d refused\n%d different values, written in %d ways\n", r.Rows, r.Loaded, r.Refused, r.Values, r.Written)
	return err
}
